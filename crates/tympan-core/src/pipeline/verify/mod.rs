//! Who sent it.

mod beside_body;
mod body_digest;
mod certificate;
mod judge;
mod received;
mod signature;
mod token;

pub(super) use self::judge::Judged;
pub(super) use self::judge::Proof;
pub(super) use self::received::Received;
pub(super) use self::received::only;

use http::HeaderName;
use ipnet::IpNet;
use regex::Regex;
use tympan_expr::Expression;

use self::body_digest::DigestVerify;
use self::signature::SignatureVerify;
use self::token::TokenVerify;
use super::Fact;
use super::Head;
use super::Scope;
use super::credential::CredentialVerify;
use super::jwt::JwtVerify;
use crate::config::Accept;
use crate::config::Config;
use crate::config::Verification;
use crate::keys::KeyId;
use crate::keys::KeyUses;
use crate::keys::Keys;
use crate::outcome::Outcome;
use crate::outcome::Reason;
use crate::outcome::Stop;
use crate::roots;
use crate::scheme::Unproven;

/// How a listener checks its senders.
#[derive(Debug)]
pub(crate) enum Verify {
    Signature(Box<SignatureVerify>),
    Token(TokenVerify),
    Credential(CredentialVerify),
    Jwt(Box<JwtVerify>),
    BodyDigest(Box<DigestVerify>),
    Rule(usize, Expression),
    IpAllowlist(usize, Vec<IpNet>),
    ClientCertificate(usize, Vec<String>),
    Any(Vec<Verify>),
    All(Vec<Verify>),
    /// Anyone may send: the operator has said why.
    Anyone,
}

impl Verify {
    /// `count` is the number of proofs that stand before this one, and then of those up to it.
    pub(crate) fn compile(
        verification: &Verification,
        accept: Accept,
        config: &Config,
        keys: &mut KeyUses,
        count: &mut usize,
    ) -> Self {
        let mut all = |list: &[Verification]| {
            list.iter().map(|it| Self::compile(it, accept, config, keys, count)).collect()
        };
        match verification {
            Verification::Any(list) => return Self::Any(all(list)),
            Verification::All(list) => {
                let mut all = all(list);
                // What a rule reads has been proved by then.
                all.sort_by_key(Self::has_rule);
                return Self::All(all);
            }
            _ => {}
        }
        let number = *count;
        *count += 1;
        match verification {
            Verification::Signature(check) => {
                Self::Signature(Box::new(SignatureVerify::compile(check, accept, keys, number)))
            }
            Verification::Token(check) => Self::Token(TokenVerify::compile(check, keys, number)),
            Verification::Basic(check) => {
                Self::Credential(CredentialVerify::basic(check, keys, number))
            }
            Verification::Credential(check) => {
                Self::Credential(CredentialVerify::client(check, config, keys, number))
            }
            Verification::Jwt(check) => {
                Self::Jwt(Box::new(JwtVerify::compile(check, keys, number)))
            }
            Verification::BodyDigest(check) => {
                Self::BodyDigest(Box::new(DigestVerify::compile(check, number)))
            }
            Verification::Rule(rule) => Self::Rule(number, rule.clone()),
            Verification::IpAllowlist(networks) => Self::IpAllowlist(number, networks.clone()),
            Verification::ClientCertificate(check) => {
                Self::ClientCertificate(number, check.subjects.clone())
            }
            Verification::Any(_) | Verification::All(_) | Verification::None(_) => Self::Anyone,
        }
    }

    /// Whether there is a rule in it, at any depth.
    fn has_rule(&self) -> bool {
        match self {
            Self::Rule(..) => true,
            Self::Any(list) | Self::All(list) => list.iter().any(Self::has_rule),
            _ => false,
        }
    }

    /// Which of the listener's proofs it is, counted as they are written.
    fn number(&self) -> Option<usize> {
        match self {
            Self::Signature(signature) => Some(signature.number()),
            Self::Token(token) => Some(token.number()),
            Self::Credential(credential) => Some(credential.number()),
            Self::Jwt(jwt) => Some(jwt.number()),
            Self::BodyDigest(digest) => Some(digest.number()),
            Self::Rule(number, _)
            | Self::IpAllowlist(number, _)
            | Self::ClientCertificate(number, _) => Some(*number),
            Self::Any(_) | Self::All(_) | Self::Anyone => None,
        }
    }

    /// Whether it can be told who sent a request: the first key that is missing, if not.
    pub(crate) fn unready(&self, keys: &Keys) -> Option<KeyId> {
        match self {
            Self::Signature(signature) => signature.unready(keys),
            Self::Token(token) => token.unready(keys),
            Self::Credential(credential) => credential.unready(keys),
            Self::Jwt(jwt) => jwt.unready(keys),
            Self::All(list) => list.iter().find_map(|verify| verify.unready(keys)),
            Self::Any(list) => {
                let mut unready = list.iter().map(|verify| verify.unready(keys));
                // One way that works is enough.
                let first = unready.next().flatten()?;
                unready.all(|key| key.is_some()).then_some(first)
            }
            Self::BodyDigest(_)
            | Self::Rule(..)
            | Self::IpAllowlist(..)
            | Self::ClientCertificate(..)
            | Self::Anyone => None,
        }
    }

