//! Which types a value can have, as far as that is known before there is one.

use std::fmt;

use crate::value::Value;

/// A set of types of values.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Types(u8);

/// Every type, with the user's word for it.
const ALL: [(Types, &str); 7] = [
    (Types::NULL, "null"),
    (Types::BOOLEAN, "boolean"),
    (Types::NUMBER, "number"),
    (Types::TEXT, "text"),
    (Types::BYTES, "bytes"),
    (Types::LIST, "list"),
    (Types::MAP, "map"),
];

impl Types {
    /// Nothing; also what is missing.
    pub const NULL: Self = Self(1);
    /// True or false.
    pub const BOOLEAN: Self = Self(1 << 1);
    /// A number.
    pub const NUMBER: Self = Self(1 << 2);
    /// Text.
    pub const TEXT: Self = Self(1 << 3);
    /// Bytes that need not be text.
    pub const BYTES: Self = Self(1 << 4);
    /// Values in order.
    pub const LIST: Self = Self(1 << 5);
    /// Values under names.
    pub const MAP: Self = Self(1 << 6);
    /// No type at all.
    pub const NONE: Self = Self(0);
    /// Text or bytes.
    pub const DATA: Self = Self::TEXT.or(Self::BYTES);
    /// What can be written into a text without being JSON.
    pub const SCALAR: Self = Self::DATA.or(Self::NUMBER).or(Self::BOOLEAN);
    /// Any type but null.
    pub const SOME: Self = Self::SCALAR.or(Self::LIST).or(Self::MAP);
    /// Any type.
    pub const ANY: Self = Self::SOME.or(Self::NULL);

    /// The type that `value` has.
    #[must_use]
    pub fn of(value: &Value<'_>) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Number(_) => Self::NUMBER,
            Value::Text(_) => Self::TEXT,
            Value::Bytes(_) => Self::BYTES,
            Value::List(_) => Self::LIST,
            Value::Map(_) => Self::MAP,
        }
    }

    /// These and those of `other`.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those of these that are of `other`, too.
    #[must_use]
    pub const fn common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// These without those of `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether a value of one of these can be of one of `other`.
    #[must_use]
    pub const fn meets(self, other: Self) -> bool {
        self.common(other).0 != 0
    }

    /// Whether every value of these is one of `other`.
    #[must_use]
    pub const fn is_within(self, other: Self) -> bool {
        self.without(other).0 == 0
    }

    /// The user's words for these.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        ALL.into_iter().filter(move |(known, _)| self.meets(*known)).map(|(_, name)| name)
    }

    /// The word for what a value of these is unless it is null.
    pub(crate) fn name(self) -> &'static str {
        let some = if self == Self::NULL { self } else { self.without(Self::NULL) };
        some.names().next().unwrap_or("nothing")
    }
}

impl fmt::Debug for Types {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}
