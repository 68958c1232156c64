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
    /// No public key in any form that is known.
    NotPublicKey,
    /// A private key, where a public one is meant.
    PrivateKey,
    /// A public key of another algorithm.
    OtherAlgorithm,
    /// A public key that is too weak, or none of its curve.
    WeakKey,
    /// No private key of the algorithm.
    NotPrivateKey,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "nothing is left of it to be a key",
            Self::NotHex => "it is not hex",
            Self::NotBase64 => "it is not base64",
            Self::NotText => "it is not UTF-8",
            Self::NotPublicKey => "it is no public key",
            Self::PrivateKey => "it is a private key, and only the public one is needed",
            Self::OtherAlgorithm => "it is the key of another algorithm",
            Self::WeakKey => "it is too short, or no key of its algorithm",
            Self::NotPrivateKey => "it is no private key of the algorithm",
        })
    }
}
