//! HTTP/2, frame by frame.

use std::io::Read;
use std::io::Write;

use crate::floods::DATA;
use crate::floods::END_HEADERS;
use crate::floods::END_STREAM;
use crate::floods::HEADERS;
use crate::floods::RST_STREAM;
use crate::floods::connect;
use crate::floods::fields;
use crate::floods::frame;
use crate::floods::stream;
use crate::process::Folder;
use crate::process::Tympan;
use crate::process::sign;
use crate::wire::KEY;
use crate::wire::Tls;
use crate::wire::WITH_TLS;
use crate::wire::certificate;
use crate::wire::hook;
use crate::wire::hook_with_tls;

/// The end of a connection, which is told.
const GOAWAY: u8 = 7;

/// `:status: 200` in the table that both sides know.
const OK: u8 = 0x88;

fn with_limits(limits: &str) -> Folder {
    let listen = "listen: [127.0.0.1:0]";
    let folder = hook(&WITH_TLS.replace(listen, &format!("{listen}, limits: {{{limits}}}")), "");
    certificate(&folder, "site", "");
    folder
}

/// The type, flags, stream and payload of the next frame; `None` at the end of the connection.
fn next(connection: &mut Tls) -> Option<(u8, u8, u32, Vec<u8>)> {
    let mut head = [0; 9];
    connection.read_exact(&mut head).ok()?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let mut payload = vec![0; usize::try_from(length).unwrap()];
    connection.read_exact(&mut payload).ok()?;
    let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
    Some((head[3], head[4], stream, payload))
}

/// The first byte of the answer's head: its status, where the table has it.
fn answer(connection: &mut Tls, wanted: u32) -> u8 {
    loop {
        let (kind, _, stream, payload) = next(connection).expect("an answer before the end");
        // Whoever is answered early is told without an error to send no more.
        let is_error = kind == GOAWAY || kind == RST_STREAM && payload != [0; 4];
        assert!(!is_error, "{kind} {payload:?}");
        if (kind, stream) == (HEADERS, wanted) {
            return payload[0];
        }
    }
}

fn send(connection: &mut Tls, frames: &[Vec<u8>]) {
    connection.write_all(&frames.concat()).unwrap();
    connection.flush().unwrap();
}

/// A delivery that is accepted.
fn delivery(number: usize, body: &str) -> Vec<u8> {
    let headers = frame(HEADERS, END_HEADERS, stream(number), &fields(&sign(KEY, body)));
    [headers, frame(DATA, END_STREAM, stream(number), body.as_bytes())].concat()
}

/// What a client may do at once is no flood.
#[test]
fn as_many_requests_as_are_allowed() {
    let folder = hook_with_tls();
    let server = Tympan::start_in(&folder);
    let mut connection = connect(&server);
    let body = format!(r#"{{"id": "{}"}}"#, "x".repeat(600));
    let mut number = 0;
    for _ in 0..5 {
        let mut frames = Vec::new();
        for _ in 0..100 {
            frames.push(delivery(number, &body));
            number += 1;
        }
        send(&mut connection, &frames);
        let mut n_accepted = 0;
        while n_accepted < 100 {
            let (kind, flags, _, payload) = next(&mut connection).expect("all answers");
            assert!(![RST_STREAM, GOAWAY].contains(&kind), "{kind} {payload:?}");
            if kind == HEADERS {
                assert_eq!(payload[0], OK);
            }
            // Until then it counts.
            n_accepted += usize::from([HEADERS, DATA].contains(&kind) && flags & END_STREAM != 0);
        }
    }
    assert_eq!(number, 500);
}

/// One after the other, more bytes than any allowance.
#[test]
fn a_connection_may_carry_much() {
    let folder = hook_with_tls();
    let server = Tympan::start_in(&folder);
    let mut connection = connect(&server);
    let body = format!(r#"{{"id": "{}"}}"#, "x".repeat(15_000));
    for number in 0..100 {
        send(&mut connection, &[delivery(number, &body)]);
        assert_eq!(answer(&mut connection, stream(number)), OK);
    }
}

#[test]
fn one_slow_body_is_its_own_matter() {
    let folder = with_limits("body_idle_timeout: 300ms");
    let server = Tympan::start_in(&folder);
    let mut connection = connect(&server);
    let headers = frame(HEADERS, END_HEADERS, 1, &fields(&sign(KEY, "{}")));
    send(&mut connection, &[headers, frame(DATA, 0, 1, b"{")]);
    send(&mut connection, &[delivery(1, "{}")]);
    assert_eq!(answer(&mut connection, 3), OK);
    assert_ne!(answer(&mut connection, 1), OK);
    let refused = server.wait_for_log(|line| line["message"] == "request refused");
    assert_eq!(refused["status"], 408);
    send(&mut connection, &[delivery(2, "{}")]);
    assert_eq!(answer(&mut connection, 5), OK);
}

#[test]
fn who_asks_nothing_is_cut() {
    let folder = with_limits("http2_idle_timeout: 300ms");
    let server = Tympan::start_in(&folder);
    let mut silent = connect(&server);
    while next(&mut silent).is_some() {}
    let mut connection = connect(&server);
    send(&mut connection, &[delivery(0, "{}")]);
    assert_eq!(answer(&mut connection, 1), OK);
    while next(&mut connection).is_some() {}
}

#[test]
fn headers_are_counted() {
    let folder = with_limits("header_count: 10");
    let server = Tympan::start_in(&folder);
    let mut connection = connect(&server);
    let mut many = fields(&sign(KEY, "{}"));
    for _ in 0..10 {
        many.extend(b"\0\x01x\x01y");
    }
    let headers = frame(HEADERS, END_HEADERS, 1, &many);
    send(&mut connection, &[headers, frame(DATA, END_STREAM, 1, b"{}")]);
    assert_ne!(answer(&mut connection, 1), OK);
    let refused = server.wait_for_log(|line| line["message"] == "request refused");
    assert_eq!(refused["status"], 431);
    send(&mut connection, &[delivery(1, "{}")]);
    assert_eq!(answer(&mut connection, 3), OK);
}
