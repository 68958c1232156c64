//! Who proves itself in `Authorization`: HTTP Basic, API keys, and access tokens of our own.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::process::Folder;
use crate::process::RECEIVED;
use crate::process::Response;
use crate::process::Tympan;
use crate::process::request;

const PASSWORD: &str = "a password: long, with a colon";
const API_KEY: &str = "an-api-key-that-is-long-enough";
const CLIENT_SECRET: &str = "a client's secret, 100% its own";

const LISTENERS: &str = r"version: 1
server: {listen: [127.0.0.1:0]}
secrets:
  password: {file: password}
  api_key: [{file: api_key}, {file: api_key_next}]
  client_secret: [{file: client_secret}, {file: client_secret_next}]
clients:
  shop: {api_key: api_key}
  erp: {oauth: {client_id: erp-1, client_secret: client_secret}, token_lifetime: 10m}
  short: {oauth: {client_id: short-1, client_secret: client_secret}, token_lifetime: 1s}
destinations: {out: {stdout: {}}}
listeners:
  basic: {path: /basic, verification: [{basic: {username: ann, secret: password}}], deliver: [out]}
  key: {path: /key, verification: [{credential: shop}], deliver: [out]}
  token: {path: /token, verification: [{credential: erp}], deliver: [out]}
  short: {path: /short, verification: [{credential: short}], deliver: [out]}
  either:
    path: /either
    verification:
      - any:
          - basic: {username: ann, secret: password}
          - all: [{credential: shop}, {rule: 'parsed_body.a == 1'}]
    deliver: [out]
";

fn folder() -> Folder {
    let folder = Folder::new(LISTENERS);
    folder.write("password", PASSWORD);
    folder.write("api_key", API_KEY);
    folder.write("client_secret", CLIENT_SECRET);
    folder
}

fn delivery(path: &str, authorization: &str) -> Vec<u8> {
    request("POST", path, &[("Authorization", authorization)], r#"{"a": 1}"#)
}

fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - chunk.len()));
        for index in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * index)) as usize & 63];
            encoded.push(if index <= chunk.len() { digit.into() } else { '=' });
        }
    }
    encoded
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", base64(&format!("{user}:{password}")))
}

/// Asks for a token.
fn ask(server: &Tympan, headers: &[(&str, &str)], body: &str) -> Response {
    let response = server.ask(&request("POST", "/oauth/v1/token", headers, body));
    assert_eq!(response.header("cache-control"), Some("no-store"), "{response:?}");
    assert_eq!(response.header("pragma"), Some("no-cache"), "{response:?}");
    assert_eq!(response.header("content-type"), Some("application/json"), "{response:?}");
    response
}

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("Content-Type", "application/json; charset=utf-8");

fn token(server: &Tympan, client_id: &str, secret: &str) -> String {
    let body = serde_json::json!({
        "grant_type": "client_credentials", "client_id": client_id, "client_secret": secret,
    });
    let response = ask(server, &[JSON], &body.to_string());
    assert_eq!(response.status, 200, "{response:?}");
    response.json()["access_token"].as_str().unwrap().to_owned()
}

/// Every proper beginning of a text, the text with more behind it, twice, and in capitals.
fn nearly(text: &str) -> Vec<String> {
    let mut nearly: Vec<_> = (0..text.len()).map(|end| text[..end].to_owned()).collect();
    nearly.extend([format!("{text}x"), format!("{text}{text}"), text.to_uppercase()]);
    nearly
}

