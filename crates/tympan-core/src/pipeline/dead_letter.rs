//! What is kept of a request that no event could be made of.

use bytes::Bytes;
use serde_json::json;

use super::Head;
use crate::scheme::Encoding;

/// What tells whose request it was and what it said. Of its headers and parameters only the names
/// are kept, as they may hold what proved it.
pub(super) fn request(head: &Head, path: &str, body: &[u8]) -> Bytes {
    let query = form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes());
    let mut request = json!({
        "method": head.method.as_str(),
        "path": path,
        "query": query.map(|(name, _)| name.into_owned()).collect::<Vec<_>>(),
        "headers": head.headers.keys().map(http::HeaderName::as_str).collect::<Vec<_>>(),
        "content_type": head.media_type(),
    });
    match std::str::from_utf8(body) {
        Ok(text) => request["body"] = json!(text),
        Err(_) => request["body_base64"] = json!(Encoding::Base64.encode(body)),
    }
    Bytes::from(request.to_string())
}
