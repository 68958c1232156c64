//! Asking for access tokens (RFC 6749).

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;
use http::Request;
use http::StatusCode;
use http::header;
use serde_json::Value;
use tympan_core::config::Assertion;
use tympan_core::config::Grant;
use tympan_core::config::OAuth;
use tympan_core::config::SecretId;

use super::Bounds;
use super::Egress;
use super::Host;
use super::call::Caller;
use super::call::Fault;
use super::call::said;
use super::refreshed::InUse;
use super::send_with_patience;
use super::token;
use super::token::Token;

/// Where a token is asked for.
const BOUNDS: Bounds = Bounds { within: Duration::from_secs(10), most_bytes: 64 << 10 };

/// How much longer who was sent a refresh token is waited for: what it answers late is the only one that
/// counts from then on.
const PATIENCE: Duration = Duration::from_mins(2);

/// RFC 7523, section 2.1.
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// RFC 7523, section 2.2.
const CLIENT_ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What is sent to a token server.
pub(super) type Parts = Vec<(&'static str, String)>;

/// Who asks for a token.
#[derive(Clone, Copy)]
pub(super) struct Client<'c> {
    pub(super) id: Option<&'c str>,
    pub(super) secret: Option<&'c str>,
    /// Whether both are sent in the body, not in HTTP Basic.
    pub(super) in_body: bool,
}

/// What a token server answers with when it grants something.
pub(super) struct Given(Value);

impl Caller<'_> {
    /// Asks for a token.
    pub(super) async fn grant(&self, egress: &Egress, oauth: &OAuth) -> Result<Token, Fault> {
        let refresh = match oauth.grant {
            Grant::RefreshToken(secret) => Some((secret, self.refresh_token(secret).await?)),
            _ => None,
        };
        let mut parts: Parts = match &oauth.grant {
            Grant::ClientCredentials => vec![("grant_type", "client_credentials".to_owned())],
            Grant::RefreshToken(_) => vec![("grant_type", "refresh_token".to_owned())],
            Grant::Password { username, password } => vec![
                ("grant_type", "password".to_owned()),
                ("username", username.clone()),
                ("password", self.text(*password)?),
            ],
            Grant::Jwt(assertion) => vec![
                ("grant_type", JWT_BEARER.to_owned()),
                ("assertion", self.assertion(assertion, oauth)?),
            ],
        };
        parts.extend(refresh.iter().map(|(_, token)| ("refresh_token", token.value().to_owned())));
        parts.extend(oauth.scope.clone().map(|scope| ("scope", scope)));
        if let Some(assertion) = &oauth.client_assertion {
            parts.push(("client_assertion_type", CLIENT_ASSERTION.to_owned()));
            parts.push(("client_assertion", self.assertion(assertion, oauth)?));
        }
        let secret = oauth.client_secret.map(|secret| self.text(secret)).transpose()?;
        let (id, in_body) = (oauth.client_id.as_deref(), oauth.in_body);
        if let (Some(id), Some(secret)) = (id, &secret) {
            self.hidden.add(token::basic(id, secret).trim_start_matches("Basic "));
        }
        let client = Client { id, secret: secret.as_deref(), in_body };
        let masked = |text: &str| self.masked(text);
        let _refreshing = match &refresh {
            Some(_) => Some(self.refreshing.lock().await),
            None => None,
        };
        let patience = if refresh.is_some() { PATIENCE } else { Duration::ZERO };
        let given = client.ask(egress, &oauth.token_url, parts, patience, masked).await?;
        if let (Some((secret, old)), Some(new)) = (&refresh, given.refresh_token()) {
            self.replace(*secret, old, new)?;
        }
        given.token()
    }

    /// A token that we sign, which is for the token server unless it says otherwise.
    fn assertion(&self, assertion: &Assertion, oauth: &OAuth) -> Result<String, Fault> {
        self.signed(assertion, Some(&oauth.token_url))
    }

    /// The refresh token that counts now. Nobody else uses it until it is dropped.
    async fn refresh_token(&self, secret: SecretId) -> Result<InUse, Fault> {
        let (name, written) = (self.name(secret), self.text(secret)?);
        let refreshed = self.refreshed.clone();
        let found = tokio::task::spawn_blocking(move || refreshed.take(&name, &written)).await;
        let found = found.unwrap_or_else(|error| Err(io::Error::other(error)));
        let in_use = found.map_err(|error| {
            let why = format!("what takes its place cannot be kept: {error}");
            Fault::Secret { secret: self.name(secret), why }
        })?;
        self.hidden.add(in_use.value());
        Ok(in_use)
    }

    /// Keeps the refresh token that was given in the place of the one that was used.
    fn replace(&self, secret: SecretId, old: &InUse, new: &str) -> Result<(), Fault> {
        self.hidden.add(new);
        if new.is_empty() || new == old.value() {
            return Ok(());
        }
        old.replace(new).map_err(|error| {
            let why = format!("another was given in its place, and cannot be kept: {error}");
            Fault::Secret { secret: self.name(secret), why }
        })
    }
}

