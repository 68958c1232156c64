//! What is served after a restart with a broken file.

use std::fs;

use serde_json::Value;

use crate::process::Folder;
use crate::process::Tympan;
use crate::process::request;
use crate::process::wait_until;

fn answering(status: u16) -> String {
    format!(
        "version: 1
server: {{listen: [127.0.0.1:0]}}
state: kept
include: [more/*.yaml]
listeners:
  hook:
    path: /hook
    verification: {{none: a test}}
    deliver: []
    responses: {{accepted: {{status: {status}}}}}
"
    )
}

const MORE: &str = "listeners: {more: {path: /more, verification: {none: x}, deliver: []}}\n";

fn status(server: &Tympan, path: &str) -> u16 {
    server.ask(&request("POST", path, &[], "{}")).status
}

fn wait_for_status(server: &Tympan, path: &str, expected: u16) {
    wait_until(&format!("{expected} from {path}"), || {
        (status(server, path) == expected).then_some(())
    });
}

/// A folder in which a server has served, and a file has changed since.
fn after(name: &str, text: &str) -> Folder {
    let folder = Folder::new(&answering(210));
    folder.write("more/a.yaml", MORE);
    let mut server = Tympan::start_in(&folder);
    // What went live last is what counts, and it is kept when the process ends.
    folder.write("listeners.yaml", answering(211));
    wait_for_status(&server, "/hook", 211);
    server.signal("TERM");
    assert!(server.wait().success());
    folder.write(name, text);
    folder
}

fn is_restored(line: &Value) -> bool {
    line["message"].as_str().is_some_and(|it| it.contains("said last without mistakes is served"))
}

#[test]
fn a_restart_with_a_broken_root() {
    // A mistake of meaning, and one of YAML above the name of the state folder.
    for (right, wrong) in [("deliver", "delivr"), ("[127.0.0.1:0]", "[127.0.0.1:0")] {
        let folder = after("listeners.yaml", &answering(212).replace(right, wrong));
        let server = Tympan::start_in(&folder);
        let told = server.wait_for_log(is_restored);
        assert_eq!((&told["level"], &told["why"]), (&"ERROR".into(), &"1 mistake".into()));
        let serving = server.wait_for_log(|line| line["message"] == "serving");
        assert_eq!(serving["last_good"], true);
        assert_eq!([status(&server, "/hook"), status(&server, "/more")], [211, 200]);

        // Mending it goes live, and until then nothing is told twice.
        folder.write("listeners.yaml", answering(213));
        wait_for_status(&server, "/hook", 213);
        let is_error = |line: &&Value| line["level"] == "ERROR" && line["code"].is_null();
        assert_eq!(server.log().iter().filter(is_error).count(), 1);
    }
}

#[test]
fn a_restart_with_a_broken_included_file() {
    let folder = after("more/a.yaml", "listeners: {more: {path: /more, verification: {}}}\n");
    folder.write("listeners.yaml", answering(212));
    let server = Tympan::start_in(&folder);
    server.wait_for_log(|line| {
        line["message"].as_str().is_some_and(|it| it.starts_with("the file is frozen"))
    });
    assert_eq!([status(&server, "/hook"), status(&server, "/more")], [212, 200]);
}

/// It is the last good configuration of this file, not of its neighbour.
#[test]
fn another_file_has_another_last_good() {
    let folder = after("other.yaml", "version: 1\nstate: kept\nlisteners: {a: {}}\n");
    let mut command = folder.run();
    let output = command.arg("other.yaml").output().unwrap();
    assert_eq!(output.status.code(), Some(78));
}

#[test]
fn a_state_folder_that_cannot_be_written() {
    // Nothing can be kept there, so nothing is to be.
    let answering =
        |status| answering(status).replace("deliver: []", "ack: memory\n    deliver: []");
    let folder = Folder::new(&answering(210));
    folder.write("kept", "this is a file");
    let server = Tympan::start_in(&folder);
    let warning = server
        .wait_for_log(|line| line["message"].as_str().is_some_and(|it| it.contains("is not kept")));
    assert_eq!(warning["level"], "WARN");
    folder.write("listeners.yaml", answering(211));
    wait_for_status(&server, "/hook", 211);
}

/// Texts that were kept by another hand are nothing to serve.
#[test]
fn what_was_kept_may_be_broken_as_well() {
    for kept in ["", "{}", r#"{"files": [{"path": "x.yaml", "text": "version: 1"}]}"#] {
        let folder = after("listeners.yaml", "version: 1\nstate: kept\nlisteners: {a: {}}\n");
        fs::write(folder.path("kept/last-good/listeners.yaml.json"), kept).unwrap();
        let output = folder.run().output().unwrap();
        assert_eq!(output.status.code(), Some(78), "{kept}");
    }
}
