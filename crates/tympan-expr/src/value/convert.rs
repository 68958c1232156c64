//! Values made of Rust's own types.

use std::ops::Deref;
use std::sync::Arc;

use crate::number::Number;
use crate::value::Bytes;
use crate::value::List;
use crate::value::Map;
use crate::value::Record;
use crate::value::Text;
use crate::value::Value;

impl<'a> Deref for List<'a> {
    type Target = [Value<'a>];

    fn deref(&self) -> &[Value<'a>] {
        match self {
            Self::Borrowed(items) => items,
            Self::Shared(items) => items,
        }
    }
}

impl<'a> Deref for Map<'a> {
    type Target = Record<'a>;

    fn deref(&self) -> &Record<'a> {
        match self {
            Self::Borrowed(record) => record,
            Self::Shared(record) => record,
        }
    }
}

impl<'a> From<Vec<Value<'a>>> for List<'a> {
    fn from(items: Vec<Value<'a>>) -> Self {
        Self::Shared(items.into())
    }
}

impl<'a> From<Record<'a>> for Map<'a> {
    fn from(record: Record<'a>) -> Self {
        Self::Shared(Arc::new(record))
    }
}

impl From<bool> for Value<'_> {
    fn from(bool: bool) -> Self {
        Self::Bool(bool)
    }
}

impl From<i64> for Value<'_> {
    fn from(int: i64) -> Self {
        Self::Number(Number::Int(int.into()))
    }
}

impl From<usize> for Value<'_> {
    fn from(int: usize) -> Self {
        // No machine counts further than an `i128`.
        Self::Number(Number::Int(i128::try_from(int).unwrap_or(i128::MAX)))
    }
}

impl From<Number> for Value<'_> {
    fn from(number: Number) -> Self {
        Self::Number(number)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl<'a> From<Text<'a>> for Value<'a> {
    fn from(text: Text<'a>) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes.into())
    }
}

impl From<Vec<u8>> for Value<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes.into())
    }
}

impl<'a> From<Bytes<'a>> for Value<'a> {
    fn from(bytes: Bytes<'a>) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a> From<Vec<Value<'a>>> for Value<'a> {
    fn from(items: Vec<Value<'a>>) -> Self {
        Self::List(items.into())
    }
}

impl<'a> From<Record<'a>> for Value<'a> {
    fn from(record: Record<'a>) -> Self {
        Self::Map(record.into())
    }
}

impl<'a> From<Option<Value<'a>>> for Value<'a> {
    fn from(value: Option<Value<'a>>) -> Self {
        value.unwrap_or(Value::Null)
    }
}

impl<'a> FromIterator<Value<'a>> for Value<'a> {
    fn from_iter<I: IntoIterator<Item = Value<'a>>>(items: I) -> Self {
        Self::List(List::Shared(items.into_iter().collect()))
    }
}

impl<'a> FromIterator<(Text<'a>, Value<'a>)> for Value<'a> {
    fn from_iter<I: IntoIterator<Item = (Text<'a>, Value<'a>)>>(entries: I) -> Self {
        Self::from(entries.into_iter().collect::<Record<'a>>())
    }
}
