//! What can be wrong with clients, with tokens and with their keys, and all words about it.

use super::Severity;
use super::problem::time_words;
use crate::span::Span;

/// What is wrong with a credential, as facts.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields of a fact say in one word what they hold")]
pub enum Credential {
    /// An algorithm that cannot be meant with this key.
    AlgorithmMisfit { algorithm: &'static str },
    /// Tokens for anybody, or by anyone whom the key signs for.
    AnyToken { claim: &'static str },
    /// Two clients call themselves the same.
    ClientIdTaken { by: String, first: Span },
    /// Tokens that have ended long ago, or will begin, pass.
    Leeway { seconds: u64 },
    /// A key that says something about another way to be granted a token.
    OfAnotherGrant { key: &'static str, of: &'static str },
    /// A token of ours says something under a name that stands for something already.
    OwnClaim { claim: &'static str, key: Option<&'static str> },
    /// A listener at the path where access tokens are asked for.
    PathReserved { by: String, first: Span },
}

impl Credential {
    /// See [`super::Problem::code`].
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::PathReserved { .. } => "C150",
            Self::ClientIdTaken { .. } => "C151",
            Self::AlgorithmMisfit { .. } => "C152",
            Self::OwnClaim { .. } => "C157",
            Self::OfAnotherGrant { .. } => "C158",
            Self::AnyToken { .. } => "L16",
            Self::Leeway { .. } => "L48",
        }
    }

    /// See [`super::Problem::severity`].
    pub(super) fn severity(&self) -> Severity {
        match self {
            Self::AnyToken { .. } | Self::Leeway { .. } => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// See [`super::Problem::message`].
    pub(super) fn message(&self) -> String {
        match self {
            Self::PathReserved { by, .. } => {
                format!("client `{by}` asks for its access tokens at this path")
            }
            Self::ClientIdTaken { by, .. } => format!("client `{by}` has this id already"),
            Self::AlgorithmMisfit { algorithm } => {
                format!("nothing can be signed with {algorithm} by this key")
            }
            Self::OfAnotherGrant { key, of } => {
                format!("`{key}` is for `grant: {of}` alone")
            }
            Self::OwnClaim { claim, .. } => format!("the claim `{claim}` is not said here"),
            Self::AnyToken { claim } => {
                format!("tokens of any {claim} pass, as long as the key is the same")
            }
            Self::Leeway { seconds } => {
                format!("tokens that have ended pass for {} more", time_words(*seconds))
            }
        }
    }

    /// See [`super::Problem::help`].
    pub(super) fn help(&self) -> String {
        match self {
            Self::PathReserved { .. } => "give the listener another `path`".to_owned(),
            Self::ClientIdTaken { .. } => "give one of the two another `client_id`".to_owned(),
            Self::AlgorithmMisfit { .. } => "`HS256` and its like go with `secret`, `RS256` and \
                                             `PS256` with RSA, `ES256` with P-256, `ES384` with \
                                             P-384, `EdDSA` with Ed25519"
                .to_owned(),
            Self::OfAnotherGrant { of, .. } => format!("write `grant: {of}`, or remove it"),
            Self::OwnClaim { key: Some(key), .. } => {
                format!("say `{key}` in its place, beside `claims`")
            }
            Self::OwnClaim { .. } => "remove it: it is another one in every token".to_owned(),
            Self::Leeway { .. } => "keep `leeway` at 15m or less; 60s is usual".to_owned(),
            Self::AnyToken { claim } => {
                format!("add `{claim}` with what the provider puts into its tokens")
            }
        }
    }

    /// See [`super::Problem::related`].
    pub(super) fn related(&self) -> Option<(Span, &'static str)> {
        match self {
            Self::PathReserved { first, .. } | Self::ClientIdTaken { first, .. } => {
                Some((*first, "taken here"))
            }
            _ => None,
        }
    }
}
