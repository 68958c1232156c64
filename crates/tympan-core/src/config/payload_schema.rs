//! Reading `payload_schema:`: what a body has to look like, in either of two notations.

use std::fmt;
use std::sync::Arc;

use jsonschema::PatternOptions;
use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind;
use serde_json::Map;
use serde_json::Number;
use serde_json::Value as Json;
use serde_json::json;

use crate::config::Reader;
use crate::config::fields::Fields;
use crate::diagnostic::Problem;
use crate::yaml::Entry;
use crate::yaml::Node;
use crate::yaml::Value;

/// The types of the shorthand.
const TYPES: &[&str] =
    &["string", "number", "integer", "boolean", "object", "array", "null", "any"];

/// The most memory that one pattern of a schema may take, in bytes.
const PATTERN_SIZE: usize = 1 << 20;

/// The most characters of a pointer into a body that are told.
const MOST_POINTER: usize = 200;

/// What a body has to look like, compiled.
#[derive(Clone)]
pub struct PayloadSchema(Arc<Validator>);

/// Where a body is not what its schema says, and why; no value of the body is in here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// A JSON Pointer (RFC 6901) into the body; empty for all of it.
    pub pointer: String,
    /// What the schema says about that place.
    pub why: String,
}

impl PayloadSchema {
    /// Compiles a JSON Schema. Nothing is ever fetched, and patterns run in linear time.
    fn compile(schema: &Json) -> Result<Self, String> {
        let patterns = PatternOptions::regex().size_limit(PATTERN_SIZE);
        let options = jsonschema::options().offline().with_pattern_options(patterns);
        let validator = options.build(schema).map_err(|error| error.to_string())?;
        Ok(Self(Arc::new(validator)))
    }

    /// Judges a body.
    ///
    /// # Errors
    ///
    /// The first place where it is something else.
    pub fn check(&self, body: &Json) -> Result<(), Mismatch> {
        self.0.validate(body).map_err(|error| {
            let why = match error.kind() {
                ValidationErrorKind::Type { .. } => {
                    format!("is {}", kind(error.instance()))
                }
                ValidationErrorKind::Required { property } => {
                    format!("has no {property}")
                }
                _ => "does not hold to it".to_owned(),
            };
            let why = format!("{why} (`{}` of the schema)", error.schema_path().as_str());
            Mismatch { pointer: shown(error.instance_path().as_str()), why }
        })
    }
}

impl fmt::Debug for PayloadSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PayloadSchema")
    }
}

impl Reader<'_> {
    pub(super) fn payload_schema(&mut self, fields: &mut Fields) -> Option<PayloadSchema> {
        let (key, node) = fields.take("payload_schema")?;
        let schema = match &node.value {
            Value::Map(entries) if is_json_schema(entries) => as_json(&node),
            Value::Map(_) => self.shorthand(&node)?,
            _ => return self.wrong_type(&node, "a map"),
        };
        match PayloadSchema::compile(&schema) {
            Ok(schema) => Some(schema),
            Err(why) => {
                self.report(key.span, Problem::PayloadSchema { why });
                None
            }
        }
    }

    /// The names of fields with their types, nested like the body: all are required unless their
    /// name ends with `?`, and others may be there.
    fn shorthand(&mut self, node: &Node) -> Option<Json> {
        match &node.value {
            Value::Map(entries) => {
                let mut properties = Map::new();
                let mut required = Vec::new();
                let mut is_good = true;
                for Entry { key, node } in entries {
                    let Some(schema) = self.shorthand(node) else {
                        is_good = false;
                        continue;
                    };
                    if let Some(name) = key.name.strip_suffix('?') {
                        // Senders write null for what is not there.
                        let schema = json!({"anyOf": [schema, {"type": "null"}]});
                        properties.insert(name.to_owned(), schema);
                    } else {
                        required.push(key.name.clone());
                        properties.insert(key.name.clone(), schema);
                    }
                }
                let schema =
                    json!({"type": "object", "properties": properties, "required": required});
                is_good.then_some(schema)
            }
            Value::List(items) => match &items[..] {
                [item] => Some(json!({"type": "array", "items": self.shorthand(item)?})),
                _ => self.wrong_type(node, "a list of one, which stands for each item"),
            },
            // YAML has a word for one of the types.
            Value::Null => Some(json!({"type": "null"})),
            _ => Some(match self.choice(node, TYPES)? {
                "any" => json!(true),
                word => json!({"type": word}),
            }),
        }
    }
}

