//! What a running server does with requests, sockets, signals and pipes.

use std::fs;
use std::io::BufRead;
use std::io::BufReader;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::process::Child;
use std::process::ChildStderr;
use std::process::Command;
use std::process::Stdio;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;

use crate::process::Client;
use crate::process::Folder;
use crate::process::RECEIVED;
use crate::process::Response;
use crate::process::Tympan;
use crate::process::repository;
use crate::process::request;
use crate::process::sign;
use crate::process::wait_until;

const KEY: &str = "a key that is long enough for anyone";

/// One listener, with whatever else a test says about the server, the log and the listener.
fn hook(sections: &str, keys: &str) -> Folder {
    let sections = if sections.contains("server:") {
        sections.to_owned()
    } else {
        format!("server: {{listen: [127.0.0.1:0]}}\n{sections}")
    };
    let folder = Folder::new(&format!(
        r#"version: 1
{sections}
secrets: {{key: {{file: key}}}}
destinations: {{out: {{stdout: {{}}}}}}
listeners:
  hook:
    path: /hook
    verification:
      - signature: {{secret: key, received_signature: 'headers["X-Signature"]'}}
    events: {{id: parsed_body.id, data: parsed_body}}
    deliver: [out]
{keys}
"#
    ));
    folder.write("key", KEY);
    folder
}

fn delivery(body: &str) -> Vec<u8> {
    request("POST", "/hook", &[("X-Signature", &sign(KEY, body))], body)
}

/// The repository's own file, at a port that is free.
fn example() -> Folder {
    let text = fs::read_to_string(repository().join("listeners.yaml")).unwrap();
    assert!(text.contains("127.0.0.1:8080"), "the example listens where the README says");
    Folder::new(&text.replace("127.0.0.1:8080", "127.0.0.1:0"))
}

#[track_caller]
fn assert_received(response: &Response) {
    assert_eq!((response.status, response.text()), (200, RECEIVED));
    assert_eq!(response.header("content-type"), Some("application/json"));
}

fn is_refusal(line: &Value) -> bool {
    line["message"] == "request refused"
}

// The way of a newcomer.

#[test]
fn a_handshake_then_its_secret_then_deliveries() {
    const PATH: &str = "/webhooks/v1/listeners/asana/notify";
    const SECRET: &str = "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81";
    let folder = example();
    let server = Tympan::start_in(&folder);
    let state = |line: &Value| line["message"] == "listener" && line["listener"] == "asana";
    let listener = server.wait_for_log(state);
    assert_eq!(listener["state"], "not_ready (secret asana: secrets/asana does not exist)");
    assert_eq!(listener["url"], format!("http://{}{PATH}", server.address()));

    let handshake = request("POST", PATH, &[("X-Hook-Secret", SECRET)], "");
    let response = server.ask(&handshake);
    assert_eq!((response.status, response.text()), (200, ""));
    assert_eq!(response.header("x-hook-secret"), Some(SECRET));

    let body = json!({"events": [
        {"action": "changed", "resource": {"gid": "1", "resource_type": "task"}},
        {"action": "added", "resource": {"gid": "2", "resource_type": "story"}},
    ]})
    .to_string();
    let signed = request("POST", PATH, &[("X-Hook-Signature", &sign(SECRET, &body))], &body);
    let response = server.ask(&signed);
    assert_eq!(response.status, 503);
    let retry_after: u32 = response.header("retry-after").unwrap().parse().unwrap();
    assert!(retry_after > 0);
    assert!(!response.text().contains("asana"), "{}", response.text());

    folder.write("secrets/asana", format!("{SECRET}\n"));
    server.wait_for_log(|line| {
        line["message"] == "listener is serving" && line["listener"] == "asana"
    });
    assert_received(&server.ask(&signed));
    let first = server.wait_for_event_that(|event| event["subject"] == "1");
    let second = server.wait_for_event_that(|event| event["subject"] == "2");
    let found = [&first, &second].map(|event| (&event["type"], &event["specversion"]));
    assert_eq!(
        found,
        [(&json!("task.changed"), &json!("1.0")), (&json!("story.added"), &json!("1.0"))]
    );
    assert_ne!(first["id"], second["id"]);

    // It is still answered, still makes no event, and an empty delivery is a heartbeat.
    assert_eq!(server.ask(&handshake).status, 200);
    let heartbeat = r#"{"events":[]}"#;
    let signature = sign(SECRET, heartbeat);
    let heartbeat = request("POST", PATH, &[("X-Hook-Signature", &signature)], heartbeat);
    assert_received(&server.ask(&heartbeat));
    assert_eq!(server.events().len(), 2);
}

#[test]
fn an_event_is_one_cloud_event_on_one_line() {
    let folder = hook("", "");
    let server = Tympan::start_in(&folder);
    let body = "{\"id\": \"e-1\", \"text\": \"two\\nlines \\u0000 \u{2028} \u{1f980}\"}";
    assert_received(&server.ask(&delivery(body)));
    let mut event = server.wait_for_event();
    let time = event["time"].take();
    assert!(time.as_str().unwrap().ends_with('Z'), "{time}");
    let expected = json!({
        "specversion": "1.0", "id": "e-1", "source": "/hook", "type": "hook", "time": null,
        "tympanlistener": "hook", "datacontenttype": "application/json",
        "data": {"id": "e-1", "text": "two\nlines \0 \u{2028} \u{1f980}"},
    });
    assert_eq!(event, expected);
}

#[test]
fn an_event_is_written_before_its_answer() {
    let folder = hook("", "    ack: delivered");
    let file = folder.path("events");
    let server = Tympan::spawn_with(folder.run(), Stdio::from(fs::File::create(&file).unwrap()));
    let mut client = server.connect();
    for number in 0..200 {
        assert_received(&client.ask(&delivery(&format!("{{\"id\": {number}}}"))));
        // Nobody reads this file as it grows: it is there, or it is not.
        let written = fs::read_to_string(&file).unwrap();
        assert_eq!(written.lines().count(), number + 1);
        assert!(written.ends_with("}\n"));
    }
}

