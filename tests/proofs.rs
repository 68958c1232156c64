//! What a sender can get wrong, for every kind of proof: the running server answers the same to
//! all of it, and no event comes of it.
//!
//! Signatures are made by `openssl` and by other libraries' code, not by the code under test.

use std::fmt::Write as _;
use std::fs;

use hmac::Hmac;
use hmac::KeyInit;
use hmac::Mac;
use serde_json::Value;
use serde_json::json;
use sha2::Digest;
use sha2::Sha256;
use tympan_core::scheme::Encoding;

use crate::host::Answer;
use crate::host::Host;
use crate::host::authority;
use crate::jwt;
use crate::jwt::hs256;
use crate::process::Folder;
use crate::process::Tympan;
use crate::process::request;
use crate::process::sign;
use crate::process::wait_until;
use crate::wire::openssl;

const KEY: &str = "a key that is long enough for anyone";
const OTHER: &str = "another key that is as long as the first";
const BODY: &str = r#"{"id":"1"}"#;

/// A way to prove oneself: what is written about it, and how its senders do it.
struct Kind {
    name: &'static str,
    verification: &'static str,
    /// The value of the header for a body, by the key of this name.
    prove: fn(&Folder, &str, &str) -> String,
    /// Whether it covers the body.
    covers_body: bool,
}

