//! The command line: what is printed where, and how it ends.

use std::fs;
use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;

use serde_json::Value;

use crate::process::Folder;
use crate::process::Lines;
use crate::process::Tympan;
use crate::process::binary;
use crate::process::repository;
use crate::process::tympan;
use crate::process::wait_until;

/// What a command said, and how it ended.
struct Said {
    code: i32,
    out: String,
    err: String,
}

fn said(command: &mut Command) -> Said {
    let Output { status, stdout, stderr } = command.output().unwrap();
    Said {
        code: status.code().expect("an exit, not a signal"),
        out: String::from_utf8(stdout).unwrap(),
        err: String::from_utf8(stderr).unwrap(),
    }
}

fn run(arguments: &[&str]) -> Said {
    said(tympan().args(arguments))
}

fn check(folder: &Folder, arguments: &[&str]) -> Said {
    said(tympan().arg("check").args(arguments).current_dir(folder.path(".")))
}

const GOOD: &str = "version: 1
server: {listen: [127.0.0.1:0]}
listeners:
  hook: {verification: {none: a test}, deliver: []}
";

/// Two mistakes and a warning.
const BROKEN: &str = "version: 1
log: {level: loud}
listeners:
  doubtful: {verification: {none: a test}}
  hook: {verification: {none: a test}, deliver: [], filtr: parsed_body.x}
";

/// A warning.
const DOUBTFUL: &str = "version: 1
listeners:
  hook: {verification: {none: a test}}
";

// Help.

#[test]
fn version() {
    for flag in ["--version", "-V"] {
        let found = run(&[flag]);
        assert_eq!(found.code, 0);
        assert_eq!(found.out, format!("tympan {}\n", env!("CARGO_PKG_VERSION")));
        assert_eq!(found.err, "");
    }
}

#[test]
fn help_teaches() {
    let help = run(&["--help"]);
    assert_eq!((help.code, help.err.as_str()), (0, ""));
    let first = help.out.lines().next().unwrap();
    assert!(first.starts_with("Serves webhook listeners that are described in YAML"), "{first}");
    for part in [
        "Usage: tympan",
        "Examples:",
        "Exit codes:",
        "run",
        "check",
        "plan",
        "explain",
        "eval",
        "schema",
        "completions",
    ] {
        assert!(help.out.contains(part), "{part} in {}", help.out);
    }
    for code in ["0 ", "1 ", "2 ", "74 ", "78 "] {
        let is_told = help.out.lines().any(|line| line.trim_start().starts_with(code));
        assert!(is_told, "{code}: {}", help.out);
    }
    for command in ["run", "check", "explain", "eval", "plan", "schema", "completions"] {
        let help = run(&[command, "--help"]);
        assert_eq!((help.code, help.err.as_str()), (0, ""), "{command}");
        assert!(help.out.contains(&format!("Usage: tympan {command}")), "{command}: {}", help.out);
        assert!(help.out.contains("Exit codes:"), "{command}: {}", help.out);
        assert!(help.out.lines().all(|line| line.len() <= 100), "{command}: {}", help.out);
        assert_eq!(help.out, run(&["help", command]).out, "{command}");
    }
}

/// What help says is there is there.
#[test]
fn examples_of_the_help_are_commands() {
    let help = run(&["--help"]);
    let examples: Vec<_> =
        help.out.lines().filter_map(|line| line.trim().strip_prefix("tympan ")).collect();
    assert!(examples.len() >= 3, "{}", help.out);
    for example in examples {
        let words = example.split("  ").next().unwrap().split(' ').filter(|word| *word != "help");
        let words: Vec<_> = words.chain(["--help"]).collect();
        let found = run(&words);
        assert_eq!(found.code, 0, "tympan {example}: {}", found.err);
    }
}

#[test]
fn nothing_is_a_question() {
    let found = run(&[]);
    assert_eq!((found.code, found.out.as_str()), (2, ""));
    assert!(found.err.contains("Usage: tympan"), "{}", found.err);
}

#[test]
fn what_is_not_understood() {
    let cases: [(&[&str], &str); 6] = [
        (&["chek"], "'check'"),
        (&["runn"], "'run'"),
        (&["check", "--stric"], "'--strict'"),
        (&["check", "--format", "xml"], "json"),
        (&["completions", "tcsh"], "elvish"),
        (&["run", "a.yaml", "b.yaml"], "b.yaml"),
    ];
    for (arguments, hint) in cases {
        let found = run(arguments);
        assert_eq!((found.code, found.out.as_str()), (2, ""), "{arguments:?}");
        assert!(found.err.contains(hint), "{arguments:?}: {}", found.err);
    }
}

