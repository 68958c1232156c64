//! What delivers an event: its request, or where it goes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderName;
use http::HeaderValue;
use http::Method;
use http::Request;
use http::Uri;
use http::header;
use serde_json::Value as Json;
use tympan_expr::Expression;
use tympan_expr::Map;
use tympan_expr::Paths;
use tympan_expr::Record;
use tympan_expr::RootId;
use tympan_expr::Source;
use tympan_expr::Text;
use tympan_expr::Value;
use tympan_expr::read_json;

use crate::config::Format;
use crate::config::Http;
use crate::room::Room;
use crate::roots;
use crate::scheme::Encoding;
use crate::secret::Secret;

/// How events are written for a destination that is called by HTTP.
#[derive(Debug)]
pub struct Outgoing {
    url: Uri,
    method: Method,
    headers: Vec<(HeaderName, Expression)>,
    body: Option<Expression>,
    format: Format,
}

/// An event as it is kept.
#[derive(Clone, Copy, Debug)]
pub struct Kept<'e> {
    /// Its id, the same every time.
    pub id: &'e str,
    /// The listener.
    pub listener: &'e str,
    /// All of it, as CloudEvents JSON.
    pub json: &'e Bytes,
    /// The instant of this try, in seconds since 1970.
    pub now: f64,
}

/// What expressions see of an event.
struct Scope<'e> {
    event: Value<'e>,
    listener: Record<'static>,
    now: f64,
}

impl Outgoing {
    /// What a configuration says.
    ///
    /// # Errors
    ///
    /// The URL cannot be called.
    pub fn compile(http: &Http) -> Result<Self, http::uri::InvalidUri> {
        let Http { url, method, headers, body, format, .. } = http;
        let (url, method, headers) = (url.parse()?, method.clone(), headers.clone());
        Ok(Self { url, method, headers, body: body.clone(), format: *format })
    }

    /// The request for one event, signed with each of the secrets.
    ///
    /// # Errors
    ///
    /// Why there is none, which would be the same every time.
    pub fn render(&self, event: Kept<'_>, secrets: &[Secret]) -> Result<Request<Bytes>, String> {
        let scope = Scope::of(event, Some(&Paths::Whole))?;
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.url.clone();
        self.content(event, &scope, &mut request)?;
        for (name, value) in &self.headers {
            let what = || format!("the header {name}");
            let value = eval(value, &scope, what)?;
            if matches!(value, Value::Null) {
                continue;
            }
            let is_text = !matches!(value, Value::List(_) | Value::Map(_));
            let text = value.to_text().filter(|_| is_text);
            let text = text.ok_or_else(|| format!("{} is no text", what()))?;
            // A line break cannot end a header: the library refuses it.
            let value = HeaderValue::from_str(&text);
            let value = value.map_err(|_| format!("{} cannot be sent", what()))?;
            request.headers_mut().insert(name, value);
        }
        sign(&mut request, event, secrets)?;
        Ok(request)
    }

    /// The body, and the headers that say what it is.
    fn content(
        &self,
        event: Kept<'_>,
        scope: &Scope<'_>,
        request: &mut Request<Bytes>,
    ) -> Result<(), String> {
        if let Some(body) = &self.body {
            let value = eval(body, scope, || "the body".to_owned())?;
            let (bytes, media_type) = match value {
                Value::Null => return Ok(()),
                Value::Text(text) => (Bytes::from(text.to_string()), "text/plain; charset=utf-8"),
                Value::Bytes(bytes) => (Bytes::copy_from_slice(&bytes), "application/octet-stream"),
                other => {
                    let json = Room::new(event.json.len()).json(&other);
                    let json = json.map_err(|_| "the body is too long, or no JSON")?;
                    (Bytes::from(json), "application/json")
                }
            };
            *request.body_mut() = bytes;
            set(request, header::CONTENT_TYPE, media_type)?;
            return Ok(());
        }
        match self.format {
            Format::Structured => {
                *request.body_mut() = event.json.clone();
                set(request, header::CONTENT_TYPE, "application/cloudevents+json")
            }
            Format::Binary => binary(event, request),
        }
    }
}

/// What an event is ordered by, as a number that is the same for what is the same. What cannot be
/// computed is of no order.
#[must_use]
pub fn order(by: &Expression, event: Kept<'_>) -> Option<i64> {
    let scope = Scope::read_by(by, event).ok()?;
    let key = match by.eval(&scope).ok()? {
        Value::Null => return None,
        key => key.to_json().to_string(),
    };
    let digest = ring::digest::digest(&ring::digest::SHA256, key.as_bytes());
    let first = digest.as_ref().first_chunk().copied()?;
    Some(i64::from_le_bytes(first))
}

/// What tells an event from all others, as one word: two listeners may have events of one id.
#[must_use]
pub fn identity(event: Kept<'_>) -> String {
    format!("{}/{}", event.listener, percent_encoded(event.id))
}

