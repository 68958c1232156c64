//! A command line of curl, as an action and the connector that it calls.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderName;
use http::Method;
use http::header;
use serde_json::Map;
use serde_json::Value as Json;
use serde_json::json;

use super::Imported;
use super::slug;
use super::write;
use crate::config::preset::quoted;
use crate::diagnostic;
use crate::request;
use crate::request::Saved;

/// What curl says of itself, and what we say anyway.
const OF_CURL: [HeaderName; 4] =
    [header::HOST, header::USER_AGENT, header::CONTENT_LENGTH, header::ACCEPT];

/// What names of headers and parameters hold that prove something.
const PROVING: [&str; 6] = ["key", "token", "secret", "signature", "password", "auth"];

/// An action of a command line of curl. A variable of a shell, and a name in two braces, is an input.
///
/// # Errors
///
/// Why it is none.
pub fn curl(text: &str) -> Result<Imported, String> {
    let no_files = |_: &str| Err("write the body out in its place".to_owned());
    let text = placeheld(text.trim());
    if !text.starts_with("curl ") && !text.starts_with("$ curl ") {
        return Err("it is no command line of curl".to_owned());
    }
    let saved = request::read(text.as_bytes(), &no_files).map_err(|fault| fault.to_string())?;
    let saved = saved.into_iter().next().ok_or("it holds no request")?;
    let origin = saved.origin.clone().ok_or("its URL names no host")?;
    let mut call = Call { connector: name_of(&origin), ..Call::default() };
    call.take(&saved);
    Ok(call.end(&saved, &origin))
}

/// What is known so far.
#[derive(Default)]
struct Call {
    connector: String,
    auth: Option<Json>,
    /// The secret that `auth` names.
    secret: Option<String>,
    inputs: BTreeSet<String>,
    action: Map<String, Json>,
    kept: Vec<String>,
    lost: Vec<String>,
}

impl Call {
    fn take(&mut self, saved: &Saved) {
        self.action.insert("connector".to_owned(), self.connector.clone().into());
        self.action.insert("method".to_owned(), saved.method.as_str().into());
        let path = self.path(saved.uri.path());
        self.action.insert("path".to_owned(), path.into());
        self.kept.push("method and path".to_owned());
        self.headers(saved);
        self.query(saved.uri.query().unwrap_or_default());
        self.body(saved);
        if self.auth.is_none() {
            self.lost.push("auth: nothing in it proves who calls".to_owned());
        }
    }

    /// Placeholders of a path, in three braces.
    fn path(&mut self, path: &str) -> String {
        let parts = parts(path).into_iter();
        let written = parts.map(|part| match part {
            Part::Text(text) => text.replace('{', "%7B").replace('}', "%7D"),
            Part::Input(name) => {
                self.inputs.insert(name.clone());
                format!("{{{{{{{name}}}}}}}")
            }
        });
        written.collect()
    }

    fn headers(&mut self, saved: &Saved) {
        let mut headers = Map::new();
        for (name, value) in &saved.headers {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            if name == header::AUTHORIZATION {
                self.authorization(&text);
            } else if name == header::COOKIE {
                self.lost.push("the header cookie: it is a session of a browser".to_owned());
            } else if proves(name.as_str()) && self.auth.is_none() {
                let key = self.secret("key");
                let header = name.as_str();
                self.auth =
                    Some(json!({"api_key": {"header": header, "pattern": "%s", "key": key}}));
            } else if !OF_CURL.contains(name) && !is_usual(name, &text, saved) {
                let value = self.value(&text);
                headers.insert(name.to_string(), value.into());
            }
        }
        if !headers.is_empty() {
            self.kept.push("headers".to_owned());
            self.action.insert("headers".to_owned(), headers.into());
        }
    }

