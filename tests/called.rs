//! What connectors send to prove themselves, and how often they try.

use std::process::Output;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;

use crate::process::Folder;
use crate::process::tympan;
use crate::stub::Reply;
use crate::stub::Stub;

fn folder(stub: &Stub, more: &str) -> Folder {
    let address = stub.address;
    let more = more.replace("ADDRESS", &address.to_string());
    let folder = Folder::new(&format!(
        "version: 1\nsecrets: {{key: {{file: key}}, other: {{file: other}}}}\nconnectors:\n  api: {{base_url: \
         'http://{address}/v1'{more}}}\nactions:\n  read: {{connector: api, path: /me, query: {{a: '\"b\"'}}}}\n  \
         write: {{connector: api, path: /me, method: POST}}\nlisteners: {{}}\n"
    ));
    folder.write("key", "a key: &\"%");
    folder.write("other", "another");
    folder
}

fn call(folder: &Folder, action: &str) -> (i32, String) {
    let output = tympan().args(["call", action]).current_dir(folder.path(".")).output();
    let Output { status, stderr, .. } = output.unwrap();
    (status.code().unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn every_way_to_prove_who_calls() {
    let plain = "GET /v1/me?a=b HTTP/1.1";
    for (auth, line, header, value) in [
        ("", plain, "authorization", ""),
        (", auth: {bearer: key}", plain, "authorization", "Bearer a key: &\"%"),
        (
            ", auth: {api_key: {header: X-Key, pattern: 'k=%s;', key: key}}",
            plain,
            "x-key",
            "k=a key: &\"%;",
        ),
        (
            ", auth: {api_key: {query: key, key: key}}",
            "GET /v1/me?a=b&key=a+key%3A+%26%22%25 HTTP/1.1",
            "authorization",
            "",
        ),
        (
            ", auth: {api_key: {path: '/k-%s', key: key}}",
            "GET /v1/k-a%20key:%20&%22%25/me?a=b HTTP/1.1",
            "authorization",
            "",
        ),
        (
            ", auth: {basic: {username: us, password: key}}",
            plain,
            "authorization",
            "Basic dXM6YSBrZXk6ICYiJQ==",
        ),
    ] {
        let stub = Stub::start(|_| Reply::json(200, &json!({})));
        let (code, err) = call(&folder(&stub, auth), "read");
        assert_eq!(code, 0, "{auth}: {err}");
        let asked = stub.asked();
        assert_eq!((asked[0].line.as_str(), asked[0].header(header)), (line, value), "{auth}");
    }
}

#[test]
fn every_grant_of_an_access_token() {
    let client =
        ", auth: {oauth: {token_url: 'http://ADDRESS/token', client_id: us, client_secret: other";
    let basic = "Basic dXM6YW5vdGhlcg==";
    for (grant, body, header) in [
        ("}}", "grant_type=client_credentials", basic),
        (
            ", client_in: body, scope: 'a b'}}",
            "grant_type=client_credentials&scope=a+b&client_id=us&client_secret=another",
            "",
        ),
        (
            ", grant: refresh_token, refresh_token: key}}",
            "grant_type=refresh_token&refresh_token=a+key%3A+%26%22%25",
            basic,
        ),
        (
            ", grant: password, username: robot, password: key}}",
            "grant_type=password&username=robot&password=a+key%3A+%26%22%25",
            basic,
        ),
    ] {
        let stub = Stub::start(|_| Reply::json(200, &json!({"access_token": "granted"})));
        let (code, err) = call(&folder(&stub, &format!("{client}{grant}")), "read");
        assert_eq!(code, 0, "{grant}: {err}");
        let asked = stub.asked();
        assert_eq!((asked[0].body.as_str(), asked[0].header("authorization")), (body, header));
        assert_eq!(asked[1].header("authorization"), "Bearer granted", "{grant}");
    }
}

#[test]
fn what_changes_nothing_is_tried_three_times() {
    let n_asked = AtomicUsize::new(0);
    let stub = Stub::start(move |_| {
        let status = [503, 429, 200][n_asked.fetch_add(1, Ordering::SeqCst) % 3];
        Reply::json(status, &json!({"message": "not now"}))
    });
    let folder = folder(&stub, "");
    assert_eq!(call(&folder, "read").0, 0);
    assert_eq!(stub.asked().len(), 3);
    let (code, err) = call(&folder, "write");
    assert!(code == 76 && err.contains("503 Service Unavailable: not now"), "{code}: {err}");
    assert_eq!(stub.asked().len(), 4);
}

#[test]
fn all_tries_together_take_no_longer_than_the_timeout() {
    let stub = Stub::start(|_| {
        std::thread::park_timeout(Duration::from_mins(1));
        Reply::json(200, &json!({}))
    });
    let (code, err) = call(&folder(&stub, ", timeout: 1s"), "read");
    assert!(code == 69 && err.contains("no whole answer within 1s"), "{code}: {err}");
}