/// Whether a map is a JSON Schema rather than the shorthand, in which these would be fields of the
/// body.
fn is_json_schema(entries: &[Entry]) -> bool {
    let find = |name: &str| entries.iter().find(|entry| entry.key.name == name);
    let value = |name: &str| find(name).map(|entry| &entry.node.value);
    let is_object = matches!(value("type"), Some(Value::Text(word)) if word == "object");
    let has_properties = matches!(value("properties"), Some(Value::Map(_)));
    find("$schema").is_some() || (is_object && has_properties)
}

pub(super) fn as_json(node: &Node) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::Bool(value) => (*value).into(),
        Value::Integer(value) => Number::from_i128(*value).map_or(Json::Null, Json::Number),
        Value::Float(value) => (*value).into(),
        Value::Text(text) => text.as_str().into(),
        Value::List(items) => items.iter().map(as_json).collect(),
        Value::Map(entries) => {
            entries.iter().map(|it| (it.key.name.clone(), as_json(&it.node))).collect()
        }
    }
}

fn kind(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a text",
        Json::Array(_) => "a list",
        Json::Object(_) => "a map",
    }
}

/// A pointer is made of keys that the sender chose: escaped, and cut.
fn shown(pointer: &str) -> String {
    let mut shown = String::new();
    for character in pointer.chars().take(MOST_POINTER) {
        if character.is_control() {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::PayloadSchema;
    use crate::config;
    use crate::span::Sources;

    fn read(schema: &str) -> Option<PayloadSchema> {
        let mut sources = Sources::default();
        let text = format!(
            "version: 1\nlisteners:\n  a: {{verification: {{none: x}}, deliver: [], payload_schema: {schema}}}\n"
        );
        let file = sources.add("x", text);
        let mut loaded = config::read(&mut sources, file);
        assert!(!loaded.diagnostics.refuse(false), "{:?}", loaded.diagnostics);
        loaded.config.listeners.remove(0).payload_schema
    }

    #[track_caller]
    fn check(schema: &str, body: &serde_json::Value, expected: Option<(&str, &str)>) {
        let found = read(schema).unwrap().check(body).err();
        let found = found.as_ref().map(|it| (it.pointer.as_str(), it.why.as_str()));
        assert_eq!(found, expected);
    }

    #[test]
    fn the_shorthand() {
        let schema = "{action: string, issue: {title: string, 'body?': string}, ids: [integer]}";
        let good = json!({"action": "a", "issue": {"title": "t", "x": 1}, "ids": [1], "y": null});
        check(schema, &good, None);
        let null = json!({"action": "a", "issue": {"title": "t", "body": null}, "ids": []});
        check(schema, &null, None);
        let missing = json!({"action": "a", "issue": {}, "ids": []});
        let why = "has no \"title\" (`/properties/issue/required` of the schema)";
        check(schema, &missing, Some(("/issue", why)));
        let wrong = json!({"action": "a", "issue": {"title": "t"}, "ids": [1, "secret"]});
        let why = "is a text (`/properties/ids/items/type` of the schema)";
        check(schema, &wrong, Some(("/ids/1", why)));
    }

    /// Many bodies have a field that is called `type`.
    #[test]
    fn a_field_called_type() {
        check("{type: string, properties: any}", &json!({"type": "x", "properties": 1}), None);
        let why = "has no \"type\" (`/required` of the schema)";
        check("{type: object}", &json!({}), Some(("", why)));
    }

    /// A schema may refer to itself, and even to nothing but itself.
    #[test]
    fn a_schema_of_itself() {
        let list = "{type: object, properties: {next: {$ref: '#'}, id: {type: integer}}}";
        check(list, &json!({"next": {"next": {"id": 1}}}), None);
        let wrong = json!({"next": {"next": {"id": "a"}}});
        assert_eq!(read(list).unwrap().check(&wrong).unwrap_err().pointer, "/next/next/id");
        check("{$schema: 'http://json-schema.org/draft-07/schema#', $ref: '#'}", &json!(1), None);
    }

    #[test]
    fn a_json_schema() {
        let schema = "{type: object, properties: {a: {enum: [1, 2]}}, additionalProperties: false}";
        check(schema, &json!({"a": 2}), None);
        let why = "does not hold to it (`/properties/a/enum` of the schema)";
        check(schema, &json!({"a": "secret"}), Some(("/a", why)));
        let why = "does not hold to it (`/additionalProperties` of the schema)";
        check(schema, &json!({"secret": 1}), Some(("", why)));
        let draft = "{$schema: 'http://json-schema.org/draft-07/schema#', required: [a]}";
        check(draft, &json!({"a": null}), None);
    }
}
