//! What can be wrong with challenges, and all words about it.

use super::Severity;

/// What is wrong with a challenge, as facts.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields of a fact say in one word what they hold")]
pub enum Challenge {
    /// It captures what is no captured secret.
    Captures { secret: String },
    /// It has something called for anyone.
    Calls,
    /// It echoes texts of any length, or of any kind.
    Echo { what: &'static str },
    /// It lets its sender choose a header that a browser obeys.
    Header { header: String },
    /// It answers with something that a browser would run.
    Markup { content_type: String },
    /// It mixes a secret into digests that also proves something else, to whoever uses it so.
    Mixes { user: String },
    /// It signs what the same secret signs for events.
    Signs { listener: String },
}

impl Challenge {
    /// See [`super::Problem::code`].
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Signs { .. } | Self::Mixes { .. } => "L01",
            Self::Markup { .. } | Self::Header { .. } => "L03",
            Self::Echo { .. } => "L04",
            Self::Captures { .. } => "L05",
            Self::Calls => "L28",
        }
    }

    /// See [`super::Problem::severity`].
    pub(super) fn severity(&self) -> Severity {
        match self {
            Self::Calls | Self::Echo { .. } => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// See [`super::Problem::message`].
    pub(super) fn message(&self) -> String {
        match self {
            Self::Captures { secret } => {
                format!("the secret `{secret}` does not come with handshakes")
            }
            Self::Calls => "anyone could have something called in our name".to_owned(),
            Self::Echo { what } => format!("a challenge may echo {what}"),
            Self::Header { header } => {
                format!("a challenge may not take the header `{header}` from its request")
            }
            Self::Markup { content_type } => {
                format!("a challenge may not answer with `{content_type}`")
            }
            Self::Mixes { user } => format!(
                "a stranger could have a proof made: {user} uses the secret of this digest, too"
            ),
            Self::Signs { listener } => format!(
                "a stranger could have an event signed: listener `{listener}` verifies with the \
                 same secret"
            ),
        }
    }

    /// See [`super::Problem::help`].
    pub(super) fn help(&self) -> &'static str {
        match self {
            Self::Captures { .. } => {
                "say `captured: true` under `secrets:`; it is stored only while `tympan secrets arm` \
                 expects it, and never replaces another"
            }
            Self::Calls => "add `verification: required`, if the provider signs this request",
            Self::Echo { .. } => {
                "let `allow` match one line of bounded length, such as `[ -~]{1,1024}`"
            }
            Self::Header { .. } => {
                "write its value out, or leave it out: whoever makes a browser send the request \
                 would choose it"
            }
            Self::Markup { .. } => {
                "answer with `text/plain` or `application/json`: what a stranger sends would run in \
                 a browser otherwise"
            }
            Self::Mixes { .. } => {
                "give the digest a secret that proves nothing else: whoever has some digests of a \
                 secret can make others"
            }
            Self::Signs { .. } => {
                "let `allow` match opaque tokens only, such as `[A-Za-z0-9_-]{1,128}`"
            }
        }
    }
}
