//! What a running server makes of every kind of save.

use std::collections::HashMap;
use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;
use sha2::Digest;
use sha2::Sha256;

use crate::process::Client;
use crate::process::Folder;
use crate::process::Tympan;
use crate::process::request;
use crate::process::sign;
use crate::process::wait_until;

/// How often a server looks at its files although nothing told of a change.
const POLL: Duration = Duration::from_secs(2);

/// A file whose effect can be seen: `/hook` answers with `status`.
fn answering(status: usize) -> String {
    format!(
        "version: 1
server: {{listen: [127.0.0.1:0]}}
listeners:
  hook:
    path: /hook
    verification: {{none: a test}}
    responses: {{accepted: {{status: {status}}}}}
    deliver: []
  # What stands behind it is as much a part of the file.
  behind:
    path: /behind
    verification: {{none: a test}}
    responses: {{accepted: {{status: {status}}}}}
    deliver: []
"
    )
}

fn post(path: &str) -> Vec<u8> {
    request("POST", path, &[], "{}")
}

/// Asks until `path` answers with `status`.
fn wait_for_status(server: &Tympan, path: &str, status: u16) {
    wait_until(&format!("{status} from {path}"), || {
        (server.ask(&post(path)).status == status).then_some(())
    });
}

fn is_reloaded(line: &Value) -> bool {
    line["message"] == "reloaded"
}

fn is_refused(line: &Value) -> bool {
    line["message"].as_str().is_some_and(|message| message.contains("is refused"))
}

fn count(server: &Tympan, is_it: fn(&Value) -> bool) -> usize {
    server.log().iter().filter(|line| is_it(line)).count()
}

// Styles of saving.

/// A way in which files come to say something else.
struct Style {
    name: &'static str,
    /// Puts the first text into place and gives the file to serve.
    lay: fn(&Path, &str) -> &'static str,
    /// Saves the `n`th text.
    save: fn(&Path, &str, usize),
    tells: Tells,
}

/// How a server can learn about a style.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tells {
    /// Something happens in a folder that is watched.
    AtOnce,
    /// The same, but the file may be missed for a moment, and that may be told.
    WithAGap,
    /// Nothing happens where anything is watched: it is found by looking.
    Nothing,
}

const FILE: &str = "listeners.yaml";

fn plain(folder: &Path, text: &str) -> &'static str {
    fs::write(folder.join(FILE), text).unwrap();
    FILE
}

fn move_over(from: &Path, text: &str, to: &Path) {
    fs::write(from, text).unwrap();
    fs::rename(from, to).unwrap();
}

/// Points a link somewhere else, in one step.
fn relink(target: &str, link: &Path) {
    let beside = link.with_extension("link");
    symlink(target, &beside).unwrap();
    fs::rename(beside, link).unwrap();
}

/// Where a file lies elsewhere and is linked to.
fn linked(folder: &Path, text: &str) -> &'static str {
    fs::create_dir(folder.join("elsewhere")).unwrap();
    fs::write(folder.join("elsewhere/0.yaml"), text).unwrap();
    symlink("elsewhere/0.yaml", folder.join(FILE)).unwrap();
    FILE
}

