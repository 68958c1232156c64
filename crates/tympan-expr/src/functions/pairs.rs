//! What can be done with texts that hold keys and values.
//!
//! Both functions give lists, never maps: a key may stand twice, and the order may be signed.

use std::borrow::Cow;

use crate::bounds::Exhausted;
use crate::functions::Call;
use crate::functions::Function;
use crate::functions::Kind;
use crate::functions::extension;
use crate::functions::optional;
use crate::functions::required;
use crate::types::Types;
use crate::value::Record;
use crate::value::Text;
use crate::value::Value;

pub(super) static FUNCTIONS: &[Function] = &[
    extension(
        "$FORM_PAIRS",
        &[required("form", Kind::Data)],
        Types::LIST,
        "The keys and values of a form or a query, decoded, as maps of `key` and `value`, in the \
         order in which they were sent.",
        &[
            (
                r#""b=1&a=x+y%21&b=".$FORM_PAIRS()"#,
                r#"[{"key": "b", "value": "1"}, {"key": "a", "value": "x y!"}, {"key": "b", "value": ""}]"#,
            ),
            (r#""".$FORM_PAIRS()"#, "[]"),
        ],
        form,
    ),
    extension(
        "$PARSE_PAIRS",
        &[
            required("text", Kind::Text),
            optional("separator", Kind::Text),
            optional("between", Kind::Text),
        ],
        Types::LIST,
        "The keys and values of a text such as `t=1,v1=ab`, as maps of `key` and `value`, in its \
         order. Pairs end at `separator` (`,` when left out), keys at the first `between` (`=` \
         when left out); blanks around them are taken off. A pair without `between` has the value \
         null.",
        &[
            (
                r#""t=1, v1=ab=".$PARSE_PAIRS()"#,
                r#"[{"key": "t", "value": "1"}, {"key": "v1", "value": "ab="}]"#,
            ),
            (
                r#""a: 1; b".$PARSE_PAIRS(";", ":")"#,
                r#"[{"key": "a", "value": "1"}, {"key": "b", "value": null}]"#,
            ),
            (r#""t=1,v1=ab".$PARSE_PAIRS().$FILTER(p => p.key == "v1")[0].value"#, r#""ab""#),
        ],
        parse,
    ),
];

fn form<'a>(call: &mut Call<'a, '_, '_>) -> Result<Value<'a>, Exhausted> {
    let form = call.value(0);
    let mut pairs = Vec::new();
    for (key, value) in form_urlencoded::parse(form.as_bytes().unwrap_or_default()) {
        let (key, value) = (made(call, key)?, made(call, value)?);
        pairs.push(pair(call, key, value)?);
    }
    Ok(Value::from(pairs))
}

fn parse<'a>(call: &mut Call<'a, '_, '_>) -> Result<Value<'a>, Exhausted> {
    let Some(text) = call.text(0) else { return Ok(Value::Null) };
    let (separator, between) = (call.text(1), call.text(2));
    let separator = separator.as_deref().unwrap_or(",");
    let between = between.as_deref().unwrap_or("=");
    if separator.is_empty() || between.is_empty() {
        return Ok(Value::Null);
    }
    let mut pairs = Vec::new();
    for written in text.split(separator).map(str::trim).filter(|written| !written.is_empty()) {
        let (key, value) = match written.split_once(between) {
            Some((key, value)) => (key.trim_end(), made(call, Cow::Borrowed(value.trim_start()))?),
            None => (written, Value::Null),
        };
        let key = made(call, Cow::Borrowed(key))?;
        pairs.push(pair(call, key, value)?);
    }
    Ok(Value::from(pairs))
}

fn made<'a>(call: &mut Call<'a, '_, '_>, text: Cow<'_, str>) -> Result<Value<'a>, Exhausted> {
    call.made(text.into_owned())
}

/// A map of a key and a value, which costs a step for each of the three.
pub(super) fn pair<'a>(
    call: &mut Call<'a, '_, '_>,
    key: Value<'a>,
    value: Value<'a>,
) -> Result<Value<'a>, Exhausted> {
    call.step(3)?;
    let entries = [("key", key), ("value", value)];
    let entries = entries.map(|(name, value)| (Text::Borrowed(name), value));
    Ok(Value::from(Record::from_iter(entries)))
}
