//! Where a request may hold a signature, and what stands around it.

use http::header;
use serde_json::Value as Json;

use crate::config::Accept;
use crate::explain::Reading;
use crate::explain::readings;
use crate::request::Saved;

/// Something of a request that may hold a signature.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The expression that reads it.
    pub(super) read: String,
    /// Its value.
    pub(super) value: String,
    /// The fields beside it, if it lies in the body: expressions and values.
    pub(super) beside: Vec<(String, String)>,
    /// The parameter of the query that it is, if it is one.
    pub(super) parameter: Option<String>,
    /// What `format:` holds, once it is known which part is the signature.
    pub(super) format: Option<String>,
}

/// How many texts of a body are looked at.
const MOST_TEXTS: usize = 200;

/// How deep in a body a signature may lie.
const DEPTH: usize = 6;

/// Parts of names that tell of a signature.
const TELLING: [&str; 5] = ["sign", "hmac", "hash", "digest", "mac"];

impl Place {
    /// Everything in it that may be a signature.
    pub(super) fn readings(&self) -> Vec<Reading<'_>> {
        readings(&self.value)
    }

    /// The same, with what stands around the signature.
    pub(super) fn of(&self, signature: &str) -> Self {
        Self { format: format(&self.value, signature), ..self.clone() }
    }

    fn new(read: String, value: &str) -> Self {
        let (beside, parameter, format) = (Vec::new(), None, None);
        Self { read, value: value.to_owned(), beside, parameter, format }
    }
}

/// The parser of a request's body.
pub(super) fn accept(request: &Saved) -> Accept {
    let media_type = request.headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
    if media_type.is_some_and(|it| it.starts_with("application/x-www-form-urlencoded")) {
        Accept::Form
    } else if request.body.is_empty() || serde_json::from_slice::<Json>(&request.body).is_ok() {
        Accept::Json
    } else if media_type.is_none() && is_form(&request.body) {
        Accept::Form
    } else {
        Accept::Any
    }
}

/// Whether a body of no known type looks like a form.
fn is_form(body: &[u8]) -> bool {
    body.split(|byte| *byte == b'&').all(|pair| pair.contains(&b'='))
}

/// Every place that holds something of a signature's form, the likeliest first.
pub(super) fn places(request: &Saved, has_form: impl Fn(&Place) -> bool) -> Vec<Place> {
    let mut found = texts(request);
    found.retain(has_form);
    let is_telling = |place: &Place| {
        let read = place.read.to_lowercase();
        TELLING.iter().any(|part| read.contains(part))
    };
    found.sort_by_key(|place| !is_telling(place));
    found
}

/// Every place that holds a text.
pub(super) fn texts(request: &Saved) -> Vec<Place> {
    let mut found = Vec::new();
    for (name, value) in &request.headers {
        if let Ok(value) = value.to_str() {
            found.push(Place::new(format!("headers[{:?}]", name.as_str()), value));
        }
    }
    let query = request.uri.query().unwrap_or_default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let mut place = Place::new(below("query_params", &name), &value);
        place.parameter = Some(name.into_owned());
        found.push(place);
    }
    let mut texts = Vec::new();
    if accept(request) == Accept::Form {
        let form: Vec<_> = form_urlencoded::parse(&request.body).collect();
        let fields = form
            .iter()
            .map(|(name, value)| (below("parsed_body", name), value.clone().into_owned()));
        texts.push(fields.collect::<Vec<_>>());
        for (name, value) in &form {
            if let Ok(json @ Json::Object(_)) = serde_json::from_str(value) {
                let read = format!("{}.$PARSE_JSON()", below("parsed_body", name));
                maps(&json, &read, DEPTH, &mut texts);
            }
        }
    } else if let Ok(json) = serde_json::from_slice(&request.body) {
        maps(&json, "parsed_body", DEPTH, &mut texts);
    }
    for map in texts {
        for (read, value) in &map {
            let beside = map.iter().filter(|(other, _)| other != read).cloned().collect();
            found.push(Place { beside, ..Place::new(read.clone(), value) });
        }
    }
    found
}

