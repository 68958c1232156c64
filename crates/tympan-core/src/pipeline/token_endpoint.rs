//! Where clients ask for access tokens: OAuth 2.0 client credentials (RFC 6749, section 4.4).
//!
//! Requests are forms, as the standard says, or JSON, as some clients send. An answer repeats its
//! fields under `data`, where Moveworks' own endpoint has them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::StatusCode;
use http::header;
use percent_encoding::percent_decode;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;
use zeroize::Zeroize;
use zeroize::Zeroizing;

use super::Answer;
use super::Head;
use super::Reply;
use super::access_token::Issuer;
use super::credential::Given;
use super::credential::given;
use super::credential::issuer;
use crate::config::ClientProof;
use crate::config::Config;
use crate::keys::KeyUses;
use crate::keys::Keys;
use crate::outcome::Outcome;
use crate::outcome::Reason;
use crate::scheme::equal;
use crate::secret::Secret;

/// The largest request, in bytes.
pub(super) const MOST_BYTES: u64 = 8 << 10;

const NO_OBJECT: &str = "it is no JSON object of texts";

/// Where clients ask for access tokens.
#[derive(Debug)]
pub(crate) struct TokenEndpoint {
    clients: Vec<TokenClient>,
}

#[derive(Debug)]
struct TokenClient {
    client_id: String,
    lifetime: Duration,
    issuer: Issuer,
}

/// What a client asks with. A field that stands twice is refused by its reader.
#[derive(Default, Deserialize)]
struct Fields {
    grant_type: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    /// There is none; but it may not stand twice either.
    scope: Option<IgnoredAny>,
}

/// A client's id and secret in the ways in which they can be meant.
struct Shown {
    ways: Vec<(Vec<u8>, Zeroizing<Vec<u8>>)>,
}

/// Why there is no token (RFC 6749, section 5.2), and what the operator is told.
enum Refusal {
    InvalidRequest(&'static str),
    InvalidClient(&'static str),
    UnsupportedGrantType,
    /// What tokens are signed with, or the client's secret, has no value.
    Unavailable,
}

impl TokenEndpoint {
    /// `None` where no client gets tokens.
    pub(crate) fn compile(config: &Config, keys: &mut KeyUses) -> Option<Self> {
        let clients = config.clients.iter().filter_map(|client| match &client.proof {
            Some(ClientProof::OAuth { client_id, secret, lifetime }) => Some(TokenClient {
                client_id: client_id.clone(),
                lifetime: *lifetime,
                issuer: issuer(&client.name, *secret, config, keys)?,
            }),
            _ => None,
        });
        let clients: Vec<_> = clients.collect();
        (!clients.is_empty()).then_some(Self { clients })
    }

    /// The answer to what is not even read.
    pub(super) fn refuses(head: &Head) -> Option<Answer> {
        if head.method == Method::POST {
            return None;
        }
        let outcome = Outcome::MethodNotAllowed;
        let mut reply = Reply::usual(outcome);
        Arc::make_mut(&mut reply.headers).insert(header::ALLOW, HeaderValue::from_static("POST"));
        Some(Answer { reply, outcome, reason: Some(Box::new(Reason::Method)), close: false })
    }

    /// A token, or why there is none.
    pub(super) fn answer(&self, head: &Head, body: &[u8], keys: &Keys) -> Answer {
        match self.issue(head, body, keys) {
            Ok((token, lifetime)) => {
                let seconds = lifetime.as_secs();
                let fields =
                    json!({"access_token": token, "token_type": "Bearer", "expires_in": seconds});
                let mut body = fields.clone();
                body["data"] = fields;
                let reply = reply(StatusCode::OK, &body);
                Answer { reply, outcome: Outcome::Challenged, reason: None, close: false }
            }
            Err(refusal) => refusal.answer(),
        }
    }

    fn issue(&self, head: &Head, body: &[u8], keys: &Keys) -> Result<(String, Duration), Refusal> {
        let fields = Fields::read(head, body)?;
        let shown = Shown::read(head, &fields)?;
        match fields.grant_type.as_deref() {
            None | Some("") => return Err(Refusal::InvalidRequest("it has no grant_type")),
            Some("client_credentials") => {}
            Some(_) => return Err(Refusal::UnsupportedGrantType),
        }
        let (client, secret) = self.client(&shown, keys)?;
        // A part of a second is given away rather than promised.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an instant")]
        let ends = head.now.ceil() as u64 + client.lifetime.as_secs();
        let token = client.issuer.issue(secret, ends, keys).ok_or(Refusal::Unavailable)?;
        Ok((token, client.lifetime))
    }

    /// Who it is. All clients are compared, whoever is found first.
    fn client<'k>(
        &self,
        shown: &Shown,
        keys: &'k Keys,
    ) -> Result<(&TokenClient, &'k Secret), Refusal> {
        let mut found =
            Err(Refusal::InvalidClient("the client_id or the client_secret is another"));
        for client in &self.clients {
            let secrets = keys.secrets(client.issuer.secret);
            let is_named = shown.ways.iter().any(|(id, _)| id == client.client_id.as_bytes());
            if is_named && secrets.is_empty() {
                return Err(Refusal::Unavailable);
            }
            for secret in secrets {
                let is_it = shown.ways.iter().fold(false, |is_it, (id, shown)| {
                    let is_id = equal(id, client.client_id.as_bytes());
                    is_it | (is_id & equal(shown, secret.expose()))
                });
                if is_it {
                    found = Ok((client, secret));
                }
            }
        }
        found
    }
}

impl Fields {
    fn read(head: &Head, body: &[u8]) -> Result<Self, Refusal> {
        match head.media_type().as_deref() {
            Some("application/x-www-form-urlencoded") => Self::of_form(body),
            // Its reader would take a list of the same fields.
            Some("application/json") if body.trim_ascii_start().starts_with(b"{") => {
                serde_json::from_slice(body).map_err(|_| Refusal::InvalidRequest(NO_OBJECT))
            }
            Some("application/json") => Err(Refusal::InvalidRequest(NO_OBJECT)),
            _ => Err(Refusal::InvalidRequest("it is neither a form nor JSON")),
        }
    }

