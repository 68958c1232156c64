//! Sockets of the file system and of the service manager, and what that one is told.

use std::fs;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::os::unix::net::UnixListener;
use std::process::Command;
use std::process::Stdio;

use crate::process::Client;
use crate::process::Folder;
use crate::process::PATIENCE;
use crate::process::Tympan;
use crate::process::binary;
use crate::process::wait_until;
use crate::wire::assert_received;
use crate::wire::assert_serves;
use crate::wire::curl;
use crate::wire::delivery;
use crate::wire::hook;
use crate::wire::text;
use crate::wire::unix;

const AT_SOCKET: &str = "{listen: [unix:run/hook.sock]}";

fn hook_at_socket() -> Folder {
    let folder = hook(AT_SOCKET, "");
    fs::create_dir(folder.path("run")).unwrap();
    folder
}

fn wait_for_reload(server: &Tympan, folder: &Folder, listen: &str) {
    let mark = server.log_mark();
    folder.write("listeners.yaml", text(&format!("{{listen: [{listen}]}}"), ""));
    server.wait_for_log_since(mark, |line| line["message"] == "reloaded");
}

#[test]
fn a_socket_of_the_file_system() {
    let folder = hook_at_socket();
    let path = folder.path("run/hook.sock");
    let mut server = Tympan::start_in(&folder);
    let serving = server.wait_for_log(|line| line["message"] == "serving");
    assert!(serving["addresses"].as_str().unwrap().starts_with("unix:"), "{serving}");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);

    let mut client = unix(&path);
    for _ in 0..3 {
        assert_received(&client.ask(&delivery(r#"{"id": "e"}"#)));
    }
    // Nobody knows where from.
    assert!(server.wait_for_event()["data"]["ip"].is_null());
    let socket = path.to_str().unwrap();
    let asked = [
        "--unix-socket",
        socket,
        "-d",
        "{}",
        "-w",
        "%{http_code}",
        "-o",
        "/dev/null",
        "http://h/hook",
    ];
    assert_eq!(curl(&asked), "401");

    server.signal("TERM");
    assert!(server.wait().success());
    assert!(!path.exists());
}

#[test]
fn a_socket_that_was_left_behind_is_replaced() {
    let folder = hook_at_socket();
    let path = folder.path("run/hook.sock");
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let mut server = Tympan::start_in(&folder);
    assert_received(&unix(&path).ask(&delivery("{}")));

    // Another one that was put there meanwhile is not removed.
    fs::remove_file(&path).unwrap();
    let other = UnixListener::bind(&path).unwrap();
    server.signal("TERM");
    assert!(server.wait().success());
    assert!(path.exists());
    drop(other);
}

#[test]
fn what_somebody_else_has_is_left_alone() {
    let folder = hook_at_socket();
    let path = folder.path("run/hook.sock");
    let refused = |folder: &Folder| {
        let output = folder.run().output().unwrap();
        let log = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(74), "{log}");
        assert!(log.contains("cannot be bound"), "{log}");
    };
    let other = UnixListener::bind(&path).unwrap();
    refused(&folder);
    assert!(path.exists());
    drop(other);
    fs::remove_file(&path).unwrap();

    // A file is no socket.
    fs::write(&path, "precious").unwrap();
    refused(&folder);
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
}

#[test]
fn from_a_socket_to_a_port_and_back() {
    let folder = hook_at_socket();
    let path = folder.path("run/hook.sock");
    let server = Tympan::start_in(&folder);
    let mut open = unix(&path);
    assert_received(&open.ask(&delivery("{}")));

    let mark = server.log_mark();
    wait_for_reload(&server, &folder, "127.0.0.1:0");
    let listening = server.wait_for_log_since(mark, |line| line["message"] == "listening");
    let address = listening["address"].as_str().unwrap().parse().unwrap();
    assert_received(&Client::connect(address).ask(&delivery("{}")));
    wait_until("the socket is gone", || (!path.exists()).then_some(()));
    // Who is connected stays so.
    assert_received(&open.ask(&delivery("{}")));

    wait_for_reload(&server, &folder, "unix:run/hook.sock");
    assert_received(&unix(&path).ask(&delivery("{}")));
}

/// A server that inherits a socket twice, under two names, as from a service manager.
fn inheriting(folder: &Folder, listener: TcpListener, pid: &str) -> Command {
    let mut command = Command::new("sh");
    let script = format!(
        "exec 3<&0 4<&0 </dev/null; export LISTEN_PID={pid} LISTEN_FDS=2; exec {} run --log-format json",
        binary().display()
    );
    command
        .args(["-c", &script])
        .env("LISTEN_FDNAMES", "one:two")
        .current_dir(folder.path("."))
        .stdin(Stdio::from(OwnedFd::from(listener)));
    command
}

#[test]
fn sockets_of_the_service_manager() {
    for (listen, expected) in
        [("systemd:two", Some(1)), ("systemd", Some(2)), ("systemd:three", None)]
    {
        let folder = hook(&format!("{{listen: [{listen}]}}"), "");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut command = inheriting(&folder, listener, "$$");
        if let Some(n_sockets) = expected {
            let server = Tympan::spawn(command);
            assert_eq!(server.addresses, vec![address; n_sockets]);
            assert_serves(&server);
        } else {
            let output = command.output().unwrap();
            let log = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(74), "{log}");
            assert!(log.contains("the service manager has not opened it"), "{log}");
        }
    }
    // Those of another process are not ours.
    let folder = hook("{listen: [systemd]}", "");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let output = inheriting(&folder, listener, "1").output().unwrap();
    assert_eq!(output.status.code(), Some(74));
}