// check

#[test]
fn check_tells_by_its_exit_code() {
    let cases = [
        ("good", GOOD, [0, 0]),
        ("doubtful", DOUBTFUL, [0, 1]),
        ("broken", BROKEN, [1, 1]),
        ("empty", "", [1, 1]),
        ("no YAML", "version: 1\n: [", [1, 1]),
    ];
    for (case, text, codes) in cases {
        let folder = Folder::new(text);
        for format in ["text", "json"] {
            let plain = check(&folder, &["--format", format]);
            let strict = check(&folder, &["--strict", "--format", format]);
            assert_eq!([plain.code, strict.code], codes, "{case} as {format}: {}", plain.err);
        }
    }
    let folder = Folder::new(GOOD);
    for (case, file) in [("missing", "there.yaml"), ("a folder", ".")] {
        let found = check(&folder, &[file]);
        assert_eq!((found.code, found.out.as_str()), (2, ""), "{case}");
        assert!(found.err.contains(&format!("{file} cannot be read")), "{case}: {}", found.err);
    }
}

#[test]
fn check_counts_alike_for_people_and_programs() {
    for (text, errors, warnings) in [(GOOD, 0, 0), (DOUBTFUL, 0, 1), (BROKEN, 2, 1)] {
        let folder = Folder::new(text);
        let json = check(&folder, &["--format", "json"]);
        assert_eq!(json.err, "");
        let report: Value = serde_json::from_str(&json.out).unwrap();
        assert_eq!((&report["errors"], &report["warnings"]), (&errors.into(), &warnings.into()));
        let diagnostics = report["diagnostics"].as_array().unwrap();
        assert_eq!(diagnostics.len(), errors + warnings);

        let text = check(&folder, &[]);
        assert_eq!(text.out, "");
        let summary = text.err.lines().last().unwrap();
        let counted = |count: usize, noun: &str| match count {
            1 => format!("1 {noun}"),
            _ => format!("{count} {noun}s"),
        };
        let what = if errors == 0 { counted(1, "listener") } else { counted(errors, "mistake") };
        let mut expected = format!("listeners.yaml: {what}");
        if warnings > 0 {
            expected = format!("{expected}, {}", counted(warnings, "warning"));
        }
        assert_eq!(summary, expected);
        for (severity, count) in [("error[", errors), ("warning[", warnings)] {
            let told = text.err.lines().filter(|line| line.starts_with(severity)).count();
            assert_eq!(told, count, "{severity}: {}", text.err);
        }
        // Everything that a program is told can be found by a person.
        for diagnostic in diagnostics {
            for field in ["code", "message"] {
                let told = diagnostic[field].as_str().unwrap();
                assert!(text.err.contains(told), "{told} in {}", text.err);
            }
        }
    }
}

#[test]
fn check_needs_no_environment() {
    // Beside the repository's own file lie the secrets of whoever has followed the README.
    let text = fs::read_to_string(repository().join("listeners.yaml")).unwrap();
    let folder = Folder::new(&text);
    let found = said(
        Command::new(binary())
            .args(["check", "listeners.yaml"])
            .env_clear()
            .current_dir(folder.path(".")),
    );
    assert_eq!((found.code, found.out.as_str()), (0, ""), "{}", found.err);
    for (secret, place) in [
        ("asana", "secrets/asana"),
        ("github", "GITHUB_WEBHOOK_SECRET"),
        ("slack", "SLACK_SIGNING_SECRET"),
        ("zoom", "secrets/zoom"),
        ("stripe", "secrets/stripe"),
    ] {
        let is_it =
            |line: &str| line.contains(&format!("secret {secret} ")) && line.contains(place);
        assert!(found.err.lines().any(is_it), "{secret}: {}", found.err);
    }
    assert_eq!(found.err.lines().last(), Some("listeners.yaml: 6 listeners"));

    let strict = said(
        Command::new(binary())
            .args(["check", "--strict", "--format", "json", "listeners.yaml"])
            .env_clear()
            .current_dir(folder.path(".")),
    );
    assert_eq!(strict.code, 0, "unset secrets are no warnings: {}", strict.err);
    let report: Value = serde_json::from_str(&strict.out).unwrap();
    assert_eq!(report["unset_secrets"].as_array().unwrap().len(), 7, "{report}");
}

