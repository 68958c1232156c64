//! Values under names.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::Text;
use super::Value;

/// Up to this many entries are compared one by one, which costs less than hashing a key: most maps of
/// a body are small, and looked into once or twice.
const FEW: usize = 16;

/// The entries of a map, in the order in which they were written.
#[derive(Clone, Debug, Default)]
pub struct Record<'a> {
    entries: Vec<(Text<'a>, Value<'a>)>,
    /// Where the entries are, once they are more than [`FEW`].
    places: Option<HashMap<Text<'a>, usize, RandomState>>,
}

impl<'a> Record<'a> {
    /// No entries, and room for so many.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { entries: Vec::with_capacity(capacity), places: None }
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value under `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value<'a>> {
        self.place(key).map(|place| &self.entries[place].1)
    }

    /// Whether there is a value under `key`.
    #[must_use]
    pub fn contains_key(&self, key: &str) -> bool {
        self.place(key).is_some()
    }

    /// The entry at `index`, counted in the order of the entries.
    #[must_use]
    pub fn get_index(&self, index: usize) -> Option<(&Text<'a>, &Value<'a>)> {
        self.entries.get(index).map(|(key, value)| (key, value))
    }

    /// Puts a value under a key, in the place of the one that stood there; a new key comes last.
    pub fn insert(&mut self, key: Text<'a>, value: Value<'a>) -> Option<Value<'a>> {
        if let Some(place) = self.place(&key) {
            return Some(std::mem::replace(&mut self.entries[place].1, value));
        }
        self.push(key, value);
        None
    }

    /// Puts a value under a key that is known to be new.
    pub(crate) fn push(&mut self, key: Text<'a>, value: Value<'a>) {
        if let Some(places) = &mut self.places {
            places.insert(key.clone(), self.entries.len());
        }
        self.entries.push((key, value));
        if self.entries.len() > FEW && self.places.is_none() {
            let keys = self.entries.iter().map(|(key, _)| key.clone());
            self.places = Some(keys.enumerate().map(|(place, key)| (key, place)).collect());
        }
    }

    /// All entries, in order.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Text<'a>, &Value<'a>)> {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    /// All keys, in order.
    #[must_use]
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &Text<'a>> {
        self.entries.iter().map(|(key, _)| key)
    }

    /// All values, in the order of their keys.
    #[must_use]
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Value<'a>> {
        self.entries.iter().map(|(_, value)| value)
    }

    fn place(&self, key: &str) -> Option<usize> {
        match &self.places {
            Some(places) => places.get(key).copied(),
            None => self.entries.iter().position(|(known, _)| **known == *key),
        }
    }
}

impl<'a> Extend<(Text<'a>, Value<'a>)> for Record<'a> {
    fn extend<I: IntoIterator<Item = (Text<'a>, Value<'a>)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<'a> FromIterator<(Text<'a>, Value<'a>)> for Record<'a> {
    fn from_iter<I: IntoIterator<Item = (Text<'a>, Value<'a>)>>(entries: I) -> Self {
        let entries = entries.into_iter();
        let mut record = Self::with_capacity(entries.size_hint().0);
        record.extend(entries);
        record
    }
}

#[cfg(test)]
mod tests {
    use super::FEW;
    use super::Record;
    use crate::value::Text;
    use crate::value::Value;

    #[test]
    fn few_and_many() {
        for count in [0, 1, FEW, FEW + 1, 10 * FEW] {
            let entry = |n: usize| (Text::from(format!("k{n}")), Value::from(n));
            let mut record: Record<'_> = (0..count).map(entry).collect();
            assert_eq!(record.len(), count);
            for n in 0..count {
                assert_eq!(record.get(&format!("k{n}")), Some(&Value::from(n)));
                assert_eq!(record.get_index(n).map(|(key, _)| &**key), Some(&*format!("k{n}")));
            }
            assert_eq!(record.get("k"), None);
            assert_eq!(record.insert(Text::from("last"), Value::Null), None);
            assert_eq!(record.insert(Text::from("last"), Value::from(1_usize)), Some(Value::Null));
            assert_eq!(record.len(), count + 1);
            assert_eq!(record.get_index(count), Some((&Text::from("last"), &Value::from(1_usize))));
        }
    }
}
