//! What is answered.

use std::sync::Arc;
use std::sync::LazyLock;

use bytes::Bytes;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::StatusCode;
use http::header;
use tympan_expr::Exhausted;
use tympan_expr::Expression;
use tympan_expr::Value;

use super::Scope;
use super::encrypt::Encrypt;
use crate::config;
use crate::keys::KeyId;
use crate::keys::Keys;
use crate::outcome::Outcome;
use crate::outcome::Reason;
use crate::room::Room;
use crate::room::Unwritten;

/// An answer, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers, without those that frame the response; nearly always made once and shared.
    pub headers: Arc<HeaderMap>,
    /// The body.
    pub body: Bytes,
}

/// An answer that may still depend on the request.
#[derive(Debug)]
pub(crate) enum Respond {
    /// It does not.
    Fixed(Reply),
    /// It does.
    Computed(Box<Computed>),
}

#[derive(Debug)]
pub(crate) struct Computed {
    status: StatusCode,
    headers: Vec<(HeaderName, Expression)>,
    /// `None` is answered with what the outcome usually says.
    body: Option<Expression>,
    /// What is encrypted of it.
    encrypt: Option<Encrypt>,
    usual: Reply,
}

impl Reply {
    /// What an outcome is answered with unless the listener says otherwise.
    #[must_use]
    pub fn usual(outcome: Outcome) -> Self {
        static USUAL: LazyLock<[Reply; Outcome::ALL.len()]> =
            LazyLock::new(|| Outcome::ALL.map(usual));
        USUAL[outcome as usize].clone()
    }
}

impl Respond {
    /// A listener's own answer to an outcome.
    pub(super) fn compile(
        response: &config::Response,
        outcome: Outcome,
        encrypt: Option<Encrypt>,
    ) -> Self {
        let usual = Reply::usual(outcome);
        let status = response.status.unwrap_or(usual.status);
        let headers = response.headers.clone();
        let body = response.body.clone();
        let computed = Computed { status, headers, body, encrypt, usual };
        match computed.fixed() {
            Some(reply) => Self::Fixed(reply),
            None => Self::Computed(Box::new(computed)),
        }
    }

    /// The first key that is missing to encrypt it.
    pub(super) fn unready(&self, keys: &Keys) -> Option<KeyId> {
        match self {
            Self::Fixed(_) => None,
            Self::Computed(computed) => computed.unready(keys),
        }
    }

    /// The answer to one request.
    pub(crate) fn run(&self, scope: &Scope<'_, '_>) -> Result<Reply, Reason> {
        match self {
            Self::Fixed(reply) => Ok(reply.clone()),
            Self::Computed(computed) => computed.run(scope, |_| true),
        }
    }
}

impl Computed {
    /// An answer to a challenge.
    pub(super) fn challenge(response: &config::Response, encrypt: Option<Encrypt>) -> Self {
        Self {
            status: response.status.unwrap_or(StatusCode::OK),
            headers: response.headers.clone(),
            body: Some(response.body.clone().unwrap_or_else(|| Expression::constant(Value::Null))),
            encrypt,
            usual: Reply::usual(Outcome::Challenged),
        }
    }

    /// Everything that it reads.
    pub(crate) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let encrypted = self.encrypt.iter().flat_map(Encrypt::expressions);
        self.headers.iter().map(|(_, value)| value).chain(&self.body).chain(encrypted)
    }

    /// The first key that is missing to encrypt it.
    pub(super) fn unready(&self, keys: &Keys) -> Option<KeyId> {
        self.encrypt.as_ref()?.unready(keys)
    }

    /// The answer to one request, if every text in it may be sent.
    pub(crate) fn run(
        &self,
        scope: &Scope<'_, '_>,
        may_say: impl Fn(&str) -> bool,
    ) -> Result<Reply, Reason> {
        let encrypted;
        let reply = self.encrypt.as_ref().map(|encrypt| encrypt.run(scope, &may_say));
        let reply = reply.transpose()?.unwrap_or_default();
        let scope = if reply.is_empty() {
            scope
        } else {
            encrypted = Scope { reply: &reply, ..scope.clone() };
            &encrypted
        };
        let may_say = |text: &str| may_say(text) || reply.iter().any(|(_, own)| own == text);
        let eval = |expression: &Expression| {
            let what = "the response";
            let value =
                expression.eval(scope).map_err(|bound| Reason::Exhausted { what, bound })?;
            if expression.as_constant().is_none() && !all_texts(&value, &may_say) {
                return Err(Reason::EchoRefused);
            }
            Ok(value.into_owned())
        };
        let headers = self.headers.iter().map(|(_, value)| eval(value));
        let headers = headers.collect::<Result<Vec<_>, _>>()?;
        let body = self.body.as_ref().map(eval).transpose()?;
        self.reply(headers, body)
    }

    /// The answer, if it does not depend on the request.
    fn fixed(&self) -> Option<Reply> {
        if self.encrypt.is_some() {
            return None;
        }
        let headers = self.headers.iter().map(|(_, value)| value.as_constant().cloned());
        let headers = headers.collect::<Option<Vec<_>>>()?;
        let body = match &self.body {
            Some(body) => Some(body.as_constant().cloned()?),
            None => None,
        };
        self.reply(headers, body).ok()
    }

    fn reply(
        &self,
        values: Vec<Value<'static>>,
        body: Option<Value<'static>>,
    ) -> Result<Reply, Reason> {
        if self.headers.is_empty() && body.is_none() {
            return Ok(Reply { status: self.status, ..self.usual.clone() });
        }
        let mut headers = HeaderMap::with_capacity(values.len() + 1);
        for ((name, _), value) in self.headers.iter().zip(values) {
            // A header without a value is left out.
            if matches!(value, Value::Null) {
                continue;
            }
            let unsendable = || Reason::Unsendable { what: "header" };
            let is_text = !matches!(value, Value::List(_) | Value::Map(_));
            let text = value.to_text().filter(|_| is_text).ok_or_else(unsendable)?;
            // The library refuses line breaks, so a value cannot end its header.
            let value = HeaderValue::from_str(&text).map_err(|_| unsendable())?;
            headers.insert(name, value);
        }
        let own = |name: &HeaderName| self.headers.iter().any(|(known, _)| known == name);
        // A body of its own has a content type of its own; when to come again stays as it was.
        for (name, value) in &*self.usual.headers {
            if !own(name) && (body.is_none() || name != header::CONTENT_TYPE) {
                headers.insert(name, value.clone());
            }
        }
        let Some(body) = body else {
            let body = self.usual.body.clone();
            return Ok(Reply { status: self.status, headers: Arc::new(headers), body });
        };
        let (content_type, body) = written(&body)?;
        if let Some(content_type) = content_type
            && !own(&header::CONTENT_TYPE)
        {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        Ok(Reply { status: self.status, headers: Arc::new(headers), body })
    }
}

