//! A configuration of many files: each is a unit of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;

use crate::process::Folder;
use crate::process::Tympan;
use crate::process::request;
use crate::process::tympan;
use crate::process::wait_until;

const ROOT: &str = "version: 1
server: {listen: [127.0.0.1:0]}
include: [listeners.d/*.yaml]
defaults: {deliver: []}
listeners:
  root: {path: /root, verification: {none: a test}}
";

/// A file with a listener that answers with `status`.
fn answering(name: &str, path: &str, status: u16) -> String {
    format!(
        "listeners:
  {name}:
    path: {path}
    verification: {{none: a test}}
    responses: {{accepted: {{status: {status}}}}}
"
    )
}

const BROKEN: &str = "listeners: {broken: {path: /broken}}\n";

fn folder(files: &[(&str, &str)]) -> Folder {
    let folder = Folder::new(ROOT);
    fs::create_dir(folder.path("listeners.d")).unwrap();
    for (name, text) in files {
        folder.write(&format!("listeners.d/{name}"), text);
    }
    folder
}

fn status(server: &Tympan, path: &str) -> u16 {
    server.ask(&request("POST", path, &[], "{}")).status
}

fn wait_for_status(server: &Tympan, path: &str, expected: u16) {
    wait_until(&format!("{expected} from {path}"), || {
        (status(server, path) == expected).then_some(())
    });
}

fn is_frozen(line: &Value) -> bool {
    line["message"].as_str().is_some_and(|it| it.starts_with("the file is frozen"))
}

fn is_left_out(line: &Value) -> bool {
    line["message"].as_str().is_some_and(|it| it.starts_with("the file is left out"))
}

fn is_refused(line: &Value) -> bool {
    line["message"].as_str().is_some_and(|it| it.contains("is refused"))
}

fn is_reloaded(line: &Value) -> bool {
    line["message"] == "reloaded"
}

#[test]
fn files_come_change_and_go() {
    let folder = folder(&[("a.yaml", &answering("a", "/a", 210))]);
    let server = Tympan::start_in(&folder);
    assert_eq!([status(&server, "/root"), status(&server, "/a")], [200, 210]);

    let mark = server.log_mark();
    folder.write("listeners.d/b.yaml", answering("b", "/b", 220));
    wait_for_status(&server, "/b", 220);
    let told = server.wait_for_log_since(mark, is_reloaded);
    assert_eq!(told["changes"], "+ b");

    folder.write("listeners.d/a.yaml", answering("a", "/a", 211));
    wait_for_status(&server, "/a", 211);

    // Neither a hidden file nor one of another name is part of it.
    folder.write("listeners.d/.c.yaml", answering("c", "/c", 230));
    folder.write("listeners.d/c.yaml~", answering("c", "/c", 230));
    fs::remove_file(folder.path("listeners.d/a.yaml")).unwrap();
    wait_for_status(&server, "/a", 404);
    assert_eq!([status(&server, "/b"), status(&server, "/c")], [220, 404]);
    // What is served is told a moment later.
    server.wait_for_log(|line| is_reloaded(line) && line["changes"] == "- a");
}

#[test]
fn the_first_file_of_a_pattern() {
    let folder = folder(&[]);
    let server = Tympan::start_in(&folder);
    let warning = server.wait_for_log(|line| line["code"] == "L45");
    assert_eq!(warning["place"], "listeners.yaml:3:11");
    folder.write("listeners.d/a.yaml", answering("a", "/a", 210));
    wait_for_status(&server, "/a", 210);
}

#[test]
fn a_broken_file_freezes_only_its_own_listeners() {
    let folder =
        folder(&[("a.yaml", &answering("a", "/a", 210)), ("b.yaml", &answering("b", "/b", 220))]);
    let server = Tympan::start_in(&folder);
    let mark = server.log_mark();
    folder.write("listeners.d/a.yaml", BROKEN);
    let frozen = server.wait_for_log_since(mark, is_frozen);
    assert_eq!(frozen["file"], "listeners.d/a.yaml");
    let mistake = server.wait_for_log_since(mark, |line| line["code"] == "L07");
    assert_eq!(mistake["place"], "listeners.d/a.yaml:1:13");
    assert_eq!([status(&server, "/a"), status(&server, "/broken")], [210, 404]);

    // The others go on changing, and it is not told again.
    folder.write("listeners.d/b.yaml", answering("b", "/b", 221));
    wait_for_status(&server, "/b", 221);
    let told = server.wait_for_log_since(mark, is_reloaded);
    assert_eq!(told["frozen"], "listeners.d/a.yaml");
    assert_eq!(status(&server, "/a"), 210);
    assert_eq!(server.log().iter().filter(|line| is_frozen(line)).count(), 1);

    let mark = server.log_mark();
    folder.write("listeners.d/a.yaml", answering("a", "/a", 211));
    wait_for_status(&server, "/a", 211);
    assert_eq!(server.wait_for_log_since(mark, is_reloaded)["frozen"], Value::Null);
}

#[test]
fn a_clash_freezes_the_file_that_changed() {
    let folder =
        folder(&[("a.yaml", &answering("a", "/a", 210)), ("b.yaml", &answering("b", "/b", 220))]);
    let server = Tympan::start_in(&folder);
    for clash in [answering("b", "/new", 211), answering("a", "/b", 211)] {
        let mark = server.log_mark();
        folder.write("listeners.d/a.yaml", clash);
        let frozen = server.wait_for_log_since(mark, is_frozen);
        assert_eq!(frozen["file"], "listeners.d/a.yaml");
        assert_eq!([status(&server, "/a"), status(&server, "/b")], [210, 220]);
    }
    // A listener moves from one file to the other in two saves.
    let mark = server.log_mark();
    folder.write("listeners.d/a.yaml", answering("b", "/b", 230));
    server.wait_for_log_since(mark, is_frozen);
    folder.write("listeners.d/b.yaml", answering("c", "/c", 240));
    wait_for_status(&server, "/b", 230);
    assert_eq!([status(&server, "/a"), status(&server, "/c")], [404, 240]);
}

#[test]
fn a_broken_root_freezes_everything() {
    let folder = folder(&[("a.yaml", &answering("a", "/a", 210))]);
    let server = Tympan::start_in(&folder);
    let mark = server.log_mark();
    folder.write("listeners.yaml", ROOT.replace("defaults", "defalts"));
    server.wait_for_log_since(mark, is_refused);
    let mark = server.log_mark();
    folder.write("listeners.d/a.yaml", answering("a", "/a", 211));
    // What was told is told again to whoever asks.
    server.signal("HUP");
    server.wait_for_log_since(mark, is_refused);
    assert_eq!(status(&server, "/a"), 210);
    folder.write("listeners.yaml", ROOT);
    wait_for_status(&server, "/a", 211);
}

/// What a file says stays good or bad whatever the root takes away from under it.
#[test]
fn a_root_that_breaks_a_file_is_refused() {
    let with_console = ROOT.replace("defaults", "destinations: {console: {stdout: {}}}\ndefaults");
    let folder = Folder::new(&with_console.replace("deliver: []", "deliver: [console]"));
    fs::create_dir(folder.path("listeners.d")).unwrap();
    let own = "listeners: {a: {path: /a, verification: {none: x}, deliver: [console]}}\n";
    folder.write("listeners.d/a.yaml", own);
    let server = Tympan::start_in(&folder);
    let mark = server.log_mark();
    folder.write("listeners.yaml", ROOT);
    let mistake = server.wait_for_log_since(mark, |line| line["code"] == "C106");
    assert_eq!(mistake["place"], "listeners.d/a.yaml:1:62");
    server.wait_for_log_since(mark, is_refused);
    assert_eq!(status(&server, "/a"), 200);
}

#[test]
fn a_start_with_a_broken_file_serves_the_others() {
    let folder = folder(&[("a.yaml", BROKEN), ("b.yaml", &answering("b", "/b", 220))]);
    let server = Tympan::start_in(&folder);
    let told = server.wait_for_log(is_left_out);
    assert_eq!(told["file"], "listeners.d/a.yaml");
    assert_eq!([status(&server, "/b"), status(&server, "/broken")], [220, 404]);
    folder.write("listeners.d/a.yaml", answering("a", "/a", 210));
    wait_for_status(&server, "/a", 210);
}

#[test]
fn a_file_that_cannot_be_read_is_frozen() {
    let folder = folder(&[("a.yaml", &answering("a", "/a", 210))]);
    let server = Tympan::start_in(&folder);
    let mark = server.log_mark();
    // Nobody reads what is no file, whatever their rights.
    fs::remove_file(folder.path("listeners.d/a.yaml")).unwrap();
    std::os::unix::fs::symlink("a.yaml", folder.path("listeners.d/a.yaml")).unwrap();
    server.wait_for_log_since(mark, |line| line["code"] == "C124");
    assert_eq!(status(&server, "/a"), 210);
}

/// As with the root: who removes a file before writing it anew loses no listener.
#[test]
fn a_file_that_is_missing_for_a_second() {
    let folder = folder(&[("a.yaml", &answering("a", "/a", 210))]);
    let server = Tympan::start_in(&folder);
    let mut client = server.connect();
    fs::remove_file(folder.path("listeners.d/a.yaml")).unwrap();
    let gone = Instant::now();
    while gone.elapsed() < Duration::from_secs(1) {
        assert_eq!(client.ask(&request("POST", "/a", &[], "{}")).status, 210);
    }
    fs::write(folder.path("listeners.d/a.yaml"), answering("a", "/a", 211)).unwrap();
    wait_until("the new file", || {
        let status = client.ask(&request("POST", "/a", &[], "{}")).status;
        assert!([210, 211].contains(&status), "{status}");
        (status == 211).then_some(())
    });
}

/// A preset of one's own is a file like any other: a change takes effect, a mistake freezes it.
#[test]
fn a_preset_of_ones_own_is_followed() {
    let preset = |status: &str| {
        format!(
            "title: Own\ncategory: test\nsource: https://example.com/\nchecked: 2026-11-27\n\
             sure: {{verification: documented}}\nverification: {{none: a test}}\n\
             responses: {{accepted: {{status: {status}}}}}\n"
        )
    };
    let folder = Folder::new(
        "version: 1\nserver: {listen: [127.0.0.1:0]}\npresets: [./presets]\n\
         listeners: {own: {preset: own, path: /own, deliver: []}}\n",
    );
    fs::create_dir(folder.path("presets")).unwrap();
    folder.write("presets/own.yaml", preset("210"));
    let server = Tympan::start_in(&folder);
    wait_for_status(&server, "/own", 210);

    folder.write("presets/own.yaml", preset("220"));
    wait_for_status(&server, "/own", 220);

    let mark = server.log_mark();
    folder.write("presets/own.yaml", preset("often"));
    let line = server.wait_for_log_since(mark, is_frozen);
    assert!(line.to_string().contains("presets/own.yaml"), "{line}");
    assert_eq!(status(&server, "/own"), 220);
}

#[test]
fn check_reads_what_run_reads() {
    let folder = folder(&[("a.yaml", BROKEN), ("b.yaml", &answering("b", "/b", 220))]);
    let output =
        tympan().args(["check", "listeners.yaml"]).current_dir(folder.path(".")).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("--> listeners.d/a.yaml:1:13"), "{told}");
    folder.write("listeners.d/a.yaml", answering("a", "/a", 210));
    let output =
        tympan().args(["check", "listeners.yaml"]).current_dir(folder.path(".")).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(told, "listeners.yaml: 3 listeners\n");
}

/// The state folder is nobody else's business.
#[test]
fn rights_of_the_state_folder() {
    let folder = folder(&[("a.yaml", &answering("a", "/a", 210))]);
    let _server = Tympan::start_in(&folder);
    let kept = folder.path("data/last-good/listeners.yaml.json");
    wait_until("it is kept", || kept.exists().then_some(()));
    let rights = |name: &str| fs::metadata(folder.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(rights("data"), 0o700);
    assert_eq!(rights("data/last-good"), 0o700);
    assert_eq!(rights("data/last-good/listeners.yaml.json"), 0o600);
    let text = fs::read_to_string(kept).unwrap();
    let kept: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(kept["files"][1]["path"], "listeners.d/a.yaml");
}
