//! What an expression is known to read, and what is known of it without any input.

use tympan_expr::Dialect;
use tympan_expr::Expression;
use tympan_expr::Paths;
use tympan_expr::RootId;
use tympan_expr::Value;

use crate::host;
use crate::host::BODY;
use crate::host::HEADERS;
use crate::host::RAW;

fn compile(dialect: Dialect, text: &str) -> Expression {
    let compiled = Expression::compile(dialect, text, &host::vocabulary());
    compiled.unwrap_or_else(|errors| panic!("{text}: {errors:?}")).expression
}

/// Every path that is read, as `root.key.key`.
fn reads(expression: &Expression) -> Vec<String> {
    fn walk(prefix: &str, paths: &Paths, found: &mut Vec<String>) {
        match paths {
            Paths::Whole => found.push(prefix.to_owned()),
            Paths::Keys(keys) => {
                for (key, inner) in keys {
                    walk(&format!("{prefix}.{key}"), inner, found);
                }
            }
        }
    }
    let mut found = Vec::new();
    for root in expression.needs().roots() {
        let name = ["body", "headers", "raw"][usize::from(root.0)];
        walk(name, expression.needs().paths(root).expect("a root that is read"), &mut found);
    }
    found
}

#[test]
fn only_what_is_named_is_read() {
    for (dialect, text, expected) in [
        (Dialect::Moveworks, r#"headers["X-A"]"#, &["headers.X-A"] as &[&str]),
        (Dialect::Moveworks, "headers.foo.$TRIM()", &["headers.foo"]),
        (Dialect::Moveworks, "headers[name]", &["body.name", "headers"]),
        (Dialect::Moveworks, r#""X-A" IN headers"#, &["headers.X-A"]),
        (Dialect::Moveworks, "a.b.c + a.b.d", &["body.a.b.c", "body.a.b.d"]),
        (Dialect::Moveworks, "a.b == a", &["body.a"]),
        (Dialect::Moveworks, "a.b[0].c", &["body.a.b"]),
        (Dialect::Moveworks, "a.$MAP(x => x.y == z.w)", &["body.a", "body.z.w"]),
        (Dialect::Moveworks, "parsed_body", &["body"]),
        (Dialect::Moveworks, "raw_body", &["raw"]),
        (Dialect::Moveworks, "1 + 2", &[]),
        (Dialect::Jmespath, "headers.foo", &["headers.foo"]),
        (Dialect::Jmespath, "a.b[?c == 'x'].d | [0]", &["body.a.b"]),
        (Dialect::Jmespath, "a.b[0].c", &["body.a.b"]),
        (Dialect::Jmespath, "@", &["body"]),
        (Dialect::Jmespath, "{x: a.b, y: headers.\"X-A\"}", &["body.a.b", "headers.X-A"]),
    ] {
        assert_eq!(reads(&compile(dialect, text)), expected, "{text}");
    }
}

#[test]
fn one_entry_of_a_root() {
    for (dialect, text, expected) in [
        (Dialect::Moveworks, r#"headers["X-A"]"#, Some((HEADERS, "X-A"))),
        (Dialect::Moveworks, "(headers).foo", Some((HEADERS, "foo"))),
        (Dialect::Jmespath, r#"headers."X-A""#, Some((HEADERS, "X-A"))),
        (Dialect::Moveworks, "headers.foo.bar", None),
        (Dialect::Moveworks, "parsed_body.foo", None),
        (Dialect::Moveworks, "'x'", None),
    ] {
        assert_eq!(compile(dialect, text).root_entry(), expected, "{text}");
    }
}

#[test]
fn constants_fold() {
    for (dialect, text, expected) in [
        (Dialect::Moveworks, "'a'.$UPPERCASE() + $TEXT(1 + 2)", Some(r#""A3""#)),
        (Dialect::Moveworks, "[1, {'a': NOT false}][1].a", Some("true")),
        (Dialect::Moveworks, "IF 1 == 2 THEN 1 ELSE null", Some("null")),
        (Dialect::Moveworks, "$TIME()", None),
        (Dialect::Moveworks, "[a]", None),
        (Dialect::Jmespath, "`{\"a\": [1, 2]}`.a[1]", Some("2")),
    ] {
        let expression = compile(dialect, text);
        let expected = expected.map(host::value);
        assert_eq!(expression.as_constant(), expected.as_ref(), "{text}");
    }
}

#[test]
fn structured_values_are_made_of_expressions() {
    let part = |text| compile(Dialect::Moveworks, text);
    let constant = Expression::object(vec![
        ("a".into(), Expression::constant(Value::from(1_i64))),
        ("b".into(), Expression::list(vec![part("'x'"), part("2 * 3")])),
    ]);
    assert_eq!(constant.as_constant(), Some(&host::value(r#"{"a": 1, "b": ["x", 6]}"#)));

    let mixed = Expression::object(vec![
        ("secret".into(), part("headers['x-hook-secret']")),
        ("names".into(), Expression::list(vec![part("users.$MAP(u => u.name)"), part("1")])),
    ]);
    assert_eq!(mixed.as_constant(), None);
    assert!(mixed.needs().reads(BODY) && mixed.needs().reads(HEADERS));
    assert!(!mixed.needs().reads(RAW) && !mixed.needs().reads(RootId(9)));
    let host = host::Host::new(r#"{"users": [{"name": "a"}]}"#);
    let expected = host::value(r#"{"secret": "s3", "names": [["a"], 1]}"#);
    assert_eq!(mixed.clone().eval(&&host), Ok(expected));
}

#[test]
fn ready_expressions_can_be_shared() {
    fn shared<T: Send + Sync + Clone>(_: &T) {}
    shared(&compile(Dialect::Moveworks, "a"));
}
