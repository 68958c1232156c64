//! Forms of the Data Mapper: what their parts see, what they read, and that no value breaks them.

use proptest::prelude::*;
use tympan_expr::Dialect;
use tympan_expr::ErrorKind;
use tympan_expr::Exhausted;
use tympan_expr::Expression;
use tympan_expr::Local;
use tympan_expr::Makes;
use tympan_expr::Value;

use crate::host;
use crate::host::Host;

/// An expression at a place with these locals; of those that begin with `+`, it is the item of a
/// loop through a map.
fn part(dialect: Dialect, text: &str, locals: &[&str]) -> Expression {
    let mut vocabulary = host::vocabulary();
    vocabulary.locals = locals_of(locals);
    Expression::compile(dialect, text, &vocabulary).expect("it compiles").expression
}

fn locals_of(names: &[&str]) -> Vec<Local> {
    let local = |name: &&str| Local {
        name: name.trim_start_matches('+').to_owned(),
        is_entry: name.starts_with('+'),
        fields: &[],
    };
    names.iter().map(local).collect()
}

fn dsl(text: &str, locals: &[&str]) -> Expression {
    part(Dialect::Moveworks, text, locals)
}

fn template(text: &str, locals: &[&str]) -> Expression {
    let mut vocabulary = host::vocabulary();
    vocabulary.locals = locals_of(locals);
    Expression::template(text, &vocabulary).expect("it compiles").expression
}

fn eval(expression: &Expression, body: &str) -> Value<'static> {
    let host = Host::new(body);
    expression.eval(&&host).expect("it is within its bounds").into_owned()
}