const STYLES: [Style; 14] = [
    Style {
        name: "written in place",
        lay: plain,
        save: |folder, text, _| fs::write(folder.join(FILE), text).unwrap(),
        tells: Tells::AtOnce,
    },
    Style {
        name: "written in place, in two halves",
        lay: plain,
        save: |folder, text, _| {
            let mut file = File::create(folder.join(FILE)).unwrap();
            let (first, second) = text.split_at(text.find("  # What").unwrap());
            file.write_all(first.as_bytes()).unwrap();
            file.sync_all().unwrap();
            thread::sleep(Duration::from_millis(10));
            file.write_all(second.as_bytes()).unwrap();
        },
        tells: Tells::AtOnce,
    },
    Style {
        name: "overwritten without being emptied",
        lay: plain,
        save: |folder, text, _| {
            let mut file = OpenOptions::new().write(true).open(folder.join(FILE)).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        },
        tells: Tells::AtOnce,
    },
    Style {
        name: "moved over",
        lay: plain,
        save: |folder, text, _| move_over(&folder.join(".listeners.tmp"), text, &folder.join(FILE)),
        tells: Tells::AtOnce,
    },
    Style {
        name: "moved over, with the size and the time of the old",
        lay: plain,
        save: |folder, text, _| {
            let old = fs::metadata(folder.join(FILE)).unwrap();
            let beside = folder.join("beside");
            fs::write(&beside, text).unwrap();
            assert_eq!(fs::metadata(&beside).unwrap().len(), old.len());
            File::open(&beside).unwrap().set_modified(old.modified().unwrap()).unwrap();
            fs::rename(beside, folder.join(FILE)).unwrap();
        },
        tells: Tells::AtOnce,
    },
    Style {
        name: "removed and written anew, as by a checkout",
        lay: plain,
        save: |folder, text, _| {
            fs::remove_file(folder.join(FILE)).unwrap();
            let mut file = File::create_new(folder.join(FILE)).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        },
        tells: Tells::WithAGap,
    },
    Style {
        name: "the old kept as a backup, as by vim",
        lay: plain,
        save: |folder, text, _| {
            fs::rename(folder.join(FILE), folder.join("listeners.yaml~")).unwrap();
            fs::write(folder.join(FILE), text).unwrap();
            fs::remove_file(folder.join("listeners.yaml~")).unwrap();
        },
        tells: Tells::WithAGap,
    },
    Style {
        name: "the old moved away, the new moved in",
        lay: plain,
        save: |folder, text, _| {
            fs::write(folder.join("new"), text).unwrap();
            fs::rename(folder.join(FILE), folder.join("old")).unwrap();
            fs::rename(folder.join("new"), folder.join(FILE)).unwrap();
            fs::remove_file(folder.join("old")).unwrap();
        },
        tells: Tells::WithAGap,
    },
    Style {
        name: "missing for a second",
        lay: plain,
        save: |folder, text, _| {
            fs::remove_file(folder.join(FILE)).unwrap();
            thread::sleep(Duration::from_secs(1));
            fs::write(folder.join(FILE), text).unwrap();
        },
        tells: Tells::WithAGap,
    },
    Style {
        name: "a ConfigMap",
        lay: |folder, text| {
            fs::create_dir(folder.join("..0")).unwrap();
            fs::write(folder.join("..0/listeners.yaml"), text).unwrap();
            symlink("..0", folder.join("..data")).unwrap();
            symlink("..data/listeners.yaml", folder.join(FILE)).unwrap();
            FILE
        },
        save: |folder, text, number| {
            let new = format!("..{number}");
            fs::create_dir(folder.join(&new)).unwrap();
            fs::write(folder.join(&new).join(FILE), text).unwrap();
            symlink(&new, folder.join("..data_tmp")).unwrap();
            fs::rename(folder.join("..data_tmp"), folder.join("..data")).unwrap();
            fs::remove_dir_all(folder.join(format!("..{}", number - 1))).unwrap();
        },
        tells: Tells::AtOnce,
    },
    Style {
        name: "a link, its target written in place",
        lay: linked,
        save: |folder, text, _| fs::write(folder.join(FILE), text).unwrap(),
        tells: Tells::AtOnce,
    },
    Style {
        name: "a link, its target moved over",
        lay: linked,
        save: |folder, text, _| {
            move_over(&folder.join("elsewhere/new"), text, &folder.join("elsewhere/0.yaml"));
        },
        tells: Tells::AtOnce,
    },
    Style {
        name: "a link, pointed at another file",
        lay: linked,
        save: |folder, text, number| {
            let target = format!("elsewhere/{number}.yaml");
            fs::write(folder.join(&target), text).unwrap();
            relink(&target, &folder.join(FILE));
        },
        tells: Tells::AtOnce,
    },
    Style {
        name: "a folder that is a link, pointed at another folder",
        lay: |folder, text| {
            fs::create_dir(folder.join("release-0")).unwrap();
            fs::write(folder.join("release-0/listeners.yaml"), text).unwrap();
            symlink("release-0", folder.join("current")).unwrap();
            "current/listeners.yaml"
        },
        save: |folder, text, number| {
            let release = format!("release-{number}");
            fs::create_dir(folder.join(&release)).unwrap();
            fs::write(folder.join(&release).join(FILE), text).unwrap();
            relink(&release, &folder.join("current"));
        },
        tells: Tells::Nothing,
    },
];

#[test]
#[expect(clippy::print_stderr, reason = "figures, for those who run this with --nocapture")]
fn every_style_of_saving_goes_live() {
    thread::scope(|scope| {
        let styles = STYLES.iter().map(|style| (style.name, scope.spawn(|| saves_go_live(style))));
        for (name, style) in styles.collect::<Vec<_>>() {
            let took = style.join().unwrap_or_else(|_| panic!("{name}"));
            eprintln!("{name}: {took:?}");
        }
    });
}

/// Saves four times, as the first save may blind the server for the next.
fn saves_go_live(style: &Style) -> Vec<Duration> {
    let folder = Folder::new("");
    fs::remove_file(folder.path(FILE)).unwrap();
    let file = (style.lay)(&folder.path("."), &answering(210));
    let mut command = folder.run();
    command.arg(file);
    let server = Tympan::spawn(command);
    let mut client = server.connect();
    let mut took = Vec::new();
    for number in 1..5 {
        let mark = server.log_mark();
        let text = answering(210 + number);
        let began = Instant::now();
        (style.save)(&folder.path("."), &text, number);
        let saved = Instant::now();
        wait_until(&format!("{}, save {number}", style.name), || {
            let [hook, behind] = ["/hook", "/behind"].map(|path| client.ask(&post(path)).status);
            let states = [209 + number, 210 + number].map(|status| u16::try_from(status).unwrap());
            for status in [hook, behind] {
                assert!(states.contains(&status), "{}: answered {status}", style.name);
            }
            ([hook, behind] == [states[1]; 2]).then_some(())
        });
        took.push(saved.elapsed());
        let told = server.wait_for_log_since(mark, is_reloaded);
        assert_eq!(told["generation"], number + 1);
        let [old, new] = [209 + number, 210 + number];
        let changed = |name| format!("~ {name} (responses.accepted.status: {old} -> {new})");
        assert_eq!(told["changes"], format!("{}, {}", changed("behind"), changed("hook")));
        assert_eq!(told["fingerprint"], fingerprint(&text), "{:?}", began.elapsed());
    }
    if style.tells != Tells::Nothing {
        // Who hears of nothing finds every save with the same look, once in a while.
        let fastest = took[1..].iter().min().unwrap();
        assert!(*fastest < POLL * 3 / 4, "{} is only found by looking: {took:?}", style.name);
    }
    let mistakes = server.log().into_iter().filter(|line| line["level"] == "ERROR");
    let mistakes: Vec<_> = mistakes
        .filter(|line| {
            let why = line["why"].as_str().unwrap_or_default();
            style.tells != Tells::WithAGap || !why.contains("cannot be read")
        })
        .collect();
    assert!(mistakes.is_empty(), "{}: {mistakes:?}", style.name);
    took
}

