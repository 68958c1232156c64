//! What a token says that we sign ourselves, and its signature.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value as Json;
use serde_json::json;

use crate::config::Assertion;
use crate::scheme::SigningKey;
use crate::scheme::Unusable;

impl Assertion {
    /// The token as of an instant, in seconds since 1970, with an id that no other has. It is for
    /// whoever is meant, or else for `audience`.
    ///
    /// # Errors
    ///
    /// Why the key signs nothing.
    pub fn sign(
        &self,
        key: &[u8],
        now: u64,
        id: &str,
        audience: Option<&str>,
    ) -> Result<String, Unusable> {
        let (algorithm, mode) = self.algorithm.signature().ok_or(Unusable::NotPrivateKey)?;
        let key = SigningKey::read(algorithm, mode, key)?;
        let mut header = json!({"alg": self.algorithm.name(), "typ": "JWT"});
        if let Some(key_id) = &self.key_id {
            header["kid"] = key_id.as_str().into();
        }
        let since = now.saturating_sub(Self::AGO.as_secs());
        let mut claims = self.claims.clone();
        let audience = self.audience.as_deref().or(audience);
        for (name, value) in
            [("iss", self.issuer.as_deref()), ("sub", self.subject.as_deref()), ("aud", audience)]
        {
            claims.extend(value.map(|value| (name.to_owned(), value.into())));
        }
        claims.insert("iat".to_owned(), since.into());
        claims.insert("exp".to_owned(), since.saturating_add(self.lifetime.as_secs()).into());
        claims.insert("jti".to_owned(), id.into());
        let encoded = |part: &Json| URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", encoded(&header), encoded(&Json::Object(claims)));
        let signature = key.sign(signed.as_bytes())?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}
