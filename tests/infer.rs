//! Whether the scheme of an unknown provider is found from one request and its secret: of every
//! published example of an HMAC, where they are at hand.

use std::fmt::Write as _;
use std::fs;
use std::process::Output;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use tympan_core::infer;
use tympan_core::infer::Captured;
use tympan_core::request;
use tympan_core::request::Saved;
use tympan_core::secret::Secret;

use crate::process::Folder;
use crate::process::repository;
use crate::process::sign;
use crate::process::tympan;

/// Of a hundred examples so many have to be found, each in this time.
const LEAST: usize = 90;
const MOST: Duration = Duration::from_secs(1);

#[test]
#[expect(clippy::print_stdout, reason = "the share is told, also where it is large enough")]
fn published_examples_are_found() {
    let file = repository().join("../shared/vectors.json");
    let Ok(text) = fs::read_to_string(&file) else { return };
    let vectors: Vec<Value> = serde_json::from_str(&text).unwrap();
    let mut n_vectors = 0;
    let mut n_found = 0;
    let mut told = String::new();
    for vector in vectors.iter().filter(|vector| vector["kind"] == "hmac") {
        n_vectors += 1;
        let request = request(vector);
        let secret = Secret::new(vector["secret"].as_str().unwrap().into(), "vectors").unwrap();
        let captured =
            Captured { request: &request, secret: &secret, secret_file: "secret", now: 1.7e9 };
        let begin = Instant::now();
        let found = infer::infer(captured);
        let took = begin.elapsed();
        assert!(took < MOST, "{} took {took:?}", vector["id"]);
        match found {
            Ok(found) => {
                n_found += 1;
                let fault = found.fault.unwrap_or_default();
                let _ = writeln!(told, "{}: found {fault}", vector["id"]);
                // Whatever can be written as a listener was run.
                let is_written = !fault.starts_with("the request is ");
                assert!(is_written, "{}\n{}", vector["id"], found.yaml);
            }
            Err(n_tried) => {
                let _ = writeln!(told, "{}: none of {n_tried} fits", vector["id"]);
            }
        }
    }
    println!("{told}{n_found} of {n_vectors}");
    assert!(n_found * 100 >= n_vectors * LEAST, "{told}{n_found} of {n_vectors}");
}

/// A request as somebody would have captured it.
fn request(vector: &Value) -> Saved {
    let mut headers = Vec::new();
    for (name, value) in vector["headers"].as_object().unwrap() {
        headers.push(format!("{name}: {}", value.as_str().unwrap()));
    }
    let url = vector["url"].as_str().unwrap_or("https://hooks.example.com/in");
    let body = vector["body"].as_str().unwrap_or_default();
    let method = vector["method"].as_str();
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
