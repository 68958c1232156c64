//! Whether the scheme of an unknown provider is found from one request and its secret: of every
//! published example of an HMAC.

use std::fs;
use std::process::Output;

use serde_json::Value;
use serde_json::json;
use tympan_core::infer;
use tympan_core::infer::Captured;
use tympan_core::request;
use tympan_core::request::Saved;
use tympan_core::scheme::Encoding;
use tympan_core::scheme::HashMode;
use tympan_core::secret::Secret;

use crate::jwt::hs256;
use crate::process::Folder;
use crate::process::sign;
use crate::process::tympan;
use crate::vectors::examples;
use crate::wire::openssl;

/// Of a hundred examples so many have to be found.
const LEAST: usize = 90;

#[test]
#[expect(clippy::print_stderr, reason = "what is missed is told, also where enough is found")]
fn published_examples_are_found() {
    let mut n_found = 0;
    let mut missed = Vec::new();
    for example in examples().iter().filter(|example| example["kind"] == "hmac") {
        let id = example["id"].as_str().unwrap();
        let request = request(example);
        let secret = Secret::new(example["secret"].as_str().unwrap().into(), "it").unwrap();
        let captured =
            Captured { request: &request, secret: &secret, secret_file: "secret", now: 1.7e9 };
        match infer::infer(captured) {
            Ok(found) => {
                n_found += 1;
                // Whatever can be written as a listener was run.
                let is_run = found.fault.is_none_or(|fault| fault.starts_with("the request is "));
                assert!(is_run, "{id}\n{}", found.yaml);
            }
            Err(n_tried) => missed.push(format!("{id}: none of {n_tried} fits")),
        }
    }
    let n_examples = n_found + missed.len();
    let told = format!("{n_found} of {n_examples} are found, but {missed:#?}");
    eprintln!("{told}");
    assert!(n_found * 100 >= n_examples * LEAST && n_found > 0, "{told}");
}

/// A request as somebody would have captured it.
fn request(example: &Value) -> Saved {
    let mut headers = Vec::new();
    for (name, value) in example["headers"].as_object().into_iter().flatten() {
        headers.push(format!("{name}: {}", value.as_str().unwrap()));
    }
    let url = example["url"].as_str().unwrap_or("https://hooks.example.com/in");
    let body = example["body"].as_str().unwrap_or_default();
    let method = example["method"].as_str();
    request::build(method, url, &headers, Some(body.into())).unwrap()
}

#[test]
fn what_is_printed_verifies_the_request() {
    let key = "a secret of some length";
    let field = format!("{{\"t\":\"a\",\"u\":7,\"sig\":\"{}\"}}", sign(key, "a7"));
    let body = "{\"a\":7}";
    let of = |payload: &str| sign(key, format!("{payload}{body}"));
    let of_key = Encoding::Hex.encode(&HashMode::Sha256.digest([key.as_bytes()]));
    for (name, headers, body) in [
        ("body", format!("X-Sig: sha256={}\n", of("")), body),
        ("time", format!("X-Time: 1600000000\nX-Sig: {}\n", of("1600000000:")), body),
        ("pairs", format!("X-Sig: t=1600000000,v1={}\n", of("1600000000.")), body),
        ("field", String::new(), &field),
        ("digest of the secret", format!("X-Sig: {}\n", sign(&of_key, body)), body),
    ] {
        let folder = Folder::new("");
        folder.write("secret", format!("{key}\n"));
        let wire = format!("POST /in HTTP/1.1\nHost: a\n{headers}\n{body}");
        folder.write("saved.http", &wire);
        let found = infer(&folder);
        let yaml = String::from_utf8(found.stdout).unwrap();
        assert!(found.status.success(), "{name}\n{}", String::from_utf8_lossy(&found.stderr));
        folder.write("listeners.yaml", &yaml);
        let changed = wire.replace(":7", ":8");
        for (wire, outcome) in [(&wire, "accepted"), (&changed, "unauthorized")] {
            folder.write("saved.http", wire);
            assert_explained(&folder, outcome);
        }
        assert!(!yaml.contains(key), "{yaml}");
    }
}

/// Providers that sign a query see the values of a repeated parameter as one.
#[test]
fn repeated_parameters_are_found() {
    let key = "a secret of some length";
    for between in ["", "&"] {
        let signature = sign(key, ["a=2,1", "b=x y", "c="].join(between));
        let folder = Folder::new("");
        folder.write("secret", key);
        let wire = format!("GET /in?b=x+y&a=2&c=&a=1&sig={signature} HTTP/1.1\nHost: a\n\n");
        folder.write("saved.http", &wire);
        let found = infer(&folder);
        assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
        folder.write("listeners.yaml", found.stdout);
        for (wire, outcome) in [(&wire, "accepted"), (&wire.replace("a=1", "a=3"), "unauthorized")]
        {
            folder.write("saved.http", wire);
            assert_explained(&folder, outcome);
        }
    }
}

