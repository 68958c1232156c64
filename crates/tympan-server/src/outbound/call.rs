//! Calls to external systems: what an action sends, with what proves who sends it, and what comes back.

use std::fmt;
use std::path::Path;
use std::time::Duration;
use std::time::Instant;

use bytes::Bytes;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::Request;
use http::StatusCode;
use http::header;
use serde_json::Value;
use tokio::sync::Mutex;
use tympan_core::action;
use tympan_core::action::Rendered;
use tympan_core::config::Action;
use tympan_core::config::Assertion;
use tympan_core::config::Auth;
use tympan_core::config::Config;
use tympan_core::config::Connector;
use tympan_core::config::ConnectorId;
use tympan_core::config::SecretId;
use tympan_core::diagnostic::Diagnostics;
use tympan_core::encode;
use tympan_core::keys::Secrets;
use tympan_core::secret::Secret;
use zeroize::Zeroizing;

use super::Bounds;
use super::Egress;
use super::Host;
use super::hidden::Hidden;
use super::refreshed::Refreshed;
use super::send;
use super::token;
use super::token::Tokens;
use crate::clock;
use crate::generated;
use crate::outbound;

/// The largest answer that is read, in bytes.
const MOST_BYTES: usize = 1 << 20;

/// How often a call is tried that changes nothing, or an access token is asked for, and the first wait between two tries.
const TRIES: u32 = 3;
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// Who calls: some systems refuse whoever does not say.
const USER_AGENT: &str = concat!("tympan/", env!("CARGO_PKG_VERSION"));

/// How much of what a system says about a failure is told, in characters.
const MOST_SAID: usize = 300;

/// Calls with the connectors and secrets of one configuration. Access tokens are kept as long as it
/// lives.
pub struct Caller<'c> {
    pub(super) config: &'c Config,
    secrets: &'c Secrets,
    /// Whom each connector may reach, and how; or why nobody is.
    egress: Vec<Result<Egress, Fault>>,
    tokens: Tokens,
    pub(super) refreshed: Refreshed,
    /// Held while a refresh token is used: until what takes its place is kept, no call is given up.
    pub(super) refreshing: Mutex<()>,
    pub(super) hidden: Hidden,
}

/// What came back.
#[derive(Debug)]
pub struct Called {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// How long it took, all tries together.
    pub took: Duration,
}

/// Why a call did not do what it should.
#[derive(Clone, Debug)]
pub enum Fault {
    /// There is none with these inputs.
    Render(action::Fault),
    /// A secret has no value that can be used.
    Secret {
        /// The secret.
        secret: String,
        /// Why.
        why: String,
    },
    /// A secret holds what cannot be sent.
    Unsendable {
        /// The secret.
        secret: String,
    },
    /// What a connector says of how it is reached cannot be used.
    Connector {
        /// The connector.
        connector: String,
        /// Why.
        why: String,
    },
    /// No access token could be had.
    Token {
        /// The status, if anybody answered.
        status: Option<StatusCode>,
        /// Whether a refresh token was sent that may count no longer, as nobody has answered.
        is_used: bool,
        /// Why.
        why: String,
    },
    /// Nobody answered.
    Unanswered {
        /// Who was called.
        url: String,
        /// Why.
        why: String,
    },
    /// What is answered is larger than anything that is read.
    TooLarge {
        /// Who was called.
        url: String,
        /// How large it may be, in bytes.
        most: usize,
    },
    /// It wants the call to go elsewhere.
    Redirect {
        /// Its status.
        status: StatusCode,
    },
    /// It answered something else than was expected.
    Status {
        /// Its status.
        status: StatusCode,
        /// What it said about that.
        said: String,
    },
}

impl<'c> Caller<'c> {
    /// Calls with what this configuration says.
    #[must_use]
    pub fn new(folder: &Path, config: &'c Config, secrets: &'c Secrets) -> Self {
        // What is wrong with its certificates is told by whoever is called.
        let usual = Egress::usual(folder, &config.egress, &mut Diagnostics::default());
        let refreshed = Refreshed::new(&folder.join(&config.state.0));
        let (egress, tokens, hidden) = (Vec::new(), Tokens::default(), Hidden::default());
        let refreshing = Mutex::default();
        let mut caller = Self { config, secrets, egress, tokens, refreshed, refreshing, hidden };
        let connectors = config.connectors.iter();
        caller.egress = connectors.map(|it| caller.egress_of(folder, &usual, it)).collect();
        caller
    }

