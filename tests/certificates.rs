//! Signatures whose key is that of a certificate which the request names, and which is fetched.

use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;

use crate::host::Answer;
use crate::host::Host;
use crate::host::authority;
use crate::host::signed;
use crate::host::text;
use crate::process::Folder;
use crate::process::Tympan;
use crate::process::request;
use crate::process::wait_until;
use crate::wire::certificate;
use crate::wire::openssl;

/// A server and the host of its senders' certificates.
struct Set {
    folder: Folder,
    host: Host,
}

impl Set {
    /// Listeners whose certificates come from a host nearby; `HOST` stands for it.
    fn new(listeners: &str) -> Self {
        let folder = Folder::new("");
        let host = Host::start(&folder);
        let text = format!(
            r"version: 1
server: {{listen: [127.0.0.1:0]}}
egress: {{ca: ca.crt}}
secrets: {{key: {{file: key}}}}
destinations: {{out: {{stdout: {{}}}}}}
listeners:
  keeper:
    path: /keeper
    verification: {{token: {{secret: key, received_token: query_params.key}}}}
    deliver: [out]
{listeners}"
        );
        folder.write("listeners.yaml", text.replace("HOST", &host.name()));
        folder.write("key", "keeper");
        Self { folder, host }
    }

    /// Signs a text with a key of the folder, by `openssl`.
    fn sign(&self, signer: &str, hash: &str, payload: &str) -> String {
        self.folder.write(".payload", payload);
        openssl(&self.folder, &format!("dgst -{hash} -sign {signer}.key -out .tag .payload"));
        openssl(&self.folder, "base64 -A -in .tag -out .base64");
        text(&self.folder, ".base64")
    }

    /// A certificate with an RSA key.
    fn rsa(&self, name: &str, options: &str) {
        openssl(&self.folder, "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out .rsa");
        std::fs::write(self.folder.path(".cnf"), "[req]\ndistinguished_name = dn\n[dn]\n").unwrap();
        openssl(
            &self.folder,
            &format!(
                "req -x509 -config .cnf -key .rsa -days 2 -subj /CN={name} -out {name}.crt {options}"
            ),
        );
        std::fs::rename(self.folder.path(".rsa"), self.folder.path(&format!("{name}.key")))
            .unwrap();
    }

    fn serve(&self, path: &str, certificate: &str) {
        self.host.set(path, Answer::new("200 OK", text(&self.folder, certificate)));
    }
}

/// As notifications of topics are signed: the body names its certificate, and two versions differ in
/// their hash.
const TOPIC: &str = r#"
  topic:
    path: /topic
    accept: any
    verification:
      - rule: parsed_body.TopicArn == "arn:topic"
      - any:
          - all:
              - rule: parsed_body.SignatureVersion == "1"
              - signature: &topic
                  algorithm: RSA
                  hash_mode: SHA-1
                  encoding: base64
                  certificate: {url: parsed_body.SigningCertURL, hosts: ['HOST'], path: '/[A-Za-z0-9-]+\.pem'}
                  received_signature: parsed_body.Signature
                  payload: >-
                    $CONCAT([
                      "Message\n", parsed_body.Message, "\nMessageId\n", parsed_body.MessageId,
                      IF parsed_body.Subject == null THEN "" ELSE $CONCAT(["\nSubject\n", parsed_body.Subject]),
                      "\nTimestamp\n", parsed_body.Timestamp, "\nTopicArn\n", parsed_body.TopicArn,
                      "\nType\n", parsed_body.Type, "\n"])
          - all:
              - rule: parsed_body.SignatureVersion == "2"
              - signature: {<<: *topic, hash_mode: SHA-256}
    events: {id: parsed_body.MessageId, data: parsed_body.Message}
    deliver: [out]
"#;

