//! Challenges that have something called before they are answered.

use std::time::Duration;
use std::time::Instant;

use crate::host::Answer;
use crate::host::Host;
use crate::process::Folder;
use crate::process::Tympan;
use crate::process::request;
use crate::process::sign;
use crate::process::wait_until;

const KEY: &str = "a key that is long enough for anyone";

/// A listener whose confirmations are called at a host nearby.
fn listener(more: &str) -> (Folder, Host) {
    let folder = Folder::new("");
    let host = Host::start(&folder);
    let text = format!(
        r#"version: 1
server: {{listen: [127.0.0.1:0]}}
egress: {{ca: ca.crt{more}}}
secrets: {{key: {{file: key}}}}
destinations: {{out: {{stdout: {{}}}}}}
listeners:
  topic:
    path: /topic
    challenge:
      detection: parsed_body.type == "confirm"
      verification: required
      call: {{url: parsed_body.url, hosts: [{}], path: '/\?Action=Confirm&Token=[a-z]+'}}
      response: {{body: '"confirmed"'}}
    verification: {{signature: {{secret: key, received_signature: 'headers["X-Signature"]'}}}}
    deliver: [out]
"#,
        host.name()
    );
    folder.write("listeners.yaml", text);
    folder.write("key", KEY);
    (folder, host)
}

fn confirmation(url: &str, key: &str) -> Vec<u8> {
    let body = serde_json::json!({"type": "confirm", "url": url}).to_string();
    let signature = sign(key, &body);
    let headers = [("X-Signature", signature.as_str()), ("Content-Type", "application/json")];
    request("POST", "/topic", &headers, body)
}

const PATH: &str = "/?Action=Confirm&Token=abc";

#[test]
fn it_is_called_once_when_its_sender_has_proved_itself() {
    let (folder, host) = listener("");
    host.set(PATH, Answer::new("200 OK", "<Confirmed>secret of the host</Confirmed>"));
    let server = Tympan::start_in(&folder);
    let url = host.url(PATH);
    assert_eq!(server.ask(&confirmation(&url, "another key")).status, 401);
    assert_eq!(host.count(), 0, "a stranger has nothing called");
    let response = server.ask(&confirmation(&url, KEY));
    assert_eq!((response.status, response.text()), (200, "confirmed"), "{}", server.log_text());
    let asked = host.asked();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].starts_with(&format!("GET {PATH} HTTP/1.1\r\n")), "{asked:?}");
    for header in ["authorization", "cookie", "x-signature"] {
        assert!(!asked[0].to_lowercase().contains(header), "{asked:?}");
    }
    let log = server.log_text();
    assert!(!log.contains("Token") && !log.contains("secret of the host"), "{log}");
    assert_eq!(server.events(), Vec::<serde_json::Value>::new());
}

#[test]
fn nothing_else_is_ever_called() {
    let (folder, host) = listener("");
    let server = Tympan::start_in(&folder);
    let name = host.name();
    let port = name.rsplit(':').next().unwrap();
    for url in [
        format!("http://{name}{PATH}"),
        format!("https://127.0.0.1:{port}{PATH}"),
        format!("https://localhost{PATH}"),
        format!("https://{name}.stranger.example{PATH}"),
        format!("https://{name}@stranger.example{PATH}"),
        format!("https://stranger.example/{name}{PATH}"),
        format!("https://{name}/?Action=Delete&Token=abc"),
        format!("https://{name}{PATH}&Action=Delete"),
        format!("https://{name}/x{PATH}"),
        "gopher://localhost/".to_owned(),
        String::new(),
    ] {
        let response = server.ask(&confirmation(&url, KEY));
        assert_eq!(response.status, 400, "{url}");
        assert!(!response.text().contains("localhost"), "{response:?}");
    }
    assert_eq!(host.count(), 0, "{:?}", host.asked());
}

#[test]
fn a_host_that_fails_is_told_to_the_operator_alone() {
    let (folder, host) = listener("");
    let server = Tympan::start_in(&folder);
    let redirect = b"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n";
    for (answer, why) in [
        (Answer::new("403 Forbidden", "it has ended"), "it answers 403"),
        (Answer::new("500 Oh", ""), "it answers 500"),
        (Answer::Bytes(redirect.to_vec()), "redirects are not followed"),
        (Answer::Bytes(b"nonsense\r\n\r\n".to_vec()), "the connection broke"),
        (Answer::Huge, "larger than 65536 bytes"),
        (Answer::Hang, "no whole answer within 5s"),
    ] {
        host.set(PATH, answer);
        let (mark, begun) = (server.log_mark(), Instant::now());
        let response = server.ask(&confirmation(&host.url(PATH), KEY));
        assert_eq!(response.status, 503, "{why}");
        assert!(response.header("retry-after").is_some());
        assert!(!response.text().contains("host"), "{response:?}");
        assert!(begun.elapsed() < Duration::from_secs(9), "{why}: {:?}", begun.elapsed());
        server.wait_for_log_since(mark, |line| {
            line["why"].as_str().is_some_and(|it| it.contains(why))
        });
    }
    assert!(host.asked().iter().all(|head| !head.contains("/other")), "redirected");
    host.set(PATH, Answer::new("204 No Content", ""));
    assert_eq!(server.ask(&confirmation(&host.url(PATH), KEY)).status, 200, "it may come again");
}

#[test]
fn not_too_often_and_not_where_the_operator_denies() {
    let (folder, host) = listener("");
    host.set(PATH, Answer::new("200 OK", ""));
    let server = Tympan::start_in(&folder);
    let again = confirmation(&host.url(PATH), KEY);
    let statuses: Vec<_> = (0..20).map(|_| server.ask(&again).status).collect();
    assert_eq!(statuses[..10], [200; 10]);
    assert!(statuses[10..].contains(&503), "{statuses:?}");
    assert!(host.count() <= 12, "{}", host.count());
    drop(server);

    let (folder, host) = listener(", deny: [127.0.0.0/8, '::1']");
    let server = Tympan::start_in(&folder);
    assert_eq!(server.ask(&confirmation(&host.url(PATH), KEY)).status, 503);
    server.wait_for_log(|line| line["why"].as_str().is_some_and(|it| it.contains("out of reach")));
    assert_eq!(host.count(), 0);
}

#[test]
fn who_waits_for_a_host_holds_up_nobody_else() {
    let (folder, host) = listener("");
    host.set(PATH, Answer::Hang);
    let server = Tympan::start_in(&folder);
    let mut waiting = server.connect();
    waiting.send(confirmation(&host.url(PATH), KEY));
    wait_until("it is called", || (host.count() > 0).then_some(()));
    let body = "{}";
    let signature = sign(KEY, body);
    let event = request("POST", "/topic", &[("X-Signature", &signature)], body);
    assert_eq!(server.ask(&event).status, 200);
    assert_eq!(waiting.response().status, 503);
}
