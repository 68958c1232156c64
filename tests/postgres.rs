//! Events are rows of a table of `PostgreSQL`: each once, whatever becomes of the server.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use serde_json::json;

use crate::backend::Backend;
use crate::backend::assert_whole;
use crate::backend::data;
use crate::backend::folder;
use crate::backend::free_port;
use crate::backend::give_away;
use crate::backend::send;
use crate::backend::send_while_killed;
use crate::backend::why_not;
use crate::backend::without_rights;
use crate::host::authority;
use crate::host::signed;
use crate::process::Folder;
use crate::process::Tympan;
use crate::process::request;
use crate::process::wait_until;

/// What its superuser proves itself with.
const PASSWORD: &str = "the-password";

/// A server with a folder of its own.
struct Postgres {
    backend: Backend,
    _data: tempfile::TempDir,
}

impl Postgres {
    fn start(options: &[String]) -> Self {
        let (data, port) = (data(), free_port());
        let (folder, options) = (data.path().to_owned(), options.to_vec());
        fs::write(folder.join("password"), PASSWORD).unwrap();
        let made = without_rights(program("initdb"))
            .args(["--auth=scram-sha-256", "--username=tympan", "--no-sync", "--encoding=UTF8"])
            .arg(format!("--pwfile={}", folder.join("password").display()))
            .arg(folder.join("db"))
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let start = move || {
            let mut command = without_rights(program("postgres"));
            command.arg("-D").arg(folder.join("db")).arg("-k").arg(&folder);
            command.args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"]);
            command.args(&options);
            command
        };
        let is_up = move || ask(port, "SELECT 1").is_ok();
        Self { backend: Backend::start(port, start, is_up), _data: data }
    }

    fn ask(&self, sql: &str) -> String {
        ask(self.backend.port, sql).unwrap()
    }
}

fn program(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").expect("tests/run brings PostgreSQL");
    let programs = versions.map(|it| it.unwrap().path().join("bin").join(name));
    programs.filter(|it| it.exists()).max().unwrap()
}

