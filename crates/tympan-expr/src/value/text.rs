//! Texts and bytes, lent or shared.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::Hash;
use std::hash::Hasher;
use std::ops::Deref;
use std::ops::Range;
use std::sync::Arc;

/// A text.
#[derive(Clone)]
pub enum Text<'a> {
    /// Lent by the host.
    Borrowed(&'a str),
    /// Made by an expression.
    Shared(Arc<str>),
}

/// Bytes that need not be text.
#[derive(Clone)]
pub enum Bytes<'a> {
    /// Lent by the host.
    Borrowed(&'a [u8]),
    /// Made by an expression.
    Shared(Arc<[u8]>),
}

impl<'a> Text<'a> {
    /// The same text, independent of the host.
    #[must_use]
    pub fn into_owned(self) -> Text<'static> {
        match self {
            Self::Borrowed(text) => Text::Shared(text.into()),
            Self::Shared(text) => Text::Shared(text),
        }
    }

    /// The part at `range`, which must lie on character boundaries; lent when the whole is.
    pub(crate) fn part(&self, range: Range<usize>) -> Text<'a> {
        match self {
            Self::Borrowed(text) => Text::Borrowed(&text[range]),
            Self::Shared(text) if range == (0..text.len()) => self.clone(),
            Self::Shared(text) => Text::Shared(text[range].into()),
        }
    }
}

impl<'a> Bytes<'a> {
    /// The same bytes, independent of the host.
    #[must_use]
    pub fn into_owned(self) -> Bytes<'static> {
        match self {
            Self::Borrowed(bytes) => Bytes::Shared(bytes.into()),
            Self::Shared(bytes) => Bytes::Shared(bytes),
        }
    }

    /// The text that these bytes are, if they are UTF-8.
    #[must_use]
    pub fn to_text(&self) -> Option<Text<'a>> {
        match self {
            Self::Borrowed(bytes) => str::from_utf8(bytes).ok().map(Text::Borrowed),
            Self::Shared(bytes) => str::from_utf8(bytes).ok().map(|text| Text::Shared(text.into())),
        }
    }

    /// The part at `range`; lent when the whole is.
    pub(crate) fn part(&self, range: Range<usize>) -> Bytes<'a> {
        match self {
            Self::Borrowed(bytes) => Bytes::Borrowed(&bytes[range]),
            Self::Shared(bytes) => Bytes::Shared(bytes[range].into()),
        }
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Shared(text) => text,
        }
    }
}

impl Deref for Bytes<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Borrowed(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }
}

impl Borrow<str> for Text<'_> {
    fn borrow(&self) -> &str {
        self
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Text<'_> {}

impl PartialOrd for Text<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl Hash for Text<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl PartialEq for Bytes<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Bytes<'_> {}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl fmt::Debug for Bytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.escape_ascii())
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self::Borrowed(text)
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self::Shared(text.into())
    }
}

impl<'a> From<&'a [u8]> for Bytes<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Borrowed(bytes)
    }
}

impl From<Vec<u8>> for Bytes<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Shared(bytes.into())
    }
}
