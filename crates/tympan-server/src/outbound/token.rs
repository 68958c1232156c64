//! Access tokens that we ask for (RFC 6749), and how long they count.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use bytes::Bytes;
use http::HeaderValue;
use http::Request;
use http::StatusCode;
use http::header;
use serde_json::Value;
use tokio::sync::Mutex;
use tympan_core::config::Assertion;
use tympan_core::config::ConnectorId;
use tympan_core::config::Grant;
use tympan_core::config::OAuth;
use tympan_core::config::SecretId;
use tympan_core::encode;
use zeroize::Zeroizing;

use super::Bounds;
use super::Egress;
use super::Host;
use super::call::Fault;
use super::call::said;
use super::send;

const BOUNDS: Bounds = Bounds { within: Duration::from_secs(10), most_bytes: 64 << 10 };

/// RFC 7523, section 2.1.
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// How long before its end a token is asked for again.
const AHEAD: Duration = Duration::from_secs(30);

/// How long a request for a token that failed is not made again, while the old one still counts.
const PAUSE: Duration = Duration::from_secs(5);

/// The access tokens of connectors: one request for each, however many wait for it.
#[derive(Default)]
pub(super) struct Tokens {
    slots: std::sync::Mutex<HashMap<ConnectorId, Arc<Slot>>>,
}

/// The token of one connector.
#[derive(Default)]
struct Slot {
    /// Held while a token is asked for.
    held: Mutex<Held>,
    /// How many requests have failed: whoever has waited for one does not make it again.
    n_failed: AtomicUsize,
}

#[derive(Default)]
struct Held {
    token: Option<Token>,
    /// Why the last request failed.
    failed: Option<Fault>,
}

/// A token, and when another has to be asked for.
pub(super) struct Token {
    value: Zeroizing<String>,
    /// `None` where nobody has said when it ends.
    ends: Option<Ends>,
}

/// Who asks for a token.
#[derive(Clone, Copy)]
pub(super) struct Client<'c> {
    pub(super) id: Option<&'c str>,
    pub(super) secret: Option<&'c str>,
    /// Whether both are sent in the body, not in HTTP Basic.
    pub(super) in_body: bool,
}

#[derive(Clone, Copy)]
struct Ends {
    at: Instant,
    /// When another is asked for.
    renew: Instant,
}

impl Tokens {
    /// The token of a connector, which is asked for if there is none, if it ends soon, or if it is
    /// the one that was `refused`.
    pub(super) async fn get(
        &self,
        connector: ConnectorId,
        refused: Option<&str>,
        ask: impl Future<Output = Result<Token, Fault>>,
    ) -> Result<Zeroizing<String>, Fault> {
        let slot = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(slots.entry(connector).or_default())
        };
        let n_failed = slot.n_failed.load(Ordering::Acquire);
        let mut held = slot.held.lock().await;
        // Somebody else may have asked for another meanwhile.
        let now = Instant::now();
        let old = held.token.as_ref().filter(|token| refused != Some(token.value.as_str()));
        if let Some(token) = old.filter(|token| token.ends.is_none_or(|it| now < it.renew)) {
            return Ok(token.value.clone());
        }
        if let Some(fault) = &held.failed
            && slot.n_failed.load(Ordering::Acquire) != n_failed
        {
            return Err(fault.clone());
        }
        let is_old_good = old.is_some_and(|token| token.ends.is_none_or(|it| now < it.at));
        match ask.await {
            Ok(token) => {
                let value = token.value.clone();
                *held = Held { token: Some(token), failed: None };
                Ok(value)
            }
            Err(fault) => {
                if let Some(Token { value, ends: Some(ends) }) =
                    held.token.as_mut().filter(|_| is_old_good)
                {
                    ends.renew = Instant::now() + PAUSE;
                    return Ok(value.clone());
                }
                held.token = None;
                held.failed = Some(fault.clone());
                slot.n_failed.fetch_add(1, Ordering::Release);
                Err(fault)
            }
        }
    }
}