impl Set {
    fn notification(&self, signer: &str, version: &str, url: &str) -> Value {
        let payload = "Message\nhello \u{20ac}\nMessageId\n1-2\nSubject\nnews\nTimestamp\n\
                       2026-01-02T03:04:05.678Z\nTopicArn\narn:topic\nType\nNotification\n";
        let hash = if version == "1" { "sha1" } else { "sha256" };
        json!({
            "Type": "Notification", "MessageId": "1-2", "TopicArn": "arn:topic", "Subject": "news",
            "Message": "hello \u{20ac}", "Timestamp": "2026-01-02T03:04:05.678Z",
            "SignatureVersion": version, "Signature": self.sign(signer, hash, payload),
            "SigningCertURL": url,
        })
    }
}

fn post(path: &str, body: &Value) -> Vec<u8> {
    request("POST", path, &[("Content-Type", "application/json")], body.to_string())
}

#[track_caller]
fn assert_told(server: &Tympan, why: &str) {
    server.wait_for_log(|line| {
        let says = |key: &str| line[key].as_str().is_some_and(|it| it.contains(why));
        says("why") || says("reason") || says("detail")
    });
}

#[test]
fn a_certificate_is_fetched_once_and_proves_both_versions() {
    let set = Set::new(TOPIC);
    set.rsa("topic", "");
    set.serve("/a-1.pem", "topic.crt");
    let server = Tympan::start_in(&set.folder);
    let url = set.host.url("/a-1.pem");
    for (index, version) in ["1", "2", "1", "2"].into_iter().enumerate() {
        let good = set.notification("topic", version, &url);
        assert_eq!(server.ask(&post("/topic", &good)).status, 200, "{}", server.log_text());
        let event = wait_until("it arrives", || server.events().into_iter().nth(index));
        assert_eq!(event["data"], "hello \u{20ac}");
    }
    assert_eq!(set.host.count(), 1, "{:?}", set.host.asked());
    let head = set.host.asked().remove(0);
    assert!(head.starts_with("GET /a-1.pem HTTP/1.1\r\n"), "{head}");
    assert!(head.to_lowercase().contains(&format!("host: {}\r\n", set.host.name())), "{head}");

    let good = set.notification("topic", "2", &url);
    for (key, value) in [
        ("Message", json!("hello")),
        ("MessageId", json!("1-3")),
        ("Subject", json!(null)),
        ("Subject", json!("news\nTimestamp\n2026-01-02T03:04:05.678Z")),
        ("Timestamp", json!(null)),
        ("TopicArn", json!("arn:other")),
        ("Type", json!("SubscriptionConfirmation")),
        ("SignatureVersion", json!("1")),
        ("SignatureVersion", json!("3")),
        ("Signature", json!("")),
        ("Signature", json!("AAAA")),
        ("Signature", json!(null)),
        ("SigningCertURL", json!(null)),
        ("SigningCertURL", json!([url])),
    ] {
        let mut other = good.clone();
        other[key] = value.clone();
        assert_eq!(server.ask(&post("/topic", &other)).status, 401, "{key}: {value}");
    }
    assert_eq!(set.host.count(), 1);
}

#[test]
fn no_other_host_is_ever_called() {
    let set = Set::new(TOPIC);
    set.rsa("topic", "");
    set.serve("/a.pem", "topic.crt");
    let server = Tympan::start_in(&set.folder);
    let name = set.host.name();
    let port = name.rsplit(':').next().unwrap().to_owned();
    let good = set.notification("topic", "2", &set.host.url("/a.pem"));
    let nothing = server.ask(&post("/topic", &json!({}))).without_date();
    assert_eq!(nothing.status, 401);
    for url in [
        format!("http://{name}/a.pem"),
        format!("https://{name}@127.0.0.1:{port}/a.pem"),
        format!("https://127.0.0.1:{port}/a.pem"),
        format!("https://[::1]:{port}/a.pem"),
        format!("https://LOCALHOST.:{port}/a.pem"),
        "https://localhost/a.pem".to_owned(),
        format!("https://{name}.stranger.example/a.pem"),
        format!("https://stranger.example/{name}/a.pem"),
        format!("https://{name}/a.pem?x=.pem"),
        format!("https://{name}/a.pem#.pem"),
        format!("https://{name}/x/../a.pem"),
        format!("https://{name}/a.txt"),
        format!("https://{name}/%61.pem"),
        format!("https://user@{name}/a.pem"),
        format!("https://{name}\\a.pem"),
        format!("https://{name}/a.pem\r\nX: y"),
        format!(" https://{name}/a.pem"),
        format!("file://{name}/a.pem"),
        "/a.pem".to_owned(),
    ] {
        let mut other = good.clone();
        other["SigningCertURL"] = json!(url);
        let response = server.ask(&post("/topic", &other)).without_date();
        assert_eq!(response, nothing, "{url}");
    }
    assert_eq!(set.host.count(), 0, "{:?}", set.host.asked());
    assert_eq!(server.events(), Vec::<Value>::new());
    assert_eq!(server.ask(&post("/topic", &good)).status, 200, "{}", server.log_text());
}

