//! A command line of curl, as an action and the connector that it calls.

mod placeholder;
mod proof;

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderName;
use http::Method;
use http::header;
use serde_json::Map;
use serde_json::Value as Json;
use serde_json::json;

use self::placeholder::Part;
use self::placeholder::parts;
use self::placeholder::placeheld;
use self::placeholder::variable;
use self::proof::proves;
use self::proof::scheme;
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
    let inputs = parts(&text).into_iter().filter_map(|part| match part {
        Part::Input(name) => Some(name),
        Part::Text(_) => None,
    });
    let taken = inputs.collect();
    let mut call = Call { connector: name_of(&origin), taken, ..Call::default() };
    call.take(&saved);
    Ok(call.end(&saved, &origin))
}

/// What is known so far.
#[derive(Default)]
struct Call {
    connector: String,
    auth: Option<Json>,
    /// Everything that proves who calls.
    secrets: Vec<Proof>,
    /// The names that inputs have, or may come to have.
    taken: BTreeSet<String>,
    inputs: BTreeSet<String>,
    action: Map<String, Json>,
    kept: Vec<String>,
    lost: Vec<String>,
}

/// What `api_key` says of a key that is sent under a name, as a part of a pattern.
type Sent<'s> = &'s dyn Fn(&str, String, String) -> Json;

/// A secret, and the input that brings it into what is sent.
struct Proof {
    secret: String,
    value: String,
    input: Option<String>,
}

impl Call {
    fn take(&mut self, saved: &Saved) {
        self.action.insert("connector".to_owned(), self.connector.clone().into());
        self.action.insert("method".to_owned(), saved.method.as_str().into());
        let path = self.path(saved.uri.path());
        self.action.insert("path".to_owned(), path.into());
        self.kept.push("method".to_owned());
        self.kept
            .push("path, which stands there as it is, with whatever is secret in it".to_owned());
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
        let mut pairs = Vec::new();
        // What is meant to prove who calls does so, whatever else looks like it.
        if let Some(value) = saved.headers.get(header::AUTHORIZATION) {
            self.authorization(&String::from_utf8_lossy(value.as_bytes()));
        }
        for (name, value) in &saved.headers {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            if name == header::COOKIE {
                self.lost.push("the header cookie: it is a session of a browser".to_owned());
            } else if name != header::AUTHORIZATION
                && !OF_CURL.contains(name)
                && !is_usual(name, &text, saved)
            {
                pairs.push((name.to_string(), text));
            }
        }
        let several = saved.headers.get_all(header::AUTHORIZATION).iter().nth(1).is_some();
        if several {
            self.lost.push(twice("header", header::AUTHORIZATION.as_str()));
        }
        let auth =
            |header: &str, pattern, key| json!({"header": header, "pattern": pattern, "key": key});
        self.pairs("headers", "header", &pairs, Some(&auth));
    }

