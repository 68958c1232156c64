//! What can be wrong with what requests may make us call, and with encrypted bodies, and all words
//! about it.

use super::Severity;

/// What is wrong with what a request may make us do, as facts.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields of a fact say in one word what they hold")]
pub enum Outward {
    /// A pattern of hosts that matches those of strangers.
    AnyHost,
    /// Authorities that are none.
    Authority { why: String },
    /// Whoever asks could have an event encrypted and signed.
    EncryptsForAll,
    /// Whoever has an encrypted text could have it read out.
    OpenToAll,
    /// A request could choose who gets a secret, or what was had for one.
    SecretForAny {
        /// Whether it is written out as well who may have it.
        is_written: bool,
    },
    /// An answer to somebody who has proved nothing is to be encrypted.
    SecretRefusal,
    /// A request could make us call any host.
    Unanchored,
}

impl Outward {
    /// See [`super::Problem::code`].
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Unanchored => "C160",
            Self::AnyHost => "C161",
            Self::Authority { .. } => "C162",
            Self::SecretRefusal => "C163",
            Self::EncryptsForAll => "C164",
            Self::SecretForAny { .. } => "C165",
            Self::OpenToAll => "L52",
        }
    }

    /// See [`super::Problem::severity`].
    pub(super) fn severity(&self) -> Severity {
        match self {
            Self::OpenToAll => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// See [`super::Problem::message`].
    pub(super) fn message(&self) -> String {
        match self {
            Self::Unanchored => "whoever sends could make us call any host".to_owned(),
            Self::AnyHost => "this pattern matches hosts of anybody".to_owned(),
            Self::EncryptsForAll => {
                "a stranger could have a text encrypted, and send it as an event".to_owned()
            }
            Self::OpenToAll => {
                "whoever has seen an encrypted text could have it read out".to_owned()
            }
            Self::SecretForAny { .. } => "whoever sends could choose who gets a secret".to_owned(),
            Self::SecretRefusal => {
                "only who has proved itself is answered with something encrypted".to_owned()
            }
            Self::Authority { why } => format!("this is no certificate of an authority: {why}"),
        }
    }

    /// See [`super::Problem::help`].
    pub(super) fn help(&self) -> String {
        match self {
            Self::Unanchored => "say which are meant: `hosts: [keys.example.com]`, or \
                                 `host_pattern` where they vary"
                .to_owned(),
            Self::AnyHost => "write out the end of the host, with its dots as `\\.`: \
                              `keys\\.[a-z0-9-]+\\.example\\.com`"
                .to_owned(),
            Self::EncryptsForAll => "add `verification: required`".to_owned(),
            Self::OpenToAll => {
                "add `verification: required`, or a `token` that stands in the text".to_owned()
            }
            Self::SecretForAny { is_written: true } => {
                "remove it: `hosts` says who may have the secret".to_owned()
            }
            Self::SecretForAny { is_written: false } => {
                "write out who may have it in its place: `hosts: [keys.example.com]`".to_owned()
            }
            Self::SecretRefusal => "remove it".to_owned(),
            Self::Authority { .. } => {
                "put PEM there: `-----BEGIN CERTIFICATE-----` and what follows; \
                                       without `authority` those count that browsers trust"
                    .to_owned()
            }
        }
    }
}