/// As events of payments are signed: headers name the certificate, for which an authority vouches.
fn payment(authority: &str) -> String {
    format!(
        r#"
  payment:
    path: /payment
    verification:
      - signature:
          algorithm: RSA
          encoding: base64
          certificate:
            url: headers["X-Cert-Url"]
            hosts: ['HOST']
            issued_to: signatures.example.com
            authority: {authority}
          received_signature: headers["X-Transmission-Sig"]
          payload: >-
            $CONCAT([headers["X-Transmission-Id"], signature_timestamp, "hook", raw_body.$CRC32().$UNSIGNED()], "|")
          timestamp: {{value: 'headers["X-Transmission-Time"]', unit: RFC-3339, tolerance: 10m}}
      - rule: headers["X-Auth-Algo"] == "SHA256withRSA"
    events: {{data: parsed_body}}
    deliver: [out]
"#
    )
}

#[test]
fn an_authority_has_to_vouch_for_the_right_name() {
    let set = Set::new("");
    authority(&set.folder, "root");
    signed(&set.folder, "between", "root", "-addext basicConstraints=critical,CA:TRUE");
    authority(&set.folder, "other");
    let by_between = "-CA between.crt -CAkey between.key";
    let by_other = "-CA other.crt -CAkey other.key";
    let own = "-addext subjectAltName=DNS:signatures.example.com";
    for (name, options) in [
        ("good", format!("{by_between} {own}")),
        ("named-otherwise", format!("{by_between} -addext subjectAltName=DNS:example.com")),
        ("of-another", format!("{by_other} {own}")),
        ("of-itself", own.to_owned()),
    ] {
        set.rsa(name, &options);
        let chain = [text(&set.folder, &format!("{name}.crt")), text(&set.folder, "between.crt")];
        let path = format!("/certs/{name}");
        set.host.set(&path, Answer::new("200 OK", chain.concat()));
    }
    set.serve("/certs/alone", "good.crt");

    let root = serde_json::to_string(&text(&set.folder, "root.crt")).unwrap();
    let listeners = text(&set.folder, "listeners.yaml") + &payment(&root);
    set.folder.write("listeners.yaml", listeners.replace("HOST", &set.host.name()));
    let server = Tympan::start_in(&set.folder);

    let body = r#"{"event_type": "PAYMENT"}"#;
    let now = now();
    let crc = 3_389_551_766_u32;
    let send = |signer: &str, path: &str| {
        let tag = set.sign(signer, "sha256", &format!("id|{now}|hook|{crc}"));
        let url = set.host.url(path);
        let headers = [
            ("X-Cert-Url", url.as_str()),
            ("X-Transmission-Id", "id"),
            ("X-Transmission-Time", now.as_str()),
            ("X-Transmission-Sig", &tag),
            ("X-Auth-Algo", "SHA256withRSA"),
            ("Content-Type", "application/json"),
        ];
        server.ask(&request("POST", "/payment", &headers, body)).status
    };
    assert_eq!(send("good", "/certs/good"), 200, "{}", server.log_text());
    assert_eq!(server.wait_for_event()["data"]["event_type"], "PAYMENT");
    assert_eq!(send("of-itself", "/certs/good"), 401);
    for (signer, why) in [
        ("named-otherwise", "not that of signatures.example.com"),
        ("of-another", "nobody who is trusted vouches"),
        ("of-itself", "nobody who is trusted vouches"),
    ] {
        assert_eq!(send(signer, &format!("/certs/{signer}")), 503, "{signer}");
        assert_told(&server, why);
    }
    assert_eq!(send("good", "/certs/alone"), 503, "those between have to stand behind it");
    assert_eq!(send("good", "/certs/good"), 200);
}

