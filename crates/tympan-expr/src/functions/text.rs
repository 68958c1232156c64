//! What can be done with texts.

use crate::bounds::Exhausted;
use crate::functions::Call;
use crate::functions::Function;
use crate::functions::Kind;
use crate::functions::Otherwise;
use crate::functions::optional;
use crate::functions::required;
use crate::types::Types;
use crate::value::Bytes;
use crate::value::Text;
use crate::value::Value;

pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "$CONCAT",
        parameters: &[required("list", Kind::List), optional("separator", Kind::Data)],
        variadic: false,
        extension: false,
        result: Types::DATA,
        doc: "Joins the items of `list`, with `separator` between them. Numbers and booleans are \
              written as text, lists and maps as JSON. One item that is null makes the whole null. \
              With bytes among the items the result is bytes.",
        examples: &[
            (r#"$CONCAT(["a", "b"])"#, r#""ab""#),
            (r#"$CONCAT(["age", 20], ": ")"#, r#""age: 20""#),
            (r#"$CONCAT(["a", null])"#, "null"),
        ],
        otherwise: Otherwise::Null,
        call: concat,
    },
    Function {
        name: "$CONTAINS",
        parameters: &[required("whole", Kind::Sized), required("part", Kind::Any)],
        variadic: false,
        extension: true,
        result: Types::BOOLEAN,
        doc: "Whether `part` is in `whole`: a part of a text, an element of a list, a key of a \
              map. The same as `part IN whole`.",
        examples: &[
            (r#""a bug".$CONTAINS("bug")"#, "true"),
            ("[1, 2].$CONTAINS(3)", "false"),
            (r#"$CONTAINS(null, "a")"#, "false"),
        ],
        otherwise: Otherwise::False,
        call: |call| {
            let (whole, part) = (call.value(0), call.value(1));
            call.contains(&whole, &part).map(Value::Bool)
        },
    },
    Function {
        name: "$ENDS_WITH",
        parameters: &[required("text", Kind::Data), required("suffix", Kind::Data)],
        variadic: false,
        extension: true,
        result: Types::BOOLEAN,
        doc: "Whether `text` ends with `suffix`.",
        examples: &[
            (r#""main.rs".$ENDS_WITH(".rs")"#, "true"),
            (r#"$ENDS_WITH(null, "")"#, "false"),
        ],
        otherwise: Otherwise::False,
        call: |call| Ok(ask(call, <[u8]>::ends_with)),
    },
    Function {
        name: "$LOWERCASE",
        parameters: &[required("text", Kind::Text)],
        variadic: false,
        extension: false,
        result: Types::TEXT,
        doc: "Turns every letter of `text` into lower case.",
        examples: &[(r#""PuSH".$LOWERCASE()"#, r#""push""#), ("$LOWERCASE(null)", "null")],
        otherwise: Otherwise::Null,
        call: |call| change(call, str::to_lowercase),
    },
    Function {
        name: "$MATCH",
        parameters: &[
            required("text", Kind::Text),
            required("pattern", Kind::Pattern),
            optional("all", Kind::Boolean),
        ],
        variadic: false,
        extension: false,
        result: Types::LIST,
        doc: "The parts of `text` that the regular expression `pattern` matches, as a list: all \
              of them if `all` is true, else the first. The pattern must be known when the \
              expression is compiled; it has no look-around and no back-references.",
        examples: &[
            (r#""a1b22".$MATCH("[0-9]+", true)"#, r#"["1", "22"]"#),
            (r#""a1b22".$MATCH("[0-9]+")"#, r#"["1"]"#),
            (r#""Hello world".$MATCH("[^a-zA-Z\\s]+", true).$LENGTH() > 0"#, "false"),
        ],
        otherwise: Otherwise::Null,
        call: matches,
    },
    Function {
        name: "$REPLACE",
        parameters: &[
            required("text", Kind::Text),
            required("old", Kind::Text),
            required("new", Kind::Text),
        ],
        variadic: false,
        extension: false,
        result: Types::TEXT,
        doc: "Puts `new` in the place of every `old` in `text`.",
        examples: &[
            (r#""a.b.c".$REPLACE(".", "/")"#, r#""a/b/c""#),
            (r#""abc".$REPLACE("", "-")"#, r#""abc""#),
        ],
        otherwise: Otherwise::Null,
        call: replace,
    },
    Function {
        name: "$SPLIT",
        parameters: &[required("text", Kind::Text), required("separator", Kind::Text)],
        variadic: false,
        extension: false,
        result: Types::LIST,
        doc: "The parts of `text` between the separators; its characters if `separator` is empty.",
        examples: &[
            (r#""2025-01-02T03:04".$SPLIT("T")[0]"#, r#""2025-01-02""#),
            (r#""a,,b".$SPLIT(",")"#, r#"["a", "", "b"]"#),
        ],
        otherwise: Otherwise::Null,
        call: split,
    },
    Function {
        name: "$STARTS_WITH",
        parameters: &[required("text", Kind::Data), required("prefix", Kind::Data)],
        variadic: false,
        extension: false,
        result: Types::BOOLEAN,
        doc: "Whether `text` starts with `prefix`.",
        examples: &[
            (r#""Dr. Jane".$STARTS_WITH("Dr.")"#, "true"),
            (r#"$STARTS_WITH(null, "")"#, "false"),
        ],
        otherwise: Otherwise::False,
        call: |call| Ok(ask(call, <[u8]>::starts_with)),
    },
    Function {
        name: "$SUBSTRING",
        parameters: &[
            required("text", Kind::Text),
            required("start", Kind::Number),
            optional("end", Kind::Number),
        ],
        variadic: false,
        extension: true,
        result: Types::TEXT,
        doc: "The characters of `text` from `start` up to but without `end`, counted from 0, or \
              from the end when negative. The same as `text[start:end]`.",
        examples: &[
            (r#""sha256=abc".$SUBSTRING(7)"#, r#""abc""#),
            (r#""abcd".$SUBSTRING(1, -1)"#, r#""bc""#),
        ],
        otherwise: Otherwise::Null,
        call: substring,
    },
    Function {
        name: "$TITLECASE",
        parameters: &[required("text", Kind::Text)],
        variadic: false,
        extension: false,
        result: Types::TEXT,
        doc: "Turns the first letter of every word into upper case and the others into lower case.",
        examples: &[
            (r#""APPROVED".$TITLECASE()"#, r#""Approved""#),
            (r#""alice o'neill".$TITLECASE()"#, r#""Alice O'neill""#),
        ],
        otherwise: Otherwise::Null,
        call: |call| change(call, titlecase),
    },
    Function {
        name: "$TRIM",
        parameters: &[required("text", Kind::Text)],
        variadic: false,
        extension: false,
        result: Types::TEXT,
        doc: "Takes away the white space around `text`.",
        examples: &[(r#""  a b ".$TRIM()"#, r#""a b""#), ("$TRIM(null)", "null")],
        otherwise: Otherwise::Null,
        call: trim,
    },
    Function {
        name: "$UPPERCASE",
        parameters: &[required("text", Kind::Text)],
        variadic: false,
        extension: true,
        result: Types::TEXT,
        doc: "Turns every letter of `text` into upper case.",
        examples: &[(r#""push".$UPPERCASE()"#, r#""PUSH""#)],
        otherwise: Otherwise::Null,
        call: |call| change(call, str::to_uppercase),
    },
];

/// The answer to a question about the bytes of two texts.
pub(super) fn ask<'a>(call: &Call<'a, '_, '_>, question: fn(&[u8], &[u8]) -> bool) -> Value<'a> {
    let (text, other) = (call.value(0), call.value(1));
    let both = text.as_bytes().zip(other.as_bytes());
    Value::Bool(both.is_some_and(|(text, other)| question(text, other)))
}

fn change<'a>(call: &mut Call<'a, '_, '_>, to: fn(&str) -> String) -> Result<Value<'a>, Exhausted> {
    let Some(text) = call.text(0) else { return Ok(Value::Null) };
    call.output(text.len())?;
    Ok(Value::from(to(&text)))
}

fn titlecase(text: &str) -> String {
    let mut titled = String::with_capacity(text.len());
    let mut inside = false;
    for char in text.chars() {
        if inside {
            titled.extend(char.to_lowercase());
        } else {
            titled.extend(char.to_uppercase());
        }
        inside = char.is_alphanumeric() || (inside && matches!(char, '\'' | '’'));
    }
    titled
}

fn trim<'a>(call: &mut Call<'a, '_, '_>) -> Result<Value<'a>, Exhausted> {
    let Some(text) = call.text(0) else { return Ok(Value::Null) };
    let start = text.len() - text.trim_start().len();
    let end = start + text.trim().len();
    part(call, &text, start, end)
}

fn part<'a>(
    call: &mut Call<'a, '_, '_>,
    text: &Text<'a>,
    start: usize,
    end: usize,
) -> Result<Value<'a>, Exhausted> {
    if matches!(text, Text::Shared(_)) {
        call.output(end - start)?;
    }
    Ok(Value::Text(text.part(start..end)))
}

fn split<'a>(call: &mut Call<'a, '_, '_>) -> Result<Value<'a>, Exhausted> {
    let (Some(text), Some(separator)) = (call.text(0), call.text(1)) else {
        return Ok(Value::Null);
    };
    let mut parts = Vec::new();
    let mut start = 0;
    let empty = separator.is_empty();
    let ends = text.match_indices(&*separator).filter(|(at, _)| !(empty && *at == 0));
    for (end, _) in ends {
        call.step(1)?;
        parts.push(part(call, &text, start, end)?);
        start = end + separator.len();
    }
    if !empty {
        parts.push(part(call, &text, start, text.len())?);
    }
    Ok(Value::from(parts))
}

fn replace<'a>(call: &mut Call<'a, '_, '_>) -> Result<Value<'a>, Exhausted> {
    let (Some(text), Some(old), Some(new)) = (call.text(0), call.text(1), call.text(2)) else {
        return Ok(Value::Null);
    };
    if old.is_empty() {
        return Ok(Value::Text(text));
    }
    // Paid for before it is built: many short texts may become long ones.
    let found = text.matches(&*old).count();
    call.output(text.len() - found * old.len() + found.saturating_mul(new.len()))?;
    Ok(Value::from(text.replace(&*old, &new)))
}

fn substring<'a>(call: &mut Call<'a, '_, '_>) -> Result<Value<'a>, Exhausted> {
    let index = |at: usize| {
        let number = call.number(at).and_then(crate::number::Number::as_int)?;
        i64::try_from(number).ok()
    };
    let (Some(start), end) = (index(1), index(2)) else { return Ok(Value::Null) };
    if call.count() > 2 && end.is_none() {
        return Ok(Value::Null);
    }
    let text = call.text(0).map_or(Value::Null, Value::Text).slice(Some(start), end);
    call.output(text.as_text().map_or(0, str::len))?;
    Ok(text)
}

fn matches<'a>(call: &mut Call<'a, '_, '_>) -> Result<Value<'a>, Exhausted> {
    let (Some(text), Some(pattern)) = (call.text(0), call.pattern(1)) else {
        return Ok(Value::Null);
    };
    let most = if call.value(2).is_truthy() { usize::MAX } else { 1 };
    let mut parts = Vec::new();
    for found in pattern.find_iter(&text).take(most) {
        call.step(1)?;
        parts.push(part(call, &text, found.start(), found.end())?);
    }
    Ok(Value::from(parts))
}

fn concat<'a>(call: &mut Call<'a, '_, '_>) -> Result<Value<'a>, Exhausted> {
    let items = call.list(0);
    let separator = call.value(1);
    let separator = separator.as_bytes().unwrap_or_default();
    let mut joined = Vec::new();
    let mut bytes = matches!(call.value(1), Value::Bytes(_));
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            call.output(separator.len())?;
            joined.extend_from_slice(separator);
        }
        if let Value::Bytes(part) = item {
            bytes = true;
            call.output(part.len())?;
            joined.extend_from_slice(part);
            continue;
        }
        call.weigh(item)?;
        let Some(part) = item.to_text() else { return Ok(Value::Null) };
        call.output(part.len())?;
        joined.extend_from_slice(part.as_bytes());
    }
    Ok(match String::from_utf8(joined) {
        Ok(text) if !bytes => Value::from(text),
        Ok(text) => Value::Bytes(Bytes::from(text.into_bytes())),
        Err(not_text) => Value::Bytes(Bytes::from(not_text.into_bytes())),
    })
}
