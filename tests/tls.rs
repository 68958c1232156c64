//! TLS: handshakes, certificates that change, certificates of clients, HTTP/2.

use std::fs;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::process::Command;
use std::process::Stdio;

use tokio_rustls::rustls::ProtocolVersion;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::version::TLS12;
use tokio_rustls::rustls::version::TLS13;

use crate::process::Client;
use crate::process::PATIENCE;
use crate::process::Tympan;
use crate::process::request;
use crate::process::sign;
use crate::process::wait_until;
use crate::wire::KEY;
use crate::wire::WITH_TLS;
use crate::wire::assert_received;
use crate::wire::certificate;
use crate::wire::client_config;
use crate::wire::curl;
use crate::wire::delivery;
use crate::wire::der;
use crate::wire::hook;
use crate::wire::hook_with_tls;
use crate::wire::tls;
use crate::wire::try_tls;

#[track_caller]
fn assert_serves(server: &Tympan) {
    let answer = Client::over(tls(server.address())).ask(&delivery("{}"));
    assert_received(&answer);
}

#[test]
fn both_versions() {
    let folder = hook_with_tls();
    let server = Tympan::start_in(&folder);
    let listener = server.wait_for_log(|line| line["message"] == "listener");
    assert_eq!(listener["url"], format!("https://{}/hook", server.address()));
    for (version, expected) in
        [(&TLS12, ProtocolVersion::TLSv1_2), (&TLS13, ProtocolVersion::TLSv1_3)]
    {
        let config = client_config(&[version], "http/1.1", None);
        let stream = try_tls(server.address(), &config).unwrap();
        assert_eq!(stream.conn.protocol_version(), Some(expected));
        let mut client = Client::over(stream);
        for _ in 0..3 {
            assert_received(&client.ask(&delivery(r#"{"id": "e"}"#)));
        }
    }
    assert_eq!(server.wait_for_event()["data"]["ip"], "127.0.0.1");
}

#[test]
fn older_versions_are_refused() {
    let folder = hook_with_tls();
    let server = Tympan::start_in(&folder);
    let connect = |version| {
        let output = Command::new("openssl")
            .args(["s_client", version, "-cipher", "ALL:@SECLEVEL=0", "-connect"])
            .arg(server.address().to_string())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for version in ["-tls1", "-tls1_1"] {
        let (is_connected, said) = connect(version);
        assert!(!is_connected && said.contains("SSL alert number"), "{version}: {said}");
    }
    assert!(connect("-tls1_2").0);
    assert_serves(&server);
}

#[test]
fn http_2_is_chosen_in_the_handshake() {
    let folder = hook_with_tls();
    // Larger than any window.
    let body = format!(r#"{{"id": "large", "more": "{}"}}"#, "x".repeat(600_000));
    folder.write("body", &body);
    let server = Tympan::start_in(&folder);
    let ask = |server: &Tympan| {
        let url = format!("https://{}/hook", server.address());
        let signature = format!("X-Signature: {}", sign(KEY, &body));
        let file = format!("@{}", folder.path("body").display());
        let format = "\n%{http_version} %{http_code}";
        let asked =
            ["--http2", "-H", &signature, "--data-binary", &file, "-w", format, "-o", "-", &url];
        curl(&asked).lines().last().unwrap().to_owned()
    };
    assert_eq!(ask(&server), "2 200");
    assert_eq!(server.wait_for_event()["id"], "large");

    let without = hook(&WITH_TLS.replace("site.key", "site.key, http2: false"), "");
    certificate(&without, "site", "");
    let server = Tympan::start_in(&without);
    assert_eq!(ask(&server), "1.1 200");
}

#[test]
fn a_certificate_is_renewed() {
    let folder = hook_with_tls();
    let server = Tympan::start_in(&folder);
    let current = || -> CertificateDer<'static> {
        tls(server.address()).conn.peer_certificates().unwrap()[0].clone().into_owned()
    };
    let first = der(&folder.path("site.crt"));
    assert_eq!(current(), first);
    let mut old = Client::over(tls(server.address()));
    assert_received(&old.ask(&delivery("{}")));

    certificate(&folder, "site", "");
    let second = der(&folder.path("site.crt"));
    assert_ne!(first, second);
    wait_until("the new certificate", || (current() == second).then_some(()));
    server.wait_for_log(|line| line["message"] == "the certificate is renewed");
    assert_received(&old.ask(&delivery("{}")));

    // What is no good is told, and changes nothing.
    for file in ["site.crt", "site.key"] {
        let good = fs::read(folder.path(file)).unwrap();
        let mark = server.log_mark();
        folder.write(file, &good[..good.len() / 2]);
        let told = server.wait_for_log_since(mark, |line| {
            line["message"] == "a renewed certificate is no good; the last one goes on"
        });
        assert!(told["why"].as_str().unwrap().contains(file), "{told}");
        assert_eq!(current(), second);
        folder.write(file, good);
    }
    assert_received(&old.ask(&delivery("{}")));
}

#[test]
fn what_cannot_be_served_with_is_refused_at_the_start() {
    let folder = hook_with_tls();
    certificate(&folder, "other", "");
    let key = fs::read_to_string(folder.path("site.key")).unwrap();
    let other = fs::read_to_string(folder.path("other.key")).unwrap();
    for (case, key) in
        [("of another", other.as_str()), ("half", &key[..key.len() / 2]), ("empty", "")]
    {
        folder.write("site.key", key);
        let output = folder.run().output().unwrap();
        let log = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(78), "{case}: {log}");
        assert!(log.contains("C132") && log.contains("listeners.yaml:2:"), "{case}: {log}");
        assert!(log.contains("site.key"), "{case}: {log}");
    }
}

#[test]
fn whoever_speaks_no_tls_is_cut() {
    let limits = "listen: [127.0.0.1:0], limits: {tls_handshake_timeout: 200ms}";
    let folder = hook(&WITH_TLS.replace("listen: [127.0.0.1:0]", limits), "");
    certificate(&folder, "site", "");
    let server = Tympan::start_in(&folder);
    let hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    let plain = request("GET", "/hook", &[], "");
    for bytes in [b"".as_slice(), b"\x16", hello, &plain, &[0; 4096], b"PRI * HTTP/2.0\r\n\r\n"] {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(bytes).unwrap();
        let mut said = Vec::new();
        // At most an alert; a reset is an end as well.
        if let Err(error) = stream.read_to_end(&mut said) {
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{bytes:?}");
        }
        assert!(said.is_empty() || said[0] == 0x15, "{bytes:?}: {said:?}");
    }
    assert_serves(&server);
}

#[test]
fn certificates_of_clients() {
    let folder = hook(&WITH_TLS.replace("site.key", "site.key, client_ca: ours.crt"), "");
    folder.write("listeners.yaml", {
        let text = fs::read_to_string(folder.path("listeners.yaml")).unwrap();
        let (before, rest) = text.split_once("      - signature").unwrap();
        let (_, after) = rest.split_once('\n').unwrap();
        let check = "      - client_certificate: {subject: [sender.example, common]}\n";
        format!("{before}{check}{after}")
    });
    certificate(&folder, "site", "");
    for authority in ["ours", "theirs"] {
        certificate(&folder, authority, "-addext basicConstraints=critical,CA:TRUE");
    }
    let issue = |name: &str, by: &str, more: &str| {
        certificate(&folder, name, &format!("-CA {by}.crt -CAkey {by}.key {more}"));
    };
    issue("right", "ours", "-addext subjectAltName=DNS:x.example,DNS:sender.example");
    issue("common", "ours", "");
    issue("other", "ours", "-addext subjectAltName=DNS:other.example");
    // Whom a certificate names beside its common name counts, not the common name.
    issue("sender.example", "ours", "-addext subjectAltName=DNS:other.example");
    issue("stranger", "theirs", "-addext subjectAltName=DNS:sender.example");
    certificate(&folder, "alone", "-addext subjectAltName=DNS:sender.example");

    let server = Tympan::start_in(&folder);
    let plain = request("POST", "/hook", &[], "{}");
    for version in [&TLS12, &TLS13] {
        let connect = |own: Option<&str>| {
            let config = client_config(&[version], "http/1.1", own.map(|name| (&folder, name)));
            let mut client = Client::over(try_tls(server.address(), &config).ok()?);
            // By TLS 1.3 a client is through before the server has looked at its certificate.
            client.try_send(&plain).ok()?;
            client.try_response().ok().flatten()
        };
        let status = |own| connect(own).map(|answer| answer.status);
        assert_eq!(status(None), Some(401));
        assert_eq!(status(Some("right")), Some(200));
        assert_eq!(status(Some("common")), Some(200));
        assert_eq!(status(Some("other")), Some(401));
        assert_eq!(status(Some("sender.example")), Some(401));
        assert_eq!(status(Some("stranger")), None);
        assert_eq!(status(Some("alone")), None);
    }
}