#[test]
fn a_secret_that_is_no_key_is_told_before_it_serves() {
    let folder = Folder::new(
        r#"version: 1
server: {listen: [127.0.0.1:0]}
secrets: {public: {file: public}, coded: [{file: good}, {file: coded}]}
listeners:
  a:
    path: /a
    verification:
      - signature: {algorithm: RSA, secret: public, received_signature: 'headers["X-Sig"]'}
    deliver: []
  b:
    verification:
      - signature:
          secret: coded
          key: {encoding: hex}
          received_signature: headers["X-Sig"]
    deliver: []
"#,
    );
    folder.write("public", "no PEM at all, though a secret text");
    folder.write("good", "00ff00ff");
    folder.write("coded", "not even hex");
    let here = |arguments: &[&str]| {
        said(Command::new(binary()).args(arguments).current_dir(folder.path(".")))
    };
    let found = here(&["check", "listeners.yaml"]);
    assert_eq!(found.code, 0, "{}", found.err);
    assert!(
        found.err.contains("secret `public` is no key for what it proves: it is no public key"),
        "{}",
        found.err
    );
    assert!(found.err.contains("secret `coded` is no key for what it proves: it is not hex"));
    assert!(found.err.contains("warning[L53]") && found.err.contains("listeners.yaml:3:11"));
    assert_eq!(here(&["check", "--strict", "listeners.yaml"]).code, 1);
    let server = Tympan::start_in(&folder);
    let told = server.wait_for_log(|line| line["code"] == "L53");
    assert_eq!(told["place"], "listeners.yaml:3:11", "{told}");
    assert!(!found.err.contains("secret text") && !found.err.contains("not even"));
    let json = here(&["check", "--format", "json", "listeners.yaml"]);
    let report: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(report["unusable_secrets"][0]["secret"], "public", "{report}");
    let arguments =
        ["explain", "--url", "http://x/a", "-H", "X-Sig: AAAA", "--body", "listeners.yaml"];
    let found = here(&arguments);
    let why = "the secret public is no key: it is no public key";
    assert!(found.out.contains(why), "{}{}", found.out, found.err);
}

#[test]
fn check_sees_the_secrets_that_are_there() {
    let folder = Folder::new(
        "version: 1
env_file: .env
secrets: {a: {env: A_SECRET}, b: {env: B_SECRET}, c: {file: c}, d: {file: d}}
listeners:
  hook:
    verification:
      - any:
          - token: {secret: a, received_token: 'headers[\"A\"]'}
          - token: {secret: b, received_token: 'headers[\"A\"]'}
          - token: {secret: c, received_token: 'headers[\"A\"]'}
          - token: {secret: d, received_token: 'headers[\"A\"]'}
    deliver: []
",
    );
    folder.write(".env", "B_SECRET=there-is-one-b\n");
    folder.write("c", "there-is-one-c\n");
    folder.write("d", "\n");
    let mut command = tympan();
    command.args(["check", "--format", "json"]).current_dir(folder.path("."));
    let found = said(command.env("A_SECRET", "there-is-one-a"));
    assert!(!found.out.contains("there-is-one"), "{}", found.out);
    let report: Value = serde_json::from_str(&found.out).unwrap();
    let unset: Vec<_> = report["unset_secrets"].as_array().unwrap().iter().collect();
    assert_eq!(unset.len(), 1, "{report}");
    assert_eq!((&unset[0]["secret"], &unset[0]["why"]), (&"d".into(), &"d is empty".into()));
}

#[test]
fn the_file_may_be_named_by_a_variable() {
    let folder = Folder::new("");
    folder.write("other/good.yaml", GOOD);
    let mut command = tympan();
    command.arg("check").env("TYMPAN_CONFIG", "other/good.yaml").current_dir(folder.path("."));
    let found = said(&mut command);
    assert_eq!(found.err, "other/good.yaml: 1 listener\n");
    let found = said(command.arg("listeners.yaml"));
    assert_eq!(found.code, 1, "the argument wins: {}", found.err);
}

// schema, completions

