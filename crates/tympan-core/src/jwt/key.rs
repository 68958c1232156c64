//! A key that anyone may know, and which tokens it has signed.

use ring::signature;

use super::Algorithm;
use crate::scheme;
use crate::scheme::FEWEST_BITS;
use crate::scheme::FoundKey;
use crate::scheme::HashMode;
use crate::scheme::Signed;
use crate::scheme::Unusable;

/// A key that anyone may know, and that is long enough. Which algorithm it is used with is told by each
/// token, among those that are configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenKey(FoundKey);

impl TokenKey {
    /// Takes a key for tokens.
    ///
    /// # Errors
    ///
    /// It is too short.
    pub fn bind(key: FoundKey) -> Result<Self, Unusable> {
        key.has_bits(FEWEST_BITS)?;
        Ok(Self(key))
    }

    /// Whether an algorithm can be meant where this key is.
    #[must_use]
    pub fn fits(&self, algorithm: Algorithm) -> bool {
        matches!(
            (&self.0, algorithm),
            (FoundKey::Rsa { .. }, Algorithm::Rsa(_) | Algorithm::RsaPss(_))
                | (FoundKey::P256(_), Algorithm::P256)
                | (FoundKey::P384(_), Algorithm::P384)
                | (FoundKey::Ed25519(_), Algorithm::Ed25519)
        )
    }

    /// Whether it has signed a message. No key ever has with an algorithm that does not fit it.
    #[must_use]
    pub fn has_signed(&self, algorithm: Algorithm, message: &[u8], tag: &[u8]) -> bool {
        let message = Signed::new(message);
        let by_rsa = |scheme: scheme::Algorithm, mode: HashMode, n: &[u8], e: &[u8]| {
            scheme.rsa(mode).is_some_and(|parameters| message.by_rsa(parameters, (n, e), tag))
        };
        match (&self.0, algorithm) {
            (FoundKey::Rsa { n, e }, Algorithm::Rsa(mode)) => {
                by_rsa(scheme::Algorithm::RsaPkcs1, mode, n, e)
            }
            (FoundKey::Rsa { n, e }, Algorithm::RsaPss(mode)) => {
                by_rsa(scheme::Algorithm::RsaPss, mode, n, e)
            }
            (FoundKey::P256(key), Algorithm::P256) => {
                message.by(&signature::ECDSA_P256_SHA256_FIXED, key, tag)
            }
            (FoundKey::P384(key), Algorithm::P384) => {
                message.by(&signature::ECDSA_P384_SHA384_FIXED, key, tag)
            }
            (FoundKey::Ed25519(key), Algorithm::Ed25519) => {
                message.by(&signature::ED25519, key, tag)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    use super::TokenKey;
    use crate::jwt::Algorithm;
    use crate::scheme::FoundKey;
    use crate::scheme::Unusable;

    fn decode(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    /// RFC 7515, appendix A.3.
    #[test]
    fn a_published_signature_of_p256() {
        let key = FoundKey::from_jwk(&json!({
            "kty": "EC", "crv": "P-256",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        }));
        let key = TokenKey::bind(key.unwrap()).unwrap();
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
        let key = TokenKey::bind(FoundKey::from_jwk(&jwk).unwrap()).unwrap();
        let message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let tag = decode(
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
        );
        assert!(key.has_signed(Algorithm::Ed25519, message, &tag));
        assert!(!key.has_signed(Algorithm::Ed25519, b"", &tag));
    }

    #[test]
    fn a_short_key_proves_nothing() {
        let jwk = json!({"kty": "RSA", "n": "x".repeat(168), "e": "AQAB"});
        let key = TokenKey::bind(FoundKey::from_jwk(&jwk).unwrap());
        assert_eq!(key, Err(Unusable::FewBits { bits: 1008, fewest: 2048 }));
    }
}
