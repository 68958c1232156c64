//! What a sender can get wrong where its proof does not stand in a header: the running server answers
//! the same to all of it, and no event comes of it.

use std::fmt::Write as _;

use serde_json::Value;
use serde_json::json;

use crate::process::Folder;
use crate::process::Response;
use crate::process::Tympan;
use crate::process::request;
use crate::process::sign;
use crate::proofs::assert_events;

const KEY: &str = "a key that is long enough for anyone";

/// What is signed everywhere.
const SIGNED: &str = "1";

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// Where a proof stands.
struct Place {
    /// The listener and what it says.
    name: &'static str,
    path: &'static str,
    accept: &'static str,
    signature: &'static str,
    /// The target, the media type and the body of a request with this proof; null is none.
    send: fn(&Value) -> (String, &'static str, String),
}

const PLACES: &[Place] = &[
    Place {
        name: "query",
        path: "/query",
        accept: "json",
        signature: "received_signature: query_params.sig, payload: query_params.id",
        send: |proof| {
            let proof = proof.as_str().map(|proof| format!("&sig={}", percent(proof)));
            (format!("/query?id=1{}", proof.unwrap_or_default()), JSON, "{}".to_owned())
        },
    },
    Place {
        name: "path",
        path: "/path/{sig}",
        accept: "json",
        signature: "received_signature: path_params.sig, payload: query_params.id",
        send: |proof| {
            // No listener has a path that ends before its parameter.
            let proof = proof.as_str().filter(|proof| !proof.is_empty()).unwrap_or("null");
            (format!("/path/{}?id=1", percent(proof).replace('+', "%20")), JSON, "{}".to_owned())
        },
    },
    Place {
        name: "form",
        path: "/form",
        accept: "form",
        signature: "received_signature: parsed_body.sig, payload: parsed_body.id",
        send: |proof| {
            let proof = proof.as_str().map(|proof| format!("&sig={}", percent(proof)));
            ("/form".to_owned(), FORM, format!("id=1{}", proof.unwrap_or_default()))
        },
    },
    Place {
        name: "field",
        path: "/field",
        accept: "json",
        signature: "received_signature: parsed_body.sig, payload: parsed_body.id",
        send: |proof| ("/field".to_owned(), JSON, json!({"id": SIGNED, "sig": proof}).to_string()),
    },
    Place {
        name: "each",
        path: "/each",
        accept: "json",
        signature: "each: parsed_body.items, received_signature: item.sig, payload: item.id",
        send: |proof| {
            // The others are right.
            let good = json!({"id": SIGNED, "sig": sign(KEY, SIGNED)});
            let items = json!([good, {"id": SIGNED, "sig": proof}, good]);
            ("/each".to_owned(), JSON, json!({ "items": items }).to_string())
        },
    },
];

#[test]
fn whatever_is_wrong_is_refused_wherever_it_stands() {
    let (_folder, server) = start();
    let ask = |(target, media_type, body): (String, &str, String)| {
        server.ask(&request("POST", &target, &[("Content-Type", media_type)], body))
    };
    let right = sign(KEY, SIGNED);
    let mut refused: Vec<Response> = Vec::new();
    for place in PLACES {
        for wrong in wrong_values(&right) {
            let response = ask((place.send)(&wrong));
            assert_eq!(response.status, 401, "{}: {wrong}", place.name);
            refused.push(response);
        }
        let response = ask((place.send)(&json!(right)));
        assert_eq!(response.status, 200, "{}: {}", place.name, server.log_text());
    }
    for items in [json!([]), json!(null), json!("1"), json!({}), json!([1]), json!([null])] {
        let response = ask(("/each".to_owned(), JSON, json!({ "items": items }).to_string()));
        assert_eq!(response.status, 401, "{items}");
        refused.push(response);
    }
    let mut texts: Vec<_> = refused.iter().map(Response::text).collect();
    texts.dedup();
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert_events(&server, PLACES.len());
}

/// What stands there instead of what is right.
fn wrong_values(right: &str) -> Vec<Value> {
    let mut wrong = vec![json!(null), json!(1), json!(true), json!([]), json!({ "sig": right })];
    wrong.push(json!(["x", "y"]));
    wrong.extend([sign("another key of some length", SIGNED), sign(KEY, "2")].map(Value::from));
    for value in [
        format!("{right}0"),
        format!("{right}{right}"),
        format!("{right},{right}"),
        format!("{right}="),
        format!("{right}\n{right}"),
    ] {
        wrong.push(json!(value));
    }
    for value in ["", "sha256=", "v1,", "v1=", ",", "=", "null", "undefined", "0", "%00", "\u{0}"] {
        wrong.push(json!(value));
    }
    wrong.extend((0..right.len()).map(|end| json!(right[..end])));
    wrong
}

fn start() -> (Folder, Tympan) {
    let mut listeners = "version: 1
server: {listen: [127.0.0.1:0]}
secrets: {key: {file: key}}
destinations: {out: {stdout: {}}}
listeners:
"
    .to_owned();
    for Place { name, path, accept, signature, .. } in PLACES {
        let _ = write!(
            listeners,
            "  {name}:
    path: {path}
    accept: {accept}
    deliver: [out]
    verification: {{signature: {{secret: key, {signature}}}}}
"
        );
    }
    let folder = Folder::new(&listeners);
    folder.write("key", KEY);
    let server = Tympan::start_in(&folder);
    (folder, server)
}

fn percent(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