#[test]
fn schema() {
    let printed = run(&["schema"]);
    assert_eq!((printed.code, printed.err.as_str()), (0, ""));
    let schema: Value = serde_json::from_str(&printed.out).unwrap();
    assert!(schema["$schema"].as_str().unwrap().contains("json-schema.org"), "{schema}");
    jsonschema::validator_for(&schema).unwrap();

    let folder = Folder::new(GOOD);
    for flag in ["--output", "-o"] {
        let file = folder.path("schema.json");
        let written = run(&["schema", flag, file.to_str().unwrap()]);
        assert_eq!((written.code, written.out + &written.err), (0, String::new()));
        assert_eq!(fs::read_to_string(&file).unwrap(), printed.out);
        fs::remove_file(file).unwrap();
    }
    let nowhere = folder.path("no/folder/schema.json");
    let refused = run(&["schema", "--output", nowhere.to_str().unwrap()]);
    assert_eq!((refused.code, refused.out.as_str()), (1, ""));
    assert!(refused.err.contains("no/folder/schema.json"), "{}", refused.err);
}

#[test]
fn completions() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let found = run(&["completions", shell]);
        assert_eq!((found.code, found.err.as_str()), (0, ""), "{shell}");
        for word in ["tympan", "check", "strict", "completions"] {
            assert!(found.out.contains(word), "{word} for {shell}");
        }
    }
    let folder = Folder::new(GOOD);
    folder.write("tympan.bash", run(&["completions", "bash"]).out);
    let asked = "complete -p tympan; COMP_WORDS=(tympan ch); COMP_CWORD=1; \
                 _tympan tympan ch tympan; echo \"${COMPREPLY[@]}\"";
    let script = format!("set -e; bash -n tympan.bash; source ./tympan.bash; {asked}");
    let found = said(Command::new("bash").args(["-c", &script]).current_dir(folder.path(".")));
    assert_eq!((found.code, found.err.as_str()), (0, ""));
    assert!(found.out.ends_with("\ncheck\n"), "{}", found.out);
}

// Colours.

#[test]
fn no_escapes_where_nobody_can_see_colours() {
    let folder = Folder::new(BROKEN);
    let commands: [&[&str]; 10] = [
        &["--help"],
        &["--version"],
        &["chek"],
        &["run", "--help"],
        &["run"],
        &["run", "--log-format", "text"],
        &["check"],
        &["check", "missing.yaml"],
        &["schema"],
        &["completions", "zsh"],
    ];
    for arguments in commands {
        for variables in [&[][..], &[("NO_COLOR", "1")], &[("TERM", "dumb")]] {
            let mut command = tympan();
            let found = said(
                command.args(arguments).envs(variables.to_vec()).current_dir(folder.path(".")),
            );
            assert!(!found.out.contains('\x1b'), "{arguments:?}: {}", found.out);
            assert!(!found.err.contains('\x1b'), "{arguments:?}: {}", found.err);
        }
    }
    // Somebody who wants them gets them, so the above means something.
    let found =
        said(tympan().arg("check").env("CLICOLOR_FORCE", "1").current_dir(folder.path(".")));
    assert!(found.err.contains("\x1b["), "{}", found.err);
}

// run, when it cannot

#[test]
fn run_without_its_file() {
    let folder = Folder::new(GOOD);
    for (arguments, file) in
        [(vec!["run", "not/there.yaml"], "not/there.yaml"), (vec!["run", "."], ".")]
    {
        let found = said(tympan().args(&arguments).current_dir(folder.path(".")));
        assert_eq!((found.code, found.out.as_str()), (78, ""), "{}", found.err);
        assert!(found.err.contains(&format!("{file} cannot be read")), "{}", found.err);
    }
    fs::remove_file(folder.path("listeners.yaml")).unwrap();
    let found = said(tympan().arg("run").current_dir(folder.path(".")));
    assert_eq!((found.code, found.out.as_str()), (78, ""), "{}", found.err);
    assert!(found.err.contains("listeners.yaml cannot be read"), "{}", found.err);
}

