//! Requests that gave no event when they came make what they would have made, once their listener is mended; or
//! it is told what of them was not kept.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::Version;
use serde_json::Value;
use serde_json::json;
use tympan_core::diagnostic;
use tympan_core::keys::Secrets;
use tympan_core::pipeline::Again;
use tympan_core::pipeline::Ask;
use tympan_core::pipeline::EventRecord;
use tympan_core::pipeline::Exchange;
use tympan_core::pipeline::Generation;
use tympan_core::pipeline::Head;
use tympan_core::pipeline::Input;
use tympan_core::pipeline::Live;
use tympan_core::pipeline::RequestId;
use tympan_core::secret::Secret;

use crate::jwt::hs256;
use crate::process::sign;

const KEY: &str = "an encrypt key of the tests";
const NOW: f64 = 1_700_000_000.0;
const ID: RequestId = RequestId(1);

/// A schema that no body of these tests fits.
const BROKEN: &str = "payload_schema: {never: string}";

/// What comes to the listener.
#[derive(Clone, Copy)]
struct Request<'r> {
    target: &'r str,
    headers: &'r [(&'r str, &'r [u8])],
    body: &'r str,
}

/// A listener with these lines.
fn live(lines: &str) -> Arc<Live> {
    let indented = lines.lines().fold(String::new(), |text, line| text + "    " + line + "\n");
    let text = format!(
        "version: 1\nserver: {{limits: {{uri: 60KiB, headers: 64KiB, header_count: 1000}}}}\n\
         secrets: {{key: {{file: key}}}}\ndestinations: {{out: {{stdout: {{}}}}}}\n\
         listeners:\n  in:\n    deliver: out\n{indented}"
    );
    let (loaded, sources) = tympan_core::load("listeners.yaml", text.into_bytes());
    let drawn = diagnostic::text(&loaded.diagnostics, &sources, false);
    assert!(!loaded.diagnostics.refuse(false), "{drawn}");
    let secret = Secret::new(KEY.as_bytes().to_vec(), "key").unwrap();
    let secrets: Secrets = vec![Ok(vec![secret])];
    let generation = Arc::new(Generation::compile(&loaded.config, 1, ""));
    Arc::new(Live::new(generation, &secrets, &Arc::default()))
}

/// What a request makes when it comes.
fn come(live: &Arc<Live>, request: Request<'_>) -> Box<EventRecord> {
    let mut headers = HeaderMap::new();
    let usual = [("host", &b"hooks.example.com"[..])];
    let is_named = request.headers.iter().any(|(name, _)| *name == "host");
    for (name, value) in usual.iter().filter(|_| !is_named).chain(request.headers) {
        let name: HeaderName = name.parse().unwrap();
        headers.append(name, HeaderValue::from_bytes(value).unwrap());
    }
    let head = Head {
        method: "POST".parse().unwrap(),
        uri: request.target.parse().unwrap(),
        headers,
        version: Version::HTTP_11,
        client: Some([192, 0, 2, 7].into()),
        certificate: None,
        now: NOW,
        id: ID,
    };
    let mut exchange = Exchange::new(Arc::clone(live), head);
    let mut input = Input::Head;
    loop {
        input = match exchange.step(input) {
            Ask::Body { .. } => Input::Body(Bytes::copy_from_slice(request.body.as_bytes())),
            Ask::Append(record) => return record,
            ask => panic!("it was verified: {ask:?}"),
        };
    }
}

/// What is kept of a request of which no event could be made.
fn kept(live: &Arc<Live>, request: Request<'_>) -> Bytes {
    come(live, request).dead.expect("no event can be made of it").request
}

/// The events that are made of what was kept.
fn again(live: &Arc<Live>, request: &[u8]) -> Result<Vec<Value>, String> {
    let id = ID.to_string();
    let made = Again { listener: "in", id: &id, received: NOW, request }.make(live)?;
    Ok(events(&made.expect("it makes events")))
}

