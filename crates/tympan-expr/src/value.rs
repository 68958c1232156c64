//! The values of the language.

use std::sync::Arc;

use crate::number::Number;

mod compare;
mod convert;
mod json;
mod plain;
mod read;
mod record;
mod text;

pub(crate) use compare::Budget;
pub use read::JSON_DEPTH;
pub use read::read_json;
pub use record::Record;
pub use text::Bytes;
pub use text::Text;

/// A value. Every clone is cheap, whatever it holds.
///
/// Values that the host makes must not nest deeper than JSON texts may (128 levels): printing,
/// comparing and dropping them goes as deep as they do.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// Nothing; also what is missing.
    Null,
    /// True or false.
    Bool(bool),
    /// A number.
    Number(Number),
    /// Text.
    Text(Text<'a>),
    /// Bytes that need not be text.
    Bytes(Bytes<'a>),
    /// Values in order.
    List(List<'a>),
    /// Values under names, in the order in which they were written.
    Map(Map<'a>),
}

/// Values in order.
#[derive(Clone, Debug)]
pub enum List<'a> {
    /// Lent by the host.
    Borrowed(&'a [Value<'a>]),
    /// Made by an expression.
    Shared(Arc<[Value<'a>]>),
}

/// Values under names.
#[derive(Clone, Debug)]
pub enum Map<'a> {
    /// Lent by the host.
    Borrowed(&'a Record<'a>),
    /// Made by an expression.
    Shared(Arc<Record<'a>>),
}

impl<'a> Value<'a> {
    /// Whether this is nothing.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether a condition holds: all but `0`, `""`, `null`, `false`, `{}` and `[]` do.
    #[must_use]
    pub fn is_truthy(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(bool) => *bool,
            Self::Number(number) => *number != Number::Int(0),
            Self::Text(text) => !text.is_empty(),
            Self::Bytes(bytes) => !bytes.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Map(map) => !map.is_empty(),
        }
    }

    /// The user's word for what this is.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Number(_) => "number",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "list",
            Self::Map(_) => "map",
        }
    }

    /// The value under `key`; null when there is none or this is no map.
    #[must_use]
    pub fn get(&self, key: &str) -> Value<'a> {
        match self {
            Self::Map(map) => map.get(key).cloned().unwrap_or(Value::Null),
            _ => Value::Null,
        }
    }

    /// The element at `index`, counted from the end when negative; null when there is none.
    ///
    /// Texts have characters, bytes have numbers.
    #[must_use]
    pub fn index(&self, index: i64) -> Value<'a> {
        match self {
            Self::List(list) => {
                place(index, list.len()).and_then(|at| list.get(at)).cloned().unwrap_or(Value::Null)
            }
            Self::Text(text) => {
                let start = if index < 0 {
                    let back = usize::try_from(index.unsigned_abs() - 1).ok();
                    back.and_then(|back| text.char_indices().nth_back(back))
                } else {
                    usize::try_from(index).ok().and_then(|at| text.char_indices().nth(at))
                };
                start.map_or(Value::Null, |(at, char)| {
                    Value::Text(text.part(at..at + char.len_utf8()))
                })
            }
            Self::Bytes(bytes) => place(index, bytes.len())
                .and_then(|at| bytes.get(at))
                .map_or(Value::Null, |byte| Value::Number(Number::Int(i128::from(*byte)))),
            _ => Value::Null,
        }
    }

    /// The elements from `start` up to but without `end`; both count from the end when negative.
    ///
    /// Lists have slices, as have texts, by character, and bytes.
    #[must_use]
    pub fn slice(&self, start: Option<i64>, end: Option<i64>) -> Value<'a> {
        match self {
            Self::List(list) => {
                let (start, end) = clamp(start, end, list.len());
                match list {
                    List::Borrowed(items) => Value::List(List::Borrowed(&items[start..end])),
                    List::Shared(items) => Value::from(items[start..end].to_vec()),
                }
            }
            Self::Text(text) => {
                let (start, end) = clamp(start, end, text.chars().count());
                let at = |n: usize| text.char_indices().nth(n).map_or(text.len(), |(at, _)| at);
                Value::Text(text.part(at(start)..at(end)))
            }
            Self::Bytes(bytes) => {
                let (start, end) = clamp(start, end, bytes.len());
                Value::Bytes(bytes.part(start..end))
            }
            _ => Value::Null,
        }
    }

    /// The text, if this is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The bytes of a text or of bytes.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Text(text) => Some(text.as_bytes()),
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The number, if this is one.
    #[must_use]
    pub fn as_number(&self) -> Option<Number> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The elements, if this is a list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Value<'a>]> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// The entries, if this is a map.
    #[must_use]
    pub fn as_map(&self) -> Option<&Record<'a>> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// How this is written into a text: numbers and booleans as in JSON, text as it is, bytes if
    /// they are UTF-8, lists and maps as JSON. Null is not written at all.
    #[must_use]
    pub fn to_text(&self) -> Option<Text<'a>> {
        match self {
            Self::Null => None,
            Self::Bool(true) => Some(Text::Borrowed("true")),
            Self::Bool(false) => Some(Text::Borrowed("false")),
            Self::Number(number) => Some(Text::from(number.to_string())),
            Self::Text(text) => Some(text.clone()),
            Self::Bytes(bytes) => bytes.to_text(),
            Self::List(_) | Self::Map(_) => serde_json::to_string(self).ok().map(Text::from),
        }
    }

    /// The same value, lent.
    #[must_use]
    pub fn borrow(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Bool(bool) => Value::Bool(*bool),
            Self::Number(number) => Value::Number(*number),
            Self::Text(text) => Value::Text(Text::Borrowed(text)),
            Self::Bytes(bytes) => Value::Bytes(Bytes::Borrowed(bytes)),
            Self::List(list) => Value::List(List::Borrowed(list)),
            Self::Map(map) => Value::Map(Map::Borrowed(map)),
        }
    }

    /// The same value, down to its last part independent of the host.
    #[must_use]
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Bool(bool) => Value::Bool(bool),
            Self::Number(number) => Value::Number(number),
            Self::Text(text) => Value::Text(text.into_owned()),
            Self::Bytes(bytes) => Value::Bytes(bytes.into_owned()),
            Self::List(list) => list.iter().cloned().map(Value::into_owned).collect(),
            Self::Map(map) => map
                .iter()
                .map(|(key, value)| (key.clone().into_owned(), value.clone().into_owned()))
                .collect(),
        }
    }
}

