//! A request before its body: what came in, and what the server knows about it.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::Uri;
use http::Version;
use http::header;
use http::header::AsHeaderName;
use http::uri::Authority;

/// A request before its body.
#[derive(Clone, Debug)]
pub struct Head {
    /// The method.
    pub method: Method,
    /// The target, exactly as it arrived.
    pub uri: Uri,
    /// The headers.
    pub headers: HeaderMap,
    /// The version of HTTP.
    pub version: Version,
    /// Who sent it: the connection's address, and once it is under way that of the client behind
    /// our proxies. `None` is a socket of the file system.
    pub client: Option<IpAddr>,
    /// Whom the client's TLS certificate names, if it has shown one that is valid.
    pub certificate: Option<Arc<CertificateNames>>,
    /// When it arrived, in seconds since 1970: the only instant of the whole request.
    pub now: f64,
    /// Its id.
    pub id: RequestId,
}

/// What one walk over the headers of a request finds: it costs less than to look up what is mostly not
/// there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Survey {
    /// What is ambiguous about where the request goes or ends, where another program that reads it may
    /// understand another thing (RFC 9112, sections 3.2 and 6.1; RFC 9113, section 8.3.1).
    pub(crate) ambiguity: Option<&'static str>,
    /// Whether there is a `Forwarded`.
    pub(crate) is_forwarded: bool,
    /// Whether there is a `Content-Encoding`.
    pub(crate) is_encoded: bool,
}

/// Whom a certificate names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertificateNames(pub Vec<String>);

/// What a request is called in logs and, unless the listener says otherwise, its event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u128);

impl Head {
    pub(crate) fn survey(&self) -> Survey {
        let (mut host, mut several, mut coded) = (None, None, None);
        let (mut is_forwarded, mut is_encoded) = (false, false);
        for (name, value) in &self.headers {
            if *name == header::HOST {
                let is_second = host.replace(value).is_some();
                several = several.or(is_second.then_some("more than one Host"));
            } else if *name == header::TRANSFER_ENCODING {
                let is_more = !value.as_bytes().eq_ignore_ascii_case(b"chunked");
                coded =
                    is_more.then_some("a Transfer-Encoding that is more than chunked").or(coded);
            } else {
                is_forwarded |= *name == header::FORWARDED;
                is_encoded |= *name == header::CONTENT_ENCODING;
            }
        }
        let ambiguity = several.or(coded).or_else(|| self.ambiguity_of_host(host));
        Survey { ambiguity, is_forwarded, is_encoded }
    }

    fn ambiguity_of_host(&self, host: Option<&HeaderValue>) -> Option<&'static str> {
        let authority = self.uri.authority().map(Authority::as_str);
        match (host, authority) {
            // In HTTP/2 the target says it.
            (None, None) if self.version >= Version::HTTP_11 => Some("no Host"),
            (None, Some(_)) if self.version == Version::HTTP_11 => Some("no Host"),
            (Some(host), Some(authority)) if host.as_bytes() != authority.as_bytes() => {
                Some("a Host that is not that of the target")
            }
            (Some(host), _) if !host.as_bytes().iter().all(|byte| is_of_host(*byte)) => {
                Some("a Host that is no host")
            }
            _ => None,
        }
    }

    /// How the body is encoded, where it has to be decoded to be read.
    pub(crate) fn content_encoding(&self) -> Option<String> {
        let encoding = self.headers.get(header::CONTENT_ENCODING)?;
        let is_none = encoding.is_empty() || encoding.as_bytes().eq_ignore_ascii_case(b"identity");
        (!is_none).then(|| String::from_utf8_lossy(encoding.as_bytes()).into_owned())
    }

    /// The media type, without its parameters, in lower case.
    #[must_use]
    pub fn media_type(&self) -> Option<String> {
        let value = self.headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        let media_type = value.split(';').next().unwrap_or(value);
        Some(media_type.trim().to_ascii_lowercase())
    }

    /// Every value of a header; a name that is a text may be in any case.
    pub(crate) fn values(&self, name: impl AsHeaderName) -> impl Iterator<Item = &[u8]> {
        self.headers.get_all(name).iter().map(HeaderValue::as_bytes)
    }
}

/// Whether a host with its port may hold a byte (RFC 3986, section 3.2.2). What ends a host elsewhere may
/// not stand in one: `user@host` and `host/path` would be read in two ways.
fn is_of_host(byte: u8) -> bool {
    // Patterns are compiled to a look at one bit, and this is done for every byte of a host.
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')')
        || matches!(byte, b'*' | b'+' | b',' | b';' | b'=' | b':' | b'%' | b'[' | b']')
}

/// Crockford's base 32, as ULIDs are written: sorted as text they are sorted by time.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 26];
        for (index, digit) in text.iter_mut().enumerate() {
            let shift = 5 * (25 - index);
            let value = usize::try_from((self.0 >> shift) & 31).unwrap_or_default();
            *digit = DIGITS[value];
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl FromStr for RequestId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut id = 0_u128;
        for digit in text.bytes() {
            let value = DIGITS.iter().position(|known| *known == digit).ok_or(())?;
            let room = id.leading_zeros() >= 5;
            id = id.checked_shl(5).filter(|_| room).ok_or(())? | value as u128;
        }
        if text.len() == 26 { Ok(Self(id)) } else { Err(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::RequestId;

    /// The example of the ULID specification.
    #[test]
    fn ids_read_as_ulids() {
        let id = RequestId(0x0156_3E3A_B5D3_D676_4C61_EFB9_9302_BD5B);
        assert_eq!(id.to_string(), "01ARZ3NDEKTSV4RRFFQ69G5FAV");
        assert_eq!(RequestId(u128::MAX).to_string(), "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
        for id in [id, RequestId(0), RequestId(u128::MAX)] {
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        for text in ["", "01ARZ3NDEKTSV4RRFFQ69G5FA", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ", "x"] {
            assert_eq!(text.parse::<RequestId>(), Err(()), "{text}");
        }
    }
}
