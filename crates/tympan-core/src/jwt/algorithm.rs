//! Which algorithms sign tokens.

use crate::scheme;
use crate::scheme::EcdsaForm;
use crate::scheme::HashMode;

/// An algorithm that signs tokens (RFC 7518, section 3.1; RFC 8037, section 3.1). Its `none` is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC, with a secret that both sides know.
    Hmac(HashMode),
    /// RSA, PKCS #1 v1.5.
    Rsa(HashMode),
    /// RSA, PSS.
    RsaPss(HashMode),
    /// ECDSA on P-256 with SHA-256.
    P256,
    /// ECDSA on P-384 with SHA-384.
    P384,
    /// Ed25519.
    Ed25519,
}

use Algorithm::Hmac;
use Algorithm::Rsa;
use Algorithm::RsaPss;

const NAMES: [(&str, Algorithm); 13] = [
    ("HS256", Hmac(HashMode::Sha256)),
    ("HS384", Hmac(HashMode::Sha384)),
    ("HS512", Hmac(HashMode::Sha512)),
    ("RS256", Rsa(HashMode::Sha256)),
    ("RS384", Rsa(HashMode::Sha384)),
    ("RS512", Rsa(HashMode::Sha512)),
    ("PS256", RsaPss(HashMode::Sha256)),
    ("PS384", RsaPss(HashMode::Sha384)),
    ("PS512", RsaPss(HashMode::Sha512)),
    ("ES256", Algorithm::P256),
    ("ES384", Algorithm::P384),
    ("EdDSA", Algorithm::Ed25519),
    // As RFC 9864 calls it.
    ("Ed25519", Algorithm::Ed25519),
];

impl Algorithm {
    /// Every name that can be written.
    pub const WORDS: &[&str] = &[
        "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256",
        "ES384", "EdDSA", "Ed25519",
    ];

    /// The names of those that sign with a private key here.
    pub const SIGNING: &[&str] =
        &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "EdDSA", "Ed25519"];

    /// The algorithm that a name stands for, exactly as it is registered.
    #[must_use]
    pub fn read(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, algorithm)| *algorithm)
    }

    /// The name that it is registered under.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(_, known)| *known == self).map_or("", |(name, _)| name)
    }

    /// Whether it computes what an algorithm of other signatures does, with a hash function.
    #[must_use]
    pub fn is_of(self, other: scheme::Algorithm, mode: HashMode) -> bool {
        match self {
            Hmac(own) => other == scheme::Algorithm::Hmac && own == mode,
            Rsa(own) => other == scheme::Algorithm::RsaPkcs1 && own == mode,
            RsaPss(own) => other == scheme::Algorithm::RsaPss && own == mode,
            Self::P256 => {
                matches!(other, scheme::Algorithm::EcdsaP256(_)) && mode == HashMode::Sha256
            }
            Self::P384 => false,
            Self::Ed25519 => other == scheme::Algorithm::Ed25519,
        }
    }

    /// The same among the algorithms of signatures; `None` where nothing here signs with a private key
    /// for it.
    #[must_use]
    pub fn signature(self) -> Option<(scheme::Algorithm, HashMode)> {
        match self {
            Rsa(mode) => Some((scheme::Algorithm::RsaPkcs1, mode)),
            RsaPss(mode) => Some((scheme::Algorithm::RsaPss, mode)),
            Self::P256 => Some((scheme::Algorithm::EcdsaP256(EcdsaForm::Fixed), HashMode::Sha256)),
            Self::Ed25519 => Some((scheme::Algorithm::Ed25519, HashMode::Sha256)),
            Self::P384 | Hmac(_) => None,
        }
    }

    /// The hash function, where both sides have the same key.
    #[must_use]
    pub fn hmac(self) -> Option<HashMode> {
        match self {
            Hmac(mode) => Some(mode),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Algorithm;
    use super::NAMES;

    #[test]
    fn every_word_is_a_name() {
        assert_eq!(NAMES.map(|(name, _)| name), Algorithm::WORDS);
        let signs = |name: &&&str| Algorithm::read(name).unwrap().signature().is_some();
        let signing: Vec<_> = Algorithm::WORDS.iter().filter(signs).copied().collect();
        assert_eq!(signing, Algorithm::SIGNING);
        for name in ["none", "None", "hs256", "HS1", "", "RS256 ", "ES512"] {
            assert_eq!(Algorithm::read(name), None, "{name}");
        }
    }
}