/// The texts and numbers of every map within a value, each map by itself.
fn maps(value: &Json, read: &str, depth: usize, found: &mut Vec<Vec<(String, String)>>) {
    let n_found: usize = found.iter().map(Vec::len).sum();
    let Json::Object(map) = value else { return };
    if depth == 0 || n_found >= MOST_TEXTS {
        return;
    }
    let texts = map.iter().filter_map(|(key, value)| {
        let text = match value {
            Json::String(text) => text.clone(),
            Json::Number(number) => number.to_string(),
            _ => return None,
        };
        Some((below(read, key), text))
    });
    found.push(texts.take(MOST_TEXTS).collect());
    for (key, value) in map {
        maps(value, &below(read, key), depth - 1, found);
    }
}

/// The expression for what stands under a key.
fn below(read: &str, key: &str) -> String {
    let is_name = key.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_name { format!("{read}.{key}") } else { format!("{read}[{key:?}]") }
}

/// What `format:` holds for a value of which this part is the signature.
fn format(value: &str, signature: &str) -> Option<String> {
    let at = value.find(signature)?;
    let (before, after) = (&value[..at], &value[at + signature.len()..]);
    if before.is_empty() && after.is_empty() {
        return None;
    }
    let is_time = |text: &str| text.len() >= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
    for between in [';', ','] {
        let pairs: Vec<_> = value.split(between).map(|pair| pair.trim().split_once('=')).collect();
        let Some(pairs) = pairs.into_iter().collect::<Option<Vec<_>>>() else { continue };
        let time = pairs.iter().find(|(_, value)| is_time(value)).map(|(key, _)| *key);
        let Some((key, _)) = pairs.iter().find(|(_, value)| *value == signature) else { continue };
        if pairs.len() > 1 {
            let time = time.map(|time| format!("timestamp: {time}, ")).unwrap_or_default();
            let between = if between == ',' { "" } else { ", between: \";\"" };
            return Some(format!("{{pairs: {{{time}signature: {key}{between}}}}}"));
        }
    }
    let item = before.rsplit(' ').next().unwrap_or_default();
    if let Some(version) = item.strip_suffix(',').filter(|it| it.starts_with('v') && it.len() < 8) {
        return Some(format!("{{versions: {version}}}"));
    }
    if before.strip_suffix(',').is_some_and(is_time) {
        let repeated = if after.is_empty() { "" } else { ", repeated: true" };
        return Some(format!("{{positional: {{timestamp: 1, signature: 2{repeated}}}}}"));
    }
    if after.is_empty() {
        return Some(format!("{{prefix: {before:?}}}"));
    }
    let between = if value.contains(',') { "," } else { " " };
    Some(format!("{{list: {between:?}}}"))
}

#[cfg(test)]
mod tests {
    use super::format;

    #[test]
    fn formats() {
        for (value, expected) in [
            ("SIG", None),
            ("sha256=SIG", Some("{prefix: \"sha256=\"}")),
            ("t=1700000000,v1=SIG,v0=x", Some("{pairs: {timestamp: t, signature: v1}}")),
            (
                "ts=1700000000;h1=SIG",
                Some("{pairs: {timestamp: ts, signature: h1, between: \";\"}}"),
            ),
            ("v1,other v1,SIG", Some("{versions: v1}")),
            ("1700000000000,SIG", Some("{positional: {timestamp: 1, signature: 2}}")),
            (
                "1700000000000,SIG,x",
                Some("{positional: {timestamp: 1, signature: 2, repeated: true}}"),
            ),
            ("SIG,other", Some("{list: \",\"}")),
        ] {
            assert_eq!(format(value, "SIG").as_deref(), expected, "{value}");
        }
    }
}
