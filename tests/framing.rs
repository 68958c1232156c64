//! Requests that two programs may read in two ways, by TCP and by TLS: each is refused or is
//! exactly one request, and the server goes on.

use crate::process::Client;
use crate::process::Response;
use crate::process::Tympan;
use crate::process::sign;
use crate::wire::KEY;
use crate::wire::assert_received;
use crate::wire::delivery;
use crate::wire::hook;
use crate::wire::hook_with_tls;
use crate::wire::tls;

const BODY: &str = r#"{"id":"told"}"#;
const IN_CHUNKS: &str = "d\r\n{\"id\":\"told\"}\r\n0\r\n\r\n";
const HOST: &str = "Host: h";
const CHUNKED: &str = "Transfer-Encoding: chunked";

/// Bytes, what they are answered with (0: nothing, and the end), and whether they make an event.
type Case = (&'static str, Vec<u8>, u16, bool);

/// A delivery with these lines behind its request line, and these bytes behind its head.
fn post(lines: &[&str], rest: &str) -> Vec<u8> {
    let signature = format!("X-Signature: {}", sign(KEY, BODY));
    let lines: Vec<_> = [&["POST /hook HTTP/1.1", &signature], lines].concat();
    format!("{}\r\n\r\n{rest}", lines.join("\r\n")).into_bytes()
}

/// A delivery that starts as it is said, is 13 bytes long, and is otherwise good.
fn starting(line: &str, host: &str) -> Vec<u8> {
    let signature = sign(KEY, BODY);
    format!("{line}\r\n{host}X-Signature: {signature}\r\nContent-Length: 13\r\n\r\n{BODY}")
        .into_bytes()
}

/// A good delivery that must never be found within another one.
fn smuggled() -> String {
    String::from_utf8(delivery(r#"{"id":"smuggled"}"#)).unwrap()
}

fn lengths() -> Vec<Case> {
    let with = |lines: &[&str]| post(&[&[HOST], lines].concat(), BODY);
    let length = |value: &str| with(&[&format!("Content-Length:{value}")]);
    vec![
        ("a length", length(" 13"), 200, true),
        ("no blank", length("13"), 200, true),
        ("blanks around a length", length(" \t 13 "), 200, true),
        ("a plus", length(" +13"), 400, false),
        ("a minus", length(" -13"), 400, false),
        ("hex", length(" 0xd"), 400, false),
        ("a list", length(" 13, 13"), 400, false),
        ("a fraction", length(" 13.0"), 400, false),
        ("nothing", length(""), 400, false),
        ("beyond numbers", length(" 18446744073709551629"), 400, false),
        ("a quoted length", length(" \"13\""), 400, false),
        ("the same twice", with(&["Content-Length: 13", "Content-Length: 13"]), 400, false),
        ("two", with(&["Content-Length: 13", "content-length: 12"]), 400, false),
        ("a blank before the colon", with(&["Content-Length : 13"]), 400, false),
        ("folded", with(&["Content-Length:\r\n 13"]), 400, false),
        ("a zero", with(&["Content-Length: 1\x003"]), 400, false),
        ("a return", with(&["Content-Length: 13\rX: y"]), 400, false),
    ]
}

fn encodings() -> Vec<Case> {
    let with = |lines: &[&str]| post(&[&[HOST], lines].concat(), IN_CHUNKS);
    let encoding = |value: &str| with(&[&format!("Transfer-Encoding:{value}")]);
    let chunks = |rest: &str| post(&[HOST, CHUNKED], rest);
    let old = [b"POST /hook HTTP/1.0".as_slice(), &with(&[CHUNKED])[19..]].concat();
    vec![
        ("chunks", encoding(" chunked"), 200, true),
        ("in capitals", encoding(" CHUNKED"), 200, true),
        ("CL.TE", with(&["Content-Length: 13", CHUNKED]), 400, false),
        ("TE.CL", with(&[CHUNKED, "Content-Length: 13"]), 400, false),
        ("TE.TE", with(&[CHUNKED, CHUNKED]), 400, false),
        ("TE.identity", with(&[CHUNKED, "Transfer-encoding: identity"]), 400, false),
        ("identity, chunked", encoding(" identity, chunked"), 400, false),
        ("gzip, chunked", encoding(" gzip, chunked"), 400, false),
        ("chunked, gzip", encoding(" chunked, gzip"), 400, false),
        ("chunked, chunked", encoding(" chunked, chunked"), 400, false),
        ("cow, chunked", encoding(" cow, chunked"), 400, false),
        ("xchunked", encoding(" xchunked"), 400, false),
        ("identity", encoding(" identity"), 400, false),
        ("nothing", encoding(""), 400, false),
        ("quoted", encoding(" \"chunked\""), 400, false),
        ("with a parameter", encoding(" chunked;q=1"), 400, false),
        ("a form feed", encoding(" \x0bchunked"), 400, false),
        ("folded", encoding("\r\n chunked"), 400, false),
        ("a blank before the colon", with(&["Transfer-Encoding : chunked"]), 400, false),
        ("a zero in the name", with(&["Transfer\x00-Encoding: chunked"]), 400, false),
        ("HTTP/1.0", old, 400, false),
        ("a bare line feed", with(&["X: y\nTransfer-Encoding: chunked"]), 400, false),
        ("a bare line feed behind a size", chunks("d\n{\"id\":\"told\"}\r\n0\r\n\r\n"), 400, false),
        ("one behind a chunk", chunks("d\r\n{\"id\":\"told\"}\n0\r\n\r\n"), 400, false),
        ("one in an extension", chunks("d;a\nb\r\n{\"id\":\"told\"}\r\n0\r\n\r\n"), 400, false),
        ("one at the end", chunks("d\r\n{\"id\":\"told\"}\r\n0\n\r\n"), 400, false),
        ("a size with a sign", chunks("+d\r\n{\"id\":\"told\"}\r\n0\r\n\r\n"), 400, false),
        ("a size with 0x", chunks("0xd\r\n{\"id\":\"told\"}\r\n0\r\n\r\n"), 400, false),
        ("a size with a blank before", chunks(" d\r\n{\"id\":\"told\"}\r\n0\r\n\r\n"), 400, false),
        (
            "a size that wraps",
            chunks("1000000000000000d\r\n{\"id\":\"told\"}\r\n0\r\n\r\n"),
            400,
            false,
        ),
        ("more than its size", chunks("c\r\n{\"id\":\"told\"}\r\n0\r\n\r\n"), 400, false),
    ]
}

fn targets_and_hosts() -> Vec<Case> {
    let with = |lines: &[&str]| post(&[lines, &["Content-Length: 13"]].concat(), BODY);
    let target = |target: &str| starting(&format!("POST {target} HTTP/1.1"), "Host: h\r\n");
    vec![
        ("a host", with(&[HOST]), 200, true),
        ("no host", with(&[]), 400, false),
        ("two hosts", with(&[HOST, "Host: other"]), 400, false),
        ("the same twice", with(&[HOST, "hOsT: h"]), 400, false),
        ("somebody at a host", with(&["Host: h@other"]), 400, false),
        ("two words as a host", with(&["Host: h other"]), 400, false),
        ("a host and a path", with(&["Host: h/hook"]), 400, false),
        ("a host of other letters", with(&["Host: h\u{fc}"]), 400, false),
        ("an address with a port", with(&["Host: [2001:db8::1]:80"]), 200, true),
        ("a folded host", with(&["Host:\r\n h"]), 400, false),
        ("a blank before the colon", with(&["Host : h"]), 400, false),
        ("a blank before the first name", with(&[" Host: h"]), 400, false),
        ("a bare line feed", with(&["Host: h\nX: y"]), 400, false),
        (
            "a bare line feed in the first line",
            starting("POST /hook HTTP/1.1\nX: y", "Host: h\r\n"),
            400,
            false,
        ),
        ("an absolute target", target("http://h/hook"), 200, true),
        ("one that is not the host", target("http://other/hook"), 400, false),
        ("one without a host", starting("POST http://h/hook HTTP/1.1", ""), 400, false),
        ("one with a user", target("http://u@h/hook"), 400, false),
        ("a fragment", target("/hook#x"), 400, false),
        ("a fragment behind a query", target("/hook?x#y"), 400, false),
        ("an authority", target("h:80"), 400, false),
        ("two targets", target("/hook /other"), 400, false),
        ("a tab", target("/hook\t"), 400, false),
        ("a zero", target("/ho\0ok"), 400, false),
        ("a return", target("/ho\rok"), 400, false),
        ("HTTP/1.2", starting("POST /hook HTTP/1.2", "Host: h\r\n"), 400, false),
        ("HTTP/2.0", starting("POST /hook HTTP/2.0", "Host: h\r\n"), 400, false),
        ("http/1.1", starting("POST /hook http/1.1", "Host: h\r\n"), 400, false),
        ("HTTP/0.9", b"POST /hook\r\n\r\n".to_vec(), 400, false),
        ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec(), 0, false),
        ("CONNECT", b"CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n".to_vec(), 404, false),
        ("a method of its own", starting("POSTER /hook HTTP/1.1", "Host: h\r\n"), 405, false),
    ]
}

fn followed() -> Vec<Case> {
    let second = smuggled();
    let short = format!("{BODY}{second}");
    let chunks = format!("{IN_CHUNKS}{second}");
    let hidden = format!("0\r\n\r\n{second}");
    let trailer = format!("d\r\n{BODY}\r\n0\r\nX: y\n{second}\r\n");
    let header = format!("X: y\n\n{second}");
    let length = "Content-Length: 13";
    vec![
        // What comes too early is not answered: it may be a part of what somebody else sent.
        ("one behind a body", post(&[HOST, length], &short), 200, true),
        ("one behind chunks", post(&[HOST, CHUNKED], &chunks), 200, true),
        (
            "one behind no body",
            [b"GET /hook HTTP/1.1\r\nHost: h\r\n\r\n", second.as_bytes()].concat(),
            405,
            false,
        ),
        ("CL.TE", post(&[HOST, "Content-Length: 5", CHUNKED], &hidden), 400, false),
        ("TE.CL", post(&[HOST, CHUNKED, "Content-Length: 5"], &hidden), 400, false),
        (
            "one in a body that is refused",
            post(&[HOST, "Content-Length: 400"], &format!("{second:400}")),
            401,
            false,
        ),
        ("one in trailers", post(&[HOST, CHUNKED], &trailer), 400, false),
        ("one in a header", post(&[HOST, &header, length], BODY), 400, false),
    ]
}

/// Asks each on a connection of its own, and sees what becomes of it.
fn check(server: &Tympan, connect: impl Fn() -> Client, cases: &[Case]) {
    let mut wrong = Vec::new();
    let mut n_expected = 0;
    for (case, bytes, status, makes_event) in cases {
        let mut client = connect();
        // It may be closed before everything is sent.
        let _ = client.try_send(bytes);
        let answer: Option<Response> = client.try_response().unwrap_or(None);
        let found = answer.as_ref().map_or(0, |answer| answer.status);
        if found != *status {
            wrong.push(format!("{case}: {found} instead of {status}"));
        }
        n_expected += usize::from(*makes_event);
        if found == 400 && !client.is_ended() {
            wrong.push(format!("{case}: stays open"));
        }
        assert_received(&connect().ask(&delivery(r#"{"id":"between"}"#)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_received(&connect().ask(&delivery(r#"{"id":"last"}"#)));
    server.wait_for_event_that(|event| event["id"] == "last");
    let events = server.events();
    let n_events = |id: &str| events.iter().filter(|event| event["id"] == id).count();
    assert_eq!(n_events("smuggled"), 0);
    assert_eq!(n_events("told"), n_expected);
    assert!(server.log().iter().all(|line| line["outcome"] != "failed"), "{}", server.log_text());
}

fn check_both(cases: &[Case]) {
    let folder = hook("{listen: [127.0.0.1:0]}", "");
    let server = Tympan::start_in(&folder);
    check(&server, || server.connect(), cases);
    let folder = hook_with_tls();
    let server = Tympan::start_in(&folder);
    check(&server, || Client::over(tls(server.address())), cases);
}

#[test]
fn how_long_a_body_is() {
    check_both(&lengths());
}

#[test]
fn how_a_body_is_cut_into_pieces() {
    check_both(&encodings());
}

#[test]
fn where_a_request_goes() {
    check_both(&targets_and_hosts());
}

#[test]
fn a_request_within_a_request() {
    check_both(&followed());
}