    /// No parameter may stand twice (RFC 6749, section 3.2).
    fn of_form(body: &[u8]) -> Result<Self, Refusal> {
        let mut fields = Self::default();
        for (name, value) in form_urlencoded::parse(body) {
            let is_second = match &*name {
                "grant_type" => fields.grant_type.replace(value.into_owned()).is_some(),
                "client_id" => fields.client_id.replace(value.into_owned()).is_some(),
                "client_secret" => fields.client_secret.replace(value.into_owned()).is_some(),
                "scope" => fields.scope.replace(IgnoredAny).is_some(),
                _ => false,
            };
            if is_second {
                return Err(Refusal::InvalidRequest("a parameter stands twice"));
            }
        }
        Ok(fields)
    }
}

impl Drop for Fields {
    fn drop(&mut self) {
        self.client_secret.zeroize();
    }
}

impl Shown {
    /// By HTTP Basic or by parameters, never by both (RFC 6749, section 2.3).
    fn read(head: &Head, fields: &Fields) -> Result<Self, Refusal> {
        let id = fields.client_id.as_deref().filter(|id| !id.is_empty());
        let secret = fields.client_secret.as_deref().filter(|secret| !secret.is_empty());
        if !head.headers.contains_key(header::AUTHORIZATION) {
            let (Some(id), Some(secret)) = (id, secret) else {
                return Err(Refusal::InvalidRequest("it has no client_id or no client_secret"));
            };
            return Ok(Self { ways: vec![(id.into(), Zeroizing::new(secret.into()))] });
        }
        if secret.is_some() {
            return Err(Refusal::InvalidRequest("it shows its client_secret in two ways"));
        }
        let Ok(Given::Basic(given)) = given(head) else {
            return Err(Refusal::InvalidClient("its Authorization is no HTTP Basic"));
        };
        // Both are encoded like forms (RFC 6749, section 2.3.1), which many clients do not know.
        let plain = (given.user().to_vec(), Zeroizing::new(given.password().to_vec()));
        let decoded = (decoded(given.user()).to_vec(), decoded(given.password()));
        let is_other = |named: &str| {
            let named = named.as_bytes();
            named != plain.0 && named != decoded.0
        };
        if id.is_some_and(is_other) {
            return Err(Refusal::InvalidRequest("it names two clients"));
        }
        Ok(Self { ways: vec![plain, decoded] })
    }
}

fn decoded(part: &[u8]) -> Zeroizing<Vec<u8>> {
    let spaces = part.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte });
    let spaces = Zeroizing::new(spaces.collect::<Vec<_>>());
    // Nothing is left behind by a list that grows.
    let mut decoded = Zeroizing::new(Vec::with_capacity(spaces.len()));
    decoded.extend(percent_decode(&spaces));
    decoded
}

impl Refusal {
    fn answer(&self) -> Answer {
        let (error, outcome, why) = match self {
            Self::InvalidRequest(why) => ("invalid_request", Outcome::Malformed, *why),
            Self::InvalidClient(why) => ("invalid_client", Outcome::Unauthorized, *why),
            Self::UnsupportedGrantType => (
                "unsupported_grant_type",
                Outcome::Malformed,
                "its grant_type is not client_credentials",
            ),
            Self::Unavailable => (
                "temporarily_unavailable",
                Outcome::NotReady,
                "the client's secret, or the key of access tokens, has no value",
            ),
        };
        let mut reply = reply(outcome.status(), &json!({"error": error}));
        if outcome == Outcome::Unauthorized {
            let scheme = HeaderValue::from_static(r#"Basic realm="oauth", charset="UTF-8""#);
            Arc::make_mut(&mut reply.headers).insert(header::WWW_AUTHENTICATE, scheme);
        }
        if outcome == Outcome::NotReady {
            Arc::make_mut(&mut reply.headers)
                .insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        let reason = Box::new(Reason::TokenRequest { why });
        Answer { reply, outcome, reason: Some(reason), close: false }
    }
}

/// An answer that nobody may keep (RFC 6749, section 5.1).
fn reply(status: StatusCode, body: &serde_json::Value) -> Reply {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
        (header::PRAGMA, "no-cache"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Reply { status, headers: Arc::new(headers), body: Bytes::from(body.to_string()) }
}
