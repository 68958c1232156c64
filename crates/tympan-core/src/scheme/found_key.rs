//! What a public key turns out to be, however it is written.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use x509_parser::certificate::X509Certificate;
use x509_parser::pem::parse_x509_pem;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey as Parsed;
use x509_parser::public_key::RSAPublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;
use zeroize::Zeroizing;

use super::Unusable;
use super::Written;

/// Object identifiers of algorithms and curves (RFC 8410, section 3; RFC 5480, section 2.1.1.1).
const ED25519: &str = "1.3.101.112";
const P_256: &str = "1.2.840.10045.3.1.7";
const P_384: &str = "1.3.132.0.34";

/// A public key that is bound to no algorithm yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoundKey {
    /// 32 bytes.
    Ed25519(Vec<u8>),
    /// A point, as SEC 1 writes it (section 2.3.3).
    P256(Vec<u8>),
    /// A point, as SEC 1 writes it.
    P384(Vec<u8>),
    /// Two numbers, the highest byte first, without zeros before them.
    Rsa {
        /// The modulus.
        n: Vec<u8>,
        /// The exponent.
        e: Vec<u8>,
    },
}

impl FoundKey {
    /// Reads PEM (RFC 7468) of a key or a certificate, whatever became of its line breaks in JSON.
    ///
    /// # Errors
    ///
    /// Why it is none.
    pub fn from_pem(text: &[u8]) -> Result<Self, Unusable> {
        if let Ok((_, pem)) = parse_x509_pem(text.trim_ascii()) {
            return Self::labelled(&pem.label, &pem.contents);
        }
        let (label, contents) = unbroken(text).ok_or(Unusable::NotPem)?;
        Self::labelled(label, &contents)
    }

    /// Reads a key as it is handed out: PEM, a JSON Web Key, base64 of what [`Self::from_bytes`] reads,
    /// or that itself.
    ///
    /// # Errors
    ///
    /// Why it is none.
    pub fn read(found: &[u8]) -> Result<Self, Unusable> {
        let text = found.trim_ascii();
        if text.starts_with(b"-----BEGIN") {
            return Self::from_pem(text);
        }
        if text.starts_with(b"{") {
            let jwk = serde_json::from_slice(text).map_err(|_| Unusable::NotPublicKey)?;
            return Self::from_jwk(&jwk);
        }
        let written = Written::Base64.decode(text).and_then(|bytes| Self::from_bytes(&bytes));
        written.or_else(|_| Self::from_bytes(found))
    }

    /// Reads bytes: DER of a `SubjectPublicKeyInfo` (RFC 5280, section 4.1), of a certificate or of
    /// RSA's own structure; the bare 32 bytes of Ed25519, or a bare point of P-256.
    ///
    /// # Errors
    ///
    /// Why they are none.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Unusable> {
        if let Ok((&[], key)) = SubjectPublicKeyInfo::from_der(bytes) {
            return Self::of(&key);
        }
        if let Ok((&[], certificate)) = X509Certificate::from_der(bytes) {
            return Self::of(certificate.public_key());
        }
        match bytes {
            [2 | 3, coordinate @ ..] if coordinate.len() == 32 => Ok(Self::P256(bytes.to_vec())),
            [4, coordinates @ ..] if coordinates.len() == 64 => Ok(Self::P256(bytes.to_vec())),
            _ if bytes.len() == 32 => Ok(Self::Ed25519(bytes.to_vec())),
            _ => match RSAPublicKey::from_der(bytes) {
                Ok((&[], key)) => Self::rsa(key.modulus, key.exponent),
                _ => Err(Unusable::NotPublicKey),
            },
        }
    }

    /// Reads a JSON Web Key (RFC 7517, section 4; RFC 7518, section 6; RFC 8037, section 2).
    ///
    /// # Errors
    ///
    /// Why it is none.
    pub fn from_jwk(jwk: &Value) -> Result<Self, Unusable> {
        let bytes = |name: &'static str| {
            let text = jwk[name].as_str().unwrap_or_default();
            let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok();
            bytes.filter(|bytes| !bytes.is_empty()).ok_or(Unusable::Part(name))
        };
        let point = |length: usize| {
            let (x, y) = (bytes("x")?, bytes("y")?);
            let is_point = (x.len(), y.len()) == (length, length);
            if is_point { Ok([&[4], x.as_slice(), &y].concat()) } else { Err(Unusable::NoPoint) }
        };
        if !jwk["d"].is_null() {
            return Err(Unusable::PrivateKey);
        }
        // What it says about its own use (RFC 7517, sections 4.2 and 4.3).
        let is_for_signatures = jwk["use"].as_str().is_none_or(|it| it == "sig");
        let verifies = |operations: &Vec<Value>| operations.iter().any(|it| it == "verify");
        if !is_for_signatures || !jwk["key_ops"].as_array().is_none_or(verifies) {
            return Err(Unusable::OtherUse);
        }
        match (jwk["kty"].as_str(), jwk["crv"].as_str()) {
            (Some("RSA"), _) => Self::rsa(&bytes("n")?, &bytes("e")?),
            (Some("EC"), Some("P-256")) => point(32).map(Self::P256),
            (Some("EC"), Some("P-384")) => point(48).map(Self::P384),
            (Some("OKP"), Some("Ed25519")) => Self::ed25519(&bytes("x")?),
            (Some("oct"), _) => Err(Unusable::Secret),
            _ => Err(Unusable::UnknownKind),
        }
    }

    /// That the modulus of an RSA key has at least so many bits.
    ///
    /// # Errors
    ///
    /// It has fewer.
    pub fn has_bits(&self, fewest: usize) -> Result<(), Unusable> {
        let Self::Rsa { n, .. } = self else { return Ok(()) };
        let bits = n.first().map_or(0, |first| {
            8 * n.len() - usize::try_from(first.leading_zeros()).unwrap_or_default()
        });
        if bits < fewest { Err(Unusable::FewBits { bits, fewest }) } else { Ok(()) }
    }

    fn labelled(label: &str, contents: &[u8]) -> Result<Self, Unusable> {
        if label.contains("PRIVATE") {
            Err(Unusable::PrivateKey)
        } else {
            Self::from_bytes(contents)
        }
    }

    fn of(key: &SubjectPublicKeyInfo<'_>) -> Result<Self, Unusable> {
        let curve = key.algorithm.parameters.as_ref().and_then(|it| it.as_oid().ok());
        let curve = curve.map(|curve| curve.to_id_string());
        if key.algorithm.algorithm.to_id_string() == ED25519 {
            return Self::ed25519(&key.subject_public_key.data);
        }
        match (key.parsed(), curve.as_deref()) {
            (Ok(Parsed::RSA(key)), _) => Self::rsa(key.modulus, key.exponent),
            (Ok(Parsed::EC(point)), Some(P_256)) => Ok(Self::P256(point.data().to_vec())),
            (Ok(Parsed::EC(point)), Some(P_384)) => Ok(Self::P384(point.data().to_vec())),
            _ => Err(Unusable::UnknownKind),
        }
    }

    fn rsa(n: &[u8], e: &[u8]) -> Result<Self, Unusable> {
        let significant = |number: &[u8]| {
            let zeros = number.iter().take_while(|byte| **byte == 0).count();
            number[zeros..].to_vec()
        };
        let (n, e) = (significant(n), significant(e));
        if e.is_empty() { Err(Unusable::Part("e")) } else { Ok(Self::Rsa { n, e }) }
    }

    fn ed25519(bytes: &[u8]) -> Result<Self, Unusable> {
        if bytes.len() == 32 {
            Ok(Self::Ed25519(bytes.to_vec()))
        } else {
            Err(Unusable::Ed25519Length)
        }
    }
}