impl Client<'_> {
    /// Asks for a token, for what is granted. With `patience`, an answer is waited for that much longer, as what
    /// was sent may count once. What is told of a refusal is `masked`, as it may echo what it refuses.
    pub(super) async fn ask(
        self,
        egress: &Egress,
        url: &str,
        parts: Parts,
        patience: Duration,
        masked: impl Fn(&str) -> String,
    ) -> Result<Given, Fault> {
        let request = self.request(url, parts)?;
        let answer = send_with_patience(request, Host::Written, BOUNDS, patience, egress).await;
        let answer = answer.map_err(|why| {
            let is_used = why.is_sent() && !patience.is_zero();
            Fault::Token { status: None, is_used, why: why.to_string() }
        })?;
        let (status, body) = (answer.status(), answer.body());
        if status != StatusCode::OK {
            return Err(failed(Some(status), said(body, masked)));
        }
        Ok(Given(serde_json::from_slice(body).unwrap_or_default()))
    }

    /// The request, with what proves who asks.
    fn request(self, url: &str, mut parts: Parts) -> Result<Request<Bytes>, Fault> {
        let mut request = Request::post(url)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json");
        match (self.id, self.secret) {
            (Some(id), Some(secret)) if !self.in_body => {
                let value = HeaderValue::from_str(&token::basic(id, secret));
                let value = value.map_err(|error| failed(None, error.to_string()))?;
                request = request.header(header::AUTHORIZATION, value);
            }
            (id, secret) => {
                parts.extend(id.map(|id| ("client_id", id.to_owned())));
                parts.extend(secret.map(|secret| ("client_secret", secret.to_owned())));
            }
        }
        let parts: Vec<_> = parts.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let request = request.body(Bytes::from(token::form(&parts)));
        request.map_err(|error| failed(None, error.to_string()))
    }
}

impl Given {
    /// The token.
    pub(super) fn token(&self) -> Result<Token, Fault> {
        let failed = |why: &str| Err(failed(Some(StatusCode::OK), why.to_owned()));
        let Some(value) = self.0["access_token"].as_str() else {
            return failed("the answer holds no `access_token`");
        };
        if HeaderValue::from_str(value).is_err() {
            return failed("it holds what cannot be sent");
        }
        let lasts = match &self.0["expires_in"] {
            Value::String(digits) => digits.parse().ok(),
            number => number.as_u64(),
        };
        Ok(Token::new(value, lasts))
    }

    /// What the next one is asked for with, if that is another.
    fn refresh_token(&self) -> Option<&str> {
        self.0["refresh_token"].as_str()
    }
}

fn failed(status: Option<StatusCode>, why: String) -> Fault {
    Fault::Token { status, is_used: false, why }
}
