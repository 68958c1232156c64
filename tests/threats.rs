//! Many signatures and old times, for each way of writing them; `proofs.rs` tries them for each kind
//! of proof. The running server answers the same to all of it, and no event comes of it.

use std::fs;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use jiff::Timestamp;
use tympan_core::scheme::Encoding;

use crate::process::Folder;
use crate::process::Response;
use crate::process::Tympan;
use crate::process::request;
use crate::process::sign;
use crate::process::wait_until;
use crate::wire::openssl;

const KEY: &str = "a key that is long enough for anyone";
const BODY: &str = "{\"id\": \"1\", \"name\": \"Zoë\"}";

const LISTENERS: &str = r#"version: 1
server: {listen: [127.0.0.1:0]}
secrets: {key: {file: key}, public: {file: public}}
destinations: {out: {stdout: {}}}
defaults: {deliver: [out], accept: any}
listeners:
  pairs: {path: /pairs, verification: {signature: {secret: key, received_signature: 'headers["X-Proof"]',
    format: {pairs: {signature: v1}}}}}
  versions: {path: /versions, verification: {signature: {secret: key, received_signature: 'headers["X-Proof"]',
    encoding: base64, format: {versions: v1}}}}
  list: {path: /list, verification: {signature: {secret: key, received_signature: 'headers["X-Proof"]', format: {list: ","}}}}
  ed25519: {path: /ed25519, verification: {signature: {secret: public, algorithm: Ed25519, received_signature: 'headers["X-Proof"]',
    encoding: base64, format: {versions: v1}}}}
  seconds: {path: /seconds, verification: {signature: {secret: key, received_signature: 'headers["X-Proof"]',
    payload: '$CONCAT([signature_timestamp, ".", raw_body])', timestamp: {value: 'headers["X-Time"]'}}}}
  milliseconds: {path: /milliseconds, verification: {signature: {secret: key, received_signature: 'headers["X-Proof"]',
    payload: '$CONCAT([signature_timestamp, ".", raw_body])',
    timestamp: {value: 'headers["X-Time"]', unit: milliseconds}}}}
  rfc-3339: {path: /rfc-3339, verification: {signature: {secret: key, received_signature: 'headers["X-Proof"]',
    payload: '$CONCAT([signature_timestamp, ".", raw_body])',
    timestamp: {value: 'headers["X-Time"]', unit: RFC-3339}}}}
  http-date: {path: /http-date, verification: {signature: {secret: key, received_signature: 'headers["X-Proof"]',
    payload: '$CONCAT([signature_timestamp, ".", raw_body])',
    timestamp: {value: 'headers["X-Time"]', unit: HTTP-date}}}}
  ed25519-seconds: {path: /ed25519-seconds, verification: {signature: {secret: public, algorithm: Ed25519, encoding: base64,
    received_signature: 'headers["X-Proof"]', payload: '$CONCAT([signature_timestamp, ".", raw_body])',
    timestamp: {value: 'headers["X-Time"]'}}}}
"#;

/// Rotations send several signatures: one of them is enough wherever it stands, up to twenty, or to
/// four where each of them costs a hash of the whole.
#[test]
fn of_several_signatures_one_is_enough_and_none_is_not() {
    let (folder, server) = start();
    let (hmac, ed25519) = (|body| sign(KEY, body), |body| signed(&folder, body));
    let base64 = |body: &str| Encoding::Base64.encode(&const_hex::decode(sign(KEY, body)).unwrap());
    let (version, other) = ("v1,", "v0,");
    let mut n_taken = 0;
    for (path, before, other, between, most, right, wrong) in [
        ("/pairs", "v1=", "v0=", ",", 20, hmac(BODY), hmac("{}")),
        ("/versions", version, other, " ", 20, base64(BODY), base64("{}")),
        ("/list", "", "", ",", 20, hmac(BODY), hmac("{}")),
        ("/ed25519", version, other, " ", 4, ed25519(BODY), ed25519("{}")),
    ] {
        let listed = |n_all: usize, at: Option<usize>| {
            let one = |index| if Some(index) == at { &right } else { &wrong };
            let all = (0..n_all).map(|index| format!("{before}{}", one(index)));
            all.collect::<Vec<_>>().join(between)
        };
        let ask = |value: &str| server.ask(&request("POST", path, &[("X-Proof", value)], BODY));
        for n_all in [1, 2, most] {
            for at in [0, n_all / 2, n_all - 1] {
                let response = ask(&listed(n_all, Some(at)));
                assert_eq!(response.status, 200, "{path}: {at} of {n_all}");
                n_taken += 1;
            }
        }
        let mut refused = vec![
            ask(&listed(most, None)),
            ask(&listed(most + 1, Some(most))),
            ask(&listed(21, Some(0))),
            ask(&listed(21, Some(20))),
            ask(&vec![format!("{before}0"); 1_000].join(between)),
            ask(&vec![between; 1_000].join("")),
        ];
        if !other.is_empty() {
            // Other versions are left out, and never counted instead.
            let beside = format!("{other}{wrong}{between}{before}{right}{between}{other}x");
            assert_eq!(ask(&beside).status, 200, "{path}");
            n_taken += 1;
            refused.push(ask(&format!("{other}{right}")));
        }
        assert_refused_alike(path, &refused);
    }
    assert_taken(&server, n_taken);
}