#[test]
fn sockets_of_the_service_manager_outlive_a_reload() {
    let folder = hook("{listen: [systemd:one]}", "");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = Tympan::spawn(inheriting(&folder, listener, "$$"));
    let mut open = server.connect();
    assert_received(&open.ask(&delivery("{}")));
    wait_for_reload(&server, &folder, "127.0.0.1:0");
    assert_received(&open.ask(&delivery("{}")));
    // Whoever comes now waits until somebody listens again.
    let mut early = server.connect();
    early.send(delivery(r#"{"id": "early"}"#));
    wait_for_reload(&server, &folder, "systemd:one, 127.0.0.1:0");
    assert_received(&early.response());
    assert_serves(&server);
}

#[test]
fn what_the_service_manager_is_told() {
    let folder = hook("{listen: [127.0.0.1:0]}", "");
    let elsewhere = tempfile::tempdir().unwrap();
    let path = elsewhere.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    // Everything that is told until something is.
    let hear = |what: &str| {
        let mut heard = String::new();
        while !heard.contains(what) {
            let mut buffer = [0; 1024];
            let length = socket.recv(&mut buffer).unwrap_or_else(|error| {
                panic!("{error}: {what} was never told, after {heard}");
            });
            heard.push_str(std::str::from_utf8(&buffer[..length]).unwrap());
        }
        heard
    };
    let mut command = folder.run();
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "200000");
    let mut server = Tympan::spawn(command);
    let heard = hear("READY=1");
    assert!(heard.contains("STATUS=generation 1: 1 of 1 listeners serving\n"), "{heard}");
    assert_serves(&server);
    for _ in 0..3 {
        hear("WATCHDOG=1\n");
    }

    let good = text("{listen: [127.0.0.1:0]}", "");
    folder.write("listeners.yaml", good.replace("/hook", "/hook/2"));
    hear("STATUS=generation 2: 1 of 1 listeners serving\n");
    folder.write("listeners.yaml", "version: 1\nlisteners: []\n");
    hear("STATUS=generation 2: 1 of 1 listeners serving; the last change was refused\n");
    let not_ready = good.replace("{file: key}", "{file: missing}").replace("  hook:", "  other:");
    folder.write("listeners.yaml", not_ready);
    hear("STATUS=generation 3: 0 of 1 listeners serving\n");
    server.signal("TERM");
    hear("STOPPING=1\n");
    assert!(server.wait().success());
}
