//! Who the client is, behind proxies that are trusted and others that are not.

use std::io::Write;
use std::net::TcpStream;

use serde_json::Value;
use tokio_rustls::rustls::version::TLS13;

use crate::process::Client;
use crate::process::PATIENCE;
use crate::process::Tympan;
use crate::process::request;
use crate::process::wait_until;
use crate::wire::WITH_TLS;
use crate::wire::assert_received;
use crate::wire::assert_serves;
use crate::wire::certificate;
use crate::wire::client_config;
use crate::wire::delivery;
use crate::wire::delivery_with;
use crate::wire::hook;
use crate::wire::text;
use crate::wire::tls_over;
use crate::wire::unix;

/// A header of the PROXY protocol.
fn proxy(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
    [b"\r\n\r\n\0\r\nQUIT\n".as_slice(), &[0x20 | command, family], &length, rest].concat()
}

const V4: [u8; 12] = [192, 0, 2, 7, 10, 0, 0, 1, 0x12, 0x34, 0, 80];

/// The client of the event that a delivery makes.
fn client_of(server: &Tympan, client: &mut Client, id: usize, headers: &[(&str, &str)]) -> Value {
    let id = id.to_string();
    let body = format!(r#"{{"id": "{id}"}}"#);
    assert_received(&client.ask(&delivery_with(headers, &body)));
    let event = server.wait_for_event_that(|event| event["id"] == id.as_str());
    event["data"]["ip"].clone()
}

const FORWARDED: &str = "Forwarded";
const X_FORWARDED: &str = "X-Forwarded-For";

#[test]
fn whose_word_is_taken() {
    let trusting = "{listen: [127.0.0.1:0], trusted_proxies: [127.0.0.1, 10.0.0.0/8]}";
    let folder = hook(trusting, "");
    let server = Tympan::start_in(&folder);
    let folder = hook("{listen: [127.0.0.1:0], trusted_proxies: [10.0.0.0/8]}", "");
    let other = Tympan::start_in(&folder);
    let cases: [(&[(&str, &str)], &str); 14] = [
        (&[], "127.0.0.1"),
        (&[(X_FORWARDED, "198.51.100.1")], "198.51.100.1"),
        (&[(X_FORWARDED, "198.51.100.1, 10.1.2.3")], "198.51.100.1"),
        // What stands further left was written by the client.
        (&[(X_FORWARDED, "127.0.0.1, 1.1.1.1, 198.51.100.1")], "198.51.100.1"),
        (&[(X_FORWARDED, "1.1.1.1"), (X_FORWARDED, "198.51.100.1")], "198.51.100.1"),
        (&[(X_FORWARDED, "198.51.100.1:4711")], "198.51.100.1"),
        (&[(X_FORWARDED, "::ffff:198.51.100.1")], "198.51.100.1"),
        (&[(FORWARDED, "for=1.1.1.1, for=\"[2001:db8::1]:80\";proto=https")], "2001:db8::1"),
        (&[(FORWARDED, "for=198.51.100.1"), (X_FORWARDED, "198.51.100.1")], "198.51.100.1"),
        // Neither is believed.
        (&[(FORWARDED, "for=198.51.100.2"), (X_FORWARDED, "198.51.100.1")], "127.0.0.1"),
        (&[(X_FORWARDED, "198.51.100.1, unknown")], "127.0.0.1"),
        (&[(X_FORWARDED, "198.51.100.1,")], "127.0.0.1"),
        (&[(FORWARDED, "for=_hidden")], "127.0.0.1"),
        (&[("X-Real-IP", "198.51.100.1"), ("Client-IP", "198.51.100.1")], "127.0.0.1"),
    ];
    for (id, (headers, expected)) in cases.into_iter().enumerate() {
        assert_eq!(client_of(&server, &mut server.connect(), id, headers), expected, "{headers:?}");
        assert_eq!(
            client_of(&other, &mut other.connect(), id, headers),
            "127.0.0.1",
            "{headers:?}"
        );
    }
}

#[test]
fn a_socket_of_the_file_system_as_a_proxy() {
    for (trusted, expected) in
        [("[unix]", Value::from("198.51.100.1")), ("[10.0.0.0/8]", Value::Null)]
    {
        let folder = hook(&format!("{{listen: [unix:hook.sock], trusted_proxies: {trusted}}}"), "");
        let server = Tympan::start_in(&folder);
        let mut client = unix(&folder.path("hook.sock"));
        let headers = [(X_FORWARDED, "198.51.100.1")];
        assert_eq!(client_of(&server, &mut client, 1, &headers), expected);
        assert_eq!(client_of(&server, &mut client, 2, &[]), Value::Null);
    }
}

/// On a socket of both families an address of IPv4 is one of IPv6 in other words.
#[test]
fn both_families_on_one_socket() {
    let limits = "limits: {per_ip: {requests: 1, per: 1h}, connections_per_ip: 1}";
    let folder = hook(&format!("{{listen: ['[::]:0'], {limits}}}"), "");
    let server = Tympan::start_in(&folder);
    let port = server.address().port();
    let mut open: Vec<_> = (0..3).map(|_| Client::connect(([127, 0, 0, 1], port).into())).collect();
    for (id, client) in open.iter_mut().enumerate() {
        // Who is on this machine is no stranger, however that is written.
        assert_eq!(client_of(&server, client, id, &[]), "127.0.0.1");
    }
}

#[test]
fn an_allowlist_of_addresses() {
    let server = "{listen: [127.0.0.1:0], trusted_proxies: [127.0.0.1]}";
    let whole = text(server, "");
    let (before, rest) = whole.split_once("      - signature").unwrap();
    let (_, after) = rest.split_once('\n').unwrap();
    let check = "      - ip_allowlist: [198.51.100.0/24, '2001:db8::/32']\n";
    let folder = hook(server, "");
    folder.write("listeners.yaml", format!("{before}{check}{after}"));
    let server = Tympan::start_in(&folder);
    for (client, status) in [
        ("198.51.100.1", 200),
        ("198.51.100.255", 200),
        ("2001:db8::1", 200),
        ("::ffff:198.51.100.1", 200),
        ("198.51.101.1", 401),
        ("2001:db9::1", 401),
        ("198.51.100.1, 203.0.113.1", 401),
        ("unknown", 401),
    ] {
        let asked = request("POST", "/hook", &[(X_FORWARDED, client)], "{}");
        assert_eq!(server.ask(&asked).status, status, "{client}");
    }
    assert_eq!(server.ask(&request("POST", "/hook", &[], "{}")).status, 401);
}

#[test]
fn the_proxy_protocol() {
    let settings = "trusted_proxies: [127.0.0.1], proxy_protocol: true";
    let limits = "limits: {header_timeout: 300ms}";
    let folder = hook(&format!("{{listen: [127.0.0.1:0], {settings}, {limits}}}"), "");
    let server = Tympan::start_in(&folder);
    let mut v6 = [0; 36];
    v6[..4].copy_from_slice(&[0x20, 1, 0xd, 0xb8]);
    let mapped = [[0; 10].as_slice(), &[255, 255], &V4[..4], &[0; 20]].concat();
    let with_more = [V4.as_slice(), &[4, 0, 1, 42]].concat();
    for (id, (header, expected)) in [
        (proxy(1, 0x11, &V4), "192.0.2.7"),
        (proxy(1, 0x11, &with_more), "192.0.2.7"),
        (proxy(1, 0x21, &v6), "2001:db8::"),
        (proxy(1, 0x21, &mapped), "192.0.2.7"),
        // A health check of the proxy itself.
        (proxy(0, 0, &[]), "127.0.0.1"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut client = server.connect();
        // Byte by byte, as networks may have it.
        for byte in header {
            client.send([byte]);
        }
        assert_eq!(client_of(&server, &mut client, id, &[]), expected);
    }

    let n_told = || {
        let log = server.log();
        log.iter().filter(|line| line["message"] == "no request").count()
    };
    let cut = &proxy(1, 0x11, &V4)[..20];
    let plain = delivery("{}");
    let first = b"PROXY TCP4 192.0.2.7 10.0.0.1 1 2\r\n";
    for (case, bytes) in [("plain HTTP", plain.as_slice()), ("version 1", first), ("half", cut)] {
        let before = n_told();
        let mut client = server.connect();
        client.send(bytes);
        assert!(client.is_ended(), "{case}");
        wait_until("it is told", || (n_told() > before).then_some(()));
    }
    assert!(server.connect().is_ended(), "silence");
    let mut client = server.connect();
    client.send(proxy(1, 0x11, &V4));
    assert_received(&client.ask(&delivery("{}")));

    // Whoever is not trusted speaks HTTP.
    let folder =
        hook("{listen: [127.0.0.1:0], trusted_proxies: [10.0.0.0/8], proxy_protocol: true}", "");
    let server = Tympan::start_in(&folder);
    assert_eq!(server.ask(&[proxy(1, 0x11, &V4), delivery("{}")].concat()).status, 400);
    assert_serves(&server);
}

#[test]
fn the_proxy_protocol_before_tls() {
    let trusting = "trusted_proxies: [127.0.0.1], proxy_protocol: true, tls";
    let folder = hook(&WITH_TLS.replace("tls", trusting), "");
    certificate(&folder, "site", "");
    let server = Tympan::start_in(&folder);
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(&proxy(1, 0x11, &V4)).unwrap();
    let config = client_config(&[&TLS13], "http/1.1", None);
    let mut client = Client::over(tls_over(stream, &config).unwrap());
    assert_eq!(client_of(&server, &mut client, 1, &[]), "192.0.2.7");
}
