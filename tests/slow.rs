//! Crowds of clients that take their time on purpose, while others are served.
//!
//! `benches/slow` runs the same with a thousand clients of each kind, against the limits that hold
//! unless somebody says otherwise, and prints what it found.

use std::env;
use std::io::ErrorKind;
use std::net::TcpStream;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use tokio_rustls::rustls::version::TLS12;
use tokio_rustls::rustls::version::TLS13;

use crate::process::Client;
use crate::process::Folder;
use crate::process::PATIENCE;
use crate::process::Stream;
use crate::process::Tympan;
use crate::process::request;
use crate::wire::assert_received;
use crate::wire::certificate;
use crate::wire::client_config;
use crate::wire::delivery;
use crate::wire::hook;
use crate::wire::tls;
use crate::wire::try_tls;

/// How often somebody looks at every client of a crowd.
const ROUND: Duration = Duration::from_millis(20);

/// How soon another client comes after one: 500 a second, as those tools do that attack so.
const ARRIVAL: Duration = Duration::from_millis(2);

/// How many bytes an answer has that no socket takes on trust, and how many may ask for one.
const LARGE: usize = 8 << 20;
const MOST_READERS: usize = 50;

/// How large a crowd is, and what is asked of the server.
struct Run {
    clients: usize,
    limits: &'static str,
    /// How often a client sends another byte.
    pause: Duration,
    /// How long a client may stay that has not sent a whole head, and how long any other.
    head: Duration,
    rest: Duration,
    /// How long somebody else may wait for an answer.
    probe: Duration,
}

/// What all clients of a crowd do.
struct Kind {
    name: &'static str,
    /// What they send at once.
    opening: Vec<u8>,
    /// What they send again and again.
    drop: &'static str,
    /// How long they may stay.
    most: Duration,
    /// Whether they say hello, where there is TLS.
    shakes_hands: bool,
}

impl Run {
    fn of_environment() -> Self {
        match env::var("TYMPAN_SLOW_CLIENTS") {
            Ok(clients) => Self {
                clients: clients.parse().unwrap(),
                limits: "",
                pause: Duration::from_secs(1),
                head: Duration::from_secs(10),
                rest: Duration::from_secs(30),
                probe: Duration::from_secs(1),
            },
            // Beside many other tests, only that it happens counts, not when.
            Err(_) => Self {
                clients: 10,
                limits: "first_byte_timeout: 200ms, header_timeout: 200ms, \
                         body_idle_timeout: 200ms, body_timeout: 400ms, answer_timeout: 200ms, \
                         idle_timeout: 200ms, tls_handshake_timeout: 1s, ",
                pause: Duration::from_millis(40),
                head: PATIENCE,
                rest: PATIENCE,
                probe: PATIENCE,
            },
        }
    }

    fn kinds(&self) -> Vec<Kind> {
        let kind = |name, opening: &[u8], drop, most| {
            let opening = opening.to_vec();
            Kind { name, opening, drop, most, shakes_hands: true }
        };
        let half = b"POST /hook HTTP/1.1\r\nHost: localhost\r\nX: ";
        let whole = delivery(&format!("{{\"id\": \"{}\"}}", "x".repeat(1000)));
        let beginning = &whole[..whole.len() - 1000];
        let large = request("POST", "/echo", &[], vec![b'x'; LARGE]);
        vec![
            kind("nothing", b"", "", self.head),
            Kind { shakes_hands: false, ..kind("no hello", b"", "", self.head) },
            kind("half a head", half, "", self.head),
            kind("a head by drops", half, "y", self.head),
            kind("half a body", beginning, "", self.rest),
            kind("a body by drops", beginning, "y", self.rest),
            kind("nothing more", &delivery("{}"), "", self.rest),
            kind("no reading", &large, "", self.rest),
        ]
    }

    fn server(&self, with_tls: bool) -> (Folder, Tympan) {
        let tls = if with_tls { ", tls: {certificate: site.crt, key: site.key}" } else { "" };
        let limits = format!("{{{}body: 16MiB, in_flight_bytes: 1GiB}}", self.limits);
        let echo = "  echo: {path: /echo, verification: {none: a test}, accept: any, deliver: [], \
                    responses: {accepted: {body: raw_body}}}";
        let folder = hook(&format!("{{listen: [127.0.0.1:0]{tls}, limits: {limits}}}"), echo);
        if with_tls {
            certificate(&folder, "site", "");
        }
        let server = Tympan::start_in(&folder);
        (folder, server)
    }
}

/// A client that waits for nothing.
struct Slow {
    stream: Box<dyn Stream>,
    since: Instant,
    dropped: Instant,
}

