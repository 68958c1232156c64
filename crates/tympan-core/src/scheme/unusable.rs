//! Why no key can be made of what was found.

use std::fmt;

/// Why no key can be made of what was found; it says nothing of what that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// Nothing is left of it.
    Empty,
    /// Not hexadecimal digits.
    NotHex,
    /// Not base64.
    NotBase64,
    /// Not UTF-8.
    NotText,
    /// Not PEM.
    NotPem,
    /// No public key in any form that is known.
    NotPublicKey,
    /// A private key, where a public one is meant.
    PrivateKey,
    /// A secret, where a public key is meant.
    Secret,
    /// A JSON Web Key without this part.
    Part(&'static str),
    /// A key of a kind, or of a curve, that is not known.
    UnknownKind,
    /// A key that says itself that it verifies no signatures.
    OtherUse,
    /// A public key of another algorithm.
    OtherAlgorithm,
    /// An RSA key that is too short.
    FewBits {
        /// How long it is.
        bits: usize,
        /// How long it has to be.
        fewest: usize,
    },
    /// No point of its curve.
    NoPoint,
    /// A key of Ed25519 that is not 32 bytes long.
    Ed25519Length,
    /// No private key of the algorithm.
    NotPrivateKey,
    /// A key that a cipher cannot take.
    CipherLength,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "nothing is left of it to be a key",
            Self::NotHex => "it is not hex",
            Self::NotBase64 => "it is not base64",
            Self::NotText => "it is not UTF-8",
            Self::NotPem => "it is no PEM",
            Self::NotPublicKey => "it is no public key",
            Self::PrivateKey => "it is a private key, and only the public one is needed",
            Self::Secret => "it is a secret",
            Self::Part(name) => return write!(f, "its `{name}` is none"),
            Self::UnknownKind => {
                "it is of no kind that is known: RSA, P-256, P-384 and Ed25519 are"
            }
            Self::OtherUse => "it says that it is not for signatures",
            Self::OtherAlgorithm => "it is the key of another algorithm",
            Self::FewBits { bits, fewest } => {
                return write!(f, "it is RSA with {bits} bits, where {fewest} are the fewest");
            }
            Self::NoPoint => "it is no point on its curve",
            Self::Ed25519Length => "it is Ed25519 without 32 bytes",
            Self::NotPrivateKey => "it is no private key of the algorithm",
            Self::CipherLength => "it is not 32 bytes long, as AES-256 needs",
        })
    }
}
