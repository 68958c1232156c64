//! What a save would change, told before it is served.

use std::process::Output;

use serde_json::Value;
use serde_json::json;

use crate::process::Folder;
use crate::process::Tympan;
use crate::process::tympan;
use crate::process::wait_until;

const SERVED: &str = "version: 1
server: {listen: [127.0.0.1:0]}
include: [more.d/*.yaml]
secrets: {key: {file: key}}
listeners:
  a: {path: /a, verification: {token: {secret: key, received_token: 'headers[\"X\"]'}}, deliver: []}
  b: {path: /b, verification: {none: x}, deliver: []}
";

const MORE: &str = "listeners: {c: {path: /c, verification: {none: x}, deliver: []}}\n";

fn plan(folder: &Folder, arguments: &[&str]) -> (i32, String, String) {
    let mut command = tympan();
    command.arg("plan").args(arguments).current_dir(folder.path("."));
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

/// A folder whose configuration was served once.
fn served() -> Folder {
    let folder = Folder::new(SERVED);
    folder.write("key", "a-long-enough-key");
    folder.write("more.d/c.yaml", MORE);
    let _server = Tympan::start_in(&folder);
    let kept = folder.path("data/last-good/listeners.yaml.json");
    wait_until("it is kept", || kept.exists().then_some(()));
    folder
}

#[test]
fn nothing_would_change() {
    let folder = served();
    let expected = (0, String::new(), "listeners.yaml: nothing changes\n".to_owned());
    assert_eq!(plan(&folder, &[]), expected);
}

#[test]
fn the_words_are_those_of_the_receipt() {
    let folder = served();
    let changed = SERVED.replace("path: /b", "path: /b2, filter: parsed_body.x");
    folder.write("listeners.yaml", format!("{changed}  d: {{verification: {{none: x}}}}\n"));
    std::fs::remove_file(folder.path("more.d/c.yaml")).unwrap();
    std::fs::remove_file(folder.path("key")).unwrap();
    let (code, out, err) = plan(&folder, &[]);
    assert_eq!(code, 2, "{err}");
    assert_eq!(out, "~ b (path: /b -> /b2, filter: none -> parsed_body.x)\n- c\n+ d\n");
    assert!(err.contains("warning[L41]"), "{err}");
    let summary = "listeners.yaml: 1 listener added, 1 changed, 1 removed, 2 warnings\n";
    assert!(err.ends_with(summary), "{err}");

    let (code, out, _) = plan(&folder, &["--format", "json"]);
    let found: Value = serde_json::from_str(&out).unwrap();
    let expected = json!([
        {
            "change": "changed",
            "listener": "b",
            "keys": ["filter", "path"],
            "values": [
                {"path": "path", "old": "/b", "new": "/b2"},
                {"path": "filter", "old": null, "new": "parsed_body.x"},
            ],
        },
        {"change": "removed", "listener": "c"},
        {"change": "added", "listener": "d"},
    ]);
    assert_eq!((code, &found["changes"], &found["warnings"]), (2, &expected, &json!(2)));
    assert_ne!(found["base"], found["fingerprint"]);
}

#[test]
fn states_that_would_change() {
    let folder = served();
    let more = SERVED.replace("{key: {file: key}}", "{key: {file: key}, key2: {file: absent}}")
        + "  d: {verification: {token: {secret: key2, received_token: 'headers[\"X\"]'}}, deliver: []}\n";
    folder.write("listeners.yaml", more);
    let (code, out, err) = plan(&folder, &[]);
    let expected = "+ d\n~ secrets.key2 (none -> {file: absent})\n! d would be not_ready (secret key2: absent does not exist)\n";
    assert_eq!((code, out.as_str()), (2, expected), "{err}");
}

/// As a reload refuses it.
#[test]
fn the_secret_of_a_listener_that_serves_may_not_go() {
    let folder = served();
    let other = SERVED.replace("{key: {file: key}}", "{key: {file: another}}");
    folder.write("listeners.yaml", other);
    let (code, out, err) = plan(&folder, &[]);
    assert_eq!((code, out.as_str()), (1, ""), "{err}");
    assert!(err.contains("`a`") && err.contains("another does not exist"), "{err}");
    assert!(err.ends_with("listeners.yaml: 1 mistake: a save would change nothing\n"), "{err}");
}

#[test]
fn no_secret_shows_wherever_it_was_written() {
    let folder = served();
    let with_secret = SERVED.replace("path: /b", "path: /b, filter: 'x == \"a-long-enough-key\"'");
    folder.write("listeners.yaml", with_secret);
    let (code, out, _) = plan(&folder, &[]);
    assert_eq!((code, out.as_str()), (2, "~ b (filter: none -> x == \"***\")\n"));
    let (_, json, _) = plan(&folder, &["--format", "json"]);
    assert!(!json.contains("a-long-enough-key"), "{json}");
}

/// What a save does is what was planned, in the same words.
#[test]
fn the_receipt_says_what_was_planned() {
    let folder = Folder::new(SERVED);
    folder.write("key", "a-long-enough-key");
    folder.write("more.d/c.yaml", MORE);
    let server = Tympan::start_in(&folder);
    let changed = SERVED.replace("path: /a", "path: /a2").replace("  b:", "  d:");
    std::fs::write(folder.path("planned.yaml"), &changed).unwrap();
    let admin = format!("unix:{}", folder.path("data/admin.sock").display());
    let (code, planned, err) = plan(&folder, &["planned.yaml", "--admin", &admin]);
    assert_eq!((code, err.contains("note:")), (2, false), "{err}");
    assert_eq!(planned, "~ a (path: /a -> /a2)\n- b\n+ d\n");
    folder.write("listeners.yaml", changed);
    let told = server.wait_for_log(|line| line["message"] == "reloaded");
    assert_eq!(told["changes"], planned.trim_end().replace('\n', ", "));
}

#[test]
fn mistakes_change_nothing() {
    let folder = served();
    folder.write("listeners.yaml", SERVED.replace("path: /b", "paht: /b"));
    let (code, out, err) = plan(&folder, &[]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("--> listeners.yaml:7:"), "{err}");
    assert!(err.ends_with("listeners.yaml: 1 mistake: a save would change nothing\n"), "{err}");
}

/// An included file with mistakes does not hold up the others, whatever asks about it.
#[test]
fn a_file_with_mistakes_stays_as_it_was() {
    let folder = served();
    let server = Tympan::start_in(&folder);
    folder.write("more.d/c.yaml", "listeners: {c: {}}\n");
    folder.write("listeners.yaml", SERVED.replace("path: /b", "path: /b2"));
    folder.write("more.d/d.yaml", "listeners: {d: {}}\n");
    // It may take the new root for one save, and the new file for another.
    let is_whole = |line: &Value| line["message"] == "reloaded" && line["generation"] == 2;
    server.wait_for_log(is_whole);
    wait_until("everything is followed", || {
        let (_, out, err) = plan(&folder, &[]);
        (out.is_empty() && err.contains("d.yaml has mistakes")).then_some(())
    });
    let (code, out, err) = plan(&folder, &[]);
    assert_eq!((code, out.as_str()), (1, ""), "{err}");
    assert!(err.contains("--> more.d/c.yaml:1:13"), "{err}");
    let told = "more.d/c.yaml has mistakes: its listeners would go on as they were\n\
                more.d/d.yaml has mistakes: none of its listeners would be served\n\
                listeners.yaml: nothing changes\n";
    assert!(err.ends_with(told), "{err}");
    let (_, json, _) = plan(&folder, &["--format", "json"]);
    let found: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(found["frozen"], json!(["more.d/c.yaml", "more.d/d.yaml"]));
    let n_told = found["errors"].as_u64().unwrap() + found["warnings"].as_u64().unwrap();
    assert_eq!(found["diagnostics"].as_array().unwrap().len() as u64, n_told);

    let mut reload = tympan();
    reload.arg("reload").current_dir(folder.path("."));
    let Output { status, stderr, .. } = reload.output().unwrap();
    let stderr = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("more.d/c.yaml is not served as it stands"), "{stderr}");
}

#[test]
fn where_nothing_was_served_everything_is_new() {
    let folder =
        Folder::new("version: 1\nlisteners: {a: {verification: {none: x}, deliver: []}}\n");
    let (code, out, err) = plan(&folder, &[]);
    assert_eq!((code, out.as_str()), (2, "+ a\n~ version (none -> 1)\n"));
    assert!(err.contains("nothing was served from here yet"), "{err}");
    let (code, _, err) = plan(&folder, &["absent.yaml"]);
    assert_eq!(code, 1);
    assert!(err.starts_with("error: absent.yaml cannot be read"), "{err}");
}