/// The label and the contents of PEM that stands on one line.
fn unbroken(text: &[u8]) -> Option<(&str, Zeroizing<Vec<u8>>)> {
    let text = str::from_utf8(text).ok()?.trim();
    let (label, rest) = text.strip_prefix("-----BEGIN ")?.split_once("-----")?;
    let (contents, _) = rest.split_once("-----END ")?;
    let digits: String = contents.split_whitespace().collect();
    Some((label, Written::Base64.decode(digits.as_bytes()).ok()?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::FoundKey;
    use crate::scheme::Unusable;

    #[test]
    fn what_is_no_key_says_what_it_is() {
        for (jwk, why) in [
            (json!({"kty": "oct", "k": "AAAA"}), Unusable::Secret),
            (json!({"kty": "OKP", "crv": "Ed25519", "x": "AAAA", "d": "AA"}), Unusable::PrivateKey),
            (json!({"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}), Unusable::Ed25519Length),
            (json!({"kty": "RSA", "n": "", "e": "AQAB"}), Unusable::Part("n")),
            (json!({"kty": "RSA", "n": "AQAB", "e": "AAAA"}), Unusable::Part("e")),
            (json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}), Unusable::NoPoint),
            (json!({"kty": "EC", "crv": "secp256k1"}), Unusable::UnknownKind),
            (json!({"kty": "RSA", "n": "AQAB", "e": "AQAB", "use": "enc"}), Unusable::OtherUse),
            (json!({"kty": "RSA", "key_ops": ["encrypt"]}), Unusable::OtherUse),
            (json!([]), Unusable::UnknownKind),
        ] {
            assert_eq!(FoundKey::from_jwk(&jwk), Err(why), "{jwk}");
        }
        for (pem, why) in [
            ("", Unusable::NotPem),
            ("x", Unusable::NotPem),
            (
                "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
                Unusable::NotPublicKey,
            ),
            (
                "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
                Unusable::PrivateKey,
            ),
        ] {
            assert_eq!(FoundKey::from_pem(pem.as_bytes()), Err(why), "{pem}");
        }
    }

    #[test]
    fn bits_are_counted_from_the_first_that_is_set() {
        let rsa = |n: &[u8]| FoundKey::rsa(n, &[1, 0, 1]).unwrap();
        assert_eq!(rsa(&[0, 0x80, 0]).has_bits(16), Ok(()));
        let fewest = Unusable::FewBits { bits: 15, fewest: 16 };
        assert_eq!(rsa(&[0, 0x40, 0]).has_bits(16), Err(fewest));
        assert_eq!(rsa(&[0]).has_bits(1), Err(Unusable::FewBits { bits: 0, fewest: 1 }));
    }

    #[test]
    fn bare_keys() {
        let found = |bytes: &[u8]| FoundKey::from_bytes(bytes);
        assert!(matches!(found(&[7; 32]), Ok(FoundKey::Ed25519(_))));
        assert!(matches!(found(&[2; 33]), Ok(FoundKey::P256(_))));
        assert!(matches!(found(&[4; 65]), Ok(FoundKey::P256(_))));
        for length in [0, 1, 31, 34, 64, 66] {
            assert_eq!(found(&vec![7; length]), Err(Unusable::NotPublicKey), "{length}");
        }
    }
}