    fn authorization(&mut self, text: &str) {
        let auth = match text.split_once(' ') {
            Some((scheme, _)) if scheme.eq_ignore_ascii_case("bearer") => {
                json!({"bearer": self.secret("token")})
            }
            Some((scheme, encoded)) if scheme.eq_ignore_ascii_case("basic") => {
                let decoded = STANDARD.decode(encoded.trim()).unwrap_or_default();
                let decoded = String::from_utf8_lossy(&decoded).into_owned();
                let user = decoded.split(':').next().unwrap_or_default();
                json!({"basic": {"username": user, "password": self.secret("password")}})
            }
            Some((scheme, _)) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                json!({"api_key": {"pattern": format!("{scheme} %s"), "key": self.secret("key")}})
            }
            _ => json!({"api_key": {"pattern": "%s", "key": self.secret("key")}}),
        };
        self.auth = Some(auth);
    }

    fn query(&mut self, query: &str) {
        let mut parameters = Map::new();
        for (name, text) in form_urlencoded::parse(query.as_bytes()) {
            if proves(&name) && self.auth.is_none() {
                let key = self.secret("key");
                self.auth = Some(json!({"api_key": {"query": name, "key": key}}));
                continue;
            }
            let value = self.value(&text);
            if parameters.insert(name.to_string(), value.into()).is_some() {
                self.lost.push(format!("the parameter {name}, which stands there twice"));
            }
        }
        if !parameters.is_empty() {
            self.kept.push("query".to_owned());
            self.action.insert("query".to_owned(), parameters.into());
        }
    }

    fn body(&mut self, saved: &Saved) {
        if saved.body.is_empty() {
            return;
        }
        let text = String::from_utf8_lossy(&saved.body).into_owned();
        let media = saved.headers.get(header::CONTENT_TYPE);
        let media = media.and_then(|it| it.to_str().ok()).unwrap_or_default();
        let json = serde_json::from_str::<Json>(&text).ok().filter(Json::is_object);
        let (key, value) = match json {
            Some(json) => ("body", self.values(&json)),
            None if media.starts_with("application/x-www-form-urlencoded") => {
                let pairs = form_urlencoded::parse(text.as_bytes());
                let pairs =
                    pairs.map(|(name, value)| (name.into_owned(), self.value(&value).into()));
                ("form", Json::Object(pairs.collect()))
            }
            None => ("text", self.value(&text).into()),
        };
        self.kept.push("body".to_owned());
        self.action.insert(key.to_owned(), value);
    }

    /// A body, each of its texts as an expression.
    fn values(&mut self, json: &Json) -> Json {
        match json {
            Json::String(text) => self.value(text).into(),
            Json::Array(items) => items.iter().map(|item| self.values(item)).collect(),
            Json::Object(map) => {
                map.iter().map(|(key, value)| (key.clone(), self.values(value))).collect()
            }
            other => other.clone(),
        }
    }

    /// An expression that yields a text with inputs in it.
    fn value(&mut self, text: &str) -> String {
        let parts = parts(text);
        let written = parts.iter().map(|part| match part {
            Part::Text(text) => quoted(text),
            Part::Input(name) => {
                self.inputs.insert(name.clone());
                format!("inputs.{name}")
            }
        });
        let written: Vec<_> = written.collect();
        match written.as_slice() {
            [] => quoted(""),
            [one] => one.clone(),
            several => format!("$CONCAT([{}])", several.join(", ")),
        }
    }

    /// The name of the secret that proves who calls.
    fn secret(&mut self, what: &str) -> String {
        let name = format!("{}_{what}", self.connector.replace('-', "_"));
        self.secret = Some(name.clone());
        name
    }

    fn end(mut self, saved: &Saved, origin: &str) -> Imported {
        if !self.inputs.is_empty() {
            let inputs = self.inputs.iter();
            let inputs = inputs.map(|name| (name.clone(), json!({"required": true})));
            self.action.insert("inputs".to_owned(), Json::Object(inputs.collect()));
        }
        let mut connector = Map::new();
        connector.insert("base_url".to_owned(), origin.into());
        connector.extend(self.auth.map(|auth| ("auth".to_owned(), auth)));
        let last =
            saved.uri.path().rsplit('/').find(|part| !part.is_empty() && !part.contains('{'));
        let what = slug(last.unwrap_or(&saved.method.as_str().to_lowercase()));
        let action = match saved.method {
            Method::GET => format!("{}.{what}", self.connector),
            _ => format!("{}.{}-{what}", self.connector, slug(saved.method.as_str())),
        };
        let secrets: Vec<_> = self.secret.into_iter().collect();
        for name in &secrets {
            self.lost.push(format!(
                "the value of secret {name} is not written here: put it into secrets/{name}"
            ));
        }
        let yaml = write::call(&secrets, (&self.connector, &connector), (&action, &self.action));
        let (loaded, sources) = crate::load("imported", yaml.clone().into_bytes());
        let diagnostics = loaded.diagnostics;
        let mistakes =
            diagnostics.refuse(false).then(|| diagnostic::text(&diagnostics, &sources, false));
        Imported { yaml, kept: self.kept, lost: self.lost, mistakes }
    }
}