fn now() -> String {
    let now = std::process::Command::new("date").args(["-u", "+%Y-%m-%dT%H:%M:%SZ"]).output();
    String::from_utf8(now.unwrap().stdout).unwrap().trim().to_owned()
}

#[test]
fn only_certificates_that_count_now_and_hold_the_right_key() {
    let set = Set::new(TOPIC);
    set.rsa("ended", "");
    openssl(&set.folder, "x509 -in ended.crt -signkey ended.key -days -1 -out ended.crt");
    certificate(&set.folder, "curve", "");
    let server = Tympan::start_in(&set.folder);
    for (name, why) in [("ended", "counts no longer"), ("curve", "the key of another algorithm")] {
        let path = format!("/{name}.pem");
        set.serve(&path, &format!("{name}.crt"));
        let one = set.notification(name, "2", &set.host.url(&path));
        assert_eq!(server.ask(&post("/topic", &one)).status, 401, "{name}");
        assert_told(&server, why);
    }
}

#[test]
fn what_is_no_certificate_is_none() {
    let set = Set::new(TOPIC);
    set.rsa("topic", "");
    let pem = text(&set.folder, "topic.crt");
    let key = text(&set.folder, "topic.key");
    let server = Tympan::start_in(&set.folder);
    let quoted = format!(r#"{{"CustomUserData": "{}"}}"#, pem.replace('\n', "\\n"));
    for (index, (answer, why)) in [
        (Answer::new("200 OK", ""), "no certificate"),
        (Answer::new("200 OK", "<html></html>"), "no certificate"),
        (Answer::new("200 OK", quoted), "no certificate"),
        (Answer::new("200 OK", format!("x\n{pem}")), "no certificate"),
        (Answer::new("200 OK", format!("{pem}{key}")), "it holds a private key"),
        (Answer::new("200 OK", &pem.as_bytes()[..200]), "it is no PEM"),
        (Answer::new("404 Not Found", pem.clone()), "it answers 404"),
        (Answer::new("204 No Content", ""), "it answers 204"),
        (
            Answer::Bytes(
                b"HTTP/1.1 302 Found\r\nLocation: /good.pem\r\nContent-Length: 0\r\n\r\n".into(),
            ),
            "redirects are not followed",
        ),
        (Answer::Bytes(b"nonsense\r\n\r\n".into()), "the connection broke"),
    ]
    .into_iter()
    .enumerate()
    {
        let path = format!("/{index}.pem");
        set.host.set(&path, answer);
        let mark = server.log_mark();
        let one = set.notification("topic", "2", &set.host.url(&path));
        assert_eq!(server.ask(&post("/topic", &one)).status, 503, "{index}");
        server.wait_for_log_since(mark, |line| {
            line["why"].as_str().is_some_and(|it| it.contains(why))
        });
    }
    assert!(set.host.asked().iter().all(|head| !head.contains("good")), "redirected");
}

#[test]
fn hosts_that_hang_or_send_without_end_hold_up_nobody_else() {
    let set = Set::new(TOPIC);
    set.rsa("topic", "");
    set.host.set("/hang.pem", Answer::Hang);
    set.host.set("/huge.pem", Answer::Huge);
    set.serve("/good.pem", "topic.crt");
    let server = Tympan::start_in(&set.folder);
    let begun = Instant::now();
    let one = |path: &str| post("/topic", &set.notification("topic", "2", &set.host.url(path)));
    let mut hanging = server.connect();
    hanging.send(one("/hang.pem"));
    wait_until("it is asked", || (set.host.count() > 0).then_some(()));
    assert_eq!(server.ask(&request("POST", "/keeper?key=keeper", &[], "{}")).status, 200);
    assert_eq!(server.ask(&one("/good.pem")).status, 200);
    let huge = server.ask(&one("/huge.pem"));
    assert_eq!(huge.status, 503);
    assert!(huge.header("retry-after").is_some());
    assert_told(&server, "larger than 65536 bytes");
    assert_eq!(hanging.response().status, 503);
    assert_told(&server, "no whole answer within 5s");
    assert!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());
}

