//! What is said about expressions that are wrong or look wrong.

use tympan_expr::Dialect;
use tympan_expr::ErrorKind;
use tympan_expr::Expected;
use tympan_expr::Expression;
use tympan_expr::WarningKind;
use tympan_expr::functions::Kind;

use crate::host;

/// What is wrong, each with the text that it points at.
fn errors(dialect: Dialect, text: &str) -> Vec<(String, ErrorKind)> {
    let errors = Expression::compile(dialect, text, &host::vocabulary())
        .err()
        .unwrap_or_else(|| panic!("{text} compiles"));
    errors.into_iter().map(|error| (text[error.range].to_owned(), error.kind)).collect()
}

#[test]
fn the_first_mistake_in_the_grammar() {
    let token = |found: Option<&str>, expected| ErrorKind::UnexpectedToken {
        found: found.map(str::to_owned),
        expected,
    };
    for (text, at, kind) in [
        ("", "", ErrorKind::Empty),
        (" \n", " \n", ErrorKind::Empty),
        ("a b", "b", token(Some("b"), Expected::End)),
        ("a +", "", token(None, Expected::Expression)),
        ("a == NOT b", "NOT", token(Some("NOT"), Expected::Expression)),
        ("a.", "", token(None, Expected::Field)),
        ("a.'b'", "'b'", token(Some("'b'"), Expected::Field)),
        ("(a", "(", ErrorKind::UnclosedBracket { bracket: '(' }),
        ("[a, (b]", "]", token(Some("]"), Expected::Tokens(&[")"]))),
        ("{a, b}", ",", token(Some(","), Expected::Tokens(&[":"]))),
        ("$LENGTH", "", token(None, Expected::Tokens(&["("]))),
        ("a.$MAP(in => 1)", "in", token(Some("in"), Expected::Parameter)),
        ("x => 1", "=>", token(Some("=>"), Expected::End)),
        ("IF a THEN b", "IF a THEN b", ErrorKind::IfWithoutElse),
        ("IF a ELSE b", "ELSE", token(Some("ELSE"), Expected::Tokens(&["THEN"]))),
        ("'é", "'é", ErrorKind::UnclosedText { quote: '\'' }),
        ("é && b", "&", ErrorKind::UnexpectedCharacter { found: '&', near: Some("AND") }),
        ("1e999", "1e999", ErrorKind::BadNumber { text: "1e999".into() }),
    ] {
        assert_eq!(errors(Dialect::Moveworks, text), [(at.to_owned(), kind)], "{text}");
    }
}

#[test]
fn every_misused_function() {
    let found = errors(
        Dialect::Moveworks,
        r#"[$LENGHT(a), b.$SPLIT(), $TRIM(1), a.$MAP(1), a.$TRIM().$MATCH(b), a.$MATCH("("),
            $TIME(x => 1)]"#,
    );
    let names = found.iter().map(|(at, _)| at.as_str()).collect::<Vec<_>>();
    assert_eq!(names, ["$LENGHT", "$SPLIT", "1", "1", "b", "\"(\"", "$TIME"]);
    let near = Some("$LENGTH".to_owned());
    assert_eq!(found[0].1, ErrorKind::UnknownFunction { name: "$LENGHT".into(), near });
    let count = |function: &str, least, most, found| ErrorKind::ArgumentCount {
        function: function.to_owned(),
        least,
        most: Some(most),
        found,
    };
    assert_eq!(found[1].1, count("$SPLIT", 2, 2, 1));
    let kind = |function: &str, parameter, expected, found| ErrorKind::ArgumentKind {
        function: function.to_owned(),
        parameter,
        expected,
        found,
    };
    assert_eq!(found[2].1, kind("$TRIM", "text", Kind::Text, "number"));
    assert_eq!(found[3].1, kind("$MAP", "to", Kind::Lambda, "value"));
    let pattern = ErrorKind::PatternNotConstant { function: "$MATCH".into(), parameter: "pattern" };
    assert_eq!(found[4].1, pattern);
    assert!(matches!(found[5].1, ErrorKind::BadPattern { .. }));
    assert_eq!(found[6].1, count("$TIME", 0, 0, 1));
}

