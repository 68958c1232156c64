//! What answers hold, as JSON Schema.

use serde_json::Value;
use serde_json::json;

/// Every schema, by name.
pub(super) fn all() -> Value {
    json!({
        "Configuration": object(
            "The configuration that serves, as it was read.",
            &json!({
                "generation": generation(),
                "fingerprint": fingerprint(),
                "files": list(&object("A file.", &json!({
                    "name": text("Its path, as seen from the folder of the first."),
                    "text": text("All of it."),
                }))),
            }),
        ),
        "Count": object("How many events something was done with.", &json!({
            "count": count("So many."),
            "next": next(),
            "last": count("The last number that the journal has given."),
        })),
        "Event": object("What is known of an event.", &event(&json!({}))),
        "EventWithBody": object("All of an event.", &event(&json!({
            "body": {"description": "The event as it is delivered, or what was kept of its request: a HAR file."},
            "damaged": flag("Whether that is not what was once kept."),
        }))),
        "Events": object("Some of what the journal holds.", &json!({
            "items": list(&reference("Event")),
            "next": next(),
        })),
        "Diagnostic": object(
            "Something that is wrong with a file, as `tympan check --format json` tells it.",
            &json!({
                "code": text("Which mistake it is; docs and search engines know it."),
                "severity": {"enum": ["error", "warning"]},
                "file": text("The file."),
                "line": count("From 1."),
                "column": count("From 1, in characters."),
                "end_line": count("Where it ends."),
                "end_column": count("The character after its last."),
                "message": text("What was found, and what was expected."),
                "help": maybe("What to do about it."),
            }),
        ),
        "Health": object("The process answers.", &json!({"alive": {"const": true}})),
        "Listener": object("A listener.", &json!({
            "name": text("Its name."),
            "path": text("Where it is called, with `{parameters}`."),
            "url": text("What to register with the provider."),
            "state": state(),
            "reason": maybe("Why it does not serve."),
            "verified": count("Requests whose sender has proved itself, since the process began."),
        })),
        "Listeners": object("All of them.", &json!({"items": list(&reference("Listener"))})),
        "Problem": problem(&json!({})),
        "Readiness": object("Whether requests should be sent here.", &json!({
            "ready": flag("Whether they should."),
            "reason": maybe("Why not."),
            "generation": generation(),
            "fingerprint": fingerprint(),
            "journal": object("What was found wrong with the journal since the start.", &json!({
                "damaged": count("Entries that are not what was kept, and are not delivered."),
                "lost": count("Entries that had been acknowledged and were gone at the start."),
            })),
            "listeners": object("How many are in which state.", &json!({
                "serving": count("They verify what they get."),
                "not_ready": count("They refuse it, because a secret is missing."),
            })),
            "last_reload": object("How the last reload went; the start counts as one.", &json!({
                "at": {"type": "string", "format": "date-time", "description": "When it ended."},
                "successful": flag("Whether its configuration serves."),
                "reason": maybe("Why it was refused."),
            })),
        })),
        "Replayed": object("What became of what was to be delivered once more.", &json!({
            "count": count("How many events are due, or requests that are dead letters no longer."),
            "left": list(&object("A request that still gives no event.", &json!({
                "number": count("Its number in the journal."),
                "id": text("Its id."),
                "why": text("Why."),
            }))),
            "next": next(),
            "last": count("The last number that the journal has given."),
        })),
        "Receipt": object("What a reload did.", &json!({
            "generation": generation(),
            "is_new": flag("Whether it is another than before."),
            "fingerprint": fingerprint(),
            "changes": list(&text("`+`, `~` or `-`, a listener or section, and what stood there and stands there now.")),
            "warnings": count("How many the file gave."),
            "states": list(&object("A listener whose state has changed.", &json!({
                "name": text("Its name."),
                "state": state(),
                "reason": maybe("Why it does not serve."),
            }))),
            "frozen": list(&text("An included file with mistakes: what it said last goes on.")),
            "took": {"type": "number", "description": "Seconds from reading to serving."},
        })),
        "Refusal": problem(&json!({"diagnostics": list(&reference("Diagnostic"))})),
        "Secret": secret(),
        "Secrets": object("All of them.", &json!({"items": list(&reference("Secret"))})),
    })
}

