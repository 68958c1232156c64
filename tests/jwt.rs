//! Tokens that somebody else has signed, and the keys of who signs.

use std::io::Read;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;
use std::time::Instant;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use hmac::Hmac;
use hmac::KeyInit;
use hmac::Mac;
use serde_json::Value;
use serde_json::json;
use sha2::Digest;
use sha2::Sha256;
use sha2::Sha512;

use crate::process::Folder;
use crate::process::Tympan;
use crate::process::request;
use crate::wire::openssl;

const KEY: &str = "a key that is long enough for anyone";
const BODY: &str = r#"{"a": 1}"#;

fn base64url(bytes: impl AsRef<[u8]>) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut encoded = String::new();
    for chunk in bytes.as_ref().chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - chunk.len()));
        for index in 0..=chunk.len() {
            encoded.push(DIGITS[(bits >> (18 - 6 * index)) as usize & 63].into());
        }
    }
    encoded
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap()
}

fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}", base64url(header.to_string()), base64url(claims.to_string()))
}

pub(crate) fn hs256(header: &Value, claims: &Value, key: impl AsRef<[u8]>) -> String {
    let unsigned = unsigned(header, claims);
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_ref()).unwrap();
    mac.update(unsigned.as_bytes());
    format!("{unsigned}.{}", base64url(mac.finalize().into_bytes()))
}

fn bearer(token: &str) -> Vec<u8> {
    delivery("/hook", &format!("Bearer {token}"))
}

fn delivery(path: &str, authorization: &str) -> Vec<u8> {
    request("POST", path, &[("Authorization", authorization)], BODY)
}

/// A listener that takes tokens.
fn hook(jwt: &str) -> Folder {
    let folder = Folder::new(&format!(
        r"version: 1
server: {{listen: [127.0.0.1:0]}}
secrets: {{key: {{file: key}}}}
destinations: {{out: {{stdout: {{}}}}}}
listeners:
  keeper: {{path: /keeper, verification: [{{basic: {{username: a, secret: key}}}}], deliver: [out]}}
  hook:
    path: /hook
    accept: any
    verification: [{{jwt: {jwt}}}]
    deliver: [out]
"
    ));
    folder.write("key", KEY);
    folder
}

#[track_caller]
fn assert_none_passes(server: &Tympan, wrong: &[String]) {
    let nothing = server.ask(&request("POST", "/hook", &[], BODY)).without_date();
    assert_eq!(nothing.status, 401, "{nothing:?}");
    for authorization in wrong {
        let response = server.ask(&delivery("/hook", authorization)).without_date();
        assert_eq!(response, nothing, "{authorization}");
    }
    assert_eq!(server.events(), Vec::<Value>::new());
}

