//! No text and no value makes the language panic, overflow the stack or take long.

use proptest::prelude::*;
use tympan_expr::Dialect;
use tympan_expr::Exhausted;
use tympan_expr::Expression;
use tympan_expr::Makes;

use crate::host;
use crate::host::Host;

const DIALECTS: [Dialect; 2] = [Dialect::Moveworks, Dialect::Jmespath];

/// Compiles and, where that succeeds, evaluates `text` on a small stack.
fn run(dialect: Dialect, text: String, body: String) -> bool {
    let work = move || {
        let Ok(compiled) = Expression::compile(dialect, &text, &host::vocabulary()) else {
            return false;
        };
        let host = Host::new(&body);
        drop(compiled.expression.eval(&&host).map(|value| value.to_json()));
        true
    };
    let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(work);
    thread.expect("a thread").join().expect("no panic")
}

#[test]
fn deep_and_long_texts_are_refused() {
    for part in [
        "(",
        "[",
        "{",
        "!",
        "-",
        "NOT ",
        "a||",
        "a OR ",
        "a.",
        "a[",
        "a&&",
        "[]",
        "[*]",
        "*.",
        "&",
        "a|",
        "$TRIM(",
        "{a:",
        "IF ",
        "IF a THEN ",
        "a.$MAP(x=>",
        "`",
        "'",
        "\"",
        "[?",
        "a==",
        "+",
        ".$TRIM()",
        "[0]",
    ] {
        for dialect in DIALECTS {
            assert!(!run(dialect, part.repeat(100_000), "{}".into()), "{part}");
        }
    }
}