fn fingerprint(text: &str) -> String {
    const_hex::encode(&Sha256::digest(text)[..6])
}

/// A writer that takes its time: half a file is a whole one without its last listeners, and must
/// be neither served nor complained about before it is closed.
fn half_a_file_is_not_read(open: fn(&Path) -> File) {
    let folder = Folder::new(&answering(209));
    let server = Tympan::start_in(&folder);
    let mut client = server.connect();
    // Once a save has gone live, the folder is watched for sure.
    folder.write(FILE, answering(210));
    server.wait_for_log(is_reloaded);
    let mark = server.log_mark();
    let text = answering(211);
    let (first, second) = text.split_at(text.find("  # What").unwrap());
    let mut file = open(&folder.path(FILE));
    file.write_all(first.as_bytes()).unwrap();
    file.sync_all().unwrap();
    // Longer than files have to look the same, and than the time between two looks.
    let pause = Instant::now();
    while pause.elapsed() < POLL + POLL / 2 {
        let found = ["/hook", "/behind"].map(|path| client.ask(&post(path)).status);
        assert_eq!(found, [210, 210], "half a file is served after {:?}", pause.elapsed());
    }
    file.write_all(second.as_bytes()).unwrap();
    drop(file);
    server.wait_for_log_since(mark, is_reloaded);
    assert_eq!(server.ask(&post("/behind")).status, 211);
    assert_eq!(count(&server, is_reloaded), 2);
    assert_eq!(count(&server, is_refused), 0, "{}", server.log_text());
}

#[test]
fn half_a_file_that_is_written_in_place() {
    half_a_file_is_not_read(|path| File::create(path).unwrap());
}

#[test]
fn half_a_file_that_is_written_anew() {
    half_a_file_is_not_read(|path| {
        fs::remove_file(path).unwrap();
        File::create_new(path).unwrap()
    });
}

#[test]
fn half_a_file_whose_old_one_was_moved_away() {
    half_a_file_is_not_read(|path| {
        fs::rename(path, path.with_extension("old")).unwrap();
        File::create_new(path).unwrap()
    });
}

#[test]
fn a_touch_is_no_change() {
    let folder = Folder::new(&answering(210));
    let server = Tympan::start_in(&folder);
    let file = OpenOptions::new().append(true).open(folder.path(FILE)).unwrap();
    file.set_modified(std::time::SystemTime::now()).unwrap();
    drop(file);
    folder.write(FILE, answering(210));
    folder.write("beside.yaml", "nobody reads this");
    // Asking makes sure that all of it was seen.
    server.signal("HUP");
    let told = server.wait_for_log(|line| line["message"] == "nothing has changed");
    assert_eq!(told["generation"], 1);
    folder.write(FILE, answering(211));
    let told = server.wait_for_log(is_reloaded);
    assert_eq!(told["generation"], 2);
    assert_eq!(count(&server, is_reloaded), 1);
}

#[test]
fn rights_that_are_taken_and_given_back() {
    let folder = Folder::new(&answering(210));
    let server = Tympan::start_in(&folder);
    let set = |mode| {
        fs::set_permissions(folder.path(FILE), fs::Permissions::from_mode(mode)).unwrap();
    };
    set(0o000);
    // Whoever may read everything notices nothing.
    if File::open(folder.path(FILE)).is_err() {
        let told = server.wait_for_log(is_refused);
        assert!(told["why"].as_str().unwrap().contains("cannot be read"), "{told}");
    }
    assert_eq!(server.ask(&post("/hook")).status, 210);
    set(0o600);
    folder.write(FILE, answering(211));
    wait_for_status(&server, "/hook", 211);
}

#[test]
fn a_signal_reads_the_file_again() {
    let folder = Folder::new(&answering(210));
    let server = Tympan::start_in(&folder);
    server.signal("HUP");
    let told = server.wait_for_log(|line| line["message"] == "nothing has changed");
    assert_eq!(told["fingerprint"], fingerprint(&answering(210)));

    folder.write(FILE, "version: 1\nlisteners: 7\n");
    server.wait_for_log(is_refused);
    // Who asks is told again.
    let mark = server.log_mark();
    server.signal("HUP");
    server.wait_for_log_since(mark, |line| line["code"] == "C103");
    server.wait_for_log_since(mark, is_refused);

    folder.write(FILE, answering(211));
    server.signal("HUP");
    wait_for_status(&server, "/hook", 211);
    assert_eq!(server.ask(&post("/behind")).status, 211);
}

// Files with mistakes.