#[test]
fn loops_see_their_own_names_and_those_around() {
    let inner = Expression::each(
        Makes::Mapped,
        dsl("item.n", &["item", "loop"]),
        Some(dsl(
            "[other, item.name, loop.index1, [1].$MAP(x => x + other)[0]]",
            &["item", "loop", "other", "loop"],
        )),
        None,
    );
    let outer = Expression::each(Makes::Mapped, dsl("a", &[]), Some(inner), None);
    assert_eq!(
        eval(&outer, r#"{"a": [{"name": "x", "n": [1, 2]}, {"name": "y", "n": [3]}]}"#),
        host::value(r#"[[[1, "x", 1, 2], [2, "x", 2, 3]], [[3, "y", 1, 4]]]"#)
    );
}

#[test]
fn loops_in_jmespath() {
    let names = ["item", "loop"];
    for (dialect, text) in [
        (Dialect::Moveworks, "[item.a, loop.index0]"),
        (Dialect::Jmespath, "[item.a, loop.index0]"),
        (Dialect::Jmespath, "[[item][*].a | [0], [item, loop][1].index0]"),
    ] {
        let body = part(dialect, text, &names);
        let mapped = Expression::each(Makes::Mapped, dsl("a", &[]), Some(body), None);
        let found = eval(&mapped, r#"{"a": [{"a": "x"}, {"a": null}]}"#);
        assert_eq!(found, host::value(r#"[["x", 0], [null, 1]]"#), "{text}");
    }
}

#[test]
fn values_given_do_not_see_each_other() {
    let values = vec![dsl("b", &[]), dsl("a", &[]), dsl("1 + 1", &[])];
    let sum = Expression::with(values, dsl("[a, b, c, d]", &["a", "b", "c"]));
    let found = eval(&sum, r#"{"a": "A", "b": "B", "d": "D"}"#);
    assert_eq!(found, host::value(r#"["B", "A", 2, "D"]"#));
}

#[test]
fn entries_of_maps() {
    let mapped = |text| {
        let body = dsl(text, &["+item", "loop"]);
        Expression::each(Makes::Mapped, dsl("a", &[]), Some(body), None)
    };
    let parts = mapped("[item.key, item.value, loop.key, item.key.x]");
    for (body, found) in [
        (r#"{"a": {"k": 1}}"#, r#"[["k", 1, "k", null]]"#),
        (r#"{"a": {"k": {"key": {"x": 2}}}}"#, r#"[[{"x": 2}, {"key": {"x": 2}}, "k", 2]]"#),
        (r#"{"a": {"k": {"value": null}}}"#, r#"[["k", null, "k", null]]"#),
        (r#"{"a": [{"key": 7}, "t"]}"#, "[[7, null, null, null], [null, null, null, null]]"),
    ] {
        assert_eq!(eval(&parts, body), host::value(found), "{body}");
    }
    // A lambda's parameter of the same name is no entry.
    let hidden = mapped("[1].$MAP(item => item.key)[0]");
    assert_eq!(eval(&hidden, r#"{"a": {"k": 1}}"#), host::value("[null]"));
}

#[test]
fn orders() {
    let sorted = |key: &str, descending: Option<&str>| {
        let key = dsl(key, &["item", "loop"]);
        let descending = descending.map(|text| dsl(text, &[]));
        Expression::each(Makes::Sorted, dsl("a", &[]), Some(key), descending)
    };
    let body = r#"{"down": 1, "a": [["b", 1], ["a", 2], ["b", 0], ["a", 1]]}"#;
    for (key, descending, found) in [
        ("item[0]", None, r#"[["a", 2], ["a", 1], ["b", 1], ["b", 0]]"#),
        ("item", None, r#"[["a", 1], ["a", 2], ["b", 0], ["b", 1]]"#),
        ("[item[0], 0 - loop.index0]", None, r#"[["a", 1], ["a", 2], ["b", 0], ["b", 1]]"#),
        ("item[0]", Some("true"), r#"[["b", 1], ["b", 0], ["a", 2], ["a", 1]]"#),
        ("item[0]", Some("down"), r#"[["b", 1], ["b", 0], ["a", 2], ["a", 1]]"#),
        ("item[0]", Some("up"), r#"[["a", 2], ["a", 1], ["b", 1], ["b", 0]]"#),
    ] {
        assert_eq!(eval(&sorted(key, descending), body), host::value(found), "{key}");
    }
}

#[test]
fn nothing_is_made_of_what_is_no_list() {
    let body = r#"{"t": "text", "n": 1}"#;
    for text in ["t", "n", "missing", "null"] {
        for makes in [Makes::Filtered, Makes::First, Makes::Mapped, Makes::Sorted] {
            let each = Expression::each(makes, dsl(text, &[]), None, None);
            assert_eq!(eval(&each, body), Value::Null, "{text}");
        }
        assert_eq!(eval(&Expression::merge(dsl(text, &[])), body), Value::Null, "{text}");
        assert_eq!(eval(&Expression::flatten(dsl(text, &[])), body), Value::Null, "{text}");
        let concat = Expression::concat(dsl(text, &[]), ", ".into());
        assert_eq!(eval(&concat, body), Value::Null, "{text}");
    }
    let merged = Expression::merge(dsl(r#"[{"a": 1}, null, 2, {"b": 2, "a": 3}]"#, &[]));
    assert_eq!(eval(&merged, body), host::value(r#"{"a": 3, "b": 2}"#));
    for text in ["n", "missing", "[1]"] {
        assert_eq!(eval(&Expression::strip_html(dsl(text, &[])), body), Value::Null, "{text}");
    }
}

#[test]
fn templates() {
    let body = r#"{
        "name": "<A & B>", "list": ["x", "y"], "people": [{"name": "P", "age": 1}, {"age": 2}],
        "empty": [], "zero": 0, "map": {"in": {"deep": "d"}, "0": "no index"}, "no": null
    }"#;
    for (text, found) in [
        ("", ""),
        ("no tag } }} {", "no tag } }} {"),
        ("{{name}} {{ name }} {{{name}}} {{& name }}", "<A & B> <A & B> <A & B> <A & B>"),
        ("{{list.0}}{{list.1}}{{list.2}}{{map.0}}", "xy"),
        ("{{map.in.deep}} {{map}} {{no}}{{missing}}", r#"d {"in":{"deep":"d"},"0":"no index"} "#),
        ("{{#list}}{{.}},{{/list}}", "x,y,"),
        ("{{#people}}{{name}}{{age}} {{/people}}", "P1 <A & B>2 "),
        ("{{#map}}{{#in}}{{deep}} {{name}}{{/in}}{{/map}}", "d <A & B>"),
        ("{{#empty}}a{{/empty}}{{^empty}}b{{/empty}}{{^list}}c{{/list}}{{#zero}}d{{/zero}}", "b"),
        ("{{#name}}yes{{/name}}{{^missing}}no{{/missing}}", "yesno"),
        ("a{{! a comment }}b", "ab"),
        ("a\n{{! alone }}\nb\n  {{#name}}  \n c\n{{/name}}\nd", "a\nb\n c\nd"),
        ("a {{#name}} b {{/name}} c", "a  b  c"),
        (r"{{headers.x-event}} {{raw_body.0}}", "push "),
    ] {
        assert_eq!(eval(&template(text, &[]), body), Value::from(found), "{text}");
    }
    let given = Expression::with(vec![dsl("list", &[])], template("{{name.1}}", &["name"]));
    assert_eq!(eval(&given, body), Value::from("y"));
}

#[test]
fn mistakes_in_templates() {
    let name = |name: &str| ErrorKind::TagName { name: name.into() };
    let not_open = |name: &str, open: Option<&str>| ErrorKind::SectionNotOpen {
        name: name.into(),
        open: open.map(str::to_owned),
    };
    for (text, at, kind) in [
        ("é {{a", "{{", ErrorKind::UnclosedTag { closing: "}}" }),
        ("{{{a}}", "{{", ErrorKind::UnclosedTag { closing: "}}}" }),
        ("{{#a}} {{b}}", "a", ErrorKind::UnclosedSection { name: "a".into() }),
        ("{{#a}}{{/ b }}", "b", not_open("b", Some("a"))),
        ("{{/a}}", "a", not_open("a", None)),
        ("{{> a}}", "{{> a}}", ErrorKind::UnknownTag { sign: '>' }),
        ("{{=<% %>=}}", "{{=<% %>=}}", ErrorKind::UnknownTag { sign: '=' }),
        ("{{a[0]}}", "a[0]", name("a[0]")),
        ("{{ a.$TRIM() }}", "a.$TRIM()", name("a.$TRIM()")),
        ("{{a b}}", "a b", name("a b")),
        ("{{}}", "", name("")),
        ("{{a..b}}", "a..b", name("a..b")),
    ] {
        let errors = Expression::template(text, &host::vocabulary()).unwrap_err();
        assert_eq!(errors.len(), 1, "{text}");
        assert_eq!(errors[0].kind, kind, "{text}");
        assert_eq!(&text[errors[0].range.clone()], at, "{text}");
    }
}

#[test]
fn needs_and_constants() {
    let needs = |expression: &Expression| {
        (expression.needs().reads(host::BODY), expression.needs().reads(host::HEADERS))
    };
    let event = || dsl(r#"headers["X-Event"]"#, &[]);
    let constant = || dsl("'c'", &[]);
    let lookup = |key, mapped| Expression::lookup(key, vec![("push".into(), mapped)], None);
    for (expression, expected) in [
        (template("{{headers.x-event}}", &[]), (false, true)),
        (template("{{#headers.x-event}}{{name}}{{/headers.x-event}}", &[]), (true, true)),
        (template("constant", &[]), (false, false)),
        (lookup(event(), constant()), (false, true)),
        (lookup(event(), dsl("a", &[])), (true, true)),
        (Expression::conditional(event(), Some(dsl("a", &[])), None), (true, true)),
        (Expression::with(vec![event()], dsl("a", &["a"])), (false, true)),
        (Expression::with(vec![constant()], dsl("b", &["a"])), (true, false)),
        (Expression::strip_html(event()), (false, true)),
        (
            Expression::each(
                Makes::Mapped,
                Expression::list(vec![event()]),
                Some(dsl("item", &["item", "loop"])),
                None,
            ),
            (false, true),
        ),
    ] {
        assert_eq!(needs(&expression), expected, "{expression:?}");
    }
    for (expression, value) in [
        (template("constant", &[]), "constant"),
        (Expression::strip_html(dsl("'<b>x'", &[])), "x"),
        (Expression::concat(dsl("['a', 1]", &[]), "-".into()), "a-1"),
        (lookup(dsl("'push'", &[]), constant()), "c"),
        (Expression::conditional(constant(), Some(constant()), None), "c"),
        (Expression::each(Makes::First, dsl("[0, 'x']", &[]), None, None), "x"),
    ] {
        assert_eq!(expression.as_constant(), Some(&Value::from(value)));
    }
}

#[test]
fn costly_forms_end() {
    let numbers = (0..2000).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    let text = "<p>&amp;".repeat(20_000);
    let host = Host::new(&format!(r#"{{"a": [{numbers}], "t": "{text}"}}"#));
    let (names, four) = (["item", "loop"], ["item", "loop", "x", "y"]);
    let map = |body| Expression::each(Makes::Mapped, dsl("a", &[]), Some(body), None);
    let again = |makes| Expression::each(makes, dsl("a", &names), Some(dsl("item", &four)), None);
    for (expression, bound) in [
        (map(again(Makes::Mapped)), Exhausted::Steps),
        (map(again(Makes::Sorted)), Exhausted::Steps),
        (map(template("{{t}}", &names)), Exhausted::Output),
        (map(template("{{#a}}{{.}}{{/a}}", &names)), Exhausted::Steps),
        (template("{{#a}}{{t}}{{/a}}", &[]), Exhausted::Output),
        (map(Expression::strip_html(dsl("t", &names))), Exhausted::Steps),
        (map(map(Expression::merge(dsl("[parsed_body]", &four)))), Exhausted::Steps),
        (map(Expression::concat(dsl("[t, t]", &names), String::new())), Exhausted::Output),
    ] {
        assert_eq!(expression.eval(&&host), Err(bound), "{expression:?}");
    }
}

/// Any JSON.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<f64>().prop_map(serde_json::Value::from),
        ".{0,8}".prop_map(serde_json::Value::from),
        "(<[a-z/!]{0,8}>?|&[#a-z0-9]{0,6};?|.){0,6}".prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let key = prop::sample::select(vec!["a", "b", "key", "value", "item", "0"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            prop::collection::btree_map(key.prop_map(str::to_owned), inner, 0..4)
                .prop_map(serde_json::Value::from_iter),
        ]
    })
}

/// Any form, nested, at a place with these locals.
fn form(locals: &[&'static str], depth: u32) -> BoxedStrategy<Expression> {
    let texts = vec![
        "a",
        "item",
        "loop",
        "loop.key",
        "item.key",
        "item.value",
        "a.b",
        "1",
        "'x'",
        "null",
        "parsed_body",
        "[a, item]",
        "item > loop.index0",
        "a.$MAP(x => [x, item])",
        "headers",
    ];
    let names = locals.to_owned();
    let leaf = prop::sample::select(texts).prop_map(move |text| dsl(text, &names)).boxed();
    if depth == 0 {
        return leaf;
    }
    let inner = || form(locals, depth - 1);
    let in_loop = {
        let mut locals = locals.to_owned();
        locals.extend(["+item", "loop"]);
        form(&locals, depth - 1)
    };
    let makes =
        prop::sample::select(vec![Makes::Filtered, Makes::First, Makes::Mapped, Makes::Sorted]);
    let names = locals.to_owned();
    let templates = prop::sample::select(vec![
        "{{a}}{{item.0}}{{loop.key}}",
        "{{#item}}{{.}}{{key}}{{#a}}{{b}}{{/a}}{{/item}}",
        "{{^a}}x{{/a}}{{parsed_body}}",
    ]);
    prop_oneof![
        leaf,
        (makes, inner(), prop::option::of(in_loop.clone()), prop::option::of(inner()))
            .prop_map(|(makes, items, body, down)| Expression::each(makes, items, body, down)),
        (inner(), inner(), in_loop).prop_map(|(a, b, body)| Expression::with(vec![a, b], body)),
        (inner(), prop::option::of(inner()), prop::option::of(inner()))
            .prop_map(|(condition, yes, no)| Expression::conditional(condition, yes, no)),
        (inner(), inner(), prop::option::of(inner()))
            .prop_map(|(key, value, no)| Expression::lookup(key, vec![("x".into(), value)], no)),
        prop::collection::vec(inner(), 0..3)
            .prop_map(|list| Expression::merge(Expression::list(list))),
        inner().prop_map(Expression::flatten),
        inner().prop_map(Expression::strip_html),
        inner().prop_map(|items| Expression::concat(items, "-".into())),
        inner().prop_map(|value| Expression::object(vec![("a".into(), value)])),
        templates.prop_map(move |text| template(text, &names)),
    ]
    .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_value_breaks_a_form(form in form(&[], 3), body in json()) {
        let host = Host::new(&body.to_string());
        // Out of its bounds it may be, but nothing else.
        drop(form.eval(&&host).map(|value| value.to_json()));
    }

    #[test]
    fn any_template_compiles_or_is_refused(
        text in prop_oneof![any::<String>(), "(\\{\\{|\\}\\}|\\{|[#^/!>=&. a\n\r\té]){0,24}"],
    ) {
        let host = Host::new(r#"{"a": [{"a": "é"}, 1, null]}"#);
        match Expression::template(&text, &host::vocabulary()) {
            Ok(compiled) => drop(compiled.expression.eval(&&host).map(|value| value.to_json())),
            Err(errors) => for error in errors {
                prop_assert!(text.get(error.range.clone()).is_some(), "{:?}", error);
            },
        }
    }

    #[test]
    fn any_html_has_a_text(html in prop_oneof![any::<String>(), "(<|>|/|!|-|&|#|x|;|p|br|script| |=|'|\"|é){0,32}"]) {
        let strip = Expression::strip_html(Expression::constant(Value::from(html.clone())));
        let plain = strip.as_constant().and_then(Value::as_text).unwrap_or_default().to_owned();
        // A reference can become two characters, and bytes that are none three.
        prop_assert!(plain.len() <= html.len() * 3, "{:?}", plain);
    }
}