#[test]
fn run_with_a_broken_file() {
    let folder = Folder::new(BROKEN);
    let found = said(tympan().args(["run", "--log-format", "text"]).current_dir(folder.path(".")));
    assert_eq!((found.code, found.out.as_str()), (78, ""), "{}", found.err);
    for part in [
        "error[C105]",
        "error[C101]",
        "warning[L41]",
        "listeners.yaml:2:14",
        "did you mean `filter`?",
    ] {
        assert!(found.err.contains(part), "{part} in {}", found.err);
    }
    // The same as `check` says, and then that nothing is served.
    let checked = check(&folder, &[]);
    for line in checked.err.lines().filter(|line| line.contains('[') || line.contains("-->")) {
        assert!(found.err.contains(line), "{line} in {}", found.err);
    }

    let found = said(tympan().arg("run").current_dir(folder.path(".")));
    assert_eq!((found.code, found.out.as_str()), (78, ""));
    let lines: Vec<Value> =
        found.err.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let codes: Vec<_> = lines.iter().filter_map(|line| line["code"].as_str()).collect();
    assert_eq!(codes, ["C105", "L41", "C101"]);
    assert_eq!(lines.last().unwrap()["message"], "nothing is served");
}

#[test]
fn run_at_an_address_that_is_taken() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = Folder::new(&GOOD.replace("127.0.0.1:0", &address));
    for format in ["text", "json"] {
        let mut command = tympan();
        command.args(["run", "--log-format", format]).current_dir(folder.path("."));
        let found = said(&mut command);
        assert_eq!((found.code, found.out.as_str()), (74, ""), "{}", found.err);
        assert!(found.err.contains(&format!("{address} cannot be bound")), "{}", found.err);
    }
}

// run, for a person

/// What a terminal shows, without what is only colour.
fn without_colours(text: &str) -> String {
    let mut plain = String::new();
    let mut parts = text.split("\x1b[");
    plain.push_str(parts.next().unwrap());
    for part in parts {
        let end = part.find('m').expect("nothing but colours");
        assert!(part[..end].chars().all(|c| c.is_ascii_digit() || c == ';'), "{part:?}");
        plain.push_str(&part[end + 1..]);
    }
    plain.replace('\r', "")
}

fn listed() -> Folder {
    let folder = Folder::new(
        "version: 1
server: {listen: [127.0.0.1:0]}
secrets: {key: {file: key}}
listeners:
  anyone: {path: /in/anyone, verification: {none: a test}, deliver: []}
  signed:
    verification: [{token: {secret: key, received_token: 'headers[\"X-Token\"]'}}]
    deliver: []
",
    );
    folder.write("empty", "");
    folder
}

fn assert_listed(shown: &str) {
    let row = |name: &str| {
        let line = shown.lines().map(str::trim).find(|line| line.starts_with(name));
        let line = line.unwrap_or_else(|| panic!("{name} in {shown}"));
        line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect::<Vec<_>>()
    };
    let serving = shown.lines().find(|line| line.starts_with("serving listeners.yaml at "));
    let address = serving.unwrap().split([' ', ';']).nth(3).unwrap();
    assert_eq!(row("LISTENER"), ["LISTENER", "STATE", "URL"]);
    assert_eq!(row("anyone"), ["anyone", "serving", &format!("http://{address}/in/anyone")]);
    let url = format!("http://{address}/webhooks/v1/listeners/signed/notify");
    assert_eq!(row("signed"), ["signed", "not_ready (secret key: key does not exist)", &url]);
}

/// What `run` tells a person, until it serves.
fn shown(folder: &Folder) -> String {
    let mut child = tympan()
        .args(["run", "--log-format", "text"])
        .current_dir(folder.path("."))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = Lines::of(child.stderr.take().unwrap());
    let out = Lines::of(child.stdout.take().unwrap());
    let is_serving = |line: &String| line.starts_with("serving ");
    wait_until("the table", || lines.from(0).iter().any(is_serving).then_some(()));
    child.kill().unwrap();
    child.wait().unwrap();
    wait_until("the end", || (lines.has_ended() && out.has_ended()).then_some(()));
    assert_eq!(out.from(0), [""; 0], "talk is not data");
    lines.from(0).join("\n")
}

#[test]
fn run_shows_a_table() {
    assert_listed(&shown(&listed()));
}

#[test]
fn run_shows_of_many_those_that_wait() {
    let folder = listed();
    let few = fs::read_to_string(folder.path("listeners.yaml")).unwrap();
    let more =
        (0..300).map(|n| format!("  l{n}: {{verification: {{none: a test}}, deliver: []}}\n"));
    folder.write("listeners.yaml", few + &more.collect::<String>());
    let shown = shown(&folder);
    let named = |name: &str| shown.lines().any(|line| line.trim().starts_with(name));
    assert!(named("signed ") && named("... and 301 more"), "{shown}");
    assert!(!named("anyone ") && !named("l7 "), "{shown}");
}

