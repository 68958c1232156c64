//! The keys of somebody who signs with several: a JSON Web Key Set.

use serde_json::Value;

use super::Algorithm;
use super::TokenKey;
use crate::scheme::FoundKey;

/// How many keys of a set are looked at, and how many are tried on one token.
const MOST_KEYS: usize = 100;
const MOST_TRIED: usize = 20;

/// The keys of somebody who signs with several (RFC 7517, section 5).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySet {
    keys: Vec<NamedKey>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct NamedKey {
    kid: Option<String>,
    /// The only algorithm that it is for, if it says so.
    algorithm: Option<Algorithm>,
    key: TokenKey,
}

impl KeySet {
    /// Reads a set. Keys that verify no signature are left out: others may need them.
    ///
    /// # Errors
    ///
    /// What it is instead, as the end of a sentence.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let set: Value =
            serde_json::from_slice(bytes).map_err(|_| "the answer is no JSON".to_owned())?;
        let keys = set["keys"].as_array().ok_or("the answer has no list of `keys`".to_owned())?;
        let keys: Vec<_> = keys.iter().take(MOST_KEYS).filter_map(NamedKey::read).collect();
        if keys.is_empty() {
            return Err("none of its keys can verify a signature".to_owned());
        }
        Ok(Self { keys })
    }

    /// Whether it has no key at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether it may know a key by its name.
    #[must_use]
    pub fn may_know(&self, kid: Option<&str>) -> bool {
        self.keys.iter().any(|key| key.is_called(kid))
    }

    /// The keys that a token can be signed with that names one, or none.
    pub fn candidates(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> impl Iterator<Item = &TokenKey> {
        let is_for = move |key: &&NamedKey| {
            key.is_called(kid)
                && key.algorithm.is_none_or(|own| own == algorithm)
                && key.key.fits(algorithm)
        };
        self.keys.iter().filter(is_for).take(MOST_TRIED).map(|key| &key.key)
    }
}

impl NamedKey {
    fn read(jwk: &Value) -> Option<Self> {
        let algorithm = match jwk["alg"].as_str() {
            Some(name) => Some(Algorithm::read(name)?),
            None => None,
        };
        let kid = jwk["kid"].as_str().map(ToOwned::to_owned);
        let key = FoundKey::from_jwk(jwk).and_then(TokenKey::bind).ok()?;
        Some(Self { kid, algorithm, key })
    }

    /// Where one of both has no name, it may be meant.
    fn is_called(&self, kid: Option<&str>) -> bool {
        match (&self.kid, kid) {
            (Some(own), Some(wanted)) => own == wanted,
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::KeySet;
    use crate::jwt::Algorithm;

    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    fn set(more: &[&str]) -> Result<KeySet, String> {
        let keys = more.iter().map(|more| {
            let comma = if more.is_empty() { "" } else { "," };
            format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{X}"{comma}{more}}}"#)
        });
        let keys = keys.collect::<Vec<_>>().join(",");
        KeySet::read(format!(r#"{{"keys":[{keys},{{"kty":"oct","k":"AA"}},7]}}"#).as_bytes())
    }

    #[test]
    fn keys_by_name() {
        let found = set(&[r#""kid":"a""#, r#""kid":"b","alg":"EdDSA","use":"sig""#, ""]).unwrap();
        let count = |kid| found.candidates(kid, Algorithm::Ed25519).count();
        assert_eq!((count(Some("a")), count(Some("c")), count(None)), (2, 1, 3));
        assert_eq!(found.candidates(None, Algorithm::P256).count(), 0);
        let named = set(&[r#""kid":"a""#]).unwrap();
        assert!(named.may_know(Some("a")) && named.may_know(None) && !named.may_know(Some("b")));
    }

    #[test]
    fn keys_for_other_things_are_left_out() {
        for other in [r#""use":"enc""#, r#""key_ops":["sign"]"#, r#""alg":"RSA-OAEP""#] {
            assert!(set(&[other]).is_err(), "{other}");
        }
        for none in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[]}"#] {
            assert!(KeySet::read(none.as_bytes()).is_err(), "{none}");
        }
    }
}
