//! Floods: of connections, and of HTTP/2 frames that are no requests. Whoever sends them is cut,
//! everybody else is served, and memory stays where it was.

use std::io::Write;
use std::process::Command;
use std::thread;

use tokio_rustls::rustls::version::TLS13;

use crate::process::Client;
use crate::process::Tympan;
use crate::process::binary;
use crate::process::wait_until;
use crate::wire::Tls;
use crate::wire::assert_received;
use crate::wire::assert_serves;
use crate::wire::client_config;
use crate::wire::delivery;
use crate::wire::hook;
use crate::wire::hook_with_tls;
use crate::wire::tls;
use crate::wire::try_tls;

/// The types of frames (RFC 9113, section 6).
pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// What nobody may send without being cut, and what cutting may cost.
const MOST_SENT: usize = 32 << 20;
const MOST_MEMORY: u64 = 24 << 20;

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// `POST /hook` as a block of fields, none of which is remembered (RFC 7541).
pub(crate) fn fields(signature: &str) -> Vec<u8> {
    let mut fields = vec![0x83, 0x87, 4, 5];
    fields.extend(b"/hook");
    fields.extend([1, 9]);
    fields.extend(b"localhost");
    fields.extend([0, 11]);
    fields.extend(b"x-signature");
    fields.push(u8::try_from(signature.len()).unwrap());
    fields.extend(signature.as_bytes());
    fields
}

pub(crate) fn connect(server: &Tympan) -> Tls {
    let config = client_config(&[&TLS13], "h2", None);
    let mut stream = try_tls(server.address(), &config).unwrap();
    assert_eq!(stream.conn.alpn_protocol(), Some(b"h2".as_slice()));
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).unwrap();
    stream.flush().unwrap();
    stream
}

/// The streams of an odd number, one after the other.
pub(crate) fn stream(number: usize) -> u32 {
    u32::try_from(number * 2 + 1).unwrap()
}

/// Sends pieces without end, and asserts that there is one, while somebody else is served.
fn flood(what: &str, first: &[u8], piece: impl Fn(usize) -> Vec<u8> + Send + 'static) -> Tympan {
    let folder = hook_with_tls();
    let server = Tympan::start_in(&folder);
    let mut other = Client::over(tls(server.address()));
    assert_received(&other.ask(&delivery("{}")));
    let before = server.memory("VmRSS");
    let mut attacker = connect(&server);
    attacker.write_all(first).unwrap();
    let flooding = thread::spawn(move || {
        let mut n_sent = 0;
        for number in 0.. {
            let bytes: Vec<u8> = (0..100).flat_map(|index| piece(number * 100 + index)).collect();
            n_sent += bytes.len();
            let is_cut = attacker.write_all(&bytes).and_then(|()| attacker.flush()).is_err();
            if is_cut || n_sent > MOST_SENT {
                break;
            }
        }
        n_sent
    });
    while !flooding.is_finished() {
        assert_received(&other.ask(&delivery("{}")));
    }
    let n_sent = flooding.join().unwrap();
    assert!(n_sent <= MOST_SENT, "{what}: nobody stopped it");
    let grown = server.memory("VmRSS").saturating_sub(before);
    assert!(grown < MOST_MEMORY, "{what}: {grown} bytes more");
    assert_received(&other.ask(&delivery("{}")));
    assert_received(&Client::over(tls(server.address())).ask(&delivery("{}")));
    server
}

#[test]
fn requests_that_are_taken_back() {
    let fields = fields(&"0".repeat(64));
    flood("rapid reset", &[], move |number| {
        let headers = frame(HEADERS, END_HEADERS, stream(number), &fields);
        [headers, frame(RST_STREAM, 0, stream(number), &8_u32.to_be_bytes())].concat()
    });
}

#[test]
fn heads_without_end() {
    let mut first = frame(HEADERS, 0, 1, &fields(""));
    // Nothing may come between.
    first.extend(frame(CONTINUATION, 0, 1, b"\0\x01a\x01b"));
    flood("CONTINUATION", &first, |number| {
        let name = format!("{number:09}");
        let field = [b"\0\x09".as_slice(), name.as_bytes(), b"\x01b"].concat();
        frame(CONTINUATION, 0, 1, &field)
    });
    flood("empty CONTINUATION", &first, |_| frame(CONTINUATION, 0, 1, &[]));
}

#[test]
fn frames_that_are_no_requests() {
    let server = flood("PING", &[], |number| frame(PING, 0, 0, &number.to_be_bytes()));
    server.wait_for_log(|line| line["message"] == "more sent than its requests are worth");
    flood("SETTINGS", &[], |_| frame(SETTINGS, 0, 0, &[]));
    flood("PRIORITY", &[], |number| frame(PRIORITY, 0, stream(number), &[0, 0, 0, 0, 16]));
    flood("WINDOW_UPDATE", &[], |_| frame(WINDOW_UPDATE, 0, 0, &1_u32.to_be_bytes()));
    flood("unknown frames", &[], |_| frame(0xbe, 0, 0, &[0; 100]));
}

#[test]
fn bodies_without_bytes() {
    let fields = fields(&"0".repeat(64));
    let first = frame(HEADERS, END_HEADERS, 1, &fields);
    flood("empty DATA", &first, |_| frame(DATA, 0, 1, &[]));
    // Padding only.
    flood("padded DATA", &first, |_| frame(DATA, 8, 1, &[1, 0]));
    flood("DATA of nobody", &[], |number| frame(DATA, END_STREAM, stream(number), b"x"));
}

/// The time that a server has had of all processors, in ticks.
fn ticks(server: &Tympan) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", server.id())).unwrap();
    // Behind the name: the 12th and the 13th are those of the program and of the system.
    let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[test]
fn more_connections_than_files_may_be_open() {
    let limits = "limits: {first_byte_timeout: 500ms, connections_per_ip: 5000}";
    let folder = hook(&format!("{{listen: [127.0.0.1:0], {limits}}}"), "");
    let mut command = Command::new("sh");
    let script = format!("ulimit -n 64; exec {} run --log-format json", binary().display());
    command.args(["-c", &script]).current_dir(folder.path("."));
    let server = Tympan::spawn(command);
    assert_serves(&server);
    let before = ticks(&server);
    let idle: Vec<_> = (0..150).map(|_| server.connect()).collect();
    server.wait_for_log(|line| line["message"] == "a connection could not be accepted");
    // Those that came first are cut in time, and make room for the others.
    assert_serves(&server);
    drop(idle);
    wait_until("it serves", || (server.ask(&delivery("{}")).status == 200).then_some(()));
    // Nobody waited by asking again and again: a second has 100 ticks.
    let used = ticks(&server) - before;
    assert!(used < 200, "{used} ticks");
}
