//! Events are messages of a stream of NATS: each once, whatever becomes of the server.

use std::collections::BTreeSet;
use std::fs;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use serde_json::json;

use crate::backend::Backend;
use crate::backend::assert_whole;
use crate::backend::data;
use crate::backend::folder;
use crate::backend::free_port;
use crate::backend::listens;
use crate::backend::send;
use crate::backend::send_while_killed;
use crate::backend::tool;
use crate::backend::try_once;
use crate::backend::why_not;
use crate::host::authority;
use crate::host::signed;
use crate::process::Tympan;
use crate::process::wait_until;

/// A server with a folder of its own.
struct Nats {
    backend: Backend,
    _data: tempfile::TempDir,
}

/// A connection that speaks the protocol by hand.
struct Client {
    reader: BufReader<TcpStream>,
}

impl Nats {
    fn start(settings: &str) -> Self {
        let (data, port) = (data(), free_port());
        let folder = data.path().to_owned();
        fs::write(folder.join("nats.conf"), settings).unwrap();
        let start = move || {
            let mut command = Command::new(tool("nats-server"));
            command.args(["-a", "127.0.0.1", "-p", &port.to_string(), "-js", "-sd"]);
            command.arg(&folder).arg("-c").arg(folder.join("nats.conf"));
            command
        };
        Self { backend: Backend::start(port, start, move || listens(port)), _data: data }
    }

    fn connect(&self) -> Client {
        let stream = TcpStream::connect(("127.0.0.1", self.backend.port)).unwrap();
        let mut client = Client { reader: BufReader::new(stream) };
        let hello = client.line();
        assert!(hello.starts_with("INFO "), "{hello}");
        client.say("CONNECT {\"verbose\":false,\"headers\":true}\r\nSUB here.* 1\r\n");
        client
    }

    /// A stream of every subject that begins with `events.`; it may take a moment after a start.
    fn make_stream(&self) {
        wait_until("the stream is made", || {
            let made = self.connect().ask(
                "STREAM.CREATE.EVENTS",
                &json!({
                    "name": "EVENTS", "subjects": ["events.>"], "storage": "file",
                    "retention": "limits", "max_consumers": -1, "max_msgs": -1, "max_bytes": -1,
                    "num_replicas": 1
                }),
            );
            made.get("error").is_none().then_some(())
        });
    }

    /// Every message, each with its subject.
    fn messages(&self) -> Vec<(String, Value)> {
        let mut client = self.connect();
        let info = client.ask("STREAM.INFO.EVENTS", &Value::Null);
        let Some(last) = info["state"]["last_seq"].as_u64() else { return Vec::new() };
        let message = |number: u64| {
            let found = client.ask("STREAM.MSG.GET.EVENTS", &json!({"seq": number}));
            let body = STANDARD.decode(found["message"]["data"].as_str().unwrap()).unwrap();
            let subject = found["message"]["subject"].as_str().unwrap().to_owned();
            (subject, serde_json::from_slice(&body).unwrap())
        };
        (1..=last).map(message).collect()
    }
}

impl Client {
    fn say(&mut self, text: &str) {
        self.reader.get_mut().write_all(text.as_bytes()).unwrap();
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.reader.read_line(&mut line).unwrap();
        line
    }

    /// What JetStream answers.
    fn ask(&mut self, what: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.say(&format!("PUB $JS.API.{what} here.x {}\r\n{body}\r\n", body.len()));
        serde_json::from_slice(&self.message()).unwrap_or_else(|_| json!({"error": "none"}))
    }

    /// The next message.
    fn message(&mut self) -> Vec<u8> {
        loop {
            let line = self.line();
            let mut words = line.split_whitespace();
            match words.next() {
                Some("PING") => self.say("PONG\r\n"),
                Some("MSG" | "HMSG") => {
                    let length: usize = words.next_back().unwrap().parse().unwrap();
                    let mut body = vec![0; length + 2];
                    self.reader.read_exact(&mut body).unwrap();
                    body.truncate(length);
                    return body;
                }
                _ => panic!("{line}"),
            }
        }
    }
}

