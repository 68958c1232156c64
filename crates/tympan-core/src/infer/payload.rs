//! What may have been signed, each as the expression that composes it.

use tympan_expr::Dialect;
use tympan_expr::Expression;
use tympan_expr::Paths;
use tympan_expr::Text;
use tympan_expr::Value;

use super::place::Place;
use crate::config::Accept;
use crate::pipeline::Head;
use crate::pipeline::Scope;
use crate::pipeline::parse;
use crate::request::Saved;
use crate::roots;

/// A payload, and how a listener composes it.
#[derive(Clone, Debug)]
pub(super) struct Payload {
    pub(super) bytes: Vec<u8>,
    /// The expression.
    pub(super) read: String,
    /// Which of the timestamps it reads as `signature_timestamp`.
    pub(super) timestamp: Option<usize>,
    /// The origin that is called, if it reads the URL and another is meant than the Host says.
    pub(super) origin: Option<String>,
}

/// A timestamp that may be signed.
#[derive(Clone, Debug)]
pub(super) struct Timestamp {
    pub(super) text: String,
    /// The expression that reads it; `None` if the signature's format holds it.
    pub(super) read: Option<String>,
}

/// How many timestamps, and how many ids, are tried.
const MOST: usize = 4;

/// The largest field of a body that is tried as a part of a payload, in bytes.
const MOST_FIELD: usize = 200;

impl Timestamp {
    /// The instant, in seconds since 1970.
    pub(super) fn seconds(&self) -> Option<f64> {
        let number: f64 = self.text.parse().ok()?;
        Some(if self.is_in_milliseconds() { number / 1_000.0 } else { number })
    }

    pub(super) fn is_in_milliseconds(&self) -> bool {
        self.text.len() >= 12
    }
}

/// The timestamps beside a signature: those of its own value first.
pub(super) fn timestamps(request: &Saved, place: &Place) -> Vec<Timestamp> {
    let is_time =
        |text: &str| (9..=15).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_digit());
    let mut found = Vec::new();
    for part in place.value.split([',', ';']) {
        let text = part.trim().split_once('=').map_or(part, |(_, value)| value);
        if is_time(text) {
            found.push(Timestamp { text: text.to_owned(), read: None });
        }
    }
    for (name, value) in &request.headers {
        let read = || Some(format!("headers[{:?}]", name.as_str()));
        if let Ok(value) = value.to_str() {
            found
                .extend(is_time(value).then(|| Timestamp { text: value.to_owned(), read: read() }));
        }
    }
    found.truncate(MOST);
    found
}

/// Everything that may have been signed, the usual first.
pub(super) fn payloads(
    request: &Saved,
    head: &Head,
    accept: Accept,
    place: &Place,
    timestamps: &[Timestamp],
) -> Vec<Payload> {
    let mut found = Vec::new();
    let tried = Tried { request, head, accept };
    tried.add(&mut found, "raw_body", None, None);
    for (index, _) in timestamps.iter().enumerate() {
        for read in stamped(request) {
            tried.add(&mut found, &read, Some((index, &timestamps[index])), None);
        }
    }
    for read in unstamped(request, place) {
        tried.add(&mut found, &read, None, None);
    }
    let origins = origins(head);
    for origin in &origins {
        for read in of_url(place) {
            tried.add(&mut found, &read, None, Some(origin));
        }
        for (index, timestamp) in timestamps.iter().enumerate() {
            for read in of_url_and_time() {
                tried.add(&mut found, read, Some((index, timestamp)), Some(origin));
            }
        }
    }
    found
}

/// What payloads are tried on.
struct Tried<'t> {
    request: &'t Saved,
    head: &'t Head,
    accept: Accept,
}

