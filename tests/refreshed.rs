//! Refresh tokens that rotate: whoever uses one gets another, and one that was used before is taken for a
//! stolen one.

use std::os::unix::fs::PermissionsExt;
use std::process::Output;
use std::sync::Arc;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;

use crate::process::Folder;
use crate::process::tympan;
use crate::stub::Asked;
use crate::stub::Reply;
use crate::stub::Stub;

/// How often a refresh token was used, and whether nothing counts any more since one was used twice.
#[derive(Default)]
struct System {
    n_used: usize,
    is_revoked: bool,
    /// How long the first answer takes.
    first_takes: Duration,
    /// Whether the first answer is none.
    is_first_lost: bool,
}

impl System {
    fn answer(&mut self, asked: &Asked) -> Reply {
        if !asked.line.starts_with("POST /token ") {
            return Reply::json(200, &Value::Null);
        }
        let expected = format!("grant_type=refresh_token&refresh_token=refresh-{}", self.n_used);
        if self.is_revoked || !asked.body.starts_with(&expected) {
            self.is_revoked = true;
            let error = json!({"error": "invalid_grant", "error_description": asked.body});
            return Reply::json(400, &error);
        }
        if self.n_used == 0 {
            thread::sleep(self.first_takes);
        }
        self.n_used += 1;
        if self.n_used == 1 && self.is_first_lost {
            return Reply::none();
        }
        let refresh = format!("refresh-{}", self.n_used);
        Reply::json(200, &json!({"access_token": "granted", "refresh_token": refresh}))
    }
}

fn start() -> (Stub, Folder) {
    start_with(System::default(), "30s")
}

fn start_with(system: System, timeout: &str) -> (Stub, Folder) {
    let system = Mutex::new(system);
    let stub = Stub::start(move |asked| system.lock().unwrap().answer(asked));
    let address = stub.address;
    let folder = Folder::new(&format!(
        "version: 1\nsecrets: {{refresh: {{file: refresh}}}}\nconnectors:\n  api: {{base_url: \
         'http://{address}', timeout: {timeout}, auth: {{oauth: {{token_url: 'http://{address}/token', client_id: us, grant: \
         refresh_token, refresh_token: refresh}}}}}}\nactions: {{read: {{connector: api, path: /me}}}}\n\
         listeners: {{}}\n"
    ));
    folder.write("refresh", "refresh-0");
    (stub, folder)
}

fn call(folder: &Folder) -> (i32, String) {
    let output = tympan().args(["call", "read"]).current_dir(folder.path(".")).output();
    let Output { status, stderr, .. } = output.unwrap();
    (status.code().unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn the_next_command_uses_the_next_one() {
    let (stub, folder) = start();
    for n_calls in 1..=3 {
        let (code, err) = call(&folder);
        assert_eq!(code, 0, "{err}");
        assert_eq!(stub.count("GET /me"), n_calls);
    }
    let path = folder.path("data/refreshed/refresh.json");
    let mode = |path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(path), mode(folder.path("data/refreshed"))), (0o600, 0o700));

    // What the operator writes counts, and nobody is shown what was sent.
    folder.write("refresh", "by-hand");
    let (code, err) = call(&folder);
    assert!(code == 77 && err.contains("refresh_token=***"), "{code}: {err}");
    assert!(!err.contains("by-hand"), "{err}");
}

#[test]
fn commands_at_once_use_one_after_the_other() {
    let (stub, folder) = start();
    let folder = Arc::new(folder);
    let calls: Vec<_> = (0..6)
        .map(|_| {
            let folder = Arc::clone(&folder);
            thread::spawn(move || call(&folder))
        })
        .collect();
    for call in calls {
        let (code, err) = call.join().unwrap();
        assert_eq!(code, 0, "{err}");
    }
    assert_eq!((stub.count("POST /token"), stub.count("GET /me")), (6, 6));
}

/// A call that takes too long is given up once the token that comes in the place of the one that it has
/// used is kept.
#[test]
fn one_that_comes_late_is_kept() {
    let system = System { first_takes: Duration::from_secs(11), ..System::default() };
    let (stub, folder) = start_with(system, "1s");
    let (code, err) = call(&folder);
    assert!(code != 0 && err.contains("no whole answer within 1s"), "{code}: {err}");
    assert_eq!(stub.count("GET /me"), 0);
    let path = folder.path("listeners.yaml");
    let text = std::fs::read_to_string(&path).unwrap().replace("timeout: 1s", "timeout: 30s");
    folder.write("listeners.yaml", text);
    let (code, err) = call(&folder);
    assert_eq!((code, stub.count("POST /token"), stub.count("GET /me")), (0, 2, 1), "{err}");
}

/// Who uses one twice is a thief.
#[test]
fn one_that_nobody_answers_is_not_sent_again_at_once() {
    let (stub, folder) = start_with(System { is_first_lost: true, ..System::default() }, "30s");
    let (code, err) = call(&folder);
    let why = "and the refresh token that was sent may count no longer";
    assert!(code == 69 && err.contains(why), "{code}: {err}");
    assert_eq!((stub.count("POST /token"), stub.count("GET /me")), (1, 0));
}

/// Where none can be kept, none is used: the next command would have nothing that counts.
#[test]
fn without_a_place_for_the_next_one_none_is_used() {
    let (stub, folder) = start();
    folder.write("data", "no folder");
    let (code, err) = call(&folder);
    let why = "the secret refresh cannot be used: what takes its place cannot be kept";
    assert!(code == 1 && err.contains(why), "{code}: {err}");
    assert_eq!(stub.asked().len(), 0);
}