    fn authorization(&mut self, text: &str) {
        let is_scheme = |scheme: &str| {
            scheme.len() <= 20 && scheme.bytes().all(|it| it.is_ascii_alphabetic() || it == b'-')
        };
        let auth = match text.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                json!({"bearer": self.secret("token", token)})
            }
            Some((scheme, encoded)) if scheme.eq_ignore_ascii_case("basic") => self.basic(encoded),
            Some((scheme, key)) if is_scheme(scheme) => {
                let key = self.secret("key", key);
                json!({"api_key": {"pattern": format!("{scheme} %s"), "key": key}})
            }
            _ => json!({"api_key": {"pattern": "%s", "key": self.secret("key", text)}}),
        };
        self.auth = Some(auth);
    }

    /// A user and a password; a user whose password is nothing, or nearly so, is the secret itself.
    fn basic(&mut self, encoded: &str) -> Json {
        let decoded = STANDARD.decode(encoded.trim()).unwrap_or_default();
        let decoded = String::from_utf8_lossy(&decoded).into_owned();
        match decoded.split_once(':') {
            Some((user, password)) if password.chars().count() > 1 => {
                let password = self.secret("password", password);
                json!({"basic": {"username": user, "password": password}})
            }
            _ => {
                let key = self.secret("key", encoded);
                self.lost.push(format!(
                    "who calls is the secret {key}: its value is USER:PASSWORD, in Base64"
                ));
                json!({"api_key": {"pattern": "Basic %s", "key": key}})
            }
        }
    }

    fn query(&mut self, query: &str) {
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let auth = |name: &str, _, key| json!({"query": name, "key": key});
        self.pairs("query", "parameter", &pairs, Some(&auth));
    }

    /// Names and values under a key of the action. What proves who calls is a secret: the first of the
    /// connector, others of the action.
    fn pairs(&mut self, key: &str, what: &str, pairs: &[(String, String)], auth: Option<Sent<'_>>) {
        let mut written = Map::new();
        let mut is_whole = true;
        for (index, (name, text)) in pairs.iter().enumerate() {
            // A map has one value under each name.
            if pairs[..index].iter().any(|(before, _)| before == name) {
                is_whole = false;
                continue;
            }
            if pairs[index + 1..].iter().any(|(after, _)| after == name) {
                self.lost.push(twice(what, name));
            }
            let scheme = scheme(text).filter(|_| what == "header");
            let proves = scheme.is_some() || proves_by(name, text);
            let (before, proof) = scheme
                .map_or((String::new(), text.as_str()), |(scheme, proof)| {
                    (format!("{scheme} "), proof)
                });
            if let Some(auth) = auth.filter(|_| self.auth.is_none() && proves) {
                let key = self.secret("key", proof);
                self.auth = Some(json!({"api_key": auth(name, format!("{before}%s"), key)}));
                continue;
            }
            let value = match scheme {
                Some(_) => format!("$CONCAT([{}, {}])", quoted(&before), self.proven(name, proof)),
                None => self.named(name, text),
            };
            written.insert(name.clone(), value.into());
        }
        if !written.is_empty() {
            self.kept.extend(is_whole.then(|| key.to_owned()));
            self.action.insert(key.to_owned(), written.into());
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
        if let Some(json) = json {
            let value = self.values("", &json);
            self.action.insert("body".to_owned(), value);
            self.kept.push("body".to_owned());
        } else if media.starts_with("application/x-www-form-urlencoded") {
            let pairs: Vec<_> = form_urlencoded::parse(text.as_bytes()).into_owned().collect();
            self.pairs("form", "field", &pairs, None);
        } else {
            let value = self.value(&text);
            self.action.insert("text".to_owned(), value.into());
            self.lost
                .push("the body stands there as it is, with whatever is secret in it".to_owned());
        }
    }

    /// A body, each of its texts as an expression.
    fn values(&mut self, name: &str, json: &Json) -> Json {
        match json {
            Json::String(text) => self.named(name, text).into(),
            Json::Number(number) if proves(name) => {
                self.lost.push(format!("{name}, which is no text there: it is sent as one"));
                self.named(name, &number.to_string()).into()
            }
            Json::Array(items) => items.iter().map(|item| self.values(name, item)).collect(),
            Json::Object(map) => map
                .iter()
                .map(|(key, value)| (as_it_stands(key), self.values(key, value)))
                .collect(),
            other => other.clone(),
        }
    }

    /// An expression that yields what goes by a name: a secret, if it proves who calls.
    fn named(&mut self, name: &str, text: &str) -> String {
        if proves_by(name, text) { self.proven(name, text) } else { self.value(text) }
    }

    /// An expression that yields a secret, under the name that it goes by.
    fn proven(&mut self, name: &str, text: &str) -> String {
        let proof = self.proof(&variable(name), text);
        let known = self.secrets[proof].input.clone();
        let input =
            known.unwrap_or_else(|| free(&variable(name), |name| self.taken.contains(name)));
        self.taken.insert(input.clone());
        self.secrets[proof].input = Some(input.clone());
        format!("inputs.{input}")
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

    /// The name of a secret with this value.
    fn secret(&mut self, what: &str, value: &str) -> String {
        let proof = self.proof(what, value);
        self.secrets[proof].secret.clone()
    }

    /// The place of a proof with this value: of one that is known already, or another.
    fn proof(&mut self, what: &str, value: &str) -> usize {
        if let Some(known) = self.secrets.iter().position(|it| it.value == value) {
            return known;
        }
        let name = format!("{}_{what}", self.connector.replace('-', "_"));
        let secret = free(&name, |name| self.secrets.iter().any(|it| it.secret == name));
        self.secrets.push(Proof { secret, value: value.to_owned(), input: None });
        self.secrets.len() - 1
    }

    fn end(mut self, saved: &Saved, origin: &str) -> Imported {
        let mut inputs = Map::new();
        inputs.extend(self.inputs.iter().map(|name| (name.clone(), json!({"required": true}))));
        let proofs = self.secrets.iter().filter_map(|it| Some((it.input.clone()?, &it.secret)));
        inputs.extend(proofs.map(|(input, secret)| (input, json!({"secret": secret}))));
        if !inputs.is_empty() {
            self.action.insert("inputs".to_owned(), inputs.into());
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
        let secrets: Vec<_> = self.secrets.into_iter().map(|it| it.secret).collect();
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

/// Whether what goes by a name proves who calls; nothing at all does not.
fn proves_by(name: &str, text: &str) -> bool {
    !text.is_empty() && proves(name)
}

/// What is told of something that has one place here, and is sent more than once.
fn twice(what: &str, name: &str) -> String {
    format!("the {what} {name}, which stands there more than once: the first is written")
}

/// A name that is not taken yet.
fn free(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let mut numbered = (2..).map(|n: usize| format!("{name}_{n}"));
    let first = Some(name.to_owned()).filter(|name| !is_taken(name));
    first.or_else(|| numbered.find(|name| !is_taken(name))).unwrap_or_default()
}

/// A key of a structured value that is no path, and no form.
fn as_it_stands(key: &str) -> String {
    let is_plain = key.starts_with(|first: char| first.is_ascii_alphabetic())
        && key.chars().all(|char| char.is_ascii_alphanumeric() || "_-".contains(char))
        && key.chars().any(|char| char.is_ascii_lowercase())
        && key != "jmespath";
    if is_plain { key.to_owned() } else { quoted(key) }
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

/// Whether a header is what an action sends with such a body anyway.
fn is_usual(name: &HeaderName, value: &str, saved: &Saved) -> bool {
    let is_json = serde_json::from_slice::<Json>(&saved.body).is_ok_and(|it| it.is_object());
    let is_form = value.starts_with("application/x-www-form-urlencoded");
    name == header::CONTENT_TYPE && (is_form || (is_json && value.starts_with("application/json")))
}

#[cfg(test)]
mod tests {
    use super::name_of;

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