/// Asserts that nothing of what is refused makes an event, and that no refusal differs from another.
#[track_caller]
fn assert_refused(server: &Tympan, path: &str, authorizations: &[String]) {
    let nothing = server.ask(&request("POST", path, &[], r#"{"a": 1}"#)).without_date();
    assert_eq!(nothing.status, 401, "{nothing:?}");
    assert!(nothing.header("www-authenticate").is_some(), "{nothing:?}");
    for authorization in authorizations {
        let response = server.ask(&delivery(path, authorization)).without_date();
        assert_eq!(response, nothing, "{path}: {authorization}");
    }
}

const MALFORMED: [&str; 14] = [
    "",
    " ",
    "null",
    "undefined",
    "0",
    "Basic",
    "Basic ",
    "Basic !!!",
    "Basic Og==",
    "Bearer",
    "Bearer ",
    "Bearer null",
    "Bearer tympan_",
    "Digest username=\"ann\"",
];

#[test]
fn only_the_user_and_its_password_pass() {
    let server = Tympan::start_in(&folder());
    let mut wrong: Vec<_> = MALFORMED.iter().map(|it| (*it).to_owned()).collect();
    wrong.extend(nearly(PASSWORD).iter().map(|password| basic("ann", password)));
    wrong.extend(nearly("ann").iter().map(|user| basic(user, PASSWORD)));
    wrong.extend([basic("ann", API_KEY), format!("Bearer {PASSWORD}"), PASSWORD.to_owned()]);
    assert_refused(&server, "/basic", &wrong);

    let good = basic("ann", PASSWORD);
    let twice = [("Authorization", good.as_str()), ("Authorization", good.as_str())];
    assert_eq!(server.ask(&request("POST", "/basic", &twice, "{}")).status, 401);
    assert_eq!(server.events(), Vec::<Value>::new());

    for good in [good.clone(), good.replace("Basic", "basic"), good.trim_end_matches('=').into()] {
        let response = server.ask(&delivery("/basic", &good));
        assert_eq!((response.status, response.text()), (200, RECEIVED), "{good}");
    }
    server.wait_for_event();
}

#[test]
fn an_api_key_is_sent_alone_or_as_a_password() {
    let folder = folder();
    folder.write("api_key_next", "the next key, which is longer than the one before");
    let server = Tympan::start_in(&folder);
    let mut wrong: Vec<_> = MALFORMED.iter().map(|it| (*it).to_owned()).collect();
    wrong.extend(nearly(API_KEY).iter().map(|key| format!("Bearer {key}")));
    wrong.extend(nearly(API_KEY).iter().map(|key| basic("api", key)));
    wrong.extend([basic(API_KEY, ""), basic(API_KEY, "x"), API_KEY.to_owned()]);
    wrong.push(format!("Bearer {PASSWORD}"));
    wrong.push(format!("Bearer {}", token(&server, "erp-1", CLIENT_SECRET)));
    assert_refused(&server, "/key", &wrong);
    assert_eq!(server.events(), Vec::<Value>::new());

    let next = "the next key, which is longer than the one before";
    for good in [
        format!("Bearer {API_KEY}"),
        format!("bearer  {API_KEY}"),
        basic("", API_KEY),
        basic("api", API_KEY),
        format!("Bearer {next}"),
    ] {
        assert_eq!(server.ask(&delivery("/key", &good)).status, 200, "{good}");
    }
}

/// What cannot pass is refused while its body is still to come.
#[test]
fn a_wrong_credential_costs_no_body() {
    let server = Tympan::start_in(&folder());
    for path in ["/key", "/either"] {
        let mut client = server.connect();
        client.send(format!("POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer no\r\n"));
        client.send("Content-Length: 1000000\r\n\r\n");
        assert_eq!(client.response().status, 401, "{path}");
    }
    let ask = |authorization: &str, body: &str| {
        let headers = [("Authorization", authorization)];
        server.ask(&request("POST", "/either", &headers, body)).status
    };
    let bearer = format!("Bearer {API_KEY}");
    assert_eq!((ask(&bearer, r#"{"a": 1}"#), ask(&bearer, r#"{"a": 2}"#)), (200, 401));
    assert_eq!(ask(&basic("ann", PASSWORD), r#"{"a": 2}"#), 200);
}

#[test]
fn a_token_is_asked_for_in_every_usual_way() {
    let server = Tympan::start_in(&folder());
    let encoded = "a+client%27s+secret%2C+100%25+its+own";
    let grant = "grant_type=client_credentials";
    let form = format!("{grant}&client_id=erp-1&client_secret={encoded}&scope=");
    let json = format!(
        r#"{{"grant_type":"client_credentials","client_id":"erp-1","client_secret":"{CLIENT_SECRET}"}}"#
    );
    let raw = basic("erp-1", CLIENT_SECRET);
    let as_form = basic("erp-1", encoded);
    let both_ids = format!("{grant}&client_id=erp-1");
    let scoped = format!("{form}read");
    let listed = json.replace('}', r#","scope":["read"]}"#);
    for (headers, body) in [
        (vec![FORM], form.as_str()),
        (vec![FORM], scoped.as_str()),
        (vec![JSON], listed.as_str()),
        (vec![JSON], json.as_str()),
        (vec![FORM, ("Authorization", &raw)], grant),
        (vec![FORM, ("Authorization", &as_form)], grant),
        (vec![FORM, ("Authorization", &as_form)], both_ids.as_str()),
        (vec![JSON, ("Authorization", &raw)], r#"{"grant_type": "client_credentials"}"#),
    ] {
        let response = ask(&server, &headers, body);
        assert_eq!(response.status, 200, "{headers:?} {body}: {response:?}");
        let answer = response.json();
        assert_eq!((&answer["token_type"], &answer["expires_in"]), (&"Bearer".into(), &600.into()));
        assert_eq!(answer["data"]["access_token"], answer["access_token"]);
        let token = answer["access_token"].as_str().unwrap();
        let authorization = format!("Bearer {token}");
        assert_eq!(server.ask(&delivery("/token", &authorization)).status, 200, "{body}");
    }
}

#[test]
fn mistakes_are_answered_as_the_standard_says() {
    let server = Tympan::start_in(&folder());
    let good = "grant_type=client_credentials&client_id=erp-1&client_secret=x";
    let twice = |parameter: &str| format!("{good}&{parameter}");
    let other = basic("erp-1", "another secret");
    let other = ("Authorization", other.as_str());
    let named = basic("erp-1", CLIENT_SECRET);
    let named = ("Authorization", named.as_str());
    let large = format!("{good}&x={}", "x".repeat(9 << 10));
    let list = format!(r#"["client_credentials", "erp-1", "{CLIENT_SECRET}"]"#);
    for (headers, body, status, error) in [
        (vec![FORM], good, 401, "invalid_client"),
        (vec![FORM], &good.replace("erp-1", "nobody"), 401, "invalid_client"),
        (
            vec![FORM, ("Authorization", "Bearer x")],
            "grant_type=client_credentials",
            401,
            "invalid_client",
        ),
        (
            vec![FORM, ("Authorization", "Basic x")],
            "grant_type=client_credentials",
            401,
            "invalid_client",
        ),
        (vec![FORM, named], good, 400, "invalid_request"),
        (
            vec![FORM, named],
            "grant_type=client_credentials&client_id=short-1",
            400,
            "invalid_request",
        ),
        (vec![FORM, named], "grant_type=password", 400, "unsupported_grant_type"),
        (vec![FORM, named], "grant_type=", 400, "invalid_request"),
        (vec![FORM, named], "", 400, "invalid_request"),
        (vec![FORM], "grant_type=client_credentials&client_id=erp-1", 400, "invalid_request"),
        (vec![FORM, other], "grant_type=client_credentials", 401, "invalid_client"),
        (vec![FORM], &twice("client_id=erp-1"), 400, "invalid_request"),
        (vec![FORM], &twice("client_secret=x"), 400, "invalid_request"),
        (vec![FORM], &twice("grant_type=client_credentials"), 400, "invalid_request"),
        (vec![FORM], &twice("scope=a&scope=b"), 400, "invalid_request"),
        (vec![JSON], r#"{"scope": "a", "scope": "b"}"#, 400, "invalid_request"),
        (vec![JSON], r#"{"grant_type": 1}"#, 400, "invalid_request"),
        (vec![JSON], &list, 400, "invalid_request"),
        (vec![JSON], r#"{"client_id": "a", "client_id": "b"}"#, 400, "invalid_request"),
        (vec![JSON], "[]", 400, "invalid_request"),
        (vec![JSON], "{", 400, "invalid_request"),
        (vec![("Content-Type", "text/plain")], good, 400, "invalid_request"),
        (vec![], good, 400, "invalid_request"),
    ] {
        let response = ask(&server, &headers, body);
        assert_eq!(response.status, status, "{headers:?} {body}: {response:?}");
        assert_eq!(response.json(), serde_json::json!({"error": error}), "{headers:?} {body}");
        let scheme = response.header("www-authenticate");
        let is_basic = scheme.is_some_and(|scheme| scheme.starts_with("Basic realm="));
        assert!(is_basic == (status == 401) && is_basic == scheme.is_some(), "{response:?}");
    }
    let response = server.ask(&request("GET", "/oauth/v1/token", &[], ""));
    assert_eq!((response.status, response.header("allow")), (405, Some("POST")));
    assert_eq!(server.ask(&request("POST", "/oauth/v1/token", &[FORM], large)).status, 413);
    assert!(!server.log_text().contains(CLIENT_SECRET));
}

#[test]
fn only_a_token_of_this_client_that_has_not_ended_passes() {
    let server = Tympan::start_in(&folder());
    let good = token(&server, "erp-1", CLIENT_SECRET);
    let short = token(&server, "short-1", CLIENT_SECRET);
    let mut wrong: Vec<_> = MALFORMED.iter().map(|it| (*it).to_owned()).collect();
    wrong.extend(nearly(&good).iter().map(|token| format!("Bearer {token}")));
    wrong.extend([CLIENT_SECRET, API_KEY, &short].map(|other| format!("Bearer {other}")));
    wrong.extend([basic("erp-1", CLIENT_SECRET), basic("erp-1", &good), good.clone()]);
    assert_refused(&server, "/token", &wrong);
    assert_eq!(server.events(), Vec::<Value>::new());

    assert_eq!(server.ask(&delivery("/token", &format!("Bearer {good}"))).status, 200);
    let late = crate::process::wait_until("the token ends", || {
        let response = server.ask(&delivery("/short", &format!("Bearer {short}")));
        (response.status == 401).then_some(response)
    });
    let nothing = server.ask(&request("POST", "/short", &[], "{}"));
    assert_eq!(late.without_date(), nothing.without_date());
    server.wait_for_log(|line| line["outcome"] == "stale" && line["listener"] == "short");
}

#[test]
fn tokens_outlive_restarts_and_end_with_their_secret() {
    let folder = folder();
    let server = Tympan::start_in(&folder);
    let first = format!("Bearer {}", token(&server, "erp-1", CLIENT_SECRET));
    drop(server);
    let key = folder.path("data/access-tokens.key");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    let server = Tympan::start_in(&folder);
    let status = |token: &str| server.ask(&delivery("/token", token)).status;
    assert_eq!(status(&first), 200);
    // Other listeners, the same clients.
    folder.write("listeners.yaml", LISTENERS.replace("path: /basic", "path: /other"));
    server.wait_for_log(|line| line["message"] == "reloaded" || line["generation"] == 2);
    assert_eq!(status(&first), 200);

    // While both secrets count, so do the tokens of both.
    let next = "the next secret of this client";
    folder.write("client_secret_next", next);
    let second = crate::process::wait_until("the next secret counts", || {
        let body = format!("grant_type=client_credentials&client_id=erp-1&client_secret={next}");
        let response = ask(&server, &[FORM], &body);
        (response.status == 200)
            .then(|| response.json()["access_token"].as_str().unwrap().to_owned())
    });
    let second = format!("Bearer {second}");
    assert_eq!((status(&first), status(&second)), (200, 200));
    folder.write("client_secret", "another one, that nobody has used");
    crate::process::wait_until("the first secret is gone", || {
        (status(&first) == 401).then_some(())
    });
    assert_eq!(status(&second), 200);
    let key = fs::read_to_string(key).unwrap();
    assert!(!server.log_text().contains(key.trim()));
}

#[test]
fn without_clients_there_is_no_endpoint_and_no_key() {
    let folder = Folder::new(
        "version: 1\nserver: {listen: [127.0.0.1:0]}\nlisteners:\n  a: {path: /oauth/v1/token, \
         verification: {none: a test}, deliver: []}\n",
    );
    let server = Tympan::start_in(&folder);
    let response = server.ask(&request("POST", "/oauth/v1/token", &[], "{}"));
    assert_eq!((response.status, response.text()), (200, RECEIVED));
    assert!(!folder.path("data/access-tokens.key").exists());
}

#[test]
fn a_key_that_cannot_be_kept_issues_nothing() {
    let folder = folder();
    fs::create_dir_all(folder.path("data/access-tokens.key")).unwrap();
    let server = Tympan::start_in(&folder);
    let body = format!(
        r#"{{"grant_type":"client_credentials","client_id":"erp-1","client_secret":"{CLIENT_SECRET}"}}"#
    );
    let response = ask(&server, &[JSON], &body);
    assert_eq!((response.status, response.header("retry-after")), (503, Some("5")));
    assert_eq!(server.ask(&delivery("/token", "Bearer x")).status, 503);
    assert_eq!(server.ask(&delivery("/key", &format!("Bearer {API_KEY}"))).status, 200);
}
