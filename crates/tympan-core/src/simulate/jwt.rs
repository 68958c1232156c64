//! Issuing a JSON Web Token as the provider would.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header;
use serde_json::Map;
use serde_json::Value as Json;
use serde_json::json;
use tympan_expr::Expression;

use super::Draft;
use super::Simulation;
use super::Unsimulable;
use super::pairs;
use super::proof::How;
use super::proof::STALE;
use super::proof::put;
use crate::config::JwtCheck;
use crate::config::JwtKeys;
use crate::config::Listener;
use crate::jwt;
use crate::roots;
use crate::scheme::MacKey;
use crate::scheme::SigningKey;
use crate::scheme::Unusable;

/// How long a token counts, in seconds.
const LIFETIME: f64 = 60.0;

impl Simulation<'_> {
    pub(super) fn issue(
        &self,
        listener: &Listener,
        check: &JwtCheck,
        draft: &mut Draft,
        how: How,
    ) -> Result<(), Unsimulable> {
        let claims = self.claims(listener, check, draft, how)?;
        let algorithm = *check.algorithms.first().ok_or(Unsimulable::NoProof)?;
        let mut header = json!({"alg": algorithm.name(), "typ": "JWT"});
        if matches!(check.keys, JwtKeys::Fetched(_) | JwtKeys::Asked(_)) {
            header["kid"] = pairs::KID.into();
        }
        let encoded = |part: &Json| URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", encoded(&header), encoded(&Json::Object(claims)));
        let wrong = if how == How::Wrong { "!" } else { "" };
        let tag = self.tag(check, algorithm, format!("{signed}{wrong}").as_bytes())?;
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag));

        let at = listener.simulate.token.as_ref().unwrap_or(&check.token);
        let bearer = if is_authorization(at) { "Bearer " } else { "" };
        let token = format!("{}{bearer}{token}", listener.simulate.prefix);
        put(draft, listener, at, token, ("token", "token"))
    }

    /// What the token says: whatever the listener wants to read, and, where it is the whole body, what
    /// the body says.
    fn claims(
        &self,
        listener: &Listener,
        check: &JwtCheck,
        draft: &Draft,
        how: How,
    ) -> Result<Map<String, Json>, Unsimulable> {
        let mut age = 0.0;
        if how == How::Stale {
            age = LIFETIME + check.leeway.as_secs_f64() + STALE;
            age += check.max_age.unwrap_or_default().as_secs_f64();
        }
        let is_body = check.token.as_path() == Some((roots::RAW_BODY, Vec::new()));
        let said = is_body.then(|| serde_json::from_slice(&draft.body).ok()).flatten();
        let mut claims: Map<String, Json> = said.unwrap_or_default();
        let mut say = |name: &str, value: Json| claims.insert(name.to_owned(), value);
        if let Some(issuer) = check.issuers.first() {
            say("iss", Json::from(issuer.as_str()));
        }
        if let Some(audience) = check.audiences.first() {
            say("aud", Json::from(audience.as_str()));
        }
        say("iat", Json::from((draft.now - age).floor()));
        say("exp", Json::from((draft.now - age + LIFETIME).floor()));
        for (name, expected) in &check.claims {
            let value = self.preview(listener, draft, |scope| {
                let value = expected.eval(scope).ok().filter(|value| !value.is_null())?;
                // Any of several will do.
                Some(value.as_list().and_then(<[_]>::first).unwrap_or(&value).to_json())
            });
            say(name, value.flatten().ok_or(Unsimulable::NoPayload)?);
        }
        Ok(claims)
    }

    fn tag(
        &self,
        check: &JwtCheck,
        algorithm: jwt::Algorithm,
        signed: &[u8],
    ) -> Result<Vec<u8>, Unsimulable> {
        if let (JwtKeys::Secret(secret), Some(mode)) = (&check.keys, algorithm.hmac()) {
            return Ok(MacKey::new(mode, self.secret(*secret)?.expose()).sign(signed));
        }
        let unusable = |why| Unsimulable::NoKey { secret: "--key".to_owned(), why };
        let (algorithm, mode) =
            algorithm.signature().ok_or_else(|| unusable(Unusable::NotPrivateKey))?;
        let own = self.has_pairs.then(|| pairs::private(algorithm)).flatten();
        let found = self.private_key.as_ref().or(own.as_ref()).ok_or(Unsimulable::PublicOnly)?;
        let key = SigningKey::read(algorithm, mode, found.expose()).map_err(unusable)?;
        key.sign(signed).map_err(unusable)
    }
}

fn is_authorization(at: &Expression) -> bool {
    let Some((root, keys)) = at.as_path() else { return false };
    let name = header::AUTHORIZATION.as_str();
    root == roots::HEADERS && keys.iter().any(|key| key.eq_ignore_ascii_case(name))
}
