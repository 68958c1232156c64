//! What an action sends, and what is wanted of its answer, once its inputs are known.

use std::fmt;

use bytes::Bytes;
use form_urlencoded::Serializer;
use form_urlencoded::byte_serialize;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::header;
use serde_json::Map;
use serde_json::Value as Json;
use tympan_expr::Expression;
use tympan_expr::Paths;
use tympan_expr::RootId;
use tympan_expr::Source;
use tympan_expr::Value;
use tympan_expr::read_json;

use crate::config::Action;
use crate::config::Body;
use crate::config::InputKind;
use crate::config::PathPart;
use crate::config::SecretId;
use crate::encode::in_path;
use crate::encode::in_url;
use crate::roots;

/// A call that can be sent, but for what proves who sends it.
///
/// In the place of secrets it holds marks.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The method.
    pub method: Method,
    /// The path behind that of the connector, and the query.
    pub target: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// How texts are written in the body.
    written: Written,
    /// The secrets of which it may hold marks.
    secrets: Vec<SecretId>,
}

/// How texts are written in a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    Json,
    Form,
    Plainly,
}

/// Why there is no call, or nothing that was wanted of its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An input has to be told.
    Missing(String),
    /// An input is told that there is none of.
    Unknown {
        /// What it is called.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// An input is not of its type.
    Input {
        /// What it is called.
        name: String,
        /// What it has to be.
        expected: &'static str,
    },
    /// A part cannot be sent as it is.
    Part(String),
    /// The answer is no JSON, and something of it is wanted.
    NotJson,
}

/// What is told to an action as texts, by name.
pub type Told<'t> = &'t [(String, String)];

/// What expressions of an action see.
struct Given<'a> {
    inputs: Value<'a>,
    listener: Value<'a>,
    answer: Option<(&'a HeaderMap, &'a [u8])>,
    /// The secrets of which inputs hold marks.
    secrets: Vec<SecretId>,
}

impl<'a> Source<'a> for Given<'a> {
    fn root(&self, root: RootId) -> Value<'a> {
        let Some((headers, body)) = self.answer.filter(|_| root != roots::INPUTS) else {
            return match root {
                roots::INPUTS => self.inputs.clone(),
                roots::LISTENER => self.listener.clone(),
                _ => Value::Null,
            };
        };
        match root {
            roots::PARSED_BODY => read_json(body, &Paths::Whole).unwrap_or(Value::Null),
            roots::RAW_BODY => Value::Bytes(body.into()),
            roots::HEADERS => {
                let mut record = tympan_expr::Record::default();
                for (name, value) in headers {
                    if let Ok(value) = value.to_str() {
                        record.insert(name.as_str().into(), Value::Text(value.into()));
                    }
                }
                Value::Map(record.into())
            }
            roots::LISTENER => self.listener.clone(),
            _ => Value::Null,
        }
    }

    fn entry(&self, root: RootId, key: &str) -> Value<'a> {
        let key = if root == roots::HEADERS { key.to_lowercase() } else { key.to_owned() };
        let found = self.root(root);
        found.as_map().and_then(|map| map.get(&key).cloned()).unwrap_or(Value::Null)
    }

    fn now(&self) -> f64 {
        0.0
    }
}

impl Rendered {
    /// The call with the values of its secrets.
    ///
    /// # Errors
    ///
    /// Those of `value`, or what `unsendable` makes of a value that no header can hold.
    pub fn with_secrets<E>(
        &self,
        value: impl Fn(SecretId) -> Result<String, E>,
        unsendable: impl Fn(SecretId) -> E,
    ) -> Result<Self, E> {
        let mut whole = self.clone();
        for &secret in &self.secrets {
            let value = value(secret)?;
            whole.fill(&mark_in_url(secret), &in_url(&value), secret, &unsendable)?;
            whole.fill(&mark(secret), &value, secret, &unsendable)?;
        }
        Ok(whole)
    }