#[test]
fn each_event_is_one_message_while_nats_is_killed() {
    let mut nats = Nats::start("");
    nats.make_stream();
    let url = format!("nats://localhost:{}", nats.backend.port);
    let app = format!("nats: {{url: '{url}', subject: '$CONCAT([\"events.\", listener.name])'}}");
    let folder = folder(&app, "");
    let server = Tympan::start_in(&folder);
    let ids = send_while_killed(&server, &mut nats.backend, 1000, 10);
    let found = wait_until("all have arrived", || {
        let found = nats.messages();
        (found.len() >= ids.len()).then_some(found)
    });
    // Nothing is there twice: the stream knows them by their ids.
    assert_eq!(found.len(), ids.len());
    let mut arrived = BTreeSet::new();
    for (subject, event) in found {
        assert_eq!(subject, "events.in");
        assert_whole(&event);
        arrived.insert(event["id"].as_str().unwrap().to_owned());
    }
    assert_eq!(arrived, ids);
}

#[test]
fn a_subject_of_no_stream_is_told_until_there_is_one() {
    let nats = Nats::start("");
    let url = format!("nats://127.0.0.1:{}", nats.backend.port);
    let subject = "$CONCAT([\"events.\", event.id])";
    let folder = folder(&format!("nats: {{url: '{url}', subject: '{subject}'}}"), "");
    let server = Tympan::start_in(&folder);
    send(&server, "1");
    assert_eq!(why_not(&server, "1"), "no stream takes this subject");
    nats.make_stream();
    wait_until("it has arrived", || (nats.messages().len() == 1).then_some(()));
    // What an event says is no pattern.
    send(&server, ">");
    let told = server.wait_for_log(|line| line["message"] == "a dead letter");
    assert_eq!(told["why"], "nothing can be published to the subject `events.>`");
    // However long it is.
    let mark = server.log_mark();
    send(&server, &format!("{}>", "x".repeat(3000)));
    let told = server.wait_for_log_since(mark, |line| line["message"] == "a dead letter");
    assert_eq!(told["why"].as_str().unwrap().len(), 200);
}

#[test]
fn what_an_event_says_is_no_order_to_jetstream() {
    let nats = Nats::start("");
    nats.make_stream();
    let url = format!("nats://127.0.0.1:{}", nats.backend.port);
    let folder =
        folder(&format!("nats: {{url: '{url}', subject: event.id, jetstream: false}}"), "");
    let server = Tympan::start_in(&folder);
    send(&server, "events.1");
    wait_until("it has arrived", || (nats.messages().len() == 1).then_some(()));
    send(&server, "$JS.API.STREAM.PURGE.EVENTS");
    let told = server.wait_for_log(|line| line["message"] == "a dead letter");
    assert!(told["why"].as_str().unwrap().contains("$JS.API.STREAM.PURGE.EVENTS"), "{told}");
    assert_eq!(nats.messages().len(), 1);
}

#[test]
fn what_the_server_refuses_is_told_and_ends_no_connection() {
    let nats = Nats::start(
        "max_payload: 2KB\nauthorization: {users: [{user: u, password: 'the-password', \
         permissions: {publish: {deny: ['secret.>']}}}]}\n",
    );
    let url = format!("nats://127.0.0.1:{}", nats.backend.port);
    for jetstream in [true, false] {
        let app = format!(
            "nats: {{url: '{url}', subject: event.id, user: u, password: k, jetstream: {jetstream}}}"
        );
        let folder = folder(&app, "secrets: {k: {file: k}}");
        folder.write("k", "the-password");
        let server = Tympan::start_in(&folder);
        send(&server, "secret.1");
        let why = why_not(&server, "secret.1");
        assert_eq!(why, "Permissions Violation for Publish to \"secret.1\"");
        send(&server, &format!("here.{}", "x".repeat(1200)));
        let told = server.wait_for_log(|line| line["message"] == "a dead letter");
        assert_eq!(told["why"], "the server takes 2048 bytes at most");
        let given_up = |line: &str| line.contains("the connection is given up");
        assert!(!server.log_text().lines().any(given_up), "{}", server.log_text());
    }
}

#[test]
fn what_is_refused_is_told_however_the_server_writes_its_subject() {
    let nats = Nats::start(
        "authorization: {users: [{user: u, password: p, permissions: {publish: {deny: ['secret.>']}}}]}\n",
    );
    let url = format!("nats://127.0.0.1:{}", nats.backend.port);
    for jetstream in [true, false] {
        let app = format!(
            "nats: {{url: '{url}', subject: event.id, user: u, password: k, jetstream: {jetstream}}}"
        );
        let folder = folder(&app, "secrets: {k: {file: k}}");
        folder.write("k", "p");
        let server = Tympan::start_in(&folder);
        // A soft hyphen, which Go escapes.
        send(&server, "secret.\u{ad}");
        let why = why_not(&server, "secret.\u{ad}");
        assert_eq!(why, "Permissions Violation for Publish to \"secret.\\\\u00ad\"");
    }
}

