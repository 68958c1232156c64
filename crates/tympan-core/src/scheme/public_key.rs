//! Reading the public keys that people are shown, and verifying signatures with them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::DerSignature;
use p256::ecdsa::Signature as FixedSignature;
use p256::ecdsa::VerifyingKey;
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use ring::signature as rsa;
use ring::signature::RsaParameters;
use ring::signature::RsaPublicKeyComponents;
use ring::signature::UnparsedPublicKey;
use x509_parser::certificate::X509Certificate;
use x509_parser::pem::parse_x509_pem;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey as Parsed;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::Algorithm;
use super::EcdsaForm;
use super::HashMode;
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

/// What a key turned out to be.
enum Found {
    Ed25519(Vec<u8>),
    /// A point, as SEC 1 writes it.
    Point(Vec<u8>),
    /// Modulus and exponent.
    Rsa(Vec<u8>, Vec<u8>),
}

/// The shortest modulus that is accepted, in bits; with SHA-1, which only old keys go with, half.
const LEAST_BITS: usize = 2048;

impl PublicKey {
    /// Reads a key as it is found in a file: PEM (of a key or a certificate), a JWK, or hex or base64
    /// of what [`from_bytes`](Self::from_bytes) reads.
    ///
    /// # Errors
    ///
    /// Why it is none.
    pub fn read(algorithm: Algorithm, mode: HashMode, found: &[u8]) -> Result<Self, Unusable> {
        let text = found.trim_ascii();
        if text.starts_with(b"-----BEGIN") {
            return Self::from_pem(algorithm, mode, text);
        }
        if text.starts_with(b"{") {
            return Self::from_jwk(algorithm, mode, text);
        }
        let ways = [Written::Hex.decode(text), Written::Base64.decode(text)];
        let mut bytes = ways.into_iter().flatten();
        bytes
            .find_map(|bytes| Self::from_bytes(algorithm, mode, &bytes).ok())
            .map_or_else(|| Self::from_bytes(algorithm, mode, found), Ok)
    }

    /// Reads a key in bytes: DER of a `SubjectPublicKeyInfo`, a certificate, or RSA's own structure;
    /// the 32 bytes of Ed25519, or a point of P-256.
    ///
    /// # Errors
    ///
    /// Why it is none.
    pub fn from_bytes(algorithm: Algorithm, mode: HashMode, der: &[u8]) -> Result<Self, Unusable> {
        if let Ok((&[], key)) = SubjectPublicKeyInfo::from_der(der) {
            return Self::new(algorithm, mode, of_info(&key)?);
        }
        if let Ok((&[], certificate)) = X509Certificate::from_der(der) {
            return Self::new(algorithm, mode, of_info(certificate.public_key())?);
        }
        let found = match algorithm {
            Algorithm::Ed25519 => Found::Ed25519(der.to_vec()),
            Algorithm::EcdsaP256(_) => Found::Point(der.to_vec()),
            _ => match x509_parser::public_key::RSAPublicKey::from_der(der) {
                Ok((&[], key)) => Found::Rsa(key.modulus.to_vec(), key.exponent.to_vec()),
                _ => return Err(Unusable::NotPublicKey),
            },
        };
        Self::new(algorithm, mode, found)
    }

    /// Reads PEM (RFC 7468) of a key or a certificate.
    ///
    /// # Errors
    ///
    /// Why it is none.
    pub fn from_pem(algorithm: Algorithm, mode: HashMode, text: &[u8]) -> Result<Self, Unusable> {
        let (_, pem) = parse_x509_pem(text).map_err(|_| Unusable::NotPublicKey)?;
        if pem.label.ends_with("PRIVATE KEY") {
            return Err(Unusable::PrivateKey);
        }
        Self::from_bytes(algorithm, mode, &pem.contents)
    }