/// On a terminal the same is shown without being asked for, and mistakes come in colour.
#[test]
fn run_on_a_terminal() {
    if !Path::new("/usr/bin/script").exists() {
        return;
    }
    let folder = listed();
    let inner = format!(
        "stty cols 200; {} run & echo $! > id; wait $!; echo ended with $?",
        binary().display()
    );
    let mut command = Command::new("script");
    command.args(["-qec", &format!("sh -c '{inner}'"), "/dev/null"]).current_dir(folder.path("."));
    command.env("TERM", "xterm").env_remove("NO_COLOR").env_remove("TYMPAN_CONFIG");
    // Its input stays open: the end of it would be typed into the terminal.
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let shown = Lines::of(child.stdout.take().unwrap());
    let _ended = Ended { child, id: folder.path("id") };
    let find = |what: &str| {
        wait_until(what, || {
            let shown = without_colours(&shown.from(0).join("\n"));
            shown.contains(what).then_some(shown)
        })
    };
    assert_listed(&find("Ctrl-C to stop"));
    folder.write("listeners.yaml", BROKEN);
    let found = find("did you mean `filter`?");
    assert!(found.contains("error[C101]"), "{found}");
    assert!(shown.from(0).iter().any(|line| line.contains("\x1b[")), "in colour");
    let id = fs::read_to_string(folder.path("id")).unwrap();
    let status = Command::new("kill").args(["-s", "TERM", id.trim()]).status().unwrap();
    assert!(status.success());
    find("ended with 0");
}

/// Ends what runs on a terminal, whatever becomes of its test.
struct Ended {
    child: Child,
    /// A file with the id of the server.
    id: PathBuf,
}

