//! How connectors reach systems: whom they believe, what they show, and through which proxy.

use std::io;
use std::io::Read;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::Mutex;
use std::thread;

use crate::host::Answer;
use crate::host::Host;
use crate::host::signed;
use crate::process::Folder;
use crate::process::tympan;

/// Calls a host with more that its connector says.
fn call(folder: &Folder, base_url: &str, more: &str) -> (i32, String) {
    folder.write(
        "listeners.yaml",
        format!(
            "version: 1\nsecrets: {{proxy: {{file: proxy}}}}\nconnectors:\n  api: {{base_url: '{base_url}'{more}}}\nactions:\n  read: {{connector: api, \
             path: /me}}\nlisteners: {{}}\n"
        ),
    );
    let mut command = tympan();
    // What the environment says about proxies is for others.
    for variable in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        command.env(variable, "http://127.0.0.1:1");
    }
    let output = command.args(["call", "read"]).current_dir(folder.path(".")).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[track_caller]
fn check(folder: &Folder, url: &str, more: &str, exit: i32, why: &str) {
    let (code, err) = call(folder, url, more);
    assert!(code == exit && err.contains(why), "{more}: {code} {err}");
}

#[test]
fn whom_they_believe_and_what_they_show() {
    let folder = Folder::new("");
    let host = Host::start_strictly(&folder, false, true);
    host.set("/me", Answer::new("200 OK", "{}"));
    signed(&folder, "us", "ca", "");
    let url = host.url("");
    let stranger = "the host does not prove who it is";
    check(&folder, &url, "", 69, stranger);
    check(&folder, &url, ", tls: {ca: ca.crt}", 69, "");
    let own = ", tls: {ca: ca.crt, certificate: us.crt, key: us.key}";
    check(&folder, &url, own, 0, "read: 200 OK");
    check(&folder, &url, ", tls: {certificate: us.crt, key: us.key}", 69, stranger);
    assert_eq!(host.count(), 1);
    for (files, why) in [
        ("ca: none.crt", "`none.crt` cannot be used: No such file"),
        ("ca: us.key", "`us.key` cannot be used: no certificate"),
        ("certificate: us.crt, key: ca.crt", "the key of our certificate"),
        ("certificate: us.crt, key: host.key", "our certificate and its key"),
    ] {
        check(&folder, &url, &format!(", tls: {{{files}}}"), 1, why);
        // It is known before anybody is called; what is only not here may be elsewhere.
        let (code, err) = checked(&folder);
        if files.contains("none.crt") {
            assert!(code == 0 && err.contains("note: none.crt is not here"), "{code} {err}");
        } else {
            assert!(code == 1 && err.contains("error[C132]") && err.contains(why), "{code} {err}");
            assert!(err.contains("listeners.yaml:4:"), "{err}");
        }
    }
}

fn checked(folder: &Folder) -> (i32, String) {
    let output = tympan().args(["check"]).current_dir(folder.path(".")).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn the_certificates_of_the_server_are_checked_in_the_same_way() {
    let folder = Folder::new("");
    let _host = Host::start_strictly(&folder, false, true);
    let check = |certificate: &str| {
        folder.write(
            "listeners.yaml",
            format!(
                "version: 1\nserver: {{tls: {{certificate: {certificate}, key: host.key}}}}\negress: {{ca: \
                 ca.crt}}\nlisteners: {{}}\n"
            ),
        );
        checked(&folder)
    };
    assert_eq!(check("host.crt"), (0, "listeners.yaml: 0 listeners\n".to_owned()));
    let (code, err) = check("ca.crt");
    assert!(code == 1 && err.contains("C132") && err.contains("listeners.yaml:2:"), "{err}");
    let (code, err) = check("none.crt");
    assert!(code == 0 && err.contains("note: none.crt is not here: No such file"), "{err}");
    let json = ["check", "--format", "json"];
    let output = tympan().args(json).current_dir(folder.path(".")).output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["missing_files"][0]["file"], "none.crt");
}

