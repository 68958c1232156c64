//! Events are entries of a stream of Redis: all of them, whatever becomes of the server.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use crate::backend::Backend;
use crate::backend::assert_whole;
use crate::backend::data;
use crate::backend::folder;
use crate::backend::free_port;
use crate::backend::listens;
use crate::backend::send;
use crate::backend::send_while_killed;
use crate::backend::why_not;
use crate::host::authority;
use crate::host::signed;
use crate::process::Tympan;
use crate::process::wait_until;

/// A server with a folder of its own.
struct Redis {
    backend: Backend,
    _data: tempfile::TempDir,
}

impl Redis {
    fn start(options: &[String]) -> Self {
        let (data, port) = (data(), free_port());
        let (folder, options) = (data.path().to_owned(), options.to_vec());
        let start = move || {
            let mut command = Command::new("redis-server");
            command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
            command.args(["--appendonly", "yes", "--appendfsync", "always", "--dir"]);
            command.arg(&folder).args(&options);
            command
        };
        // It answers before it has read what it kept.
        let is_up = move || {
            ask(port, &["PING"]).is_some_and(|said| said.contains("PONG"))
                || listens(port) && ask(port, &["PING"]).is_some_and(|said| said.contains("NOAUTH"))
        };
        Self { backend: Backend::start(port, start, is_up), _data: data }
    }

    fn ask(&self, command: &[&str]) -> String {
        ask(self.backend.port, command).unwrap()
    }

    /// The events of a stream, by their ids, and how often each is there.
    fn events(&self, stream: &str) -> BTreeMap<String, usize> {
        let said = self.ask(&["XRANGE", stream, "-", "+"]);
        let lines: Vec<_> = said.trim().lines().collect();
        let mut found = BTreeMap::new();
        for entry in lines.chunks(7) {
            let [_, "id", id, "listener", "in", "event", event] = entry else {
                panic!("no entry: {entry:?}");
            };
            let event: Value = serde_json::from_str(event).unwrap();
            assert_eq!(event["id"], **id);
            assert_whole(&event);
            *found.entry((*id).to_owned()).or_default() += 1;
        }
        found
    }
}

fn ask(port: u16, command: &[&str]) -> Option<String> {
    let output = Command::new("redis-cli").args(["-p", &port.to_string()]).args(command).output();
    let output = output.unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

#[test]
fn every_event_arrives_while_redis_is_killed() {
    let mut redis = Redis::start(&[]);
    let url = format!("redis://127.0.0.1:{}/0", redis.backend.port);
    let app = format!("redis: {{url: '{url}', stream: '$CONCAT([\"of-\", listener.name])'}}");
    let folder = folder(&app, "");
    let server = Tympan::start_in(&folder);
    let ids = send_while_killed(&server, &mut redis.backend, 2000, 10);
    let found = wait_until("all have arrived", || {
        let found = redis.events("of-in");
        (found.len() == ids.len()).then_some(found)
    });
    assert!(found.keys().eq(&ids));
    // What was on its way when the server died may be there twice.
    assert!(found.values().sum::<usize>() <= ids.len() + 10 * 64, "{found:?}");
}

#[test]
fn what_redis_does_not_take_is_told_and_comes_again() {
    let redis = Redis::start(&[]);
    let url = format!("redis://127.0.0.1:{}", redis.backend.port);
    let app = format!("redis: {{url: '{url}', stream: '\"events\"', max_length: 1}}");
    redis.ask(&["SET", "events", "no stream"]);
    let folder = folder(&app, "");
    let server = Tympan::start_in(&folder);
    send(&server, "1");
    assert!(why_not(&server, "1").contains("WRONGTYPE"));
    redis.ask(&["DEL", "events"]);
    wait_until("it has arrived", || redis.events("events").contains_key("1").then_some(()));
    // About as many as it may have: whole nodes of a hundred go at a time.
    for number in 2..400 {
        send(&server, &number.to_string());
    }
    wait_until("the last one is there", || {
        redis.events("events").contains_key("399").then_some(())
    });
    assert!(redis.events("events").len() < 300);
}

#[test]
fn over_tls_with_a_password_that_is_never_told() {
    let port = free_port();
    let yaml = format!(
        "redis: {{url: 'rediss://localhost:{port}/3', stream: '\"events\"', user: default, password: k}}"
    );
    let folder = folder(&yaml, "secrets: {k: {file: k}}\negress: {ca: ca.crt}");
    folder.write("k", "another-password");
    authority(&folder, "ca");
    signed(&folder, "host", "ca", "-addext subjectAltName=DNS:localhost");
    let file = |name: &str| folder.path(name).to_str().unwrap().to_owned();
    let mut options = vec!["--tls-port".to_owned(), port.to_string()];
    options.extend(["--tls-cert-file".to_owned(), file("host.crt")]);
    options.extend(["--tls-key-file".to_owned(), file("host.key")]);
    options.extend(["--tls-ca-cert-file".to_owned(), file("ca.crt")]);
    options
        .extend(["--tls-auth-clients", "no", "--requirepass", "the-password"].map(str::to_owned));
    let redis = Redis::start(&options);
    let server = Tympan::start_in(&folder);
    send(&server, "1");
    let why = why_not(&server, "1");
    assert!(why.contains("authentication failed"), "{why}");
    folder.write("k", "the-password");
    let count =
        || redis.ask(&["--no-auth-warning", "-a", "the-password", "-n", "3", "XLEN", "events"]);
    wait_until("it has arrived", || (count().trim() == "1").then_some(()));
    for password in ["the-password", "another-password"] {
        assert!(!server.log_text().contains(password));
    }
}
