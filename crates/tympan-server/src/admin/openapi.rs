//! The description of every route, made of their table.

use http::Method;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::problem;
use super::routes::Answer;
use super::routes::Content;
use super::routes::ROUTES;
use super::routes::Route;
use super::routes::Takes;
use super::schemas;

/// The OpenAPI 3.1 document.
pub(super) fn document() -> Value {
    let mut paths = Map::new();
    for route in &ROUTES {
        let methods = paths.entry(route.path).or_insert_with(|| json!({}));
        methods[route.method.as_str().to_lowercase()] = operation(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "The admin address of Tympan",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Every `GET` route answers `HEAD` too. Every other answer is a problem: \
                            401 without the token that TCP addresses ask for, 403 for a page of \
                            another site, 404, 405, 408, 413, 415, 421 for a Host that is not this \
                            machine's.",
        },
        "security": [{"token": []}, {}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The secret of `admin.token`, at TCP addresses. The Unix socket \
                                    asks for none: only its owner can open it.",
                },
            },
            "schemas": schemas::all(),
        },
    })
}

fn operation(route: &Route) -> Value {
    let mut answers: Map<_, _> = route
        .answers
        .iter()
        .map(|answer| (answer.status.as_u16().to_string(), described(answer)))
        .collect();
    let problem = json!({problem::MEDIA_TYPE: {"schema": reference("Problem")}});
    answers.insert(
        "default".to_owned(),
        json!({"description": "Why it is not answered.", "content": problem}),
    );
    let mut operation = json!({
        "operationId": route.name,
        "summary": route.summary,
        "description": route.doc,
        "responses": answers,
    });
    if route.method == Method::POST {
        operation["requestBody"] = match route.takes {
            Some(takes) => taken(takes),
            None => json!({
                "required": false,
                "description": "Nothing, or an empty object.",
                "content": {"application/json": {"schema": {"type": "object", "maxProperties": 0}}},
            }),
        };
    }
    operation
}

fn taken(takes: &Takes) -> Value {
    let members = takes.members.iter();
    let members: Map<_, _> = members
        .map(|(name, kind, doc)| ((*name).to_owned(), json!({"type": kind, "description": doc})))
        .collect();
    let example: Value = serde_json::from_str(takes.example).unwrap_or_default();
    json!({
        "required": true,
        "description": "What it is about.",
        "content": {"application/json": {
            "schema": {
                "type": "object",
                "properties": members,
                "required": takes.required,
                "additionalProperties": false,
            },
            "example": example,
        }},
    })
}

fn described(answer: &Answer) -> Value {
    let content: Map<_, _> = answer
        .content
        .iter()
        .map(|(media_type, content)| {
            let schema = match content {
                Content::Schema(name) => reference(name),
                Content::Text => json!({"type": "string"}),
                Content::Object => json!({"type": "object"}),
            };
            ((*media_type).to_owned(), json!({"schema": schema}))
        })
        .collect();
    json!({"description": answer.doc, "content": content})
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}