/// Where `index` points in `len` elements.
fn place(index: i64, len: usize) -> Option<usize> {
    if index < 0 {
        len.checked_sub(usize::try_from(index.unsigned_abs()).ok()?)
    } else {
        usize::try_from(index).ok()
    }
}

/// The bounds of a slice of `len` elements, in order and inside.
fn clamp(start: Option<i64>, end: Option<i64>, len: usize) -> (usize, usize) {
    let inside = |index: i64| {
        if index < 0 { place(index, len).unwrap_or(0) } else { place(index, len).unwrap_or(len) }
            .min(len)
    };
    let start = start.map_or(0, inside);
    let end = end.map_or(len, inside);
    (start.min(end), end)
}

#[cfg(test)]
mod tests {
    use super::Value;

    fn value(json: &str) -> Value<'static> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn truthiness() {
        for json in ["0", "0.0", "-0.0", r#""""#, "null", "false", "{}", "[]"] {
            assert!(!value(json).is_truthy(), "{json}");
        }
        for json in ["1", "0.1", r#"" ""#, "true", r#"{"a":null}"#, "[null]"] {
            assert!(value(json).is_truthy(), "{json}");
        }
    }

    #[test]
    fn indexes_and_slices() {
        let list = value("[1,2,3]");
        for (index, json) in [(0, "1"), (2, "3"), (3, "null"), (-1, "3"), (-3, "1"), (-4, "null")] {
            assert_eq!(list.index(index), value(json), "{index}");
        }
        assert_eq!(list.index(i64::MIN), Value::Null);
        for (start, end, json) in [
            (Some(1), None, "[2,3]"),
            (None, Some(-1), "[1,2]"),
            (Some(2), Some(1), "[]"),
            (Some(i64::MIN), Some(i64::MAX), "[1,2,3]"),
            (Some(7), None, "[]"),
        ] {
            assert_eq!(list.slice(start, end), value(json), "{start:?}:{end:?}");
            assert_eq!(list.borrow().slice(start, end), value(json), "{start:?}:{end:?}");
        }
        let text = value(r#""añb""#);
        assert_eq!(text.index(1), value(r#""ñ""#));
        assert_eq!(text.index(-1), value(r#""b""#));
        assert_eq!(text.slice(Some(1), None), value(r#""ñb""#));
        assert_eq!(text.slice(Some(-1), Some(9)), value(r#""b""#));
    }

    #[test]
    fn written_into_text() {
        for (json, text) in [
            ("1", Some("1")),
            ("1.50", Some("1.5")),
            ("true", Some("true")),
            (r#""a\"b""#, Some("a\"b")),
            (r#"{"b":[1,null],"a":"x"}"#, Some(r#"{"b":[1,null],"a":"x"}"#)),
            ("null", None),
        ] {
            assert_eq!(value(json).to_text().as_deref(), text, "{json}");
        }
    }
}