const KINDS: &[Kind] = &[
    Kind {
        name: "hmac",
        verification: "signature: {secret: key, encoding: hex, format: {prefix: 'sha256='}, \
                       received_signature: 'headers[\"X-Proof\"]'}",
        prove: |_, key, body| format!("sha256={}", sign(text(key), body)),
        covers_body: true,
    },
    Kind {
        name: "hmac-sha1",
        verification: "signature: {secret: key, hash_mode: SHA-1, encoding: base64, \
                       received_signature: 'headers[\"X-Proof\"]'}",
        prove: |folder, key, body| {
            let key = Encoding::Hex.encode(text(key).as_bytes());
            let hmac = format!("dgst -sha1 -mac HMAC -macopt hexkey:{key} -binary body");
            with_openssl(folder, body, &hmac)
        },
        covers_body: true,
    },
    Kind {
        name: "named",
        verification: "signature: {secret: key, hash_mode: [SHA-256, SHA-512], \
                       format: {named: '='}, received_signature: 'headers[\"X-Proof\"]'}",
        prove: |_, key, body| format!("sha256={}", sign(text(key), body)),
        covers_body: true,
    },
    Kind {
        name: "derived",
        verification: "signature: {secret: key, key: {after: '&', digest: SHA-256}, encoding: \
                       base64, received_signature: 'headers[\"X-Proof\"]'}",
        prove: |_, key, body| {
            let key = Sha256::digest(format!("{}&", text(key)));
            let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
            mac.update(body.as_bytes());
            Encoding::Base64.encode(&mac.finalize().into_bytes())
        },
        covers_body: true,
    },
    Kind {
        name: "digest",
        verification: "signature: {secret: key, algorithm: digest, secret_at: end, encoding: hex, \
                       received_signature: 'headers[\"X-Proof\"]'}",
        prove: |_, key, body| Encoding::Hex.encode(&Sha256::digest(format!("{body}{}", text(key)))),
        covers_body: true,
    },
    Kind {
        name: "ed25519",
        verification: "signature: {secret: ed25519, algorithm: Ed25519, encoding: base64, \
                       received_signature: 'headers[\"X-Proof\"]'}",
        prove: |folder, key, body| {
            with_openssl(
                folder,
                body,
                &format!("pkeyutl -sign -rawin -inkey {key}-ed25519.pem -in body"),
            )
        },
        covers_body: true,
    },
    Kind {
        name: "ecdsa",
        verification: "signature: {secret: ecdsa, algorithm: ECDSA-P256, encoding: base64, \
                       received_signature: 'headers[\"X-Proof\"]'}",
        prove: |folder, key, body| {
            with_openssl(folder, body, &format!("dgst -sha256 -sign {key}-ecdsa.pem body"))
        },
        covers_body: true,
    },
    Kind {
        name: "ecdsa-fixed",
        verification: "signature: {secret: ecdsa, algorithm: ECDSA-P256-fixed, encoding: base64, \
                       received_signature: 'headers[\"X-Proof\"]'}",
        prove: |folder, key, body| {
            let der =
                with_openssl(folder, body, &format!("dgst -sha256 -sign {key}-ecdsa.pem body"));
            Encoding::Base64.encode(&fixed(&Encoding::Base64.decode_all(&der).unwrap()))
        },
        covers_body: true,
    },
    Kind {
        name: "rsa",
        verification: "signature: {secret: rsa, algorithm: RSA, encoding: base64, \
                       received_signature: 'headers[\"X-Proof\"]'}",
        prove: |folder, key, body| {
            with_openssl(folder, body, &format!("dgst -sha256 -sign {key}-rsa.pem body"))
        },
        covers_body: true,
    },
    Kind {
        name: "rsa-pss",
        verification: "signature: {secret: rsa, algorithm: RSA-PSS, hash_mode: SHA-512, encoding: \
                       base64, received_signature: 'headers[\"X-Proof\"]'}",
        prove: |folder, key, body| {
            let pss = "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:-1";
            with_openssl(folder, body, &format!("dgst -sha512 {pss} -sign {key}-rsa.pem body"))
        },
        covers_body: true,
    },
    Kind {
        name: "certificate",
        verification: "signature: {algorithm: RSA, encoding: base64, received_signature: \
                       'headers[\"X-Proof\"]', certificate: {url: 'headers[\"X-Cert\"]', hosts: [HOST]}}",
        prove: |folder, key, body| {
            with_openssl(folder, body, &format!("dgst -sha256 -sign {key}-rsa.pem body"))
        },
        covers_body: true,
    },
    Kind {
        name: "jwt",
        verification: "jwt: {algorithms: HS256, secret: key, token: 'headers[\"X-Proof\"]', expiry: \
                       optional, claims: {body: 'raw_body.$SHA256().$HEX_ENCODE()'}}",
        prove: |_, key, body| hs256(&json!({"alg": "HS256"}), &claims(body), text(key)),
        covers_body: true,
    },
    Kind {
        name: "jwt-eddsa",
        verification: "jwt: {algorithms: EdDSA, public_key: {pem: PEM}, token: 'headers[\"X-Proof\"]', \
                       expiry: optional, claims: {body: 'raw_body.$SHA256().$HEX_ENCODE()'}}",
        prove: |folder, key, body| {
            let sign = "pkeyutl -sign -rawin -in .message -out .tag -inkey";
            let sign = format!("{sign} {key}-ed25519.pem");
            jwt::sign(folder, &json!({"alg": "EdDSA"}), &claims(body), &sign)
        },
        covers_body: true,
    },
    Kind {
        name: "body-digest",
        verification: "all: [{token: {secret: key, received_token: 'headers[\"X-Token\"]'}}, \
                       {body_digest: {received_digest: 'headers[\"X-Proof\"]', encoding: base64}}]",
        prove: |_, _, body| Encoding::Base64.encode(&Sha256::digest(body)),
        covers_body: true,
    },
    Kind {
        name: "basic",
        verification: "basic: {username: ann, secret: key}",
        prove: |_, key, _| {
            format!("Basic {}", Encoding::Base64.encode(format!("ann:{}", text(key)).as_bytes()))
        },
        covers_body: false,
    },
    Kind {
        name: "credential",
        verification: "credential: robot",
        prove: |_, key, _| format!("Bearer {}", text(key)),
        covers_body: false,
    },
    Kind {
        name: "token",
        verification: "token: {secret: key, prefix: 'Bearer ', \
                       received_token: 'headers[\"X-Proof\"]'}",
        prove: |_, key, _| format!("Bearer {}", text(key)),
        covers_body: false,
    },
];

impl Kind {
    /// The header that its proof stands in.
    fn header(&self) -> &'static str {
        if self.verification.contains("X-Proof") { "X-Proof" } else { "Authorization" }
    }
}