/// A body with its content type: a text as it is, anything else as JSON, null as nothing.
fn written(value: &Value<'_>) -> Result<(Option<&'static str>, Bytes), Reason> {
    Ok(match value {
        Value::Null => (None, Bytes::new()),
        Value::Text(text) => {
            (Some("text/plain; charset=utf-8"), Bytes::copy_from_slice(text.as_bytes()))
        }
        Value::Bytes(bytes) => (Some("application/octet-stream"), Bytes::copy_from_slice(bytes)),
        _ => {
            let what = "the response";
            let json = Room::new(0).json(value).map_err(|why| match why {
                Unwritten::TooLong => Reason::Exhausted { what, bound: Exhausted::Output },
                Unwritten::NoJson => Reason::Unsendable { what: "body" },
            })?;
            (Some("application/json"), Bytes::from(json))
        }
    })
}

/// Whether every text within a value, keys included, passes.
fn all_texts(value: &Value<'_>, passes: &impl Fn(&str) -> bool) -> bool {
    match value {
        Value::Text(text) => passes(text),
        Value::Bytes(bytes) => std::str::from_utf8(bytes).is_ok_and(passes),
        Value::List(items) => items.iter().all(|item| all_texts(item, passes)),
        Value::Map(entries) => {
            entries.iter().all(|(key, value)| passes(key) && all_texts(value, passes))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

macro_rules! error_body {
    ($code:literal, $message:literal) => {
        concat!(r#"{"error":{"code":""#, $code, r#"","message":""#, $message, r#""}}"#)
    };
}

/// What an outcome is usually answered with. The bodies are those of Moveworks' listeners: they
/// say what went wrong in general, and nothing that helps to get it right by trying.
fn usual(outcome: Outcome) -> Reply {
    let body = match outcome {
        Outcome::Accepted
        | Outcome::Duplicate
        | Outcome::Filtered
        | Outcome::Invalid
        | Outcome::Rejected => r#"{"message":"Event received successfully","status":"RECEIVED"}"#,
        Outcome::Challenged | Outcome::NotFound => "",
        Outcome::Unauthorized | Outcome::Stale => {
            error_body!("AUTHENTICATION_FAILED", "Verification failed.")
        }
        Outcome::Malformed => {
            error_body!("INPUT_VALIDATION_FAILED", "The request cannot be processed.")
        }
        Outcome::MethodNotAllowed => {
            error_body!("METHOD_NOT_ALLOWED", "The method is not allowed.")
        }
        Outcome::NotReady => error_body!("NOT_READY", "The listener is not ready."),
        Outcome::RateLimited => error_body!("RATE_LIMITED", "Try again later."),
        Outcome::Overloaded => error_body!("OVERLOADED", "Try again later."),
        Outcome::TimedOut => error_body!("REQUEST_TIMEOUT", "The request took too long."),
        Outcome::TooLarge => error_body!("PAYLOAD_TOO_LARGE", "The request is too large."),
        Outcome::Unsupported => {
            error_body!("UNSUPPORTED_MEDIA_TYPE", "The media type is not supported.")
        }
        Outcome::Failed => error_body!("INTERNAL_ERROR", "Something went wrong."),
    };
    let mut headers = HeaderMap::new();
    if !body.is_empty() {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    if outcome.must_be_retried() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    }
    let body = Bytes::from_static(body.as_bytes());
    Reply { status: outcome.status(), headers: Arc::new(headers), body }
}