impl Slow {
    fn open(server: &Tympan, kind: &Kind, with_tls: bool) -> Self {
        let (mut stream, raw): (Box<dyn Stream>, _) = if with_tls && kind.shakes_hands {
            let config = client_config(&[&TLS12, &TLS13], "http/1.1", None);
            let stream = try_tls(server.address(), &config).unwrap();
            let raw = stream.sock.try_clone().unwrap();
            (Box::new(stream), raw)
        } else {
            let stream = TcpStream::connect(server.address()).unwrap();
            (Box::new(stream.try_clone().unwrap()), stream)
        };
        let since = Instant::now();
        stream.write_all(&kind.opening).unwrap();
        stream.flush().unwrap();
        raw.set_nonblocking(true).unwrap();
        Self { stream, since, dropped: since }
    }

    /// Sends another drop if it is time; whether the server has ended the connection.
    fn is_ended(&mut self, kind: &Kind, pause: Duration) -> bool {
        if !kind.drop.is_empty() && self.dropped.elapsed() >= pause {
            self.dropped = Instant::now();
            // Whether it arrives is told by what is read.
            let _ = self.stream.write_all(kind.drop.as_bytes());
            let _ = self.stream.flush();
        }
        if kind.opening.len() > LARGE {
            // Whoever reads takes the answer: it is asked whether bytes can still be sent.
            return match self.stream.write(b"z") {
                Err(error) => error.kind() != ErrorKind::WouldBlock,
                Ok(_) => false,
            };
        }
        let mut buffer = [0; 4096];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => return error.kind() != ErrorKind::WouldBlock,
            }
        }
    }
}

/// Opens a crowd, and waits until the server has ended all of it.
fn crowd(run: &Run, kind: &Kind, server: &Tympan, with_tls: bool) -> String {
    let ask = || {
        let began = Instant::now();
        let mut client =
            if with_tls { Client::over(tls(server.address())) } else { server.connect() };
        assert_received(&client.ask(&delivery(r#"{"id": "probe"}"#)));
        began.elapsed()
    };
    ask();
    let before = server.memory("VmRSS");
    let is_over = AtomicBool::new(false);
    let n_clients =
        if kind.opening.len() > LARGE { run.clients.min(MOST_READERS) } else { run.clients };
    let (mut longest, mut most_memory) = (Duration::ZERO, before);
    let probes = thread::scope(|scope| {
        let probing = scope.spawn(|| {
            let mut probes = Vec::new();
            while !is_over.load(Ordering::Relaxed) {
                probes.push(ask());
                thread::sleep(ROUND);
            }
            probes
        });
        let arrive = |_| {
            thread::sleep(ARRIVAL);
            Slow::open(server, kind, with_tls)
        };
        let mut clients: Vec<_> = (0..n_clients).map(arrive).collect();
        while !clients.is_empty() {
            most_memory = most_memory.max(server.memory("VmRSS"));
            clients.retain_mut(|client| {
                let stayed = client.since.elapsed();
                if client.is_ended(kind, run.pause) {
                    longest = longest.max(stayed);
                    return false;
                }
                // The other thread has to end as well.
                let is_late = stayed > kind.most;
                is_over.fetch_or(is_late, Ordering::Relaxed);
                assert!(!is_late, "{}, with TLS: {with_tls}: open for {stayed:?}", kind.name);
                true
            });
            thread::sleep(ROUND);
        }
        is_over.store(true, Ordering::Relaxed);
        probing.join().unwrap()
    });
    let slowest = probes.iter().max().unwrap();
    assert!(*slowest <= run.probe, "{}, with TLS: {with_tls}: {slowest:?}", kind.name);
    let protocol = if with_tls { "TLS" } else { "TCP" };
    let grown = most_memory.saturating_sub(before) / 1024 / n_clients as u64;
    format!(
        "{:<16} {protocol} {n_clients:>6} {:>11.1} s {:>8} {:>9.0} ms {grown:>10} KiB",
        kind.name,
        longest.as_secs_f64(),
        probes.len(),
        slowest.as_secs_f64() * 1000.0,
    )
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures are what a longer run is for")]
fn crowds_are_cut_and_others_are_served() {
    let run = Run::of_environment();
    println!("what they send   over  clients  the longest   probes  the slowest  memory each");
    for with_tls in [false, true] {
        let (_folder, server) = run.server(with_tls);
        for kind in run.kinds().iter().filter(|kind| with_tls || kind.shakes_hands) {
            println!("{}", crowd(&run, kind, &server, with_tls));
        }
    }
}