/// What an expression says of an event as a text, such as where it goes; null says nothing.
///
/// # Errors
///
/// Why there is no text, which would be the same every time.
pub fn text(
    expression: &Expression,
    event: Kept<'_>,
    what: &str,
) -> Result<Option<String>, String> {
    let scope = Scope::read_by(expression, event)?;
    let value = eval(expression, &scope, || what.to_owned())?;
    let is_text = !matches!(value, Value::List(_) | Value::Map(_));
    match value {
        Value::Null => Ok(None),
        value => match value.to_text().filter(|_| is_text) {
            Some(text) => Ok(Some(text.to_string())),
            None => Err(format!("{what} is no text")),
        },
    }
}

/// CloudEvents 1.0, HTTP binding, section 3.1: attributes are headers, and the body is the data.
fn binary(event: Kept<'_>, request: &mut Request<Bytes>) -> Result<(), String> {
    let parsed: Json = serde_json::from_slice(event.json).map_err(|error| error.to_string())?;
    let Json::Object(attributes) = parsed else { return Err("the event is no map".to_owned()) };
    for (name, value) in attributes {
        match (name.as_str(), value) {
            ("data", data) => *request.body_mut() = Bytes::from(data.to_string()),
            ("data_base64", Json::String(data)) => {
                let bytes = STANDARD.decode(data).map_err(|error| error.to_string())?;
                *request.body_mut() = Bytes::from(bytes);
            }
            ("datacontenttype", Json::String(media_type)) => {
                set(request, header::CONTENT_TYPE, &media_type)?;
            }
            (name, value) => {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let name: HeaderName = format!("ce-{name}").parse().map_err(|_| "a name")?;
                set(request, name, &percent_encoded(&text))?;
            }
        }
    }
    Ok(())
}

/// Standard Webhooks: <https://www.standardwebhooks.com>. While a secret is replaced by another, both sign.
fn sign(request: &mut Request<Bytes>, event: Kept<'_>, secrets: &[Secret]) -> Result<(), String> {
    if secrets.is_empty() {
        return Ok(());
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is positive")]
    let now = event.now as u64;
    let id = percent_encoded(event.id);
    let mut signatures = Vec::new();
    for secret in secrets {
        let key = secret.expose();
        let key = match key.strip_prefix(b"whsec_") {
            Some(encoded) => {
                STANDARD.decode(encoded).map_err(|_| "the secret is no base64 after `whsec_`")?
            }
            None => key.to_vec(),
        };
        let signed =
            [id.as_bytes(), b".", now.to_string().as_bytes(), b".", request.body()].concat();
        signatures.push(format!("v1,{}", Encoding::Base64.encode(&hmac_sha256(&key, &signed))));
    }
    set(request, HeaderName::from_static("webhook-id"), &id)?;
    set(request, HeaderName::from_static("webhook-timestamp"), &now.to_string())?;
    set(request, HeaderName::from_static("webhook-signature"), &signatures.join(" "))
}

fn hmac_sha256(key: &[u8], signed: &[u8]) -> Vec<u8> {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key);
    ring::hmac::sign(&key, signed).as_ref().to_vec()
}

fn set(request: &mut Request<Bytes>, name: HeaderName, value: &str) -> Result<(), String> {
    let cannot = || format!("the header {name} cannot be sent");
    let value = HeaderValue::from_str(value).map_err(|_| cannot())?;
    request.headers_mut().insert(name, value);
    Ok(())
}

/// What is no visible ASCII, and what would end or quote something, is encoded.
fn percent_encoded(text: &str) -> String {
    use percent_encoding::AsciiSet;
    use percent_encoding::CONTROLS;
    const ALSO: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%');
    percent_encoding::utf8_percent_encode(text, ALSO).to_string()
}

fn eval<'e>(
    expression: &'e Expression,
    scope: &Scope<'e>,
    what: impl Fn() -> String,
) -> Result<Value<'e>, String> {
    let exhausted = |bound| format!("{} ran out of its bound of {bound}", what());
    expression.eval(scope).map_err(exhausted)
}

impl<'e> Scope<'e> {
    /// As much of an event as an expression reads, which is known since that was compiled.
    fn read_by(expression: &Expression, event: Kept<'e>) -> Result<Self, String> {
        Self::of(event, expression.needs().paths(roots::EVENT))
    }

    /// As much of an event as is wanted, if any of it is.
    fn of(event: Kept<'e>, wanted: Option<&Paths>) -> Result<Self, String> {
        let read = wanted.map(|wanted| read_json(event.json, wanted)).transpose();
        let value = read.map_err(|error| error.to_string())?.unwrap_or(Value::Null);
        let name = Value::Text(Text::from(event.listener.to_owned()));
        let listener = Record::from_iter([(Text::from("name"), name)]);
        Ok(Self { event: value, listener, now: event.now })
    }
}

