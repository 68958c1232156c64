//! What can be wrong with what requests may make us call, and with encrypted bodies, and all words
//! about it.

/// What is wrong with what a request may make us do, as facts.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields of a fact say in one word what they hold")]
pub enum Outward {
    /// A pattern of hosts that matches those of strangers.
    AnyHost,
    /// Authorities that are none.
    Authority { why: String },
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
        }
    }

    /// See [`super::Problem::message`].
    pub(super) fn message(&self) -> String {
        match self {
            Self::Unanchored => "whoever sends could make us call any host".to_owned(),
            Self::AnyHost => "this pattern matches hosts of anybody".to_owned(),
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
            Self::Authority { .. } => {
                "put PEM there: `-----BEGIN CERTIFICATE-----` and what follows; \
                                       without `authority` those count that browsers trust"
                    .to_owned()
            }
        }
    }
}