    /// Makes a call, and gives the answer if it is one that was expected.
    ///
    /// # Errors
    ///
    /// Why it did not do what it should.
    pub async fn call(&self, action: &Action, rendered: &Rendered) -> Result<Called, Fault> {
        let connector = &self.config.connectors[action.connector.0];
        let started = Instant::now();
        let too_long = async {
            tokio::time::sleep(connector.timeout).await;
            drop(self.refreshing.lock().await);
        };
        let (status, headers, body) = tokio::select! {
            called = self.tried(action, rendered, started + connector.timeout) => called,
            () = too_long => {
                let why = format!("no whole answer within {:?}", connector.timeout);
                Err(Fault::Unanswered { url: shown_url(connector, rendered), why })
            }
        }?;
        let took = started.elapsed();
        if status.is_redirection() {
            return Err(Fault::Redirect { status });
        }
        let is_expected = match action.expect.as_slice() {
            [] => status.is_success(),
            expected => expected.contains(&status),
        };
        if !is_expected {
            return Err(Fault::Status { status, said: self.said(&body) });
        }
        Ok(Called { status, headers, body, took })
    }

    /// A text without the secrets that calls were made with, and without access tokens.
    #[must_use]
    pub fn masked(&self, text: &str) -> String {
        self.hidden.masked(text)
    }

    /// What an answer says in its own words, masked.
    #[must_use]
    pub fn said(&self, body: &[u8]) -> String {
        said(body, |text| self.masked(text))
    }

    async fn tried(
        &self,
        action: &Action,
        rendered: &Rendered,
        end: Instant,
    ) -> Result<(StatusCode, HeaderMap, Bytes), Fault> {
        let is_safe = matches!(action.method, Method::GET | Method::HEAD | Method::OPTIONS);
        let mut refused: Option<Zeroizing<String>> = None;
        let mut n_tried = 0;
        loop {
            n_tried += 1;
            let mut token = None;
            let refused_token = refused.as_ref();
            let answer =
                self.once(action.connector, rendered, refused_token, &mut token, end).await;
            let again = match &answer {
                // A token that has ended before its time is asked for once more, and by one of all
                // that were refused with it.
                Ok((StatusCode::UNAUTHORIZED, ..)) if refused.is_none() && token.is_some() => {
                    refused = token;
                    n_tried -= 1;
                    continue;
                }
                Ok((status, ..)) => is_safe && is_passing(*status),
                Err(Fault::Unanswered { .. }) => is_safe,
                // Nobody else was called yet; and who uses a refresh token twice is a thief.
                Err(Fault::Token { status, is_used, .. }) => {
                    !is_used && status.is_none_or(is_passing)
                }
                Err(_) => false,
            };
            if !again || n_tried >= TRIES {
                return answer;
            }
            tokio::time::sleep(FIRST_WAIT * 2_u32.pow(n_tried - 1)).await;
        }
    }