// Proofs.

#[test]
fn wrong_signatures_are_refused_alike() {
    let folder = hook("", "");
    let server = Tympan::start_in(&folder);
    let body = r#"{"id": "never"}"#;
    let good = sign(KEY, body);
    let mut flipped = good.clone().into_bytes();
    flipped[63] ^= 1;
    let flipped = String::from_utf8(flipped).unwrap();
    let cases = [
        ("empty", vec![String::new()]),
        ("blank", vec![" ".to_owned()]),
        ("missing", vec![]),
        ("truncated by a digit", vec![good[..63].to_owned()]),
        ("truncated by a byte", vec![good[..62].to_owned()]),
        ("a part of it", vec![good[..32].to_owned()]),
        ("one digit more", vec![format!("{good}0")]),
        ("one byte more", vec![format!("{good}00")]),
        ("written twice", vec![format!("{good}{good}")]),
        ("sent twice", vec![good.clone(), good.clone()]),
        ("a list", vec![format!("{good},{good}")]),
        ("among others", vec![flipped.clone(), good.clone()]),
        ("one bit off", vec![flipped]),
        ("of another body", vec![sign(KEY, r#"{"id": "other"}"#)]),
        ("of the empty body", vec![sign(KEY, "")]),
        ("of another key", vec![sign("another key", body)]),
        ("of the empty key", vec![sign("", body)]),
        ("hex of hex", vec![const_hex::encode(&good)]),
        ("another base", vec![format!("0x{good}")]),
        ("percent-encoded", vec![format!("%{:02x}{}", good.as_bytes()[0], &good[1..])]),
        ("quoted", vec![format!("\"{good}\"")]),
        ("a blank within", vec![format!("{} {}", &good[..32], &good[32..])]),
        ("a word", vec!["null".to_owned()]),
        ("zeros", vec!["0".repeat(64)]),
        ("long", vec!["a".repeat(6000)]),
    ];
    let mut answers = Vec::new();
    for (case, signatures) in &cases {
        let headers: Vec<_> =
            signatures.iter().map(|value| ("X-Signature", value.as_str())).collect();
        let response = server.ask(&request("POST", "/hook", &headers, body));
        assert_eq!(response.status, 401, "{case}");
        answers.push((*case, response.without_date()));
    }
    for (case, value) in [("no text", &b"\xff\xfe\x80"[..]), ("blanks and no text", b"\xa0")] {
        let head = [b"POST /hook HTTP/1.1\r\nHost: h\r\nX-Signature: ", value].concat();
        let length = format!("\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let response = server.ask(&[&head, length.as_bytes()].concat());
        assert_eq!(response.status, 401, "{case}");
        answers.push((case, response.without_date()));
    }
    let constant =
        json!({"error": {"code": "AUTHENTICATION_FAILED", "message": "Verification failed."}});
    for (case, answer) in &answers {
        assert_eq!(answer, &answers[0].1, "{case}");
        assert_eq!(answer.json(), constant, "{case}");
    }

    assert_received(&server.ask(&delivery(r#"{"id": "last"}"#)));
    server.wait_for_event_that(|event| event["id"] == "last");
    assert_eq!(server.events().len(), 1);
}

#[test]
fn bodies_are_verified_as_bytes() {
    let folder = hook("", "    accept: any");
    let server = Tympan::start_in(&folder);
    let bodies: [&[u8]; 4] = [b"\xff\xfe\x00\x80", b"", b"\r\n", b"{\"id\" : 1 }\n"];
    for body in bodies {
        let signature = sign(KEY, body);
        let good = request("POST", "/hook", &[("X-Signature", &signature)], body);
        assert_received(&server.ask(&good));
        let other = [body, b"\n"].concat();
        let bad = request("POST", "/hook", &[("X-Signature", &signature)], other);
        assert_eq!(server.ask(&bad).status, 401, "{body:?}");
    }
}

#[test]
fn a_proof_without_its_secret_is_never_good() {
    for (case, content) in [("empty", ""), ("blank", " \n"), ("a line break", "\n")] {
        let folder = hook("", "");
        folder.write("key", content);
        let server = Tympan::start_in(&folder);
        for key in [content, content.trim(), "key", "file"] {
            let body = r#"{"id": 1}"#;
            let headers = [("X-Signature", sign(key, body))];
            let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
            let response = server.ask(&request("POST", "/hook", &headers, body));
            assert_eq!(response.status, 503, "{case}, signed with {key:?}");
        }
    }
}

// Secrets.

/// Asks until a delivery that is signed with `key` gets `status`.
fn wait_for_status(server: &Tympan, key: &str, status: u16) {
    let body = "{}";
    let signed = request("POST", "/hook", &[("X-Signature", &sign(key, body))], body);
    wait_until(&format!("{status} for {key}"), || {
        (server.ask(&signed).status == status).then_some(())
    });
}

fn secret(reference: &str) -> Folder {
    Folder::new(&format!(
        r#"version: 1
server: {{listen: [127.0.0.1:0]}}
env_file: .env
secrets: {{key: {reference}}}
listeners:
  hook:
    path: /hook
    verification:
      - signature: {{secret: key, received_signature: 'headers["X-Signature"]'}}
    deliver: []
"#
    ))
}

#[test]
fn a_secret_of_the_environment() {
    let folder = secret("{env: HOOK_KEY}");
    folder.write(".env", "HOOK_KEY=\"what the file says\"\n");
    let mut command = folder.run();
    command.env("HOOK_KEY", "what the environment says");
    let server = Tympan::spawn(command);
    wait_for_status(&server, "what the environment says", 200);
    wait_for_status(&server, "what the file says", 401);
}

#[test]
fn a_secret_of_the_env_file() {
    let folder = secret("{env: HOOK_KEY}");
    let server = Tympan::start_in(&folder);
    wait_for_status(&server, "first", 503);
    folder.write(".env", "# the key\nexport HOOK_KEY='first'\n");
    wait_for_status(&server, "first", 200);
    folder.write(".env", "HOOK_KEY=second\n");
    wait_for_status(&server, "second", 200);
    wait_for_status(&server, "first", 401);
}

#[test]
fn a_rotation() {
    let folder = secret("[{file: old}, {file: new}]");
    folder.write("old", "old key\n");
    let server = Tympan::start_in(&folder);
    wait_for_status(&server, "old key", 200);
    wait_for_status(&server, "new key", 401);
    // Both, while the provider goes over.
    folder.write("new", "new key\n");
    wait_for_status(&server, "new key", 200);
    wait_for_status(&server, "old key", 200);
    fs::remove_file(folder.path("old")).unwrap();
    wait_for_status(&server, "old key", 401);
    wait_for_status(&server, "new key", 200);
}

#[test]
fn a_secret_file_is_replaced() {
    let folder = secret("{file: key}");
    folder.write("key", "first");
    let server = Tympan::start_in(&folder);
    wait_for_status(&server, "first", 200);
    folder.write("key", "second");
    wait_for_status(&server, "second", 200);
    wait_for_status(&server, "first", 401);
    // In place, too.
    fs::write(folder.path("key"), "third").unwrap();
    wait_for_status(&server, "third", 200);
    wait_for_status(&server, "second", 401);
}

#[test]
fn a_secret_file_that_is_gone_turns_nobody_away() {
    let folder = secret("{file: key}");
    folder.write("key", "first");
    let server = Tympan::start_in(&folder);
    fs::remove_file(folder.path("key")).unwrap();
    let gone = server.wait_for_log(|line| line["secret"] == "key" && line["level"] == "WARN");
    assert_eq!(gone["why"], "key does not exist");
    wait_for_status(&server, "first", 200);
    folder.write("key", "");
    server.wait_for_log(|line| line["secret"] == "key" && line["why"] == "key is empty");
    wait_for_status(&server, "first", 200);
    folder.write("key", "second");
    wait_for_status(&server, "second", 200);
    wait_for_status(&server, "first", 401);
}

// What is not for a listener.

#[test]
fn unknown_paths() {
    let folder = hook("", "");
    let server = Tympan::start_in(&folder);
    for path in
        ["/", "/hook/", "/Hook", "/hook/x", "//hook", "/%68ook", "/hook%00", "/../hook", "*"]
    {
        let response = server.ask(&request("POST", path, &[], ""));
        assert_eq!((response.status, response.text()), (404, ""), "{path}");
    }
    assert_received(&server.ask(&delivery("{}")));
}

#[test]
fn other_methods() {
    let folder = hook("", "");
    let server = Tympan::start_in(&folder);
    for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"] {
        let body = if method == "GET" { "" } else { "{}" };
        let response =
            server.ask(&request(method, "/hook", &[("X-Signature", &sign(KEY, body))], body));
        assert_eq!(response.status, 405, "{method}");
        assert_eq!(response.header("allow"), Some("POST"), "{method}");
    }
    let mut client = server.connect();
    client.send(request("HEAD", "/hook", &[], ""));
    let response = client.response_without_body();
    assert_eq!((response.status, response.header("allow")), (405, Some("POST")));
    // A body there would be read as the beginning of this.
    assert_received(&client.ask(&delivery("{}")));
}

// Bounds.

#[test]
fn a_large_body_is_refused_by_its_length() {
    let folder = hook("server: {listen: [127.0.0.1:0], limits: {body: 64KiB}}", "");
    let server = Tympan::start_in(&folder);
    for length in ["65537", "10000000", "9223372036854775807"] {
        let headers = [("X-Signature", "00"), ("Content-Length", length)];
        let mut client = server.connect();
        // Not a byte of the body is sent, nor asked for.
        let headers = [&headers[..], &[("Expect", "100-continue")]].concat();
        let response = client.ask(&request("POST", "/hook", &headers, ""));
        assert_eq!(response.status, 413, "{length}");
        assert_eq!(response.header("connection"), Some("close"), "{length}");
        assert!(client.is_ended(), "{length}");
    }
    let most = format!(r#"{{"id":"{}"}}"#, "x".repeat(65536 - 9));
    assert_eq!(most.len(), 65536);
    assert_received(&server.ask(&delivery(&most)));
}

#[test]
fn a_large_body_is_refused_while_it_is_read() {
    let folder = hook("server: {listen: [127.0.0.1:0], limits: {body: 64KiB}}", "");
    let server = Tympan::start_in(&folder);
    let headers = [("X-Signature", "00"), ("Transfer-Encoding", "chunked")];
    let head = request("POST", "/hook", &headers, "");
    let chunk = [b"4000\r\n".as_slice(), &[b'x'; 0x4000], b"\r\n"].concat();

    let mut client = server.connect();
    client.send(&head);
    for _ in 0..4 {
        client.send(&chunk);
    }
    client.send(b"1\r\nx\r\n");
    // The last chunk is never sent: who waits for it waits for ever.
    let response = client.response();
    assert_eq!((response.status, response.header("connection")), (413, Some("close")));
    assert!(client.is_ended());

    let before = server.memory("VmHWM");
    let senders = (0..4).map(|_| {
        let (mut client, head, chunk) = (server.connect(), head.clone(), chunk.clone());
        thread::spawn(move || {
            client.send(head);
            (0..4096).take_while(|_| client.try_send(&chunk).is_ok()).count()
        })
    });
    let senders: Vec<_> = senders.collect();
    for sender in senders {
        let n_chunks = sender.join().unwrap();
        assert!(n_chunks < 4096, "64 MiB were taken");
    }
    let grown = server.memory("VmHWM") - before;
    assert!(grown < 16 << 20, "grown by {grown} bytes");
    assert_received(&server.ask(&delivery("{}")));
}

#[test]
fn an_early_answer_reaches_a_sender_that_is_still_sending() {
    let folder = hook("server: {listen: [127.0.0.1:0], limits: {body: 64KiB}}", "");
    let server = Tympan::start_in(&folder);
    let cases = [
        ("too large", &[("X-Signature", "00")][..], 2 << 20, 413),
        ("unsigned", &[], 60 << 10, 401),
        ("unsigned and too large", &[], 2 << 20, 401),
    ];
    for (case, headers, length, status) in cases {
        let body = vec![b'x'; length];
        // As most clients do: everything is sent before anything is read.
        let mut client = server.connect();
        let sent = client.try_send(request("POST", "/hook", headers, &body));
        let answered = client.try_response();
        let found = answered.as_ref().ok().and_then(|it| it.as_ref()).map(|it| it.status);
        assert_eq!(found, Some(status), "{case}: sent {sent:?}, answered {answered:?}");
    }
}

#[test]
fn a_slow_body_times_out() {
    let limits = "limits: {body_timeout: 300ms, header_timeout: 30s}";
    let folder = hook(&format!("server: {{listen: [127.0.0.1:0], {limits}}}"), "");
    let server = Tympan::start_in(&folder);
    let mut client = server.connect();
    let headers = [("X-Signature", "00"), ("Content-Length", "100")];
    client.send(request("POST", "/hook", &headers, ""));
    client.send("half of it");
    let response = client.response();
    assert_eq!((response.status, response.header("connection")), (408, Some("close")));
    assert!(client.is_ended());
    let told = server.wait_for_log(is_refusal);
    assert_eq!((&told["outcome"], &told["status"]), (&json!("timed_out"), &json!(408)));
}

/// A byte now and then is no progress.
#[test]
fn a_body_drop_by_drop_times_out() {
    let limits = "limits: {body_timeout: 500ms, header_timeout: 30s}";
    let folder = hook(&format!("server: {{listen: [127.0.0.1:0], {limits}}}"), "");
    let server = Tympan::start_in(&folder);
    let mut client = server.connect();
    let headers = [("X-Signature", "00"), ("Content-Length", "100000")];
    client.send(request("POST", "/hook", &headers, ""));
    wait_until("the connection is closed on a sender of drops", || {
        client.try_send("x").is_err().then_some(())
    });
    assert_eq!(server.wait_for_log(is_refusal)["outcome"], "timed_out");
}

#[test]
fn slow_heads_and_silent_sockets_are_closed() {
    let limits = "limits: {first_byte_timeout: 300ms, header_timeout: 300ms, idle_timeout: 300ms}";
    let folder = hook(&format!("server: {{listen: [127.0.0.1:0], {limits}}}"), "");
    let server = Tympan::start_in(&folder);
    let half = b"POST /hook HTTP/1.1\r\nHost: h\r\nX-Sign".as_slice();
    for (case, sent) in [("silent", b"".as_slice()), ("a byte", b"P"), ("half a head", half)] {
        let mut client = server.connect();
        client.send(sent);
        let answer = client.try_response().unwrap_or(None);
        assert!(answer.is_none_or(|answer| answer.status == 408), "{case}");
    }
    // A connection that has served its purpose.
    let mut client = server.connect();
    assert_received(&client.ask(&delivery("{}")));
    assert!(client.is_ended());
}

// Standard output.

fn large(id: &str) -> Vec<u8> {
    delivery(&json!({"id": id, "x": "x".repeat(100_000)}).to_string())
}

#[test]
fn a_pipe_that_nobody_reads() {
    let folder = hook("", "    ack: delivered\n    limits: {ack: 300ms}");
    let mut server = Tympan::spawn_with(folder.run(), Stdio::piped());
    // More than any pipe holds by default.
    for id in ["blocked-1", "blocked-2", "blocked-3"] {
        let asked = Instant::now();
        let response = server.ask(&large(id));
        assert_eq!(response.status, 503, "{id}");
        assert!(response.header("retry-after").is_some());
        assert!(asked.elapsed() >= Duration::from_millis(300), "{:?}", asked.elapsed());
    }
    let told = server.wait_for_log(is_refusal);
    assert_eq!((&told["outcome"], &told["listener"]), (&json!("overloaded"), &json!("hook")));
    // Whoever needs no pipe is served meanwhile.
    assert_eq!(server.ask(&request("POST", "/hook", &[], "{}")).status, 401);

    server.read_stdout();
    wait_until("deliveries are taken again", || {
        (server.ask(&large("after")).status == 200).then_some(())
    });
    server.wait_for_event_that(|event| event["id"] == "after");
    // Every line is whole, also the one that was blocked halfway.
    let whole = |event: &Value| event["data"]["x"].as_str().is_some_and(|it| it.len() == 100_000);
    assert!(server.events().iter().all(whole));
}

#[test]
fn a_pipe_whose_reader_has_gone() {
    let folder = hook("", "    ack: delivered\n    limits: {ack: 300ms}");
    let mut server = Tympan::spawn_with(folder.run(), Stdio::piped());
    drop(server.stdout.take());
    for id in 0..3 {
        let response = server.ask(&delivery(&format!("{{\"id\": {id}}}")));
        assert_eq!(response.status, 503);
        assert!(response.header("retry-after").is_some());
    }
    assert_eq!(server.wait_for_log(is_refusal)["outcome"], "overloaded");
    assert_eq!(server.ask(&request("POST", "/hook", &[], "{}")).status, 401);
}

#[test]
fn events_that_go_nowhere_are_warned_about() {
    let lost = |line: &Value| {
        line["level"] == "WARN" && line["message"].as_str().unwrap().contains("/dev/null")
    };
    let folder = hook("", "");
    Tympan::spawn_with(folder.run(), Stdio::null()).wait_for_log(lost);
    let server = Tympan::start_in(&folder);
    server.signal("HUP");
    server.wait_for_log(|line| line["message"] == "nothing has changed");
    assert!(!server.log().iter().any(lost), "{}", server.log_text());
}

// The end.

#[test]
fn the_end_answers_what_is_in_flight() {
    let server = "listen: [127.0.0.1:0], shutdown_grace: 50s, limits: {first_byte_timeout: 50s, idle_timeout: 50s}";
    let folder = hook(&format!("server: {{{server}}}"), "");
    let mut server = Tympan::start_in(&folder);
    let began = Instant::now();
    // None of these has anything to wait for.
    let mut silent = server.connect();
    let mut idle = server.connect();
    assert_received(&idle.ask(&delivery("{}")));
    let mut in_flight = in_flight(&server, "{\"id\": \"last\"}");

    server.signal("TERM");
    server.wait_for_log(|line| line["message"] == "stopping");
    assert!(idle.is_ended());
    assert!(silent.is_ended());
    let address = server.address();
    wait_until("nobody new is taken", || TcpStream::connect(address).err());
    in_flight.send("{\"id\": \"last\"}");
    let response = in_flight.response();
    assert_received(&response);
    assert!(in_flight.is_ended());
    assert_eq!(server.wait().code(), Some(0));
    server.wait_for_event_that(|event| event["id"] == "last");
    assert!(began.elapsed() < Duration::from_secs(50), "somebody was waited for");
}

/// A delivery whose body is asked for, and not sent yet.
fn in_flight(server: &Tympan, body: &str) -> Client {
    let mut client = server.connect();
    let length = body.len().to_string();
    let signature = sign(KEY, body);
    let headers =
        [("X-Signature", &*signature), ("Content-Length", &length), ("Expect", "100-continue")];
    assert_eq!(client.ask(&request("POST", "/hook", &headers, "")).status, 100);
    client
}

#[test]
fn the_end_cuts_what_is_longer_than_the_grace() {
    let server = "listen: [127.0.0.1:0], shutdown_grace: 300ms, limits: {body_timeout: 5m, body_idle_timeout: 5m}";
    let folder = hook(&format!("server: {{{server}}}"), "");
    let mut server = Tympan::start_in(&folder);
    let mut in_flight = in_flight(&server, "{}");
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0));
    assert!(in_flight.is_ended());
    let cut = server.wait_for_log(|line| line["level"] == "WARN");
    assert_eq!(cut["connections"], 1, "{cut}");
}

#[test]
fn the_end_does_not_wait_for_a_pipe_that_nobody_reads() {
    let server = "listen: [127.0.0.1:0], shutdown_grace: 50s";
    let keys = "    ack: delivered\n    limits: {ack: 300ms}";
    let folder = hook(&format!("server: {{{server}}}"), keys);
    let mut server = Tympan::spawn_with(folder.run(), Stdio::piped());
    assert_eq!(server.ask(&large("blocked")).status, 503);
    let began = Instant::now();
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(50));
}

#[test]
fn the_interrupt_of_a_keyboard_ends_it_too() {
    let folder = hook("", "");
    let mut server = Tympan::start_in(&folder);
    server.signal("INT");
    assert_eq!(server.wait().code(), Some(0));
}

// Logs.

#[test]
fn accepted_requests_are_logged_only_if_asked() {
    for accepted in [false, true] {
        let folder = hook(&format!("log: {{accepted: {accepted}}}"), "");
        let server = Tympan::start_in(&folder);
        assert_received(&server.ask(&delivery("{}")));
        // The log is written in order: what comes after this is told after it.
        assert_eq!(server.ask(&request("POST", "/hook", &[], "{}")).status, 401);
        server.wait_for_log(is_refusal);
        let log = server.log();
        let told: Vec<_> = log.iter().filter(|line| line["outcome"] == "accepted").collect();
        assert_eq!(told.len(), usize::from(accepted), "{told:?}");
        for line in told {
            assert_eq!((&line["listener"], &line["status"]), (&json!("hook"), &json!(200)));
            assert_eq!(line["request_id"].as_str().map(str::len), Some(26));
        }
    }
}

#[test]
fn refusals_say_why_where_and_which() {
    let folder = hook("", "    methods: [POST]\n    accept: json");
    let server = Tympan::start_in(&folder);
    let body = "{";
    let malformed = request("POST", "/hook", &[("X-Signature", &sign(KEY, body))], body);
    let cases = [
        (request("POST", "/hook", &[], "{}"), "unauthorized", 401, "hook", "missing"),
        (
            request("POST", "/hook", &[("X-Signature", &"0".repeat(64))], "{}"),
            "unauthorized",
            401,
            "hook",
            "not that of this request",
        ),
        (
            request("POST", "/hook", &[("X-Signature", "zz")], "{}"),
            "unauthorized",
            401,
            "hook",
            "form",
        ),
        (malformed, "malformed", 400, "hook", "JSON"),
        (request("PUT", "/hook", &[], ""), "method_not_allowed", 405, "hook", "method"),
        (request("POST", "/there", &[], ""), "not_found", 404, "", "path"),
    ];
    let mut ids = Vec::new();
    for (request, outcome, status, listener, reason) in &cases {
        let mark = server.log_mark();
        assert_eq!(server.ask(request).status, *status);
        let line = server.wait_for_log_since(mark, is_refusal);
        let found = (&line["outcome"], &line["status"], &line["listener"], &line["client"]);
        let expected = (&json!(outcome), &json!(status), &json!(listener), &json!("127.0.0.1"));
        assert_eq!(found, expected);
        assert!(line["reason"].as_str().unwrap().contains(reason), "{line}");
        ids.push(line["request_id"].as_str().unwrap().to_owned());
    }
    ids.dedup();
    assert_eq!(ids.len(), cases.len(), "every request has an id of its own");
}

#[test]
fn a_flood_of_refusals_is_summed_up() {
    let folder = hook("", "");
    let mut server = Tympan::start_in(&folder);
    let mut client = server.connect();
    for _ in 0..200 {
        assert_eq!(client.ask(&request("POST", "/hook", &[], "{}")).status, 401);
    }
    for number in 0..200 {
        assert_eq!(client.ask(&request("GET", &format!("/scan/{number}"), &[], "")).status, 404);
    }
    server.signal("TERM");
    server.wait();
    for outcome in ["unauthorized", "not_found"] {
        let log = server.log();
        let told = log.iter().filter(|line| line["outcome"] == outcome);
        let (sums, lines): (Vec<_>, Vec<_>) = told.partition(|line| line["more"].is_u64());
        assert!(!sums.is_empty(), "{lines:?}");
        // Five in each window of ten seconds, of which a slow machine may need some.
        assert!(lines.len() < 50, "{}", lines.len());
        let n_summed: u64 = sums.iter().map(|line| line["more"].as_u64().unwrap()).sum();
        assert_eq!(lines.len() as u64 + n_summed, 200, "{outcome}");
    }
}

#[test]
fn nobody_writes_lines_of_the_log() {
    let forged = br#"{"timestamp":"x","level":"ERROR","message":"forged"}"#;
    let agent = |value: &[u8]| {
        [b"POST /there HTTP/1.1\r\nHost: h\r\nUser-Agent: ", value, b"\r\n\r\n"].concat()
    };
    let requests = [
        [b"POST /there%0d%0a%0A".as_slice(), forged, b" HTTP/1.1\r\nHost: h\r\n\r\n"].concat(),
        request("POST", "/there%1b%5b31m%00", &[], ""),
        request("POST", "/there\u{202e}\u{9b}31m", &[], ""),
        agent(b"\x1b[31mred\x1b]0;title\x07"),
        agent(b"a\x00b\x08"),
        agent(&[b"a\r\n ", forged.as_slice()].concat()),
        agent(&[b"a\n", forged.as_slice()].concat()),
        agent(&[b"a\r", forged.as_slice()].concat()),
        agent("\u{9b}31m \u{85} \u{202e} \u{2066}x\u{2028}y\u{2029}z".as_bytes()),
        agent(b"\x9b31m\xff"),
        agent(&[b"a\t\"}", forged.as_slice()].concat()),
        request("POST", "/there", &[("User-Agent", &"long".repeat(1000))], ""),
    ];
    for format in ["json", "text"] {
        let folder = hook("log: {level: trace}", "");
        let log = match format {
            "json" => with_logs_of(Tympan::start_in(&folder), &requests),
            _ => text_log(&folder, &requests),
        };
        let odd = |character: char| {
            character.is_control() && character != '\n'
                || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        assert!(!log.contains(odd), "{format}: {log:?}");
        for line in log.lines() {
            assert!(!line.starts_with(r#"{"timestamp":"x""#), "{format}: {line}");
            assert!(line.len() < 2000, "{format}: {line}");
        }
    }
}

fn with_logs_of(mut server: Tympan, requests: &[Vec<u8>]) -> String {
    for request in requests {
        // Some are no requests at all, and answered with 400.
        let answer = server.connect();
        talk(answer, request);
    }
    server.signal("TERM");
    server.wait();
    for line in server.log() {
        assert_ne!(line["message"], "forged");
    }
    server.log_text()
}

/// Sends whatever it is, and reads until there is an answer or an end.
fn talk(mut client: Client, bytes: &[u8]) -> Option<Response> {
    // The server may close before everything is sent, and what it has said is lost then.
    let _ = client.try_send(bytes);
    client.try_response().unwrap_or(None)
}

/// The same on the readable log, whose address nothing but its table tells.
fn text_log(folder: &Folder, requests: &[Vec<u8>]) -> String {
    let mut command = crate::process::tympan();
    command.args(["run", "--log-format", "text"]).current_dir(folder.path("."));
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = crate::process::Lines::of(child.stderr.take().unwrap());
    let address = wait_until("the table", || {
        let lines = lines.from(0);
        let line = lines.iter().find_map(|line| line.strip_prefix("serving listeners.yaml at "))?;
        line.split(';').next().unwrap().parse().ok()
    });
    let n_refused = requests
        .iter()
        .filter_map(|request| talk(Client::connect(address), request))
        .filter(|answer| answer.status == 404)
        .count();
    assert!(n_refused > 3, "{n_refused}");
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-s", "TERM", &id]).status().unwrap().success());
    wait_until("the server ends", || child.try_wait().unwrap());
    wait_until("its log ends", || lines.has_ended().then_some(()));
    lines.from(0).join("\n")
}

#[test]
fn nothing_secret_is_ever_said() {
    let folder = hook("log: {level: trace, accepted: true}", "");
    let mut server = Tympan::start_in(&folder);
    let body = r#"{"id": "one", "password": "in the body"}"#;
    let good = sign(KEY, body);
    let mut wrong = good.clone();
    wrong.replace_range(..4, "dead");
    let said = [
        ("Authorization", "Bearer of-bad-news"),
        ("Cookie", "session=crumbs"),
        ("X-Api-Key", "knock-knock"),
        ("User-Agent", "somebody/1"),
    ];
    for signature in [&good, &wrong, &good[..60].to_owned(), &KEY.to_owned()] {
        let headers = [&said[..], &[("X-Signature", signature.as_str())]].concat();
        server.ask(&request("POST", "/hook?token=in-the-query", &headers, body));
    }
    // A save that is refused, and one that is not.
    let text = fs::read_to_string(folder.path("listeners.yaml")).unwrap();
    folder.write("listeners.yaml", format!("{text}\nnonsense: true"));
    server.wait_for_log(|line| line["code"] == "C101");
    folder.write("key", "another key of the same kind");
    folder.write("listeners.yaml", text.replace("path: /hook", "path: /hook2"));
    server.wait_for_log(|line| line["message"] == "reloaded");
    server.signal("TERM");
    server.wait();

    let log = server.log_text();
    assert!(log.contains("somebody/1"), "allowed by default: {log}");
    let bytes = const_hex::decode(&good).unwrap();
    let hex = const_hex::encode(KEY);
    let numbers = bytes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let secrets = [
        KEY,
        "another key",
        &good,
        &good[..16],
        &wrong,
        &hex,
        &numbers,
        "of-bad-news",
        "crumbs",
        "knock-knock",
        "in-the-query",
        "in the body",
    ];
    for secret in secrets {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
    let events = server.stdout_text();
    assert!(events.contains("in the body"), "{events}");
    for secret in [KEY, &good, &good[..16], &hex, "of-bad-news", "knock-knock"] {
        assert!(!events.contains(secret), "{secret} in {events}");
    }
}

#[test]
fn headers_are_logged_by_name_only() {
    for (log, shown) in [
        ("", vec!["User-Agent"]),
        ("log: {headers: [x-one]}", vec!["X-One"]),
        ("log: {headers: []}", vec![]),
    ] {
        let folder = hook(log, "");
        let server = Tympan::start_in(&folder);
        let headers = [("User-Agent", "value-1"), ("X-One", "value-2"), ("X-Two", "value-3")];
        assert_eq!(server.ask(&request("POST", "/hook", &headers, "{}")).status, 401);
        let line = server.wait_for_log(is_refusal).to_string();
        for (name, value) in headers {
            assert_eq!(line.contains(value), shown.contains(&name), "{log}: {line}");
        }
    }
}

/// A server whose standard error is in other hands once it serves.
struct Unheard {
    child: Child,
    address: SocketAddr,
}

impl Unheard {
    fn start(folder: &Folder) -> (Self, BufReader<ChildStderr>) {
        let mut child = folder.run().stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let address = loop {
            let mut line = String::new();
            assert!(log.read_line(&mut line).unwrap() > 0, "it serves");
            let line: Value = serde_json::from_str(&line).unwrap();
            if let Some(address) = line["addresses"].as_str() {
                break address.parse().unwrap();
            }
        };
        (Self { child, address }, log)
    }

    /// As much as no pipe holds, of requests that are logged.
    fn flood(&self) {
        let mut client = Client::connect(self.address);
        for number in 0..1000 {
            assert_received(&client.ask(&delivery(&format!("{{\"id\": {number}}}"))));
        }
        assert_eq!(client.ask(&request("POST", "/hook", &[], "{}")).status, 401);
    }

    fn end(mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", "TERM", &id]).status().unwrap().success());
        let child = &mut self.child;
        let status = wait_until("the server ends", || child.try_wait().unwrap());
        assert_eq!(status.code(), Some(0));
    }
}

impl Drop for Unheard {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_log_whose_reader_has_gone() {
    let folder = hook("log: {accepted: true}", "    ack: memory");
    let (server, log) = Unheard::start(&folder);
    drop(log);
    server.flood();
    let text = fs::read_to_string(folder.path("listeners.yaml")).unwrap();
    folder.write("listeners.yaml", "nonsense");
    folder.write("listeners.yaml", text.replace("path: /hook", "path: /moved"));
    wait_until("saves are followed all the same", || {
        let moved = request("POST", "/moved", &[], "{}");
        (Client::connect(server.address).ask(&moved).status == 401).then_some(())
    });
    server.end();
}

#[test]
fn a_log_that_nobody_reads() {
    let folder = hook("log: {accepted: true}", "    ack: memory");
    let (server, _log) = Unheard::start(&folder);
    server.flood();
    server.end();
}

// The protocol.

#[test]
fn several_requests_on_one_connection() {
    let folder = hook("", "");
    let server = Tympan::start_in(&folder);
    let mut client = server.connect();
    for id in 0..20 {
        assert_received(&client.ask(&delivery(&format!("{{\"id\": \"kept-{id}\"}}"))));
    }
    // Who does not wait for its answer has to send the rest again: what follows a body unasked is
    // never taken for a request.
    let pipelined = [delivery(r#"{"id": "first"}"#), delivery(r#"{"id": "never"}"#)].concat();
    client.send(pipelined);
    let response = client.response();
    assert_received(&response);
    assert_eq!(response.header("connection"), Some("close"));
    assert!(client.is_ended());
    assert_received(&server.ask(&delivery(r#"{"id": "last"}"#)));
    server.wait_for_event_that(|event| event["id"] == "last");
    assert_eq!(server.events().len(), 22);
}

#[test]
fn a_body_that_waits_to_be_asked_for() {
    let folder = hook("", "");
    let server = Tympan::start_in(&folder);
    let mut client = in_flight(&server, r#"{"id": "asked for"}"#);
    assert_received(&client.ask(br#"{"id": "asked for"}"#));
    // What is refused by its head is not asked for its body.
    let headers = [("Content-Length", "10"), ("Expect", "100-continue")];
    let response = server.ask(&request("POST", "/hook", &headers, ""));
    assert_eq!(response.status, 401);
}

#[test]
fn bodies_in_pieces() {
    let folder = hook("", "");
    let server = Tympan::start_in(&folder);
    let body = r#"{"id": "in pieces"}"#;
    let headers = [("X-Signature", sign(KEY, body)), ("Transfer-Encoding", "chunked".to_owned())];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    let mut client = server.connect();
    for byte in request("POST", "/hook", &headers, "") {
        client.send([byte]);
    }
    for byte in body.bytes() {
        client.send([b'1', b'\r', b'\n', byte, b'\r', b'\n']);
    }
    client.send("0\r\nX-Trailer: ignored\r\n\r\n");
    let response = client.response();
    assert_received(&response);
    server.wait_for_event_that(|event| event["id"] == "in pieces");
    // Where chunks end is checked by nobody, so nothing may follow them.
    assert_eq!(response.header("connection"), Some("close"));
    assert!(client.is_ended());
}

#[test]
fn a_sender_that_hangs_up() {
    let folder = hook("", "");
    let server = Tympan::start_in(&folder);
    let body = r#"{"id": "never"}"#;
    let whole = delivery(body);
    for end in [1, 20, whole.len() - body.len(), whole.len() - 1] {
        let mut client = server.connect();
        client.send(&whole[..end]);
    }
    let told = server.wait_for_log(|line| line["outcome"] == "malformed");
    assert_eq!(told["reason"], "the connection broke off within the body");
    assert_received(&server.ask(&delivery(r#"{"id": "last"}"#)));
    server.wait_for_event_that(|event| event["id"] == "last");
    assert_eq!(server.events().len(), 1);
}

#[test]
fn garbage_costs_a_connection_at_most() {
    let folder = hook("server: {listen: [127.0.0.1:0], limits: {header_timeout: 2s}}", "");
    let server = Tympan::start_in(&folder);
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = || {
        // xorshift: the same garbage every time.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let noise: Vec<u8> = (0..8192).flat_map(|_| random()).collect();
    let many: Vec<_> = (0..200).map(|number| format!("X-{number}: {number}\r\n")).collect();
    let many = many.concat();
    let long = "a".repeat(1 << 20);
    let post = |rest: &str| format!("POST /hook HTTP/1.1\r\nHost: h\r\n{rest}").into_bytes();
    let cases = [
        ("noise", noise.clone()),
        ("noise after a head", [post("Content-Length: 9\r\n\r\n"), noise[..9].to_vec()].concat()),
        ("zeros", vec![0; 65536]),
        ("line breaks", b"\r\n".repeat(1000)),
        ("another protocol", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec()),
        ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec()),
        ("HTTP/3.0", b"POST /hook HTTP/3.0\r\n\r\n".to_vec()),
        ("no version", b"POST /hook\r\n\r\n".to_vec()),
        ("no target", b"POST  HTTP/1.1\r\n\r\n".to_vec()),
        ("a long target", format!("POST /{long} HTTP/1.1\r\n\r\n").into_bytes()),
        ("a long method", format!("{long} / HTTP/1.1\r\n\r\n").into_bytes()),
        ("a long header", post(&format!("X-Long: {long}\r\n\r\n"))),
        ("a long name", post(&format!("{long}: x\r\n\r\n"))),
        ("200 headers", post(&format!("{many}\r\n"))),
        ("a zero in a name", post("X-\0: x\r\n\r\n")),
        ("a zero in a value", post("X-Signature: \0\r\n\r\n")),
        ("a blank before a colon", post("Content-Length : 2\r\n\r\n{}")),
        ("a folded header", post("X-Signature: a\r\n b\r\n\r\n")),
        ("a length below zero", post("Content-Length: -1\r\n\r\n")),
        ("a length with a sign", post("Content-Length: +2\r\n\r\n{}")),
        ("a length beyond numbers", post("Content-Length: 99999999999999999999\r\n\r\n")),
        ("two lengths", post("Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x")),
        ("a chunk without size", post("Transfer-Encoding: chunked\r\n\r\nzz\r\n")),
        (
            "a chunk beyond numbers",
            post(&format!("Transfer-Encoding: chunked\r\n\r\n{}\r\n", "f".repeat(32))),
        ),
        ("an odd coding", post("Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n")),
    ];
    for (case, bytes) in cases {
        let answer = talk(server.connect(), &bytes);
        if let Some(answer) = answer {
            assert!((400..500).contains(&answer.status), "{case}: {answer:?}");
        }
        assert_received(&server.ask(&delivery("{}")));
    }
    assert!(server.log().iter().all(|line| line["outcome"] != "failed"), "{}", server.log_text());
}

#[test]
fn connections_beyond_the_limit_wait() {
    let limits = "limits: {connections: 2, idle_timeout: 60s}";
    let folder = hook(&format!("server: {{listen: [127.0.0.1:0], {limits}}}"), "");
    let server = Tympan::start_in(&folder);
    let mut held = [server.connect(), server.connect()];
    for client in &mut held {
        assert_received(&client.ask(&delivery("{}")));
    }
    let mut third = server.connect();
    third.send(delivery(r#"{"id": "third"}"#));
    // Those that are in are served on, and nobody is turned away.
    for _ in 0..10 {
        for client in &mut held {
            assert_received(&client.ask(&delivery("{}")));
        }
    }
    let [first, _second] = held;
    assert!(server.events().iter().all(|event| event["id"] != "third"));
    drop(first);
    assert_received(&third.response());
}

#[test]
fn every_address_is_served_under_any_limit() {
    let server = "listen: [127.0.0.1:0, '[::1]:0'], limits: {connections: 1}";
    let folder = hook(&format!("server: {{{server}}}"), "");
    let server = Tympan::start_in(&folder);
    assert_eq!(server.addresses.len(), 2);
    for _ in 0..3 {
        for address in &server.addresses {
            let request = request("POST", "/hook", &[("Connection", "close")], "{}");
            assert_eq!(Client::connect(*address).ask(&request).status, 401, "{address}");
        }
    }
}

// Figures.

#[test]
#[expect(clippy::print_stderr, reason = "a figure, for those who run this with --nocapture")]
fn an_idle_server_is_small() {
    let folder = example();
    let server = Tympan::start_in(&folder);
    assert_eq!(server.ask(&request("GET", "/", &[], "")).status, 404);
    let resident = server.memory("VmRSS");
    let mut figure = format!("idle: {} KiB resident", resident / 1024);
    if cfg!(debug_assertions) {
        figure.push_str(" (a debug build: not judged)");
    } else {
        assert!(resident < 16 << 20, "{figure}");
    }
    eprintln!("{figure}");
}

/// Nothing is held back for a flush that never comes: a reader of a pipe sees whole lines.
#[test]
fn lines_are_whole_under_many_senders() {
    let folder = hook("", "");
    let server = Tympan::start_in(&folder);
    let address = server.address();
    let senders: Vec<_> = (0..4)
        .map(|sender| {
            thread::spawn(move || {
                let mut client = Client::connect(address);
                for number in 0..50 {
                    let body = json!({"id": format!("{sender}-{number}"), "x": "x".repeat(5000)});
                    assert_received(&client.ask(&delivery(&body.to_string())));
                }
            })
        })
        .collect();
    for sender in senders {
        sender.join().unwrap();
    }
    wait_until("all events", || (server.events().len() == 200).then_some(()));
    let mut ids: Vec<_> =
        server.events().iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 200);
}