impl Tried<'_> {
    /// Adds what an expression composes, if all of its parts are there.
    fn add(
        &self,
        found: &mut Vec<Payload>,
        read: &str,
        timestamp: Option<(usize, &Timestamp)>,
        origin: Option<&str>,
    ) {
        let vocabulary = roots::vocabulary(roots::Place::Payload, &[]);
        let Ok(compiled) = Expression::compile(Dialect::Moveworks, read, &vocabulary) else {
            return;
        };
        let body = &self.request.body;
        let parsed = parse(self.accept, &Paths::Whole, self.head, body);
        let scope = Scope {
            head: self.head,
            path_params: &Vec::new(),
            listener: None,
            public_url: origin,
            body: Some(body),
            parsed: parsed.ok(),
            tokens: &[],
            timestamp: timestamp.map(|(_, it)| Text::from(it.text.clone())),
            item: None,
            lets: &[],
            reply: &[],
            keys: None,
            fetched: None,
            watch: None,
        };
        let bytes = match compiled.expression.eval(&scope) {
            Ok(Value::Bytes(bytes)) => bytes.to_vec(),
            Ok(Value::Text(text)) => text.as_bytes().to_vec(),
            _ => return,
        };
        found.push(Payload {
            bytes,
            read: read.to_owned(),
            timestamp: timestamp.map(|(index, _)| index),
            origin: origin.map(str::to_owned),
        });
    }
}

/// Payloads with a timestamp and the body, and maybe an id.
fn stamped(request: &Saved) -> Vec<String> {
    let concat = |parts: &[&str]| format!("$CONCAT([{}])", parts.join(", "));
    let (time, body) = ("signature_timestamp", "raw_body");
    let mut found = Vec::new();
    for between in ["\".\"", "\":\"", "\"\\n\"", "\"|\"", "\"-\"", "\"&\""] {
        found.push(concat(&[time, between, body]));
    }
    found.push(concat(&[time, body]));
    found.push(concat(&[body, time]));
    found.push(concat(&[body, "\".\"", time]));
    for version in ["v0", "v1"] {
        found.push(concat(&[&format!("\"{version}:\""), time, "\":\"", body]));
        found.push(concat(&[&format!("\"{version}.\""), time, "\".\"", body]));
    }
    for id in ids(request) {
        found.push(concat(&[&id, "\".\"", time, "\".\"", body]));
        found.push(concat(&[&id, time, body]));
        found.push(concat(&[&id, "\"|\"", time, "\"|\"", body]));
        found.push(concat(&[time, "\".\"", &id, "\".\"", body]));
    }
    found.push(concat(&["http_method", time, body]));
    found.push(concat(&[time, "\".\"", "$SHA256(raw_body).$HEX_ENCODE()"]));
    found.push(format!(
        "$CONCAT([{time}, \"\\n\", {}, \"\\n\", $SHA256(raw_body)])",
        query("=", "&")
    ));
    found
}

/// Payloads of headers, or fields beside the signature, that no clock reads.
fn unstamped(request: &Saved, place: &Place) -> Vec<String> {
    let mut found = Vec::new();
    let dates = request.headers.iter().filter_map(|(name, value)| {
        let is_date = value.to_str().is_ok_and(|it| it.parse::<jiff::Timestamp>().is_ok());
        is_date.then(|| format!("headers[{:?}]", name.as_str()))
    });
    let dates: Vec<_> = dates.take(MOST).collect();
    for id in ids(request) {
        for date in &dates {
            found.push(format!("$CONCAT([{id}, {date}, raw_body])"));
            found.push(format!("$CONCAT([{id}, \".\", {date}, \".\", raw_body])"));
        }
        found.push(format!("$CONCAT([{id}, \".\", raw_body])"));
        found.push(format!("$CONCAT([{id}, raw_body])"));
    }
    for date in &dates {
        found.push(format!("$CONCAT([{date}, raw_body])"));
        found.push(format!("$CONCAT([{date}, \".\", raw_body])"));
    }
    let beside = place.beside.iter().filter(|(_, value)| value.len() <= MOST_FIELD);
    let beside: Vec<_> = beside.map(|(read, _)| read).take(12).collect();
    for first in &beside {
        for second in beside.iter().filter(|second| *second != first) {
            found.push(format!("$CONCAT([{first}, {second}])"));
            found.push(format!("$CONCAT([{first}, \".\", {second}])"));
        }
    }
    found.extend(beside.iter().map(|read| format!("$TEXT({read})")));
    if let Some(parameter) = &place.parameter {
        let others = format!(".$FILTER(p => p.key != {parameter:?})");
        for (equals, between) in [("=", "&"), ("=", "")] {
            found.push(sorted(&format!("{QUERY}{others}"), equals, between));
        }
        for between in ["&", ""] {
            found.push(gathered(parameter, between));
        }
    }
    found
}

