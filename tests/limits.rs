//! How much a client may have, how often, and how long it may take.

use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::process::Client;
use crate::process::Response;
use crate::process::Tympan;
use crate::process::request;
use crate::process::sign;
use crate::process::wait_until;
use crate::wire::KEY;
use crate::wire::assert_received;
use crate::wire::assert_serves;
use crate::wire::delivery;
use crate::wire::delivery_with;
use crate::wire::hook;
use crate::wire::hook_with_tls;
use crate::wire::text;
use crate::wire::tls;

/// A server whose clients are named by the one who asks.
fn behind_proxy(limits: &str) -> String {
    format!("{{listen: [127.0.0.1:0], trusted_proxies: [127.0.0.1], limits: {{{limits}}}}}")
}

fn from(client: &str) -> Vec<u8> {
    delivery_with(&[("X-Forwarded-For", client)], "{}")
}

#[track_caller]
fn assert_waits(answer: &Response, status: u16) {
    assert_eq!(answer.status, status, "{answer:?}");
    let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=3600).contains(&seconds), "{seconds}");
}

#[test]
fn requests_of_one_client() {
    let settings = behind_proxy("per_ip: {requests: 3, per: 1h}");
    let folder = hook(&settings, "");
    let server = Tympan::start_in(&folder);
    let unsigned = request("POST", "/hook", &[("X-Forwarded-For", "192.0.2.1")], "{}");
    let nowhere = request("GET", "/", &[("X-Forwarded-For", "192.0.2.1")], "");
    // Whatever it asks counts.
    assert_eq!(server.ask(&unsigned).status, 401);
    assert_eq!(server.ask(&nowhere).status, 404);
    assert_received(&server.ask(&from("192.0.2.1")));
    assert_waits(&server.ask(&from("192.0.2.1")), 429);
    assert_waits(&server.ask(&unsigned), 429);
    assert_received(&server.ask(&from("192.0.2.2")));
    // One network of IPv6 is one client.
    for host in 1..=3 {
        assert_received(&server.ask(&from(&format!("2001:db8::{host}"))));
    }
    assert_waits(&server.ask(&from("2001:db8::4")), 429);
    // Who is on this machine is no stranger.
    for _ in 0..10 {
        assert_serves(&server);
    }
    let told = server.wait_for_log(|line| line["outcome"] == "rate_limited");
    assert_eq!((&told["status"], &told["client"]), (&Value::from(429), &Value::from("192.0.2.1")));

    // A reload gives nobody a new allowance.
    folder.write("listeners.yaml", text(&settings, "    accept: any"));
    server.wait_for_log(|line| line["message"] == "reloaded");
    assert_waits(&server.ask(&from("192.0.2.1")), 429);
    assert_received(&server.ask(&from("192.0.2.3")));
}

