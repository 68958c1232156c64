//! A request that somebody saved: as a raw HTTP message, as a `curl` command line, or in a HAR
//! file.
//!
//! Text comes in and requests come out, whatever the text is; everything is bounded.

mod curl;
mod har;
mod raw;
mod shell;

use std::fmt;
use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::Method;
use http::Uri;
use http::Version;
use http::header;

/// The largest file that is read, in bytes.
pub const MOST_BYTES: usize = 64 << 20;

/// What a request may have that anybody may have saved.
const USUAL: Most = Most { headers: 256, target: 32 << 10 };

/// What one may have that we have kept: whatever could come, as the configuration says how much that is.
const KEPT: Most = Most { headers: usize::MAX, target: usize::MAX };

/// A request that somebody saved.
#[derive(Clone, Debug)]
pub struct Saved {
    /// The method.
    pub method: Method,
    /// The path and the query.
    pub uri: Uri,
    /// Where it was sent, as far as its URL tells: scheme and host.
    pub origin: Option<String>,
    /// The version of HTTP: one that needs no `Host`, if there is none.
    pub version: Version,
    /// The headers; `Host` from the URL, if there is none.
    pub headers: HeaderMap,
    /// The body, byte by byte.
    pub body: Bytes,
    /// When it was sent, in seconds since 1970, as far as the file tells, and what tells it.
    pub at: Option<(f64, &'static str)>,
    /// Who sent it, as far as the file tells.
    pub client: Option<IpAddr>,
    /// What whoever reads on should know about how it was read.
    pub notes: Vec<String>,
}

/// A request that we have kept ourselves, in a HAR file of its own.
pub(crate) struct Kept {
    pub(crate) request: Saved,
    /// Whether its body is there.
    pub(crate) has_body: bool,
}

/// What gives the bytes of other files, which a `curl` command line may name, or why not.
pub type OtherFiles<'f> = &'f dyn Fn(&str) -> Result<Vec<u8>, String>;

/// Why a file holds no request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault(String);

impl Fault {
    pub(crate) fn new(why: impl Into<String>) -> Self {
        // It may quote the file, whoever wrote that.
        let why: String = why.into();
        Self(why.replace(|char: char| char.is_control(), "\u{fffd}"))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Fault {}

/// Reads the requests in a file, in their order: one, but for a HAR file. What the file is is told
/// by how it begins: `{` a HAR file, the word `curl` a command line, anything else a raw message.
///
/// # Errors
///
/// Why it holds none.
pub fn read(bytes: &[u8], files: OtherFiles<'_>) -> Result<Vec<Saved>, Fault> {
    if bytes.len() > MOST_BYTES {
        return Err(Fault::new(format!("it is larger than {MOST_BYTES} bytes")));
    }
    let start = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let begin = start.trim_ascii_start();
    if begin.is_empty() {
        return Err(Fault::new("it is empty"));
    }
    if begin.starts_with(b"{") {
        return har::read(begin);
    }
    let word = begin.strip_prefix(b"$ ").unwrap_or(begin);
    if word.starts_with(b"curl ") || word.starts_with(b"curl\t") || word.starts_with(b"curl.exe ") {
        let text = std::str::from_utf8(word)
            .map_err(|_| Fault::new("the command line of curl is no UTF-8"))?;
        return curl::read(text, files).map(|saved| vec![saved]);
    }
    raw::read(begin).map(|saved| vec![saved])
}

/// Reads a request that we have kept. How large it may be was said when it came.
///
/// # Errors
///
/// Why it is none.
pub(crate) fn kept(bytes: &[u8]) -> Result<Kept, Fault> {
    har::kept(bytes)
}

/// A request by hand.
///
/// # Errors
///
/// What cannot be sent.
pub fn build(
    method: Option<&str>,
    url: &str,
    headers: &[String],
    body: Option<Vec<u8>>,
) -> Result<Saved, Fault> {
    let usual = if body.is_some() { "POST" } else { "GET" };
    let mut draft = Draft::new(method.unwrap_or(usual), url)?;
    for header in headers {
        let (name, value) = header
            .split_once(':')
            .ok_or_else(|| Fault::new(format!("a header is `Name: value`, not {header:?}")))?;
        draft.header(name, value.trim().as_bytes())?;
    }
    Ok(draft.end(body.unwrap_or_default()))
}

/// How much a request may have.
#[derive(Clone, Copy)]
struct Most {
    headers: usize,
    /// The length of its target, in bytes.
    target: usize,
}

/// A request that is being read.
struct Draft {
    saved: Saved,
    authority: Option<String>,
    most: Most,
}

impl Draft {
    /// A request to a path or a URL.
    fn new(method: &str, target: &str) -> Result<Self, Fault> {
        Self::within(USUAL, method, target)
    }

    /// The same that may have other bounds.
    fn within(most: Most, method: &str, target: &str) -> Result<Self, Fault> {
        let wrong = |what: &str, found: &str| {
            let shown: String = found.chars().take(80).collect();
            Fault::new(format!("{shown:?} is no {what}"))
        };
        if target.len() > most.target {
            return Err(Fault::new(format!("the URL is longer than {} bytes", most.target)));
        }
        let method: Method = method.parse().map_err(|_| wrong("method", method))?;
        // What stands behind `#` is never sent.
        let target = target.split('#').next().unwrap_or_default();
        let whole: Uri = target.parse().map_err(|_| wrong("URL or path", target))?;
        let path = whole.path_and_query().map_or("/", |it| it.as_str());
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let uri = path.parse().map_err(|_| wrong("URL or path", target))?;
        let authority = whole.authority().map(|it| {
            // A password in a URL is no part of the header.
            it.as_str().rsplit('@').next().unwrap_or_default().to_owned()
        });
        let origin = whole.scheme_str().zip(authority.as_deref());
        let origin = origin.map(|(scheme, authority)| format!("{scheme}://{authority}"));
        let saved = Saved {
            method,
            uri,
            origin,
            version: Version::HTTP_11,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            at: None,
            client: None,
            notes: Vec::new(),
        };
        Ok(Self { saved, authority, most })
    }

    fn header(&mut self, name: &str, value: &[u8]) -> Result<(), Fault> {
        let too_many = |most| Fault::new(format!("it has more than {most} headers"));
        if self.saved.headers.len() >= self.most.headers {
            return Err(too_many(self.most.headers));
        }
        let shown = || name.chars().take(80).collect::<String>();
        let parsed = HeaderName::from_bytes(name.trim().as_bytes())
            .map_err(|_| Fault::new(format!("{:?} is no name of a header", shown())))?;
        let value = HeaderValue::from_bytes(value).map_err(|_| {
            Fault::new(format!("the value of the header {:?} cannot be sent", shown()))
        })?;
        let added = self.saved.headers.try_append(parsed, value);
        added.map_err(|_| too_many(self.saved.headers.len()))?;
        Ok(())
    }

    fn has(&self, name: &HeaderName) -> bool {
        self.saved.headers.contains_key(name)
    }

    fn note(&mut self, note: impl Into<String>) {
        self.saved.notes.push(note.into());
    }

    fn end(mut self, body: Vec<u8>) -> Saved {
        if !self.has(&header::HOST)
            && let Some(authority) = &self.authority
            && let Ok(host) = HeaderValue::from_str(authority)
        {
            // There is always room for it but beside as many as a map can hold.
            let _ = self.saved.headers.try_insert(header::HOST, host);
        }
        if !self.has(&header::HOST) {
            self.saved.version = Version::HTTP_10;
        }
        if self.has(&header::CONTENT_ENCODING) {
            self.note("the body has a Content-Encoding: it is taken as it is");
        }
        if self.saved.at.is_none() {
            let date = self.saved.headers.get(header::DATE).and_then(|it| it.to_str().ok());
            let at = date.and_then(|it| jiff::fmt::rfc2822::parse(it).ok());
            self.saved.at = at.map(|at| (seconds(at.timestamp()), "its Date header"));
        }
        self.saved.body = Bytes::from(body);
        self.saved
    }
}

/// An instant in seconds since 1970.
pub(crate) fn seconds(at: jiff::Timestamp) -> f64 {
    std::time::Duration::try_from(at.duration_since(jiff::Timestamp::UNIX_EPOCH))
        .unwrap_or_default()
        .as_secs_f64()
}

/// An instant as people write it: RFC 3339, or seconds since 1970.
#[must_use]
pub fn instant(text: &str) -> Option<f64> {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Some(seconds(at));
    }
    text.parse::<f64>().ok().filter(|at| at.is_finite() && (0.0..1e12).contains(at))
}

/// `user:password` as a header.
fn basic(user: &str) -> String {
    format!("Basic {}", STANDARD.encode(user))
}

#[cfg(test)]
mod tests;
