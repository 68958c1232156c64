//! A key that anyone may know: how it is written, and what it has signed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature;
use ring::signature::RsaParameters;
use ring::signature::RsaPublicKeyComponents;
use ring::signature::UnparsedPublicKey;
use ring::signature::VerificationAlgorithm;
use serde_json::Value;
use x509_parser::pem::parse_x509_pem;
use x509_parser::prelude::FromDer;
use x509_parser::prelude::X509Certificate;
use x509_parser::public_key::PublicKey as Parsed;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::Algorithm;
use crate::scheme::HashMode;

/// The shortest RSA key that proves anything, in bits.
const FEWEST_BITS: usize = 2048;

/// Object identifiers of algorithms and curves (RFC 5480, section 2.1.1.1; RFC 8410, section 3).
const P_256: &str = "1.2.840.10045.3.1.7";
const P_384: &str = "1.3.132.0.34";
const ED25519: &str = "1.3.101.112";

/// A key that anyone may know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// Modulus and exponent, the highest byte first, without zeros before them.
    Rsa {
        /// The modulus.
        n: Vec<u8>,
        /// The exponent.
        e: Vec<u8>,
    },
    /// An uncompressed point.
    P256(Vec<u8>),
    /// An uncompressed point.
    P384(Vec<u8>),
    /// 32 bytes.
    Ed25519(Vec<u8>),
}

impl PublicKey {
    /// Reads PEM: a public key, or a certificate that holds one.
    ///
    /// # Errors
    ///
    /// What it is instead, as the end of a sentence.
    pub fn from_pem(text: &str) -> Result<Self, String> {
        let pem = parse_x509_pem(text.trim().as_bytes());
        let (_, pem) = pem.map_err(|_| "it is no PEM".to_owned())?;
        match pem.label.as_str() {
            "PUBLIC KEY" => Self::from_spki(&pem.contents),
            "CERTIFICATE" => {
                let certificate = X509Certificate::from_der(&pem.contents);
                let (_, certificate) =
                    certificate.map_err(|_| "it is no certificate".to_owned())?;
                Self::of(certificate.public_key())
            }
            label if label.contains("PRIVATE") => Err("it is a private key".to_owned()),
            label => Err(format!("it is a `{label}`")),
        }
    }

    /// Reads the key that a certificate or the `PUBLIC KEY` of a PEM file holds (RFC 5280, section
    /// 4.1).
    ///
    /// # Errors
    ///
    /// What it is instead, as the end of a sentence.
    pub fn from_spki(der: &[u8]) -> Result<Self, String> {
        match SubjectPublicKeyInfo::from_der(der) {
            Ok(([], key)) => Self::of(&key),
            _ => Err("it is no public key".to_owned()),
        }
    }

    /// Reads a JSON Web Key (RFC 7517, section 4; RFC 7518, section 6).
    ///
    /// # Errors
    ///
    /// What it is instead, as the end of a sentence.
    pub fn from_jwk(jwk: &Value) -> Result<Self, String> {
        let bytes = |name: &str| {
            let text = jwk[name].as_str().unwrap_or_default();
            let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('='));
            bytes.ok().filter(|bytes| !bytes.is_empty()).ok_or(format!("its `{name}` is none"))
        };
        let point = |length: usize| {
            let (x, y) = (bytes("x")?, bytes("y")?);
            if (x.len(), y.len()) == (length, length) {
                Ok([&[4], x.as_slice(), &y].concat())
            } else {
                Err("it is no point on its curve".to_owned())
            }
        };
        if !jwk["d"].is_null() {
            return Err("it is a private key".to_owned());
        }
        match (jwk["kty"].as_str(), jwk["crv"].as_str()) {
            (Some("RSA"), _) => Self::rsa(&bytes("n")?, &bytes("e")?),
            (Some("EC"), Some("P-256")) => point(32).map(Self::P256),
            (Some("EC"), Some("P-384")) => point(48).map(Self::P384),
            (Some("OKP"), Some("Ed25519")) => Self::ed25519(&bytes("x")?),
            (Some("oct"), _) => Err("it is a secret".to_owned()),
            _ => Err("it is of no kind that is known".to_owned()),
        }
    }

    /// Whether an algorithm can be meant where this key is.
    #[must_use]
    pub fn fits(&self, algorithm: Algorithm) -> bool {
        matches!(
            (self, algorithm),
            (Self::Rsa { .. }, Algorithm::Rsa(_) | Algorithm::RsaPss(_))
                | (Self::P256(_), Algorithm::P256)
                | (Self::P384(_), Algorithm::P384)
                | (Self::Ed25519(_), Algorithm::Ed25519)
        )
    }

    /// Whether it has signed a message. No key ever has with an algorithm that does not fit it.
    #[must_use]
    pub fn has_signed(&self, algorithm: Algorithm, message: &[u8], tag: &[u8]) -> bool {
        let has_signed = |algorithm: &'static dyn VerificationAlgorithm, key: &[u8]| {
            UnparsedPublicKey::new(algorithm, key).verify(message, tag).is_ok()
        };
        match (self, algorithm) {
            (Self::Rsa { n, e }, Algorithm::Rsa(_) | Algorithm::RsaPss(_)) => parameters(algorithm)
                .is_some_and(|parameters| {
                    RsaPublicKeyComponents { n, e }.verify(parameters, message, tag).is_ok()
                }),
            (Self::P256(key), Algorithm::P256) => {
                has_signed(&signature::ECDSA_P256_SHA256_FIXED, key)
            }
            (Self::P384(key), Algorithm::P384) => {
                has_signed(&signature::ECDSA_P384_SHA384_FIXED, key)
            }
            (Self::Ed25519(key), Algorithm::Ed25519) => has_signed(&signature::ED25519, key),
            _ => false,
        }
    }

    fn of(key: &SubjectPublicKeyInfo<'_>) -> Result<Self, String> {
        let curve = key.algorithm.parameters.as_ref().and_then(|it| it.as_oid().ok());
        let curve = curve.map(|curve| curve.to_id_string());
        if key.algorithm.algorithm.to_id_string() == ED25519 {
            return Self::ed25519(&key.subject_public_key.data);
        }
        match (key.parsed(), curve.as_deref()) {
            (Ok(Parsed::RSA(key)), _) => Self::rsa(key.modulus, key.exponent),
            (Ok(Parsed::EC(point)), Some(P_256)) => Ok(Self::P256(point.data().to_vec())),
            (Ok(Parsed::EC(point)), Some(P_384)) => Ok(Self::P384(point.data().to_vec())),
            _ => Err("it is of no kind that is known".to_owned()),
        }
    }

    fn rsa(n: &[u8], e: &[u8]) -> Result<Self, String> {
        let significant = |bytes: &[u8]| {
            let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
            bytes[first..].to_vec()
        };
        let (n, e) = (significant(n), significant(e));
        let n_bits = n.first().map_or(0, |first| {
            8 * n.len() - usize::try_from(first.leading_zeros()).unwrap_or_default()
        });
        if n_bits < FEWEST_BITS {
            return Err(format!(
                "it is RSA with {n_bits} bits, where {FEWEST_BITS} are the fewest"
            ));
        }
        Ok(Self::Rsa { n, e })
    }

    fn ed25519(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() == 32 {
            Ok(Self::Ed25519(bytes.to_vec()))
        } else {
            Err("it is Ed25519 without 32 bytes".to_owned())
        }
    }
}

