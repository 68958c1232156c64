//! The standard functions of JMESPath.
//!
//! Where the standard has an error for an argument of the wrong type, these yield null.

use std::cmp::Ordering;

use crate::bounds::Exhausted;
use crate::functions::Call;
use crate::functions::Function;
use crate::functions::Kind;
use crate::functions::Parameter;
use crate::functions::Run;
use crate::functions::code;
use crate::functions::list;
use crate::functions::number;
use crate::functions::required;
use crate::functions::text;
use crate::number::Number;
use crate::types::Types;
use crate::value::Record;
use crate::value::Value;

const ANY: Parameter = required("value", Kind::Any);
const BY: Parameter = required("by", Kind::Lambda);
const LIST: Parameter = required("list", Kind::List);
const MAP: Parameter = required("object", Kind::Map);
const NUMBER: Parameter = required("number", Kind::Number);
const TEXT: Parameter = required("text", Kind::Text);

pub(super) static FUNCTIONS: &[Function] = &[
    row(
        "abs",
        &[NUMBER],
        Types::NUMBER,
        "The number without its sign.",
        &[("abs(`-1.5`)", "1.5")],
        |call| {
            let number = call.number(0).unwrap_or(Number::Int(0));
            Ok(Value::Number(if number < Number::Int(0) { number.negate() } else { number }))
        },
    ),
    row(
        "avg",
        &[LIST],
        Types::NUMBER,
        "The average of a list of numbers; null if it is empty.",
        &[("avg(`[1, 2, 6]`)", "3"), ("avg(`[]`)", "null")],
        |call| {
            let count = call.list(0).len();
            let sum = sum(&call.list(0));
            let average = sum.and_then(|sum| sum.over(Value::from(count).as_number()?));
            Ok(average.map_or(Value::Null, Value::Number))
        },
    ),
    row(
        "ceil",
        &[NUMBER],
        Types::NUMBER,
        "The number, rounded up.",
        &[("ceil(`1.2`)", "2")],
        |call| Ok(number::rounded(call, f64::ceil)),
    ),
    row(
        "contains",
        &[required("subject", Kind::Sized), required("search", Kind::Any)],
        Types::BOOLEAN,
        "Whether a list has an element, or a text a part.",
        &[("contains('foobar', 'foo')", "true"), ("contains(`[1, 2]`, `3`)", "false")],
        |call| match (call.value(0), call.value(1)) {
            (Value::Map(_), _) => Ok(Value::Null),
            (whole, item) => call.contains(&whole, &item).map(Value::Bool),
        },
    ),
    row(
        "ends_with",
        &[TEXT, required("suffix", Kind::Text)],
        Types::BOOLEAN,
        "Whether a text ends with another.",
        &[("ends_with('foobar', 'bar')", "true")],
        |call| Ok(text::ask(call, <[u8]>::ends_with)),
    ),
    row(
        "floor",
        &[NUMBER],
        Types::NUMBER,
        "The number, rounded down.",
        &[("floor(`1.7`)", "1")],
        |call| Ok(number::rounded(call, f64::floor)),
    ),
    row(
        "join",
        &[required("glue", Kind::Text), LIST],
        Types::TEXT,
        "The texts of a list in one, with `glue` between them.",
        &[("join(', ', `[\"a\", \"b\"]`)", r#""a, b""#)],
        join,
    ),
    row(
        "keys",
        &[MAP],
        Types::LIST,
        "The keys of an object.",
        &[("keys(`{\"a\": 1}`)", r#"["a"]"#)],
        |call| Ok(call.items(0).into_iter().map(|(key, _)| key).collect()),
    ),
    row(
        "length",
        &[required("subject", Kind::Sized)],
        Types::NUMBER,
        "How many elements a list, entries an object or characters a text has.",
        &[("length('abc')", "3"), ("length(`[1, 2]`)", "2")],
        |call| Ok(list::length(&call.value(0))),
    ),
    row(
        "map",
        &[required("to", Kind::Lambda), LIST],
        Types::LIST,
        "What the expression yields for every element, nulls included.",
        &[("map(&a, `[{\"a\": 1}, {}]`)", "[1, null]")],
        |call| {
            let mut mapped = Vec::new();
            for item in call.list(1) {
                mapped.push(call.apply(0, item, Value::Null)?);
            }
            Ok(Value::from(mapped))
        },
    ),
    row(
        "max",
        &[LIST],
        Types::NUMBER.or(Types::TEXT),
        "The greatest of a list of numbers or of texts.",
        &[("max(`[1, 3, 2]`)", "3"), ("max(`[]`)", "null")],
        |call| most(call, Ordering::Greater),
    ),
    row(
        "max_by",
        &[LIST, BY],
        Types::ANY,
        "The element for which the expression yields the greatest number or text.",
        &[("max_by(`[{\"a\": 1}, {\"a\": 2}]`, &a).a", "2")],
        |call| most(call, Ordering::Greater),
    ),
    Function {
        variadic: true,
        ..row(
            "merge",
            &[MAP],
            Types::MAP,
            "One object with the entries of all; of keys that stand twice, the last counts.",
            &[("merge(`{\"a\": 1}`, `{\"a\": 2}`)", r#"{"a": 2}"#)],
            merge,
        )
    },
    row(
        "min",
        &[LIST],
        Types::NUMBER.or(Types::TEXT),
        "The least of a list of numbers or of texts.",
        &[("min(`[\"b\", \"a\"]`)", r#""a""#)],
        |call| most(call, Ordering::Less),
    ),
    row(
        "min_by",
        &[LIST, BY],
        Types::ANY,
        "The element for which the expression yields the least number or text.",
        &[("min_by(`[{\"a\": 1}, {\"a\": 2}]`, &a).a", "1")],
        |call| most(call, Ordering::Less),
    ),
    Function {
        variadic: true,
        ..row(
            "not_null",
            &[ANY],
            Types::ANY,
            "The first argument that is not null.",
            &[("not_null(`null`, `2`, `3`)", "2")],
            |call| {
                let mut values = (0..call.count()).map(|index| call.value(index));
                Ok(values.find(|value| !value.is_null()).into())
            },
        )
    },
    row(
        "reverse",
        &[required("subject", Kind::Sized)],
        Types::LIST.or(Types::TEXT),
        "A list or a text, backwards.",
        &[("reverse(`[1, 2]`)", "[2, 1]"), ("reverse('abc')", r#""cba""#)],
        reverse,
    ),
    row(
        "sort",
        &[LIST],
        Types::LIST,
        "A list of numbers or of texts in order.",
        &[("sort(`[3, 1, 2]`)", "[1, 2, 3]"), ("sort(`[1, \"a\"]`)", "null")],
        sort,
    ),
    row(
        "sort_by",
        &[LIST, BY],
        Types::LIST,
        "A list in the order of the numbers or texts that the expression yields.",
        &[("sort_by(`[{\"a\": 2}, {\"a\": 1}]`, &a)[*].a", "[1, 2]")],
        sort,
    ),
    row(
        "starts_with",
        &[TEXT, required("prefix", Kind::Text)],
        Types::BOOLEAN,
        "Whether a text starts with another.",
        &[("starts_with('foobar', 'foo')", "true")],
        |call| Ok(text::ask(call, <[u8]>::starts_with)),
    ),
    row(
        "sum",
        &[LIST],
        Types::NUMBER,
        "The sum of a list of numbers.",
        &[("sum(`[1, 2]`)", "3")],
        |call| Ok(sum(&call.list(0)).map_or(Value::Null, Value::Number)),
    ),
    row(
        "to_array",
        &[ANY],
        Types::LIST,
        "A list as it is; any other value in a list.",
        &[("to_array(`1`)", "[1]"), ("to_array(`[1]`)", "[1]")],
        |call| {
            Ok(match call.value(0) {
                list @ Value::List(_) => list,
                other => Value::from(vec![other]),
            })
        },
    ),
    row(
        "to_number",
        &[ANY],
        Types::NUMBER,
        "A number as it is; the number that a text says; null for anything else.",
        &[("to_number('1.5')", "1.5"), ("to_number('a')", "null")],
        |call| {
            Ok(match call.value(0) {
                number @ Value::Number(_) => number,
                other => {
                    let number = other.as_text().and_then(|text| serde_json::from_str(text).ok());
                    number.map_or(Value::Null, |number: serde_json::Number| {
                        Value::Number(number.into())
                    })
                }
            })
        },
    ),
    row(
        "to_string",
        &[ANY],
        Types::TEXT,
        "A text as it is; any other value as JSON.",
        &[("to_string(`[1]`)", r#""[1]""#), ("to_string('a')", r#""a""#)],
        |call| match call.value(0) {
            text @ Value::Text(_) => Ok(text),
            _ => code::stringify(call),
        },
    ),
    row(
        "type",
        &[ANY],
        Types::TEXT,
        "`number`, `string`, `boolean`, `array`, `object` or `null`.",
        &[("type('a')", r#""string""#), ("type(`null`)", r#""null""#)],
        |call| {
            Ok(Value::from(match call.value(0) {
                Value::Text(_) | Value::Bytes(_) => "string",
                Value::List(_) => "array",
                Value::Map(_) => "object",
                other => other.type_name(),
            }))
        },
    ),
    row(
        "values",
        &[MAP],
        Types::LIST,
        "The values of an object.",
        &[("values(`{\"a\": 1}`)", "[1]")],
        |call| Ok(call.items(0).into_iter().map(|(_, value)| value).collect()),
    ),
];

/// A function of the standard, which is no addition to it.
const fn row(
    name: &'static str,
    parameters: &'static [Parameter],
    result: Types,
    doc: &'static str,
    examples: &'static [(&'static str, &'static str)],
    call: Run,
) -> Function {
    Function { extension: false, ..super::extension(name, parameters, result, doc, examples, call) }
}

pub(super) fn sum(items: &[Value<'_>]) -> Option<Number> {
    items.iter().try_fold(Number::Int(0), |sum, item| sum.plus(item.as_number()?))
}

fn join<'a>(call: &mut Call<'a, '_, '_>) -> Result<Value<'a>, Exhausted> {
    let glue = call.text(0);
    let glue = glue.as_deref().unwrap_or_default();
    let mut joined = String::new();
    for (index, item) in call.list(1).iter().enumerate() {
        let Some(part) = item.as_text() else { return Ok(Value::Null) };
        call.output(part.len() + glue.len())?;
        if index > 0 {
            joined.push_str(glue);
        }
        joined.push_str(part);
    }
    Ok(Value::from(joined))
}

pub(super) fn merge<'a>(call: &mut Call<'a, '_, '_>) -> Result<Value<'a>, Exhausted> {
    let mut merged = Record::default();
    for index in 0..call.count() {
        if let Value::Map(map) = call.value(index) {
            call.step(map.len())?;
            merged.extend(map.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
    }
    Ok(Value::from(merged))
}

pub(super) fn reverse<'a>(call: &mut Call<'a, '_, '_>) -> Result<Value<'a>, Exhausted> {
    Ok(match call.value(0) {
        Value::List(list) => {
            call.step(list.len())?;
            list.iter().rev().cloned().collect()
        }
        Value::Map(_) => Value::Null,
        _ => match call.text(0) {
            Some(text) => return call.made(text.chars().rev().collect()),
            None => Value::Null,
        },
    })
}

/// The elements of the list, each after what the expression yields for it; none if these are
/// neither all numbers nor all texts.
fn keyed<'a>(
    call: &mut Call<'a, '_, '_>,
) -> Result<Option<Vec<(Value<'a>, Value<'a>)>>, Exhausted> {
    let mut keyed: Vec<(Value<'a>, Value<'a>)> = Vec::new();
    for item in call.list(0) {
        let key = call.apply(1, item.clone(), Value::Null)?;
        let alike = keyed.first().is_none_or(|(first, _)| first.type_name() == key.type_name());
        if !alike || !matches!(key, Value::Number(_) | Value::Text(_)) {
            return Ok(None);
        }
        keyed.push((key, item));
    }
    Ok(Some(keyed))
}

fn sort<'a>(call: &mut Call<'a, '_, '_>) -> Result<Value<'a>, Exhausted> {
    let Some(mut keyed) = keyed(call)? else { return Ok(Value::Null) };
    call.sort(&mut keyed)?;
    Ok(keyed.into_iter().map(|(_, item)| item).collect())
}

/// The first element that is `wanted` of all others.
pub(super) fn most<'a>(
    call: &mut Call<'a, '_, '_>,
    wanted: Ordering,
) -> Result<Value<'a>, Exhausted> {
    let Some(keyed) = keyed(call)? else { return Ok(Value::Null) };
    let best = keyed
        .into_iter()
        .reduce(|best, other| if other.0.relate(&best.0) == Some(wanted) { other } else { best });
    Ok(best.map(|(_, item)| item).into())
}
