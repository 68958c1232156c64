//! A real server that events are delivered to: started in a folder of its own, killed, and started again.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::net::TcpStream;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;

use crate::process::Folder;
use crate::process::Tympan;
use crate::process::repository;
use crate::process::request;
use crate::process::wait_until;
use crate::process::wait_within;

/// Whom servers run as that refuse to be root.
const NOBODY: u32 = 65534;

/// How long a server may take to start, on a machine that has other things to do.
const START: Duration = Duration::from_mins(5);

/// How many clients send events.
const CLIENTS: usize = 4;

/// A server at a port of its own, which ends with its test.
pub(crate) struct Backend {
    pub(crate) port: u16,
    start: Box<dyn Fn() -> Command>,
    is_up: Box<dyn Fn() -> bool>,
    child: Option<Child>,
}

impl Backend {
    /// Starts one, and waits until it is up.
    pub(crate) fn start(
        port: u16,
        start: impl Fn() -> Command + 'static,
        is_up: impl Fn() -> bool + 'static,
    ) -> Self {
        let (start, is_up) = (Box::new(start), Box::new(is_up));
        let mut backend = Self { port, start, is_up, child: None };
        backend.restart();
        backend
    }

    /// Ends it without a word.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // The whole group: some have children that hold the port.
            let group = format!("-{}", child.id());
            let _ = Command::new("kill").args(["-s", "KILL", "--", &group]).status();
            child.wait().unwrap();
        }
    }

    pub(crate) fn restart(&mut self) {
        use std::os::unix::process::CommandExt;
        self.kill();
        wait_within(START, "the server is up", || {
            // What is left of the one before may still hold what this one needs.
            let child = self.child.as_mut();
            if child.is_none_or(|child| child.try_wait().unwrap().is_some()) {
                let mut command = (self.start)();
                command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
                self.child = Some(command.process_group(0).spawn().unwrap());
            }
            (self.is_up)().then_some(())
        });
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port that nobody listens at.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Whether somebody listens at a port.
pub(crate) fn listens(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

/// A program that `tests/run` has unpacked.
pub(crate) fn tool(name: &str) -> PathBuf {
    let path = repository().join("target/tools/bin").join(name);
    assert!(path.exists(), "{name} is not there: tests/run brings it");
    path
}

/// A folder for a server.
pub(crate) fn data() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    // Some servers do not run as root, and become nobody.
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    folder
}

/// A command that runs as somebody without rights where we have them.
pub(crate) fn without_rights(program: impl AsRef<Path>) -> Command {
    if !is_root() {
        return Command::new(program.as_ref());
    }
    let mut command = Command::new("setpriv");
    let user = [format!("--reuid={NOBODY}"), format!("--regid={NOBODY}")];
    command.args(user).arg("--clear-groups").arg(program.as_ref());
    command
}

/// Makes a file that of whoever runs [`without_rights`].
pub(crate) fn give_away(file: &Path) {
    if is_root() {
        std::os::unix::fs::chown(file, Some(NOBODY), Some(NOBODY)).unwrap();
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// A listener at `/in` whose events go to `app`.
pub(crate) fn folder(app: &str, more: &str) -> Folder {
    Folder::new(&format!(
        "version: 1
server: {{listen: [127.0.0.1:0], exec: true}}
destinations:
  app: {{{app}, retry: {{first: 50ms, most: 200ms}}}}
{more}
listeners:
  in:
    path: /in
    verification: {{none: a test}}
    events: {{id: parsed_body.id, data: parsed_body}}
    deliver: [app]
"
    ))
}

/// The first failure of a delivery is its last, so that whatever counts as one is seen.
pub(crate) fn try_once(folder: &Folder) {
    let text = fs::read_to_string(folder.path("listeners.yaml")).unwrap();
    folder.write("listeners.yaml", text.replace("retry: {", "retry: {attempts: 1, "));
}

pub(crate) fn send(server: &Tympan, id: &str) {
    let body = json!({"id": id, "text": format!("of {id}: 'ä' \\ \" \n")}).to_string();
    assert_eq!(server.ask(&request("POST", "/in", &[], body)).status, 200);
}

/// Whether an event is what [`send`] made.
#[track_caller]
pub(crate) fn assert_whole(event: &Value) {
    let id = event["id"].as_str().unwrap();
    assert_eq!(event["data"]["text"], format!("of {id}: 'ä' \\ \" \n"));
    assert_eq!((&event["specversion"], &event["source"]), (&json!("1.0"), &json!("/in")));
}

/// The reason that is told once an event was not delivered.
pub(crate) fn why_not(server: &Tympan, id: &str) -> String {
    let is_it =
        |line: &Value| line["message"] == "not delivered, to be tried again" && line["id"] == id;
    server.wait_for_log(is_it)["why"].as_str().unwrap().to_owned()
}

/// Sends so many events, while a server is killed and started again so many times; gives their ids.
/// Each time, somebody notices before it is started again.
pub(crate) fn send_while_killed(
    server: &Tympan,
    backend: &mut Backend,
    count: usize,
    kills: usize,
) -> BTreeSet<String> {
    let sent = AtomicUsize::new(0);
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let sent = &sent;
            scope.spawn(move || {
                let mut connection = server.connect();
                for number in (client..count).step_by(CLIENTS) {
                    let id = format!("e{number}");
                    let text = format!("of {id}: 'ä' \\ \" \n");
                    let body = json!({"id": id, "text": text}).to_string();
                    let answer = connection.ask(&request("POST", "/in", &[], body));
                    assert_eq!(answer.status, 200);
                    sent.fetch_add(1, Ordering::SeqCst);
                    // Events have to come all the time, and not before the first kill.
                    thread::sleep(Duration::from_millis(1));
                }
            });
        }
        for kill in 1..=kills {
            let enough = count * kill / (kills + 1);
            wait_until("enough events were sent", || {
                (sent.load(Ordering::SeqCst) >= enough).then_some(())
            });
            let mark = server.log_mark();
            backend.kill();
            server.wait_for_log_since(mark, |line| {
                line["message"] == "not delivered, to be tried again"
            });
            backend.restart();
        }
    });
    (0..count).map(|number| format!("e{number}")).collect()
}
