//! How values are shown: on one line, cut, and without any secret.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use bytes::Bytes;
use http::header;
use sha2::Digest;
use sha2::Sha256;
use tympan_expr::Value;

use crate::encode;
use crate::escape::escaped;
use crate::keys::Secrets;
use crate::pipeline::Head;
use crate::pipeline::Reply;
use crate::room::beginning;

/// How many characters of a value are shown.
const MOST_CHARACTERS: usize = 80;

/// Shows values, and knows what it must not show.
pub(super) struct Shown {
    masks: Mutex<Vec<Mask>>,
    /// The length of the longest mask, in bytes.
    longest: usize,
}

/// What is put in the place of a text.
#[derive(PartialEq, Eq)]
struct Mask {
    hidden: String,
    instead: String,
}

impl Shown {
    pub(super) fn new(secrets: &Secrets, head: &Head) -> Self {
        let mut hidden: Vec<String> = Vec::new();
        for value in secrets.iter().flatten().flatten() {
            let Ok(text) = std::str::from_utf8(value.expose()) else { continue };
            hidden.extend(encode::ways(text).into_iter().chain(encode::ways(text.trim())));
        }
        // What a sender proves itself with may hold a secret in another form.
        for name in [header::AUTHORIZATION, header::PROXY_AUTHORIZATION, header::COOKIE] {
            let value = head.headers.get(name).and_then(|value| value.to_str().ok());
            let proof = value.map(|value| value.split_once(' ').map_or(value, |(_, it)| it));
            hidden.extend(proof.into_iter().flat_map(encode::ways));
        }
        // Of two secrets, one may be a part of the other.
        hidden.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        hidden.dedup();
        let longest = hidden.first().map_or(0, String::len);
        let mask = |hidden| Mask { hidden, instead: "***".to_owned() };
        Self { masks: Mutex::new(hidden.into_iter().map(mask).collect()), longest }
    }

    /// From now on shows something else in the place of `text`, which was computed with a secret.
    pub(super) fn mask(&self, text: &str, instead: &str) {
        let mut masks = self.masks.lock().unwrap_or_else(PoisonError::into_inner);
        let ways = encode::ways(text).into_iter();
        let masks_of = ways.map(|hidden| Mask { hidden, instead: instead.to_owned() });
        masks.splice(0..0, masks_of);
    }

    /// A text without what must not be shown.
    pub(super) fn masked(&self, text: &str) -> String {
        let masks = self.masks.lock().unwrap_or_else(PoisonError::into_inner);
        let mut shown = text.to_owned();
        for Mask { hidden, instead } in masks.iter() {
            if shown.contains(hidden.as_str()) {
                shown = shown.replace(hidden.as_str(), instead);
            }
        }
        shown
    }

    /// A value as JSON; bytes that are no text as their number.
    pub(super) fn value(&self, value: &Value<'_>) -> String {
        match value {
            Value::Bytes(bytes) => self.bytes(bytes),
            value => self.cut(&beginning(value)),
        }
    }

    /// How many bytes, and the first of them where they are text.
    pub(super) fn bytes(&self, bytes: &[u8]) -> String {
        let length = count(bytes.len(), "byte");
        match std::str::from_utf8(bytes) {
            Ok("") => length,
            Ok(text) => {
                let text = serde_json::to_string(text).unwrap_or_default();
                format!("{length} {}", self.cut(&text))
            }
            Err(_) => format!("{length} (no text)"),
        }
    }

    /// Something long that is worth its line.
    pub(super) fn wide(&self, text: &str) -> String {
        self.cut_at(text, 6 * MOST_CHARACTERS)
    }

    pub(super) fn mask_reply(&self, reply: &mut Reply) {
        if let Ok(body) = std::str::from_utf8(&reply.body) {
            reply.body = Bytes::from(self.masked(body));
        }
        for value in Arc::make_mut(&mut reply.headers).values_mut() {
            let Ok(text) = value.to_str() else { continue };
            let masked = self.masked(text);
            if masked != text
                && let Ok(masked) = masked.parse()
            {
                *value = masked;
            }
        }
    }

    fn cut(&self, text: &str) -> String {
        self.cut_at(text, MOST_CHARACTERS)
    }

    fn cut_at(&self, text: &str, most: usize) -> String {
        // Only what can be seen has to be searched. A secret that begins there may end behind it,
        // so that the last of it is never shown.
        let longest = self.longest.max(256);
        let end = text.floor_char_boundary(4 * (most + 1) + 8 * longest);
        let mut masked = self.masked(&text[..end]);
        if end < text.len() {
            masked.truncate(masked.floor_char_boundary(masked.len().saturating_sub(longest)));
            masked.push('…');
        }
        escaped(&masked, most)
    }
}

/// The beginning of a digest that tells one text from another.
pub(super) fn fingerprint(bytes: &[u8]) -> String {
    const_hex::encode(&Sha256::digest(bytes)[..8])
}

/// An expression as it is written, on one line.
pub(super) fn source(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    escaped(&line, MOST_CHARACTERS)
}

pub(super) fn count(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

#[cfg(test)]
mod tests {
    use tympan_expr::Value;

    use super::Shown;
    use crate::secret::Secret;

    #[test]
    fn nothing_secret_and_nothing_that_a_terminal_obeys() {
        let secret = Secret::new(b"hun\"ter2".to_vec(), "x").unwrap();
        let mut headers = http::HeaderMap::new();
        headers.insert("authorization", "Basic dTpw".parse().unwrap());
        let head = crate::pipeline::Head {
            method: http::Method::POST,
            uri: http::Uri::default(),
            headers,
            version: http::Version::HTTP_11,
            client: None,
            certificate: None,
            now: 0.0,
            id: crate::pipeline::RequestId(0),
        };
        let shown = Shown::new(&vec![Ok(vec![secret])], &head);
        assert_eq!(shown.wide("Basic dTpw"), "Basic ***");
        // Not even a part of one, wherever a long text is cut.
        for length in 0..30 {
            let long = format!("{}{}", "x".repeat(length), "hun\"ter2".repeat(5_000));
            assert!(!shown.bytes(long.as_bytes()).contains("hun"), "{length}");
        }
        let value = |text: &str| shown.value(&Value::from(text.to_owned()));
        assert_eq!(value("a hun\"ter2 b"), r#""a *** b""#);
        assert_eq!(value("a\u{1b}]0;b\u{202e}"), r#""a\u001b]0;b\u{202e}""#);
        assert_eq!(value(&"x".repeat(100)).chars().count(), 81);
        assert_eq!(shown.bytes(b"hun\"ter2"), r#"8 bytes "***""#);
        assert_eq!(shown.bytes(&[255]), "1 byte (no text)");
    }
}