impl<'e> Source<'e> for Scope<'e> {
    fn root(&self, root: RootId) -> Value<'e> {
        match root {
            roots::EVENT => self.event.clone(),
            roots::LISTENER => Value::Map(Map::from(self.listener.clone())),
            _ => Value::Null,
        }
    }

    fn entry(&self, root: RootId, key: &str) -> Value<'e> {
        match root {
            roots::LISTENER => self.listener.get(key).cloned().unwrap_or(Value::Null),
            _ => Value::Null,
        }
    }

    fn now(&self) -> f64 {
        self.now
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Request;
    use tympan_expr::Dialect;
    use tympan_expr::Expression;

    use super::Kept;
    use super::Outgoing;
    use crate::config::Kind;
    use crate::roots;
    use crate::roots::Place;
    use crate::secret::Secret;

    const EVENT: &str = r#"{"specversion":"1.0","id":"e 1","source":"/in","type":"a.b","tympanlistener":"in","datacontenttype":"application/json","data":{"n":7,"s":"x"}}"#;

    fn render(http: &str, secrets: &[&str]) -> Result<Request<Bytes>, String> {
        let text = format!(
            "version: 1\nsecrets: {{k: {{file: k}}}}\ndestinations: {{app: {{http: {{url: 'http://app/in', {http}}}}}}}\nlisteners: {{in: {{verification: {{none: x}}, deliver: app}}}}"
        );
        let (loaded, sources) = crate::load("x", text.into_bytes());
        let told = crate::diagnostic::text(&loaded.diagnostics, &sources, false);
        assert!(!loaded.diagnostics.refuse(false), "{told}");
        let Kind::Http(http) = &loaded.config.destinations[0].kind else { panic!("{told}") };
        let secrets = secrets.iter().map(|it| Secret::new(it.as_bytes().to_vec(), "k").unwrap());
        let json = Bytes::from(EVENT);
        let event = Kept { id: "e 1", listener: "in", json: &json, now: 1_674_087_231.9 };
        Outgoing::compile(http).unwrap().render(event, &secrets.collect::<Vec<_>>())
    }

    fn header<'r>(request: &'r Request<Bytes>, name: &str) -> &'r str {
        request.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[test]
    fn the_event_as_it_is() {
        let request = render("", &[]).unwrap();
        assert_eq!(
            (request.method().as_str(), request.body().as_ref()),
            ("POST", EVENT.as_bytes())
        );
        assert_eq!(header(&request, "content-type"), "application/cloudevents+json");
    }

    #[test]
    fn attributes_as_headers() {
        let request = render("format: binary", &[]).unwrap();
        assert_eq!(request.body(), r#"{"n":7,"s":"x"}"#);
        assert_eq!(header(&request, "content-type"), "application/json");
        assert_eq!(header(&request, "ce-id"), "e%201");
        assert_eq!(header(&request, "ce-type"), "a.b");
        assert_eq!(header(&request, "ce-specversion"), "1.0");
    }

    #[test]
    fn computed_of_the_event() {
        let http = "method: PUT, headers: {X-N: event.data.n, X-None: event.data.none, X-L: listener.name}, body: {n: event.data.n, id: event.id}";
        let request = render(http, &[]).unwrap();
        assert_eq!(request.method(), "PUT");
        assert_eq!((header(&request, "x-n"), header(&request, "x-l")), ("7", "in"));
        assert!(!request.headers().contains_key("x-none"));
        assert_eq!(request.body(), r#"{"n":7,"id":"e 1"}"#);
        assert!(render("headers: {X-N: event.data}", &[]).unwrap_err().contains("x-n"));
    }

    /// Told by what is no event: nobody who reads it gets anything.
    #[test]
    fn what_is_the_same_for_all_reads_no_event() {
        let json = Bytes::from("{");
        let event = Kept { id: "e 1", listener: "in", json: &json, now: 0.0 };
        let vocabulary = roots::vocabulary(Place::Delivery, &[]);
        let text = |text: &str| {
            let compiled = Expression::compile(Dialect::Moveworks, text, &vocabulary).unwrap();
            super::text(&compiled.expression, event, "it")
        };
        assert_eq!(text("\"orders\""), Ok(Some("orders".to_owned())));
        assert_eq!(text("listener.name"), Ok(Some("in".to_owned())));
        assert!(text("event.id").is_err());
    }

    /// Computed with `openssl dgst -sha256 -hmac`.
    #[test]
    fn signed_by_each_secret() {
        let sign = "body: '\"b\"', sign: {standard_webhooks: k}";
        let request = render(sign, &["whsec_c2VjcmV0", "another"]).unwrap();
        assert_eq!(header(&request, "webhook-id"), "e%201");
        assert_eq!(header(&request, "webhook-timestamp"), "1674087231");
        assert_eq!(
            header(&request, "webhook-signature"),
            "v1,ycygq9jLhCXh4k2fQh/iusHvJ0igfn0VV+I0+8hDvj8= v1,F+nWCUhyK1e6+pKRQOiDqGoQ0NULjOKzgt3JbX7iLeA="
        );
    }
}
