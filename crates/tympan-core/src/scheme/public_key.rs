//! Public keys that are bound to what they verify.

use p256::ecdsa::VerifyingKey;
use ring::signature::ED25519;
use ring::signature::RsaParameters;

use super::Algorithm;
use super::EcdsaForm;
use super::FEWEST_BITS;
use super::FoundKey;
use super::HashMode;
use super::Signed;
use super::Unusable;
use super::Written;

/// A key that verifies, of one algorithm and one hash function.
#[derive(Clone, Debug)]
pub enum PublicKey {
    /// RFC 8032
    Ed25519(Vec<u8>),
    /// FIPS 186-5, over P-256.
    Ecdsa(Box<VerifyingKey>, HashMode, EcdsaForm),
    /// RFC 8017, with modulus and exponent.
    Rsa(&'static RsaParameters, Vec<u8>, Vec<u8>),
}

impl PublicKey {
    /// Reads a key as it is found in a file: PEM (of a key or a certificate), a JSON Web Key, hex or
    /// base64 of what [`FoundKey::from_bytes`] reads, or that itself.
    ///
    /// # Errors
    ///
    /// Why it is none.
    pub fn read(algorithm: Algorithm, mode: HashMode, found: &[u8]) -> Result<Self, Unusable> {
        let bind = |key| Self::bind(algorithm, mode, key);
        let text = found.trim_ascii();
        if text.starts_with(b"-----BEGIN") {
            return FoundKey::from_pem(text).and_then(bind);
        }
        if text.starts_with(b"{") {
            let jwk = serde_json::from_slice(text).map_err(|_| Unusable::NotPublicKey)?;
            return FoundKey::from_jwk(&jwk).and_then(bind);
        }
        let ways = [Written::Hex.decode(text), Written::Base64.decode(text)];
        let mut written = ways.into_iter().flatten();
        let written = written.find_map(|bytes| Self::from_bytes(algorithm, mode, &bytes).ok());
        written.map_or_else(|| Self::from_bytes(algorithm, mode, found), Ok)
    }

    /// Reads a key in bytes, as [`FoundKey::from_bytes`] does.
    ///
    /// # Errors
    ///
    /// Why it is none.
    pub fn from_bytes(
        algorithm: Algorithm,
        mode: HashMode,
        bytes: &[u8],
    ) -> Result<Self, Unusable> {
        FoundKey::from_bytes(bytes).and_then(|key| Self::bind(algorithm, mode, key))
    }

    /// Binds a key to what it verifies.
    ///
    /// # Errors
    ///
    /// Why it cannot: it is of another algorithm, too short, or no point of its curve.
    pub fn bind(algorithm: Algorithm, mode: HashMode, key: FoundKey) -> Result<Self, Unusable> {
        // Only old keys go with SHA-1.
        let least = if mode == HashMode::Sha1 { FEWEST_BITS / 2 } else { FEWEST_BITS };
        key.has_bits(least)?;
        match (algorithm, key) {
            (Algorithm::Ed25519, FoundKey::Ed25519(key)) => Ok(Self::Ed25519(key)),
            (Algorithm::EcdsaP256(form), FoundKey::P256(point)) => {
                let key = VerifyingKey::from_sec1_bytes(&point).map_err(|_| Unusable::NoPoint)?;
                Ok(Self::Ecdsa(Box::new(key), mode, form))
            }
            (Algorithm::RsaPkcs1 | Algorithm::RsaPss, FoundKey::Rsa { n, e }) => {
                let parameters = algorithm.rsa(mode).ok_or(Unusable::OtherAlgorithm)?;
                Ok(Self::Rsa(parameters, n, e))
            }
            _ => Err(Unusable::OtherAlgorithm),
        }
    }

    /// Whether `signature` is that of `payload`.
    #[must_use]
    pub fn verifies(&self, payload: &[u8], signature: &[u8]) -> bool {
        self.has_signed(&Signed::new(payload), signature)
    }

    /// The same for one that other keys and signatures are tried on, too.
    pub(super) fn has_signed(&self, payload: &Signed<'_>, signature: &[u8]) -> bool {
        match self {
            Self::Ed25519(key) => payload.by(&ED25519, key, signature),
            Self::Ecdsa(key, mode, form) => payload.by_p256(key, *mode, *form, signature),
            Self::Rsa(parameters, n, e) => payload.by_rsa(parameters, (n, e), signature),
        }
    }
}
