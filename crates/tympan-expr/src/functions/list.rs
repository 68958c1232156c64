//! What can be done with lists and maps.

use std::cmp::Ordering;

use indexmap::IndexSet;

use crate::bounds::Exhausted;
use crate::functions::Call;
use crate::functions::Function;
use crate::functions::Kind;
use crate::functions::Otherwise;
use crate::functions::extension;
use crate::functions::jmespath;
use crate::functions::optional;
use crate::functions::pairs;
use crate::functions::required;
use crate::types::Types;
use crate::value::Value;

pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "$ALL",
        parameters: &[required("list", Kind::Many), required("condition", Kind::Lambda)],
        variadic: false,
        extension: false,
        result: Types::BOOLEAN,
        doc: "Whether the condition holds for every item; true for an empty list.",
        examples: &[
            ("[1, 2].$ALL(x => x > 0)", "true"),
            ("[1, 2].$ALL(x => x > 1)", "false"),
            ("$ALL(null, x => true)", "false"),
        ],
        otherwise: Otherwise::False,
        call: |call| holds_for(call, true).map(Value::Bool),
    },
    Function {
        name: "$ANY",
        parameters: &[required("list", Kind::Many), required("condition", Kind::Lambda)],
        variadic: false,
        extension: false,
        result: Types::BOOLEAN,
        doc: "Whether the condition holds for at least one item.",
        examples: &[
            ("[1, 2].$ANY(x => x > 1)", "true"),
            ("[].$ANY(x => true)", "false"),
            ("$ANY(null, x => true)", "false"),
        ],
        otherwise: Otherwise::False,
        call: |call| holds_for(call, false).map(|none| Value::Bool(!none)),
    },
    extension(
        "$ENTRIES",
        &[required("map", Kind::Map)],
        Types::LIST,
        "The entries of a map as maps of `key` and `value`, in its order.",
        &[(r#"{"b": 1}.$ENTRIES()"#, r#"[{"key": "b", "value": 1}]"#)],
        entries,
    ),
    Function {
        name: "$FILTER",
        parameters: &[required("list", Kind::Many), required("condition", Kind::Lambda)],
        variadic: false,
        extension: false,
        result: Types::LIST.or(Types::MAP),
        doc: "The items for which the condition holds. Of a map, the entries whose value passes.",
        examples: &[
            ("[1, null, 2].$FILTER(item => item != null)", "[1, 2]"),
            (r#"{"a": 1, "b": null}.$FILTER(value => value)"#, r#"{"a": 1}"#),
            (r#"["a", "b"].$FILTER((item, index) => index > 0)"#, r#"["b"]"#),
        ],
        otherwise: Otherwise::Null,
        call: filter,
    },
    Function {
        name: "$FLATTEN",
        parameters: &[required("list", Kind::List)],
        variadic: false,
        extension: true,
        result: Types::LIST,
        doc: "The list, with the items of the lists in it in their place; one level.",
        examples: &[("[1, [2, [3]]].$FLATTEN()", "[1, 2, [3]]")],
        otherwise: Otherwise::Null,
        call: flatten,
    },
    Function {
        name: "$KEYS",
        parameters: &[required("map", Kind::Map)],
        variadic: false,
        extension: true,
        result: Types::LIST,
        doc: "The keys of a map, in its order.",
        examples: &[(r#"{"b": 1, "a": 2}.$KEYS()"#, r#"["b", "a"]"#)],
        otherwise: Otherwise::Null,
        call: |call| Ok(call.items(0).into_iter().map(|(key, _)| key).collect()),
    },
    Function {
        name: "$LENGTH",
        parameters: &[required("value", Kind::Sized)],
        variadic: false,
        extension: false,
        result: Types::NUMBER,
        doc: "How many items a list, entries a map, characters a text or bytes bytes have.",
        examples: &[
            ("[1, 2].$LENGTH()", "2"),
            (r#"$LENGTH("año")"#, "3"),
            ("$LENGTH(null)", "null"),
        ],
        otherwise: Otherwise::Null,
        call: |call| Ok(length(&call.value(0))),
    },
    Function {
        name: "$MAP",
        parameters: &[required("list", Kind::Many), required("to", Kind::Lambda)],
        variadic: false,
        extension: false,
        result: Types::LIST,
        doc: "A list of what the lambda yields for every item of a list or value of a map. A \
              second parameter of the lambda is the item's index, or its key.",
        examples: &[
            (r#"["A", "B"].$MAP(u => u.$LOWERCASE())"#, r#"["a", "b"]"#),
            (r#"{"a": 1}.$MAP((value, key) => [key, value])"#, r#"[["a", 1]]"#),
            ("$MAP(null, x => x)", "null"),
        ],
        otherwise: Otherwise::Null,
        call: map,
    },
    extension(
        "$MAX",
        &[required("list", Kind::List), optional("by", Kind::Lambda)],
        Types::ANY,
        "The greatest item of a list of numbers or of texts, or the item for which the lambda \
         yields the greatest; null if the list is empty or holds anything else.",
        &[
            ("[1, 3, 2].$MAX()", "3"),
            (r#"[{"n": 1}, {"n": 2}].$MAX(x => x.n)"#, r#"{"n": 2}"#),
            (r#"[1, "a"].$MAX()"#, "null"),
        ],
        |call| jmespath::most(call, Ordering::Greater),
    ),
    Function {
        variadic: true,
        ..extension(
            "$MERGE",
            &[required("map", Kind::Map)],
            Types::MAP,
            "One map with the entries of all; of keys that stand twice, the last counts.",
            &[(r#"{"a": 1, "b": 2}.$MERGE({"a": 3})"#, r#"{"a": 3, "b": 2}"#)],
            jmespath::merge,
        )
    },
    extension(
        "$MIN",
        &[required("list", Kind::List), optional("by", Kind::Lambda)],
        Types::ANY,
        "The least item, as $MAX finds the greatest.",
        &[(r#"["b", "a"].$MIN()"#, r#""a""#), ("[].$MIN()", "null")],
        |call| jmespath::most(call, Ordering::Less),
    ),
    extension(
        "$REVERSE",
        &[required("value", Kind::Sized)],
        Types::LIST.or(Types::TEXT),
        "A list or a text, backwards.",
        &[("[1, 2].$REVERSE()", "[2, 1]"), (r#""año".$REVERSE()"#, r#""oña""#)],
        jmespath::reverse,
    ),
    Function {
        name: "$SORT",
        parameters: &[required("list", Kind::List), optional("by", Kind::Lambda)],
        variadic: false,
        extension: true,
        result: Types::LIST,
        doc: "The items in order, or in the order of what the lambda yields for each: null, \
              booleans, numbers, texts by code point, lists item by item, maps. Items that are \
              alike keep their order.",
        examples: &[
            ("[3, 1, 2].$SORT()", "[1, 2, 3]"),
            (r#"["b", "B", "a"].$SORT()"#, r#"["B", "a", "b"]"#),
            ("[1, 2, 3].$SORT(x => -x)", "[3, 2, 1]"),
        ],
        otherwise: Otherwise::Null,
        call: sort,
    },
    extension(
        "$SUM",
        &[required("list", Kind::List)],
        Types::NUMBER,
        "The sum of a list of numbers; null if it holds anything else.",
        &[("[1, 2.5].$SUM()", "3.5"), ("[].$SUM()", "0"), (r#"[1, "2"].$SUM()"#, "null")],
        |call| Ok(jmespath::sum(&call.list(0)).map_or(Value::Null, Value::Number)),
    ),
    Function {
        name: "$UNIQUE",
        parameters: &[required("list", Kind::List)],
        variadic: false,
        extension: true,
        result: Types::LIST,
        doc: "The items, each only where it first stands.",
        examples: &[(r#"[1, "a", 1.0, "a"].$UNIQUE()"#, r#"[1, "a"]"#)],
        otherwise: Otherwise::Null,
        call: unique,
    },
    Function {
        name: "$VALUES",
        parameters: &[required("map", Kind::Map)],
        variadic: false,
        extension: true,
        result: Types::LIST,
        doc: "The values of a map, in its order.",
        examples: &[(r#"{"b": 1, "a": 2}.$VALUES()"#, "[1, 2]")],
        otherwise: Otherwise::Null,
        call: |call| Ok(call.items(0).into_iter().map(|(_, value)| value).collect()),
    },
];

/// How long a value is; null if it has no length.
pub(super) fn length(value: &Value<'_>) -> Value<'static> {
    match value {
        Value::Text(text) => Value::from(text.chars().count()),
        Value::Bytes(bytes) => Value::from(bytes.len()),
        Value::List(list) => Value::from(list.len()),
        Value::Map(map) => Value::from(map.len()),
        _ => Value::Null,
    }
}

/// Whether the truth of the condition is `wanted` for every item; the first that is not ends it.
fn holds_for(call: &mut Call<'_, '_, '_>, wanted: bool) -> Result<bool, Exhausted> {
    for (key, item) in call.items(0) {
        if call.apply(1, item, key)?.is_truthy() != wanted {
            return Ok(false);
        }
    }
    Ok(true)
}

fn filter<'a>(call: &mut Call<'a, '_, '_>) -> Result<Value<'a>, Exhausted> {
    let mut kept = Vec::new();
    for (key, item) in call.items(0) {
        if call.apply(1, item.clone(), key.clone())?.is_truthy() {
            kept.push((key, item));
        }
    }
    if matches!(call.value(0), Value::List(_)) {
        return Ok(kept.into_iter().map(|(_, item)| item).collect());
    }
    let entry = |(key, value): (Value<'a>, _)| Some((key.to_text()?, value));
    Ok(kept.into_iter().filter_map(entry).collect::<Value<'a>>())
}

fn map<'a>(call: &mut Call<'a, '_, '_>) -> Result<Value<'a>, Exhausted> {
    let mut mapped = Vec::new();
    for (key, item) in call.items(0) {
        call.step(1)?;
        mapped.push(call.apply(1, item, key)?);
    }
    Ok(Value::from(mapped))
}

fn flatten<'a>(call: &mut Call<'a, '_, '_>) -> Result<Value<'a>, Exhausted> {
    let mut flat = Vec::new();
    for item in call.list(0) {
        match item.as_list() {
            Some(inner) => {
                call.step(inner.len())?;
                flat.extend_from_slice(inner);
            }
            None => flat.push(item),
        }
    }
    Ok(Value::from(flat))
}

fn entries<'a>(call: &mut Call<'a, '_, '_>) -> Result<Value<'a>, Exhausted> {
    let mut entries = Vec::new();
    for (key, value) in call.items(0) {
        entries.push(pairs::pair(call, key, value)?);
    }
    Ok(Value::from(entries))
}

fn sort<'a>(call: &mut Call<'a, '_, '_>) -> Result<Value<'a>, Exhausted> {
    let mut keyed = Vec::new();
    for (index, item) in call.items(0) {
        keyed.push((call.apply(1, item.clone(), index)?, item));
    }
    call.sort(&mut keyed)?;
    Ok(keyed.into_iter().map(|(_, item)| item).collect())
}

fn unique<'a>(call: &mut Call<'a, '_, '_>) -> Result<Value<'a>, Exhausted> {
    let mut seen = IndexSet::new();
    for item in call.list(0) {
        call.weigh(&item)?;
        seen.insert(item);
    }
    Ok(seen.into_iter().collect())
}