#[test]
fn what_is_refused_in_other_words_takes_nothing_along() {
    let nats = Nats::start(
        "authorization: {users: [{user: u, password: p, permissions: {publish: {deny: ['secret.>']}}}, \
         {user: anybody, password: p}]}\nno_auth_user: anybody\n",
    );
    nats.make_stream();
    let url = format!("nats://127.0.0.1:{}", nats.backend.port);
    let app = format!("nats: {{url: '{url}', subject: event.id, user: u, password: k}}");
    let folder = folder(&app, "secrets: {k: {file: k}}");
    folder.write("k", "p");
    try_once(&folder);
    let server = Tympan::start_in(&folder);
    for number in 0..50 {
        send(&server, &format!("events.{number}"));
        if number % 10 == 5 {
            // A soft hyphen, which Go escapes.
            send(&server, &format!("secret.\u{ad}{number}"));
        }
    }
    wait_until("the others are there", || (nats.messages().len() == 50).then_some(()));
    server.wait_for_log(|line| line["message"] == "a dead letter");
    let is_of_another = |line: &Value| {
        line["message"] == "a dead letter" && line["id"].as_str().unwrap().starts_with("events")
    };
    assert!(!server.log().iter().any(is_of_another), "{}", server.log_text());
}

#[test]
fn without_a_stream_whoever_listens_hears_who_may_only_publish() {
    let nats = Nats::start(
        "authorization: {users: [{user: u, password: p, permissions: {subscribe: {deny: ['>']}}}, \
         {user: anybody, password: p}]}\nno_auth_user: anybody\n",
    );
    let url = format!("nats://127.0.0.1:{}", nats.backend.port);
    let app = format!(
        "nats: {{url: '{url}', subject: '\"here.y\"', jetstream: false, user: u, password: k}}"
    );
    let folder = folder(&app, "secrets: {k: {file: k}}");
    folder.write("k", "p");
    let server = Tympan::start_in(&folder);
    let mut client = nats.connect();
    client.say("PING\r\n");
    assert_eq!(client.line(), "PONG\r\n");
    send(&server, "1");
    let heard = client.message();
    let body = heard.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
    assert!(String::from_utf8_lossy(&heard[..body]).contains("Nats-Msg-Id: app/in/1"));
    assert_whole(&serde_json::from_slice(&heard[body..]).unwrap());
}

#[test]
fn over_tls_with_a_token_that_is_never_told() {
    let keys = crate::process::Folder::new("");
    authority(&keys, "ca");
    signed(&keys, "host", "ca", "-addext subjectAltName=DNS:localhost");
    let file = |name: &str| keys.path(name).display().to_string();
    let nats = Nats::start(&format!(
        "max_payload: 2KB\ntls: {{cert_file: '{}', key_file: '{}'}}\n\
         authorization: {{token: 'the-long-token'}}\n",
        file("host.crt"),
        file("host.key")
    ));
    let url = format!("tls://localhost:{}", nats.backend.port);
    let app = format!("nats: {{url: '{url}', subject: '\"a\"', jetstream: false, password: k}}");
    let folder = folder(&app, "secrets: {k: {file: k}}\negress: {ca: ca.crt}");
    folder.write("k", "another-token");
    folder.write("ca.crt", fs::read(keys.path("ca.crt")).unwrap());
    let server = Tympan::start_in(&folder);
    send(&server, "1");
    let why = why_not(&server, "1");
    assert!(why.contains("Authorization Violation"), "{why}");
    let mark = server.log_mark();
    folder.write("k", "the-long-token");
    server.wait_for_log_since(mark, |line| line["message"] == "connected");
    // How much the server takes it says before TLS, where it could be anybody.
    let long = "x".repeat(1200);
    send(&server, &long);
    assert_eq!(why_not(&server, &long), "the server takes 2048 bytes at most");
    for token in ["the-long-token", "another-token"] {
        assert!(!server.log_text().contains(token));
    }
}