    /// Everything that it reads.
    pub(crate) fn expressions<'v>(&'v self, found: &mut Vec<&'v Expression>) {
        match self {
            Self::Signature(signature) => signature.expressions(found),
            Self::Token(token) => token.expressions(found),
            Self::Jwt(jwt) => found.extend(jwt.expressions()),
            Self::BodyDigest(digest) => digest.expressions(found),
            Self::Rule(_, rule) => found.push(rule),
            Self::Any(list) | Self::All(list) => {
                for verify in list {
                    verify.expressions(found);
                }
            }
            Self::Credential(_)
            | Self::IpAllowlist(..)
            | Self::ClientCertificate(..)
            | Self::Anyone => {}
        }
    }

    /// Where what proves a request stands that whoever has it can prove itself with: tokens, and
    /// signatures, too, if those are asked for.
    pub(crate) fn tokens<'v>(&'v self, found: &mut Vec<&'v Expression>, signatures: bool) {
        match self {
            Self::Signature(signature) if signatures => found.push(signature.received()),
            Self::Token(token) => token.expressions(found),
            Self::Jwt(jwt) => found.push(jwt.received()),
            Self::Any(list) | Self::All(list) => {
                for verify in list {
                    verify.tokens(found, signatures);
                }
            }
            // What stands in `Authorization` is known to everybody.
            Self::Credential(_)
            | Self::Signature(_)
            | Self::BodyDigest(_)
            | Self::Rule(..)
            | Self::IpAllowlist(..)
            | Self::ClientCertificate(..)
            | Self::Anyone => {}
        }
    }

    /// How a client is asked for what it has to show in `Authorization`.
    pub(crate) fn asks_for(&self) -> Option<&'static str> {
        match self {
            Self::Credential(credential) => Some(credential.asks_for()),
            Self::Any(list) | Self::All(list) => list.iter().find_map(Self::asks_for),
            _ => None,
        }
    }

    /// Whether any of it needs keys that are fetched.
    pub(crate) fn fetches(&self) -> bool {
        match self {
            Self::Jwt(jwt) => jwt.fetches(),
            Self::Signature(signature) => signature.fetches(),
            Self::Any(list) | Self::All(list) => list.iter().any(Self::fetches),
            _ => false,
        }
    }
}

/// Whether an expression can be evaluated before the body is there.
pub(super) fn is_in_head(expression: &Expression) -> bool {
    let needs = expression.needs();
    !needs.reads(roots::RAW_BODY) && !needs.reads(roots::PARSED_BODY)
}

/// Tells what a proof that holds no secret proves.
fn told(
    number: usize,
    what: &'static str,
    result: Result<(), Stop>,
    scope: &Scope<'_, '_>,
) -> Result<(), Stop> {
    scope.tell(|| Fact::Other { number, what, result: result.as_ref().copied() });
    result
}

fn rule(rule: &Expression, scope: &Scope<'_, '_>) -> Result<(), Stop> {
    let what = "the rule";
    match rule.eval(scope) {
        Ok(value) if value.is_truthy() => Ok(()),
        Ok(_) => Err(unauthorized(Reason::Rule)),
        Err(bound) => Err(unauthorized(Reason::Exhausted { what, bound })),
    }
}

fn is_within(networks: &[IpNet], head: &Head) -> Result<(), Stop> {
    let client = head.client.map(|client| client.to_canonical());
    let is_within = |client| networks.iter().any(|network| network.contains(&client));
    if client.is_some_and(is_within) { Ok(()) } else { Err(unauthorized(Reason::WrongAddress)) }
}

fn is_named(subjects: &[String], head: &Head) -> Result<(), Stop> {
    match &head.certificate {
        None => Err(missing("client certificate")),
        Some(names) if names.0.iter().any(|name| subjects.contains(name)) => Ok(()),
        Some(_) => Err(unauthorized(Reason::WrongCertificate)),
    }
}

pub(super) fn unauthorized(reason: Reason) -> Stop {
    Stop::new(Outcome::Unauthorized, reason)
}

pub(super) fn missing(what: &'static str) -> Stop {
    unauthorized(Reason::Missing { what })
}

fn repeated(header: &HeaderName) -> Stop {
    unauthorized(Reason::Repeated { header: header.to_string() })
}

fn refused(unproven: Unproven) -> Stop {
    unauthorized(match unproven {
        Unproven::Undecodable => Reason::Undecodable,
        Unproven::Mismatch => Reason::Mismatch,
    })
}

/// Whether a challenge would sign a payload: whoever has sent it as one was given its signature.
fn signed_for_anyone(challenged: &[Regex], payload: &[u8]) -> bool {
    // Most listeners have no challenge that signs, and need not know whether a payload is text.
    let text = || std::str::from_utf8(payload);
    !challenged.is_empty()
        && text().is_ok_and(|text| challenged.iter().any(|allow| allow.is_match(text)))
}

/// Of two refusals the one that came nearer to a proof: it is what the operator has to look at. What
/// could not be judged for a fault that is none of the sender's comes first of all: it may be good.
fn nearer(known: Option<Stop>, other: Stop) -> Stop {
    let distance = |stop: &Stop| match stop.reason() {
        Reason::NotFetched { .. } => -1,
        Reason::Stale { .. }
        | Reason::Expired { .. }
        | Reason::NotYet { .. }
        | Reason::TooOld { .. } => 0,
        Reason::Mismatch
        | Reason::WrongToken
        | Reason::WrongCredential
        | Reason::WrongCertificate
        | Reason::WrongDigest
        | Reason::Rule => 1,
        Reason::Missing { .. } => 3,
        _ => 2,
    };
    match known {
        Some(known) if distance(&known) <= distance(&other) => known,
        _ => other,
    }
}
