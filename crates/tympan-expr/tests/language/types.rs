//! Any expression on any value yields a value, of a type that was known, or runs out of a bound.

use proptest::prelude::*;
use tympan_expr::Dialect;
use tympan_expr::Expression;
use tympan_expr::Types;
use tympan_expr::functions;
use tympan_expr::functions::Function;
use tympan_expr::functions::Kind;

use crate::host;
use crate::host::Host;
use crate::reference;

/// A body of fields `a` to `d` that hold anything.
fn body() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|it| it.to_string()),
        any::<i64>().prop_map(|it| it.to_string()),
        prop::num::f64::NORMAL.prop_map(|it| serde_json::Value::from(it).to_string()),
        prop::sample::select(vec!["1", "-2", "0", "0.5", "1e300"]).prop_map(str::to_owned),
        prop::sample::select(vec![
            "",
            "x",
            "true",
            "12",
            " a ",
            "aGk=",
            "6869",
            "%41",
            "a=1&b",
            "2024-10-14",
            "[1]",
            "é\u{301}",
        ])
        .prop_map(|it| serde_json::Value::from(it).to_string()),
        any::<String>().prop_map(|it| serde_json::Value::from(it).to_string()),
    ];
    let value = leaf.prop_recursive(3, 12, 4, |inner| {
        let key = prop::sample::select(vec!["a", "b", "key", "value"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|it| format!("[{}]", it.join(","))),
            prop::collection::vec((key, inner), 0..4).prop_map(|entries| {
                let entries = entries.into_iter().map(|(key, value)| format!("\"{key}\":{value}"));
                format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
            }),
        ]
    });
    prop::collection::vec(value, 4).prop_map(|values| {
        let fields = ["a", "b", "c", "d"].iter().zip(values);
        let fields = fields.map(|(name, value)| format!("\"{name}\":{value}"));
        format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
    })
}

/// Expressions of which most compile, with every function and every operator.
fn expression(dialect: Dialect) -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(match dialect {
        Dialect::Moveworks => vec![
            "a",
            "b",
            "c.a",
            "d",
            "x",
            "headers",
            "raw_body",
            "1",
            "-2.5",
            "'t'",
            "null",
            "true",
            "[]",
            "{'a': 1}",
            "['b', 'a']",
            "a[0]",
            "b[-1]",
            "c[1:]",
            "headers['X-Event']",
            "$TIME()",
        ],
        Dialect::Jmespath => vec![
            "a",
            "b",
            "c.a",
            "d",
            "@",
            "headers",
            "raw_body",
            "`1`",
            "'t'",
            "`null`",
            "`[]`",
            "a[0]",
            "b[-1]",
            "c[::-1]",
            "d[]",
            "a.*",
            "b[?a]",
            "headers.\"X-Event\"",
        ],
    });
    leaf.prop_map(str::to_owned).prop_recursive(4, 24, 4, move |inner| {
        let known = functions::all(dialect).collect::<Vec<_>>();
        let call = (prop::sample::select(known), prop::collection::vec(inner.clone(), 4), 0..3_usize)
            .prop_map(move |(function, parts, more)| call(dialect, function, parts, more));
        let operator = prop::sample::select(match dialect {
            Dialect::Moveworks => {
                vec!["+", "-", "*", "/", "==", "!=", "<", ">=", " IN ", " AND ", " OR "]
            }
            Dialect::Jmespath => vec!["||", "&&", "==", "!=", "<", ">=", " | "],
        });
        let two = (inner.clone(), operator, inner.clone());
        let other = prop::collection::vec(inner, 3).prop_map(move |parts| match dialect {
            Dialect::Moveworks => format!("IF {} THEN {} ELSE {}", parts[0], parts[1], parts[2]),
            Dialect::Jmespath => format!("({})[*].[{}, {}]", parts[0], parts[1], parts[2]),
        });
        prop_oneof![3 => call, 2 => two.prop_map(|(a, sign, b)| format!("({a}{sign}{b})")), 1 => other]
    })
}

fn call(dialect: Dialect, function: &Function, parts: Vec<String>, more: usize) -> String {
    let most = function.most().unwrap_or(function.least() + 2);
    let count = (function.least() + more).min(most);
    let arguments = (0..count).zip(parts).map(|(index, part)| {
        let kind = function.parameter(index).map_or(Kind::Any, |parameter| parameter.kind);
        match (kind, dialect) {
            (Kind::Lambda, Dialect::Moveworks) => format!("x => {part}"),
            (Kind::Lambda, Dialect::Jmespath) => format!("&{part}"),
            (Kind::Pattern, _) => "'[a-z]+'".to_owned(),
            _ => part,
        }
    });
    let arguments = arguments.collect::<Vec<_>>().join(", ");
    format!("{}({arguments})", function.name_in(dialect))
}

/// Whether it compiles, and what is not as it should be.
fn check(dialect: Dialect, text: &str, body: &str) -> Result<bool, TestCaseError> {
    let Ok(compiled) = Expression::compile(dialect, text, &host::vocabulary()) else {
        return Ok(false);
    };
    let host = Host::new(body);
    let Ok(value) = compiled.expression.eval(&&host) else { return Ok(true) };
    let (found, known) = (Types::of(&value), compiled.expression.yields());
    prop_assert!(found.is_within(known), "{text} on {body}: {found:?}, known {known:?}");
    drop(value.to_json());
    Ok(true)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..Default::default() })]

    #[test]
    fn of_the_moveworks_dsl(text in expression(Dialect::Moveworks), body in body()) {
        check(Dialect::Moveworks, &text, &body)?;
    }

    #[test]
    fn of_jmespath(text in expression(Dialect::Jmespath), body in body()) {
        check(Dialect::Jmespath, &text, &body)?;
    }

    #[test]
    fn of_what_the_reference_knows(text in reference::expression(), body in body()) {
        check(Dialect::Jmespath, &text, &body)?;
    }
}

/// Without this, the tests above could pass on expressions that are all refused.
#[test]
fn many_of_these_compile() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    for dialect in [Dialect::Moveworks, Dialect::Jmespath] {
        let strategy = expression(dialect);
        let mut compiled = 0;
        for _ in 0..500 {
            let text = strategy.new_tree(&mut runner).expect("a text").current();
            compiled += usize::from(check(dialect, &text, "{}").expect("a known type"));
        }
        assert!(compiled > 200, "{compiled} of 500 in {dialect:?}");
    }
}
