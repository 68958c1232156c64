//! What was refused is kept where a listener wants that: to be looked at and explained, without what proves
//! anything, and never in the way of what is accepted.

use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

use crate::process::Folder;
use crate::process::Response;
use crate::process::Tympan;
use crate::process::request;
use crate::process::sign;
use crate::process::tympan;
use crate::process::wait_until;

const KEY: &str = "a key that is long enough for anyone";

fn folder() -> Folder {
    let folder = Folder::new(
        "version: 1
server: {listen: [127.0.0.1:0]}
secrets: {key: {file: key}}
destinations:
  archive: {file: {path: events.jsonl}}
listeners:
  signed:
    path: /signed
    keep: refused
    verification: {signature: {secret: key, received_signature: 'headers[\"X-Proof\"]'}}
    deliver: [archive]
  token:
    path: /token/{token}
    keep: refused
    redact: [parsed_body.person, 'headers[\"X-Person\"]', query_params.person]
    verification:
      all:
      - {token: {secret: key, received_token: path_params.token}}
      - {token: {secret: key, received_token: query_params.token}}
      - {token: {secret: key, received_token: parsed_body.token}}
    deliver: [archive]
  whole:
    path: /whole
    keep: refused
    verification: {token: {secret: key, received_token: raw_body}}
    deliver: [archive]
  quiet:
    path: /quiet
    verification: {signature: {secret: key, received_signature: 'headers[\"X-Proof\"]'}}
    deliver: [archive]
",
    );
    folder.write("key", KEY);
    folder
}