impl Drop for Ended {
    fn drop(&mut self) {
        if let Ok(id) = fs::read_to_string(&self.id) {
            // It may have ended already.
            let _ = Command::new("kill").args(["-s", "KILL", id.trim()]).output();
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

// explain

#[test]
fn what_is_explained() {
    let folder = Folder::new(GOOD);
    folder.write("saved.http", "POST /webhooks/v1/listeners/hook/notify HTTP/1.1\n\n{}");
    folder.write("elsewhere.yaml", GOOD.replace("hook:", "other:"));
    folder.write("broken.yaml", BROKEN);
    let explain = |arguments: &[&str], file: Option<&str>| {
        let mut command = tympan();
        command.arg("explain").args(arguments).current_dir(folder.path("."));
        command.env_remove("TYMPAN_CONFIG");
        command.envs(file.map(|file| ("TYMPAN_CONFIG", file)));
        said(&mut command)
    };
    let found = explain(&["saved.http", "--expect", "accepted"], None);
    assert_eq!((found.code, found.err.as_str()), (0, ""));
    assert!(found.out.contains("outcome   accepted (200)"), "{}", found.out);
    assert!(!found.out.contains('\u{1b}'), "{}", found.out);

    // Another file, by option or environment.
    for found in [
        explain(&["saved.http", "-c", "elsewhere.yaml", "--format", "json"], None),
        explain(&["saved.http", "--format", "json"], Some("elsewhere.yaml")),
    ] {
        assert_eq!((found.code, found.err.as_str()), (0, ""));
        let json: Value = serde_json::from_str(&found.out).unwrap();
        assert_eq!((&json["outcome"], &json["status"]), (&"not_found".into(), &404.into()));
        for key in ["request", "stages", "reason", "if_verified", "causes"] {
            assert!(json.get(key).is_some(), "{key}: {json}");
        }
    }
    let found = explain(&["saved.http", "-c", "broken.yaml"], None);
    assert_eq!((found.code, found.out.as_str()), (1, ""));
    assert!(found.err.contains("did you mean `filter`?"), "{}", found.err);

    for arguments in [
        &[][..],
        &["nowhere.http"],
        &["."],
        &["listeners.yaml"],
        &["saved.http", "--url", "/x"],
        &["saved.http", "--body", "x"],
        &["saved.http", "--at", "yesterday"],
        &["saved.http", "--entry", "0"],
        &["saved.http", "-c", "nowhere.yaml"],
    ] {
        let found = explain(arguments, None);
        assert_eq!((found.code, found.out.as_str()), (2, ""), "{arguments:?}");
        assert!(found.err.starts_with("error: "), "{arguments:?}: {}", found.err);
    }
}

// eval

#[test]
fn what_an_expression_yields() {
    let folder = Folder::new(GOOD);
    folder.write("body.json", r#"{"issue": {"title": "A bug", "labels": ["ui"]}, "n": 3}"#);
    folder.write("saved.http", "PUT /a?b=1 HTTP/1.1\nX-Event: push\n\na=1&a=2");
    let eval = |arguments: &[&str]| {
        said(tympan().arg("eval").args(arguments).current_dir(folder.path(".")))
    };
    for (arguments, value) in [
        (&["-1 + 2"][..], "1"),
        (&["issue.title.$UPPERCASE()", "--body", "body.json"], r#""A BUG""#),
        (&["headers[\"X-Event\"]", "-H", "x-event: push"], r#""push""#),
        (&["--jmespath", "issue.labels[0] || 'none'", "--body", "body.json"], r#""ui""#),
        (&["[http_method, query_params.b]", "--request", "saved.http"], r#"["PUT","1"]"#),
        (&["$TIME()", "--at", "2026-01-31T12:00:00Z"], "1769860800"),
        (&["client_ip", "--client", "192.0.2.1"], r#""192.0.2.1""#),
        (&["raw_body", "--request", "saved.http"], r#""a=1&a=2""#),
    ] {
        let found = eval(arguments);
        assert_eq!((found.code, found.err.as_str()), (0, ""), "{arguments:?}");
        assert_eq!(found.out, format!("{value}\n"), "{arguments:?}");
    }

    let found = eval(&["$LENGTH(issue.labels) > n - 3", "--body", "body.json", "--trace"]);
    let lines = found.out.lines().collect::<Vec<_>>();
    let expected =
        ["$LENGTH(issue.labels) -> 1", "issue.labels -> [\"ui\"]", "n - 3 -> 0", "n -> 3"];
    assert_eq!((&lines[..4], lines[4], lines.len()), (&expected[..], "true", 5));

    for (arguments, code, part) in [
        (&["a = 1"][..], 1, "did you mean `==`?"),
        (&["--jmespath", "a == 'x' AND b"], 1, "this is the Moveworks DSL"),
        (&["a", "--body", "nowhere.json"], 2, "nowhere.json cannot be read"),
        (&["a", "--request", "saved.http", "--body", "body.json"], 2, "cannot be used with"),
        (&["a", "--at", "yesterday"], 2, "a time is"),
    ] {
        let found = eval(arguments);
        assert_eq!(found.code, code, "{arguments:?}: {}", found.err);
        assert!(found.err.contains(part), "{arguments:?}: {}", found.err);
    }
}

#[test]
fn every_line_of_standard_input_is_an_expression() {
    let mut command = tympan();
    command.arg("eval").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"1 + 1\n\n1 +\n\"a\" + \"b\"\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "2\n\"ab\"\n");
    assert!(String::from_utf8(output.stderr).unwrap().contains("error[E101]"));
}

/// On a terminal, which `script` makes.
#[test]
fn a_prompt_that_completes_and_remembers() {
    let folder = Folder::new(GOOD);
    folder.write("body.json", r#"{"issue": {"title": "A bug"}}"#);
    let mut command = Command::new("script");
    command.args(["-qec", &format!("{} eval --body body.json", binary().display()), "/dev/null"]);
    command.current_dir(folder.path(".")).env("XDG_STATE_HOME", folder.path("."));
    command.env("TERM", "xterm").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut typed, mut shown) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut screen = String::new();
    let mut until = |screen: &mut String, part: &str| {
        while !screen.contains(part) {
            let mut bytes = [0; 256];
            let count = shown.read(&mut bytes).unwrap();
            assert_ne!(count, 0, "{part} in {screen}");
            screen.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
        // What follows may have come at once, and is waited for next.
        *screen = screen.split_once(part).map(|(_, rest)| rest.to_owned()).unwrap();
    };
    until(&mut screen, "> ");
    typed.write_all(b"issue.ti\t").unwrap();
    until(&mut screen, "issue.title");
    typed.write_all(b".$UPPERC\t)\r").unwrap();
    until(&mut screen, "\"A BUG\"");
    until(&mut screen, "> ");
    typed.write_all(b"\x04").unwrap();
    assert!(child.wait().unwrap().success());
    let history = fs::read_to_string(folder.path("tympan/eval_history")).unwrap();
    assert!(history.contains("issue.title.$UPPERCASE()"), "{history}");
}
