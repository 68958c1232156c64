//! How a request can end: exactly one outcome each, and why.

use std::fmt;

use http::StatusCode;
use tympan_expr::Exhausted;

use crate::jwt::Fault;
use crate::scheme::Unusable;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Its events are kept.
    Accepted,
    /// It was a provider's set-up request, and was answered.
    Challenged,
    /// It came before, and what it made then is kept.
    Duplicate,
    /// Something of ours broke.
    Failed,
    /// It was verified, and `filter` left it out.
    Filtered,
    /// It was verified, no event could be made of it, and it is kept as a dead letter.
    Invalid,
    /// Its body or challenge could not be read.
    Malformed,
    /// The listener does not take this method.
    MethodNotAllowed,
    /// No listener has this path.
    NotFound,
    /// A secret of the listener cannot be resolved.
    NotReady,
    /// Its events could not be kept in time.
    Overloaded,
    /// More came than is allowed.
    RateLimited,
    /// It was verified, and `reject` stopped it.
    Rejected,
    /// The proof is that of a request of long ago, or of the future.
    Stale,
    /// The body took too long to arrive.
    TimedOut,
    /// The body is larger than the limit.
    TooLarge,
    /// The sender did not prove itself.
    Unauthorized,
    /// The listener does not take this media type.
    Unsupported,
}

impl Outcome {
    /// Every outcome, each at its own index.
    pub const ALL: [Self; 18] = [
        Self::Accepted,
        Self::Challenged,
        Self::Duplicate,
        Self::Failed,
        Self::Filtered,
        Self::Invalid,
        Self::Malformed,
        Self::MethodNotAllowed,
        Self::NotFound,
        Self::NotReady,
        Self::Overloaded,
        Self::RateLimited,
        Self::Rejected,
        Self::Stale,
        Self::TimedOut,
        Self::TooLarge,
        Self::Unauthorized,
        Self::Unsupported,
    ];

