//! Destinations over TLS: whose authorities count, what we prove ourselves with, and HTTP/2 where the host
//! can.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::host::Answer;
use crate::host::Host;
use crate::host::authority;
use crate::host::signed;
use crate::process::Folder;
use crate::process::Tympan;
use crate::process::request;
use crate::process::wait_until;

const OWN: &str = "tls: {ca: ca.crt, certificate: us.crt, key: us.key}";

/// A server whose events go to a URL, with what is said about TLS.
fn sender(folder: &Folder, url: &str, tls: &str) -> Folder {
    let sending = Folder::new(&format!(
        "version: 1
server: {{listen: [127.0.0.1:0]}}
destinations:
  app: {{http: {{url: '{url}', {tls}}}, retry: {{first: 50ms, most: 100ms}}}}
listeners:
  in:
    path: /in
    verification: {{none: a test}}
    events: {{id: parsed_body.id, data: parsed_body}}
    deliver: [app]
"
    ));
    for name in ["ca.crt", "us.crt", "us.key"] {
        if let Ok(pem) = fs::read(folder.path(name)) {
            sending.write(name, pem);
        }
    }
    sending
}

fn send(server: &Tympan, id: u32) {
    let body = format!("{{\"id\": \"{id}\"}}");
    assert_eq!(server.ask(&request("POST", "/in", &[], body)).status, 200);
}

fn why_not(server: &Tympan) -> String {
    let message = "not delivered, to be tried again";
    let told = server.wait_for_log(|line| line["message"] == message);
    told["why"].as_str().unwrap().to_owned()
}

/// A server that takes events from whoever has our certificate, and writes down what they say.
fn receiver() -> Folder {
    let folder = Folder::new(
        "version: 1
server: {listen: [127.0.0.1:0], tls: {certificate: host.crt, key: host.key, client_ca: ca.crt}}
destinations: {archive: {file: {path: got.jsonl}}}
listeners:
  got:
    path: /got
    content_types: [application/cloudevents+json]
    verification: {client_certificate: {subject: us.example}}
    events: {id: parsed_body.id, data: {host: headers.host}}
    deliver: [archive]
",
    );
    authority(&folder, "ca");
    signed(&folder, "host", "ca", "-addext subjectAltName=DNS:localhost");
    signed(&folder, "us", "ca", "-addext subjectAltName=DNS:us.example");
    folder
}

#[test]
fn http_2_with_a_certificate_of_our_own() {
    let receiving = receiver();
    let receiver = Tympan::start_in(&receiving);
    let url = format!("https://localhost:{}/got", receiver.address().port());
    let sending = sender(&receiving, &url, OWN);
    let server = Tympan::start_in(&sending);
    for id in 0..40 {
        send(&server, id);
    }
    let events = wait_until("all have arrived", || {
        let text = fs::read_to_string(receiving.path("got.jsonl")).unwrap_or_default();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let events: Vec<_> = lines.collect();
        let ids: BTreeSet<_> = events.iter().map(|it| it["id"].to_string()).collect();
        (ids.len() == 40).then_some(events)
    });
    // Whom is called is no header there.
    assert!(events.iter().all(|event| event["data"]["host"].is_null()), "{events:?}");

    // Somebody whom nobody knows is turned away, and goes on being tried.
    let mark = receiver.log_mark();
    let nobody = sender(&receiving, &url, "tls: {ca: ca.crt}");
    let nobody = Tympan::start_in(&nobody);
    send(&nobody, 1);
    assert_eq!(why_not(&nobody), "answered 401");
    receiver.wait_for_log_since(mark, |line| line["outcome"] == "unauthorized");
}

#[test]
fn a_connection_that_ends_is_made_anew() {
    let receiving = receiver();
    let mut receiver = Tympan::start_in(&receiving);
    let port = receiver.address().port();
    let text = fs::read_to_string(receiving.path("listeners.yaml")).unwrap();
    receiving.write("listeners.yaml", text.replace("127.0.0.1:0", &format!("127.0.0.1:{port}")));
    let sending = sender(&receiving, &format!("https://localhost:{port}/got"), OWN);
    let server = Tympan::start_in(&sending);
    let arrived = |count: usize| {
        wait_until("they have arrived", || {
            let text = fs::read_to_string(receiving.path("got.jsonl")).unwrap_or_default();
            (text.lines().count() >= count).then_some(())
        });
    };
    send(&server, 1);
    arrived(1);
    receiver.signal("TERM");
    receiver.wait();
    send(&server, 2);
    assert!(why_not(&server).contains("nobody answers"));
    let _receiver = Tympan::start_in(&receiving);
    arrived(2);
}

#[test]
fn http_1_where_the_host_says_nothing_of_2() {
    let folder = Folder::new("");
    let host = Host::start_strictly(&folder, false, true);
    signed(&folder, "us", "ca", "");
    host.set("/got", Answer::new("204 No Content", ""));
    let sending = sender(&folder, &host.url("/got"), OWN);
    let server = Tympan::start_in(&sending);
    send(&server, 1);
    let asked = wait_until("it is asked", || host.asked().first().cloned());
    assert!(asked.starts_with("POST /got HTTP/1.1\r\n"), "{asked}");

    // Its authority is none of the program's own, and nobody else's.
    let strange = sender(&folder, &host.url("/got"), "tls: {oldest: TLS-1.3}");
    let strange = Tympan::start_in(&strange);
    send(&strange, 1);
    assert!(why_not(&strange).contains("does not prove who it is"));
}

#[test]
fn files_that_are_no_good_are_told_with_a_place_and_renewed_ones_count() {
    let receiving = receiver();
    let receiver = Tympan::start_in(&receiving);
    let url = format!("https://localhost:{}/got", receiver.address().port());
    let sending = sender(&receiving, &url, OWN);
    let good = fs::read(sending.path("us.crt")).unwrap();
    sending.write("us.crt", "no certificate");
    let output = sending.run().output().unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(78), "{log}");
    assert!(log.contains("C132") && log.contains("us.crt"), "{log}");
    assert!(log.contains("listeners.yaml:4:"), "{log}");

    // One of somebody else, until it is renewed.
    signed(&receiving, "them", "ca", "-addext subjectAltName=DNS:them.example");
    for (name, from) in [("us.crt", "them.crt"), ("us.key", "them.key")] {
        sending.write(name, fs::read(receiving.path(from)).unwrap());
    }
    let server = Tympan::start_in(&sending);
    send(&server, 1);
    assert_eq!(why_not(&server), "answered 401");
    sending.write("us.key", fs::read(receiving.path("us.key")).unwrap());
    sending.write("us.crt", good);
    wait_until("it arrives", || {
        fs::read_to_string(receiving.path("got.jsonl")).is_ok_and(|it| !it.is_empty()).then_some(())
    });
}