    async fn once(
        &self,
        connector_id: ConnectorId,
        rendered: &Rendered,
        refused: Option<&Zeroizing<String>>,
        granted: &mut Option<Zeroizing<String>>,
        end: Instant,
    ) -> Result<(StatusCode, HeaderMap, Bytes), Fault> {
        let connector = &self.config.connectors[connector_id.0];
        let egress = self.egress[connector_id.0].as_ref().map_err(Fault::clone)?;
        let unsendable = |secret| Fault::Unsendable { secret: self.name(secret) };
        let sent = rendered.with_secrets(|secret| self.text(secret), unsendable)?;
        let (mut target, mut headers) = (sent.target, sent.headers);
        headers.entry(header::USER_AGENT).or_insert(HeaderValue::from_static(USER_AGENT));
        match &connector.auth {
            Auth::None => {}
            Auth::Header { name, pattern, key } => {
                let value = self.text(*key)?;
                headers.insert(name.clone(), self.header(*key, &pattern.replace("%s", &value))?);
            }
            Auth::Query { name, key } => {
                let value = self.text(*key)?;
                let pair = token::form(&[(name.as_str(), value.as_str())]);
                let sign = if target.contains('?') { '&' } else { '?' };
                target = format!("{target}{sign}{pair}");
            }
            Auth::Path { pattern, key } => {
                let value = encode::in_path(&self.text(*key)?);
                target = format!("{}{target}", pattern.replace("%s", &value));
            }
            Auth::Basic { username, password } => {
                let value = token::basic(username, &self.text(*password)?);
                self.hidden.add(value.trim_start_matches("Basic "));
                headers.insert(header::AUTHORIZATION, self.header(*password, &value)?);
            }
            Auth::OAuth(oauth) => {
                let ask = self.grant(egress, oauth);
                let refused = refused.map(|it| it.as_str());
                let token = self.tokens.get(connector_id, refused, ask).await?;
                self.hidden.add(&token);
                let value = sensitive(&format!("Bearer {}", *token));
                let value = value.expect("it was asked for as one that can be sent");
                headers.insert(header::AUTHORIZATION, value);
                *granted = Some(token);
                // What has taken too long is given up, and calls nobody any more.
                if Instant::now() >= end {
                    std::future::pending::<()>().await;
                }
            }
            Auth::Jwt(assertion) => {
                let value = format!("Bearer {}", self.signed(assertion, None)?);
                headers.insert(header::AUTHORIZATION, self.header(assertion.key, &value)?);
            }
        }
        let url = format!("{}{target}", connector.base_url);
        let shown = shown_url(connector, rendered);
        let unanswered = |why: String| Fault::Unanswered { url: shown.clone(), why };
        let request = Request::builder().method(rendered.method.clone()).uri(url);
        let request = request.body(sent.body);
        let mut request = request.map_err(|error| unanswered(error.to_string()))?;
        *request.headers_mut() = headers;
        let bounds = Bounds { within: connector.timeout, most_bytes: MOST_BYTES };
        let answer = send(request, Host::Written, bounds, egress).await;
        let answer = answer.map_err(|why| match why {
            outbound::Fault::TooLarge(most) => Fault::TooLarge { url: shown.clone(), most },
            why => unanswered(why.to_string()),
        });
        let (parts, body) = answer?.into_parts();
        Ok((parts.status, parts.headers, body))
    }

    /// What a connector says about whom it may reach, and how.
    fn egress_of(
        &self,
        folder: &Path,
        usual: &Egress,
        connector: &Connector,
    ) -> Result<Egress, Fault> {
        let user = connector.proxy.as_ref().and_then(|proxy| proxy.user.as_ref());
        let proof = user.map(|(user, password)| {
            let value = Zeroizing::new(token::basic(user, &self.text(*password)?));
            self.hidden.add(value.trim_start_matches("Basic "));
            Ok(value)
        });
        usual.of(folder, connector, proof.transpose()?).map_err(|(_, problem)| {
            let connector = connector.name.clone();
            Fault::Connector { connector, why: problem.message() }
        })
    }

    pub(super) fn text(&self, secret: SecretId) -> Result<String, Fault> {
        let value = match self.secrets.get(secret.0) {
            Some(Ok(values)) => values.first().map(Secret::expose),
            Some(Err(why)) => {
                return Err(Fault::Secret { secret: self.name(secret), why: why.to_string() });
            }
            None => None,
        };
        let text = value.and_then(|value| str::from_utf8(value).ok());
        let text = text.ok_or_else(|| Fault::Unsendable { secret: self.name(secret) })?;
        self.hidden.add(text);
        Ok(text.to_owned())
    }

    /// What a secret is called.
    pub(super) fn name(&self, SecretId(id): SecretId) -> String {
        self.config.secrets.get(id).map(|it| it.name.clone()).unwrap_or_default()
    }

