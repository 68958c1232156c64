//! How a signature is computed.

use ring::signature as rsa;
use ring::signature::RsaParameters;

use super::HashMode;
use super::SecretAt;

/// How a signature is computed. It is fixed by the configuration, and never read from a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RFC 2104
    Hmac,
    /// A plain digest that has the secret mixed in.
    Digest(SecretAt),
    /// RFC 8032
    Ed25519,
    /// FIPS 186-5, over P-256.
    EcdsaP256(EcdsaForm),
    /// RFC 8017, section 8.2
    RsaPkcs1,
    /// RFC 8017, section 8.1
    RsaPss,
}

/// How the two numbers of ECDSA are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EcdsaForm {
    /// As ASN.1.
    Der,
    /// One behind the other, 32 bytes each.
    Fixed,
}

impl Algorithm {
    /// Every word that can be written.
    pub const WORDS: &[&str] =
        &["HMAC", "digest", "Ed25519", "ECDSA-P256", "ECDSA-P256-fixed", "RSA", "RSA-PSS"];

    const ALL: [Self; 7] = [
        Self::Hmac,
        Self::Digest(SecretAt::Start),
        Self::Ed25519,
        Self::EcdsaP256(EcdsaForm::Der),
        Self::EcdsaP256(EcdsaForm::Fixed),
        Self::RsaPkcs1,
        Self::RsaPss,
    ];

    /// The algorithm that a word of the configuration names.
    #[must_use]
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == word)
    }

    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hmac => "HMAC",
            Self::Digest(_) => "digest",
            Self::Ed25519 => "Ed25519",
            Self::EcdsaP256(EcdsaForm::Der) => "ECDSA-P256",
            Self::EcdsaP256(EcdsaForm::Fixed) => "ECDSA-P256-fixed",
            Self::RsaPkcs1 => "RSA",
            Self::RsaPss => "RSA-PSS",
        }
    }

    /// Whether a signature is verified with a public key.
    #[must_use]
    pub fn is_asymmetric(self) -> bool {
        !matches!(self, Self::Hmac | Self::Digest(_))
    }

    /// The hash functions that it is used with; nothing if it brings its own.
    #[must_use]
    pub fn modes(self) -> &'static [HashMode] {
        match self {
            Self::Hmac | Self::Digest(_) => &[
                HashMode::Md5,
                HashMode::Sha1,
                HashMode::Sha256,
                HashMode::Sha384,
                HashMode::Sha512,
            ],
            Self::Ed25519 => &[],
            Self::EcdsaP256(_) => &[HashMode::Sha1, HashMode::Sha256],
            Self::RsaPkcs1 => {
                &[HashMode::Sha1, HashMode::Sha256, HashMode::Sha384, HashMode::Sha512]
            }
            Self::RsaPss => &[HashMode::Sha256, HashMode::Sha384, HashMode::Sha512],
        }
    }

    /// What the library calls it; `None` for those that are not RSA's.
    pub(crate) fn rsa(self, mode: HashMode) -> Option<&'static RsaParameters> {
        match (self, mode) {
            (Self::RsaPkcs1, HashMode::Sha1) => {
                Some(&rsa::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY)
            }
            (Self::RsaPkcs1, HashMode::Sha256) => Some(&rsa::RSA_PKCS1_2048_8192_SHA256),
            (Self::RsaPkcs1, HashMode::Sha384) => Some(&rsa::RSA_PKCS1_2048_8192_SHA384),
            (Self::RsaPkcs1, HashMode::Sha512) => Some(&rsa::RSA_PKCS1_2048_8192_SHA512),
            (Self::RsaPss, HashMode::Sha256) => Some(&rsa::RSA_PSS_2048_8192_SHA256),
            (Self::RsaPss, HashMode::Sha384) => Some(&rsa::RSA_PSS_2048_8192_SHA384),
            (Self::RsaPss, HashMode::Sha512) => Some(&rsa::RSA_PSS_2048_8192_SHA512),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Algorithm;

    #[test]
    fn words_are_names() {
        assert!(Algorithm::ALL.iter().map(|it| it.name()).eq(Algorithm::WORDS.iter().copied()));
        assert!(Algorithm::ALL.iter().all(|it| Algorithm::read(it.name()) == Some(*it)));
        assert_eq!(Algorithm::read("hmac"), None);
    }
}
