//! JMESPath expressions yield here what the crate's own evaluator yields.

use proptest::prelude::*;
use tympan_expr::Dialect;

use crate::host;

const BODY: &str = r#"{
    "a": {"b": [1, 2.5, {"c": "x"}], "c": null, "d": {"a": 1, "b": 2}},
    "b": [[1, [2]], [], {"a": "y"}, "t", null, true],
    "c": "text", "d": 3, "e": false, "f": [{"a": 1, "b": "q"}, {"a": 2, "b": "r"}, {"a": 2}]
}"#;

/// Expressions of JMESPath with a reference for what they yield.
pub(crate) fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "a",
        "b",
        "c",
        "d",
        "e",
        "f",
        "x",
        "`1`",
        "`2.5`",
        "'x'",
        "`null`",
        "`true`",
        "`[1, 2]`",
        "`{\"a\": 1}`",
        "a.b",
        "f[0]",
        "f[*].a",
        "b[]",
        "a.*",
        "f[?a == `2`]",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(4, 16, 3, |inner| {
        let two = (inner.clone(), inner.clone());
        let operator = prop::sample::select(vec!["||", "&&", "==", "!=", "<", ">=", "|"]);
        let suffix = prop::sample::select(vec![
            ".a",
            ".b",
            ".c",
            "[0]",
            "[-1]",
            "[*]",
            "[]",
            ".*",
            "[1:]",
            "[::-1]",
            "[?a]",
            "[*].b",
            "[?a > `1`].b",
            ".[a, b]",
            ".{x: a, y: @}",
            " | [0]",
            " | [*].a",
            "[:2].a",
            ".length(@)",
        ]);
        // Not `to_number`: the crate's takes any JSON for a number.
        let function = prop::sample::select(vec!["to_string", "to_array", "type", "not_null"]);
        prop_oneof![
            (two.clone(), operator).prop_map(|((a, b), op)| format!("({a} {op} {b})")),
            (inner.clone(), suffix).prop_map(|(a, suffix)| format!("({a}){suffix}")),
            inner.clone().prop_map(|a| format!("!({a})")),
            two.clone().prop_map(|(a, b)| format!("[{a}, {b}]")),
            two.prop_map(|(a, b)| format!("{{x: {a}, y: {b}}}")),
            (function, inner).prop_map(|(name, a)| format!("{name}({a})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn the_same_as_the_reference(text in expression()) {
        let tree = jmespath::parse(&text);
        prop_assert!(tree.is_ok(), "{}", text);
        let data = jmespath::Variable::from_json(BODY).expect("data");
        let runtime = &jmespath::DEFAULT_RUNTIME;
        let reference = jmespath::Expression::new(&*text, tree.expect("a tree"), runtime);
        let mut context = jmespath::Context::new(&text, runtime);
        let data = jmespath::Rcvar::new(data);
        // Its errors are nulls here, deep inside, which cannot be compared.
        if let Ok(expected) = jmespath::interpret(&data, reference.as_ast(), &mut context) {
            let found = host::eval(Dialect::Jmespath, &text, BODY);
            let expected = serde_json::to_value(&*expected).expect("JSON");
            prop_assert_eq!(found, Ok(tympan_expr::Value::from_json(expected)), "{}", text);
        }
    }
}