fn events(record: &EventRecord) -> Vec<Value> {
    record.events.iter().map(|event| serde_json::from_slice(&event.json).unwrap()).collect()
}

#[test]
fn whatever_of_a_body_proves_something_all_of_it_is_there() {
    let token = hs256(&json!({"alg": "HS256"}), &json!({"n": 1}), KEY);
    let signed = json!({"n": "1", "signature": sign(KEY, "1")}).to_string();
    let rows: [(&str, &str); 5] = [
        (
            "accept: text
verification: {jwt: {token: raw_body, algorithms: HS256, secret: key, expiry: optional}}",
            &token,
        ),
        (
            "verification: {token: {secret: key, received_token: 'parsed_body.all[0].token'}}",
            r#"{"all": [{"token": "an encrypt key of the tests", "n": 1}], "x": "\u0061"}"#,
        ),
        (
            "accept: form
verification: {token: {secret: key, received_token: parsed_body.token}}",
            "token=an+encrypt+key+of+the+tests&n=1&n=2",
        ),
        (
            "verification:
  signature: {secret: key, received_signature: parsed_body.signature, payload: parsed_body.n}",
            &signed,
        ),
        // What is decrypted is of another kind than what came.
        (
            "accept: form
decrypt: {secret: key, key: {digest: SHA-256}, ciphertext: parsed_body.data, accept: json}
verification: {token: {secret: key, received_token: parsed_body.token}}",
            "token=an+encrypt+key+of+the+tests\
             &data=AAECAwQFBgcICQoLDA0OD%2F2932usqeEwgVKZugvo6KU%3D",
        ),
    ];
    for (lines, body) in rows {
        let lines = format!("path: /in\n{lines}");
        let request = Request { target: "/in", headers: &[], body };
        let kept = kept(&live(&format!("{lines}\n{BROKEN}")), request);
        let mended = live(&lines);
        assert_eq!(again(&mended, &kept), Ok(events(&come(&mended, request))), "{lines}");
    }
}

#[test]
fn without_its_body_it_makes_nothing() {
    let lines = "path: /in\nverification: {none: a test}\nevents: {data: http_method}";
    let request = Request { target: "/in", headers: &[], body: "{}" };
    let kept = kept(&live(&format!("{lines}\n{BROKEN}")), request);
    let mut without: Value = serde_json::from_slice(&kept).unwrap();
    let request = without.pointer_mut("/log/entries/0/request").unwrap();
    assert!(request.as_object_mut().unwrap().remove("postData").is_some());
    let why = "its body was not kept, and its events depend on it".to_owned();
    assert_eq!(again(&live(lines), without.to_string().as_bytes()), Err(why));
    assert_eq!(again(&live(lines), &kept).unwrap()[0]["data"], "POST");
}

#[test]
fn what_was_hidden_is_told() {
    let token = "path: /in/{token}
verification: {token: {secret: key, received_token: path_params.token}}";
    let url = "path: /in/{token}\nverification: {none: a test}\nredact: [request_url]";
    let open = "path: /in/{token}\nverification: {none: a test}";
    let hidden_type = format!("{open}\nredact: ['headers[\"Content-Type\"]']");
    for (lines, reads, lost) in [
        (token, "path_params.token", Some("path")),
        (token, "request_url", Some("URL")),
        (token, "headers[\"X-Original-URL\"]", Some("header")),
        (token, "query_params", None),
        (url, "path_params.token", Some("path")),
        (url, "path_params", Some("path")),
        (url, "query_params.page", Some("query")),
        (url, "request_url", Some("URL")),
        (url, "http_method", None),
        (open, "headers[\"X-Bytes\"]", Some("header")),
        (open, "headers[\"X-Text\"]", None),
        (open, "request_url", None),
        (&format!("{open}\nredact: [query_params]"), "headers[\"Content-Type\"]", None),
        (&hidden_type, "http_method", None),
        (&hidden_type, "headers[\"Content-Type\"]", Some("header")),
        (&format!("{hidden_type}\naccept: any"), "http_method", Some("header")),
        (
            &format!("{hidden_type}\ncontent_types: [application/json]"),
            "http_method",
            Some("header"),
        ),
    ] {
        let lines = format!("{lines}\nevents: {{data: '[{reads}]'}}");
        let request = Request {
            target: "/in/an%20encrypt%20key%20of%20the%20tests?page=2222",
            headers: &[
                ("X-Bytes", b"\xe4"),
                ("Content-Type", b"application/json; page=2222"),
                ("X-Text", "\u{e4}".as_bytes()),
                ("X-Original-URL", b"/in/an%20encrypt%20key%20of%20the%20tests?page=2222"),
            ],
            body: "{}",
        };
        let kept = kept(&live(&format!("{lines}\n{BROKEN}")), request);
        let mended = live(&lines);
        let expected = match lost {
            Some(what) => Err(format!("its {what} was not kept, and its events depend on it")),
            None => Ok(events(&come(&mended, request))),
        };
        assert_eq!(again(&mended, &kept), expected, "{lines}");
    }
}

