//! Bodies that are encrypted, and answers that have to be.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use serde_json::Value;
use serde_json::json;
use sha2::Digest;
use sha2::Sha256;

use crate::process::Folder;
use crate::process::Response;
use crate::process::Tympan;
use crate::process::request;
use crate::process::tympan;
use crate::process::wait_until;
use crate::wire::openssl;

const SECRET: &str = "an encrypt key of the tests";

/// A listener of encrypted bodies, whose challenge is encrypted as well.
fn listener(verification: &str) -> Folder {
    let folder = Folder::new(&format!(
        r#"version: 1
server: {{listen: [127.0.0.1:0]}}
secrets: {{key: [{{file: key}}, {{file: old}}], token: {{file: token}}}}
destinations: {{out: {{stdout: {{}}}}}}
listeners:
  a:
    path: /a
    decrypt: {{secret: key, key: {{digest: SHA-256}}, ciphertext: parsed_body.encrypt}}
    challenge:
      detection: parsed_body.type == "url_verification"
      ciphertext: parsed_body.encrypt
      verification: {{token: {{secret: token, received_token: parsed_body.token}}}}
      response: {{body: {{challenge: parsed_body.challenge}}}}
    verification: {verification}
    responses:
      accepted:
        encrypt:
          message: '$CONCAT(["done: ", parsed_body.n])'
          signature: {{secret: token, payload: '$CONCAT([reply.timestamp, reply.nonce, reply.ciphertext], ".")'}}
        headers: {{X-Signature: reply.signature, X-Nonce: reply.nonce, X-Timestamp: reply.timestamp}}
        body: {{encrypt: reply.ciphertext}}
    deliver: [out]
"#
    ));
    folder.write("key", SECRET);
    folder.write("old", "the key that was there before");
    folder.write("token", "a token of the tests");
    folder
}

const SIGNED: &str =
    r#"{signature: {secret: token, received_signature: 'headers["X-Signature"]'}}"#;
const OPEN: &str = "{none: nothing but the key tells who sends}";

fn hash(secret: &str) -> String {
    const_hex::encode(Sha256::digest(secret))
}

/// Encrypts by `openssl`, with a vector of its own before what is encrypted.
fn encrypt(folder: &Folder, secret: &str, text: &str) -> Vec<u8> {
    let iv = "000102030405060708090a0b0c0d0e0f";
    folder.write(".plain", text);
    let key = hash(secret);
    openssl(folder, &format!("enc -aes-256-cbc -K {key} -iv {iv} -in .plain -out .cipher"));
    [const_hex::decode(iv).unwrap(), fs::read(folder.path(".cipher")).unwrap()].concat()
}

fn base64(folder: &Folder, bytes: &[u8]) -> String {
    folder.write(".bytes", bytes);
    openssl(folder, "base64 -A -in .bytes -out .base64");
    fs::read_to_string(folder.path(".base64")).unwrap()
}

/// A delivery of an encrypted text, signed.
fn delivery(encrypted: &str) -> Vec<u8> {
    let body = json!({"encrypt": encrypted}).to_string();
    let signature = crate::process::sign("a token of the tests", &body);
    let headers = [("X-Signature", signature.as_str()), ("Content-Type", "application/json")];
    request("POST", "/a", &headers, &body)
}

