//! What can be done with numbers and with any value.

use crate::bounds::Exhausted;
use crate::functions::Call;
use crate::functions::Function;
use crate::functions::Kind;
use crate::functions::Otherwise;
use crate::functions::Parameter;
use crate::functions::extension;
use crate::functions::optional;
use crate::functions::required;
use crate::number::Number;
use crate::types::Types;
use crate::value::Text;
use crate::value::Value;

const NUMBER: Parameter = required("number", Kind::Number);

pub(super) static FUNCTIONS: &[Function] = &[
    extension(
        "$ABS",
        &[NUMBER],
        Types::NUMBER,
        "The number without its sign.",
        &[("$ABS(-1.5)", "1.5")],
        |call| {
            let number = call.number(0).unwrap_or(Number::Int(0));
            Ok(Value::Number(if number < Number::Int(0) { number.negate() } else { number }))
        },
    ),
    extension(
        "$BOOLEAN",
        &[required("value", Kind::Some)],
        Types::BOOLEAN,
        "True or false for the texts `true` and `false`, in any case, and for `1` and `0`, as text \
         or number; null for anything else.",
        &[
            (r#"$BOOLEAN("True")"#, "true"),
            ("$BOOLEAN(0)", "false"),
            (r#"$BOOLEAN("yes")"#, "null"),
        ],
        |call| Ok(boolean(&call.value(0)).map_or(Value::Null, Value::Bool)),
    ),
    extension(
        "$CEIL",
        &[NUMBER],
        Types::NUMBER,
        "The number, rounded up.",
        &[("$CEIL(1.2)", "2"), ("$CEIL(-1.2)", "-1")],
        |call| Ok(rounded(call, f64::ceil)),
    ),
    Function {
        name: "$DEFAULT",
        parameters: &[required("value", Kind::Any), required("fallback", Kind::Any)],
        variadic: false,
        extension: true,
        result: Types::ANY,
        doc: "The value, or `fallback` if it is null.",
        examples: &[(r#"null.$DEFAULT("none")"#, r#""none""#), ("0.$DEFAULT(1)", "0")],
        otherwise: Otherwise::Null,
        call: |call| Ok(if call.value(0).is_null() { call.value(1) } else { call.value(0) }),
    },
    extension(
        "$FLOAT",
        &[required("value", Kind::Some)],
        Types::NUMBER,
        "The number that a text or a number is; null for anything else.",
        &[(r#"$FLOAT(" 1.50 ")"#, "1.5"), (r#"$FLOAT("1,5")"#, "null")],
        |call| Ok(number(&call.value(0)).map_or(Value::Null, Value::from)),
    ),
    extension(
        "$FLOOR",
        &[NUMBER],
        Types::NUMBER,
        "The number, rounded down.",
        &[("$FLOOR(1.7)", "1"), ("$FLOOR(-1.2)", "-2")],
        |call| Ok(rounded(call, f64::floor)),
    ),
    Function {
        name: "$INTEGER",
        parameters: &[required("value", Kind::Some)],
        variadic: false,
        extension: false,
        result: Types::NUMBER,
        doc: "The whole number that a text or a number is, without its fraction; null for \
              anything else.",
        examples: &[
            (r#"$INTEGER("7") + $INTEGER(" 4 ")"#, "11"),
            ("$INTEGER(-3.7)", "-3"),
            (r#"$INTEGER("seven")"#, "null"),
        ],
        otherwise: Otherwise::Null,
        call: |call| {
            Ok({
                let whole = number(&call.value(0)).and_then(Number::truncate);
                whole.map_or(Value::Null, |int| Value::Number(Number::Int(int)))
            })
        },
    },
    extension(
        "$ROUND",
        &[NUMBER, optional("digits", Kind::Number)],
        Types::NUMBER,
        "The nearest number with `digits` digits after the point (0 to 15, none when left out); \
         halves are rounded away from zero.",
        &[("$ROUND(2.5)", "3"), ("$ROUND(-2.5)", "-3"), ("$ROUND(3.14159, 2)", "3.14")],
        |call| Ok(round(call).map_or(Value::Null, Value::Number)),
    ),
    Function {
        name: "$TEXT",
        parameters: &[required("value", Kind::Some)],
        variadic: false,
        extension: false,
        result: Types::TEXT,
        doc: "The value as text: numbers and booleans as they are written, lists and maps as \
              JSON; null for bytes that are no text.",
        examples: &[
            ("$TEXT(12)", r#""12""#),
            ("$TEXT(true)", r#""true""#),
            (r#"$TEXT(["a"])"#, r#""[\"a\"]""#),
        ],
        otherwise: Otherwise::Null,
        call: text,
    },
];

/// The number, rounded to a whole one.
pub(super) fn rounded(call: &Call<'_, '_, '_>, round: fn(f64) -> f64) -> Value<'static> {
    match call.number(0) {
        Some(Number::Float(float)) => Value::Number(Number::simplest(round(float))),
        number => number.map_or(Value::Null, Value::Number),
    }
}

fn boolean(value: &Value<'_>) -> Option<bool> {
    if let Value::Bool(bool) = value {
        return Some(*bool);
    }
    let text = value.to_text()?;
    let is = |words: [&str; 2]| words.iter().any(|word| text.trim().eq_ignore_ascii_case(word));
    match (is(["true", "1"]), is(["false", "0"])) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    }
}

fn number(value: &Value<'_>) -> Option<Number> {
    match value {
        Value::Number(number) => Some(*number),
        Value::Bytes(bytes) => Number::parse(bytes.to_text()?.trim()),
        _ => Number::parse(value.as_text()?.trim()),
    }
}

fn round(call: &Call<'_, '_, '_>) -> Option<Number> {
    let digits = if call.count() > 1 { call.number(1)?.as_int()? } else { 0 };
    let digits = i32::try_from(digits).ok().filter(|digits| (0..=15).contains(digits))?;
    let Number::Float(float) = call.number(0)? else { return call.number(0) };
    let factor = 10_f64.powi(digits);
    let rounded = (float * factor).round() / factor;
    // What is too large to be made larger has no digits to be rounded.
    Some(Number::simplest(if rounded.is_finite() { rounded } else { float }))
}

fn text<'a>(call: &mut Call<'a, '_, '_>) -> Result<Value<'a>, Exhausted> {
    let value = call.value(0);
    call.weigh(&value)?;
    let text: Option<Text<'a>> = value.to_text();
    call.output(text.as_ref().map_or(0, |text| text.len()))?;
    Ok(text.map_or(Value::Null, Value::Text))
}