/// Asks for a token, proved by secrets of which `text` gives the values. What is told of a refusal is
/// `masked`, as it may echo what it refuses.
pub(super) async fn ask(
    egress: &Egress,
    oauth: &OAuth,
    text: impl Fn(SecretId) -> Result<String, Fault>,
    signed: impl Fn(&Assertion, &str) -> Result<String, Fault>,
    masked: impl Fn(&str) -> String,
) -> Result<Token, Fault> {
    let parts = match &oauth.grant {
        Grant::ClientCredentials => vec![("grant_type", "client_credentials".to_owned())],
        Grant::RefreshToken(secret) => {
            vec![("grant_type", "refresh_token".to_owned()), ("refresh_token", text(*secret)?)]
        }
        Grant::Password { username, password } => vec![
            ("grant_type", "password".to_owned()),
            ("username", username.clone()),
            ("password", text(*password)?),
        ],
        Grant::Jwt(assertion) => vec![
            ("grant_type", JWT_BEARER.to_owned()),
            ("assertion", signed(assertion, &oauth.token_url)?),
        ],
    };
    let secret = oauth.client_secret.map(text).transpose()?;
    let (id, in_body) = (oauth.client_id.as_deref(), oauth.in_body);
    let client = Client { id, secret: secret.as_deref(), in_body };
    send_for(egress, &oauth.token_url, parts, oauth.scope.as_deref(), client, masked).await
}

/// Asks for a token, for what is granted.
pub(super) async fn send_for(
    egress: &Egress,
    url: &str,
    mut parts: Vec<(&'static str, String)>,
    scope: Option<&str>,
    client: Client<'_>,
    masked: impl Fn(&str) -> String,
) -> Result<Token, Fault> {
    let failed = |status, why| Fault::Token { status, why };
    parts.extend(scope.map(|scope| ("scope", scope.to_owned())));
    let mut request = Request::post(url)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ACCEPT, "application/json");
    match (client.id, client.secret) {
        (Some(client_id), Some(secret)) if !client.in_body => {
            let value = HeaderValue::from_str(&basic(client_id, secret));
            let value = value.map_err(|error| failed(None, error.to_string()))?;
            request = request.header(header::AUTHORIZATION, value);
        }
        (client_id, secret) => {
            parts.extend(client_id.map(|client_id| ("client_id", client_id.to_owned())));
            parts.extend(secret.map(|secret| ("client_secret", secret.to_owned())));
        }
    }
    let parts: Vec<_> = parts.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let request = request.body(Bytes::from(form(&parts)));
    let request = request.map_err(|error| failed(None, error.to_string()))?;
    let answer = send(request, Host::Written, BOUNDS, egress).await;
    let answer = answer.map_err(|why| failed(None, why.to_string()))?;
    let (status, body) = (answer.status(), answer.body());
    if status != StatusCode::OK {
        return Err(failed(Some(status), said(body, masked)));
    }
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let Some(value) = answer["access_token"].as_str() else {
        let why = "the answer holds no `access_token`".to_owned();
        return Err(failed(Some(status), why));
    };
    if HeaderValue::from_str(value).is_err() {
        return Err(failed(Some(status), "it holds what cannot be sent".to_owned()));
    }
    let lasts = match &answer["expires_in"] {
        Value::String(digits) => digits.parse().ok(),
        number => number.as_u64(),
    };
    let ends = lasts.and_then(|seconds| Ends::after(Duration::from_secs(seconds)));
    Ok(Token { value: Zeroizing::new(value.to_owned()), ends })
}

impl Token {
    /// What is sent.
    pub(super) fn value(&self) -> &str {
        &self.value
    }
}

impl Ends {
    /// The end of what lasts this long; `None` if that is longer than there is time.
    fn after(lasts: Duration) -> Option<Self> {
        // A short one is good for half of its time.
        let good = lasts.saturating_sub(AHEAD).max(lasts / 2);
        let now = Instant::now();
        Some(Self { at: now.checked_add(lasts)?, renew: now.checked_add(good)? })
    }
}

/// What stands in `Authorization` for a user and a password.
pub(super) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", encode::base64(format!("{user}:{password}").as_bytes()))
}

/// Names and values as a form.
pub(super) fn form(parts: &[(&str, &str)]) -> String {
    encode::form(parts)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Ends;

    #[test]
    fn when_another_is_asked_for() {
        for (lasts, ahead) in [(3600, 30_000), (61, 30_000), (31, 15_500), (1, 500), (0, 0)] {
            let Ends { at, renew } = Ends::after(Duration::from_secs(lasts)).unwrap();
            assert_eq!(at - renew, Duration::from_millis(ahead), "{lasts}");
        }
        assert!(Ends::after(Duration::MAX).is_none());
    }
}