fn decrypt(folder: &Folder, encrypted: &str) -> String {
    folder.write(".base64", encrypted);
    openssl(folder, "base64 -d -A -in .base64 -out .bytes");
    let bytes = fs::read(folder.path(".bytes")).unwrap();
    folder.write(".cipher", &bytes[16..]);
    let output = Command::new("openssl")
        .args(["enc", "-d", "-aes-256-cbc", "-K", &hash(SECRET), "-in", ".cipher"])
        .args(["-iv", &const_hex::encode(&bytes[..16])])
        .current_dir(folder.path("."))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn what_is_encrypted_is_the_body_and_so_is_the_answer() {
    let folder = listener(SIGNED);
    let server = Tympan::start_in(&folder);
    let mut seen = BTreeSet::new();
    for (index, secret) in [SECRET, "the key that was there before", SECRET].iter().enumerate() {
        let text = format!(r#"{{"n": {index}, "who": "m\u00fcller"}}"#);
        let encrypted = base64(&folder, &encrypt(&folder, secret, &text));
        let response = server.ask(&delivery(&encrypted));
        assert_eq!(response.status, 200, "{}", server.log_text());
        let event = wait_until("it arrives", || server.events().into_iter().nth(index));
        assert_eq!(event["data"], json!({"n": index, "who": "m\u{fc}ller"}));

        let answer: Value = serde_json::from_str(response.text()).unwrap();
        let answer = answer["encrypt"].as_str().unwrap();
        assert_eq!(decrypt(&folder, answer), format!("done: {index}"), "the first key encrypts");
        let header = |name| response.header(name).unwrap();
        let (nonce, time) = (header("x-nonce"), header("x-timestamp"));
        let signed = format!("{time}.{nonce}.{answer}");
        let signature = crate::process::sign("a token of the tests", signed);
        assert_eq!(header("x-signature"), signature);
        assert!(seen.insert(nonce.to_owned()) && seen.insert(answer.to_owned()), "{seen:?}");
    }
    let log = server.log_text();
    assert!(!log.contains(SECRET) && !log.contains("ller"), "{log}");
}

/// Whoever changes an encrypted text byte by byte, and whoever sends anything else, is told the same.
#[test]
fn nobody_learns_why_a_text_cannot_be_read() {
    for verification in [OPEN, SIGNED] {
        let folder = listener(verification);
        let server = Tympan::start_in(&folder);
        let good = encrypt(&folder, SECRET, r#"{"n": 1, "text": "0123456789abcdef"}"#);
        let nothing = server.ask(&delivery("")).without_date();
        assert_eq!(nothing.status, 401);
        let mut texts: Vec<Vec<u8>> = Vec::new();
        // The last byte but one block takes every value: a padding oracle would find it.
        for value in 0..=255 {
            let mut other = good.clone();
            let at = other.len() - 17;
            other[at] ^= value;
            texts.push(other);
        }
        texts.extend((0..good.len()).map(|end| good[..end].to_vec()));
        texts.push(encrypt(&folder, "another key", r#"{"n": 1}"#));
        texts.push(encrypt(&folder, SECRET, "no JSON"));
        texts.push(encrypt(&folder, SECRET, r#"{"type": "url_verification", "token": "x"}"#));
        let mut accepted = 0;
        for text in texts {
            let response = server.ask(&delivery(&base64(&folder, &text))).without_date();
            if response.status == 200 {
                assert_eq!(text, good, "only the text itself is read");
                accepted += 1;
            } else {
                assert_eq!(response, nothing, "{text:?}");
            }
        }
        assert_eq!(accepted, 1);
        for other in ["%", "AAAA", " ", "=", "AAAAAAAAAAAAAAAAAAAAAA=="] {
            assert_eq!(server.ask(&delivery(other)).without_date(), nothing, "{other}");
        }
        for body in ["{}", "[]", "", "{", r#"{"encrypt": 7}"#, r#"{"encrypt": ["AAAA"]}"#] {
            let signature = crate::process::sign("a token of the tests", body);
            let headers = [("X-Signature", signature.as_str())];
            let response = server.ask(&request("POST", "/a", &headers, body)).without_date();
            assert_eq!(response, nothing, "{body}");
        }
    }
}

#[test]
fn an_encrypted_challenge_is_for_who_knows_its_token() {
    let folder = listener(SIGNED);
    let server = Tympan::start_in(&folder);
    let ask = |text: Value| -> Response {
        let encrypted = base64(&folder, &encrypt(&folder, SECRET, &text.to_string()));
        let body = json!({"encrypt": encrypted}).to_string();
        server.ask(&request("POST", "/a", &[("Content-Type", "application/json")], &body))
    };
    let challenge = |token: &str, challenge: &str| {
        ask(json!({"type": "url_verification", "token": token, "challenge": challenge}))
    };
    let good = challenge("a token of the tests", "5634b122-c042");
    assert_eq!((good.status, good.text()), (200, r#"{"challenge":"5634b122-c042"}"#));
    let stranger = challenge("another", "5634b122-c042").without_date();
    let unsigned = ask(json!({"type": "event", "n": 1})).without_date();
    assert_eq!((stranger.status, &stranger), (401, &unsigned), "no hint which it was");
    assert_eq!(challenge("a token of the tests", "<script>\n").status, 400);
    assert_eq!(server.events(), Vec::<Value>::new());
}

#[test]
fn a_secret_that_is_no_key_says_so() {
    let folder = listener(SIGNED);
    let text = fs::read_to_string(folder.path("listeners.yaml")).unwrap();
    folder.write("listeners.yaml", text.replace("key: {digest: SHA-256}, ", ""));
    let server = Tympan::start_in(&folder);
    server.wait_for_log(|line| line.to_string().contains("not 32 bytes long"));
    assert_eq!(server.ask(&delivery("AAAA")).status, 503);
}

#[test]
fn what_decrypts_also_encrypts() {
    let folder = listener(SIGNED);
    let text = fs::read_to_string(folder.path("listeners.yaml")).unwrap();
    let tests = r#"    tests:
      - name: a signed delivery is read
        request: {sign: true, body: '{"n": 7}'}
        expect: {outcome: accepted, event: {data: {n: 7}}}
"#;
    folder.write("listeners.yaml", format!("{text}{tests}"));
    let output = tympan().arg("test").current_dir(folder.path(".")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
}
