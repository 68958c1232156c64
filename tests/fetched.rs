//! Keys that are asked for one by one: what is sent for them, and what becomes of hosts that do not
//! answer as they should.

use std::fs;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;
use tympan_core::scheme::Encoding;

use crate::host::Answer;
use crate::host::Host;
use crate::host::text;
use crate::jwt;
use crate::process::Folder;
use crate::process::Response;
use crate::process::Tympan;
use crate::process::request;
use crate::process::wait_until;
use crate::wire::openssl;

const BODY: &str = r#"{"id":"1"}"#;
const SECRET: &str = "what proves who asks for a key";

const LISTENERS: &str = r#"version: 1
server: {listen: [127.0.0.1:0]}
egress: {ca: ca.crt}
secrets: {key: {file: key}}
destinations: {out: {stdout: {}}}
defaults: {deliver: [out], accept: any}
listeners:
  keeper:
    path: /keeper
    verification: {token: {secret: key, received_token: query_params.key}}
  bare:
    path: /bare
    verification:
      signature:
        algorithm: RSA
        encoding: base64
        received_signature: headers["X-Proof"]
        fetched_key:
          url: $CONCAT(["https://HOST", headers["X-Key"]])
          hosts: [HOST]
          path: '/keys/[a-z0-9-]+\.pem'
  proved:
    path: /proved
    verification:
      signature:
        algorithm: RSA
        encoding: base64
        received_signature: headers["X-Proof"]
        fetched_key:
          url: $CONCAT(["https://HOST/keys/", headers["X-Key"]])
          hosts: [HOST]
          oauth: {token_url: 'https://HOST/token', client_id: us, client_secret: key, scope: keys}
          key: parsed_body.key
  posted:
    path: /posted
    verification:
      jwt:
        token: headers["X-Proof"]
        algorithms: EdDSA
        fetched_key:
          url: '"https://HOST/key/get"'
          hosts: [HOST]
          fields:
            client: '"us"'
            secret: {secret: key}
            key_id: headers["X-Proof"].$SPLIT(".")[0].$BASE64URL_DECODE().$PARSE_JSON().kid
          key: IF parsed_body.key.ended == NULL THEN parsed_body.key ELSE NULL
        claims: {body: raw_body.$SHA256().$HEX_ENCODE()}
        expiry: optional
"#;

/// A server, the host of its senders' keys, and the senders.
struct Set {
    folder: Folder,
    host: Host,
    server: Tympan,
}

impl Set {
    fn start() -> Self {
        let folder = Folder::new("");
        let host = Host::start(&folder);
        folder.write("key", SECRET);
        folder.write("listeners.yaml", LISTENERS.replace("HOST", &host.name()));
        openssl(&folder, "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem");
        openssl(&folder, "pkey -in rsa.pem -pubout -out rsa.pub");
        openssl(&folder, "genpkey -algorithm ed25519 -out ed25519.pem");
        openssl(&folder, "pkey -in ed25519.pem -pubout -out ed25519.pub");
        let server = Tympan::start_in(&folder);
        Self { folder, host, server }
    }

    /// What a sender signs, whose key is called this.
    fn send(&self, listener: &str, key: &str) -> Response {
        let proof = if listener == "posted" {
            let claims =
                json!({"body": const_hex::encode(<sha2::Sha256 as sha2::Digest>::digest(BODY))});
            let sign = "pkeyutl -sign -rawin -inkey ed25519.pem -in .message -out .tag";
            jwt::sign(&self.folder, &json!({"alg": "EdDSA", "kid": key}), &claims, sign)
        } else {
            self.folder.write("body", BODY);
            openssl(&self.folder, "dgst -sha256 -sign rsa.pem -out .tag body");
            Encoding::Base64.encode(&fs::read(self.folder.path(".tag")).unwrap())
        };
        self.send_with(listener, key, &proof)
    }

    fn send_with(&self, listener: &str, key: &str, proof: &str) -> Response {
        let headers = [("X-Proof", proof), ("X-Key", key)];
        self.server.ask(&request("POST", &format!("/{listener}"), &headers, BODY))
    }

    /// The public key that a listener's sender signs with, as its host answers it.
    fn answer(&self, listener: &str) -> String {
        match listener {
            "bare" => text(&self.folder, "rsa.pub"),
            // On one line, as others put it into JSON.
            "proved" => json!({"key": text(&self.folder, "rsa.pub").replace('\n', "")}).to_string(),
            _ => {
                let pem = text(&self.folder, "ed25519.pub");
                let der = Encoding::Base64.decode_all(pem.lines().nth(1).unwrap()).unwrap();
                let x = Encoding::Base64Url.encode(&der[der.len() - 32..]);
                json!({"key": {"kty": "OKP", "crv": "Ed25519", "x": x, "ended": null}}).to_string()
            }
        }
    }
}