#[test]
fn only_a_whole_token_of_the_right_key_and_algorithm_passes() {
    let server = Tympan::start_in(&hook("{algorithms: HS256, secret: key, issuer: us}"));
    let claims = json!({"iss": "us", "exp": now() + 600});
    let header = json!({"alg": "HS256", "typ": "JWT"});
    let good = hs256(&header, &claims, KEY);
    let mut wrong: Vec<_> = [
        "",
        " ",
        "null",
        "undefined",
        "0",
        "Bearer",
        "Bearer ",
        "Bearer .",
        "Bearer ..",
        "JWT a.b.c",
    ]
    .map(ToOwned::to_owned)
    .into();
    wrong.extend((0..good.len()).map(|end| format!("Bearer {}", &good[..end])));
    wrong.extend([".", "=", "A", "AAAA"].map(|more| format!("Bearer {good}{more}")));
    for (header, key) in [
        (json!({"alg": "none"}), KEY),
        (json!({"alg": "None"}), KEY),
        (json!({"alg": "HS512"}), KEY),
        (json!({"alg": "RS256"}), KEY),
        (json!({"typ": "JWT"}), KEY),
        (json!({"alg": "HS256", "crit": ["exp"]}), KEY),
        (json!({"alg": ["HS256"]}), KEY),
        (header.clone(), ""),
        (header.clone(), "another key"),
        (header.clone(), &format!("{KEY}\n")),
    ] {
        wrong.push(format!("Bearer {}", hs256(&header, &claims, key)));
        wrong.push(format!("Bearer {}.", unsigned(&header, &claims)));
    }
    for claims in [
        json!({"exp": now() + 600}),
        json!({"iss": "them", "exp": now() + 600}),
        json!({"iss": ["us"], "exp": now() + 600}),
        json!({"iss": "us"}),
        json!({"iss": "us", "exp": null}),
        json!({"iss": "us", "exp": "never"}),
        json!({"iss": "us", "exp": now() - 61}),
        json!({"iss": "us", "exp": now() + 600, "nbf": now() + 120}),
        json!({"iss": "us", "exp": 0}),
        json!(["us"]),
    ] {
        wrong.push(format!("Bearer {}", hs256(&header, &claims, KEY)));
    }
    assert_none_passes(&server, &wrong);
    let twice = [("Authorization", good.as_str()), ("Authorization", good.as_str())];
    assert_eq!(server.ask(&request("POST", "/hook", &twice, BODY)).status, 401);

    let lately = json!({"iss": "us", "exp": now() - 5, "nbf": now() + 30});
    for good in [good, hs256(&header, &lately, KEY)] {
        assert_eq!(server.ask(&bearer(&good)).status, 200);
        assert_eq!(server.ask(&delivery("/hook", &good)).status, 200, "the bare token");
    }
    server.wait_for_event();
    assert!(!server.log_text().contains(KEY));
}

