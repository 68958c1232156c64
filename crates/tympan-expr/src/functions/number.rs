//! What can be done with numbers and with any value.

use crate::bounds::Exhausted;
use crate::functions::Call;
use crate::functions::Function;
use crate::functions::Kind;
use crate::functions::Otherwise;
use crate::functions::required;
use crate::number::Number;
use crate::value::Text;
use crate::value::Value;

pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "$DEFAULT",
        parameters: &[required("value", Kind::Any), required("fallback", Kind::Any)],
        variadic: false,
        extension: true,
        doc: "The value, or `fallback` if it is null.",
        examples: &[(r#"null.$DEFAULT("none")"#, r#""none""#), ("0.$DEFAULT(1)", "0")],
        otherwise: Otherwise::Null,
        call: |call| Ok(if call.value(0).is_null() { call.value(1) } else { call.value(0) }),
    },
    Function {
        name: "$INTEGER",
        parameters: &[required("value", Kind::Some)],
        variadic: false,
        extension: false,
        doc: "The whole number that a text or a number is, without its fraction; null for \
              anything else.",
        examples: &[
            (r#"$INTEGER("7") + $INTEGER(" 4 ")"#, "11"),
            ("$INTEGER(-3.7)", "-3"),
            (r#"$INTEGER("seven")"#, "null"),
        ],
        otherwise: Otherwise::Null,
        call: |call| Ok(integer(&call.value(0)).map_or(Value::Null, Value::from)),
    },
    Function {
        name: "$TEXT",
        parameters: &[required("value", Kind::Some)],
        variadic: false,
        extension: false,
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

fn integer(value: &Value<'_>) -> Option<Number> {
    let number = match value {
        Value::Number(number) => *number,
        Value::Bytes(bytes) => Number::parse(bytes.to_text()?.trim())?,
        _ => Number::parse(value.as_text()?.trim())?,
    };
    number.truncate().map(Number::Int)
}

fn text<'a>(call: &mut Call<'a, '_, '_>) -> Result<Value<'a>, Exhausted> {
    let value = call.value(0);
    call.weigh(&value)?;
    let text: Option<Text<'a>> = value.to_text();
    call.output(text.as_ref().map_or(0, |text| text.len()))?;
    Ok(text.map_or(Value::Null, Value::Text))
}