#[test]
fn arguments_that_can_never_be_what_is_taken() {
    for (dialect, text, at, found) in [
        (Dialect::Moveworks, "$LENGTH(a).$TRIM()", "$LENGTH(a)", "number"),
        (Dialect::Moveworks, "$ANY(a == b, x => x)", "a == b", "boolean"),
        (Dialect::Moveworks, "$KEYS(a)[1:].$MAP(x => $SPLIT([x], 'a'))", "[x]", "list"),
        (
            Dialect::Moveworks,
            "$ABS(IF a THEN 'x' ELSE b.$TEXT())",
            "IF a THEN 'x' ELSE b.$TEXT()",
            "text",
        ),
        (Dialect::Moveworks, "$SUM(a.$DEFAULT('x').$TRIM())", "a.$DEFAULT('x').$TRIM()", "text"),
        (Dialect::Jmespath, "length(abs(a))", "abs", "number"),
        (Dialect::Jmespath, "sum(a.{b: c})", "a", "map"),
    ] {
        let mistakes = errors(dialect, text);
        let [(place, ErrorKind::ArgumentKind { found: name, .. })] = &mistakes[..] else {
            panic!("{text}: {mistakes:?}");
        };
        assert_eq!((place.as_str(), *name), (at, found), "{text}");
    }
}

#[test]
fn jmespath() {
    let found = errors(Dialect::Jmespath, "[lenght(a), join(','), sort_by(a, b), &a, a[::0]]");
    let names = found.iter().map(|(at, _)| at.as_str()).collect::<Vec<_>>();
    assert_eq!(names[..4], ["lenght", "join", "b", "&"]);
    assert_eq!(found[4].1, ErrorKind::ZeroStep);

    let found = errors(Dialect::Jmespath, "[lowercase(`1`), trim(a, b)]");
    let calls = found.iter().map(|(_, kind)| match kind {
        ErrorKind::ArgumentKind { function, .. } | ErrorKind::ArgumentCount { function, .. } => {
            function.as_str()
        }
        other => panic!("{other:?}"),
    });
    assert_eq!(calls.collect::<Vec<_>>(), ["lowercase", "trim"]);

    let found = errors(Dialect::Jmespath, "a || ]");
    assert!(matches!(found[0].1, ErrorKind::Jmespath { .. }), "{found:?}");
    assert_eq!(found[0].0, "]");
}

#[test]
fn likely_mistakes() {
    let name = |name: &str| name.to_owned();
    let unlike = |left, right, value| WarningKind::Unlike { left, right, value };
    let quoted = |text: &str| WarningKind::QuotedField { name: text.to_owned() };
    for (dialect, text, at, kind) in [
        (
            Dialect::Moveworks,
            "header.x",
            "header",
            WarningKind::NearRoot { name: name("header"), root: name("headers") },
        ),
        (
            Dialect::Jmespath,
            "Headers.x",
            "Headers",
            WarningKind::NearRoot { name: name("Headers"), root: name("headers") },
        ),
        (
            Dialect::Moveworks,
            "challenge_token.x",
            "challenge_token",
            WarningKind::ElsewhereRoot { name: name("challenge_token") },
        ),
        (
            Dialect::Moveworks,
            "a.$MAP(headers => headers.x)",
            "headers => headers.x",
            WarningKind::ShadowsRoot { name: name("headers") },
        ),
        (Dialect::Moveworks, "{a: 1}", "a", WarningKind::BareKey { name: name("a") }),
        (
            Dialect::Moveworks,
            "IF 'x' THEN a ELSE b",
            "'x'",
            WarningKind::ConstantCondition { value: true },
        ),
        (Dialect::Moveworks, "NOT 'x'", "'x'", WarningKind::ConstantCondition { value: true }),
        (
            Dialect::Moveworks,
            "a == 'x' OR ('y')",
            "('y')",
            WarningKind::LoneConstant { found: "text", value: true },
        ),
        (
            Dialect::Moveworks,
            "b + $LENGTH(a) == '5'",
            "b + $LENGTH(a) == '5'",
            unlike("number", "text", false),
        ),
        (Dialect::Moveworks, "a IN b != null", "a IN b != null", unlike("boolean", "null", true)),
        (Dialect::Moveworks, "a AND [b] > 1", "[b] > 1", unlike("list", "number", false)),
        (Dialect::Moveworks, "1 IN a.$TRIM()", "1 IN a.$TRIM()", unlike("number", "text", false)),
        (
            Dialect::Moveworks,
            "$LENGTH(a) + ' items'",
            "$LENGTH(a) + ' items'",
            WarningKind::NoArithmetic { operator: "+", left: "number", right: "text" },
        ),
        (
            Dialect::Moveworks,
            "2 * (a == b)",
            "2 * (a == b)",
            WarningKind::NoArithmetic { operator: "*", left: "number", right: "boolean" },
        ),
        (Dialect::Jmespath, "length(a) == '5'", "'5'", unlike("number", "text", false)),
        (Dialect::Jmespath, "a[?b == \"opened\"]", "\"opened\"", quoted("opened")),
        (Dialect::Jmespath, "a == \"no-go\"", "\"no-go\"", quoted("no-go")),
        (Dialect::Jmespath, "starts_with(a, \"refs/\")", "\"refs/\"", quoted("refs/")),
        (Dialect::Jmespath, "join(\"x\", a)", "\"x\"", quoted("x")),
        (Dialect::Jmespath, "a != null", "null", WarningKind::KeywordField { name: name("null") }),
    ] {
        let compiled = Expression::compile(dialect, text, &host::vocabulary())
            .unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
        let found = compiled.warnings.iter().map(|w| (&text[w.range.clone()], w.kind.clone()));
        assert_eq!(found.collect::<Vec<_>>(), [(at, kind)], "{text}");
    }
}

