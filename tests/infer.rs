//! Whether the scheme of an unknown provider is found from one request and its secret: of every
//! published example of an HMAC.

use std::process::Output;

use serde_json::Value;
use tympan_core::infer;
use tympan_core::infer::Captured;
use tympan_core::request;
use tympan_core::request::Saved;
use tympan_core::secret::Secret;

use crate::process::Folder;
use crate::process::sign;
use crate::process::tympan;
use crate::vectors::examples;

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
    for (name, headers, body) in [
        ("body", format!("X-Sig: sha256={}\n", of("")), body),
        ("time", format!("X-Time: 1600000000\nX-Sig: {}\n", of("1600000000:")), body),
        ("pairs", format!("X-Sig: t=1600000000,v1={}\n", of("1600000000.")), body),
        ("field", String::new(), &field),
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
            let mut explain = tympan();
            explain.args(["explain", "saved.http", "--at", "1600000000"]);
            let said = explain.current_dir(folder.path("")).output().unwrap();
            let said = String::from_utf8(said.stdout).unwrap();
            assert!(said.contains(&format!("outcome   {outcome}")), "{name}\n{yaml}\n{said}");
        }
        assert!(!yaml.contains(key), "{yaml}");
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

fn infer(folder: &Folder) -> Output {
    let mut command = tympan();
    command.args(["infer", "--request", "saved.http", "--secret-file", "secret"]);
    command.current_dir(folder.path("")).output().unwrap()
}