#[test]
fn a_line_of_stars_hides_nothing() {
    let lines = "path: /in\naccept: any\nverification: {none: a test}
events: {data: 'headers[\"Content-Type\"]'}";
    let headers = [("Content-Type", &b"multipart/form-data; boundary=*****"[..])];
    let request = Request { target: "/in", headers: &headers, body: "--*****--" };
    let kept = kept(&live(&format!("{lines}\n{BROKEN}")), request);
    let mended = live(lines);
    assert_eq!(again(&mended, &kept), Ok(events(&come(&mended, request))));
}

#[test]
fn of_a_path_that_its_listener_has_no_longer_nothing_is_known() {
    let came = "path: /in/{who}\nverification: {none: a test}";
    let request = Request { target: "/in/me", headers: &[], body: "{}" };
    let kept = kept(&live(&format!("{came}\n{BROKEN}")), request);
    let made = |lines: &str| {
        let made = again(&live(&format!("{lines}\nverification: {{none: a test}}")), &kept);
        made.map(|events| events[0]["data"].clone())
    };
    let lost = Err("its path was not kept, and its events depend on it".to_owned());
    assert_eq!(made("path: /v2/{who}\nevents: {data: path_params.who}"), lost);
    assert_eq!(made("path: /v2\nevents: {data: path_params}"), lost);
    assert_eq!(made("path: /v2/{who}\nevents: {data: http_method}"), Ok("POST".into()));
    assert_eq!(made("path: /in/{whom}\nevents: {data: path_params.whom}"), Ok("me".into()));
}

#[test]
fn whatever_was_accepted_can_be_read_again() {
    let lines = "path: /in\nverification: {none: a test}\nevents: {data: '[request_url, headers]'}";
    let (broken, mended) = (live(&format!("{lines}\n{BROKEN}")), live(lines));
    let many: Vec<_> = (0..600).map(|number| format!("x-{number}")).collect();
    let many: Vec<_> = many.iter().map(|name| (name.as_str(), &b"1"[..])).collect();
    let long = format!("/in?{}", "x".repeat(40 << 10));
    for (target, headers) in [
        ("/in", &[("host", &b""[..])][..]),
        ("/in", &[("host", b"a:b:c")]),
        ("/in", &[("host", b"a%b")]),
        ("/in", &[("host", b"[::1]:80")]),
        ("/in", &many),
        (&long, &[]),
    ] {
        let request = Request { target, headers, body: "{}" };
        let kept = kept(&broken, request);
        assert_eq!(again(&mended, &kept), Ok(events(&come(&mended, request))), "{headers:?}");
    }
}

