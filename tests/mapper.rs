//! What structured values yield: the published examples of the Data Mapper and those of our reference.

use tympan_core::config::Config;
use tympan_core::config::forms::Example;
use tympan_core::config::forms::FORMS;
use tympan_core::diagnostic;
use tympan_core::roots;
use tympan_expr::RootId;
use tympan_expr::Source;
use tympan_expr::Value;

/// The payload that the Data Mapper reference uses throughout.
const PAYLOAD: &str = r#"{
    "upon_reject": {"display_value": "Cancel all future Tasks", "value": "cancel"},
    "sys_updated_on": {"display_value": "2015-03-10 04:00:07", "value": "2015-03-10 04:00:07"},
    "number": {"display_value": "INC12345", "value": "INC12345"},
    "state": {"display_value": "Closed", "value": "7"},
    "sys_created_by": {"display_value": "kmok", "value": "kmok"},
    "impact": {"display_value": "4 - Localized", "value": "4"}
}"#;

struct Body(Value<'static>);

impl<'a> Source<'a> for &'a Body {
    fn root(&self, root: RootId) -> Value<'a> {
        if root == roots::PARSED_BODY { self.0.borrow() } else { Value::Null }
    }

    fn entry(&self, _: RootId, _: &str) -> Value<'a> {
        Value::Null
    }

    fn now(&self) -> f64 {
        0.0
    }
}

#[test]
fn corpus() {
    let corpus = include_str!("mapper/corpus.txt");
    let rows = corpus.lines().filter(|line| !line.is_empty() && !line.starts_with("# "));
    let (mut count, mut failed) = (0, Vec::new());
    for row in rows {
        count += 1;
        let [written, body, expected] = *row.split(" ;; ").collect::<Vec<_>>() else {
            panic!("a row has three parts: {row}");
        };
        let body = if body == "P" { PAYLOAD } else { body };
        match value(written, body) {
            Ok(found) if found == json(expected) => {}
            Ok(found) => failed.push(format!("{row}\n    found {}", found.to_json())),
            Err(mistakes) => failed.push(format!("{row}\n{mistakes}")),
        }
    }
    assert!(failed.is_empty(), "{} of {count} rows:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn every_form_is_documented_and_its_examples_hold() {
    for form in FORMS {
        assert!(form.section.doc.ends_with('.'), "{}", form.name());
        assert!(!form.examples.is_empty(), "{}", form.name());
        for Example { written, body, result } in form.examples {
            let found = value(written, body).unwrap_or_else(|mistakes| panic!("{mistakes}"));
            assert_eq!(found, json(result), "{written}");
        }
    }
}

/// The order of keys is told to receivers, so it is ours.
#[test]
fn keys_keep_their_order() {
    let found =
        value("{b: x, a.z: x, c: {MERGE(): [{z: x}, {a: x, z: x}]}, a.b: x}", r#"{"x": 1}"#);
    let found = serde_json::to_string(&found.unwrap()).unwrap();
    assert_eq!(found, r#"{"b":1,"a":{"z":1,"b":1},"c":{"z":1,"a":1}}"#);
}

/// A value that only names headers, or nothing at all, needs no body.
#[test]
fn only_what_is_read_is_needed() {
    for (written, reads) in [
        ("{MAP(): {items: [headers.a], converter: item}}", false),
        ("{RENDER(): {template: '{{ headers.a }}'}}", false),
        ("{RENDER(): {template: '{{ b }}', args: {b: headers.b}}}", false),
        ("{EVAL(): {expression: b, args: {b: 1}}}", false),
        ("{RENDER(): {template: '{{ c }}', args: {b: headers.b}}}", true),
        ("{LOOKUP(): {key: headers.a, mapping: {x: y}}}", true),
        ("{MAP(): {items: [headers.a], converter: '[item, b]'}}", true),
    ] {
        let config = config(written).unwrap();
        let data = config.listeners[0].events.data.as_ref();
        assert_eq!(data.unwrap().needs().reads(roots::PARSED_BODY), reads, "{written}");
    }
}

fn config(written: &str) -> Result<Config, String> {
    let listener = "verification: {none: example}, deliver: [], accept: json";
    let text =
        format!("version: 1\nlisteners: {{a: {{{listener}, events: {{data: {written}}}}}}}\n");
    let (loaded, sources) = tympan_core::load("example", text.into_bytes());
    if loaded.diagnostics.is_empty() {
        Ok(loaded.config)
    } else {
        Err(diagnostic::text(&loaded.diagnostics, &sources, false))
    }
}

fn value(written: &str, body: &str) -> Result<Value<'static>, String> {
    let config = config(written)?;
    let data = config.listeners[0].events.data.as_ref().unwrap();
    let body = Body(json(body));
    Ok(data.eval(&&body).unwrap().into_owned())
}

fn json(text: &str) -> Value<'static> {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}