#[test]
fn the_longest_accepted_chains_fit_a_small_stack() {
    let length = tympan_expr::SOURCE_LENGTH;
    for (first, part) in [
        ("a", "||a"),
        ("a", " OR a"),
        ("a", ".a"),
        ("a", "[0]"),
        ("a", "[*]"),
        ("a", "[]"),
        ("a", "|a"),
        ("a", "|[a]"),
        ("a", "|{a:a}"),
        ("a", "==a"),
        ("a", "+a"),
        ("a", "*a"),
        ("a", "&&a"),
        ("a", " AND a"),
        ("a", " IN a"),
        ("a", "[?a]"),
        ("a", "[1:]"),
        ("*", ".*"),
        ("a", ".$TRIM()"),
        ("a", "[a]"),
        ("a", ">a"),
        ("[a", ",a"),
        ("1", " ELSE 1"),
        ("a", "[:a]"),
        ("a", "|abs(@)"),
        ("a", ".b.abs(@)"),
    ] {
        for dialect in DIALECTS {
            let most = (length - first.len()) / part.len();
            for count in [most, 256, 255, 128, 120, 85, 64, 60, 40, 33, 32, 31] {
                let text = first.to_owned() + &part.repeat(count.min(most));
                run(dialect, text, r#"{"a": {"a": [[1]]}}"#.into());
            }
        }
    }
}

#[test]
fn the_deepest_accepted_texts_fit_a_small_stack() {
    // Every bracket holds an operand of each level of operators.
    for (open, close) in [
        ("(", ")"),
        ("(1 OR 1 AND 1 > 1 == 1 + 1 * (", "))"),
        ("1 OR 1 AND NOT 1 > 1 == 1 + 1 * - (", ")"),
        ("$TEXT(1 OR 1 AND 1 > 1 == 1 + 1 * $TIME() + ", ")"),
        ("IF a THEN ", " ELSE 1"),
        ("[a].$MAP(x => ", ")"),
        ("{'a': ", "}"),
        ("a[", "]"),
        ("[a, ", "]"),
        ("a[?", "]"),
        ("!(a || b && c == d[0] || ", ")"),
        ("map(&[@, ", "], a)"),
        ("a | [*] | {a: ", "}"),
        ("(a || b && c == ", ")"),
    ] {
        for dialect in DIALECTS {
            for count in [8, 10, 14, 15, 16, 20, 24, 28, 30, 31, 32, 33] {
                let text = format!("{}a{}", open.repeat(count), close.repeat(count));
                run(dialect, text, r#"{"a": [[1]]}"#.into());
            }
        }
    }
    let flat = "a".to_owned() + &".a".repeat(200);
    assert!(run(Dialect::Jmespath, flat.clone(), "{}".into()));
    assert!(run(Dialect::Moveworks, flat, "{}".into()));
    assert!(run(Dialect::Jmespath, vec!["a"; 200].join("||"), "{}".into()));
    assert!(run(Dialect::Moveworks, vec!["a"; 600].join(" OR "), "{}".into()));
    let deep = format!("{}1{}", "(1 + ".repeat(32), ")".repeat(32));
    assert!(run(Dialect::Moveworks, deep, "{}".into()));
}

#[test]
fn nested_structures_are_bounded() {
    type Nest = fn(Expression) -> Expression;
    let nests: [Nest; 6] = [
        |inner| Expression::list(vec![inner]),
        |inner| {
            let item = Expression::constant(host::value("[1]"));
            Expression::each(Makes::Mapped, item, Some(inner), None)
        },
        |inner| Expression::each(Makes::Sorted, inner, None, None),
        |inner| Expression::with(vec![inner.clone()], inner),
        |inner| Expression::lookup(inner.clone(), vec![("a".to_owned(), inner)], None),
        |inner| Expression::strip_html(Expression::concat(Expression::merge(inner), ",".into())),
    ];
    for nest in nests {
        let work = move || {
            let mut expression = Expression::compile(Dialect::Moveworks, "a", &host::vocabulary())
                .expect("compiles")
                .expression;
            for _ in 0..2000 {
                expression = nest(expression);
            }
            let host = Host::new("{}");
            assert_eq!(expression.eval(&&host), Err(Exhausted::Depth));
        };
        let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(work);
        thread.expect("a thread").join().expect("no panic");
    }
    // The deepest template: sections are no structures of ours.
    let work = || {
        let text = format!("{}{{{{a}}}}{}", "{{#a}}".repeat(32), "{{/a}}".repeat(32));
        let compiled = Expression::template(&text, &host::vocabulary()).expect("it compiles");
        let host = Host::new(r#"{"a": [[[1]]]}"#);
        assert!(compiled.expression.eval(&&host).is_ok());
        let text = "{{#a}}".repeat(1000);
        assert!(Expression::template(&text, &host::vocabulary()).is_err());
    };
    let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(work);
    thread.expect("a thread").join().expect("no panic");
}

#[test]
fn costly_expressions_end() {
    let numbers = (0..2000).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    let body = format!(
        r#"{{"a": [{numbers}], "t": "{}", "h": "{}", "m": {{{}}}, "d": {}1{}}}"#,
        "x".repeat(100_000),
        "ab".repeat(50_000),
        (0..2000).map(|n| format!(r#""{n}": {n}"#)).collect::<Vec<_>>().join(","),
        "[".repeat(120),
        "]".repeat(120)
    );
    let host = Host::new(&body);
    for (dialect, text, bound) in [
        (Dialect::Moveworks, "a.$MAP(x => a.$MAP(y => x))", Exhausted::Steps),
        (Dialect::Moveworks, "a.$MAP(x => t + t)", Exhausted::Output),
        (Dialect::Moveworks, "a.$MAP(x => t.$REPLACE('x', t))", Exhausted::Output),
        (Dialect::Moveworks, "a.$MAP(x => x IN a)", Exhausted::Steps),
        (Dialect::Moveworks, "a.$MAP(x => parsed_body == parsed_body)", Exhausted::Steps),
        (Dialect::Moveworks, "a.$MAP(x => a.$SORT())", Exhausted::Steps),
        (Dialect::Moveworks, "a.$MAP(x => t.$CONTAINS('y'))", Exhausted::Steps),
        (Dialect::Moveworks, "a.$MAP(x => parsed_body.$STRINGIFY_JSON())", Exhausted::Output),
        (Dialect::Moveworks, "a.$MAP(x => $CONCAT([parsed_body]))", Exhausted::Output),
        (Dialect::Moveworks, "a.$MAP(x => $TEXT(parsed_body))", Exhausted::Output),
        (Dialect::Moveworks, "a.$MAP(x => t.$SPLIT(''))", Exhausted::Steps),
        (Dialect::Moveworks, "a.$MAP(x => t.$MATCH('x*?y', true))", Exhausted::Steps),
        (Dialect::Moveworks, "a.$MAP(x => [parsed_body, a].$UNIQUE())", Exhausted::Steps),
        (Dialect::Moveworks, "a.$MAP(x => t[x])", Exhausted::Steps),
        (Dialect::Moveworks, "a.$MAP(x => t.$SHA256())", Exhausted::Steps),
        (Dialect::Moveworks, "a.$MAP(x => t.$BASE64_ENCODE())", Exhausted::Output),
        (Dialect::Moveworks, "a.$MAP(x => h.$HEX_DECODE())", Exhausted::Output),
        (Dialect::Moveworks, "a.$MAP(x => h.$URL_ENCODE())", Exhausted::Output),
        (Dialect::Moveworks, "a.$MAP(x => h.$PARSE_PAIRS('a'))", Exhausted::Steps),
        (Dialect::Moveworks, "a.$MAP(x => t.$FORM_PAIRS())", Exhausted::Output),
        (Dialect::Moveworks, "a.$MAP(x => a.$REVERSE())", Exhausted::Steps),
        (Dialect::Moveworks, "a.$MAP(x => a.$MAX())", Exhausted::Steps),
        (Dialect::Moveworks, "a.$MAP(x => m.$ENTRIES().$LENGTH())", Exhausted::Steps),
        (Dialect::Jmespath, "t.[@,@,@,@,@,@,@,@,@,@,@,@] | join('', @)", Exhausted::Output),
    ] {
        let compiled = Expression::compile(dialect, text, &host::vocabulary());
        let expression = compiled.unwrap_or_else(|errors| panic!("{text}: {errors:?}")).expression;
        assert_eq!(expression.eval(&&host), Err(bound), "{text}");
    }
}

/// Texts that are more like expressions than random characters are.
fn fragments() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "a",
        "b",
        ".",
        "[",
        "]",
        "(",
        ")",
        "{",
        "}",
        ":",
        ",",
        "==",
        "!=",
        ">",
        "<=",
        "+",
        "-",
        "*",
        "/",
        " AND ",
        " OR ",
        "NOT ",
        " IN ",
        "IF ",
        " THEN ",
        " ELSE ",
        "=>",
        "x",
        "1",
        "-2",
        "0.5",
        "'t'",
        "\"é\"",
        "null",
        "true",
        "$LENGTH(",
        ".$MAP(x => ",
        "$CONCAT([",
        ".$SPLIT(",
        "headers",
        "raw_body",
        "||",
        "&&",
        "|",
        "@",
        "&",
        "?",
        "[?",
        "[]",
        "[*]",
        "`[1, 2]`",
        "!",
        "sort_by(",
        "length(",
        "[::2147483647]",
        "[-1]",
        "$FORMAT_TIME(",
        "$PARSE_TIME(",
        "%Y",
        ".$SUBSTRING(",
        "9223372036854775808",
        "1e308",
        ".$MATCH('.', true)",
        "[1:]",
        "[:-1]",
        "$TIME()",
        "$INTEGER(",
        "max_by(",
        "to_number(",
        "join(",
        "reverse(",
        "$UNIQUE(",
        "$PARSE_PAIRS(",
        "$FORM_PAIRS(",
        "$URL_DECODE(",
        "$BASE64URL_DECODE(",
        "$HEX_ENCODE(",
        "$ROUND(",
        "$BOOLEAN(",
        "$FLOAT(",
        "$REVERSE(",
        "$MERGE(",
        "$MAX(",
        ".$ENTRIES()",
        "sha256(",
        "$SORT(",
    ]);
    prop::collection::vec(part, 0..24).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_text_compiles_or_is_refused(text in prop_oneof![any::<String>(), fragments()]) {
        let host = Host::new(r#"{"a": [1, {"b": "é"}, null], "b": {"a": "x", "b": 1.5}}"#);
        for dialect in DIALECTS {
            match Expression::compile(dialect, &text, &host::vocabulary()) {
                Ok(compiled) => drop(compiled.expression.eval(&&host).map(|v| v.to_json())),
                Err(errors) => {
                    prop_assert!(!errors.is_empty());
                    for error in errors {
                        prop_assert!(text.get(error.range.clone()).is_some(), "{:?}", error);
                    }
                }
            }
        }
    }
}