    /// Reads a JWK (RFC 7517).
    ///
    /// # Errors
    ///
    /// Why it is none.
    pub fn from_jwk(algorithm: Algorithm, mode: HashMode, text: &[u8]) -> Result<Self, Unusable> {
        let jwk: serde_json::Value =
            serde_json::from_slice(text).map_err(|_| Unusable::NotPublicKey)?;
        if jwk.get("d").is_some() {
            return Err(Unusable::PrivateKey);
        }
        let word = |name: &str| jwk.get(name).and_then(serde_json::Value::as_str);
        let number = |name: &str| {
            let digits = word(name).ok_or(Unusable::NotPublicKey)?;
            URL_SAFE_NO_PAD.decode(digits).map_err(|_| Unusable::NotPublicKey)
        };
        let found = match (word("kty"), word("crv")) {
            (Some("OKP"), Some("Ed25519")) => Found::Ed25519(number("x")?),
            // SEC 1, section 2.3.3: 4, then both coordinates.
            (Some("EC"), Some("P-256")) => {
                Found::Point([vec![4], number("x")?, number("y")?].concat())
            }
            (Some("RSA"), _) => Found::Rsa(number("n")?, number("e")?),
            (Some("OKP" | "EC" | "oct"), _) => return Err(Unusable::OtherAlgorithm),
            _ => return Err(Unusable::NotPublicKey),
        };
        Self::new(algorithm, mode, found)
    }

    fn new(algorithm: Algorithm, mode: HashMode, found: Found) -> Result<Self, Unusable> {
        match (algorithm, found) {
            (Algorithm::Ed25519, Found::Ed25519(key)) if key.len() == 32 => Ok(Self::Ed25519(key)),
            (Algorithm::Ed25519, Found::Ed25519(_)) => Err(Unusable::NotPublicKey),
            (Algorithm::EcdsaP256(form), Found::Point(point)) => {
                let key = VerifyingKey::from_sec1_bytes(&point).map_err(|_| Unusable::WeakKey)?;
                Ok(Self::Ecdsa(Box::new(key), mode, form))
            }
            (Algorithm::RsaPkcs1 | Algorithm::RsaPss, Found::Rsa(modulus, exponent)) => {
                let strip = |number: &[u8]| {
                    let zeros = number.iter().take_while(|byte| **byte == 0).count();
                    number[zeros..].to_vec()
                };
                let (modulus, exponent) = (strip(&modulus), strip(&exponent));
                let least = if mode == HashMode::Sha1 { LEAST_BITS / 2 } else { LEAST_BITS };
                if modulus.len() * 8 < least || exponent.is_empty() {
                    return Err(Unusable::WeakKey);
                }
                let parameters = algorithm.rsa(mode).ok_or(Unusable::OtherAlgorithm)?;
                Ok(Self::Rsa(parameters, modulus, exponent))
            }
            _ => Err(Unusable::OtherAlgorithm),
        }
    }

    /// Whether `signature` is that of `payload`.
    #[must_use]
    pub fn verifies(&self, payload: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Ed25519(key) => {
                UnparsedPublicKey::new(&rsa::ED25519, key).verify(payload, signature).is_ok()
            }
            Self::Ecdsa(key, mode, form) => {
                let digest = mode.digest([payload]);
                match form {
                    EcdsaForm::Der => DerSignature::from_bytes(signature)
                        .is_ok_and(|it| key.verify_prehash(&digest, &it).is_ok()),
                    EcdsaForm::Fixed => FixedSignature::from_slice(signature)
                        .is_ok_and(|it| key.verify_prehash(&digest, &it).is_ok()),
                }
            }
            Self::Rsa(parameters, n, e) => {
                RsaPublicKeyComponents { n, e }.verify(parameters, payload, signature).is_ok()
            }
        }
    }
}

fn of_info(key: &SubjectPublicKeyInfo<'_>) -> Result<Found, Unusable> {
    // RFC 8410, section 3, and RFC 5480, section 2.1.1.1.
    const ED25519: &str = "1.3.101.112";
    const P256: &str = "1.2.840.10045.3.1.7";
    let curve = || {
        let parameters = key.algorithm.parameters.as_ref()?;
        parameters.as_oid().ok().map(|oid| oid.to_id_string())
    };
    match key.parsed() {
        Ok(Parsed::RSA(rsa)) => Ok(Found::Rsa(rsa.modulus.to_vec(), rsa.exponent.to_vec())),
        Ok(Parsed::EC(point)) if curve().as_deref() == Some(P256) => {
            Ok(Found::Point(point.data().to_vec()))
        }
        _ if key.algorithm.algorithm.to_id_string() == ED25519 => {
            Ok(Found::Ed25519(key.subject_public_key.data.to_vec()))
        }
        Ok(_) => Err(Unusable::OtherAlgorithm),
        Err(_) => Err(Unusable::NotPublicKey),
    }
}