#[test]
fn a_token_is_for_us_and_of_this_request() {
    let jwt = r#"
        token: headers["X-Token"]
        algorithms: [HS256, HS384]
        secret: key
        audience: [us, ours]
        max_age: 5m
        claims:
          body: raw_body.$SHA256().$HEX_ENCODE()
          url: request_url.$SHA256().$HEX_ENCODE()
          verified: true
          azp: ['"a"', '"b"']
          tenant: headers["X-Tenant"]"#;
    // A list of expressions is one expression.
    let jwt = jwt.replace(r#"['"a"', '"b"']"#, r#"'["a", "b"]'"#);
    let folder = hook("{algorithms: HS256, secret: key}");
    let text = std::fs::read_to_string(folder.path("listeners.yaml")).unwrap();
    folder.write(
        "listeners.yaml",
        text.replace("[{jwt: {algorithms: HS256, secret: key}}]", &format!("\n      jwt:{jwt}")),
    );
    let server = Tympan::start_in(&folder);
    let hash = |text: &str| const_hex::encode(Sha256::digest(text));
    let claims = json!({
        "aud": ["them", "us"], "iat": now() - 100, "body": hash(BODY),
        "url": hash("http://localhost/hook?a=1"), "verified": true, "azp": "b", "tenant": "t",
    });
    let ask = |claims: &Value, tenant: Option<&str>, body: &str| {
        let token = hs256(&json!({"alg": "HS256"}), claims, KEY);
        let mut headers = vec![("X-Token", token.as_str())];
        headers.extend(tenant.map(|tenant| ("X-Tenant", tenant)));
        server.ask(&request("POST", "/hook?a=1", &headers, body)).status
    };
    assert_eq!(ask(&claims, Some("t"), BODY), 200, "{}", server.log_text());
    assert_eq!(ask(&claims, Some("t"), &format!("{BODY} ")), 401);
    assert_eq!(ask(&claims, Some("u"), BODY), 401);
    assert_eq!(ask(&claims, None, BODY), 401);
    for (claim, value) in [
        ("aud", json!("them")),
        ("aud", json!(null)),
        ("aud", json!([])),
        ("iat", json!(null)),
        ("iat", json!(now() - 400)),
        ("iat", json!(now() + 100)),
        ("body", json!(hash("{}"))),
        ("body", json!("")),
        ("url", json!(hash("http://localhost/hook"))),
        ("verified", json!("true")),
        ("verified", json!(false)),
        ("azp", json!("c")),
        ("azp", json!(["a"])),
        ("tenant", json!(null)),
    ] {
        let mut other = claims.clone();
        other[claim] = value.clone();
        assert_eq!(ask(&other, Some("t"), BODY), 401, "{claim}: {value}");
    }
    // What is missing on both sides is no match.
    let mut without = claims;
    without.as_object_mut().unwrap().remove("tenant");
    assert_eq!(ask(&without, None, BODY), 401);
}

#[test]
fn a_body_that_is_a_token_and_a_list_of_tokens() {
    let server = Tympan::start_in(&hook("{token: raw_body, algorithms: HS256, secret: key}"));
    let token = |exp| hs256(&json!({"alg": "HS256"}), &json!({"exp": exp}), KEY);
    let ask = |body: &str| server.ask(&request("POST", "/hook", &[], body)).status;
    assert_eq!(ask(&token(now() + 60)), 200);
    assert_eq!(ask(&format!("{}\n", token(now() + 60))), 200);
    assert_eq!((ask(&token(0)), ask(""), ask("{}"), ask("a.b.c")), (401, 401, 401, 401));

    let server = Tympan::start_in(&hook(
        "{token: parsed_body.tokens, algorithms: HS256, secret: key, expiry: optional}",
    ));
    let good = hs256(&json!({"alg": "HS256"}), &json!({}), KEY);
    let bad = hs256(&json!({"alg": "HS256"}), &json!({}), "x");
    let ask = |tokens: Value| {
        let body = json!({"tokens": tokens}).to_string();
        let json = [("Content-Type", "application/json")];
        server.ask(&request("POST", "/hook", &json, body)).status
    };
    assert_eq!((ask(json!([good])), ask(json!([good, good]))), (200, 200));
    for wrong in [json!([]), json!([good, bad]), json!([bad]), json!(null), json!([good, 1])] {
        assert_eq!(ask(wrong.clone()), 401, "{wrong}");
    }
    assert_eq!(ask(json!(vec![good; 21])), 401);
}

/// Signs by a command of `openssl` that makes `.tag` of `.message`.
pub(crate) fn sign(folder: &Folder, header: &Value, claims: &Value, command: &str) -> String {
    let unsigned = unsigned(header, claims);
    std::fs::write(folder.path(".message"), &unsigned).unwrap();
    openssl(folder, command);
    let tag = std::fs::read(folder.path(".tag")).unwrap();
    format!("{unsigned}.{}", base64url(tag))
}

#[test]
fn public_keys_never_are_secrets() {
    let folder = hook("{algorithms: HS256, secret: key}");
    openssl(&folder, "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem");
    openssl(&folder, "pkey -in rsa.pem -pubout -out rsa.pub");
    let pem = std::fs::read_to_string(folder.path("rsa.pub")).unwrap();
    let text = std::fs::read_to_string(folder.path("listeners.yaml")).unwrap();
    let jwt = format!(
        "{{algorithms: [RS256, PS256], issuer: us, audience: us, public_key: {{pem: {}}}}}",
        serde_json::to_string(&pem).unwrap()
    );
    folder.write("listeners.yaml", text.replace("{algorithms: HS256, secret: key}", &jwt));
    let server = Tympan::start_in(&folder);
    let claims = json!({"iss": "us", "aud": "us", "exp": now() + 600});
    let rs256 = "dgst -sha256 -sign rsa.pem -out .tag .message";
    let good = sign(&folder, &json!({"alg": "RS256"}), &claims, rs256);
    let pss = "dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -sign rsa.pem \
               -out .tag .message";
    let also_good = sign(&folder, &json!({"alg": "PS256"}), &claims, pss);
    let mut wrong = vec![
        hs256(&json!({"alg": "HS256"}), &claims, &pem),
        hs256(&json!({"alg": "HS256"}), &claims, pem.trim_end()),
        hs256(&json!({"alg": "RS256"}), &claims, &pem),
        sign(&folder, &json!({"alg": "PS256"}), &claims, rs256),
        sign(&folder, &json!({"alg": "RS384"}), &claims, rs256),
        sign(
            &folder,
            &json!({"alg": "RS256"}),
            &claims,
            "dgst -sha512 -sign rsa.pem -out .tag .message",
        ),
        format!("{}.", unsigned(&json!({"alg": "none"}), &claims)),
    ];
    wrong.push(good[..good.len() - 4].to_owned());
    let wrong: Vec<_> = wrong.iter().map(|token| format!("Bearer {token}")).collect();
    assert_none_passes(&server, &wrong);
    for good in [good, also_good] {
        assert_eq!(server.ask(&bearer(&good)).status, 200, "{}", server.log_text());
    }
}

// Keys that are fetched.

/// A server of keys that answers what it is told to, and counts.
struct Keys {
    address: SocketAddr,
    answer: Arc<Mutex<Vec<u8>>>,
    count: Arc<AtomicUsize>,
}

impl Keys {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let keys = Self {
            address: listener.local_addr().unwrap(),
            answer: Arc::default(),
            count: Arc::default(),
        };
        let (answer, count) = (Arc::clone(&keys.answer), Arc::clone(&keys.count));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (answer, count) = (Arc::clone(&answer), Arc::clone(&count));
                thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    let mut head = [0; 4096];
                    // It has asked once its head is there, which is small.
                    let _ = stream.read(&mut head);
                    count.fetch_add(1, Ordering::SeqCst);
                    let answer = answer.lock().unwrap().clone();
                    if answer.is_empty() {
                        // It hangs until the other side gives up.
                        let _ = stream.read(&mut head);
                    } else if answer == b"for ever" {
                        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
                        while stream.write_all(&[b' '; 4 << 10]).is_ok() {}
                    } else {
                        let _ = stream.write_all(&answer);
                    }
                });
            }
        });
        keys
    }

    fn set(&self, status: &str, body: &str) {
        let length = body.len();
        *self.answer.lock().unwrap() =
            format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{body}").into_bytes();
    }

    fn raw(&self, answer: &[u8]) {
        *self.answer.lock().unwrap() = answer.to_vec();
    }

    fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    fn hook(&self) -> Folder {
        hook(&format!(
            "{{algorithms: EdDSA, issuer: us, audience: us, jwks_url: 'http://{}/keys'}}",
            self.address
        ))
    }
}

