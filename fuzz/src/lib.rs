//! What the fuzz targets have in common.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::Version;
use tympan_core::keys::Secrets;
use tympan_core::pipeline::Answer;
use tympan_core::pipeline::Ask;
use tympan_core::pipeline::Captured;
use tympan_core::pipeline::Exchange;
use tympan_core::pipeline::Generation;
use tympan_core::pipeline::Head;
use tympan_core::pipeline::Input;
use tympan_core::pipeline::Kept;
use tympan_core::pipeline::Live;
use tympan_core::pipeline::RequestId;
use tympan_core::secret::Secret;

/// The value of every secret.
pub const SECRET: &[u8] = b"a secret that nobody knows";

/// Reads a configuration and compiles it, if it holds no mistakes.
pub fn load(bytes: &[u8]) -> Option<Arc<Live>> {
    let (loaded, sources) = tympan_core::load("x.yaml", bytes.to_vec());
    let _ = tympan_core::diagnostic::text(&loaded.diagnostics, &sources, true);
    if loaded.diagnostics.refuse(false) {
        return None;
    }
    let secret = || Secret::new(SECRET.to_vec(), "x").map(|it| vec![it]);
    let secrets: Secrets = loaded.config.secrets.iter().map(|_| secret()).collect();
    let generation = Arc::new(Generation::compile(&loaded.config, 1, ""));
    Some(Arc::new(Live::new(generation, &secrets, &Arc::default())))
}

/// A request as lines: method and target, headers, an empty line, and the body.
pub fn request(bytes: &[u8]) -> Option<(Head, Bytes)> {
    let mut rest = bytes;
    let mut line = || {
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let line = &rest[..end];
        rest = &rest[end + 1..];
        Some(line)
    };
    let first = std::str::from_utf8(line()?).ok()?;
    let (method, target) = first.split_once(' ')?;
    let mut headers = HeaderMap::new();
    loop {
        let header = line()?;
        if header.is_empty() {
            break;
        }
        let colon = header.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(&header[..colon]).ok()?;
        headers.append(name, HeaderValue::from_bytes(&header[colon + 1..]).ok()?);
    }
    let head = Head {
        method: method.parse().ok()?,
        uri: target.parse().ok()?,
        version: Version::HTTP_10,
        headers,
        client: None,
        certificate: None,
        now: 1_700_000_000.0,
        id: RequestId(1),
    };
    Some((head, Bytes::copy_from_slice(rest)))
}

/// Takes a request through to its answer; whether it made an event.
pub fn exchange(live: &Arc<Live>, head: Head, body: Bytes) -> (Answer, bool) {
    let mut exchange = Exchange::new(Arc::clone(live), head);
    let mut input = Input::Head;
    let mut has_event = false;
    loop {
        input = match exchange.step(input) {
            Ask::Answer(answer) => return (answer, has_event),
            Ask::Body { .. } => Input::Body(body.clone()),
            Ask::Fetch(_) => Input::Fetched(Arc::default()),
            Ask::Capture(_) => Input::Captured(Captured::Stored),
            Ask::Call(_) => Input::Called(Ok(())),
            Ask::Append(_) => {
                has_event = true;
                Input::Kept(Kept::Stored)
            }
        };
    }
}
