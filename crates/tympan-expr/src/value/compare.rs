//! Which values are equal, and which comes first.

use std::cmp::Ordering;
use std::hash::DefaultHasher;
use std::hash::Hash;
use std::hash::Hasher;

use crate::value::Text;
use crate::value::Value;

/// How much may still be compared: one for a value, one for every 1024 bytes of text.
///
/// A comparison that runs out stops at once, and its result means nothing.
#[derive(Debug)]
pub(crate) struct Budget {
    left: usize,
    out: bool,
}

impl Budget {
    pub(crate) fn new(left: usize) -> Self {
        Self { left, out: false }
    }

    /// What is left, unless it was not enough.
    pub(crate) fn left(&self) -> Option<usize> {
        (!self.out).then_some(self.left)
    }

    fn take(&mut self, bytes: usize) -> bool {
        match self.left.checked_sub(1 + bytes / 1024) {
            Some(left) => self.left = left,
            None => self.out = true,
        }
        !self.out
    }
}

impl Value<'_> {
    /// Whether both are the same, whatever they are; a text is the same as its bytes.
    pub(crate) fn same(&self, other: &Value<'_>, budget: &mut Budget) -> bool {
        match (self, other) {
            (Self::Null, Value::Null) => true,
            (Self::Bool(a), Value::Bool(b)) => a == b,
            (Self::Number(a), Value::Number(b)) => a == b,
            (Self::List(a), Value::List(b)) => {
                a.len() == b.len()
                    && a.iter().zip(b.iter()).all(|(a, b)| budget.take(0) && a.same(b, budget))
            }
            (Self::Map(a), Value::Map(b)) => {
                a.len() == b.len()
                    && a.iter().all(|(key, a)| {
                        budget.take(key.len()) && b.get(key).is_some_and(|b| a.same(b, budget))
                    })
            }
            _ => match (self.as_bytes(), other.as_bytes()) {
                (Some(a), Some(b)) => a.len() == b.len() && budget.take(a.len()) && a == b,
                _ => false,
            },
        }
    }

    /// Which of two numbers, or of two texts, is the greater; texts compare by code point.
    /// `None` for everything else, which has no order.
    #[must_use]
    pub fn relate(&self, other: &Value<'_>) -> Option<Ordering> {
        match (self, other) {
            (Self::Number(a), Value::Number(b)) => Some(a.cmp(b)),
            // The order of UTF-8 bytes is the order of code points.
            _ => Some(self.as_bytes()?.cmp(other.as_bytes()?)),
        }
    }

    /// An order of all values, for sorting: null, booleans, numbers, texts, lists, maps; lists by
    /// their elements; all maps are alike.
    pub(crate) fn order(&self, other: &Value<'_>) -> Ordering {
        match (self, other) {
            (Self::Bool(a), Value::Bool(b)) => a.cmp(b),
            (Self::List(a), Value::List(b)) => {
                let mut orders = a.iter().zip(b.iter()).map(|(a, b)| a.order(b));
                orders.find(|order| order.is_ne()).unwrap_or_else(|| a.len().cmp(&b.len()))
            }
            _ => self.relate(other).unwrap_or_else(|| self.rank().cmp(&other.rank())),
        }
    }

    /// Takes from `budget` what it costs to look at all of this value.
    pub(crate) fn weigh(&self, budget: &mut Budget) {
        if !budget.take(self.byte_len()) {
            return;
        }
        match self {
            Self::List(list) => list.iter().for_each(|item| item.weigh(budget)),
            Self::Map(map) => map.values().for_each(|value| value.weigh(budget)),
            _ => {}
        }
    }

    fn byte_len(&self) -> usize {
        self.as_bytes().map_or(0, <[u8]>::len)
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(_) => 1,
            Self::Number(_) => 2,
            Self::Text(_) | Self::Bytes(_) => 3,
            Self::List(_) => 4,
            Self::Map(_) => 5,
        }
    }
}

impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.same(other, &mut Budget::new(usize::MAX))
    }
}

impl Eq for Value<'_> {}

impl Hash for Value<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.rank().hash(state);
        match self {
            Self::Null => {}
            Self::Bool(bool) => bool.hash(state),
            Self::Number(number) => number.hash(state),
            Self::Text(text) => text.as_bytes().hash(state),
            Self::Bytes(bytes) => bytes.hash(state),
            Self::List(list) => list.hash(state),
            // Equal maps may hold their entries in another order, so the order must not count.
            Self::Map(map) => {
                let entry_hash = |entry: (&Text<'_>, &Value<'_>)| {
                    let mut hasher = DefaultHasher::new();
                    entry.hash(&mut hasher);
                    hasher.finish()
                };
                let sum = map.iter().map(entry_hash).fold(0, u64::wrapping_add);
                sum.hash(state);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::value::Value;

    fn value(json: &str) -> Value<'static> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn equality() {
        for (a, b, equal) in [
            ("1", "1.0", true),
            ("9007199254740993", "9007199254740992", false),
            ("1", "true", false),
            ("0", "null", false),
            (r#""1""#, "1", false),
            (r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#, true),
            (r#"{"a":1}"#, r#"{"b":1}"#, false),
            ("[1,[2]]", "[1,[2]]", true),
            ("[1]", "[1,2]", false),
        ] {
            assert_eq!(value(a) == value(b), equal, "{a} {b}");
        }
        assert_eq!(Value::from("é"), Value::from("é".as_bytes()));
        assert_ne!(Value::from("é"), Value::from(&b"\xff"[..]));
    }
}
