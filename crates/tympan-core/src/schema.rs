//! The table of keys as a JSON Schema, for editors to complete and check with.
//!
//! Only what older editors understand as well is used: no `unevaluatedProperties`, no
//! `prefixItems`.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::config::forms::FORMS;
use crate::config::keys;
use crate::config::keys::Holds;
use crate::config::keys::Key;
use crate::config::keys::Literal;
use crate::config::keys::Named;
use crate::config::keys::Section;

/// What names of listeners, secrets and destinations look like.
const NAME: &str = "^[a-z0-9][a-z0-9_-]{0,62}$";

/// What a name may be that may hold dots and capitals.
const LOOSE_NAME: &str = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$";

/// The schema of a whole file.
#[must_use]
pub fn schema() -> Value {
    let mut definitions = Map::new();
    let mut root = section(&keys::FILE, &mut definitions);
    let fixed = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "https://tympan.dev/schemas/listeners.schema.json",
        "title": "Tympan listeners",
        "definitions": definitions,
    });
    if let (Some(root), Value::Object(fixed)) = (root.as_object_mut(), fixed) {
        root.extend(fixed);
    }
    root
}

fn section(section: &'static Section, definitions: &mut Map<String, Value>) -> Value {
    let mut properties = Map::new();
    for key in section.keys {
        properties.insert(key.name.to_owned(), property(key, definitions));
    }
    let required: Vec<_> =
        section.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    let is_optional = required.is_empty() && !section.one_of;
    let mut schema = json!({
        "description": section.doc,
        "type": if is_optional { json!(["object", "null"]) } else { json!("object") },
        "properties": properties,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    if std::ptr::eq(section, &raw const keys::LISTENER) {
        schema["anyOf"] = json!([{"required": ["verification"]}, {"required": ["preset"]}]);
    }
    if section.one_of && section.keys.iter().any(|key| key.beside) {
        let kinds = section.keys.iter().filter(|key| !key.beside);
        schema["oneOf"] = kinds.map(|key| json!({"required": [key.name]})).collect();
    } else if section.one_of {
        schema["minProperties"] = json!(1);
        schema["maxProperties"] = json!(1);
    }
    schema
}

fn property(key: &'static Key, definitions: &mut Map<String, Value>) -> Value {
    let default =
        key.default.map(|default| format!("\n\nDefault: `{default}`")).unwrap_or_default();
    let description = format!("{}{default}\n\nExample: `{}`", key.doc, key.example);
    let mut held = holds(&key.holds, definitions);
    if held.get("$ref").is_some() {
        // Beside `$ref` older drafts ignore everything.
        return json!({"description": description, "allOf": [held]});
    }
    held["description"] = json!(description);
    held
}

fn holds(held: &'static Holds, definitions: &mut Map<String, Value>) -> Value {
    match held {
        Holds::Expression => expression(definitions),
        Holds::Mapping => mapping(definitions),
        Holds::Expressions => {
            json!({"type": "object", "additionalProperties": expression(definitions)})
        }
        Holds::Computed => {
            let value = json!({"anyOf": [expression(definitions), form(definitions)]});
            json!({"type": "object", "additionalProperties": value})
        }
        Holds::Mappings => json!({"type": "object", "additionalProperties": mapping(definitions)}),
        // Both notations are maps, and only their reader can tell them apart.
        Holds::Schema | Holds::Object => json!({"type": "object"}),
        Holds::Literal(kind) => literal(*kind),
        Holds::Choice(words) => json!({"enum": words}),
        Holds::Numbers(numbers) => json!({"enum": numbers}),
        Holds::Name(named) => name(*named),
        Holds::Section(inner) => {
            define(definitions, &definition_name(inner), |definitions| section(inner, definitions))
        }
        Holds::MapOf(inner) => json!({
            "type": ["object", "null"],
            "propertyNames": {"pattern": NAME},
            "additionalProperties": holds(inner, definitions),
        }),
        Holds::LooseMapOf(inner) => json!({
            "type": ["object", "null"],
            "propertyNames": {"pattern": LOOSE_NAME},
            "additionalProperties": holds(inner, definitions),
        }),
        Holds::List(inner) => json!({"type": "array", "items": holds(inner, definitions)}),
        Holds::OneOrMany(inner) => {
            let one = holds(inner, definitions);
            json!({"anyOf": [one, {"type": "array", "items": one}]})
        }
        Holds::Texts => {
            let text = json!({"type": ["string", "number", "boolean", "null"]});
            json!({"type": "object", "additionalProperties": text})
        }
        Holds::Json => json!({"type": ["object", "array", "string", "number", "boolean", "null"]}),
        Holds::NameOr(named, inner) => {
            let inner = define(definitions, &definition_name(inner), |definitions| {
                section(inner, definitions)
            });
            json!({"anyOf": [name(*named), inner]})
        }
        Holds::WordOr(word, inner) => {
            json!({"anyOf": [{"const": word}, holds(inner, definitions)]})
        }
        Holds::Or(one, other) => {
            json!({"anyOf": [holds(one, definitions), holds(other, definitions)]})
        }
        Holds::Parameters => json!({
            "type": "object",
            "additionalProperties": {"type": ["string", "number", "boolean"]},
        }),
    }
}

fn name(named: Named) -> Value {
    json!({
        "type": "string",
        "pattern": NAME,
        "title": match named {
            Named::Secret => "the name of a secret",
            Named::Client => "the name of a client",
            Named::Connector => "the name of a connector",
            Named::Destination => "the name of a destination",
        },
    })
}

fn expression(definitions: &mut Map<String, Value>) -> Value {
    define(definitions, "expression", |_| {
        json!({
            "description": "An expression in the Moveworks DSL, or `{jmespath: \"...\"}`. A \
                            literal text takes quotes inside the YAML text: `'\"ok\"'`.",
            "anyOf": [
                {"type": ["string", "number", "boolean", "null"]},
                {
                    "type": "object",
                    "properties": {"jmespath": {"type": "string"}},
                    "required": ["jmespath"],
                    "additionalProperties": false,
                },
            ],
        })
    })
}

fn mapping(definitions: &mut Map<String, Value>) -> Value {
    define(definitions, "mapping", |definitions| {
        json!({
            "description": "A value built of expressions: maps and lists of them, and forms of the \
                            Data Mapper, nested at will.",
            "anyOf": [
                {"type": ["string", "number", "boolean", "null"]},
                {"type": "array", "items": {"$ref": "#/definitions/mapping"}},
                form(definitions),
                {
                    "type": "object",
                    "propertyNames": {"not": {"pattern": "\\(\\)$"}},
                    "additionalProperties": {"$ref": "#/definitions/mapping"},
                },
            ],
        })
    })
}

fn form(definitions: &mut Map<String, Value>) -> Value {
    define(definitions, "form", |definitions| {
        let properties: Map<_, _> = FORMS
            .iter()
            .map(|form| {
                let mut held = match form.section.keys {
                    [] => json!({"allOf": [mapping(definitions)]}),
                    _ => section(&form.section, definitions),
                };
                let examples = form.examples.iter().map(|example| example.written);
                let examples = examples.collect::<Vec<_>>().join("`, `");
                held["description"] =
                    json!(format!("{}\n\nExample: `{examples}`", form.section.doc));
                (form.name().to_owned(), held)
            })
            .collect();
        json!({
            "description": "A form of the Data Mapper.",
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
            "minProperties": 1,
            "maxProperties": 1,
        })
    })
}

/// A definition that may hold itself.
fn define(
    definitions: &mut Map<String, Value>,
    name: &str,
    make: impl FnOnce(&mut Map<String, Value>) -> Value,
) -> Value {
    if !definitions.contains_key(name) {
        definitions.insert(name.to_owned(), Value::Null);
        let definition = make(definitions);
        definitions.insert(name.to_owned(), definition);
    }
    json!({"$ref": format!("#/definitions/{name}")})
}

fn literal(kind: Literal) -> Value {
    match kind {
        Literal::Address => {
            json!({"type": "string", "pattern": "^([^/]+:[0-9]+|unix:.+|systemd(:[^:/]+)?)$"})
        }
        Literal::Boolean => json!({"type": "boolean"}),
        Literal::Count => json!({"type": "integer", "minimum": 1}),
        Literal::Duration => {
            json!({"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)? *(ms|s|m|h|d)$"})
        }
        Literal::Header => json!({"type": "string", "pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"}),
        Literal::Method => json!({"type": "string", "pattern": "^[A-Z]+$"}),
        Literal::Network => json!({"type": "string", "minLength": 2}),
        Literal::Path => json!({"type": "string", "pattern": "^/[^?#]*$"}),
        Literal::Size => json!({
            "type": ["string", "integer"],
            "pattern": "^[0-9]+(\\.[0-9]+)? *(B|KiB|MiB|GiB|kB|KB|MB|GB)?$",
        }),
        Literal::Status => json!({"type": "integer", "minimum": 200, "maximum": 599}),
        Literal::Url => json!({"type": "string", "pattern": "^https?://[^/?#@]+/?$"}),
        Literal::Endpoint(schemes) => {
            let pattern = format!("^({})://[^/?#@]+([/?][^#]*)?$", schemes.join("|"));
            json!({"type": "string", "pattern": pattern})
        }
        Literal::Version => json!({"const": 1}),
        Literal::Pattern => json!({"type": "string", "minLength": 1, "format": "regex"}),
        Literal::File | Literal::Glob => json!({"type": "string", "minLength": 1}),
        Literal::Text => json!({"type": ["string", "number", "boolean"], "minLength": 1}),
    }
}

/// `` `limits` of a listener`` becomes `limits-of-a-listener`.
fn definition_name(section: &Section) -> String {
    section.name.replace('`', "").replace(' ', "-")
}
