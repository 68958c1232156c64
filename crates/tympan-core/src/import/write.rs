//! A configuration as a text.

use std::fmt::Write;

use serde_json::Map;
use serde_json::Value as Json;

use crate::config::keys;
use crate::config::keys::Section;

/// A whole file.
pub(super) fn file(secrets: &[String], listeners: &[(String, Map<String, Json>)]) -> String {
    let mut yaml = String::from("version: 1\n");
    references(secrets, &mut yaml);
    yaml.push_str("destinations:\n  console: {stdout: {}}\nlisteners:\n");
    for (name, keys) in listeners {
        let _ = writeln!(yaml, "  {name}:");
        for (key, value) in sorted(keys, &keys::LISTENER) {
            block(key, value, 4, &mut yaml);
        }
        yaml.push_str("    deliver: [console]\n");
    }
    yaml
}

/// A whole file with one action and the connector that it calls.
pub(super) fn call(
    secrets: &[String],
    connector: (&str, &Map<String, Json>),
    action: (&str, &Map<String, Json>),
) -> String {
    let mut yaml = String::from("version: 1\n");
    references(secrets, &mut yaml);
    for (section, (name, written), known) in
        [("connectors", connector, &keys::CONNECTOR), ("actions", action, &keys::ACTION)]
    {
        let _ = writeln!(yaml, "{section}:\n  {name}:");
        for (key, value) in sorted(written, known) {
            block(key, value, 4, &mut yaml);
        }
    }
    yaml.push_str("listeners: {}\n");
    yaml
}

fn references(secrets: &[String], yaml: &mut String) {
    if !secrets.is_empty() {
        yaml.push_str("secrets:\n");
        for name in secrets {
            let _ = writeln!(yaml, "  {name}: {{file: secrets/{name}}}");
        }
    }
}

/// Keys in the order of their table.
fn sorted<'m>(map: &'m Map<String, Json>, section: &Section) -> Vec<(&'m String, &'m Json)> {
    let place = |key: &str| section.keys.iter().position(|known| known.name == key);
    let mut keys: Vec<_> = map.iter().collect();
    keys.sort_by_key(|(key, _)| place(key));
    keys
}

/// A key and what stands under it: on one line if that is short.
fn block(key: &str, value: &Json, indent: usize, yaml: &mut String) {
    let pad = " ".repeat(indent);
    let key = scalar(key);
    let line = flow(value);
    match value {
        Json::Object(map) if line.len() > 60 => {
            let _ = writeln!(yaml, "{pad}{key}:");
            for (key, value) in map {
                block(key, value, indent + 2, yaml);
            }
        }
        Json::Array(items) if line.len() > 60 => {
            let _ = writeln!(yaml, "{pad}{key}:");
            for item in items {
                let _ = writeln!(yaml, "{pad}  - {}", flow(item));
            }
        }
        _ => {
            let _ = writeln!(yaml, "{pad}{key}: {line}");
        }
    }
}

fn flow(value: &Json) -> String {
    match value {
        Json::Null => "null".to_owned(),
        Json::Bool(_) | Json::Number(_) => value.to_string(),
        Json::String(text) => scalar(text),
        Json::Array(items) => {
            format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", "))
        }
        Json::Object(map) => {
            let entry =
                |(key, value): (&String, &Json)| format!("{}: {}", scalar(key), flow(value));
            format!("{{{}}}", map.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
    }
}

/// A text, in quotes unless it can be taken for nothing else.
fn scalar(text: &str) -> String {
    let is_plain = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c))
        && !["true", "false", "null", "yes", "no"].contains(&text);
    if is_plain {
        return text.to_owned();
    }
    if text.chars().any(char::is_control) {
        return Json::from(text).to_string();
    }
    format!("'{}'", text.replace('\'', "''"))
}
