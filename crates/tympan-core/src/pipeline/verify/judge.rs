//! In which order proofs are judged: each as soon as it can be, and once.
//!
//! What stands in the head is judged before a body is read, what needs no keys of others before they are
//! fetched, and rules when everything else is proved.

use super::Verify;
use super::is_named;
use super::is_within;
use super::missing;
use super::nearer;
use super::rule;
use super::told;
use crate::fetched::Source;
use crate::keys::Keys;
use crate::outcome::Stop;
use crate::pipeline::Fact;
use crate::pipeline::KeyRequest;
use crate::pipeline::Scope;

/// Stands for a sender that has proved itself. Only [`Verify::judge_whole`] gives one away.
#[derive(Debug)]
pub(crate) struct Proof(());

/// How far a request has come.
#[derive(Clone, Copy, Debug)]
enum Stage<'r> {
    /// Its head is there.
    Head,
    /// All of it is there, and keys were asked for at these sources.
    Body(&'r [Source]),
}

/// What is known of a way to prove oneself.
#[derive(Debug)]
enum Verdict {
    Proven(Proof),
    Refused(Stop),
    /// It cannot be judged yet: these keys are needed, or else the body.
    Open(Option<Box<KeyRequest>>),
}

/// What was found of proofs so far, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    /// The bits of those that hold; whoever has more proofs than bits has the last ones judged again.
    proven: u64,
    refused: Vec<(usize, Stop)>,
}

impl Verify {
    /// Judges what stands in the head of a request: no body can prove any more what is refused by it.
    ///
    /// # Errors
    ///
    /// Why the sender is refused.
    pub(crate) fn judge_head(&self, scope: &Scope<'_, '_>, keys: &Keys) -> Result<Judged, Stop> {
        let mut judged = Judged::default();
        match self.judge(Stage::Head, scope, keys, &mut judged) {
            Verdict::Refused(stop) => Err(stop),
            Verdict::Proven(_) | Verdict::Open(_) => Ok(judged),
        }
    }

    /// Judges a request once all of it is there, and keys were asked for at the sources of `asked`;
    /// or says which keys are needed first.
    ///
    /// # Errors
    ///
    /// Why the sender is refused.
    pub(crate) fn judge_whole(
        &self,
        scope: &Scope<'_, '_>,
        keys: &Keys,
        asked: &[Source],
        judged: &mut Judged,
    ) -> Result<Result<Proof, Box<KeyRequest>>, Stop> {
        match self.judge(Stage::Body(asked), scope, keys, judged) {
            Verdict::Proven(proof) => Ok(Ok(proof)),
            Verdict::Refused(stop) => Err(stop),
            Verdict::Open(request) => request.map(Err).ok_or_else(|| missing("proof")),
        }
    }

    /// Judges the sender, as far as it can be judged at a stage.
    fn judge(
        &self,
        stage: Stage<'_>,
        scope: &Scope<'_, '_>,
        keys: &Keys,
        judged: &mut Judged,
    ) -> Verdict {
        let mut open = None;
        match self {
            Self::All(list) => {
                for verify in list {
                    // What a rule reads has to be proved.
                    if open.is_some() && verify.has_rule() {
                        continue;
                    }
                    match verify.judge(stage, scope, keys, judged) {
                        Verdict::Proven(_) => {}
                        Verdict::Refused(stop) => return Verdict::Refused(stop),
                        Verdict::Open(request) => open = open.or(Some(request)),
                    }
                }
                open.map_or(Verdict::Proven(Proof(())), Verdict::Open)
            }
            Self::Any(list) => {
                let mut nearest = None;
                for verify in list.iter().filter(|verify| verify.unready(keys).is_none()) {
                    match verify.judge(stage, scope, keys, judged) {
                        Verdict::Proven(proof) => return Verdict::Proven(proof),
                        Verdict::Refused(stop) => nearest = Some(nearer(nearest, stop)),
                        Verdict::Open(request) => open = open.or(Some(request)),
                    }
                }
                let refused = || Verdict::Refused(nearest.unwrap_or_else(|| missing("proof")));
                open.map_or_else(refused, Verdict::Open)
            }
            _ => match self.wants(stage, scope, keys, judged) {
                Some(request) => Verdict::Open(Some(request)),
                None => self.judge_once(stage, scope, keys, judged),
            },
        }
    }

