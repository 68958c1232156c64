//! Access tokens that we ask for (RFC 6749), and how long they count.

use std::time::Duration;
use std::time::Instant;

use bytes::Bytes;
use http::HeaderValue;
use http::Request;
use http::StatusCode;
use http::header;
use serde_json::Value;
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

/// How long before its end a token is asked for again.
const AHEAD: Duration = Duration::from_secs(30);

/// A token, and when another has to be asked for.
pub(super) struct Token {
    value: Zeroizing<String>,
    /// `None` where nobody has said when it ends.
    until: Option<Instant>,
}

impl Token {
    /// Whether it ends soon, or has ended.
    pub(super) fn ends(&self) -> bool {
        self.until.is_some_and(|until| until <= Instant::now())
    }

    /// What it is, for whoever must not show it.
    pub(super) fn value(&self) -> Zeroizing<String> {
        self.value.clone()
    }

    /// What stands in `Authorization`.
    pub(super) fn header(&self) -> String {
        format!("Bearer {}", *self.value)
    }
}

/// Asks for a token. What is told of a refusal is `masked`, as it may echo what it refuses.
pub(super) async fn ask(
    egress: &Egress,
    oauth: &OAuth,
    text: impl Fn(SecretId) -> Result<String, Fault>,
    masked: impl Fn(&str) -> String,
) -> Result<Token, Fault> {
    let failed = |status, why| Fault::Token { status, why };
    let mut parts = match &oauth.grant {
        Grant::ClientCredentials => vec![("grant_type", "client_credentials".to_owned())],
        Grant::RefreshToken(secret) => {
            vec![("grant_type", "refresh_token".to_owned()), ("refresh_token", text(*secret)?)]
        }
        Grant::Password { username, password } => vec![
            ("grant_type", "password".to_owned()),
            ("username", username.clone()),
            ("password", text(*password)?),
        ],
    };
    parts.extend(oauth.scope.clone().map(|scope| ("scope", scope)));
    let secret = oauth.client_secret.map(text).transpose()?;
    let mut request = Request::post(&oauth.token_url)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ACCEPT, "application/json");
    match secret {
        Some(secret) if !oauth.in_body => {
            let value = HeaderValue::from_str(&basic(&oauth.client_id, &secret));
            let value = value.map_err(|error| failed(None, error.to_string()))?;
            request = request.header(header::AUTHORIZATION, value);
        }
        secret => {
            parts.push(("client_id", oauth.client_id.clone()));
            parts.extend(secret.map(|secret| ("client_secret", secret)));
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
    let lasts = answer["expires_in"].as_u64().map(Duration::from_secs);
    // One that lasts no longer than that is good for half of its time.
    let lasts = lasts.map(|it| it.checked_sub(AHEAD).unwrap_or(it / 2));
    let until = lasts.and_then(|lasts| Instant::now().checked_add(lasts));
    Ok(Token { value: Zeroizing::new(value.to_owned()), until })
}

/// What stands in `Authorization` for a user and a password.
pub(super) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", encode::base64(format!("{user}:{password}").as_bytes()))
}

/// Names and values as a form.
pub(super) fn form(parts: &[(&str, &str)]) -> String {
    encode::form(parts)
}
