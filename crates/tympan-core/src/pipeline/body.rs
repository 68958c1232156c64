//! What a body says, as its parser understands it.

use indexmap::IndexMap;
use tympan_expr::List;
use tympan_expr::Map;
use tympan_expr::Paths;
use tympan_expr::Record;
use tympan_expr::Text;
use tympan_expr::Value;
use tympan_expr::read_json;

use super::Head;
use crate::config::Accept;

/// Why a body is not what its parser reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    /// What it should have been.
    pub(crate) parser: &'static str,
    /// Why it is not, without a word of the body itself.
    pub(crate) why: String,
}

/// Reads a body, as far as `wanted` asks for it. One without any bytes says nothing, whatever the
/// parser.
pub(crate) fn parse<'b>(
    accept: Accept,
    wanted: &Paths,
    head: &Head,
    body: &'b [u8],
) -> Result<Value<'b>, Unreadable> {
    if body.is_empty() {
        return Ok(Value::Null);
    }
    match accept {
        Accept::Json => json(body, wanted),
        Accept::Form => Ok(form(body)),
        Accept::Text => text(body),
        Accept::Any => Ok(any(&head.media_type().unwrap_or_default(), body, wanted)),
    }
}

fn json<'b>(body: &'b [u8], wanted: &Paths) -> Result<Value<'b>, Unreadable> {
    read_json(body, wanted).map_err(|error| Unreadable { parser: "JSON", why: error.to_string() })
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

fn any<'b>(media_type: &str, body: &'b [u8], wanted: &Paths) -> Value<'b> {
    let is_json = media_type == "application/json" || media_type.ends_with("+json");
    if is_json && let Ok(value) = read_json(body, wanted) {
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

#[cfg(test)]
mod tests {
    use super::form;

    #[test]
    fn forms() {
        let value = form(b"a=1&b=x+y%21&a=2&c&%ff=1");
        let expected = r#"{"a":["1","2"],"b":"x y!","c":"","�":"1"}"#;
        assert_eq!(value.to_json().to_string(), expected);
    }
}