fn parameters(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        Algorithm::Rsa(HashMode::Sha256) => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::Rsa(HashMode::Sha384) => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
        Algorithm::Rsa(HashMode::Sha512) => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
        Algorithm::RsaPss(HashMode::Sha256) => Some(&signature::RSA_PSS_2048_8192_SHA256),
        Algorithm::RsaPss(HashMode::Sha384) => Some(&signature::RSA_PSS_2048_8192_SHA384),
        Algorithm::RsaPss(HashMode::Sha512) => Some(&signature::RSA_PSS_2048_8192_SHA512),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    use super::PublicKey;
    use crate::jwt::Algorithm;

    fn decode(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    /// RFC 7515, appendix A.3.
    #[test]
    fn a_published_signature_of_p256() {
        let key = PublicKey::from_jwk(&json!({
            "kty": "EC", "crv": "P-256",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        }))
        .unwrap();
        let message = b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0\
            dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let tag = decode(
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        );
        assert!(key.has_signed(Algorithm::P256, message, &tag));
        assert!(!key.has_signed(Algorithm::P256, &message[1..], &tag));
        assert!(!key.has_signed(Algorithm::P256, message, &tag[1..]));
        assert!(!key.has_signed(Algorithm::P384, message, &tag));
    }

    /// RFC 8037, appendix A.4.
    #[test]
    fn a_published_signature_of_ed25519() {
        let jwk = json!({
            "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        });
        let key = PublicKey::from_jwk(&jwk).unwrap();
        let message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let tag = decode(
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
        );
        assert!(key.has_signed(Algorithm::Ed25519, message, &tag));
        assert!(!key.has_signed(Algorithm::Ed25519, b"", &tag));
    }

    #[test]
    fn what_is_no_key_says_what_it_is() {
        let short = "x".repeat(168);
        for (jwk, why) in [
            (json!({"kty": "oct", "k": "AAAA"}), "it is a secret"),
            (
                json!({"kty": "OKP", "crv": "Ed25519", "x": "AAAA", "d": "AA"}),
                "it is a private key",
            ),
            (
                json!({"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}),
                "it is Ed25519 without 32 bytes",
            ),
            (json!({"kty": "RSA", "n": "", "e": "AQAB"}), "its `n` is none"),
            (
                json!({"kty": "RSA", "n": short, "e": "AQAB"}),
                "it is RSA with 1008 bits, where 2048 are the fewest",
            ),
            (
                json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}),
                "it is no point on its curve",
            ),
            (json!({"kty": "EC", "crv": "secp256k1"}), "it is of no kind that is known"),
            (json!([]), "it is of no kind that is known"),
        ] {
            assert_eq!(PublicKey::from_jwk(&jwk), Err(why.to_owned()), "{jwk}");
        }
        for pem in ["", "x", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"] {
            assert!(PublicKey::from_pem(pem).is_err(), "{pem}");
        }
    }
}