fn secret() -> Value {
    object(
        "A secret, without its values.",
        &json!({
            "name": text("Its name."),
            "places": list(&text("Where a value of it is found.")),
            "captured": flag("Whether handshakes bring it."),
            "values": list(&object("A captured value.", &json!({
                "id": count("Its number."),
                "at": {"type": "string", "format": "date-time", "description": "When it came."},
            }))),
            "armed": {
                "description": "What is expected, if anything is.",
                "oneOf": [{"type": "null"}, object("What is expected.", &json!({
                    "until": {"type": "string", "format": "date-time", "description": "How long."},
                    "count": count("How many may come yet."),
                    "hold": flag("Whether `settle` has to say which is good."),
                }))],
            },
            "refused": count("Handshakes that brought it when nobody expected it."),
            "matched": {
                "type": ["boolean", "null"],
                "description": "After `settle`: whether the value was among those that were held.",
            },
        }),
    )
}

fn event(more: &Value) -> Value {
    let state = json!({
        "enum": ["waiting", "delivered", "dead"],
        "description": "How far it has come.",
    });
    let time =
        |doc: &str| json!({"type": ["string", "null"], "format": "date-time", "description": doc});
    let mut members = json!({
        "number": count("Its number in the journal."),
        "id": text("Its id, which is the same every time it is delivered."),
        "listener": text("The listener."),
        "generation": count("The generation of the configuration that judged its request."),
        "received": time("When it came."),
        "kind": {
            "enum": ["event", "invalid", "refused"],
            "description": "Whether it is an event, or a request that gave none.",
        },
        "state": state,
        "size": count("In bytes."),
        "reason": maybe("Why it is no event."),
        "deliveries": list(&object("A delivery.", &json!({
            "destination": text("Where to."),
            "state": state,
            "attempts": count("How often it was tried."),
            "due": time("When it is tried next."),
            "ended": time("When that was over."),
            "why": maybe("What went wrong the last time."),
        }))),
    });
    if let (Value::Object(members), Value::Object(more)) = (&mut members, more) {
        members.extend(more.clone());
    }
    members
}

fn next() -> Value {
    json!({
        "type": ["integer", "null"],
        "description": "What `after` has to be for the next ones, if there are more.",
    })
}

/// RFC 9457, with more members.
fn problem(more: &Value) -> Value {
    let mut members = json!({
        "type": text("`about:blank`: the status says what kind of problem it is."),
        "title": text("The status in words."),
        "status": count("The status."),
        "detail": text("What is wrong with this request."),
    });
    if let (Value::Object(members), Value::Object(more)) = (&mut members, more) {
        members.extend(more.clone());
    }
    object("Why something was not answered (RFC 9457).", &members)
}

/// Every member is there, and no other.
fn object(doc: &str, properties: &Value) -> Value {
    let required: Vec<_> = properties.as_object().into_iter().flat_map(|it| it.keys()).collect();
    json!({
        "type": "object",
        "description": doc,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn list(items: &Value) -> Value {
    json!({"type": "array", "items": items})
}

fn text(doc: &str) -> Value {
    json!({"type": "string", "description": doc})
}

fn maybe(doc: &str) -> Value {
    json!({"type": ["string", "null"], "description": doc})
}

fn flag(doc: &str) -> Value {
    json!({"type": "boolean", "description": doc})
}

fn count(doc: &str) -> Value {
    json!({"type": "integer", "minimum": 0, "description": doc})
}

fn generation() -> Value {
    count("Counts from 1 for as long as the process lives.")
}

fn fingerprint() -> Value {
    text("The beginning of the SHA-256 of what was read.")
}

fn state() -> Value {
    json!({"enum": ["serving", "not_ready"], "description": "Whether it serves."})
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}
