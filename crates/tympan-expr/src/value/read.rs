//! Reading a JSON text, as far as anybody asks for it.

use std::collections::HashSet;
use std::fmt;

use foldhash::fast::RandomState;
use serde::de::DeserializeSeed;
use serde::de::Deserializer;
use serde::de::Error;
use serde::de::MapAccess;
use serde::de::SeqAccess;
use serde::de::Visitor;
use smallvec::SmallVec;

use super::List;
use super::Map;
use super::Record;
use super::Text;
use super::Value;
use super::plain::read_plain;
use crate::needs::Paths;
use crate::number::Number;

/// How deep a JSON text may be nested.
pub const JSON_DEPTH: usize = 64;

/// How many keys of one object are compared one by one.
const FEW: usize = 32;

/// Reads JSON (RFC 8259), and of it the values that `wanted` names: what lies beside them is read as
/// strictly, and left out. A key that stands twice in an object is refused, as readers disagree
/// about which of the two counts.
///
/// # Errors
///
/// Why it is no JSON, or none that is taken, with line and column and without a word of the text.
pub fn read_json<'t>(text: &'t [u8], wanted: &Paths) -> Result<Value<'t>, serde_json::Error> {
    let Ok(known) = simdutf8::basic::from_utf8(text) else {
        // Every text in it would be looked at by itself, which costs more.
        let mut deserializer = serde_json::Deserializer::from_slice(text);
        Beside { depth: JSON_DEPTH }.deserialize(&mut deserializer)?;
        deserializer.end()?;
        return Err(serde_json::Error::custom("it is not UTF-8"));
    };
    match read_plain(known, wanted) {
        Some(value) => Ok(value),
        None => read_by_library(known, wanted),
    }
}

/// Reads the same by the library alone.
pub(super) fn read_by_library<'t>(
    text: &'t str,
    wanted: &Paths,
) -> Result<Value<'t>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Reader { wanted, depth: JSON_DEPTH }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// One JSON value, at most so deep.
#[derive(Clone, Copy)]
struct Reader<'w> {
    wanted: &'w Paths,
    depth: usize,
}

/// One JSON value that nobody asks for.
#[derive(Clone, Copy)]
struct Beside {
    depth: usize,
}

impl<'w> Reader<'w> {
    fn is_whole(self) -> bool {
        matches!(self.wanted, Paths::Whole)
    }