#[test]
fn a_bad_file_changes_nothing_and_is_told_once() {
    let good = answering(210);
    let cases = [
        ("no YAML", format!("{good}\n: ["), "Y101"),
        ("empty", String::new(), "Y104"),
        ("blank", "\n \n".to_owned(), "Y104"),
        ("only comments", "# later\n".to_owned(), "Y104"),
        ("an unknown key", good.replace("responses:", "respones:"), "C101"),
        ("a key twice", format!("{good}version: 1\n"), "Y102"),
        ("an unknown name", good.replace("deliver: []", "deliver: [there]"), "C106"),
        ("two of one path", good.replace("/behind", "/hook"), "C109"),
        ("no verification", good.replace("verification: {none: a test}", "methods: POST"), "L07"),
        ("two documents", format!("{good}---\n{good}"), "Y105"),
        ("another version", good.replace("version: 1", "version: 2"), "C116"),
    ];
    let folder = Folder::new(&good);
    let server = Tympan::start_in(&folder);
    for (index, (case, text, code)) in cases.iter().enumerate() {
        let mark = server.log_mark();
        // What is wrong comes with something that would be seen.
        folder.write(FILE, text.replace("status: 2", "status: 4"));
        let refused = server.wait_for_log_since(mark, is_refused);
        assert_eq!(refused["level"], "ERROR", "{case}");
        let found = server.wait_for_log_since(mark, |line| line["code"] == *code);
        let place = found["place"].as_str().unwrap();
        let mut parts = place.rsplit(':');
        assert!(parts.next().unwrap().parse::<u32>().is_ok(), "{case}: {place}");
        assert!(parts.next().unwrap().parse::<u32>().is_ok(), "{case}: {place}");
        assert_eq!(parts.next(), Some(FILE), "{case}: {place}");
        assert!(found["message"].as_str().is_some_and(|it| !it.is_empty()), "{case}");
        let status = u16::try_from(210 + index).unwrap();
        assert_eq!(server.ask(&post("/hook")).status, status, "{case}");
        assert_eq!(server.ask(&post("/behind")).status, status, "{case}");

        // Saved again as it is, it is no news.
        folder.write(FILE, text.replace("status: 2", "status: 4"));
        folder.write(FILE, answering(211 + index));
        wait_for_status(&server, "/hook", status + 1);
        server.wait_for_log_since(mark, is_reloaded);
        let told = server.log()[mark..].iter().filter(|line| is_refused(line)).count();
        assert_eq!(told, 1, "{case}");
    }
    let n_cases = cases.len();
    assert_eq!(count(&server, is_reloaded), n_cases);
    let last = server.log().into_iter().rfind(is_reloaded).unwrap();
    assert_eq!(last["generation"], n_cases + 1, "a refused file is no generation");
}

#[test]
fn going_back_after_a_mistake_is_told() {
    let folder = Folder::new(&answering(210));
    let server = Tympan::start_in(&folder);
    folder.write(FILE, "");
    server.wait_for_log(is_refused);
    let mark = server.log_mark();
    folder.write(FILE, answering(210));
    // Whoever was told of a mistake has to hear that it is over.
    let over =
        server.wait_for_log_since(mark, |line| line["fingerprint"] == fingerprint(&answering(210)));
    assert_eq!(over["generation"], 1);
}

#[test]
fn a_save_is_told_even_if_it_changes_no_meaning() {
    let folder = Folder::new(&answering(210));
    let server = Tympan::start_in(&folder);
    let text = format!("# a comment\n{}", answering(210));
    folder.write(FILE, &text);
    server.wait_for_log(|line| line["fingerprint"] == fingerprint(&text));
}

// Secrets.

fn signed(path: &str, key: &str) -> Vec<u8> {
    request("POST", path, &[("X-Signature", &sign(key, "{}"))], "{}")
}

fn with_secrets(secrets: &str, listeners: &[(&str, &str)]) -> String {
    let listener = |(name, secret): &(&str, &str)| {
        format!(
            "  {name}:
    path: /{name}
    verification:
      - signature: {{secret: {secret}, received_signature: 'headers[\"X-Signature\"]'}}
    deliver: []
"
        )
    };
    let listeners: Vec<_> = listeners.iter().map(listener).collect();
    format!(
        "version: 1
server: {{listen: [127.0.0.1:0]}}
secrets: {secrets}
env_file: .env
listeners:
{}",
        listeners.concat()
    )
}

/// What makes a refused save good.
type Mend = fn(&Folder);

#[test]
fn a_save_that_takes_a_secret_away_is_refused() {
    let hook = [("hook", "key")];
    let cases: [(&str, &str, Mend); 4] = [
        ("another file, not there", "{key: {file: missing}}", |folder| {
            folder.write("missing", "first");
        }),
        ("another file, empty", "{key: {file: empty}}", |folder| folder.write("empty", "first")),
        ("a variable, not set", "{key: {env: HOOK_KEY}}", |folder| {
            folder.write(".env", "HOOK_KEY=first");
        }),
        ("the same file, gone", "{key: [{file: key}, {file: missing}]}", |folder| {
            folder.write("key", "first");
        }),
    ];
    for (case, secrets, mend) in cases {
        let folder = Folder::new(&with_secrets("{key: {file: key}}", &hook));
        folder.write("key", "first");
        folder.write("empty", "\n");
        let server = Tympan::start_in(&folder);
        assert_eq!(server.ask(&signed("/hook", "first")).status, 200);
        if case.starts_with("the same") {
            fs::remove_file(folder.path("key")).unwrap();
        }
        folder.write(FILE, with_secrets(secrets, &[("hook", "key"), ("new", "key")]));
        let told = server.wait_for_log(|line| line["code"] == "C118");
        assert!(told["place"].as_str().unwrap().contains("listeners.yaml:3:"), "{case}: {told}");
        assert!(told["message"].as_str().unwrap().contains("`hook`"), "{case}: {told}");
        server.wait_for_log(is_refused);
        // Not a part of it applies.
        assert_eq!(server.ask(&signed("/new", "first")).status, 404, "{case}");
        assert_eq!(server.ask(&signed("/hook", "first")).status, 200, "{case}");

        mend(&folder);
        wait_until(&format!("{case}: the save goes live once its secret is there"), || {
            (server.ask(&signed("/new", "first")).status == 200).then_some(())
        });
    }
}