/// A key that signs, and how it is shown.
fn signer(folder: &Folder, kid: &str) -> Value {
    openssl(folder, &format!("genpkey -algorithm ED25519 -out {kid}.pem"));
    openssl(folder, &format!("pkey -in {kid}.pem -pubout -outform DER -out {kid}.der"));
    let der = std::fs::read(folder.path(&format!("{kid}.der"))).unwrap();
    let x = base64url(&der[der.len() - 32..]);
    json!({"kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": kid, "x": x})
}

fn signed_by(folder: &Folder, kid: &str, named: &str) -> Vec<u8> {
    let header = json!({"alg": "EdDSA", "kid": named});
    let claims = json!({"iss": "us", "aud": "us", "exp": now() + 600});
    let command = format!("pkeyutl -sign -rawin -inkey {kid}.pem -in .message -out .tag");
    let token = sign(folder, &header, &claims, &command);
    bearer(&token)
}

#[test]
fn keys_are_fetched_once_and_again_for_an_unknown_one() {
    let keys = Keys::start();
    let folder = keys.hook();
    let (first, second) = (signer(&folder, "first"), signer(&folder, "second"));
    keys.set("200 OK", &json!({"keys": [first]}).to_string());
    let server = Tympan::start_in(&folder);
    assert_eq!(keys.count(), 0);
    let good = signed_by(&folder, "first", "first");
    for _ in 0..3 {
        assert_eq!(server.ask(&good).status, 200, "{}", server.log_text());
    }
    assert_eq!(keys.count(), 1);
    assert_eq!(server.ask(&signed_by(&folder, "second", "first")).status, 401);
    assert_eq!(keys.count(), 1, "a bad signature fetches nothing");

    // The signer takes another key.
    keys.set("200 OK", &json!({"keys": [second]}).to_string());
    assert_eq!(server.ask(&signed_by(&folder, "second", "second")).status, 200);
    assert_eq!(keys.count(), 2);
    assert_eq!(server.ask(&good).status, 401, "the first key is shown no more");

    // Whoever names keys that nobody has makes us ask now and then.
    for index in 0..40 {
        let forged = signed_by(&folder, "first", &format!("../{index}"));
        assert_eq!(server.ask(&forged).status, 401);
    }
    assert!(keys.count() <= 6, "{} times", keys.count());
    assert_eq!(server.ask(&signed_by(&folder, "second", "second")).status, 200);
}