fn ask(port: u16, sql: &str) -> Result<String, String> {
    let url = format!("postgres://tympan:{PASSWORD}@127.0.0.1:{port}/postgres");
    let output = Command::new(program("psql")).args(["-XAtc", sql, &url]).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

/// A listener whose events go to a server at a host.
fn folder_of(postgres: &Postgres, host: &str, more: &str) -> Folder {
    let url = format!("postgres://{host}:{}/postgres", postgres.backend.port);
    let app = format!("postgres: {{url: '{url}', user: tympan, password: k, {more}}}");
    let folder = folder(&app, "secrets: {k: {file: k}}");
    folder.write("k", PASSWORD);
    folder
}

#[test]
fn each_event_is_one_row_while_postgres_is_killed() {
    let mut postgres = Postgres::start(&[]);
    let folder = folder_of(&postgres, "127.0.0.1", "table: public.events, create: true");
    let server = Tympan::start_in(&folder);
    let ids = send_while_killed(&server, &mut postgres.backend, 1000, 10);
    wait_until("all have arrived", || {
        // There is no table before somebody was connected for long enough.
        let count = ask(postgres.backend.port, "SELECT count(*) FROM events").ok()?;
        (count.trim() == ids.len().to_string()).then_some(())
    });
    let rows = postgres.ask("SELECT id || ' ' || listener || ' ' || event FROM events");
    for row in rows.lines() {
        let mut parts = row.splitn(3, ' ');
        let (id, listener) = (parts.next().unwrap(), parts.next().unwrap());
        let event: Value = serde_json::from_str(parts.next().unwrap()).unwrap();
        assert!(ids.contains(id) && listener == "in" && event["id"] == id, "{row}");
        assert_whole(&event);
    }
    let late = "SELECT count(*) FROM events WHERE abs(extract(epoch FROM now() - received)) > 600";
    assert_eq!(postgres.ask(late).trim(), "0");
}

#[test]
fn a_table_that_is_not_there_is_told_until_it_is() {
    let postgres = Postgres::start(&[]);
    let folder = folder_of(&postgres, "127.0.0.1", "table: 'My \"own\"; table'");
    let server = Tympan::start_in(&folder);
    send(&server, "1");
    let why = why_not(&server, "1");
    assert!(why.starts_with("relation ") && why.ends_with("does not exist (42P01)"), "{why}");
    let table = r#""My ""own""; table""#;
    let columns = "listener text, id text, received timestamptz, event json";
    postgres.ask(&format!("CREATE TABLE {table} ({columns})"));
    let unique = "there is no unique or exclusion constraint";
    server.wait_for_log(|line| line["why"].as_str().is_some_and(|why| why.starts_with(unique)));
    postgres.ask(&format!("ALTER TABLE {table} ADD UNIQUE (listener, id)"));
    let count = format!("SELECT count(*) FROM {table}");
    wait_until("it has arrived", || (postgres.ask(&count).trim() == "1").then_some(()));
    // The same event is the same row.
    send(&server, "1");
    send(&server, "2");
    wait_until("the next has arrived", || (postgres.ask(&count).trim() == "2").then_some(()));
}

#[test]
fn an_event_that_no_row_can_hold_stops_no_other() {
    let postgres = Postgres::start(&[]);
    let folder = folder_of(&postgres, "127.0.0.1", "table: events, create: true");
    let listeners = fs::read_to_string(folder.path("listeners.yaml")).unwrap();
    let each = "{each: parsed_body, id: item.id, data: item}";
    let listeners = listeners.replace("{id: parsed_body.id, data: parsed_body}", each);
    folder.write("listeners.yaml", listeners);
    let server = Tympan::start_in(&folder);
    let events: Vec<_> = (0..20).map(|number| json!({"id": number.to_string()})).collect();
    let mut events = Value::from(events);
    events[7]["text"] = "\0".into();
    let answer = server.ask(&request("POST", "/in", &[], events.to_string()));
    assert_eq!(answer.status, 200);
    let told = server.wait_for_log(|line| line["message"] == "a dead letter");
    assert_eq!(told["id"], "7");
    assert_eq!(told["why"], "unsupported Unicode escape sequence (22P05)");
    let count = "SELECT count(*) FROM events";
    wait_until("the others have arrived", || (postgres.ask(count).trim() == "19").then_some(()));
}

#[test]
fn over_tls_with_a_password_that_is_never_told() {
    let keys = Folder::new("");
    authority(&keys, "ca");
    signed(&keys, "host", "ca", "-addext subjectAltName=DNS:localhost");
    let own = data();
    for file in ["host.crt", "host.key"] {
        let copy = own.path().join(file);
        fs::copy(keys.path(file), &copy).unwrap();
        fs::set_permissions(&copy, fs::Permissions::from_mode(0o600)).unwrap();
        give_away(&copy);
    }
    let option = |name: &str, file: &str| {
        ["-c".to_owned(), format!("{name}={}", own.path().join(file).display())]
    };
    let mut options = vec!["-c".to_owned(), "ssl=on".to_owned()];
    options.extend(option("ssl_cert_file", "host.crt"));
    options.extend(option("ssl_key_file", "host.key"));
    let postgres = Postgres::start(&options);
    let folder = folder_of(&postgres, "localhost", "tls: true, table: events, create: true");
    let listeners = fs::read_to_string(folder.path("listeners.yaml")).unwrap();
    folder.write("listeners.yaml", format!("{listeners}egress: {{ca: ca.crt}}\n"));
    folder.write("k", "another-password");
    folder.write("ca.crt", fs::read(keys.path("ca.crt")).unwrap());
    let server = Tympan::start_in(&folder);
    send(&server, "1");
    let why = why_not(&server, "1");
    assert!(why.contains("password authentication failed"), "{why}");
    folder.write("k", PASSWORD);
    wait_until("it has arrived", || {
        let count = ask(postgres.backend.port, "SELECT count(*) FROM events");
        count.is_ok_and(|count| count.trim() == "1").then_some(())
    });
    for password in [PASSWORD, "another-password"] {
        assert!(!server.log_text().contains(password));
    }
}