    /// Puts a value into the places of a mark.
    fn fill<E>(
        &mut self,
        mark: &str,
        value: &str,
        secret: SecretId,
        unsendable: impl Fn(SecretId) -> E,
    ) -> Result<(), E> {
        let form = byte_serialize(value.as_bytes()).collect::<String>();
        let (path, query) = match self.target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (self.target.as_str(), None),
        };
        let mut target = path.replace(mark, &in_path(value));
        if let Some(query) = query {
            target = format!("{target}?{}", query.replace(mark, &form));
        }
        self.target = target;
        for header in self.headers.values_mut() {
            if let Some(text) = header.to_str().ok().filter(|text| text.contains(mark)) {
                let filled = HeaderValue::from_str(&text.replace(mark, value));
                *header = filled.map_err(|_| unsendable(secret))?;
                header.set_sensitive(true);
            }
        }
        let written = match self.written {
            Written::Json => {
                let text = Json::from(value).to_string();
                text[1..text.len() - 1].to_owned()
            }
            Written::Form => form,
            Written::Plainly => value.to_owned(),
        };
        let body = str::from_utf8(&self.body).unwrap_or_default();
        if body.contains(mark) {
            self.body = body.replace(mark, &written).into();
        }
        Ok(())
    }

    /// A text of the call with something else in the place of its secrets.
    #[must_use]
    pub fn without_marks(&self, text: &str, instead: impl Fn(SecretId) -> String) -> String {
        let mut text = text.to_owned();
        for &secret in &self.secrets {
            for mark in [mark(secret), mark_in_url(secret)] {
                text = text.replace(&mark, &instead(secret));
            }
        }
        text
    }
}

impl Action {
    /// The inputs as they are meant, or what is wrong with what was told.
    ///
    /// # Errors
    ///
    /// The first that is missing, unknown, or of another type.
    pub fn inputs(&self, told: Told<'_>) -> Result<Json, Fault> {
        let tellable = || self.inputs.iter().filter(|input| input.secret.is_none());
        if let Some((name, _)) =
            told.iter().find(|(name, _)| tellable().all(|input| input.name != *name))
        {
            let known = tellable().map(|input| input.name.clone()).collect();
            return Err(Fault::Unknown { name: name.clone(), known });
        }
        let mut inputs = Map::new();
        for input in &self.inputs {
            if let Some(secret) = input.secret {
                inputs.insert(input.name.clone(), mark(secret).into());
                continue;
            }
            let given = told.iter().rev().find(|(name, _)| *name == input.name);
            let text = given.map(|(_, value)| value).or(input.default.as_ref());
            let Some(text) = text else {
                if input.required {
                    return Err(Fault::Missing(input.name.clone()));
                }
                inputs.insert(input.name.clone(), Json::Null);
                continue;
            };
            let read: Option<Json> = match input.kind {
                InputKind::Text => Some(text.as_str().into()),
                _ => serde_json::from_str(text).ok(),
            };
            let (is_it, expected): (fn(&Json) -> bool, _) = match input.kind {
                InputKind::Text => (Json::is_string, "a text"),
                InputKind::Number => (Json::is_number, "a number"),
                InputKind::Boolean => (Json::is_boolean, "`true` or `false`"),
                InputKind::Json => (|_| true, "JSON"),
            };
            let value = read.filter(is_it);
            let name = input.name.clone();
            inputs.insert(name.clone(), value.ok_or(Fault::Input { name, expected })?);
        }
        Ok(Json::Object(inputs))
    }

    /// The call with these inputs, for a listener of which this much is known.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub fn render(&self, inputs: &Json, listener: &Json) -> Result<Rendered, Fault> {
        let (inputs, listener) = (inputs.to_string(), listener.to_string());
        let given = Given {
            inputs: read_json(inputs.as_bytes(), &Paths::Whole).unwrap_or(Value::Null),
            listener: read_json(listener.as_bytes(), &Paths::Whole).unwrap_or(Value::Null),
            answer: None,
            secrets: self.secrets().collect(),
        };
        let mut target = self.path(&given)?;
        let query = pairs(&self.query, &given)?;
        if !query.is_empty() {
            target = format!("{target}?{}", form(&query));
        }
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            if let Some(text) = text(value, &given, name.as_str())? {
                let value = HeaderValue::from_str(&text);
                let value = value.map_err(|_| Fault::Part(format!("the header {name}")))?;
                headers.insert(name.clone(), value);
            }
        }
        let (body, content_type) = match &self.body {
            Body::None => (Bytes::new(), None),
            Body::Json(value) => {
                let value = value.eval(&given);
                let value = value.map_err(|_| Fault::Part("the body".to_owned()))?;
                let value = placed(value.to_json(), &given.secrets);
                (value.to_string().into(), Some("application/json"))
            }
            Body::Form(parts) => {
                (form(&pairs(parts, &given)?).into(), Some("application/x-www-form-urlencoded"))
            }
            Body::Text(value) => {
                let text = text(value, &given, "body")?.unwrap_or_default();
                (text.into(), Some("text/plain; charset=utf-8"))
            }
        };
        if let Some(content_type) = content_type {
            let value = HeaderValue::from_static(content_type);
            headers.entry(header::CONTENT_TYPE).or_insert(value);
        }
        let accept = HeaderValue::from_static("application/json");
        headers.entry(header::ACCEPT).or_insert(accept);
        let written = match self.body {
            Body::Json(_) => Written::Json,
            Body::Form(_) => Written::Form,
            Body::None | Body::Text(_) => Written::Plainly,
        };
        let secrets = given.secrets;
        Ok(Rendered { method: self.method.clone(), target, headers, body, written, secrets })
    }

    /// What is wanted of an answer, as JSON; all of it, where nothing else is said.
    ///
    /// # Errors
    ///
    /// That it cannot be had.
    pub fn result(
        &self,
        inputs: &Json,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Option<Json>, Fault> {
        let Some(result) = &self.result else { return Ok(None) };
        evaluate(result, inputs, headers, body).map(Some)
    }

    fn path(&self, given: &Given<'_>) -> Result<String, Fault> {
        let mut path = String::new();
        for part in &self.path {
            match part {
                PathPart::Text(text) => path.push_str(text),
                PathPart::Input(name) => {
                    let value = given.entry(roots::INPUTS, name);
                    let text = value.to_text().map(|text| text.to_string()).unwrap_or_default();
                    // Neither may lead to another place than was meant.
                    if matches!(text.as_str(), "" | "." | "..") {
                        return Err(Fault::Part(format!("{name} within the path")));
                    }
                    path.push_str(&in_url(&text));
                }
            }
        }
        Ok(path)
    }
}

