//! What can be wrong with how senders prove themselves, and all words about it.

use super::Severity;
use super::problem::time_words;
use crate::scheme::Unusable;

/// What is wrong with a way to prove oneself, as facts.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields of a fact say in one word what they hold")]
pub enum Proving {
    /// A signature that covers nothing of the body.
    BodyUnsigned,
    /// A hash function that its algorithm does not go with.
    HashMisfit,
    /// Anyone may send, so that the other ways to prove oneself are for nothing.
    NoneBesideOthers,
    /// Conditions and digests alone, which anybody can fulfil.
    NothingProven,
    /// A public key that is none, or not of the algorithm.
    PublicKey { why: Unusable },
    /// A secret that has a value of which no key can be made.
    SecretKey { secret: String, why: Unusable },
    /// A timestamp that the signature does not cover.
    TimestampUnsigned,
    /// A time-stamped signature that may be very old.
    Tolerance { seconds: u64 },
    /// What is signed beside a body, with nothing between them.
    Unseparated,
}

impl Proving {
    /// See [`super::Problem::code`].
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::HashMisfit => "C154",
            Self::PublicKey { .. } => "C155",
            Self::TimestampUnsigned => "L10",
            Self::Tolerance { .. } => "L11",
            Self::NoneBesideOthers => "L43",
            Self::BodyUnsigned => "L44",
            Self::NothingProven => "L46",
            Self::Unseparated => "L47",
            Self::SecretKey { .. } => "L53",
        }
    }

    /// See [`super::Problem::severity`].
    pub(super) fn severity(&self) -> Severity {
        match self {
            Self::BodyUnsigned
            | Self::SecretKey { .. }
            | Self::Tolerance { .. }
            | Self::Unseparated => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// See [`super::Problem::message`].
    pub(super) fn message(&self) -> String {
        match self {
            Self::BodyUnsigned => {
                "the body is not part of what is signed, so any body passes".to_owned()
            }
            Self::HashMisfit => "this hash function is not used with the algorithm".to_owned(),
            Self::NoneBesideOthers => {
                "`none` lets anyone in, so that the other ways are for nothing".to_owned()
            }
            Self::NothingProven => {
                "a rule or a digest proves nothing alone: whoever knows it can fulfil it".to_owned()
            }
            Self::PublicKey { why } => format!("this key cannot be used: {why}"),
            Self::SecretKey { secret, why } => {
                format!("secret `{secret}` is no key for what it proves: {why}")
            }
            Self::TimestampUnsigned => {
                "the timestamp is not part of what is signed, so anyone can renew it".to_owned()
            }
            Self::Tolerance { seconds } => {
                format!("signatures can be replayed for {}", time_words(*seconds))
            }
            Self::Unseparated => {
                "nothing is signed between the body and what stands beside it, so that the end of \
                 one could pass for the beginning of the other"
                    .to_owned()
            }
        }
    }

    /// See [`super::Problem::help`].
    pub(super) fn help(&self) -> String {
        match self {
            Self::BodyUnsigned => "put `raw_body` into the `payload`, if the provider signs it",
            Self::HashMisfit => {
                "use SHA-256, which goes with all of them but Ed25519; that one has its own"
            }
            Self::NoneBesideOthers => "keep `none` alone, or remove it",
            Self::NothingProven => {
                "add a `signature` or a `token` beside it, also in every branch of `any`"
            }
            Self::PublicKey { why } => return key_help(*why),
            Self::SecretKey { .. } => {
                "mend what its reference names, or say how it is read; until then its listeners answer 503"
            }
            Self::TimestampUnsigned => {
                "put `signature_timestamp` into the `payload`, as the provider does; if it signs \
                 no time, remove `timestamp`"
            }
            Self::Tolerance { .. } => "keep `tolerance` at 15m or less; 5m is usual",
            Self::Unseparated => {
                "say `accept: json` if bodies are JSON, whose beginning shows; or say by a `rule` \
                 what stands beside them"
            }
        }
        .to_owned()
    }
}

/// What can be done about a public key, by what is wrong with it.
fn key_help(why: Unusable) -> String {
    match why {
        Unusable::PrivateKey => {
            "replace it, as it was written here: make a new pair, and write only the public key"
        }
        Unusable::Secret => {
            "replace it, as it was written here; what both sides know stands in `secrets:` and is \
             named by `secret`"
        }
        Unusable::NotPem => {
            "PEM begins with `-----BEGIN PUBLIC KEY-----` and keeps its lines (`pem: |`); a bare \
             text goes under `base64` or `hex`"
        }
        Unusable::NotHex => "write two digits a byte; base64 goes under `base64`, PEM under `pem`",
        Unusable::NotBase64 => "write it in one text; hex goes under `hex`, PEM under `pem`",
        Unusable::OtherUse => "take the provider's key whose `use` is `sig`, or `key_ops` `verify`",
        Unusable::OtherAlgorithm => {
            "write the `algorithm` that the key is for, or take the provider's key for this one"
        }
        Unusable::FewBits { .. } => "ask the provider for a longer one: shorter ones are broken",
        Unusable::UnknownKind => "ask the provider for a key of one of these kinds",
        Unusable::Part(_) | Unusable::NoPoint | Unusable::Ed25519Length | Unusable::CipherLength | Unusable::Empty => {
            "copy it again as the provider shows it: something is lost or changed"
        }
        Unusable::NotPublicKey | Unusable::NotText | Unusable::NotPrivateKey => {
            "write the public key as the provider shows it, under `pem`, `base64` (of DER or of the \
             bare key), `hex` or `jwk`"
        }
    }
    .to_owned()
}