#[test]
fn whoever_names_many_certificates_has_few_fetched() {
    let set = Set::new(&format!(
        "{TOPIC}{}",
        TOPIC
            .replace("topic:\n    path: /topic", "own:\n    path: /own")
            .replace("&topic", "&own")
            .replace("*topic", "*own")
    ));
    set.rsa("topic", "");
    set.serve("/good.pem", "topic.crt");
    let server = Tympan::start_in(&set.folder);
    let good = set.notification("topic", "2", &set.host.url("/good.pem"));
    assert_eq!(server.ask(&post("/topic", &good)).status, 200, "{}", server.log_text());
    for index in 0..50 {
        let mut forged = good.clone();
        forged["SigningCertURL"] = json!(set.host.url(&format!("/{index}.pem")));
        assert_eq!(server.ask(&post("/topic", &forged)).status, 503);
    }
    assert!(set.host.count() <= 12, "{} times", set.host.count());
    assert_told(&server, "too many in the last minute");
    let log = server.log_text();
    let n_lines = log.matches("too many in the last minute").count();
    assert!(n_lines <= 2, "a stranger fills no log: {log}");
    // What is known goes on, and so do other listeners.
    assert_eq!(server.ask(&post("/topic", &good)).status, 200);
    assert_eq!(server.ask(&post("/own", &good)).status, 200);
    set.serve("/more.pem", "topic.crt");
    let more = set.notification("topic", "2", &set.host.url("/more.pem"));
    assert_eq!(server.ask(&post("/own", &more)).status, 200);
}

#[test]
fn authorities_of_our_own_hosts_are_watched_and_needed() {
    let set = Set::new(TOPIC);
    set.rsa("topic", "");
    set.serve("/good.pem", "topic.crt");
    let right = text(&set.folder, "ca.crt");
    authority(&set.folder, "wrong");
    set.folder.write("ca.crt", text(&set.folder, "wrong.crt"));
    let server = Tympan::start_in(&set.folder);
    let good = post("/topic", &set.notification("topic", "2", &set.host.url("/good.pem")));
    assert_eq!(server.ask(&good).status, 503);
    assert_told(&server, "the host does not prove who it is");
    assert_eq!(set.host.count(), 0);
    set.folder.write("ca.crt", &right);
    wait_until("the authority is taken", || (server.ask(&good).status == 200).then_some(()));
}

#[test]
fn a_host_that_a_request_chose_has_to_be_public() {
    // `localhost` is none that the operator wrote: a pattern lets it in, and its address does not.
    let listeners = TOPIC.replace("hosts: ['HOST']", r"host_pattern: 'local[a-z]+:\d+|x\.test'");
    let set = Set::new(&listeners);
    let text_of = text(&set.folder, "listeners.yaml");
    set.rsa("topic", "");
    set.serve("/good.pem", "topic.crt");
    let server = Tympan::start_in(&set.folder);
    let good = post("/topic", &set.notification("topic", "2", &set.host.url("/good.pem")));
    assert_eq!(server.ask(&good).status, 503, "{}", server.log_text());
    assert_told(&server, "which is out of reach");
    assert_eq!(set.host.count(), 0);
    drop(server);

    let egress = "egress: {ca: ca.crt, allow: ['127.0.0.0/8', '::1']}";
    set.folder.write("listeners.yaml", text_of.replace("egress: {ca: ca.crt}", egress));
    let server = Tympan::start_in(&set.folder);
    assert_eq!(server.ask(&good).status, 200, "{}", server.log_text());
    drop(server);

    let egress = "egress: {ca: ca.crt, allow: [127.0.0.0/8], deny: [127.0.0.1, '::1']}";
    set.folder.write("listeners.yaml", text_of.replace("egress: {ca: ca.crt}", egress));
    let server = Tympan::start_in(&set.folder);
    assert_eq!(server.ask(&good).status, 503, "{}", server.log_text());
}
