//! A HAR file, as browsers and proxies save what they saw (HTTP Archive 1.2).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use form_urlencoded::Serializer;
use serde::Deserialize;

use super::Draft;
use super::Fault;
use super::KEPT;
use super::Kept;
use super::Most;
use super::Saved;
use super::USUAL;
use super::seconds;
use crate::escape::escaped;

/// How many requests are read.
const MOST_ENTRIES: usize = 10_000;

/// How many characters of a comment are told.
const MOST_COMMENT: usize = 400;

#[derive(Deserialize)]
struct File {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    started_date_time: Option<String>,
    comment: Option<String>,
    /// Ours, as there is no place for it.
    #[serde(rename = "_client")]
    client: Option<String>,
    request: Request,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<Pair>,
    post_data: Option<PostData>,
}

#[derive(Deserialize)]
struct Pair {
    name: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
struct PostData {
    text: Option<String>,
    #[serde(default)]
    params: Vec<Pair>,
    encoding: Option<String>,
}

pub(super) fn read(json: &[u8]) -> Result<Vec<Saved>, Fault> {
    let File { log } = file(json)?;
    if log.entries.is_empty() {
        return Err(Fault::new("the HAR file holds no request"));
    }
    if log.entries.len() > MOST_ENTRIES {
        return Err(Fault::new(format!("the HAR file holds more than {MOST_ENTRIES} requests")));
    }
    let numbered = log.entries.into_iter().zip(1..);
    numbered
        .map(|(entry, number)| {
            request(entry, USUAL).map_err(|fault| Fault::new(format!("entry {number}: {fault}")))
        })
        .collect()
}

pub(super) fn kept(json: &[u8]) -> Result<Kept, Fault> {
    let mut entries = file(json)?.log.entries;
    let entry = entries.pop().ok_or_else(|| Fault::new("the HAR file holds no request"))?;
    let has_body = entry.request.post_data.is_some();
    Ok(Kept { request: request(entry, KEPT)?, has_body })
}

fn file(json: &[u8]) -> Result<File, Fault> {
    serde_json::from_slice(json)
        .map_err(|error| Fault::new(format!("it begins as a HAR file, but is none: {error}")))
}

fn request(entry: Entry, most: Most) -> Result<Saved, Fault> {
    let Entry { started_date_time, comment, client, request } = entry;
    let mut draft = Draft::within(most, &request.method, &request.url)?;
    if let Some(comment) = comment.filter(|comment| !comment.is_empty()) {
        draft.note(escaped(&comment, MOST_COMMENT));
    }
    draft.saved.client = client.and_then(|client| client.parse().ok());
    for Pair { name, value } in &request.headers {
        match name.strip_prefix(':') {
            // HTTP/2 has these in the place of a request line, and of `Host`.
            Some("authority") => draft.authority = Some(value.clone()),
            Some(_) => {}
            None => draft.header(name, value.trim().as_bytes())?,
        }
    }
    let started = started_date_time.and_then(|it| it.parse::<jiff::Timestamp>().ok());
    draft.saved.at = started.map(|at| (seconds(at), "its startedDateTime"));
    let body = match request.post_data {
        None => Vec::new(),
        Some(PostData { text: Some(text), encoding: Some(encoding), .. })
            if encoding == "base64" =>
        {
            let found = STANDARD.decode(text.trim());
            found.map_err(|_| Fault::new("the body is said to be base64 and is not"))?
        }
        Some(PostData { text: Some(text), .. }) => {
            if text.contains('\u{fffd}') {
                draft.note("the body held bytes that a HAR file cannot hold: they are lost");
            }
            text.into_bytes()
        }
        Some(PostData { params, .. }) => {
            let pairs = params.iter().map(|it| (&it.name, &it.value));
            if !params.is_empty() {
                draft.note("the body is put together from the parameters of a form");
            }
            Serializer::new(String::new()).extend_pairs(pairs).finish().into_bytes()
        }
    };
    Ok(draft.end(body))
}
