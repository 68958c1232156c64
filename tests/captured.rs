//! Secrets that handshakes bring: stored while they are expected, and at no other time.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Output;
use std::process::Stdio;
use std::thread;

use serde_json::Value;

use crate::process::Folder;
use crate::process::Tympan;
use crate::process::request;
use crate::process::sign;
use crate::process::tympan;

const FILE: &str = r#"version: 1
server: {listen: [127.0.0.1:0]}
secrets:
  hook: {captured: true, most: 3}
  written: {file: secrets/written}
destinations: {out: {stdout: {}}}
listeners:
  a:
    path: /a
    challenge:
      detection: headers["X-Hook-Secret"]
      capture: {hook: 'headers["X-Hook-Secret"]'}
      otherwise: {status: 403}
      response: {status: 200, headers: {X-Hook-Secret: 'headers["X-Hook-Secret"]'}}
    verification:
      - signature:
          secret: hook
          hash_mode: SHA-256
          received_signature: headers["X-Hook-Signature"]
    deliver: [out]
  b:
    path: /b
    verification: [{token: {secret: written, received_token: 'headers["X-Token"]'}}]
    deliver: [out]
"#;

const FIRST: &str = "0123456789abcdef0123456789abcdef";
const SECOND: &str = "fedcba9876543210fedcba9876543210";
const STRANGE: &str = "ffffffffffffffffffffffffffffffff";

fn secrets(folder: &Folder, arguments: &[&str], input: &str) -> Output {
    let mut command = tympan();
    command.arg("secrets").args(arguments).arg(folder.path("listeners.yaml"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[track_caller]
fn done(folder: &Folder, arguments: &[&str], input: &str) {
    let output = secrets(folder, arguments, input);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// What is known of the captured secret.
fn listed(folder: &Folder) -> Value {
    let output = secrets(folder, &["list", "--format", "json"], "");
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(!list.to_string().contains(FIRST) && !list.to_string().contains(SECOND), "{list}");
    list["items"][0].clone()
}

fn greet(server: &Tympan, secret: &str) -> u16 {
    let answer = server.ask(&request("POST", "/a", &[("X-Hook-Secret", secret)], ""));
    let echoed = (answer.status == 200).then_some(secret);
    assert_eq!(answer.header("x-hook-secret"), echoed, "{}", answer.status);
    answer.status
}

fn deliver(server: &Tympan, secret: &str) -> u16 {
    let signature = sign(secret, "{}");
    server.ask(&request("POST", "/a", &[("X-Hook-Signature", &signature)], "{}")).status
}

#[test]
fn a_handshake_that_is_expected_verifies_the_very_next_delivery() {
    let folder = Folder::new(FILE);
    let server = Tympan::start_in(&folder);
    assert_eq!((greet(&server, STRANGE), deliver(&server, STRANGE)), (403, 503));

    done(&folder, &["arm", "hook", "--for", "10m"], "");
    assert_eq!(listed(&folder)["armed"]["count"], 1);
    assert_eq!(greet(&server, FIRST), 200);
    assert_eq!(deliver(&server, FIRST), 200);

    // Whoever comes later changes nothing.
    assert_eq!((greet(&server, STRANGE), greet(&server, FIRST)), (403, 403));
    assert_eq!((deliver(&server, FIRST), deliver(&server, STRANGE)), (200, 401));
    let known = listed(&folder);
    assert_eq!((known["armed"].is_null(), &known["refused"]), (true, &3.into()));
    let file = folder.path("data/captured/hook/0001.secret");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!server.log_text().contains(FIRST));

    // Another webhook at the same listener: any of them verifies.
    done(&folder, &["arm", "hook", "--count", "2"], "");
    assert_eq!(greet(&server, SECOND), 200);
    done(&folder, &["disarm", "hook"], "");
    assert_eq!(greet(&server, STRANGE), 403);
    assert_eq!((deliver(&server, FIRST), deliver(&server, SECOND)), (200, 200));

    drop(server);
    let server = Tympan::start_in(&folder);
    assert_eq!((deliver(&server, FIRST), deliver(&server, SECOND)), (200, 200));
    done(&folder, &["forget", "hook", "--id", "1"], "");
    assert_eq!((deliver(&server, FIRST), deliver(&server, SECOND)), (401, 200));
    done(&folder, &["rotate", "hook"], FIRST);
    assert_eq!((deliver(&server, FIRST), deliver(&server, SECOND)), (200, 200));
    done(&folder, &["set", "hook"], FIRST);
    assert_eq!((deliver(&server, FIRST), deliver(&server, SECOND)), (200, 401));
    done(&folder, &["forget", "hook"], "");
    assert_eq!((deliver(&server, FIRST), deliver(&server, SECOND)), (503, 503));
}

#[test]
fn a_thousand_that_race_and_one_is_stored() {
    let folder = Folder::new(FILE);
    let server = Tympan::start_in(&folder);
    done(&folder, &["arm", "hook"], "");
    let welcome: Vec<String> = thread::scope(|scope| {
        let server = &server;
        let race = |racer: usize| {
            let secret = move |n: usize| format!("{racer:016x}{n:016x}");
            move || (0..50).map(secret).filter(|it| greet(server, it) == 200).collect::<Vec<_>>()
        };
        let racers: Vec<_> = (0..20).map(|racer| scope.spawn(race(racer))).collect();
        racers.into_iter().flat_map(|racer| racer.join().unwrap()).collect()
    });
    let [secret] = &welcome[..] else { panic!("{welcome:?}") };
    let known = listed(&folder);
    assert_eq!((known["values"].as_array().unwrap().len(), &known["refused"]), (1, &999.into()));
    assert_eq!(deliver(&server, secret), 200);
}

#[test]
fn on_the_state_folder_when_nothing_runs() {
    let folder = Folder::new(FILE);
    done(&folder, &["arm", "hook", "--count", "3"], "");
    assert_eq!(listed(&folder)["armed"]["count"], 3);
    let output = secrets(&folder, &["arm", "hook", "--count", "4"], "");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("`most` is 3") && output.status.code() == Some(1), "{said}");
    let server = Tympan::start_in(&folder);
    assert_eq!((greet(&server, FIRST), deliver(&server, FIRST)), (200, 200));
    drop(server);

    done(&folder, &["set", "written"], "a secret of a file\n");
    let file = folder.path("secrets/written");
    assert_eq!(fs::read_to_string(&file).unwrap(), "a secret of a file");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    for (arguments, input, exit, why) in [
        (&["arm", "written"][..], "", 1, "not captured"),
        (&["arm", "unknown"], "", 2, "no secret unknown"),
        (&["set", "hook"], " \n", 2, "holds nothing"),
        (&["arm", "hook", "--for", "soon"], "", 2, "10m"),
    ] {
        let output = secrets(&folder, arguments, input);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(why) && output.status.code() == Some(exit), "{arguments:?}: {said}");
    }
}