#[test]
fn what_is_likely_meant_so() {
    for (dialect, text) in [
        (Dialect::Moveworks, "a == b AND c != null AND $LENGTH(d) == 2"),
        (Dialect::Moveworks, "raw_body == 'x' OR a.$HEX_DECODE() == 'y'"),
        (Dialect::Moveworks, "a.$FILTER(x => x.b)[0].c + 'd' > 'e'"),
        (Dialect::Moveworks, "a.$FILTER(x => x).$LENGTH() > 0 OR a.$DEFAULT('x') == 'x'"),
        (Dialect::Moveworks, "true AND false"),
        (Dialect::Jmespath, "a || 'none'"),
        (Dialect::Jmespath, "\"content-type\" == 'x' && length(\"content-type\") > `3`"),
        (Dialect::Jmespath, "'x' == \"content-type\""),
        (Dialect::Jmespath, "a[*].null | [0] == 'x'"),
    ] {
        let compiled = Expression::compile(dialect, text, &host::vocabulary())
            .unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
        assert_eq!(compiled.warnings, [], "{text}");
    }
}

#[test]
fn expressions_of_the_other_dialect() {
    for (dialect, text, at) in [
        (Dialect::Moveworks, "a[?b == 'x']", "?"),
        (Dialect::Moveworks, "headers.\"X-Event\" == 'push'", "\"X-Event\""),
        (Dialect::Moveworks, "a == `1`", "`"),
        (Dialect::Moveworks, "a[*].b", "*"),
        (Dialect::Moveworks, "sort_by(a, &b)", "&"),
        (Dialect::Jmespath, "a == 'x' AND b == 'y'", "AND"),
        (Dialect::Jmespath, "a.$LENGTH() > 2", "$"),
        (Dialect::Jmespath, "a == 1", "1"),
        (Dialect::Jmespath, "IF a THEN b ELSE c", "a"),
    ] {
        let written = match dialect {
            Dialect::Moveworks => Dialect::Jmespath,
            Dialect::Jmespath => Dialect::Moveworks,
        };
        let kind = ErrorKind::OtherDialect { written };
        assert_eq!(errors(dialect, text), [(at.to_owned(), kind)], "{text}");
    }
    // What is wrong in both, or says in the one what is wrong with it, is told as it is.
    for (text, near) in [("a && b", Some("AND")), ("a ? b", None), ("!a", Some("NOT"))] {
        let found = errors(Dialect::Moveworks, text);
        let [(_, ErrorKind::UnexpectedCharacter { near: told, .. })] = &found[..] else {
            panic!("{text}: {found:?}");
        };
        assert_eq!(*told, near, "{text}");
    }
}