#[test]
fn whatever_is_wrong_is_refused_alike() {
    let folder = folder();
    let host = Host::start(&folder);
    let written = fs::read_to_string(folder.path("listeners.yaml")).unwrap();
    folder.write("listeners.yaml", written.replace("HOST", &host.name()));
    host.set("/rsa.pem", Answer::new("200 OK", fs::read(folder.path("rsa.crt")).unwrap()));
    let certificate = host.url("/rsa.pem");
    let server = Tympan::start_in(&folder);
    let mut refusals = Vec::new();
    for kind in KINDS {
        let path = format!("/{}", kind.name);
        let ask = |proofs: &[String], body: &str| {
            let mut headers = vec![("X-Token", KEY), ("X-Cert", certificate.as_str())];
            headers.extend(proofs.iter().map(|proof| (kind.header(), proof.as_str())));
            server.ask(&request("POST", &path, &headers, body))
        };
        let right = (kind.prove)(&folder, "key", BODY);
        for (what, values) in wrong_values(kind, &folder, &right) {
            let response = ask(&values, BODY);
            assert_eq!(response.status, 401, "{}: {what}: {values:?}", kind.name);
            refusals.push(response.text().to_owned());
        }
        let right = [right];
        if kind.covers_body {
            for body in [r#"{"id":"2"}"#, r#"{"id": "1"}"#, "{\"id\":\"1\"}\n", ""] {
                let response = ask(&right, body);
                assert_eq!(response.status, 401, "{}: {body:?}", kind.name);
                refusals.push(response.text().to_owned());
            }
        }
        let response = ask(&right, BODY);
        assert_eq!(response.status, 200, "{}: {}", kind.name, server.log_text());
    }
    refusals.dedup();
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    // Only what was right became an event.
    assert_events(&server, KINDS.len());
    let log = server.log_text();
    assert!(!log.contains(KEY), "a secret shows");
}

