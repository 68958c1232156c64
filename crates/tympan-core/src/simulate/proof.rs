//! Proving a request as the provider would.

use serde_json::Value as Json;
use tympan_expr::Expression;
use tympan_expr::Text;
use tympan_expr::Value;

use super::Draft;
use super::Simulation;
use super::Unsimulable;
use super::place;
use crate::config::Listener;
use crate::config::SecretId;
use crate::config::SignatureCheck;
use crate::config::TokenCheck;
use crate::config::Verification;
use crate::pipeline::Scope;
use crate::scheme::MacKey;
use crate::secret::Secret;

/// How far beyond the tolerance a stale request was signed, in seconds.
const STALE: f64 = 60.0;

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
            Verification::Token(check) => self.tell(listener, check, draft, how),
            Verification::All(list) => {
                list.iter().try_for_each(|entry| self.prove(listener, entry, draft, how))
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

    /// Everything that is signed of a delivery, by each of the listener's signatures.
    #[must_use]
    pub fn payloads(&self, listener: &Listener, draft: &Draft) -> Vec<Vec<u8>> {
        let mut checks = Vec::new();
        signatures(&listener.verification, &mut checks);
        let payload = |check: &SignatureCheck| {
            let timestamp = check.timestamp.as_ref().map(|it| it.scheme.write(draft.now));
            self.payload(listener, check, draft, timestamp.as_deref())
        };
        checks.into_iter().filter_map(payload).collect()
    }

    fn sign_with(
        &self,
        listener: &Listener,
        check: &SignatureCheck,
        draft: &mut Draft,
        how: How,
    ) -> Result<(), Unsimulable> {
        let key = MacKey::new(check.scheme.mode, self.secret(check.secret)?.expose());
        let timestamp = match &check.timestamp {
            None if how == How::Stale => return Err(Unsimulable::NoTimestamp),
            None => None,
            Some(signed_at) => {
                let age = match how {
                    How::Stale => signed_at.scheme.tolerance.as_secs_f64() + STALE,
                    How::Right | How::Wrong => 0.0,
                };
                let text = signed_at.scheme.write(draft.now - age);
                if let Some(value) = &signed_at.value {
                    let at = listener.simulate.timestamp.as_ref().unwrap_or(value);
                    put(draft, listener, at, text.clone(), ("timestamp.value", "timestamp"))?;
                }
                Some(text)
            }
        };
        let mut payload = self
            .payload(listener, check, draft, timestamp.as_deref())
            .ok_or(Unsimulable::NoPayload)?;
        if how == How::Wrong {
            payload.push(b'!');
        }
        let signature = check.scheme.sign(&payload, timestamp.as_deref(), &key);
        let signature = format!("{}{signature}", listener.simulate.prefix);
        let at = listener.simulate.signature.as_ref().unwrap_or(&check.received);
        put(draft, listener, at, signature, ("received_signature", "signature"))
    }

    /// What is signed: of several candidates the first that this request has.
    fn payload(
        &self,
        listener: &Listener,
        check: &SignatureCheck,
        draft: &Draft,
        timestamp: Option<&str>,
    ) -> Option<Vec<u8>> {
        let head = draft.head();
        let of = |scope: &Scope<'_, '_>| {
            let scope = Scope {
                timestamp: timestamp.map(|text| Text::from(text.to_owned())),
                ..scope.clone()
            };
            check.payloads.iter().find_map(|payload| match payload.eval(&scope).ok()? {
                Value::Null => None,
                Value::Bytes(bytes) => Some(bytes.to_vec()),
                other => other.to_text().map(|text| text.as_bytes().to_vec()),
            })
        };
        let index = self.config.listeners.iter().position(|it| it.name == listener.name)?;
        self.generation.preview(index, &head, &draft.body, of)
    }

    fn tell(
        &self,
        listener: &Listener,
        check: &TokenCheck,
        draft: &mut Draft,
        how: How,
    ) -> Result<(), Unsimulable> {
        if how == How::Stale {
            return Err(Unsimulable::NoTimestamp);
        }
        let secret = self.secret(check.secret)?;
        let why = "it is no text";
        let token = std::str::from_utf8(secret.expose())
            .map_err(|_| Unsimulable::Unplaced { what: "token", why })?;
        let wrong = if how == How::Wrong { "!" } else { "" };
        let token = format!("{}{token}{wrong}", listener.simulate.prefix);
        draft.holds_secret = true;
        let at = listener.simulate.token.as_ref().unwrap_or(&check.received);
        put(draft, listener, at, token, ("received_token", "token"))
    }

    /// The newest value of a secret.
    fn secret(&self, secret: SecretId) -> Result<&Secret, Unsimulable> {
        let values = self.secrets.get(secret.0).and_then(|found| found.as_ref().ok());
        values.and_then(|values| values.first()).ok_or_else(|| {
            let name = self.config.secrets.get(secret.0).map(|it| it.name.clone());
            Unsimulable::NoSecret { secret: name.unwrap_or_default() }
        })
    }
}

fn signatures<'v>(verification: &'v Verification, found: &mut Vec<&'v SignatureCheck>) {
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
fn put(
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