/// A part of a text.
enum Part {
    Text(String),
    Input(String),
}

/// A text, in whose `{{NAME}}` inputs stand.
fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, name, after)) = rest
        .split_once("{{")
        .and_then(|(before, rest)| Some((before, rest.split_once("}}")?)))
        .map(|(before, (name, after))| (before, name, after))
    {
        let name = slug(name.trim()).replace('-', "_");
        parts.extend((!before.is_empty()).then(|| Part::Text(before.to_owned())));
        parts.push(Part::Input(name));
        rest = after;
    }
    parts.extend((!rest.is_empty()).then(|| Part::Text(rest.to_owned())));
    parts
}

/// A command line whose variables are names in two braces: nobody runs it, so that none has a value.
fn placeheld(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let (mut is_single, mut is_double) = (false, false);
    while let Some(char) = chars.next() {
        match char {
            '\'' if !is_double => is_single = !is_single,
            '"' if !is_single => is_double = !is_double,
            '\\' if !is_single => {
                written.push(char);
                written.extend(chars.next());
                continue;
            }
            '$' if !is_single => {
                let is_braced = chars.next_if_eq(&'{').is_some();
                let mut name = String::new();
                while let Some(char) = chars.next_if(|it| it.is_ascii_alphanumeric() || *it == '_')
                {
                    name.push(char);
                }
                let is_closed = is_braced && chars.next_if_eq(&'}').is_some();
                if name.is_empty() || is_braced != is_closed {
                    written.push('$');
                    written.extend(is_braced.then_some('{'));
                    written += &name;
                } else {
                    written.extend(["{{", &name, "}}"]);
                }
                continue;
            }
            _ => {}
        }
        written.push(char);
    }
    written
}

/// What a system is called: the part of its name that tells it from others.
fn name_of(origin: &str) -> String {
    let host = origin.split("://").nth(1).unwrap_or_default().split(':').next().unwrap_or_default();
    let labels: Vec<_> = host.split('.').collect();
    let is_address = labels.iter().all(|label| label.bytes().all(|byte| byte.is_ascii_digit()));
    match labels.len() {
        2.. if !is_address => slug(labels[labels.len() - 2]),
        _ => slug(host),
    }
}

fn proves(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    PROVING.iter().any(|word| name.contains(word))
}

/// Whether a header is what an action sends with such a body anyway.
fn is_usual(name: &HeaderName, value: &str, saved: &Saved) -> bool {
    let is_json = serde_json::from_slice::<Json>(&saved.body).is_ok_and(|it| it.is_object());
    let is_form = value.starts_with("application/x-www-form-urlencoded");
    name == header::CONTENT_TYPE && (is_form || (is_json && value.starts_with("application/json")))
}

#[cfg(test)]
mod tests {
    use super::name_of;
    use super::placeheld;

    #[test]
    fn variables() {
        let text = r#"curl "$URL/${id}?a=$" '$kept' \$kept $(date)"#;
        let expected = r#"curl "{{URL}}/{{id}}?a=$" '$kept' \$kept $(date)"#;
        assert_eq!(placeheld(text), expected);
    }

    #[test]
    fn names_of_systems() {
        for (origin, name) in [
            ("https://app.example.com", "example"),
            ("http://localhost:3000", "localhost"),
            ("http://127.0.0.1:80", "127-0-0-1"),
        ] {
            assert_eq!(name_of(origin), name);
        }
    }
}