/// The value of an expression over an answer, as JSON.
///
/// # Errors
///
/// That it runs out of its bounds, or reads JSON where there is none.
pub fn evaluate(
    expression: &Expression,
    inputs: &Json,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Json, Fault> {
    let reads_body = expression.needs().paths(roots::PARSED_BODY).is_some();
    if reads_body && read_json(body, &Paths::Whole).is_err() {
        return Err(Fault::NotJson);
    }
    let inputs = inputs.to_string();
    let given = Given {
        inputs: read_json(inputs.as_bytes(), &Paths::Whole).unwrap_or(Value::Null),
        listener: Value::Null,
        answer: Some((headers, body)),
        secrets: Vec::new(),
    };
    let value = expression.eval(&given).map_err(|_| Fault::Part("the result".to_owned()))?;
    Ok(value.to_json())
}

/// What stands for a secret until the call is sent, as a secret is no value of the language. It reads
/// the same in JSON, in forms and in paths.
fn mark(secret: SecretId) -> String {
    format!("the-secret-{:06}-is-put-here", secret.0)
}

/// What stands for one within a URL that is sent as a text: what is put there is part of that URL first.
fn mark_in_url(secret: SecretId) -> String {
    format!("the-secret-{:06}-is-put-into-a-url", secret.0)
}

/// A value whose marks say whether they stand within a URL.
fn placed(json: Json, secrets: &[SecretId]) -> Json {
    match json {
        Json::String(text) => placed_in(text, secrets).into(),
        Json::Array(items) => items.into_iter().map(|item| placed(item, secrets)).collect(),
        Json::Object(map) => {
            map.into_iter().map(|(key, value)| (key, placed(value, secrets))).collect()
        }
        other => other,
    }
}

fn placed_in(mut text: String, secrets: &[SecretId]) -> String {
    if text.starts_with("https://") || text.starts_with("http://") {
        for &secret in secrets {
            text = text.replace(&mark(secret), &mark_in_url(secret));
        }
    }
    text
}

fn pairs(
    parts: &[(String, Expression)],
    given: &Given<'_>,
) -> Result<Vec<(String, String)>, Fault> {
    let mut pairs = Vec::with_capacity(parts.len());
    for (name, value) in parts {
        if let Some(text) = text(value, given, name)? {
            pairs.push((name.clone(), text));
        }
    }
    Ok(pairs)
}

fn form(pairs: &[(String, String)]) -> String {
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// The value as a text; `None` if it is null.
fn text(value: &Expression, given: &Given<'_>, what: &str) -> Result<Option<String>, Fault> {
    let value = value.eval(given).map_err(|_| Fault::Part(what.to_owned()))?;
    if matches!(value, Value::Null) {
        return Ok(None);
    }
    let text = value.to_text().map(|text| text.to_string());
    let text = text.ok_or_else(|| Fault::Part(what.to_owned()))?;
    Ok(Some(placed_in(text, &given.secrets)))
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(name) => write!(f, "it has to be told {name}: --set {name}=VALUE"),
            Self::Unknown { name, known } if known.is_empty() => {
                write!(f, "it has no inputs, and so no {name}")
            }
            Self::Unknown { name, known } => {
                write!(f, "it has no input {name}, but {}", known.join(", "))
            }
            Self::Input { name, expected } => write!(f, "{name} has to be {expected}"),
            Self::Part(what) => write!(f, "{what} is nothing that can be sent"),
            Self::NotJson => f.write_str("the answer is no JSON"),
        }
    }
}