/// What of a body proves it, or is in `redact`, is kept, as its events are made of it, and shown to nobody.
#[test]
fn what_its_listener_hides_now_is_not_shown() {
    let token = "path: /in
verification: {token: {secret: key, received_token: parsed_body.token}}";
    let redacts = format!("{token}\nredact: [parsed_body.pin, 'headers[\"X-Person\"]']");
    let form = format!("{redacts}\naccept: form");
    let text = "path: /in
accept: text
verification: {token: {secret: key, received_token: raw_body}}";
    let said = r#"{"token": "an encrypt key of the tests", "pin": "1234567"}"#;
    let pairs = "token=an+encrypt+key+of+the+tests&pin=1234567";
    for (came, now, body, shown) in [
        (token, token, said, Ok(r#"{"pin":"1234567","token":"***"}"#)),
        (token, &redacts, said, Ok(r#"{"pin":"***","token":"***"}"#)),
        (&form, &form, pairs, Ok("token=***&pin=***")),
        (token, text, said, Err("its body is hidden, as it proves something or is in `redact`")),
        (text, text, KEY, Err("its body is hidden, as it proves something or is in `redact`")),
    ] {
        let headers = [("X-Person", &b"somebody"[..])];
        let request = Request { target: "/in", headers: &headers, body };
        let kept = kept(&live(&format!("{came}\n{BROKEN}")), request);
        let again = Again { listener: "in", id: &ID.to_string(), received: NOW, request: &kept };
        let file = again.shown(&live(now));
        let entry = &file["log"]["entries"][0];
        match shown {
            Ok(shown) => assert_eq!(entry["request"]["postData"]["text"], shown, "{now}"),
            Err(why) => {
                assert!(entry["comment"].as_str().unwrap().ends_with(why), "{entry}");
                assert_eq!(entry["request"].get("postData"), None);
            }
        }
        assert_eq!(file.to_string().contains("somebody"), !now.contains("X-Person"), "{now}");
        // Nobody says any more what of it is secret.
        let gone = Again { listener: "gone", ..again }.shown(&live(now));
        let entry = &gone["log"]["entries"][0];
        let why = format!(
            "its body of {} bytes is not shown, as there is no listener gone now",
            body.len()
        );
        assert!(entry["comment"].as_str().unwrap().ends_with(&why), "{entry}");
        assert_eq!(entry["request"].get("postData"), None);
    }
}

#[test]
fn what_is_hidden_is_hidden_wherever_a_header_repeats_it() {
    let open = "path: /into/{who}\nverification: {none: a test}\nredact";
    let many: Vec<_> = (0..500).map(|number| format!("n{number}=value-{number}")).collect();
    let many = format!("/into/me?{}", many.join("&"));
    for (redacts, target, value, expected) in [
        // What the file says of its path is no secret.
        ("request_url", "/into/somebody", "inbound /into/somebody", "inbound /into/***"),
        ("query_params", "/into/me?q=s%C3%A9cret", "s%c3%a9cret s%25C3%25A9cret", "*** ***"),
        ("client_ip", "/into/me", "by 192.0.2.7", "by ***"),
        ("query_params", &many, "anything", "***"),
        ("path_params", &many, "anything", "anything"),
    ] {
        let headers = [
            ("X-Other", value.as_bytes()),
            ("X-Forwarded-For", b"198.51.100.1"),
            ("Content-Type", b"application/json"),
        ];
        let request = Request { target, headers: &headers, body: "{}" };
        let kept = kept(&live(&format!("{open}: [{redacts}]\n{BROKEN}")), request);
        let file: Value = serde_json::from_slice(&kept).unwrap();
        let value = |name: &str| {
            let headers = file["log"]["entries"][0]["request"]["headers"].as_array().unwrap();
            headers.iter().find(|header| header["name"] == name).unwrap()["value"].clone()
        };
        assert_eq!(value("x-other"), expected, "{redacts}");
        let is_hidden = redacts == "client_ip" || expected == "***";
        let address = if is_hidden { "***" } else { "198.51.100.1" };
        assert_eq!(value("x-forwarded-for"), address, "{redacts}");
        assert_eq!(value("content-type"), "application/json");
    }
}
