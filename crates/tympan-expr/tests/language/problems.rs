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
    ] {
        let compiled = Expression::compile(dialect, text, &host::vocabulary())
            .unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
        let found = compiled.warnings.iter().map(|w| (&text[w.range.clone()], w.kind.clone()));
        assert_eq!(found.collect::<Vec<_>>(), [(at, kind)], "{text}");
    }
}