/// The listeners, how their keys are called, and where these are.
const ALL: [(&str, &str, &str); 3] = [
    ("bare", "/keys/KEY.pem", "/keys/KEY.pem"),
    ("proved", "KEY", "/keys/KEY"),
    ("posted", "KEY", "/key/get"),
];

#[test]
fn what_is_sent_for_a_key() {
    let set = Set::start();
    set.host.set("/token", Answer::new("200 OK", r#"{"access_token":"an-access-token"}"#));
    for (listener, key, path) in ALL {
        let key = key.replace("KEY", "k-1");
        set.host.set(&path.replace("KEY", "k-1"), Answer::new("200 OK", set.answer(listener)));
        let before = set.host.count();
        for _ in 0..5 {
            assert_eq!(set.send(listener, &key).status, 200, "{}", set.server.log_text());
        }
        let asked = set.host.asked().split_off(before);
        match (listener, &asked[..]) {
            ("bare", [get]) => assert!(get.starts_with("GET /keys/k-1.pem HTTP/1.1\r\n"), "{get}"),
            ("proved", [token, get]) => {
                assert!(token.starts_with("POST /token HTTP/1.1\r\n"), "{token}");
                let basic =
                    Encoding::Base64.encode(format!("us:{}", SECRET.replace(' ', "+")).as_bytes());
                let plain = Encoding::Base64.encode(format!("us:{SECRET}").as_bytes());
                assert!(token.contains(&basic) || token.contains(&plain), "{token}");
                assert!(token.ends_with("grant_type=client_credentials&scope=keys"), "{token}");
                assert!(get.starts_with("GET /keys/k-1 HTTP/1.1\r\n"), "{get}");
                assert!(get.contains("authorization: Bearer an-access-token\r\n"), "{get}");
            }
            ("posted", [post]) => {
                assert!(post.starts_with("POST /key/get HTTP/1.1\r\n"), "{post}");
                assert!(post.contains("content-type: application/json\r\n"), "{post}");
                let (_, body) = post.split_once("\r\n\r\n").unwrap();
                let fields: Value = serde_json::from_str(body).unwrap();
                assert_eq!(fields, json!({"client": "us", "secret": SECRET, "key_id": "k-1"}));
            }
            asked => panic!("{asked:?}"),
        }
    }
    let log = set.server.log_text();
    assert!(!log.contains(SECRET) && !log.contains("an-access-token"), "{log}");
}

/// Whatever the host does, nobody waits for long, nothing is taken for a key, and what was known goes on.
#[test]
fn hosts_that_do_not_answer_as_they_should() {
    let set = Set::start();
    set.host.set("/token", Answer::new("200 OK", r#"{"access_token":"an-access-token"}"#));
    for (listener, key, path) in ALL {
        let named = |id: &str| (key.replace("KEY", id), path.replace("KEY", id));
        let good = named("good");
        set.host.set(&good.1, Answer::new("200 OK", set.answer(listener)));
        assert_eq!(set.send(listener, &good.0).status, 200, "{}", set.server.log_text());
        let elsewhere = format!("302 Found\r\nLocation: {}", set.host.url("/keys/good.pem"));
        let cases = [
            ("hangs", Answer::Hang, 503, "no whole answer within 5s"),
            ("huge", Answer::Huge, 503, "larger than 65536 bytes"),
            ("moved", Answer::new(&elsewhere, ""), 503, "redirects are not followed"),
            ("gone", Answer::new("404 Not Found", "{}"), 503, "it answers 404"),
            ("page", Answer::new("200 OK", "<html>"), 503, "cannot be fetched"),
            (
                "cut",
                Answer::Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{".to_vec()),
                503,
                "broke",
            ),
        ];
        for (id, answer, status, why) in cases {
            let (key, path) = named(id);
            set.host.set(&path, answer);
            let (mark, began) = (set.server.log_mark(), Instant::now());
            let response = set.send(listener, &key);
            assert_eq!(response.status, status, "{listener}: {id}: {}", response.text());
            assert!(began.elapsed() < Duration::from_secs(20), "{listener}: {id}");
            assert!(!response.text().contains("key"), "{listener}: {id}: {}", response.text());
            let is_told = |line: &Value| line.to_string().contains(why);
            set.server.wait_for_log_since(mark, is_told);
            // What came before goes on, whatever stands there now, and is not asked for again.
            let before = set.host.count();
            assert_eq!(set.send(listener, &good.0).status, 200, "{listener}: {id}");
            assert_eq!(set.host.count(), before, "{listener}: {id}");
        }
    }
    let keeper = request("POST", &format!("/keeper?key={}", SECRET.replace(' ', "%20")), &[], "{}");
    assert_eq!(set.server.ask(&keeper).status, 200);
}

/// A key that ends, or is of another kind, proves nothing, and who signs with another is refused.
#[test]
fn only_the_key_that_is_named_proves_anything() {
    let set = Set::start();
    set.host.set("/token", Answer::new("200 OK", r#"{"access_token":"an-access-token"}"#));
    let ended = set.answer("posted").replace(r#""ended":null"#, r#""ended":7"#);
    set.host.set("/key/get", Answer::new("200 OK", ended));
    let nothing = set.send_with("posted", "", "a.b.c").without_date();
    assert_eq!(set.send("posted", "ended").without_date(), nothing);
    assert_eq!(nothing.status, 401);

    let other = text(&set.folder, "ed25519.pub");
    set.host.set("/keys/other.pem", Answer::new("200 OK", &other));
    set.host.set("/keys/other", Answer::new("200 OK", json!({"key": other}).to_string()));
    set.host.set("/keys/none", Answer::new("200 OK", "{}"));
    openssl(&set.folder, "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out stranger.pem");
    openssl(&set.folder, "pkey -in stranger.pem -pubout -out stranger.pub");
    set.host.set("/keys/stranger.pem", Answer::new("200 OK", text(&set.folder, "stranger.pub")));
    for (listener, key) in [
        ("bare", "/keys/other.pem"),
        ("proved", "other"),
        ("proved", "none"),
        ("bare", "/keys/stranger.pem"),
    ] {
        assert_eq!(set.send(listener, key).status, 401, "{listener}: {key}");
    }
    assert_eq!(set.server.events(), Vec::<Value>::new());
}

/// Who names another host, or sends no proof, has nothing asked for; and who names many keys has few
/// of them asked for.
#[test]
fn nobody_has_much_asked_for() {
    let set = Set::start();
    for key in [
        "@127.0.0.1/keys/a.pem",
        ".stranger.example/keys/a.pem",
        ":1/keys/a.pem",
        "/keys/../a.pem",
        "/keys/a.pem?x=/keys/a.pem",
        "/other/a.pem",
        "/keys/A.pem",
        "",
    ] {
        assert_eq!(set.send("bare", key).status, 401, "{key}");
    }
    assert_eq!(set.send_with("bare", "/keys/a.pem", "").status, 401);
    assert_eq!(set.host.asked(), Vec::<String>::new());

    assert_eq!(set.send("posted", &"k".repeat(2047)).status, 401);
    set.server.wait_for_log(|line| line.to_string().contains("is longer than 2048 bytes"));
    assert_eq!(set.host.asked(), Vec::<String>::new());

    set.host.set("/keys/good.pem", Answer::new("200 OK", set.answer("bare")));
    let began = Instant::now();
    assert_eq!(set.send("bare", "/keys/good.pem").status, 200);
    for index in 0..30 {
        let response = set.send("bare", &format!("/keys/{index}.pem"));
        assert_eq!(response.status, 503, "{index}");
    }
    // One more every six seconds.
    let most = 10 + began.elapsed().as_secs() / 6;
    assert!((10..=most).contains(&(set.host.count() as u64)), "{most}");
    assert_eq!(set.send("bare", "/keys/good.pem").status, 200);
    // Others have a share of their own.
    set.host.set("/key/get", Answer::new("200 OK", set.answer("posted")));
    assert_eq!(set.send("posted", "k-1").status, 200);
    wait_until("both events and the last", || (set.server.events().len() == 3).then_some(()));
}

/// A token that is refused is told with its reason, and without what was sent for it.
#[test]
fn a_token_that_is_refused() {
    let set = Set::start();
    let said = json!({"error": "invalid_client", "error_description": format!("not {SECRET}")});
    set.host.set("/token", Answer::new("401 Unauthorized", said.to_string()));
    assert_eq!(set.send("proved", "k-1").status, 503);
    set.server.wait_for_log(|line| {
        let line = line.to_string();
        line.contains("no access token: 401 not ***") && !line.contains(SECRET)
    });
    assert!(set.host.asked().iter().all(|asked| !asked.starts_with("GET")));
}

/// Without what proves who asks, a listener serves nobody, and says why.
#[test]
fn a_secret_that_is_missing() {
    let set = Set::start();
    fs::remove_file(set.folder.path("key")).unwrap();
    let server = Tympan::start_in(&set.folder);
    let line =
        server.wait_for_log(|line| line["listener"] == "posted" && line["message"] == "listener");
    assert!(line["state"].as_str().unwrap().contains("key"), "{line}");
    let response = server.ask(&request("POST", "/posted", &[("X-Proof", "a.b.c")], BODY));
    assert_eq!(response.status, 503);
}
