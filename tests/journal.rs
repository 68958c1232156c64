//! Nothing that was acknowledged is lost: crashes, full and broken disks, ends and reloads.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::hash::BuildHasher;
use std::hash::RandomState;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;

use crate::events::events;
use crate::process::Client;
use crate::process::Folder;
use crate::process::PATIENCE;
use crate::process::RECEIVED;
use crate::process::Response;
use crate::process::Tympan;
use crate::process::request;
use crate::process::wait_until;

/// A listener at `/in` that delivers to a file.
fn folder(keys: &str) -> Folder {
    Folder::new(&format!(
        "version: 1
server: {{listen: [127.0.0.1:0]}}
destinations:
  archive: {{file: {{path: events.jsonl}}, retry: {{first: 100ms}}}}
listeners:
  in:
    path: /in
    verification: {{none: a test}}
    events: {{id: parsed_body.id, data: parsed_body}}
    deliver: [archive]
{keys}"
    ))
}

fn event(id: &str) -> Vec<u8> {
    request("POST", "/in", &[], json!({"id": id}).to_string())
}

/// The ids that the file has, with one line each.
fn archived(folder: &Folder) -> Vec<String> {
    let text = fs::read_to_string(folder.path("events.jsonl")).unwrap_or_default();
    // A line may be half written when the process is killed, and is written again.
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter_map(|event| event["id"].as_str().map(str::to_owned)).collect()
}

fn wait_for_archived(folder: &Folder, ids: &BTreeSet<String>) {
    wait_until("everything that was acknowledged is delivered", || {
        let archived: BTreeSet<_> = archived(folder).into_iter().collect();
        ids.is_subset(&archived).then_some(())
    });
}

fn readiness(server: &Tympan) -> Value {
    let socket = server.folder().join("data/admin.sock");
    let stream = std::os::unix::net::UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    Client::over(stream).ask(&request("GET", "/readyz", &[], "")).json()
}

/// Sends events until the server is gone, and gives those that were acknowledged.
fn send_until_the_end(address: SocketAddr, next: &AtomicU64, is_killed: bool) -> Vec<String> {
    let mut acknowledged = Vec::new();
    let Ok(stream) = TcpStream::connect(address) else { return acknowledged };
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut client = Client::over(stream);
    loop {
        let id = next.fetch_add(1, Ordering::Relaxed).to_string();
        let asked = client.try_send(event(&id)).and_then(|()| client.try_response());
        match asked {
            Ok(Some(Response { status: 200, .. })) => acknowledged.push(id),
            Ok(Some(Response { status: 503, .. })) => {}
            Ok(Some(other)) => panic!("{other:?}"),
            Ok(None) | Err(_) => {
                // Only whoever is killed ends within an answer.
                assert!(is_killed || !client.has_begun(), "an answer was cut");
                return acknowledged;
            }
        }
    }
}

/// Several that send events until the server is gone, each of whom gives what was acknowledged.
fn senders(
    count: usize,
    address: SocketAddr,
    next: &Arc<AtomicU64>,
    is_killed: bool,
) -> Vec<JoinHandle<Vec<String>>> {
    let senders = (0..count).map(|_| {
        let next = Arc::clone(next);
        thread::spawn(move || send_until_the_end(address, &next, is_killed))
    });
    senders.collect()
}

fn acknowledged_by(senders: Vec<JoinHandle<Vec<String>>>) -> impl Iterator<Item = String> {
    senders.into_iter().flat_map(|sender| sender.join().unwrap())
}

/// `TYMPAN_KILLS=200 cargo test -p tympan-tests killed_at_any_moment` takes some minutes.
#[test]
fn killed_at_any_moment() {
    let n_kills = env::var("TYMPAN_KILLS").map_or(20, |kills| kills.parse().unwrap());
    let folder = folder("");
    let next = Arc::new(AtomicU64::new(0));
    let mut acknowledged = BTreeSet::new();
    for _ in 0..n_kills {
        let server = Tympan::start_in(&folder);
        let senders = senders(16, server.address(), &next, true);
        let moment = RandomState::new().hash_one(0) % 750;
        thread::sleep(Duration::from_millis(50 + moment));
        server.signal("KILL");
        acknowledged.extend(acknowledged_by(senders));
    }
    assert!(!acknowledged.is_empty());
    let started = Instant::now();
    let server = Tympan::start_in(&folder);
    assert!(started.elapsed() < PATIENCE);
    wait_for_archived(&folder, &acknowledged);
    assert!(!server.log_text().contains("missing"), "{}", server.log_text());
}