    /// A token of our own, which is never shown either.
    pub(super) fn signed(
        &self,
        assertion: &Assertion,
        audience: Option<&str>,
    ) -> Result<String, Fault> {
        let key = self.text(assertion.key)?;
        let unusable = |why: String| Fault::Secret { secret: self.name(assertion.key), why };
        let id = generated::random().map_err(|error| unusable(error.to_string()))?;
        let now = clock::since_1970().as_secs();
        let token = assertion.sign(key.as_bytes(), now, &id, audience);
        let token = token.map_err(|why| unusable(why.to_string()))?;
        self.hidden.add(&token);
        Ok(token)
    }

    fn header(&self, secret: SecretId, text: &str) -> Result<HeaderValue, Fault> {
        sensitive(text).ok_or_else(|| Fault::Unsendable { secret: self.name(secret) })
    }
}

/// Who is called, without anything that proves who calls.
fn shown_url(connector: &Connector, rendered: &Rendered) -> String {
    let path = rendered.target.split('?').next().unwrap_or_default();
    let path = rendered.without_marks(path, |_| "***".to_owned());
    format!("{}{path}", connector.base_url)
}

/// What a system says about a failure, in its own words: the member that most have for it, or the
/// beginning of whatever it is. It is `masked` as a whole: of a secret that was cut nothing would be
/// found.
pub(super) fn said(body: &[u8], masked: impl Fn(&str) -> String) -> String {
    const PLACES: [&str; 8] = [
        "/errors/0/message",
        "/error/message",
        "/error_description",
        "/message",
        "/detail",
        "/description",
        "/errors/0",
        "/error",
    ];
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let found = PLACES.iter().find_map(|place| json.pointer(place)?.as_str());
    let text = found.map_or_else(|| String::from_utf8_lossy(body), Into::into);
    let text = masked(&text);
    let shown = text.trim().chars().take(MOST_SAID);
    shown.map(|character| if character.is_control() { ' ' } else { character }).collect()
}

/// Whether a failure may be none the next time.
fn is_passing(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
}

/// What proves who calls, as a header; `None` if it holds what no header may.
fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

impl fmt::Debug for Caller<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").finish_non_exhaustive()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Render(fault) => fault.fmt(f),
            Self::Secret { secret, why } => write!(f, "the secret {secret} cannot be used: {why}"),
            Self::Unsendable { secret } => {
                write!(f, "the secret {secret} holds what cannot be sent")
            }
            Self::Connector { connector, why } => {
                write!(f, "the connector {connector} cannot be used: {why}")
            }
            Self::Token { status: Some(status), why, .. } => {
                write!(f, "no access token: {} {why}", status.as_u16())
            }
            Self::Token { status: None, is_used: true, why } => write!(
                f,
                "no access token: {why}, and the refresh token that was sent may count no longer"
            ),
            Self::Token { status: None, why, .. } => write!(f, "no access token: {why}"),
            Self::Unanswered { url, why } => write!(f, "{url}: {why}"),
            Self::TooLarge { url, most } => {
                write!(f, "{url}: the answer is larger than {most} bytes")
            }
            Self::Redirect { status } => {
                write!(f, "it answers {}, and redirects are not followed", status.as_u16())
            }
            Self::Status { status, said } if said.is_empty() => {
                write!(f, "it answers {status}")
            }
            Self::Status { status, said } => write!(f, "it answers {status}: {said}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::said;

    #[test]
    fn what_a_system_says_about_a_failure() {
        for (body, expected) in [
            (r#"{"errors":[{"message":"Not Authorized","help":"..."}]}"#, "Not Authorized"),
            (r#"{"error":{"message":"No such hook"}}"#, "No such hook"),
            (r#"{"error":"invalid_grant","error_description":"It is revoked"}"#, "It is revoked"),
            (r#"{"error":"invalid_grant"}"#, "invalid_grant"),
            ("<h1>Bad\ngateway</h1>", "<h1>Bad gateway</h1>"),
            ("", ""),
        ] {
            assert_eq!(said(body.as_bytes(), str::to_owned), expected);
        }
        assert_eq!(said("x".repeat(1000).as_bytes(), str::to_owned).len(), 300);
        let echo = format!("{}secret", "x".repeat(297));
        let masked = |text: &str| text.replace("secret", "***");
        assert!(said(echo.as_bytes(), masked).ends_with("x***"));
    }
}
