//! How the bytes of a signature are written as text.

use std::ops::Deref;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use base64::engine::general_purpose::URL_SAFE;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// How bytes are written as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Two digits a byte, in either case.
    Hex,
    /// RFC 4648, section 4, padded or not.
    Base64,
    /// RFC 4648, section 5, padded or not.
    Base64Url,
}

/// The bytes of a signature.
#[derive(Clone, Copy, Debug)]
pub struct Tag {
    buffer: [u8; MOST_BYTES + 3],
    length: usize,
}

/// The longest tag, in bytes: that of the longest hash.
const MOST_BYTES: usize = 64;

/// The longest text of a signature: one of RSA with 8192 bits, in hex.
const MOST_TEXT: usize = 2048;

impl Deref for Tag {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.buffer[..self.length]
    }
}

impl Tag {
    /// A tag of these bytes: those of a hash, which are at most [`MOST_BYTES`].
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut buffer = [0; MOST_BYTES + 3];
        let length = bytes.len().min(MOST_BYTES);
        buffer[..length].copy_from_slice(&bytes[..length]);
        Self { buffer, length }
    }
}

impl Encoding {
    /// Every encoding, in the order in which they are tried when none is given.
    pub const ALL: [Self; 3] = [Self::Hex, Self::Base64, Self::Base64Url];

    /// Every word that can be written.
    pub const WORDS: &[&str] = &["hex", "base64", "base64url"];

    /// The encoding that a word of the configuration names.
    #[must_use]
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|encoding| encoding.name() == word)
    }

    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hex => "hex",
            Self::Base64 => "base64",
            Self::Base64Url => "base64url",
        }
    }

    /// The bytes that `text` stands for, if it stands for exactly `length` of them (at most 64) and
    /// is the only way to write them: a signature re-encoded on the way is refused.
    #[must_use]
    pub fn decode(self, text: &str, length: usize) -> Option<Tag> {
        // Base64 is decoded in whole groups of three bytes.
        let mut buffer = [0; MOST_BYTES + 3];
        let found = match self {
            // `0x` is taken for no digits by the library.
            Self::Hex if text.len() != 2 * length || text.starts_with("0x") => None,
            Self::Hex => {
                let bytes = buffer.get_mut(..length)?;
                const_hex::decode_to_slice(text, bytes).ok().map(|()| length)
            }
            _ if text.len() > 2 * MOST_BYTES => None,
            Self::Base64 if text.ends_with('=') => STANDARD.decode_slice(text, &mut buffer).ok(),
            Self::Base64 => STANDARD_NO_PAD.decode_slice(text, &mut buffer).ok(),
            Self::Base64Url if text.ends_with('=') => URL_SAFE.decode_slice(text, &mut buffer).ok(),
            Self::Base64Url => URL_SAFE_NO_PAD.decode_slice(text, &mut buffer).ok(),
        };
        (found? == length).then_some(Tag { buffer, length })
    }

    /// The bytes that `text` stands for, whatever their number, if it is the only way to write them.
    #[must_use]
    pub fn decode_all(self, text: &str) -> Option<Vec<u8>> {
        if text.is_empty() || text.len() > MOST_TEXT { None } else { self.decode_body(text) }
    }

    /// The same of a text of any length.
    #[must_use]
    pub fn decode_body(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Hex if text.starts_with("0x") => None,
            Self::Hex => const_hex::decode(text).ok(),
            Self::Base64 if text.ends_with('=') => STANDARD.decode(text).ok(),
            Self::Base64 => STANDARD_NO_PAD.decode(text).ok(),
            Self::Base64Url if text.ends_with('=') => URL_SAFE.decode(text).ok(),
            Self::Base64Url => URL_SAFE_NO_PAD.decode(text).ok(),
        }
    }

    /// `bytes` as text; base64 with padding, base64url without.
    #[must_use]
    pub fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Hex => const_hex::encode(bytes),
            Self::Base64 => STANDARD.encode(bytes),
            Self::Base64Url => URL_SAFE_NO_PAD.encode(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Encoding;

    #[track_caller]
    fn check(encoding: Encoding, text: &str, expected: Option<&[u8]>) {
        assert_eq!(encoding.decode(text, 4).as_deref(), expected);
    }

    #[test]
    fn hex() {
        check(Encoding::Hex, "00fFaB10", Some(&[0, 255, 0xab, 0x10]));
        check(Encoding::Hex, "00ffab1", None);
        check(Encoding::Hex, "00ffab1000", None);
        check(Encoding::Hex, "00ffab1g", None);
        check(Encoding::Hex, "0x00ffab", None);
        check(Encoding::Hex, " 0ffab10", None);
        check(Encoding::Hex, "", None);
    }

    #[test]
    fn base64() {
        check(Encoding::Base64, "+/+/AA==", Some(&[0xfb, 0xff, 0xbf, 0]));
        check(Encoding::Base64, "+/+/AA", Some(&[0xfb, 0xff, 0xbf, 0]));
        check(Encoding::Base64, "+/+/AA=", None);
        check(Encoding::Base64, "+/+/AB==", None);
        check(Encoding::Base64, "-_-_AA==", None);
        check(Encoding::Base64Url, "-_-_AA", Some(&[0xfb, 0xff, 0xbf, 0]));
        check(Encoding::Base64Url, "+/+/AA", None);
        check(Encoding::Base64, "+/+/AA==\n", None);
    }

    #[test]
    fn words_are_names() {
        assert!(Encoding::ALL.iter().map(|it| it.name()).eq(Encoding::WORDS.iter().copied()));
        assert!(Encoding::ALL.iter().all(|it| Encoding::read(it.name()) == Some(*it)));
    }

    #[test]
    fn what_is_written_is_read() {
        for encoding in Encoding::ALL {
            let bytes = [0, 1, 0xfe, 0xff];
            let tag = encoding.decode(&encoding.encode(&bytes), 4).unwrap();
            assert_eq!(*tag, bytes);
        }
    }
}