#[test]
fn no_older_version_than_is_wanted() {
    let folder = Folder::new("");
    let host = Host::start_strictly(&folder, true, false);
    host.set("/me", Answer::new("200 OK", "{}"));
    check(&folder, &host.url(""), ", tls: {ca: ca.crt}", 0, "read: 200 OK");
    check(&folder, &host.url(""), ", tls: {ca: ca.crt, oldest: TLS-1.3}", 69, "does not prove");
    assert_eq!(host.count(), 1);
}

/// A proxy that makes tunnels, or says something else: the heads of what it was asked.
fn proxy(says: &'static str) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::<Mutex<Vec<String>>>::default();
    let log = Arc::clone(&asked);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
                head.push(byte[0]);
            }
            let head = String::from_utf8(head).unwrap();
            let to = head.split(' ').nth(1).unwrap().to_owned();
            log.lock().unwrap().push(head);
            stream.write_all(says.as_bytes()).unwrap();
            if !says.starts_with("HTTP/1.1 200") {
                continue;
            }
            let port = to.rsplit(':').next().unwrap().parse::<u16>().unwrap();
            let other = TcpStream::connect(("127.0.0.1", port)).unwrap();
            let (mut up, mut down) = (stream.try_clone().unwrap(), other.try_clone().unwrap());
            thread::spawn(move || io::copy(&mut up, &mut &other));
            thread::spawn(move || io::copy(&mut down, &mut stream));
        }
    });
    (address, asked)
}

#[test]
fn through_a_proxy_only_where_one_is_configured() {
    let folder = Folder::new("");
    let host = Host::start_strictly(&folder, false, false);
    host.set("/me", Answer::new("200 OK", "{}"));
    // Not through that of the environment, at which nobody answers.
    check(&folder, &host.url(""), ", tls: {ca: ca.crt}", 0, "read: 200 OK");
    let (address, asked) = proxy("HTTP/1.1 200 Connection established\r\nX: y\r\n\r\n");
    // The proxy finds hosts that we do not.
    let name = host.name();
    let more = format!(", tls: {{ca: ca.crt}}, proxy: 'http://{address}'");
    check(&folder, &host.url(""), &more, 0, "read: 200 OK");
    let tunnel = format!("CONNECT {name} HTTP/1.1\r\nHost: {name}\r\n\r\n");
    assert_eq!(*asked.lock().unwrap(), [tunnel]);

    // Who we are is for the proxy alone.
    let (address, asked) = proxy("HTTP/1.1 200 OK\r\n\r\n");
    let more = format!(
        ", tls: {{ca: ca.crt}}, proxy: 'http://{address}', proxy_auth: {{username: us, password: proxy}}"
    );
    folder.write("proxy", "a password: %");
    check(&folder, &host.url(""), &more, 0, "read: 200 OK");
    let proof = "Proxy-Authorization: Basic dXM6YSBwYXNzd29yZDogJQ==\r\n\r\n";
    assert!(asked.lock().unwrap()[0].ends_with(proof), "{asked:?}");
    assert!(host.asked().iter().all(|head| !head.to_lowercase().contains("proxy-auth")));
    std::fs::remove_file(folder.path("proxy")).unwrap();
    check(&folder, &host.url(""), &more, 1, "the secret proxy cannot be used");

    for (says, why) in [
        ("HTTP/1.1 407 Who are you?\r\n\r\n", "it answers HTTP/1.1 407 Who are you?"),
        ("HTTP/1.1 500 20000\r\n\r\n", "it answers HTTP/1.1 500 20000"),
        ("SSH-2.0-x 200 y\r\n\r\n", "it answers SSH-2.0-x 200 y"),
        ("HTTP/1.1 200", "the proxy does not lead there"),
    ] {
        let (address, _) = proxy(says);
        let more = format!(", proxy: 'http://{address}', timeout: 3s");
        check(&folder, &host.url(""), &more, 69, if says.ends_with('0') { "" } else { why });
    }
    assert_eq!(host.count(), 3);
}
