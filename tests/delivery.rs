//! Destinations get what was accepted: again until they have it, with the same id, and as they want it.

use std::collections::BTreeSet;
use std::fs;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;

use crate::backend::folder;
use crate::events::list;
use crate::process::Tympan;
use crate::process::request;
use crate::process::wait_until;

/// A host that answers as it is told, and remembers what it was asked.
#[derive(Clone)]
struct Host {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    connections: Arc<Mutex<usize>>,
}

#[derive(Clone, Debug)]
struct Asked {
    head: String,
    body: Vec<u8>,
    at: Instant,
}

impl Host {
    /// Gives each request the answer of its number.
    fn answering(answer: impl Fn(usize) -> &'static str + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let host = Self { address, asked: Arc::default(), connections: Arc::default() };
        let (kept, answer) = (host.clone(), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (kept, answer) = (kept.clone(), Arc::clone(&answer));
                *kept.connections.lock().unwrap() += 1;
                thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    let mut reader = BufReader::new(stream.try_clone().unwrap());
                    while let Some(asked) = read(&mut reader) {
                        let number = {
                            let mut all = kept.asked.lock().unwrap();
                            all.push(asked);
                            all.len() - 1
                        };
                        let answer = format!("HTTP/1.1 {}\r\n\r\n", answer(number));
                        if stream.write_all(answer.as_bytes()).is_err() {
                            return;
                        }
                    }
                });
            }
        });
        host
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    fn wait_for(&self, count: usize) -> Vec<Asked> {
        wait_until("the host is asked", || {
            let asked = self.asked();
            (asked.len() >= count).then_some(asked)
        })
    }
}