#[test]
fn a_new_listener_may_wait_for_its_secret() {
    let folder = Folder::new(&with_secrets("{key: {file: key}}", &[("hook", "key")]));
    folder.write("key", "first");
    let server = Tympan::start_in(&folder);
    let secrets = "{key: {file: key}, late: {file: secrets/late}}";
    folder.write(FILE, with_secrets(secrets, &[("hook", "key"), ("new", "late")]));
    let told = server.wait_for_log(|line| line["listener"] == "new" && line["secret"] == "late");
    assert_eq!(told["level"], "WARN");
    assert_eq!(server.ask(&signed("/new", "second")).status, 503);
    assert_eq!(server.ask(&signed("/hook", "first")).status, 200);
    // The folder is new, too.
    folder.write("secrets/late", "second");
    server.wait_for_log(|line| line["message"] == "listener is serving");
    assert_eq!(server.ask(&signed("/new", "second")).status, 200);
}

#[test]
fn a_secret_that_a_save_names_anew() {
    let folder = Folder::new(&with_secrets("{key: {file: one}}", &[("hook", "key")]));
    folder.write("one", "first");
    folder.write("two", "second");
    let server = Tympan::start_in(&folder);
    assert_eq!(server.ask(&signed("/hook", "first")).status, 200);
    folder.write(FILE, with_secrets("{key: {file: two}}", &[("hook", "key")]));
    let told = server.wait_for_log(is_reloaded);
    assert_eq!(told["changes"], "~ secrets.key (file: one -> two)");
    assert_eq!(server.ask(&signed("/hook", "second")).status, 200);
    assert_eq!(server.ask(&signed("/hook", "first")).status, 401);
    // It is followed from now on, and the old one is not.
    folder.write("one", "third");
    folder.write("two", "fourth");
    wait_until("the new file counts", || {
        (server.ask(&signed("/hook", "fourth")).status == 200).then_some(())
    });
    assert_eq!(server.ask(&signed("/hook", "third")).status, 401);
}

#[test]
fn a_secret_changes_while_the_file_is_broken() {
    let folder = Folder::new(&with_secrets("{key: {file: key}}", &[("hook", "key")]));
    folder.write("key", "first");
    let server = Tympan::start_in(&folder);
    folder.write(FILE, "listeners: [");
    server.wait_for_log(is_refused);
    folder.write("key", "second");
    wait_until("the new secret counts", || {
        (server.ask(&signed("/hook", "second")).status == 200).then_some(())
    });
    fs::remove_file(folder.path(FILE)).unwrap();
    server.wait_for_log(|line| line["why"].as_str().is_some_and(|it| it.contains("be read")));
    folder.write("key", "third");
    wait_until("the new secret counts without any file", || {
        (server.ask(&signed("/hook", "third")).status == 200).then_some(())
    });
    assert_eq!(server.ask(&signed("/hook", "second")).status, 401);
}

// What a save may change.

#[test]
fn listeners_come_change_and_go() {
    let listener = |name: &str, path: &str| {
        format!("  {name}: {{path: {path}, verification: {{none: x}}, deliver: []}}\n")
    };
    let file = |listeners: &[String]| {
        format!("version: 1\nserver: {{listen: [127.0.0.1:0]}}\nlisteners:\n{}", listeners.concat())
    };
    let folder = Folder::new(&file(&[listener("a", "/a"), listener("b", "/b")]));
    let server = Tympan::start_in(&folder);
    let mut client = server.connect();
    let mut statuses = || ["/a", "/b", "/b2", "/c"].map(|path| client.ask(&post(path)).status);
    assert_eq!(statuses(), [200, 200, 404, 404]);
    folder.write(FILE, file(&[listener("c", "/c"), listener("b", "/b2")]));
    let told = server.wait_for_log(is_reloaded);
    assert_eq!(told["changes"], "- a, ~ b (path: /b -> /b2), + c");
    assert_eq!(told["warnings"], 0);
    assert_eq!(statuses(), [404, 404, 200, 200]);

    // Nobody is served if so it says.
    let none = "version: 1\nserver: {listen: [127.0.0.1:0]}\nlisteners: {}\n";
    let mark = server.log_mark();
    folder.write(FILE, none);
    let told = server.wait_for_log_since(mark, is_reloaded);
    assert_eq!(told["changes"], "- b, - c");
    assert_eq!(statuses(), [404; 4]);
}

#[test]
fn limits_change() {
    let file = |limits: &str| {
        answering(210).replace("0.0.1:0]}", &format!("0.0.1:0], limits: {{{limits}}}}}"))
    };
    let folder = Folder::new(&file("body: 1KiB, body_timeout: 1m"));
    let server = Tympan::start_in(&folder);
    let large = request("POST", "/hook", &[], format!("{{\"x\": \"{}\"}}", "x".repeat(2000)));
    assert_eq!(server.ask(&large).status, 413);
    let mut idle = server.connect();
    assert_eq!(idle.ask(&post("/hook")).status, 210);

    folder.write(FILE, file("body: 4KiB, body_timeout: 200ms"));
    let changes = "~ server (limits.body: 1KiB -> 4KiB, limits.body_timeout: 1m -> 200ms)";
    assert_eq!(server.wait_for_log(is_reloaded)["changes"], changes);
    assert_eq!(server.ask(&large).status, 210);
    // A connection that was open sees it, too.
    assert_eq!(idle.ask(&large).status, 210);
    let slow = request("POST", "/hook", &[("Content-Length", "10")], "");
    assert_eq!(idle.ask(&slow).status, 408);

    let mark = server.log_mark();
    folder.write(FILE, file("first_byte_timeout: 200ms"));
    server.wait_for_log_since(mark, is_reloaded);
    assert!(server.connect().is_ended());
}