    /// The word for it, in YAML, logs and everywhere else.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Challenged => "challenged",
            Self::Duplicate => "duplicate",
            Self::Failed => "failed",
            Self::Filtered => "filtered",
            Self::Invalid => "invalid",
            Self::Malformed => "malformed",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::NotFound => "not_found",
            Self::NotReady => "not_ready",
            Self::Overloaded => "overloaded",
            Self::RateLimited => "rate_limited",
            Self::Rejected => "rejected",
            Self::Stale => "stale",
            Self::TimedOut => "timed_out",
            Self::TooLarge => "too_large",
            Self::Unauthorized => "unauthorized",
            Self::Unsupported => "unsupported",
        }
    }

    /// The outcome that a word names.
    #[must_use]
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == word)
    }

    /// The status that it is answered with, unless the listener says otherwise. The only place
    /// where an outcome becomes a status.
    ///
    /// A provider must not try again what was left out on purpose, nor what would fail in the same
    /// way, and must try again what could not be kept.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::Accepted
            | Self::Challenged
            | Self::Duplicate
            | Self::Filtered
            | Self::Invalid
            | Self::Rejected => StatusCode::OK,
            Self::Unauthorized | Self::Stale => StatusCode::UNAUTHORIZED,
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TimedOut => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unsupported => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::NotReady | Self::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
            Self::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Whether the sender has proved itself when a request ends like this.
    #[must_use]
    pub fn is_verified(self) -> bool {
        matches!(self, Self::Accepted | Self::Duplicate | Self::Filtered | Self::Rejected)
    }

    /// Whether a listener may answer it in its own way.
    #[must_use]
    pub fn is_overridable(self) -> bool {
        !matches!(
            self,
            Self::Challenged
                | Self::Duplicate
                | Self::Failed
                | Self::MethodNotAllowed
                | Self::NotFound
                | Self::TimedOut
        )
    }

    /// Whether an event is lost unless the provider tries again.
    #[must_use]
    pub fn must_be_retried(self) -> bool {
        matches!(self, Self::NotReady | Self::Overloaded | Self::RateLimited)
    }

    /// Whether it is what a listener is for, so that it is logged only when asked.
    #[must_use]
    pub fn is_ordinary(self) -> bool {
        self.is_verified() || self == Self::Challenged
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The end of a request that makes no event, and why: for the operator, never for the caller.
///
/// It is as small as a pointer, because nearly everything that can end like this does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop(Box<(Outcome, Reason)>);

/// Why a request ended as it did, as facts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of a fact say in one word what they hold")]
pub enum Reason {
    /// The connection broke off within the body.
    BodyBroken,
    /// What is signed beside the body could hold a part of it.
    BadPart,
    /// The timestamp is not written as it should be.
    BadTimestamp,
    /// The answer would echo something that `allow` does not let through.
    EchoRefused,
    /// A computed value is of the wrong kind.
    Misfit { what: &'static str, found: &'static str },
    /// An expression ran out of its bounds.
    Exhausted { what: &'static str, bound: Exhausted },
    /// The body is not what its parser reads.
    Unreadable { parser: &'static str, why: String },
    /// No listener at this path.
    NoListener,
    /// Not a method of the listener.
    Method,
    /// A media type that the listener does not take.
    MediaType,
    /// The body is compressed.
    Encoded { encoding: String },
    /// The signatures are none of the payload.
    Mismatch,
    /// A part of the proof is not there.
    Missing { what: &'static str },
    /// `each` is no list.
    NoList { found: &'static str },
    /// A secret that the handshake brings is not expected.
    NotArmed { secret: String },
    /// A secret that the handshake brings could not be stored.
    NotStored { secret: String, why: String },
    /// The events could not be kept in time.
    NotKept { why: String },
    /// `reject` was true, or `filter` was not.
    Decided,
    /// A panic, which is a bug of ours.
    Panic,
    /// A header that may stand once stands several times.
    Repeated { header: String },
    /// The body is not what `payload_schema` says, at a JSON Pointer.
    Schema { pointer: String, why: String },
    /// More came than is allowed; there is room in this many seconds.
    RateLimited { seconds: u64 },
    /// Where the request goes, or where it ends, can be understood in two ways.
    Ambiguous { what: &'static str },
    /// The target is longer than this many bytes.
    LongTarget { limit: u64 },
    /// There are more headers than this.
    ManyHeaders { limit: usize },
    /// All bodies in flight together take too much memory.
    NoMemory,
    /// A rule does not hold.
    Rule,
    /// A secret cannot be resolved.
    Secret { secret: String },
    /// What is signed is something that a challenge signs for anyone.
    SignedForAnyone,
    /// A computed answer cannot be sent.
    Unsendable { what: &'static str },
    /// The time-out of bodies.
    Slow,
    /// A proof too old, or too new, by this many seconds.
    Stale { seconds: u64 },
    /// The body is larger than this many bytes.
    TooLarge { limit: u64 },
    /// A received signature is nothing of the right form.
    Undecodable,
    /// The sender's address is in none of the networks.
    WrongAddress,
    /// A token is none that counts.
    BadToken { fault: Fault },
    /// A token says something else than it should.
    WrongClaim { claim: String },
    /// A token is signed by a key that its signer does not show.
    UnknownKey,
    /// Keys have to be fetched, and could not be.
    NotFetched { what: &'static str, url: String, why: String },
    /// What a challenge has called did not answer as it should.
    NotCalled { why: String },
    /// An encrypted text cannot be read.
    Undecryptable,
    /// A certificate counts no longer, or not yet.
    CertificateEnded { url: String },
    /// A certificate holds no key that can be used.
    CertificateKey { url: String, why: Unusable },
    /// The key that was asked for is of another kind than the proof.
    FetchedKey { why: Unusable },
    /// What would be sent for the key that a request names is too long.
    AsksTooMuch { most: usize },
    /// A request names a URL that may not be called.
    ForeignUrl { what: &'static str, why: &'static str },
    /// A token counts only in this many seconds.
    NotYet { seconds: u64 },
    /// A token ended this many seconds ago.
    Expired { seconds: u64 },
    /// The token was issued longer ago than it may have been.
    TooOld { seconds: u64, most: u64 },
    /// A request for an access token that gets none.
    TokenRequest { why: &'static str },
    /// The sender's certificate names somebody else.
    WrongCertificate,
    /// What stands in `Authorization` is not the credential of the client.
    WrongCredential,
    /// The digest is that of another body.
    WrongDigest,
    /// The token is another.
    WrongToken,
}

impl Stop {
    /// An end, and why.
    #[must_use]
    #[cold]
    pub fn new(outcome: Outcome, reason: Reason) -> Self {
        Self(Box::new((outcome, reason)))
    }

    /// How it ended.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.0.0
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> &Reason {
        &self.0.1
    }

    /// How it ended, and why.
    #[must_use]
    pub fn into_parts(self) -> (Outcome, Reason) {
        *self.0
    }
}

impl Reason {
    /// The status that tells a client more than that of the outcome does.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::LongTarget { .. } => Some(StatusCode::URI_TOO_LONG),
            Self::ManyHeaders { .. } => Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
            _ => None,
        }
    }

    /// Whether nothing more of the connection can be read, so that it has to close.
    #[must_use]
    pub fn ends_connection(&self) -> bool {
        matches!(
            self,
            Self::BodyBroken
                | Self::Slow
                | Self::TooLarge { .. }
                | Self::Panic
                | Self::Ambiguous { .. }
                | Self::LongTarget { .. }
                | Self::ManyHeaders { .. }
                | Self::NoMemory
        )
    }

    /// Whether it is that something has to be fetched first.
    #[must_use]
    pub fn is_of_fetch(&self) -> bool {
        matches!(self, Self::NotFetched { .. })
    }

    /// One word for it, from a closed set.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::BodyBroken => "body_broken",
            Self::BadPart => "bad_part",
            Self::BadTimestamp => "bad_timestamp",
            Self::EchoRefused => "echo_refused",
            Self::Misfit { .. } => "misfit",
            Self::Exhausted { .. } => "exhausted",
            Self::Unreadable { .. } => "unreadable",
            Self::NoListener => "no_listener",
            Self::Method => "method",
            Self::MediaType => "media_type",
            Self::Encoded { .. } => "encoded",
            Self::Mismatch => "mismatch",
            Self::Missing { .. } => "missing",
            Self::NoList { .. } => "no_list",
            Self::NotArmed { .. } => "not_armed",
            Self::NotStored { .. } => "not_stored",
            Self::NotKept { .. } => "not_kept",
            Self::Decided => "decided",
            Self::Panic => "panic",
            Self::Repeated { .. } => "repeated",
            Self::Schema { .. } => "schema",
            Self::RateLimited { .. } => "rate_limited",
            Self::Ambiguous { .. } => "ambiguous",
            Self::LongTarget { .. } => "long_target",
            Self::ManyHeaders { .. } => "many_headers",
            Self::NoMemory => "no_memory",
            Self::Rule => "rule",
            Self::Secret { .. } => "secret",
            Self::SignedForAnyone => "signed_for_anyone",
            Self::Unsendable { .. } => "unsendable",
            Self::Slow => "slow",
            Self::Stale { .. } => "stale",
            Self::TooLarge { .. } => "too_large",
            Self::Undecodable => "undecodable",
            Self::WrongAddress => "wrong_address",
            Self::BadToken { .. } => "bad_token",
            Self::WrongClaim { .. } => "wrong_claim",
            Self::UnknownKey => "unknown_key",
            Self::NotFetched { .. } => "not_fetched",
            Self::NotCalled { .. } => "not_called",
            Self::Undecryptable => "undecryptable",
            Self::CertificateEnded { .. } => "certificate_ended",
            Self::CertificateKey { .. } => "certificate_key",
            Self::FetchedKey { .. } => "fetched_key",
            Self::AsksTooMuch { .. } => "asks_too_much",
            Self::ForeignUrl { .. } => "foreign_url",
            Self::NotYet { .. } => "not_yet",
            Self::Expired { .. } => "expired",
            Self::TooOld { .. } => "too_old",
            Self::TokenRequest { .. } => "token_request",
            Self::WrongCertificate => "wrong_certificate",
            Self::WrongCredential => "wrong_credential",
            Self::WrongDigest => "wrong_digest",
            Self::WrongToken => "wrong_token",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BodyBroken => f.write_str("the connection broke off within the body"),
            Self::BadPart => f.write_str("what is signed beside the body could hold a part of it"),
            Self::BadTimestamp => f.write_str("the timestamp is not written as `unit` says"),
            Self::EchoRefused => f.write_str("the challenge holds what `allow` does not match"),
            Self::Misfit { what, found } => write!(f, "the {what} is a {found}"),
            Self::Exhausted { what, bound } => write!(f, "{what} ran out of its bound of {bound}"),
            Self::Unreadable { parser, why } => write!(f, "the body is no {parser}: {why}"),
            Self::NoListener => f.write_str("no listener has this path"),
            Self::Method => f.write_str("the listener does not take this method"),
            Self::Encoded { encoding } => write!(f, "the body is encoded ({encoding})"),
            Self::MediaType => f.write_str("the listener does not take this media type"),
            Self::Mismatch => f.write_str("the signature is not that of this request"),
            Self::Missing { what } => write!(f, "the {what} is missing"),
            Self::NoList { found } => write!(f, "`each` gives a {found}, not a list"),
            Self::NotKept { why } => write!(f, "the event could not be kept: {why}"),
            Self::NotArmed { secret } => write!(
                f,
                "nobody expects the secret {secret}: `tympan secrets arm {secret}`, then let the \
                 provider greet once more"
            ),
            Self::NotStored { secret, why } => {
                write!(f, "the secret {secret} could not be stored: {why}")
            }
            Self::Decided => f.write_str("so decided by its expression"),
            Self::Panic => f.write_str("a bug in tympan: please report it"),
            Self::Repeated { header } => write!(f, "the header {header} stands more than once"),
            Self::Schema { pointer, why } if pointer.is_empty() => write!(f, "the body {why}"),
            Self::Schema { pointer, why } => write!(f, "`{pointer}` of the body {why}"),
            Self::RateLimited { seconds } => {
                write!(f, "more came than is allowed; there is room in {seconds} s")
            }
            Self::Ambiguous { what } => write!(f, "the request has {what}"),
            Self::LongTarget { limit } => write!(f, "the target is longer than {limit} bytes"),
            Self::ManyHeaders { limit } => write!(f, "there are more than {limit} headers"),
            Self::NoMemory => f.write_str("all bodies in flight together take too much memory"),
            Self::Rule => f.write_str("a rule does not hold"),
            Self::Secret { secret } => write!(f, "the secret {secret} cannot be resolved"),
            Self::SignedForAnyone => {
                f.write_str("what is signed is something that a challenge signs for anyone")
            }
            Self::Unsendable { what } => write!(f, "the computed {what} cannot be sent"),
            Self::Slow => f.write_str("the body took too long to arrive"),
            Self::Stale { seconds } => {
                write!(f, "signed {seconds} seconds further from our clock than the tolerance")
            }
            Self::TooLarge { limit } => write!(f, "the body is larger than {limit} bytes"),
            Self::Undecodable => f.write_str("the signature is not of the right form or length"),
            Self::WrongAddress => f.write_str("the sender's address is in none of the networks"),
            Self::BadToken { fault } => write!(f, "the token {fault}"),
            Self::WrongClaim { claim } => write!(f, "the token says something else in `{claim}`"),
            Self::UnknownKey => f.write_str("it is signed by a key that is not known"),
            Self::NotFetched { what, url, why } => {
                write!(f, "the {what} at {url} could not be fetched: {why}")
            }
            Self::NotCalled { why } => write!(f, "the call of the challenge failed: {why}"),
            Self::Undecryptable => {
                f.write_str("what is encrypted is missing, or cannot be read with the key")
            }
            Self::CertificateEnded { url } => {
                write!(f, "the certificate at {url} counts no longer, or not yet")
            }
            Self::FetchedKey { why } => {
                write!(f, "the key that was asked for cannot have signed it: {why}")
            }
            Self::CertificateKey { url, why } => {
                write!(f, "the key of the certificate at {url} cannot be used: {why}")
            }
            Self::AsksTooMuch { most } => {
                write!(f, "what would be sent for the key is longer than {most} bytes")
            }
            Self::ForeignUrl { what, why } => {
                write!(f, "the URL of the {what} is not called: {why}")
            }
            Self::NotYet { seconds } => write!(f, "the token counts only in {seconds} seconds"),
            Self::Expired { seconds } => write!(f, "the token ended {seconds} seconds ago"),
            Self::TooOld { seconds, most } => write!(
                f,
                "the token was issued {seconds} seconds ago, and `max_age` is {most} seconds"
            ),
            Self::TokenRequest { why } => write!(f, "no access token for this request: {why}"),
            Self::WrongCertificate => f.write_str("the sender's certificate names somebody else"),
            Self::WrongCredential => f.write_str("Authorization holds another credential"),
            Self::WrongDigest => f.write_str("the digest is not that of the body"),
            Self::WrongToken => f.write_str("the token is another"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Outcome;

    #[test]
    fn all_are_at_their_index_and_sorted_by_name() {
        for (index, outcome) in Outcome::ALL.into_iter().enumerate() {
            assert_eq!(outcome as usize, index, "{outcome}");
        }
        assert!(Outcome::ALL.is_sorted_by_key(|outcome| outcome.name()));
    }
}