/// The edges are exact where a clock can be set (`requests/`); here they are as far apart as two
/// clocks of this machine can be.
#[test]
fn nothing_is_taken_outside_its_time() {
    const TOLERANCE: i64 = 300;
    const NEAR: i64 = 20;
    let (folder, server) = start();
    let seconds: fn(i64) -> String = |at| at.to_string();
    let http_date = |at| at_date(at).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let mut n_taken = 0;
    for (path, write) in [
        ("/seconds", seconds),
        ("/milliseconds", |at| format!("{at}000")),
        ("/rfc-3339", |at| at_date(at).to_string()),
        ("/http-date", http_date),
        ("/ed25519-seconds", seconds),
    ] {
        let prove = |time: &str| match path {
            "/ed25519-seconds" => signed(&folder, &format!("{time}.{BODY}")),
            _ => sign(KEY, format!("{time}.{BODY}")),
        };
        let ask = |time: &str, proof: &str| {
            server.ask(&request("POST", path, &[("X-Time", time), ("X-Proof", proof)], BODY))
        };
        let at = |offset: i64| write(now() + offset);
        for offset in [0, NEAR - TOLERANCE, TOLERANCE - NEAR] {
            let time = at(offset);
            // The same again is the same: that it comes twice is told by its id.
            for _ in 0..2 {
                assert_eq!(ask(&time, &prove(&time)).status, 200, "{path}: {time}");
                n_taken += 1;
            }
        }
        let mut refused = Vec::new();
        let year = 365 * 86_400;
        for offset in [-TOLERANCE - NEAR, TOLERANCE + NEAR, -year, year] {
            let time = at(offset);
            refused.push(ask(&time, &prove(&time)));
            // An old delivery gets no younger by what is written beside it.
            refused.push(ask(&at(0), &prove(&time)));
        }
        let (now, milliseconds) = (seconds(now()), format!("{}000", now()));
        let mixed = if path == "/milliseconds" { &now } else { &milliseconds };
        for time in ["", "0", "-1", "null", "9999999999999999999999", "1e9", "NaN", mixed] {
            refused.push(ask(time, &prove(time)));
        }
        let twice = [("X-Time", &*at(0)), ("X-Time", &*at(0)), ("X-Proof", &*prove(&at(0)))];
        refused.push(server.ask(&request("POST", path, &twice, BODY)));
        assert_refused_alike(path, &refused);
    }
    assert_taken(&server, n_taken);
}

/// A server with all listeners.
fn start() -> (Folder, Tympan) {
    let folder = Folder::new(LISTENERS);
    folder.write("key", KEY);
    openssl(&folder, "genpkey -algorithm ed25519 -out private");
    openssl(&folder, "pkey -in private -pubout -out public");
    let server = Tympan::start_in(&folder);
    (folder, server)
}

/// Asserts that so many events came of it, and no more.
#[track_caller]
fn assert_taken(server: &Tympan, n_taken: usize) {
    wait_until("all events", || (server.events().len() >= n_taken).then_some(()));
    assert_eq!(server.events().len(), n_taken);
}

/// Asserts that nothing was taken, and that no refusal tells more than another.
#[track_caller]
fn assert_refused_alike(path: &str, refused: &[Response]) {
    for response in refused {
        assert_eq!(response.status, 401, "{path}");
        assert_eq!(response.without_date(), refused[0].without_date(), "{path}");
    }
}

/// What `openssl` signs with the private key, in base64.
fn signed(folder: &Folder, payload: &str) -> String {
    folder.write("payload", payload);
    openssl(folder, "pkeyutl -sign -rawin -inkey private -in payload -out signature");
    Encoding::Base64.encode(&fs::read(folder.path("signature")).unwrap())
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap()
}

fn at_date(at: i64) -> Timestamp {
    Timestamp::from_second(at).unwrap()
}