/// Nothing is fetched for who is refused, or proved, without it.
#[test]
fn keys_are_fetched_only_if_all_depends_on_them() {
    let keys = Keys::start();
    let folder = keys.hook();
    keys.set("200 OK", &json!({"keys": [signer(&folder, "first")]}).to_string());
    let text = std::fs::read_to_string(folder.path("listeners.yaml")).unwrap();
    let (head, jwt) = text.split_once("verification: [{jwt:").unwrap();
    let (jwt, tail) = jwt.split_once("}]").unwrap();
    let token = "{token: {received_token: headers.X, secret: key}}";
    let rule = "{rule: http_method != headers.Y}";
    let body = "{body_digest: {received_digest: headers.D, hash: SHA-256}}";
    let listeners = format!(
        "{head}verification: [{{any: [{rule}, {rule}]}}, {{jwt:{jwt}}}, {token}, {body}]{tail}  \
         either: {{path: /either, verification: [{{any: [{{jwt:{jwt}}}, {token}]}}], deliver: [out]}}\n"
    );
    folder.write("listeners.yaml", listeners);
    let server = Tympan::start_in(&folder);
    let good = String::from_utf8(signed_by(&folder, "first", "first")).unwrap();
    let digest = const_hex::encode(Sha256::digest(BODY));
    let ask = |path: &str, x: &str, d: &str, y: &str| {
        let headers = format!("X: {x}\r\nD: {d}\r\nY: {y}\r\nAuthorization");
        let request = good.replacen("Authorization", &headers, 1).replacen("/hook", path, 1);
        server.ask(request.as_bytes()).status
    };
    assert_eq!(ask("/hook", "another", &digest, "-"), 401);
    assert_eq!(ask("/hook", KEY, &const_hex::encode([0; 32]), "-"), 401);
    assert_eq!(ask("/either", KEY, &digest, "-"), 200, "{}", server.log_text());
    assert_eq!(keys.count(), 0);
    assert_eq!(ask("/hook", KEY, &digest, "-"), 200, "{}", server.log_text());
    assert_eq!(ask("/either", "another", &digest, "-"), 200);
    assert_eq!(keys.count(), 1);
    // Rules come last, though they stand in a choice.
    let mark = server.log_mark();
    assert_eq!(ask("/hook", "another", &digest, "POST"), 401);
    server.wait_for_log_since(mark, |line| {
        line["reason"].as_str().is_some_and(|it| it.contains("the token is another"))
    });
}

/// What cannot pass is refused while its body is still to come.
#[test]
fn a_wrong_token_costs_no_body() {
    let server = Tympan::start_in(&hook("{algorithms: HS256, secret: key}"));
    let header = json!({"alg": "HS256"});
    let claims = json!({"exp": now() + 600});
    for token in ["a.b.c".to_owned(), hs256(&header, &claims, "another")] {
        let mut client = server.connect();
        client.send(format!("POST /hook HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"));
        client.send("Content-Length: 1000000\r\n\r\n");
        assert_eq!(client.response().status, 401, "{token}");
    }
}

