//! What an expression is made of.

use tympan_expr::Dialect;
use tympan_expr::Expression;

use crate::host;
use crate::host::Host;

#[track_caller]
fn check(dialect: Dialect, text: &str, expected: &[(&str, &str)]) {
    let host = Host::new(r#"{"action": "closed", "n": 3, "items": [{"k": 1}, {"k": 2}]}"#);
    let vocabulary = host::vocabulary();
    Expression::compile(dialect, text, &vocabulary).expect("it compiles");
    let parts = tympan_expr::parts(dialect, text, &vocabulary);
    let found: Vec<_> = parts
        .iter()
        .map(|part| {
            let value = part.expression.eval(&&host).expect("it is small");
            (&text[part.range.clone()], value.to_json().to_string())
        })
        .collect();
    let found: Vec<_> = found.iter().map(|(text, value)| (*text, value.as_str())).collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn parts_of_moveworks() {
    let check = |text, expected: &[_]| check(Dialect::Moveworks, text, expected);
    check("action", &[]);
    check(
        r#"headers["X-Event"] != "push" OR (n > 2 AND action == "opened")"#,
        &[
            (r#"headers["X-Event"] != "push""#, "false"),
            (r#"headers["X-Event"]"#, r#""push""#),
            (r#"n > 2 AND action == "opened""#, "false"),
            ("n > 2", "true"),
            ("n", "3"),
            (r#"action == "opened""#, "false"),
            ("action", r#""closed""#),
        ],
    );
    check(
        r#"action.$UPPERCASE().$CONTAINS("C") AND action == "x""#,
        &[
            (r#"action.$UPPERCASE().$CONTAINS("C")"#, "true"),
            ("action.$UPPERCASE()", r#""CLOSED""#),
            ("action", r#""closed""#),
            (r#"action == "x""#, "false"),
        ],
    );
    // What a lambda yields has no value of its own.
    check("items.$MAP(it => it.k + n)", &[("items", r#"[{"k":1},{"k":2}]"#)]);
    check("items[n - 2].k", &[("n - 2", "1"), ("n", "3")]);
}

#[test]
fn parts_of_jmespath() {
    let check = |text, expected: &[_]| check(Dialect::Jmespath, text, expected);
    check("action", &[]);
    check(
        "(action == 'opened' || n >= `2`) && !(items[0].z)",
        &[
            ("action == 'opened' || n >= `2`", "true"),
            ("action == 'opened'", "false"),
            ("action", r#""closed""#),
            ("n >= `2`", "true"),
            ("n", "3"),
            ("!(items[0].z)", "true"),
            ("items[0].z", "null"),
        ],
    );
}

/// Whatever a text is, it has parts within it or none.
#[test]
fn parts_of_anything() {
    let vocabulary = host::vocabulary();
    for text in ["", "(", ")", "a &&", "(a", "ü == 'ü'", "!(!a)", "a == (b == c)", "'((' == a"] {
        for dialect in [Dialect::Moveworks, Dialect::Jmespath] {
            for part in tympan_expr::parts(dialect, text, &vocabulary) {
                assert!(text.get(part.range.clone()).is_some(), "{text}: {part:?}");
            }
        }
    }
}
