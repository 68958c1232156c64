//! What is kept of a request so that it can be looked at, explained and read again: a HAR file, without
//! what must not be kept of it.

use std::borrow::Cow;

use bytes::Bytes;
use http::HeaderName;
use http::header;
use serde_json::Value;
use serde_json::json;

use super::Head;
use super::Pipeline;
use super::scope::PathParams;
use super::target::KeptTarget;
use crate::config::Accept;
use crate::config::HIDDEN;
use crate::config::Redact;
use crate::instant;
use crate::roots;
use crate::scheme::Encoding;

/// What senders prove themselves with, whatever a listener says.
const PROOFS: [HeaderName; 3] =
    [header::AUTHORIZATION, header::PROXY_AUTHORIZATION, header::COOKIE];

/// What says how a body is to be read. No proxy writes a target there.
pub(super) const OF_BODY: [HeaderName; 2] = [header::CONTENT_TYPE, header::CONTENT_ENCODING];

/// What a request is kept for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To find out why it was refused: with its signatures, and without what is never shown.
    Explain,
    /// To make events of it some day, which have to be what they would have been: with its whole body,
    /// even if that proves something, and without any other proof.
    Replay,
    /// To look at what was kept for that: without any proof, wherever it stands.
    Show,
}

/// What is kept of a request. `body` is nothing if it was not read, or is too large.
pub(super) fn saved(
    head: &Head,
    path_params: &PathParams,
    pipeline: &Pipeline,
    body: Option<&[u8]>,
    purpose: Purpose,
    comment: &str,
) -> Bytes {
    let mut hidden = pipeline.redact.clone();
    hidden.add(&proofs(pipeline, purpose));
    let target = KeptTarget::new(head, path_params, pipeline, &hidden);
    let headers = head.headers.iter().map(|(name, value)| {
        let is_hidden = PROOFS.contains(name) || hidden.hides(roots::HEADERS, Some(name.as_str()));
        let value = String::from_utf8_lossy(value.as_bytes());
        let shown = match value {
            _ if is_hidden => Cow::Borrowed(HIDDEN),
            value if OF_BODY.contains(name) => value,
            value => target.masked(value),
        };
        json!({"name": name.as_str(), "value": shown})
    });
    let client = head.client.filter(|_| !hidden.hides(roots::CLIENT_IP, None));
    let mut request = json!({
        "method": head.method.as_str(),
        "url": target.url,
        "headers": headers.collect::<Vec<_>>(),
    });
    let body = body.map(|body| match purpose {
        Purpose::Explain => shown_body(head, pipeline.accept, body, &hidden),
        Purpose::Replay => Ok(Cow::Borrowed(body)),
        Purpose::Show => {
            let accept = pipeline.decrypt.as_ref().map_or(pipeline.accept, |it| it.accept());
            shown_body(head, accept, body, &hidden)
        }
    });
    let comment = match body {
        Some(Err(why)) => Cow::Owned(format!("{comment}; its body is hidden, as {why}")),
        _ => Cow::Borrowed(comment),
    };
    if let Some(Ok(body)) = body {
        let media_type = head.media_type().unwrap_or_default();
        request["postData"] = match std::str::from_utf8(&body) {
            // That sign would be taken for one that stands for bytes which were lost.
            Ok(text) if !text.contains('\u{fffd}') => {
                json!({"mimeType": media_type, "text": text})
            }
            _ => {
                let text = Encoding::Base64.encode(&body);
                json!({"mimeType": media_type, "text": text, "encoding": "base64"})
            }
        };
    }
    let entry = json!({
        "startedDateTime": instant::written(head.now),
        "comment": comment,
        "_client": client.map(|client| client.to_string()),
        "request": request,
    });
    let creator = json!({"name": "tympan"});
    let file = json!({"log": {"version": "1.2", "creator": creator, "entries": [entry]}});
    Bytes::from(file.to_string())
}

/// Where what proves a request stands.
fn proofs(pipeline: &Pipeline, purpose: Purpose) -> Redact {
    let mut tokens = Vec::new();
    pipeline.verify.tokens(&mut tokens, purpose != Purpose::Explain);
    for challenge in &pipeline.challenges {
        challenge.tokens(&mut tokens);
    }
    let mut proofs = Redact::default();
    for token in tokens {
        proofs.add_read(&token.needs());
    }
    proofs
}

/// The body as it may be kept, or why nothing of it may.
fn shown_body<'b>(
    head: &Head,
    accept: Accept,
    body: &'b [u8],
    hidden: &Redact,
) -> Result<Cow<'b, [u8]>, &'static str> {
    if hidden.hides(roots::RAW_BODY, None) {
        return Err("it proves something or is in `redact`");
    }
    if !hidden.concerns(roots::PARSED_BODY) {
        return Ok(Cow::Borrowed(body));
    }
    let is_form = head.media_type().as_deref() == Some("application/x-www-form-urlencoded");
    if accept == Accept::Form || (accept == Accept::Any && is_form) {
        let pairs = form_urlencoded::parse(body).map(|(name, value)| {
            let mut pair = json!({name.as_ref(): value});
            hidden.hide_in(roots::PARSED_BODY, &mut pair);
            let value = pair.get(name.as_ref()).and_then(Value::as_str).unwrap_or(HIDDEN);
            (name, value.to_owned())
        });
        let pairs = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        return Ok(Cow::Owned(pairs.into_bytes()));
    }
    let unreadable = "a part of it has to be and cannot be found";
    let said: Value = serde_json::from_slice(body).map_err(|_| unreadable)?;
    let mut shown = said.clone();
    hidden.hide_in(roots::PARSED_BODY, &mut shown);
    // What is signed stays as it is where nothing is to be hidden.
    Ok(if shown == said { Cow::Borrowed(body) } else { Cow::Owned(shown.to_string().into_bytes()) })
}
