//! What a body says, as its parser understands it.

use std::fmt;

use indexmap::IndexMap;
use serde::de::DeserializeSeed;
use serde::de::Deserializer;
use serde::de::Error as _;
use serde::de::MapAccess;
use serde::de::SeqAccess;
use serde::de::Visitor;
use tympan_expr::List;
use tympan_expr::Map;
use tympan_expr::Number;
use tympan_expr::Record;
use tympan_expr::Text;
use tympan_expr::Value;

use super::Head;
use crate::config::Accept;

/// How deep a JSON body may be nested.
const MOST_DEPTH: usize = 64;

/// Why a body is not what its parser reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    /// What it should have been.
    pub(crate) parser: &'static str,
    /// Why it is not, without a word of the body itself.
    pub(crate) why: String,
}

/// Reads a body. One without any bytes says nothing, whatever the parser.
pub(crate) fn parse<'b>(
    accept: Accept,
    head: &Head,
    body: &'b [u8],
) -> Result<Value<'b>, Unreadable> {
    if body.is_empty() {
        return Ok(Value::Null);
    }
    match accept {
        Accept::Json => json(body),
        Accept::Form => Ok(form(body)),
        Accept::Text => text(body),
        Accept::Any => Ok(any(&head.media_type().unwrap_or_default(), body)),
    }
}

/// Reads JSON (RFC 8259): a key that stands twice is refused, as readers disagree about which of
/// the two counts.
pub(crate) fn json(body: &[u8]) -> Result<Value<'_>, Unreadable> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = JsonSeed { depth: MOST_DEPTH }.deserialize(&mut deserializer);
    value
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| Unreadable { parser: "JSON", why: error.to_string() })
}

/// Pairs of a form or query: a repeated key gives a list.
fn form(body: &[u8]) -> Value<'_> {
    let mut lists: IndexMap<Text<'_>, Vec<Value<'_>>> = IndexMap::new();
    for (key, value) in form_urlencoded::parse(body) {
        lists.entry(cow(key)).or_default().push(Value::Text(cow(value)));
    }
    let single = |(key, mut values): (_, Vec<_>)| {
        let value = match values.len() {
            1 => values.remove(0),
            _ => Value::List(List::from(values)),
        };
        (key, value)
    };
    Value::Map(Map::from(lists.into_iter().map(single).collect::<Record<'_>>()))
}

fn text(body: &[u8]) -> Result<Value<'_>, Unreadable> {
    match std::str::from_utf8(body) {
        Ok(text) => Ok(Value::Text(Text::from(text))),
        Err(error) => Err(Unreadable { parser: "UTF-8", why: error.to_string() }),
    }
}

fn any<'b>(media_type: &str, body: &'b [u8]) -> Value<'b> {
    let is_json = media_type == "application/json" || media_type.ends_with("+json");
    if is_json && let Ok(value) = json(body) {
        return value;
    }
    if media_type == "application/x-www-form-urlencoded" {
        return form(body);
    }
    text(body).unwrap_or_else(|_| Value::Bytes(tympan_expr::Bytes::from(body)))
}

pub(super) fn cow(text: std::borrow::Cow<'_, str>) -> Text<'_> {
    match text {
        std::borrow::Cow::Borrowed(text) => Text::from(text),
        std::borrow::Cow::Owned(text) => Text::from(text),
    }
}

/// One JSON value, at most so deep.
#[derive(Clone, Copy)]
struct JsonSeed {
    depth: usize,
}

impl JsonSeed {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1);
        depth
            .map(|depth| Self { depth })
            .ok_or_else(|| E::custom(format_args!("it is nested deeper than {MOST_DEPTH}")))
    }
}

impl<'de> DeserializeSeed<'de> for JsonSeed {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for JsonSeed {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value<'de>, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value<'de>, E> {
        Ok(Value::Number(Number::Int(value.into())))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value<'de>, E> {
        Ok(Value::Number(Number::Int(value.into())))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value<'de>, E> {
        Ok(Value::Number(Number::Float(value)))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Text::from(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Text::from(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value<'de>, A::Error> {
        let seed = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(seed)? {
            items.push(item);
        }
        Ok(Value::List(List::from(items)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value<'de>, A::Error> {
        let seed = self.deeper()?;
        let mut record = Record::new();
        while let Some(key) = access.next_key_seed(KeySeed)? {
            let value = access.next_value_seed(seed)?;
            if record.insert(key, value).is_some() {
                return Err(A::Error::custom("a key stands twice in one object"));
            }
        }
        Ok(Value::Map(Map::from(record)))
    }
}

/// A key, borrowed where it has no escapes.
struct KeySeed;

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Text<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Text<'de>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for KeySeed {
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

#[cfg(test)]
mod tests {
    use super::form;
    use super::json;

    #[track_caller]
    fn check(body: &str, expected: Result<&str, &str>) {
        let found = json(body.as_bytes());
        let found = found.map(|it| it.to_json().to_string()).map_err(|error| error.why);
        match expected {
            Ok(expected) => assert_eq!(found.as_deref(), Ok(expected)),
            Err(part) => {
                let why = found.expect_err("it should be refused");
                assert!(why.contains(part), "{why}");
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
        check(r#""\ud800""#, Err("hex escape"));
        check("1 2", Err("trailing"));
        check("1e999", Err("out of range"));
        check("NaN", Err("expected"));
        check("[1,]", Err("trailing comma"));
    }

    #[test]
    fn depth() {
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        check(&nested(64), Ok(&nested(64)));
        check(&nested(65), Err("nested deeper than 64"));
        check(&"[".repeat(100_000), Err("nested deeper"));
    }

    #[test]
    fn bytes_that_are_no_text() {
        assert!(json(b"\"\xff\"").is_err());
        assert!(json(b"\xff").is_err());
    }

    #[test]
    fn forms() {
        let value = form(b"a=1&b=x+y%21&a=2&c&%ff=1");
        let expected = r#"{"a":["1","2"],"b":"x y!","c":"","�":"1"}"#;
        assert_eq!(value.to_json().to_string(), expected);
    }
}