#[test]
fn told_to_end_under_load() {
    let folder = folder("");
    let next = Arc::new(AtomicU64::new(0));
    let mut server = Tympan::start_in(&folder);
    let senders = senders(8, server.address(), &next, false);
    wait_until("some are delivered", || (archived(&folder).len() > 50).then_some(()));
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0));
    let acknowledged = acknowledged_by(senders).collect();
    let _server = Tympan::start_in(&folder);
    wait_for_archived(&folder, &acknowledged);
}

#[test]
fn what_waits_is_delivered_by_the_next_process() {
    let folder = folder("");
    // As long as this is a folder, nothing can be added to it.
    fs::create_dir(folder.path("events.jsonl")).unwrap();
    let mut server = Tympan::start_in(&folder);
    for id in 0..20 {
        assert_eq!(server.ask(&event(&id.to_string())).text(), RECEIVED);
    }
    server.wait_for_log(|line| line["message"] == "not delivered, to be tried again");
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0));
    fs::remove_dir(folder.path("events.jsonl")).unwrap();
    let _server = Tympan::start_in(&folder);
    wait_for_archived(&folder, &(0..20).map(|id| id.to_string()).collect());
}

#[test]
fn a_destination_that_changes_takes_over_what_waits() {
    let folder = folder("");
    fs::create_dir(folder.path("events.jsonl")).unwrap();
    let server = Tympan::start_in(&folder);
    assert_eq!(server.ask(&event("1")).status, 200);
    server.wait_for_log(|line| line["message"] == "not delivered, to be tried again");
    let text = fs::read_to_string(folder.path("listeners.yaml")).unwrap();
    folder.write("listeners.yaml", text.replace("path: events.jsonl", "path: other.jsonl"));
    wait_until("it is in the other file", || {
        fs::read_to_string(folder.path("other.jsonl"))
            .is_ok_and(|it| it.lines().count() == 1)
            .then_some(())
    });
}

#[test]
fn what_comes_again_is_kept_once() {
    let folder = folder(
        "    deduplicate: {key: parsed_body.id}\n    responses: {accepted: {status: 202}}\n",
    );
    let mut server = Tympan::start_in(&folder);
    let address = server.address();
    let at_once = (0..64).map(|_| thread::spawn(move || Client::connect(address).ask(&event("1"))));
    let answers: Vec<_> =
        at_once.collect::<Vec<_>>().into_iter().map(|it| it.join().unwrap()).collect();
    // All but the date is the same.
    let said: BTreeSet<_> = answers.iter().map(|it| (it.status, it.text())).collect();
    assert_eq!(said, [(202, RECEIVED)].into());
    // Whoever is killed may deliver twice what it was about to settle.
    server.signal("TERM");
    server.wait();

    let server = Tympan::start_in(&folder);
    assert_eq!(server.ask(&event("1")).status, 202);
    assert_eq!(server.ask(&event("2")).status, 202);
    let both = ["1", "2"].map(str::to_owned);
    wait_for_archived(&folder, &both.clone().into());
    assert_eq!(archived(&folder), both);
}

#[test]
fn what_gives_no_event_is_kept_and_answered() {
    let folder = folder("    payload_schema: {id: string}\n");
    let server = Tympan::start_in(&folder);
    let mark = server.log_mark();
    assert_eq!(server.ask(&request("POST", "/in", &[], "{\"id\": 7}")).text(), RECEIVED);
    let told = server.wait_for_log_since(mark, |line| line["outcome"] == "invalid");
    assert!(told["reason"].as_str().unwrap().contains("of the schema"), "{told}");
}

#[test]
fn where_nothing_can_be_kept_nothing_is_acknowledged() {
    let folder = folder("");
    folder.write("data/journal", "a file");
    let server = Tympan::start_in(&folder);
    let answer = server.ask(&event("1"));
    assert_eq!(answer.status, 503);
    assert!(answer.header("retry-after").is_some());
    let readiness = readiness(&server);
    assert_eq!(readiness["ready"], false);
    assert!(readiness["reason"].as_str().unwrap().contains("data/journal"), "{readiness}");
    fs::remove_file(folder.path("data/journal")).unwrap();
    wait_until("events are kept", || (server.ask(&event("2")).status == 200).then_some(()));
}

/// A server whose calls to the log of its journal fail as told.
fn with_faults(folder: &Folder, inject: &str) -> Tympan {
    Tympan::spawn(faulty(folder, inject))
}

fn faulty(folder: &Folder, inject: &str) -> Command {
    let run = folder.run();
    let mut command = Command::new("strace");
    let log = folder.path("data/journal/journal.db-wal");
    // The server is our child, and the tracer its own.
    command.args(["-D", "-f", "-qq", "-o", "/dev/null", "-P"]).arg(log);
    command.args(["-e", "trace=write,pwrite64,fsync,fdatasync", "-e", inject]);
    command.arg(run.get_program()).args(run.get_args());
    command.current_dir(run.get_current_dir().unwrap());
    command
}