fn run(folder: &Folder, arguments: &[&str], input: &str) -> (i32, String, String) {
    let mut command = tympan();
    let mut child = command
        .args(arguments)
        .current_dir(folder.path(""))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Whoever reads nothing may have gone.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// What is kept, once it is as much as that.
fn wait_for_kept(folder: &Folder, count: usize) -> Vec<Value> {
    wait_until("refused requests are kept", || {
        let list = ["events", "list", "--refused", "--format", "json"];
        let (code, lines, errors) = run(folder, &list, "");
        assert_eq!((code, errors.as_str()), (0, ""));
        let items: Vec<Value> =
            lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (items.len() >= count).then_some(items)
    })
}

fn ask(server: &Tympan, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
    server.ask(&request("POST", path, headers, body))
}

#[test]
fn what_was_missed_last_night() {
    let folder = folder();
    let mut server = Tympan::start_in(&folder);
    let body = "{\"id\": \"1\"}";
    let wrong = sign("another key", body);
    assert_eq!(ask(&server, "/quiet", &[("X-Proof", &wrong)], body).status, 401);
    let headers = [("X-Proof", wrong.as_str()), ("Authorization", "Bearer hush-hush")];
    assert_eq!(ask(&server, "/signed", &headers, body).status, 401);
    assert_eq!(ask(&server, "/signed", &[("X-Proof", &sign(KEY, body))], body).status, 200);
    let kept = wait_for_kept(&folder, 1);
    assert_eq!((kept.len(), &kept[0]["listener"]), (1, &"signed".into()), "{kept:?}");
    assert_eq!((&kept[0]["kind"], &kept[0]["state"]), (&"refused".into(), &"refused".into()));
    assert!(kept[0]["reason"].as_str().unwrap().starts_with("unauthorized: "), "{kept:?}");
    // It stands beside the events, and not among them.
    let (_, events, _) = run(&folder, &["events", "list"], "");
    assert_eq!(events.lines().count(), 2, "{events}");

    let (_, list, _) = run(&folder, &["events", "list", "--refused"], "");
    let first = list.lines().next().unwrap_or_default();
    assert!(first.contains(" refused: ") && !first.contains("delivered"), "{list}");
    let show = ["events", "show", "--refused", "--number", "1", "--request"];
    let (code, har, _) = run(&folder, &show, "");
    assert_eq!(code, 0);
    assert!(!har.contains("hush") && har.contains(&wrong), "{har}");
    let (code, told, _) = run(&folder, &["explain", "-"], &har);
    assert_eq!(code, 0);
    assert!(told.contains("unauthorized"), "{told}");
    assert!(told.contains("it was refused as unauthorized"), "{told}");
    let (_, told, _) = run(&folder, &["explain", "-", "--expect", "accepted"], &har);
    assert!(!told.contains("accepted"), "{told}");

    let (code, _, errors) = run(&folder, &["events", "replay", "--refused", "--all"], "");
    assert!(code == 1 && errors.contains("nobody has proved it"), "{errors}");
    server.signal("TERM");
    server.wait();
    assert_eq!(wait_for_kept(&folder, 1).len(), 1, "without a server, too");
    let (_, dropped, _) = run(&folder, &["events", "drop", "--refused", "--number", "1"], "");
    assert_eq!(dropped, "1 event dropped\n");
}

#[test]
fn nothing_that_proves_or_is_never_shown() {
    let folder = folder();
    let server = Tympan::start_in(&folder);
    let path = "/token/secret-in-path?token=secret-in-query&person=secret-friend&page=2";
    let headers = [
        ("X-Person", "secret-person"),
        ("Cookie", "secret-cookie"),
        ("X-Other", "seen"),
        ("X-Original-URL", path),
        ("X-Anything", "<secret-in-query>; on=/token/secret-in-path/"),
        ("Referer", "https://hooks.example.com/token/secret-in-path?page=2"),
    ];
    let body = "{\"token\": \"secret-in-body\", \"person\": {\"name\": \"secret-name\"}, \"n\": 1}";
    assert_eq!(ask(&server, path, &headers, body).status, 401);
    wait_for_kept(&folder, 1);
    let (_, shown, _) = run(&folder, &["events", "show", "--refused", "--number", "1"], "");
    assert!(!shown.contains("secret-"), "{shown}");
    let echoes = ["/token/***?token=***&person=***&page=2", "<***>; on=/token/***/"];
    for part in ["/token/***", "token=***", "person=***", "page=2", "seen"].iter().chain(&echoes) {
        assert!(shown.contains(part), "{part}: {shown}");
    }

    // Of a body that is read as well.
    let key = KEY.replace(' ', "%20");
    assert_eq!(ask(&server, &format!("/token/{key}?token={key}"), &[], body).status, 401);
    wait_for_kept(&folder, 2);
    let (_, shown, _) = run(&folder, &["events", "show", "--refused", "--number", "2"], "");
    assert!(!shown.contains("secret-") && !shown.contains(&key), "{shown}");
    for part in [r#"\"token\":\"***\""#, r#"\"person\":\"***\""#, r#"\"n\":1"#] {
        assert!(shown.contains(part), "{part}: {shown}");
    }

    let target = "http://secret-user:secret-word@hooks.example.com/token/x";
    let head = format!("POST {target} HTTP/1.1\r\nHost: secret-user:secret-word@other.example.com");
    let echo = "X-Original-URL: //secret-user:secret-word@hooks.example.com/";
    let wire = format!("{head}\r\n{echo}\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(server.ask(wire.as_bytes()).status, 400);
    wait_for_kept(&folder, 3);
    let (_, shown, _) = run(&folder, &["events", "show", "--refused", "--number", "3"], "");
    assert!(!shown.contains("secret-"), "{shown}");
    assert!(shown.contains("\"http://hooks.example.com/token/***\""), "{shown}");
}

#[test]
fn a_body_that_is_hidden_is_told_of() {
    let folder = folder();
    let server = Tympan::start_in(&folder);
    let key = KEY.replace(' ', "%20");
    let proven_by_head = format!("/token/{key}?token={key}");
    let whole = "its body is hidden, as it proves something or is in `redact`";
    let unreadable = "its body is hidden, as a part of it has to be and cannot be found";
    for (number, path, body, why) in
        [("1", "/whole", "secret-token", whole), ("2", &proven_by_head, "{secret-", unreadable)]
    {
        assert_eq!(ask(&server, path, &[], body).status, 401);
        wait_for_kept(&folder, number.parse().unwrap());
        let show = ["events", "show", "--refused", "--number", number, "--request"];
        let (_, har, _) = run(&folder, &show, "");
        assert!(!har.contains("secret-") && !har.contains("postData"), "{har}");
        assert!(har.contains(why), "{har}");
        let (_, told, _) = run(&folder, &["explain", "-"], &har);
        assert!(told.contains(why), "{told}");
    }
}

#[test]
fn a_flood_leaves_room_for_others() {
    let folder = folder();
    let server = Tympan::start_in(&folder);
    let mut client = server.connect();
    for _ in 0..300 {
        assert_eq!(client.ask(&request("POST", "/signed", &[("X-Proof", "x")], "{}")).status, 401);
    }
    assert_eq!(ask(&server, "/token/x?token=x", &[], "{}").status, 401);
    let body = "{\"id\": \"1\"}";
    assert_eq!(ask(&server, "/signed", &[("X-Proof", &sign(KEY, body))], body).status, 200);
    let kept = wait_for_kept(&folder, 100);
    let of = |listener: &str| kept.iter().filter(|it| it["listener"] == listener).count();
    assert!((100..250).contains(&of("signed")), "{}", of("signed"));
    wait_until("the other one is kept", || {
        let kept = wait_for_kept(&folder, 100);
        kept.iter().any(|it| it["listener"] == "token").then_some(())
    });
}