/// Everything else by which a sender may prove itself with what is in the file.
#[test]
fn other_proofs_are_found() {
    const KEY: &str = "a secret of some length";
    let folder = Folder::new("");
    let body = "{\"a\":7}";
    let signed = |command: &str| {
        folder.write("payload", format!("1600000000.{body}"));
        openssl(&folder, command);
        Encoding::Base64.encode(&fs::read(folder.path("signature")).unwrap())
    };
    let mut cases = Vec::new();
    for (name, generate, sign) in [
        ("Ed25519", "-algorithm ed25519", "pkeyutl -sign -rawin -inkey k -in payload"),
        (
            "ECDSA-P256",
            "-algorithm EC -pkeyopt ec_paramgen_curve:P-256",
            "dgst -sha256 -sign k payload",
        ),
        ("RSA", "-algorithm RSA -pkeyopt rsa_keygen_bits:2048", "dgst -sha512 -sign k payload"),
    ] {
        openssl(&folder, &format!("genpkey {generate} -out k"));
        openssl(&folder, "pkey -in k -pubout -out public");
        let signature = signed(&sign.replacen(' ', " -out signature ", 1));
        let public = fs::read_to_string(folder.path("public")).unwrap();
        let headers = format!("X-Time: 1600000000\nX-Sig: v={signature}\n");
        cases.push((format!("algorithm: {name}\n"), public, headers));
    }
    let claims = json!({"iss": "us", "aud": ["them"], "iat": 1_600_000_000, "exp": 1_600_000_060});
    let token = hs256(&json!({"alg": "HS256"}), &claims, KEY);
    let basic = Encoding::Base64.encode(format!("ann:{KEY}").as_bytes());
    for (line, headers) in [
        ("audience: 'them'\n", format!("Authorization: Bearer {token}\n")),
        ("username: 'ann'\n", format!("Authorization: Basic {basic}\n")),
        ("prefix: 'Bearer '\n", format!("Authorization: Bearer {KEY}\n")),
        ("received_token: 'headers[\"x-key\"]'\n", format!("X-Key: {KEY}\n")),
    ] {
        cases.push((line.to_owned(), KEY.to_owned(), headers));
    }
    for (line, secret, headers) in cases {
        folder.write("secret", &secret);
        let wire = |headers: &str| format!("POST /in HTTP/1.1\nHost: a\n{headers}\n{body}");
        folder.write("saved.http", wire(&headers));
        let found = infer(&folder);
        let yaml = String::from_utf8(found.stdout).unwrap();
        let err = String::from_utf8_lossy(&found.stderr);
        assert!(found.status.success() && yaml.contains(&line), "{line}\n{yaml}\n{err}");
        assert!(!yaml.contains(KEY), "{yaml}");
        folder.write("listeners.yaml", &yaml);
        for (headers, outcome) in [(headers.as_str(), "accepted"), ("", "unauthorized")] {
            folder.write("saved.http", wire(headers));
            assert_explained(&folder, outcome);
        }
    }
}

#[test]
fn what_is_not_found_is_said() {
    let folder = Folder::new("");
    folder.write("secret", "another secret than that");
    folder.write("saved.http", format!("POST / HTTP/1.1\nX-Sig: {}\n\n{{}}", sign("a", "b")));
    let said = infer(&folder);
    let err = String::from_utf8(said.stderr).unwrap();
    assert_eq!(said.status.code(), Some(1));
    assert!(err.contains("combinations fits: the secret is another"), "{err}");
    folder.write("secret", "\n");
    assert_eq!(infer(&folder).status.code(), Some(2));
}

/// Asserts what becomes of the saved request, run through the listener that was printed.
#[track_caller]
fn assert_explained(folder: &Folder, outcome: &str) {
    let mut explain = tympan();
    explain.args(["explain", "saved.http", "--at", "1600000000"]);
    let said = explain.current_dir(folder.path("")).output().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    let yaml = fs::read_to_string(folder.path("listeners.yaml")).unwrap();
    assert!(said.contains(&format!("outcome   {outcome}")), "{yaml}\n{said}");
}

fn infer(folder: &Folder) -> Output {
    let mut command = tympan();
    command.args(["infer", "--request", "saved.http", "--secret-file", "secret"]);
    command.current_dir(folder.path("")).output().unwrap()
}