#[test]
fn connections_of_one_client() {
    let settings = behind_proxy("connections_per_ip: 2")
        .replace("127.0.0.1]", "127.0.0.1], proxy_protocol: true");
    let folder = hook(&settings, "");
    let server = Tympan::start_in(&folder);
    let connect = |last: u8| {
        let mut client = server.connect();
        client.send([b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02".as_slice(), &[last]].concat());
        client.send([10, 0, 0, 1, 0, 1, 0, 80]);
        client
    };
    let [mut first, mut second] = [connect(7), connect(7)];
    assert_received(&first.ask(&delivery("{}")));
    assert_received(&second.ask(&delivery("{}")));
    assert!(connect(7).is_ended());
    let told = server.wait_for_log(|line| line["client"] == "192.0.2.7");
    assert_eq!(told["message"], "too many connections of one address");
    assert_received(&connect(8).ask(&delivery("{}")));
    assert_received(&second.ask(&delivery("{}")));
    drop(first);
    wait_until("its place is free again", || {
        let mut client = connect(7);
        // It may be closed at any moment.
        client.try_send(delivery("{}")).ok()?;
        client.try_response().ok().flatten()
    });
}

#[test]
fn deliveries_of_one_listener() {
    let limit = "    rate_limit: {requests: 2, per: 1h}";
    let folder = hook("{listen: [127.0.0.1:0]}", limit);
    let server = Tympan::start_in(&folder);
    let unsigned = request("POST", "/hook", &[], "{}");
    let signed_otherwise =
        request("POST", "/hook", &[("X-Signature", &sign("another key", "{}"))], "{}");
    // Strangers do not use it up.
    for _ in 0..5 {
        assert_eq!(server.ask(&unsigned).status, 401);
        assert_eq!(server.ask(&signed_otherwise).status, 401);
    }
    assert_received(&server.ask(&delivery("{}")));
    assert_received(&server.ask(&delivery("{}")));
    assert_waits(&server.ask(&delivery("{}")), 429);
    assert_eq!(server.ask(&unsigned).status, 401);

    let changed = format!("{limit}\n    accept: any");
    folder.write("listeners.yaml", text("{listen: [127.0.0.1:0]}", &changed));
    server.wait_for_log(|line| line["message"] == "reloaded");
    assert_waits(&server.ask(&delivery("{}")), 429);
}

#[test]
fn memory_of_all_bodies() {
    let folder = hook("{listen: [127.0.0.1:0], limits: {in_flight_bytes: 100KiB}}", "");
    let server = Tympan::start_in(&folder);
    let body = |length: usize| format!("{{\"x\": \"{}\"}}", "x".repeat(length));
    let first = delivery(&body(90_000));
    let second = delivery(&body(50_000));
    // Who of two is refused is for the one to say that comes first.
    let beside = || {
        let mut slow = server.connect();
        slow.send(&first[..first.len() - 10]);
        let answer = server.ask(&second);
        (answer.status != 200).then_some((slow, answer))
    };
    for _ in 0..2 {
        let refused = wait_until("there is no memory left", || {
            let (mut slow, refused) = beside()?;
            slow.try_send(&first[first.len() - 10..]).ok()?;
            let answer = slow.try_response().ok().flatten()?;
            (answer.status == 200).then_some(refused)
        });
        assert_waits(&refused, 503);
        wait_until("the memory is given back", || {
            (server.ask(&second).status == 200).then_some(())
        });
    }
    // A body that nobody waits for any more gives its own back too.
    drop(wait_until("it is there", beside));
    wait_until("it is gone", || (server.ask(&second).status == 200).then_some(()));
}

#[test]
fn many_large_bodies_at_once() {
    let limits = "{in_flight_bytes: 4MiB, body_timeout: 1m, body_idle_timeout: 1m}";
    let folder = hook(&format!("{{listen: [127.0.0.1:0], limits: {limits}}}"), "");
    let server = Tympan::start_in(&folder);
    assert_serves(&server);
    let before = server.memory("VmRSS");
    let body = "x".repeat(900_000);
    let large = request("POST", "/hook", &[("X-Signature", &sign(KEY, "other"))], &body);
    let open: Vec<_> = (0..40)
        .map(|_| {
            let mut client = server.connect();
            // Whoever is refused at once does not listen any longer.
            let _ = client.try_send(&large[..large.len() - 1]);
            client
        })
        .collect();
    let grown = server.memory("VmRSS").saturating_sub(before);
    assert!(grown < 24 << 20, "{grown}");
    drop(open);
    wait_until("it serves again", || (server.ask(&delivery("{}")).status == 200).then_some(()));
}

#[test]
fn bodies_in_tiny_pieces() {
    let folder = hook("{listen: [127.0.0.1:0], limits: {body: 100KiB}}", "    accept: any");
    let server = Tympan::start_in(&folder);
    let ask = |n_bytes: usize| {
        let signature = sign(KEY, "x".repeat(n_bytes));
        let headers = [("X-Signature", signature.as_str()), ("Transfer-Encoding", "chunked")];
        let head = request("POST", "/hook", &headers, "");
        let mut client = server.connect();
        // The rest of what is too large need not be read.
        let _ = client
            .try_send([&head, "1\r\nx\r\n".repeat(n_bytes).as_bytes(), b"0\r\n\r\n"].concat());
        client.try_response().ok().flatten().map(|answer| answer.status)
    };
    assert_eq!(ask(100 << 10), Some(200));
    assert!([Some(413), None].contains(&ask((100 << 10) + 1)));
    let mut client = server.connect();
    let headers = [("X-Signature", sign(KEY, "")), ("Content-Length", "10000000000".to_owned())];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(client.ask(&request("POST", "/hook", &headers, "")).status, 413);
}

#[test]
fn heads() {
    let folder = hook("{listen: [127.0.0.1:0], limits: {uri: 100, header_count: 10}}", "");
    let server = Tympan::start_in(&folder);
    let status = |bytes: &[u8]| server.ask(bytes).status;
    let target = |length: usize| request("GET", &format!("/{}", "x".repeat(length - 1)), &[], "");
    assert_eq!(status(&target(100)), 404);
    assert_eq!(status(&target(101)), 414);
    assert_eq!(status(&request("GET", &format!("/?{}", "x".repeat(99)), &[], "")), 414);
    // Beside the host.
    let headers = |count: usize| request("GET", "/", &vec![("X", "y"); count - 1], "");
    assert_eq!(status(&headers(10)), 404);
    assert_eq!(status(&headers(11)), 431);
    assert_eq!(status(&request("GET", "/", &[("X", &"y".repeat(20_000))], "")), 431);
    assert_serves(&server);
}

fn ends_in_time(limits: &str, act: impl Fn(&mut Client)) {
    for with_tls in [false, true] {
        let limits = format!("[127.0.0.1:0], limits: {{{limits}}}");
        let folder = hook_with_tls();
        let text = std::fs::read_to_string(folder.path("listeners.yaml")).unwrap();
        let text = text.replace("[127.0.0.1:0]", &limits);
        let plain = text.replace(", tls: {certificate: site.crt, key: site.key}", "");
        folder.write("listeners.yaml", if with_tls { text } else { plain });
        let server = Tympan::start_in(&folder);
        let mut client =
            if with_tls { Client::over(tls(server.address())) } else { server.connect() };
        act(&mut client);
        assert!(client.is_ended(), "{limits}, with TLS: {with_tls}");
    }
}

#[test]
fn every_phase_has_its_time() {
    ends_in_time("first_byte_timeout: 200ms", |_| {});
    ends_in_time("header_timeout: 200ms", |client| client.send("P"));
    // Drop by drop.
    ends_in_time("header_timeout: 200ms", |client| {
        client.send("GET / HTTP/1.1\r\nX: ");
        while client.try_send("y").is_ok() {
            thread::sleep(Duration::from_millis(20));
        }
    });
    ends_in_time("body_idle_timeout: 200ms", |client| {
        let delivery = delivery("{}");
        client.send(&delivery[..delivery.len() - 1]);
        assert_eq!(client.response().status, 408);
    });
    ends_in_time("idle_timeout: 200ms", |client| {
        assert_received(&client.ask(&delivery("{}")));
    });
    ends_in_time("connection_age: 200ms", |client| {
        while client.try_send(delivery("{}")).is_ok() {
            let Ok(Some(answer)) = client.try_response() else { return };
            assert_received(&answer);
        }
    });
}

/// An answer that is larger than what the system takes on trust.
#[test]
fn an_answer_that_nobody_takes() {
    let settings = "{listen: [127.0.0.1:0], limits: {body: 16MiB, answer_timeout: 300ms}}";
    let echo = text(settings, "    accept: any\n    responses: {accepted: {body: raw_body}}\n");
    let folder = hook(settings, "");
    folder.write("listeners.yaml", format!("log: {{level: debug}}\n{echo}"));
    let server = Tympan::start_in(&folder);
    let body = "x".repeat(12 << 20);
    let mut slow = server.connect();
    slow.send(delivery(&body));
    server.wait_for_log(|line| line["message"] == "connection cut");
    // Whoever takes it has all of it.
    let taken = server.ask(&delivery(&body));
    assert_eq!((taken.status, taken.body.len()), (200, body.len()));
}