#[test]
fn more_connections_are_let_in_at_once() {
    let file = |connections: usize| {
        let limits = format!("limits: {{idle_timeout: 10m, connections: {connections}}}");
        answering(210).replace("0.0.1:0]}", &format!("0.0.1:0], {limits}}}"))
    };
    let folder = Folder::new(&file(1));
    let server = Tympan::start_in(&folder);
    let mut first = server.connect();
    assert_eq!(first.ask(&post("/hook")).status, 210);
    folder.write(FILE, file(10));
    server.wait_for_log(is_reloaded);
    assert_eq!(server.ask(&post("/hook")).status, 210);
    assert_eq!(first.ask(&post("/hook")).status, 210);
}

/// An address of this machine that no other test and no other run is likely to use: the system
/// chooses no such port by itself.
fn address(number: u8) -> SocketAddr {
    let [_, _, high, low] = std::process::id().to_be_bytes();
    let port = 10_000 + u16::try_from(std::process::id() % 2_000).unwrap() * 10 + u16::from(number);
    SocketAddr::from(([127, high.max(1), low, number], port))
}

fn listening(addresses: &[SocketAddr], status: usize) -> String {
    let addresses = addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    answering(status).replace("127.0.0.1:0", &addresses)
}

#[test]
fn a_new_address_is_bound_before_the_old_is_closed() {
    let (old, new) = (address(1), address(2));
    let folder = Folder::new(&listening(&[old], 210));
    let server = Tympan::start_in(&folder);
    let mut open = server.connect();
    assert_eq!(open.ask(&post("/hook")).status, 210);

    let is_over = Arc::new(AtomicBool::new(false));
    let knocking = thread::spawn({
        let is_over = Arc::clone(&is_over);
        move || {
            while !is_over.load(Ordering::Relaxed) {
                // In this order: once the old one is closed, the new one has to be there.
                if TcpStream::connect(old).is_err() {
                    TcpStream::connect(new).expect("the new address, as the old is closed");
                }
            }
        }
    });
    folder.write(FILE, listening(&[new], 211));
    server.wait_for_log(is_reloaded);
    wait_until("the old address is closed", || TcpStream::connect(old).err());
    is_over.store(true, Ordering::Relaxed);
    knocking.join().unwrap();
    assert_eq!(Client::connect(new).ask(&post("/hook")).status, 211);
    // Who is there may stay.
    assert_eq!(open.ask(&post("/hook")).status, 211);
}

#[test]
fn an_address_that_cannot_be_bound_is_refused() {
    let (old, free) = (address(3), address(4));
    let taken = TcpListener::bind(address(5)).unwrap();
    let folder = Folder::new(&listening(&[old], 210));
    let server = Tympan::start_in(&folder);
    folder.write(FILE, listening(&[free, taken.local_addr().unwrap()], 211));
    let told = server.wait_for_log(is_refused);
    let why = told["why"].as_str().unwrap();
    assert!(why.contains(&taken.local_addr().unwrap().to_string()), "{why}");
    assert_eq!(server.ask(&post("/hook")).status, 210);
    // Not even the one that could be bound.
    assert!(TcpStream::connect(free).is_err());
    folder.write(FILE, listening(&[free, old], 212));
    wait_for_status(&server, "/hook", 212);
    assert_eq!(Client::connect(free).ask(&post("/hook")).status, 212);
}

#[test]
fn an_address_is_widened_and_narrowed() {
    let narrow = address(6);
    let wide = SocketAddr::from(([0, 0, 0, 0], narrow.port()));
    let folder = Folder::new(&listening(&[narrow], 210));
    let server = Tympan::start_in(&folder);
    let mut open = server.connect();
    for (number, address) in [(1, wide), (2, narrow), (3, wide)] {
        let mark = server.log_mark();
        folder.write(FILE, listening(&[address], 210 + number));
        server.wait_for_log_since(mark, is_reloaded);
        let status = u16::try_from(210 + number).unwrap();
        wait_until(&format!("{address} is served"), || {
            // A connection that comes in the very moment of the change may be lost with the old.
            let mut client = Client::connect(narrow);
            client.try_send(post("/hook")).ok()?;
            let answer = client.try_response().ok()??;
            (answer.status == status).then_some(())
        });
        assert_eq!(open.ask(&post("/hook")).status, status);
    }
}

#[test]
fn the_log_level_changes() {
    let folder = Folder::new(&answering(210));
    let server = Tympan::start_in(&folder);
    assert_eq!(server.ask(&post("/told-1")).status, 404);
    folder.write(FILE, format!("{}log: {{level: error}}\n", answering(211)));
    wait_for_status(&server, "/hook", 211);
    // The level follows the swap: until then a refusal may still be told.
    wait_until("silence", || {
        let mark = server.log_mark();
        let paths = ["/untold-1", "/untold-2", "/untold-3"];
        for path in paths {
            assert_eq!(server.ask(&request("PUT", path, &[], "")).status, 404);
        }
        (server.log_mark() == mark).then_some(())
    });
    let mark = server.log_mark();
    assert_eq!(server.ask(&request("PUT", "/hook", &[], "")).status, 405);
    folder.write(FILE, answering(212));
    server.wait_for_log_since(mark, is_reloaded);
    assert_eq!(server.ask(&request("GET", "/hook", &[], "")).status, 405);
    let told = server.wait_for_log_since(mark, |line| line["outcome"] == "method_not_allowed");
    assert_eq!(told["method"], "GET", "nothing was told in between");
}