    fn scalar<'de>(self, value: impl Into<Value<'de>>) -> Value<'de> {
        if self.is_whole() { value.into() } else { Value::Null }
    }

    /// All entries of an object.
    fn all<'de, A: MapAccess<'de>>(self, mut access: A) -> Result<Value<'de>, A::Error> {
        let inner = Self { depth: deeper(self.depth)?, ..self };
        let mut record = Record::default();
        let mut keys = Keys::default();
        while let Some(key) = access.next_key_seed(Key)? {
            let is_new = keys.add(&key);
            let value = access.next_value_seed(inner)?;
            if !is_new {
                return Err(twice());
            }
            record.push(key, value);
        }
        Ok(Value::Map(Map::from(record)))
    }

    /// The entries of an object under these keys.
    fn some<'de, A: MapAccess<'de>>(
        self,
        wanted: &'w [(Box<str>, Paths)],
        mut access: A,
    ) -> Result<Value<'de>, A::Error> {
        let beside = Beside { depth: deeper(self.depth)? };
        let mut record = Record::with_capacity(wanted.len());
        let mut keys = Keys::default();
        while let Some(key) = access.next_key_seed(Key)? {
            // There are few, and most are told apart by their lengths.
            let found = wanted.iter().find(|(wanted, _)| **wanted == *key);
            let is_new = keys.add(&key);
            let value = if let Some((_, wanted)) = found {
                Some(access.next_value_seed(Reader { wanted, depth: beside.depth })?)
            } else {
                access.next_value_seed(beside)?;
                None
            };
            if !is_new {
                return Err(twice());
            }
            if let Some(value) = value {
                record.push(key, value);
            }
        }
        Ok(Value::Map(Map::from(record)))
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value<'de>, E> {
        Ok(self.scalar(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value<'de>, E> {
        Ok(self.scalar(Number::Int(value.into())))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value<'de>, E> {
        Ok(self.scalar(Number::Int(value.into())))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value<'de>, E> {
        Ok(self.scalar(Number::Float(value)))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Value<'de>, E> {
        Ok(self.scalar(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value<'de>, E> {
        Ok(if self.is_whole() { Value::from(value.to_owned()) } else { Value::Null })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value<'de>, A::Error> {
        if !self.is_whole() {
            // Nothing in it has a name.
            return Beside { depth: self.depth }.visit_seq(access).map(|()| Value::Null);
        }
        let inner = Self { depth: deeper(self.depth)?, ..self };
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(inner)? {
            items.push(item);
        }
        Ok(Value::List(List::from(items)))
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<Value<'de>, A::Error> {
        match self.wanted {
            Paths::Whole => self.all(access),
            Paths::Keys(wanted) => self.some(wanted, access),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Beside {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Beside {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        let inner = Self { depth: deeper(self.depth)? };
        while access.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        let inner = Self { depth: deeper(self.depth)? };
        let mut keys = Keys::default();
        while let Some(key) = access.next_key_seed(Key)? {
            let is_new = keys.add(&key);
            access.next_value_seed(inner)?;
            if !is_new {
                return Err(twice());
            }
        }
        Ok(())
    }
}

fn deeper<E: Error>(depth: usize) -> Result<usize, E> {
    let too_deep = || E::custom(format_args!("it is nested deeper than {JSON_DEPTH}"));
    depth.checked_sub(1).ok_or_else(too_deep)
}

fn twice<E: Error>() -> E {
    E::custom("a key stands twice in one object")
}

/// A key, borrowed where it has no escapes.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Text<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Text<'de>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Text<'de>, E> {
        Ok(Text::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Text<'de>, E> {
        Ok(Text::from(value.to_owned()))
    }
}

/// The keys of an object so far.
#[derive(Default)]
struct Keys<'k> {
    /// Those that are lent, while there are few and all of them are.
    few: SmallVec<[&'k str; 16]>,
    /// A bit for each of them: a key whose bit is not set is new without a look at the others.
    marks: u64,
    /// All of them, otherwise.
    many: Option<HashSet<Text<'k>, RandomState>>,
}

impl<'k> Keys<'k> {
    /// Adds a key; whether it is new.
    fn add(&mut self, key: &Text<'k>) -> bool {
        match key {
            Text::Borrowed(key) if self.many.is_none() && self.few.len() < FEW => {
                let mark = mark(key.as_bytes());
                let is_new = self.marks & mark == 0 || !self.few.contains(key);
                self.marks |= mark;
                self.few.push(key);
                is_new
            }
            _ => self.add_to_many(key),
        }
    }

    #[cold]
    fn add_to_many(&mut self, key: &Text<'k>) -> bool {
        let few = self.few.iter().map(|key| Text::Borrowed(key));
        self.many.get_or_insert_with(|| few.collect()).insert(key.clone())
    }
}

fn mark(key: &[u8]) -> u64 {
    let end = |byte: Option<&u8>| byte.map_or(0, |byte| usize::from(*byte));
    1 << ((key.len() + 5 * end(key.first()) + 11 * end(key.last())) % 64)
}

#[cfg(test)]
mod tests {
    use super::JSON_DEPTH;
    use super::read_json;
    use crate::Needs;
    use crate::RootId;
    use crate::needs::Paths;

    fn paths(paths: &[&str]) -> Paths {
        let mut needs = Needs::default();
        for path in paths {
            needs.read(RootId(0), path.split('.'));
        }
        needs.paths(RootId(0)).cloned().unwrap_or(Paths::Keys(Vec::new()))
    }

    #[track_caller]
    fn check(text: &str, expected: Result<&str, &str>) {
        let found = read_json(text.as_bytes(), &Paths::Whole).map(|it| it.to_json().to_string());
        match expected {
            Ok(expected) => assert_eq!(found.unwrap(), expected),
            Err(part) => {
                let why = found.expect_err("it should be refused").to_string();
                assert!(why.contains(part), "{why}");
                // What nobody asks for is read as strictly.
                let (nobody, beside) = (paths(&[]), paths(&["wanted"]));
                assert_eq!(read_json(text.as_bytes(), &nobody).unwrap_err().to_string(), why);
                let inside = format!(r#"{{"beside":{text}}}"#);
                assert!(read_json(inside.as_bytes(), &beside).is_err(), "{inside}");
            }
        }
    }

    #[test]
    fn values() {
        check(
            r#" {"a":[1,-2,2.5,null,true],"b":"ü\n"} "#,
            Ok(r#"{"a":[1,-2,2.5,null,true],"b":"ü\n"}"#),
        );
        check("18446744073709551615", Ok("18446744073709551615"));
    }

    #[test]
    fn what_readers_disagree_about() {
        check(r#"{"a":1,"a":2}"#, Err("stands twice"));
        check(r#"{"a":1,"\u0061":2}"#, Err("stands twice"));
        check(r#"[{"x":{"a":1,"b":2,"a":3}}]"#, Err("stands twice"));
        check(r#""\ud800""#, Err("hex escape"));
        check("1 2", Err("trailing"));
        check("1e999", Err("out of range"));
        check("NaN", Err("expected"));
        check("[1,]", Err("trailing comma"));
        check(r#"{"a":1"#, Err("EOF"));
    }

    #[test]
    fn many_keys() {
        let keys = |count: usize| (0..count).map(|n| format!(r#""k{n}":{n}"#)).collect::<Vec<_>>();
        for count in [1, 16, 31, 32, 33, 34, 1000] {
            let right = format!("{{{}}}", keys(count).join(","));
            assert!(read_json(right.as_bytes(), &paths(&["k0"])).is_ok());
            let doubled = format!(r#"{{{},"k{}":0}}"#, keys(count).join(","), count / 2);
            check(&doubled, Err("stands twice"));
        }
    }

    #[test]
    fn depth() {
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        check(&nested(JSON_DEPTH), Ok(&nested(JSON_DEPTH)));
        check(&nested(JSON_DEPTH + 1), Err("nested deeper than 64"));
        check(&"[".repeat(100_000), Err("nested deeper"));
        check(&r#"{"a":"#.repeat(100_000), Err("nested deeper"));
    }

    #[test]
    fn bytes_that_are_no_text() {
        for wanted in [Paths::Whole, paths(&[])] {
            assert!(read_json(b"\"\xff\"", &wanted).is_err());
            assert!(read_json(b"\xff", &wanted).is_err());
            assert!(read_json(b"{\"\xff\":1}", &wanted).is_err());
        }
    }

    #[test]
    fn only_what_is_asked_for() {
        let text = r#"{"a":{"b":1,"c":{"d":[2]},"e":3},"f":"x","g":[{"b":4}],"n":null}"#;
        let check = |wanted: &[&str], expected: &str| {
            let value = read_json(text.as_bytes(), &paths(wanted)).unwrap();
            assert_eq!(value.to_json().to_string(), expected, "{wanted:?}");
        };
        check(&["a.b", "a.c.d", "f"], r#"{"a":{"b":1,"c":{"d":[2]}},"f":"x"}"#);
        check(&["a.c", "a.c.d"], r#"{"a":{"c":{"d":[2]}}}"#);
        check(&["g", "missing"], r#"{"g":[{"b":4}]}"#);
        // Nothing lies below a text, a list or null.
        check(&["f.x", "g.b", "n.x"], r#"{"f":null,"g":null,"n":null}"#);
        check(&[], "{}");
    }
}
