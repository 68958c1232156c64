//! Proving a request as the provider would.

use serde_json::Value as Json;
use tympan_expr::Expression;

use super::Draft;
use super::Simulation;
use super::Unsimulable;
use super::place;
use crate::config::DigestCheck;
use crate::config::Listener;
use crate::config::SecretId;
use crate::config::SignatureCheck;
use crate::config::Verification;
use crate::pipeline::Scope;
use crate::scheme::Encoding;
use crate::secret::Secret;

/// How far beyond the tolerance a stale request was signed, in seconds.
pub(super) const STALE: f64 = 60.0;

/// How a request is proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    Right,
    /// With a timestamp of long ago.
    Stale,
    /// With the signature of another payload.
    Wrong,
}

impl Simulation<'_> {
    pub(super) fn prove(
        &self,
        listener: &Listener,
        verification: &Verification,
        draft: &mut Draft,
        how: How,
    ) -> Result<(), Unsimulable> {
        match verification {
            Verification::Signature(check) => self.sign_with(listener, check, draft, how),
            Verification::Jwt(check) => self.issue(listener, check, draft, how),
            Verification::Token(check) => self.tell(listener, check, draft, how),
            Verification::Basic(check) => self.log_in(check, draft, how),
            Verification::Credential(check) => self.present(check, draft, how),
            Verification::BodyDigest(check) => digest(listener, check, draft),
            // What it wants of the request is for whoever writes that.
            Verification::Rule(_) => Ok(()),
            Verification::All(list) => {
                let mut list: Vec<_> = list.iter().collect();
                list.sort_by_key(|entry| turn(entry));
                list.into_iter().try_for_each(|entry| self.prove(listener, entry, draft, how))
            }
            Verification::Any(list) => {
                let mut fault = Unsimulable::NoProof;
                for entry in list {
                    let mut tried = draft.clone();
                    match self.prove(listener, entry, &mut tried, how) {
                        Ok(()) => {
                            *draft = tried;
                            return Ok(());
                        }
                        Err(why) => fault = why,
                    }
                }
                Err(fault)
            }
            Verification::IpAllowlist(networks) => {
                if let Some(network) = networks.first() {
                    draft.client = network.addr();
                }
                Ok(())
            }
            Verification::None(_) if how == How::Right => Ok(()),
            Verification::None(_) => Err(Unsimulable::NoProof),
            Verification::ClientCertificate(_) => {
                Err(Unsimulable::Other { what: "client_certificate" })
            }
        }
    }

    /// The newest value of a secret.
    pub(super) fn secret(&self, secret: SecretId) -> Result<&Secret, Unsimulable> {
        let values = self.secrets.get(secret.0).and_then(|found| found.as_ref().ok());
        values
            .and_then(|values| values.first())
            .ok_or_else(|| Unsimulable::NoSecret { secret: self.secret_name(secret) })
    }

    pub(super) fn secret_name(&self, secret: SecretId) -> String {
        self.config.secrets.get(secret.0).map(|it| it.name.clone()).unwrap_or_default()
    }

    /// What `ask` finds in the request as far as it is built.
    pub(super) fn preview<T>(
        &self,
        listener: &Listener,
        draft: &Draft,
        ask: impl FnOnce(&Scope<'_, '_>) -> T,
    ) -> Option<T> {
        let index = self.config.listeners.iter().position(|it| it.name == listener.name)?;
        Some(self.generation.preview(index, &draft.head(), &draft.body, ask))
    }
}

/// Every signature among the proofs.
pub(super) fn signatures<'v>(verification: &'v Verification, found: &mut Vec<&'v SignatureCheck>) {
    match verification {
        Verification::Signature(check) => found.push(check),
        Verification::Any(list) | Verification::All(list) => {
            for entry in list {
                signatures(entry, found);
            }
        }
        _ => {}
    }
}

/// Puts a part of a proof where it is read.
pub(super) fn put(
    draft: &mut Draft,
    listener: &Listener,
    at: &Expression,
    value: String,
    (key, simulate): (&'static str, &'static str),
) -> Result<(), Unsimulable> {
    let computed = Unsimulable::Computed { key, simulate };
    let (root, keys) = at.as_path().ok_or(computed)?;
    place::put(draft, listener.accept, (root, &keys), &Json::from(value))
        .map_err(|why| Unsimulable::Unplaced { what: simulate, why })
}

/// When a proof is made: each may cover what those before it have put into the request.
fn turn(verification: &Verification) -> usize {
    match verification {
        Verification::Signature(_) => 3,
        Verification::Jwt(_) => 2,
        Verification::BodyDigest(_) => 1,
        Verification::Any(list) | Verification::All(list) => {
            list.iter().map(turn).max().unwrap_or_default()
        }
        _ => 0,
    }
}

fn digest(listener: &Listener, check: &DigestCheck, draft: &mut Draft) -> Result<(), Unsimulable> {
    let digest = check.mode.digest([&draft.body[..]]);
    let digest = check.encoding.unwrap_or(Encoding::Hex).encode(&digest);
    let digest = format!("{}{digest}", check.prefix);
    put(draft, listener, &check.received, digest, ("received_digest", "digest"))
}