#[test]
fn a_receipt_names_what_changed() {
    let file = |status: u16, rest: &str| {
        format!(
            "version: 1\nserver: {{listen: [127.0.0.1:0]}}\n{rest}\nlisteners:\n  hook:\n    \
             path: /hook\n    verification: {{none: x}}\n    \
             responses: {{accepted: {{status: {status}}}}}\n"
        )
    };
    let folder = Folder::new(&file(210, ""));
    let server = Tympan::start_in(&folder);
    // The events go nowhere: that is worth a warning, which is in the receipt.
    let text = file(211, "secrets: {a: {env: A}}\nlog: {accepted: true}");
    folder.write(FILE, &text);
    let told = server.wait_for_log(is_reloaded);
    assert_eq!(
        told["changes"],
        "~ hook (responses.accepted.status: 210 -> 211), ~ log (none -> {accepted: true}), \
         ~ secrets.a (none -> {env: A})"
    );
    assert_eq!((&told["generation"], &told["warnings"]), (&json!(2), &json!(2)));
    assert_eq!(told["fingerprint"], fingerprint(&text));
    assert!(told["took"].as_f64().unwrap() > 0.0);
    let warnings = server.log();
    let codes: Vec<_> = warnings.iter().filter_map(|line| line["code"].as_str()).collect();
    assert!(codes.ends_with(&["L42", "L41"]) || codes.ends_with(&["L41", "L42"]), "{codes:?}");
}

// Under load.

/// How many generations go by until parts of them look alike.
const KINDS: usize = 16;

fn key(kind: usize) -> String {
    format!("the key of generations like {kind}")
}