impl Asked {
    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    fn event(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

fn read(reader: &mut impl BufRead) -> Option<Asked> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let mut asked = Asked { head, body: Vec::new(), at: Instant::now() };
    let length = asked.header("content-length").map_or(0, |length| length.parse().unwrap());
    asked.body = vec![0; length];
    reader.read_exact(&mut asked.body).ok()?;
    Some(asked)
}

const DONE: &str = "204 No Content";

fn send(server: &Tympan, id: &str) {
    let body = json!({"id": id}).to_string();
    assert_eq!(server.ask(&request("POST", "/in", &[], body)).status, 200);
}

#[test]
fn again_until_the_host_has_it() {
    let host = Host::answering(|number| match number {
        0 => "500 Oh No\r\nContent-Length: 0",
        1 => "302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0",
        2 => "503 Later\r\nRetry-After: 1\r\nContent-Length: 0",
        _ => DONE,
    });
    let folder = folder(&format!("http: {{url: 'http://{}/events?a=b'}}", host.address), "");
    let server = Tympan::start_in(&folder);
    send(&server, "1");
    let asked = host.wait_for(4);
    assert!(asked[3].at - asked[2].at >= Duration::from_millis(990), "Retry-After is kept to");
    for asked in &asked {
        assert!(asked.head.starts_with("POST /events?a=b HTTP/1.1\r\n"), "{}", asked.head);
        assert_eq!(asked.header("content-type"), Some("application/cloudevents+json"));
        assert_eq!(asked.event(), asked.event());
        assert_eq!((&asked.event()["id"], asked.body == host.asked()[0].body), (&json!("1"), true));
    }
    send(&server, "2");
    assert_eq!(host.wait_for(5)[4].event()["id"], "2");
    assert_eq!(host.asked().len(), 5, "what is delivered does not come again");
    assert_eq!(*host.connections.lock().unwrap(), 1, "connections are used again");
}

#[test]
fn gone_is_gone_until_a_reload() {
    let host =
        Host::answering(|number| if number == 0 { "410 Gone\r\nContent-Length: 0" } else { DONE });
    let folder = folder(&format!("http: {{url: 'http://{}'}}", host.address), "");
    let server = Tympan::start_in(&folder);
    send(&server, "1");
    server.wait_for_log(|line| line["message"].as_str().unwrap().starts_with("it is gone"));
    send(&server, "2");
    assert_eq!(host.asked().len(), 1);
    server.signal("HUP");
    let ids: BTreeSet<_> =
        host.wait_for(3)[1..].iter().map(|it| it.event()["id"].to_string()).collect();
    assert_eq!(ids, ["\"1\"", "\"2\""].map(str::to_owned).into());
}

#[test]
fn a_dead_letter_after_so_many_tries_and_nobody_else_waits() {
    let dead = Host::answering(|_| "500 Oh No\r\nContent-Length: 0");
    let alive = Host::answering(|_| DONE);
    let more = format!("  other: {{http: {{url: 'http://{}'}}}}", alive.address);
    let folder = folder(&format!("http: {{url: 'http://{}'}}", dead.address), &more);
    let text = fs::read_to_string(folder.path("listeners.yaml")).unwrap();
    let text =
        text.replace("deliver: [app]", "deliver: [app, {to: other, when: item.id != \"x\"}]");
    let text = text.replace("most: 200ms", "most: 200ms, attempts: 3");
    let text =
        text.replace("{id: parsed_body.id, data: parsed_body}", "{each: parsed_body, id: item.id}");
    folder.write("listeners.yaml", text);
    let server = Tympan::start_in(&folder);
    let body = json!([{"id": "1"}, {"id": "x"}, {"id": "2"}]).to_string();
    assert_eq!(server.ask(&request("POST", "/in", &[], body)).status, 200);
    let ids: BTreeSet<_> =
        alive.wait_for(2).iter().map(|it| it.event()["id"].to_string()).collect();
    assert_eq!(ids, ["\"1\"", "\"2\""].map(str::to_owned).into());
    for id in ["1", "2", "x"] {
        let told =
            server.wait_for_log(|line| line["message"] == "a dead letter" && line["id"] == id);
        assert_eq!(told["why"], "answered 500 (tried 3 times)");
    }
    assert_eq!((dead.asked().len(), alive.asked().len()), (9, 2));
}

#[test]
fn what_cannot_be_sent_is_a_dead_letter_and_ends_no_process() {
    let host = Host::answering(|_| DONE);
    // Of a list, each item once more for each item: no memory would hold what is made of a long one.
    let body = "event.data.all.$MAP(a => event.data.all.$MAP(b => event.data.all))";
    let folder = folder(&format!("http: {{url: 'http://{}', body: '{body}'}}", host.address), "");
    let mut server = Tympan::start_in(&folder);
    let poison = json!({"id": "poison", "all": vec!["x".repeat(20); 2_000]}).to_string();
    assert_eq!(server.ask(&request("POST", "/in", &[], poison)).status, 200);
    let is_told = |line: &Value| line["message"] == "a dead letter" && line["id"] == "poison";
    server.wait_for_log(is_told);
    // It is told before it is kept.
    wait_until("it is kept", || (!list(&folder, &["--state", "dead"]).is_empty()).then_some(()));
    for _ in 0..2 {
        server.signal("KILL");
        server.wait();
        server = Tympan::start_in(&folder);
        let n_before = host.asked().len();
        send(&server, "good");
        host.wait_for(n_before + 1);
    }
    assert!(!server.log().iter().any(is_told), "it is not tried again");
}

#[test]
fn signed_with_every_secret_of_a_rotation() {
    let host = Host::answering(|_| DONE);
    let app = format!("http: {{url: 'http://{}', sign: {{standard_webhooks: k}}}}", host.address);
    let folder = folder(&app, "secrets: {k: [{file: one}, {file: two}]}");
    folder.write("one", "a-long-enough-key");
    folder.write("two", "another-long-key");
    let server = Tympan::start_in(&folder);
    send(&server, "1");
    let asked = host.wait_for(1).remove(0);
    let timestamp = asked.header("webhook-timestamp").unwrap();
    let body = String::from_utf8(asked.body.clone()).unwrap();
    let signed = |key: &str| crate::process::sign(key, format!("1.{timestamp}.{body}"));
    let found: Vec<_> = asked.header("webhook-signature").unwrap().split(' ').collect();
    let found: Vec<_> = found.iter().map(|it| decoded(it.strip_prefix("v1,").unwrap())).collect();
    assert_eq!(found, [signed("a-long-enough-key"), signed("another-long-key")]);
    // A new value signs from the next delivery on.
    folder.write("one", "the-next-long-key");
    wait_until("the new secret signs", || {
        send(&server, "2");
        let asked = host.asked().pop().unwrap();
        let timestamp = asked.header("webhook-timestamp").unwrap().to_owned();
        let body = String::from_utf8(asked.body.clone()).unwrap();
        let id = asked.header("webhook-id").unwrap().to_owned();
        let signed = crate::process::sign("the-next-long-key", format!("{id}.{timestamp}.{body}"));
        let first =
            asked.header("webhook-signature").unwrap().split(' ').next().unwrap().to_owned();
        (decoded(first.strip_prefix("v1,").unwrap()) == signed).then_some(())
    });
}

/// Base64 as hexadecimal digits.
fn decoded(base64: &str) -> String {
    let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bits = 0_u32;
    let mut n_bits = 0;
    let mut bytes = Vec::new();
    for digit in base64.trim_end_matches('=').chars() {
        bits = bits << 6 | u32::try_from(digits.find(digit).unwrap()).unwrap();
        n_bits += 6;
        if n_bits >= 8 {
            n_bits -= 8;
            bytes.push((bits >> n_bits).to_le_bytes()[0]);
        }
    }
    const_hex::encode(bytes)
}

#[test]
fn a_program_is_started_for_each_event() {
    let folder = folder("exec: {command: [./on-event, out]}", "");
    let script = "#!/bin/sh\nif [ ! -e ok ]; then echo no such luck >&2; exit 3; fi\ncat >> $1\n";
    folder.write("on-event", script);
    let path = folder.path("on-event");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let server = Tympan::start_in(&folder);
    send(&server, "1; rm -rf x");
    let told = server.wait_for_log(|line| line["message"] == "not delivered, to be tried again");
    assert_eq!(told["why"], "it ended with exit status: 3: no such luck");
    folder.write("ok", "");
    let line = wait_until("it has the event", || {
        fs::read_to_string(folder.path("out")).ok().filter(|text| text.ends_with('\n'))
    });
    let event: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(event["id"], "1; rm -rf x");
}

#[test]
fn events_of_one_key_in_their_order() {
    // Every third answer is a failure, until there were enough of them.
    let host = Host::answering(|number| match number % 3 {
        1 if number < 60 => "500 Oh No\r\nContent-Length: 0",
        _ => DONE,
    });
    let app = format!("http: {{url: 'http://{}'}}, order_by: event.subject", host.address);
    let folder = folder(&app, "");
    let text = fs::read_to_string(folder.path("listeners.yaml")).unwrap();
    folder.write(
        "listeners.yaml",
        text.replace("{id: parsed_body.id,", "{id: parsed_body.id, subject: parsed_body.key,"),
    );
    let server = Tympan::start_in(&folder);
    let mut client = server.connect();
    for number in 0..60 {
        let body = json!({"id": number.to_string(), "key": (number % 4).to_string()}).to_string();
        assert_eq!(client.ask(&request("POST", "/in", &[], body)).status, 200);
    }
    // The last one of each key comes last.
    wait_until("all have arrived", || {
        let ids: BTreeSet<_> = host.asked().iter().map(|it| it.event()["id"].to_string()).collect();
        (ids.len() == 60).then_some(())
    });
    let mut last = [-1; 4];
    for asked in host.asked() {
        let event = asked.event();
        let number = |value: &Value| value.as_str().unwrap().parse::<i32>().unwrap();
        let (id, key) = (number(&event["id"]), number(&event["subject"]));
        let last = &mut last[usize::try_from(key).unwrap()];
        assert!(id == *last || id == *last + 4 || *last == -1, "{id} after {last}");
        *last = id;
    }
}