    /// The keys of others that one proof needs, unless it was judged without.
    fn wants(
        &self,
        stage: Stage<'_>,
        scope: &Scope<'_, '_>,
        keys: &Keys,
        judged: &Judged,
    ) -> Option<Box<KeyRequest>> {
        let Stage::Body(asked) = stage else { return None };
        let is_open = |number| judged.of(number).is_none();
        match self {
            Self::Jwt(jwt) if is_open(jwt.number()) => jwt.wants(scope, keys, asked),
            Self::Signature(signature) if is_open(signature.number()) => {
                signature.wants(scope, keys, asked)
            }
            _ => None,
        }
    }

    /// Judges one proof, unless that was done.
    fn judge_once(
        &self,
        stage: Stage<'_>,
        scope: &Scope<'_, '_>,
        keys: &Keys,
        judged: &mut Judged,
    ) -> Verdict {
        let number = self.number();
        let known = number.and_then(|number| judged.of(number));
        let Some(result) = known.or_else(|| self.judge_alone(stage, scope, keys)) else {
            return Verdict::Open(None);
        };
        if let Some(number) = number {
            judged.keep(number, &result);
        }
        result.map_or_else(Verdict::Refused, |()| Verdict::Proven(Proof(())))
    }

    /// `None` if it cannot be judged at this stage.
    fn judge_alone(
        &self,
        stage: Stage<'_>,
        scope: &Scope<'_, '_>,
        keys: &Keys,
    ) -> Option<Result<(), Stop>> {
        let is_head = matches!(stage, Stage::Head);
        Some(match self {
            Self::Credential(credential) => credential.run(scope, keys),
            Self::IpAllowlist(number, networks) => {
                told(*number, "ip_allowlist", is_within(networks, scope.head), scope)
            }
            Self::ClientCertificate(number, subjects) => {
                told(*number, "client_certificate", is_named(subjects, scope.head), scope)
            }
            Self::Jwt(jwt) if is_head => return jwt.run_before_body(scope, keys),
            Self::Signature(signature) if is_head => {
                return signature.run_before_body(scope).err().map(Err);
            }
            Self::Token(token) if is_head && !token.is_in_head() => return None,
            Self::Token(token) => token.run(scope, keys),
            _ if is_head => return None,
            Self::Signature(signature) => signature.run(scope, keys),
            Self::Jwt(jwt) => jwt.run(scope, keys),
            Self::BodyDigest(digest) => digest.run(scope),
            Self::Rule(number, expression) => told(*number, "rule", rule(expression, scope), scope),
            Self::Anyone => {
                scope.tell(|| Fact::Anyone);
                Ok(())
            }
            // They are judged by what they hold.
            Self::Any(_) | Self::All(_) => return None,
        })
    }
}

impl Judged {
    fn of(&self, number: usize) -> Option<Result<(), Stop>> {
        if bit(number).is_some_and(|bit| self.proven & bit != 0) {
            return Some(Ok(()));
        }
        let refused = self.refused.iter().find(|(known, _)| *known == number);
        refused.map(|(_, stop)| Err(stop.clone()))
    }

    fn keep(&mut self, number: usize, result: &Result<(), Stop>) {
        match result {
            Ok(()) => self.proven |= bit(number).unwrap_or_default(),
            Err(_) if self.of(number).is_some() => {}
            Err(stop) => self.refused.push((number, stop.clone())),
        }
    }
}

fn bit(number: usize) -> Option<u64> {
    1_u64.checked_shl(u32::try_from(number).ok()?)
}