/// A file in which everything that can tell says which generation it is: the name of the path's
/// parameter, the secret, the signed payload, the header of the signature, the destination, the
/// type and data of the event, and the status, headers and body of the response. Every other one
/// has a listener and a secret before the one that is called, so that all numbers shift.
fn generation(number: usize) -> String {
    let kind = number % KINDS;
    let (other_secret, other_listener) = match number % 2 {
        0 => ("", ""),
        _ => (
            "  another: {file: keys/another}\n",
            "  another:
    verification:
      - token: {secret: another, received_token: 'headers[\"X-Token\"]'}
    deliver: []\n",
        ),
    };
    format!(
        "version: 1
server: {{listen: [127.0.0.1:0]}}
secrets:
{other_secret}  key-{kind}: {{file: keys/{kind}}}
destinations: {{out-{number}: {{stdout: {{}}}}}}
listeners:
{other_listener}  hook:
    path: /hook/{{g{number}}}
    verification:
      - signature:
          secret: key-{kind}
          payload: $CONCAT([\"{kind}:\", raw_body])
          received_signature: headers[\"X-Signature-{kind}\"]
    events:
      id: parsed_body.nonce
      type: '\"{number}\"'
      subject: path_params.g{number}
      data: {{generation: {number}, parameter: path_params.g{number}}}
    deliver: [out-{number}]
    responses:
      accepted:
        status: {}
        headers: {{X-Generation: '\"{number}\"', X-Parameter: path_params.g{number}}}
        body: {{generation: {number}, parameter: path_params.g{number}}}
",
        210 + kind
    )
}

/// The same file with a mistake, of one kind after the other.
fn broken(number: usize, taken: SocketAddr) -> String {
    let text = generation(number);
    match number / 5 % 7 {
        0 => format!("{text}\n]: ["),
        1 => text.replace("deliver:", "delivers:"),
        2 => String::new(),
        3 => text.replace("deliver: [out", "deliver: [nowhere"),
        4 => text.replace("$CONCAT([", "$CONCAT(("),
        5 => text.replace("file: keys/", "file: no-keys/"),
        _ => text.replace("127.0.0.1:0", &taken.to_string()),
    }
}

/// One save after the other, in changing styles.
fn save(folder: &Folder, text: &str, number: usize) {
    let style = [0, 3, 5, 6][number % 4];
    (STYLES[style].save)(&folder.path("."), text, number);
}

/// A delivery that any generation takes, signed in the way of every kind.
fn delivery_to_any(parameter: &str, nonce: &str) -> Vec<u8> {
    let body = format!("{{\"nonce\": \"{nonce}\"}}");
    let headers: Vec<_> = (0..KINDS)
        .map(|kind| (format!("X-Signature-{kind}"), sign(&key(kind), format!("{kind}:{body}"))))
        .collect();
    let headers: Vec<_> =
        headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    request("POST", &format!("/hook/{parameter}"), &headers, body)
}

/// The generation that answered, if all parts of the answer come from the same.
fn answered_by(client: &mut Client, parameter: &str, nonce: &str) -> Result<usize, String> {
    client.send(delivery_to_any(parameter, nonce));
    let response = match client.try_response() {
        Ok(Some(response)) => response,
        other => return Err(format!("failed: {other:?}")),
    };
    let mixed = || format!("mixed: {response:?}");
    let number: usize =
        response.header("x-generation").and_then(|it| it.parse().ok()).ok_or_else(mixed)?;
    let is_whole = usize::from(response.status) == 210 + number % KINDS
        && response.header("x-parameter") == Some(parameter)
        && response.json() == json!({"generation": number, "parameter": parameter});
    if is_whole { Ok(number) } else { Err(mixed()) }
}

fn with_generations() -> Folder {
    let folder = Folder::new(&generation(0));
    for kind in 0..KINDS {
        folder.write(&format!("keys/{kind}"), key(kind));
    }
    folder.write("keys/another", "another key");
    folder
}

/// Median and maximum.
fn figures(mut took: Vec<Duration>) -> (Duration, Duration) {
    took.sort();
    (took[took.len() / 2], took[took.len() - 1])
}

#[test]
#[expect(clippy::print_stderr, reason = "figures, for those who run this with --nocapture")]
fn two_hundred_saves_under_load() {
    const SAVES: usize = 200;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = with_generations();
    let server = Tympan::start_in(&folder);
    let address = server.address();
    let is_over = Arc::new(AtomicBool::new(false));
    let senders: Vec<_> = (0..4)
        .map(|sender| {
            let is_over = Arc::clone(&is_over);
            thread::spawn(move || {
                let mut client = Client::connect(address);
                let mut answers = Vec::new();
                while !is_over.load(Ordering::Relaxed) {
                    let nonce = format!("{sender}-{}", answers.len());
                    let parameter = format!("of-{nonce}");
                    let answer = answered_by(&mut client, &parameter, &nonce);
                    let is_connected = !matches!(&answer, Err(why) if why.starts_with("failed"));
                    answers.push((nonce, answer));
                    if !is_connected {
                        client = Client::connect(address);
                    }
                }
                answers
            })
        })
        .collect();

    let mut client = server.connect();
    let mut took = Vec::new();
    let mut n_looks = 0;
    for number in 1..=SAVES {
        let mark = server.log_mark();
        if number % 5 == 0 {
            save(&folder, &broken(number, taken.local_addr().unwrap()), number);
            // A file that is missed for a moment is refused, too, and may be told before.
            server.wait_for_log_since(mark, |line| {
                is_refused(line) && !line["why"].as_str().unwrap().contains("cannot be read")
            });
            continue;
        }
        save(&folder, &generation(number), number);
        let saved = Instant::now();
        wait_until(&format!("generation {number}"), || {
            n_looks += 1;
            let answer = answered_by(&mut client, "look", &format!("look-{n_looks}"));
            (answer.unwrap() == number).then_some(())
        });
        took.push(saved.elapsed());
    }
    is_over.store(true, Ordering::Relaxed);
    let answers: Vec<_> = senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect();

    let wrong: Vec<_> = answers.iter().filter_map(|(_, answer)| answer.as_ref().err()).collect();
    let (n_wrong, n_all) = (wrong.len(), answers.len());
    assert!(wrong.is_empty(), "{n_wrong} of {n_all}: {:?}", &wrong[..n_wrong.min(3)]);
    // Some of every hundred saves at least were seen by those who did not wait for them.
    let mut seen: Vec<_> = answers.iter().map(|(_, answer)| answer.clone().unwrap()).collect();
    seen.sort_unstable();
    seen.dedup();
    assert!(seen.len() > SAVES / 10, "only {seen:?} answered");

    wait_until("all events", || (server.events().len() >= n_all + n_looks).then_some(()));
    let events = server.events();
    assert_eq!(events.len(), n_all + n_looks);
    let events: HashMap<_, _> =
        events.iter().map(|event| (event["id"].as_str().unwrap(), event)).collect();
    for (nonce, answer) in &answers {
        let number = *answer.as_ref().unwrap();
        let (event, parameter) = (events[nonce.as_str()], format!("of-{nonce}"));
        let found = [&event["type"], &event["source"], &event["subject"], &event["data"]];
        let data = json!({"generation": number, "parameter": parameter});
        let source = format!("/hook/%7Bg{number}%7D");
        assert_eq!(found, [&json!(number.to_string()), &json!(source), &json!(parameter), &data]);
    }
    let (median, most) = figures(took);
    eprintln!(
        "under load: {n_all} requests, 0 failed, 0 mixed; save to live: median {median:?}, at most {most:?}"
    );
}

#[test]
#[expect(clippy::print_stderr, reason = "figures, for those who run this with --nocapture")]
fn a_save_goes_live_soon() {
    let folder = with_generations();
    let server = Tympan::start_in(&folder);
    let mut client = server.connect();
    let mut took = Vec::new();
    for number in 1..50 {
        save(&folder, &generation(number), number);
        let saved = Instant::now();
        while answered_by(&mut client, "x", "y").unwrap() != number {
            assert!(saved.elapsed() < crate::process::PATIENCE, "generation {number}");
        }
        took.push(saved.elapsed());
    }
    let (median, most) = figures(took);
    eprintln!("idle: save to live: median {median:?}, at most {most:?}");
}

#[test]
fn a_request_belongs_to_the_generation_it_began_in() {
    let folder = with_generations();
    let server = Tympan::start_in(&folder);
    let whole = delivery_to_any("began", "before");
    let split = whole.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 2;
    let (head, body) = (&whole[..split], &whole[split + 2..]);
    let mut before = server.connect();
    before.send(head);
    // Once the body is asked for, it has begun.
    assert_eq!(before.ask(b"Expect: 100-continue\r\n\r\n").status, 100);
    let mut after = server.connect();
    for number in 1..4 {
        save(&folder, &generation(number), number);
        wait_until("the next generation", || {
            (answered_by(&mut after, "x", "after").unwrap() == number).then_some(())
        });
    }
    let response = before.ask(body);
    assert_eq!(response.status, 210);
    assert_eq!(response.header("x-generation"), Some("0"));
    assert_eq!(response.json(), json!({"generation": 0, "parameter": "began"}));
    let event = server.wait_for_event_that(|event| event["id"] == "before");
    assert_eq!((&event["type"], &event["source"]), (&json!("0"), &json!("/hook/%7Bg0%7D")));
    // The next one on the same connection belongs to the last.
    assert_eq!(answered_by(&mut before, "x", "next").unwrap(), 3);
}