#[test]
fn a_sync_that_fails_is_the_last() {
    let folder = folder("");
    // A journal that is there already syncs nothing else.
    drop(Tympan::start_in(&folder));
    let server = with_faults(&folder, "inject=fsync,fdatasync:error=EIO:when=5");
    let mut acknowledged = BTreeSet::new();
    let mut statuses = Vec::new();
    for id in 0..20 {
        let status = server.ask(&event(&id.to_string())).status;
        statuses.push(status);
        if status == 200 {
            acknowledged.insert(id.to_string());
        }
    }
    let n_good = statuses.iter().take_while(|status| **status == 200).count();
    assert!(0 < n_good && n_good < 20, "{statuses:?}");
    assert!(statuses[n_good..].iter().all(|status| *status == 503), "{statuses:?}");
    assert_eq!(readiness(&server)["ready"], false);
    drop(server);
    let _server = wait_until("the journal is free", || Some(Tympan::start_in(&folder)));
    wait_for_archived(&folder, &acknowledged);
}

#[test]
fn an_order_that_is_not_on_the_disk_has_failed() {
    let folder = folder("");
    drop(Tympan::start_in(&folder));
    let server = with_faults(&folder, "inject=fsync,fdatasync:error=EIO:when=5");
    assert_eq!(server.ask(&event("1")).status, 200);
    let errors = wait_until("an order fails", || {
        let (code, _, errors) = events(&folder, &["replay", "--id", "1"]);
        (code != 0).then_some(errors)
    });
    assert!(errors.contains("cannot be synced"), "{errors}");
    assert_eq!(readiness(&server)["ready"], false);
}

/// `TYMPAN_KILLS=200` kills at each of the first so many calls instead.
#[test]
fn killed_at_a_call() {
    let calls = match env::var("TYMPAN_KILLS") {
        Ok(kills) => (1..=kills.parse().unwrap()).collect(),
        Err(_) => vec![1, 2, 3, 5, 8, 13, 21],
    };
    let folder = folder("");
    drop(Tympan::start_in(&folder));
    let next = Arc::new(AtomicU64::new(0));
    let mut acknowledged = BTreeSet::new();
    for call in calls {
        for name in ["write,pwrite64", "fsync,fdatasync"] {
            let inject = format!("inject={name}:signal=KILL:when={call}");
            // What is left to be done of the time before may be its end.
            if let Some(server) = Tympan::try_spawn(faulty(&folder, &inject)) {
                let senders = senders(4, server.address(), &next, true);
                acknowledged.extend(acknowledged_by(senders));
            }
        }
    }
    assert!(!acknowledged.is_empty());
    let server = Tympan::start_in(&folder);
    wait_for_archived(&folder, &acknowledged);
    assert!(!server.log_text().contains("missing"), "{}", server.log_text());
}

/// Whoever waits for a slow disk waits together: one after the other, it would take a minute.
#[test]
fn a_slow_disk_is_shared() {
    const CLIENTS: usize = 64;
    const EACH: usize = 5;
    let folder = folder("    limits: {ack: 30s}\n");
    drop(Tympan::start_in(&folder));
    let server = with_faults(&folder, "inject=fsync,fdatasync:delay_enter=200000");
    let address = server.address();
    let started = Instant::now();
    let clients = (0..CLIENTS).map(|client| {
        thread::spawn(move || {
            let mut connection = Client::connect(address);
            for number in 0..EACH {
                let id = (client * EACH + number).to_string();
                assert_eq!(connection.ask(&event(&id)).status, 200);
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.join().unwrap();
    }
    let alone = Duration::from_millis(200) * u32::try_from(CLIENTS * EACH).unwrap();
    let took = started.elapsed();
    assert!(took < alone / 4, "{took:?} instead of {alone:?}");
    assert!(took > Duration::from_millis(200), "the disk is not slow: {took:?}");
}

#[test]
fn a_full_disk_is_waited_for() {
    let folder = folder("");
    drop(Tympan::start_in(&folder));
    let server = with_faults(&folder, "inject=write,pwrite64:error=ENOSPC:when=60..100");
    let mut acknowledged = BTreeSet::new();
    let mut statuses = Vec::new();
    let mut next = 0..;
    wait_until("space returns", || {
        let id = next.next()?.to_string();
        let status = server.ask(&event(&id)).status;
        statuses.push(status);
        if status == 200 {
            acknowledged.insert(id);
        }
        let was_full = statuses.contains(&503);
        (was_full && status == 200).then_some(())
    });
    assert!(statuses.iter().all(|status| [200, 503].contains(status)), "{statuses:?}");
    wait_until("it is ready again", || (readiness(&server)["ready"] == true).then_some(()));
    wait_for_archived(&folder, &acknowledged);
}