/// What is signed in a row can be cut in other places: no part of a body passes for what stands
/// before it, though nothing stands between them.
#[test]
fn no_boundary_moves() {
    const TIME: &str = "2023-11-14T22:13:20Z";
    let folder = Folder::new(
        r#"version: 1
server: {listen: [127.0.0.1:0]}
secrets: {key: {file: key}}
destinations: {out: {stdout: {}}}
listeners:
  row:
    path: /row
    accept: any
    deliver: [out]
    verification:
      - signature:
          secret: key
          received_signature: headers["X-Proof"]
          payload: $CONCAT([headers["X-Id"], signature_timestamp, raw_body])
          timestamp: {value: 'headers["X-Time"]', unit: RFC-3339, tolerance: 36500d}
"#,
    );
    folder.write("key", KEY);
    let server = Tympan::start_in(&folder);
    let body = format!(r#"{{"at":"{TIME}","id":"1"}}"#);
    let row = format!("7{TIME}{body}");
    let proof = sign(KEY, &row);
    let ask = |id: &str, time: &str, body: &str| {
        assert_eq!(format!("{id}{time}{body}"), row, "the same is signed");
        let headers = [("X-Proof", proof.as_str()), ("X-Id", id), ("X-Time", time)];
        server.ask(&request("POST", "/row", &headers, body)).status
    };
    assert_eq!(ask("7", TIME, &body), 200);
    assert_eq!(ask(&format!("7{TIME}{{\"at\":\""), TIME, r#"","id":"1"}"#), 401);
    assert_eq!(ask("72", &TIME[1..], &body), 401);
    assert_eq!(ask("", &format!("7{TIME}"), &body), 401);
    assert_eq!(ask("7", &format!("{TIME}{{"), &body[1..]), 401);
    assert_eq!(ask("7", &TIME[..TIME.len() - 1], &format!("Z{body}")), 401);
    assert_events(&server, 1);
}

/// Wherever the part before the body comes from, and whatever the body is.
#[test]
fn no_boundary_moves_into_any_part_of_a_request() {
    let mut listeners = "version: 1
server: {listen: [127.0.0.1:0], public_url: 'https://a.example'}
secrets: {key: {file: key}}
destinations: {out: {stdout: {}}}
listeners:
"
    .to_owned();
    for (name, path, part) in [
        ("header", "/header", r#"headers["X-Id"]"#),
        ("path", "/path/{id}", "path_params.id"),
        ("url", "/url", "request_url"),
        ("computed", "/computed", r#"query_params[headers["X-Which"]]"#),
    ] {
        let _ = write!(
            listeners,
            r#"  {name}:
    path: {path}
    accept: any
    deliver: [out]
    verification:
      - signature:
          secret: key
          received_signature: headers["X-Proof"]
          payload: $CONCAT([{part}, raw_body])
"#
        );
    }
    let folder = Folder::new(&listeners);
    folder.write("key", KEY);
    let server = Tympan::start_in(&folder);
    let ask = |target: &str, id: &str, body: &str, signed: &str| {
        let proof = sign(KEY, signed);
        let headers = [("X-Proof", proof.as_str()), ("X-Id", id), ("X-Which", "id")];
        server.ask(&request("POST", target, &headers, body)).status
    };
    let json = r#"{"at":{"id":"1"}}"#;
    let rest = r#"{"id":"1"}}"#;
    let row = format!("7{json}");
    assert_eq!(ask("/header", "7", json, &row), 200, "{}", server.log_text());
    assert_eq!(ask("/header", r#"7{"at":"#, rest, &row), 401);
    assert_eq!(ask("/path/7", "", json, &row), 200);
    assert_eq!(ask("/path/7%7B%22at%22:", "", rest, &row), 401);
    assert_eq!(ask("/computed?id=7", "", json, &row), 200);
    assert_eq!(ask("/computed?id=7%7B%22at%22:", "", rest, &row), 401);
    let row = format!("https://a.example/url?a[]=b&c=7{json}");
    assert_eq!(ask("/url?a[]=b&c=7", "", json, &row), 200);
    assert_eq!(ask("/url?a[]=b&c=7{", "", &json[1..], &row), 401);

    assert_eq!(ask("/header", "7", "a=1&b=2", "7a=1&b=2"), 200);
    assert_eq!(ask("/header", "7a=", "1&b=2", "7a=1&b=2"), 401);
    assert_eq!(ask("/header", "7a=1&", "b=2", "7a=1&b=2"), 401);
    assert_events(&server, 5);
}

/// Secrets that cannot be keys: their listeners refuse everything and say why, the others serve.
#[test]
fn a_secret_that_is_no_key() {
    let folder = folder();
    for (secret, found, why) in [
        ("rsa", "no key", "it is no public key"),
        ("ed25519", KEY, "it is no public key"),
        ("ecdsa", &*fs::read_to_string(folder.path("ed25519")).unwrap(), "another algorithm"),
        ("rsa", &*fs::read_to_string(folder.path("key-rsa.pem")).unwrap(), "it is a private key"),
    ] {
        let good = fs::read(folder.path(secret)).unwrap();
        folder.write(secret, found);
        let server = Tympan::start_in(&folder);
        let line =
            server.wait_for_log(|line| line["message"] == "listener" && line["listener"] == secret);
        assert!(line["state"].as_str().unwrap().contains(why), "{line}");
        let path = format!("/{secret}");
        let response = server.ask(&request("POST", &path, &[("X-Proof", "AAAA")], BODY));
        assert_eq!(response.status, 503);
        assert!(!response.text().contains("key"), "{}", response.text());
        let right = format!("sha256={}", sign(KEY, BODY));
        let response = server.ask(&request("POST", "/hmac", &[("X-Proof", &right)], BODY));
        assert_eq!(response.status, 200);
        folder.write(secret, good);
    }
}

/// They are written before the answer, and read here a moment later.
#[track_caller]
pub(crate) fn assert_events(server: &Tympan, count: usize) {
    let are_there = || (server.events().len() >= count).then_some(());
    wait_until("the events are there", are_there);
    assert_eq!(server.events().len(), count);
}

/// What stands in the header instead of what is right: no value is no header.
fn wrong_values(kind: &Kind, folder: &Folder, right: &str) -> Vec<(&'static str, Vec<String>)> {
    let one = |value: &str| vec![value.to_owned()];
    let mut wrong = vec![
        ("missing", Vec::new()),
        ("twice", vec![right.to_owned(), right.to_owned()]),
        ("doubled", one(&format!("{right}{right}"))),
        ("a list", one(&format!("{right}, {right}"))),
        ("too long", one(&format!("{right}0"))),
        ("another key", one(&(kind.prove)(folder, "other", BODY))),
        ("an encoding around it", one(&Encoding::Base64.encode(right.as_bytes()))),
    ];
    for value in ["", "sha256=", "v1,", "v1=", ",", "=", "null", "undefined", "0", "none", "%00"] {
        wrong.push(("nothing", one(value)));
    }
    let length = right.len();
    let lengths = (0..length).filter(|end| length < 100 || end % 37 == 0 || end + 5 > length);
    // Base64 may stand without its padding: that is no other signature.
    let body_of = right.trim_end_matches('=').len();
    for end in lengths.filter(|end| *end < body_of || right.ends_with(|it| it != '=')) {
        wrong.push(("truncated", one(&right[..end])));
    }
    // Without a format a word may stand before it.
    if kind.verification.contains("format") || !kind.covers_body {
        wrong.push(("a word before it", one(&format!("sha1={right}"))));
    }
    if kind.covers_body {
        wrong.push(("of another body", one(&(kind.prove)(folder, "key", r#"{"id":"2"}"#))));
    }
    let bytes = Encoding::Base64.decode_all(right);
    if let Some(bytes) = bytes.filter(|_| kind.verification.contains("base64")) {
        wrong.push(("in hex", one(&Encoding::Hex.encode(&bytes))));
        wrong.push(("after a zero", one(&Encoding::Base64.encode(&[&[0], &bytes[..]].concat()))));
        wrong.push(("all zeros", one(&Encoding::Base64.encode(&vec![0; bytes.len()]))));
        let mut flipped = bytes.clone();
        flipped[bytes.len() / 2] ^= 1;
        wrong.push(("one bit is another", one(&Encoding::Base64.encode(&flipped))));
    }
    // A public key is no secret: nobody may sign with it.
    for public in ["ed25519", "ecdsa", "rsa"] {
        let public = fs::read_to_string(folder.path(public)).unwrap();
        for key in [public.as_str(), public.trim()] {
            let mac = const_hex::decode(sign(key, BODY)).unwrap();
            wrong.push(("an HMAC by the public key", one(&Encoding::Base64.encode(&mac))));
        }
    }
    // A digest has no key, so that another one makes no other.
    wrong.retain(|(_, values)| *values != [right]);
    wrong
}

/// One listener for each kind, and the keys of all.
fn folder() -> Folder {
    let mut text = "version: 1
server: {listen: [127.0.0.1:0]}
egress: {ca: ca.crt}
clients: {robot: {api_key: key}}
secrets:
  key: {file: key}
  ed25519: {file: ed25519}
  ecdsa: {file: ecdsa}
  rsa: {file: rsa}
destinations: {out: {stdout: {}}}
listeners:
"
    .to_owned();
    for Kind { name, verification, .. } in KINDS {
        let _ = write!(
            text,
            "  {name}:
    path: /{name}
    deliver: [out]
    verification:
      - {verification}
"
        );
    }
    let folder = Folder::new("");
    folder.write("key", KEY);
    authority(&folder, "ca");
    for owner in ["key", "other"] {
        let generate = [
            ("ed25519", "-algorithm ed25519"),
            ("ecdsa", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256"),
            ("rsa", "-algorithm RSA -pkeyopt rsa_keygen_bits:2048"),
        ];
        for (kind, options) in generate {
            openssl(&folder, &format!("genpkey {options} -out {owner}-{kind}.pem"));
        }
    }
    for kind in ["ed25519", "ecdsa", "rsa"] {
        openssl(&folder, &format!("pkey -in key-{kind}.pem -pubout -out {kind}"));
    }
    folder.write(".cnf", "[req]\ndistinguished_name = dn\n[dn]\n");
    openssl(&folder, "req -x509 -config .cnf -key key-rsa.pem -days 2 -subj /CN=us -out rsa.crt");
    let pem = fs::read_to_string(folder.path("ed25519")).unwrap();
    folder.write("listeners.yaml", text.replace("PEM", &json!(pem).to_string()));
    folder
}

fn text(key: &str) -> &'static str {
    if key == "key" { KEY } else { OTHER }
}

fn claims(body: &str) -> Value {
    json!({"body": const_hex::encode(Sha256::digest(body))})
}

/// The two numbers of a signature in ASN.1, 32 bytes each.
fn fixed(der: &[u8]) -> Vec<u8> {
    let number = |at: usize| &der[at + 2..at + 2 + usize::from(der[at + 1])];
    let first = number(2);
    let numbers = [first, number(4 + first.len())];
    let padded = |number: &[u8]| {
        let digits: Vec<u8> = number.iter().copied().skip_while(|byte| *byte == 0).collect();
        [vec![0; 32 - digits.len()], digits].concat()
    };
    numbers.iter().flat_map(|number| padded(number)).collect()
}

/// What `openssl` signs, in base64.
fn with_openssl(folder: &Folder, body: &str, arguments: &str) -> String {
    folder.write("body", body);
    openssl(folder, &arguments.replacen(" -", " -out signature -", 1));
    Encoding::Base64.encode(&fs::read(folder.path("signature")).unwrap())
}