#[test]
fn what_is_known_is_kept_when_a_fetch_fails() {
    for (fault, why) in [
        (
            "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
            "redirects",
        ),
        ("HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", "it answers 500"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "no list of `keys`"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"keys\":[]}", "none of its keys"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n{", "the connection broke"),
        ("nonsense\r\n\r\n", "the connection broke"),
        ("for ever", "larger than 262144 bytes"),
    ] {
        let keys = Keys::start();
        let folder = keys.hook();
        let first = signer(&folder, "first");
        let server = Tympan::start_in(&folder);
        let good = signed_by(&folder, "first", "first");

        keys.raw(fault.as_bytes());
        let response = server.ask(&good);
        assert_eq!(response.status, 503, "{fault}: without keys nobody can be told from another");
        assert!(response.header("retry-after").is_some());
        let told = |line: &Value| line["why"].as_str().is_some_and(|it| it.contains(why));
        server.wait_for_log(told);

        keys.set("200 OK", &json!({"keys": [first]}).to_string());
        assert_eq!(server.ask(&good).status, 200, "{fault}: {}", server.log_text());

        keys.raw(fault.as_bytes());
        let mark = server.log_mark();
        // A key that is not known may be new, and a token of its good.
        assert_eq!(server.ask(&signed_by(&folder, "first", "other")).status, 503, "{fault}");
        server.wait_for_log_since(mark, told);
        assert_eq!(server.ask(&good).status, 200, "{fault}: the last keys go on");
    }
}

#[test]
fn of_several_ways_the_one_that_cannot_be_judged_counts() {
    let keys = Keys::start();
    keys.set("500 Oh", "");
    let folder = keys.hook();
    let text = std::fs::read_to_string(folder.path("listeners.yaml")).unwrap();
    let text =
        text.replace("[{jwt:", "[{any: [{token: {received_token: headers.X, secret: key}}, {jwt:");
    folder.write("listeners.yaml", text.replace("/keys'}}]", "/keys'}}]}]"));
    signer(&folder, "first");
    let server = Tympan::start_in(&folder);
    let good = signed_by(&folder, "first", "first");
    assert_eq!(server.ask(&good).status, 503, "{}", server.log_text());
    let wrong =
        String::from_utf8(good).unwrap().replacen("Authorization", "X: y\r\nAuthorization", 1);
    assert_eq!(server.ask(wrong.as_bytes()).status, 503, "{}", server.log_text());
    assert_eq!(server.ask(&request("POST", "/hook", &[("X", "y")], BODY)).status, 401);
}

#[test]
fn a_host_that_hangs_holds_up_nobody_else() {
    let keys = Keys::start();
    let folder = keys.hook();
    let first = signer(&folder, "first");
    let server = Tympan::start_in(&folder);
    let good = signed_by(&folder, "first", "first");
    let begun = Instant::now();
    let mut waiting: Vec<_> = (0..20).map(|_| server.connect()).collect();
    for client in &mut waiting {
        client.send(&good);
    }
    crate::process::wait_until("it is asked", || (keys.count() > 0).then_some(()));
    // HTTP Basic with the right password is not held up meanwhile.
    let other = [("Authorization", "Basic YTphIGtleSB0aGF0IGlzIGxvbmcgZW5vdWdoIGZvciBhbnlvbmU=")];
    assert_eq!(server.ask(&request("POST", "/keeper", &other, BODY)).status, 200);
    for client in &mut waiting {
        assert_eq!(client.response().status, 503);
    }
    assert!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());
    assert_eq!(keys.count(), 1, "they all wait for one fetch");
    server.wait_for_log(|line| line["why"].as_str().is_some_and(|it| it.contains("within 5s")));
    keys.set("200 OK", &json!({"keys": [first]}).to_string());
    assert_eq!(server.ask(&good).status, 200);
}

#[test]
fn what_was_not_told_apart_is_told_by_its_hash() {
    // The keys of HS512 are those of HS256 only by chance.
    let server = Tympan::start_in(&hook("{algorithms: HS512, secret: key, expiry: optional}"));
    let unsigned = unsigned(&json!({"alg": "HS512"}), &json!({}));
    let mut mac = Hmac::<Sha512>::new_from_slice(KEY.as_bytes()).unwrap();
    mac.update(unsigned.as_bytes());
    let good = format!("{unsigned}.{}", base64url(mac.finalize().into_bytes()));
    assert_eq!(server.ask(&bearer(&good)).status, 200);
    let short = hs256(&json!({"alg": "HS512"}), &json!({}), KEY);
    assert_eq!(server.ask(&bearer(&short)).status, 401);
}