const QUERY: &str = "$FORM_PAIRS(request_url.$SPLIT(\"?\")[1])";

/// The parameters of the query in the order of their names, encoded.
fn query(equals: &str, between: &str) -> String {
    let pair = format!("$CONCAT([p.key.$URL_ENCODE(), \"{equals}\", p.value.$URL_ENCODE()])");
    format!("{QUERY}.$SORT(p => p.key).$MAP(p => {pair}).$CONCAT(\"{between}\")")
}

fn sorted(pairs: &str, equals: &str, between: &str) -> String {
    let pair = format!("$CONCAT([p.key, \"{equals}\", p.value])");
    format!("{pairs}.$SORT(p => p.key).$MAP(p => {pair}).$CONCAT(\"{between}\")")
}

/// The parameters of the query but this one, in the order of their names, and the values of one that is
/// repeated in one.
fn gathered(but: &str, between: &str) -> String {
    let names =
        format!("{QUERY}.$MAP(p => p.key).$UNIQUE().$FILTER(key => key != {but:?}).$SORT()");
    let values = format!("{QUERY}.$FILTER(p => p.key == key).$MAP(p => p.value).$CONCAT(\",\")");
    format!("{names}.$MAP(key => $CONCAT([key, \"=\", {values}])).$CONCAT(\"{between}\")")
}

/// Payloads with the URL that was called.
fn of_url(place: &Place) -> Vec<String> {
    let form = "$FORM_PAIRS(raw_body)";
    let unique = format!("{form}.$SORT(p => [p.key, p.value]).$UNIQUE()");
    let pair = "$CONCAT([p.key, p.value])";
    let mut found = vec![
        "$CONCAT([request_url, raw_body])".to_owned(),
        format!("$CONCAT([request_url, {}])", sorted(form, "", "")),
        format!("$CONCAT([request_url, {unique}.$MAP(p => {pair}).$CONCAT(\"\")])"),
        "$CONCAT([http_method, request_url, raw_body])".to_owned(),
        "$CONCAT([request_url, \".\", raw_body])".to_owned(),
    ];
    // What a URL signs that holds the signature itself is something else.
    if place.parameter.is_none() {
        found.push("request_url".to_owned());
    }
    found
}

fn of_url_and_time() -> [&'static str; 4] {
    [
        "$CONCAT([http_method, request_url, raw_body, signature_timestamp])",
        "$CONCAT([signature_timestamp, http_method, request_url, raw_body])",
        "$CONCAT([signature_timestamp, request_url, raw_body])",
        "$CONCAT([request_url, signature_timestamp, raw_body])",
    ]
}

/// Headers that are likely to hold the id of a delivery.
fn ids(request: &Saved) -> Vec<String> {
    let ids = request.headers.keys().filter(|name| name.as_str().ends_with("id"));
    ids.take(MOST).map(|name| format!("headers[{:?}]", name.as_str())).collect()
}

/// The origins that may have been called: a saved request does not tell which of them.
fn origins(head: &Head) -> Vec<String> {
    let Some(host) = head.headers.get(http::header::HOST).and_then(|it| it.to_str().ok()) else {
        return Vec::new();
    };
    let bare = host.split(':').next().unwrap_or(host);
    let mut origins = vec![format!("https://{host}"), format!("http://{host}")];
    if bare == host {
        origins.extend([format!("https://{host}:443"), format!("http://{host}:80")]);
    } else {
        origins.extend([format!("https://{bare}"), format!("http://{bare}")]);
    }
    origins
}
