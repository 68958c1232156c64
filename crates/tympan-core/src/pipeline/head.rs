//! A request before its body: what came in, and what the server knows about it.

use std::fmt;
use std::net::IpAddr;

use http::HeaderMap;
use http::Method;
use http::Uri;

/// A request before its body.
#[derive(Clone, Debug)]
pub struct Head {
    /// The method.
    pub method: Method,
    /// The target, exactly as it arrived.
    pub uri: Uri,
    /// The headers.
    pub headers: HeaderMap,
    /// Who sent it.
    pub client: IpAddr,
    /// When it arrived, in seconds since 1970: the only instant of the whole request.
    pub now: f64,
    /// Its id.
    pub id: RequestId,
}

/// What a request is called in logs and, unless the listener says otherwise, its event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u128);

impl Head {
    /// The media type, without its parameters, in lower case.
    #[must_use]
    pub fn media_type(&self) -> Option<String> {
        let value = self.headers.get(http::header::CONTENT_TYPE)?.to_str().ok()?;
        let media_type = value.split(';').next().unwrap_or(value);
        Some(media_type.trim().to_ascii_lowercase())
    }

    /// Every value of a header, whose name may be in any case.
    ///
    /// Looks at one after the other: there are few, and reading `name` as the library does to hash
    /// it costs more.
    pub(crate) fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let named =
            self.headers.iter().filter(move |(known, _)| known.as_str().eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_bytes())
    }
}

/// Crockford's base 32, as ULIDs are written: sorted as text they are sorted by time.
impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let mut text = [0; 26];
        for (index, digit) in text.iter_mut().enumerate() {
            let shift = 5 * (25 - index);
            let value = usize::try_from((self.0 >> shift) & 31).unwrap_or_default();
            *digit = DIGITS[value];
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
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
    }
}
