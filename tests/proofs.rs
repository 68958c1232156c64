//! What a sender can get wrong, for every kind of proof: the running server answers the same to
//! all of it, and no event comes of it.
//!
//! The table is `kinds.rs`: a row is a kind, a column a threat, and where the two mean nothing
//! together it says why.

use std::fmt::Write as _;
use std::fs;
use std::slice;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use serde_json::json;
use sha2::Digest;
use sha2::Sha256;
use tympan_core::scheme::Encoding;

use crate::jwt::hs256;
use crate::kinds::BODY;
use crate::kinds::KEY;
use crate::kinds::KINDS;
use crate::kinds::Kind;
use crate::kinds::OTHER;
use crate::kinds::Place;
use crate::kinds::Senders;
use crate::kinds::Threat;
use crate::kinds::claims;
use crate::kinds::keys;
use crate::process::Folder;
use crate::process::Response;
use crate::process::Tympan;
use crate::process::request;
use crate::process::sign;
use crate::process::wait_until;

/// Every cell of the table is tried or says why it is not; the tests below try what is left.
#[test]
fn what_is_not_tried_says_why() {
    for kind in KINDS {
        for (index, (threat, why)) in kind.meaningless.iter().enumerate() {
            let again = kind.meaningless[..index].iter().any(|(other, _)| other == threat);
            assert!(!again, "{}: {threat:?} stands twice", kind.name);
            assert!(why.contains(' '), "{}: {threat:?}: {why}", kind.name);
        }
        // Who signs a text has all of it to fear, and nobody can do without a proof.
        assert!(kind.fears(Threat::Nothing) && kind.fears(Threat::Algorithm), "{}", kind.name);
        let is_whole = kind.meaningless.iter().all(|(threat, _)| *threat == Threat::Several);
        assert!(is_whole || !kind.signs(), "{}", kind.name);
    }
}

/// S3 to S6 and S8: nothing, nearly what is right, right in another writing, more than once, or by
/// another algorithm.
#[test]
fn whatever_is_wrong_is_refused_alike() {
    let senders = Senders::start();
    let right: Vec<_> = KINDS.iter().map(|kind| kind.prove(&senders, "key", BODY)).collect();
    let mut bodies = Vec::new();
    for (kind, right) in KINDS.iter().zip(&right) {
        let mut refused = Vec::new();
        for (threat, values) in wrong_values(kind, &senders, right) {
            match senders.ask((kind, "plain"), &values, &[], BODY) {
                Some(answer) => refused.push((format!("{threat:?}: {values:?}"), answer)),
                None => assert_eq!(kind.place, Place::Connection, "{}: {values:?}", kind.name),
            }
        }
        bodies.push(refused[0].1.body.clone());
        assert_refused_alike(kind, &refused);
        let answer = senders.status((kind, "plain"), slice::from_ref(right), &[], BODY);
        assert_eq!(answer, 200, "{}", kind.name);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    // Only what was right became an event.
    assert_events(&senders.server, KINDS.len());
    let log = senders.server.log_text();
    assert!(!log.contains(KEY) && !log.contains(OTHER), "a secret shows");
}

/// S8: what proves something to one listener proves nothing to those of other kinds.
#[test]
fn no_kind_passes_for_another() {
    let senders = Senders::start();
    let sent: Vec<_> = KINDS.iter().filter(|kind| kind.place != Place::Connection).collect();
    let right: Vec<_> = sent.iter().map(|kind| kind.prove(&senders, "key", BODY)).collect();
    for (kind, own) in sent.iter().zip(&right) {
        let mut refused = Vec::new();
        for (other, theirs) in sent.iter().zip(&right).filter(|(_, theirs)| *theirs != own) {
            let answer = senders.ask((kind, "plain"), slice::from_ref(theirs), &[], BODY).unwrap();
            // A key may be sent as a password.
            if (kind.name, other.name) != ("api-key", "basic") {
                refused.push((other.name.to_owned(), answer));
            }
        }
        assert!(refused.len() > sent.len() / 2, "{}", kind.name);
        assert_refused_alike(kind, &refused);
    }
    assert_events(&senders.server, 1);
}

/// S7: one signature that is right is enough wherever it stands, up to as many as are tried; other
/// versions are left out, and never counted instead.
#[test]
fn of_several_signatures_one_is_enough_and_none_is_not() {
    let senders = Senders::start();
    let mut n_taken = 0;
    for kind in KINDS.iter().filter(|kind| kind.fears(Threat::Several)) {
        let bare = |key, body| {
            let proof = kind.prove(&senders, key, body);
            proof.strip_prefix("sha256=").unwrap_or(&proof).to_owned()
        };
        let (right, wrong) = (bare("key", BODY), bare("other", BODY));
        let ask = |value: String| senders.ask((kind, "several"), &[value], &[], BODY).unwrap();
        let listed = |n_all: usize, at: Option<usize>| {
            let one = |index| if Some(index) == at { &right } else { &wrong };
            let all = (0..n_all).map(|index| format!("v1,{}", one(index)));
            all.collect::<Vec<_>>().join(" ")
        };
        for n_all in [1, 2, kind.most] {
            for at in [0, n_all / 2, n_all - 1] {
                let place = format!("{}: {at} of {n_all}", kind.name);
                assert_eq!(ask(listed(n_all, Some(at))).status, 200, "{place}");
                n_taken += 1;
            }
        }
        let beside = format!("v0,{wrong} v2,x v1,{right} v1a,{right}");
        assert_eq!(ask(beside).status, 200, "{}", kind.name);
        n_taken += 1;
        let refused = [
            ("none is right", listed(kind.most, None)),
            ("too many", listed(21, Some(20))),
            ("too many, the first is right", listed(21, Some(0))),
            ("behind those that are tried", listed(kind.most + 1, Some(kind.most))),
            ("a thousand", vec!["v1,0"; 1_000].join(" ")),
            ("nothing a thousand times", " ".repeat(1_000)),
            ("an older version", format!("v0,{right}")),
            ("a version that is no other", format!("v1a,{right} V1,{right} v11,{right}")),
            ("no version", right.clone()),
            ("other signs", format!("v1={right},v1={right}")),
        ];
        let refused = refused.map(|(what, value)| (what.to_owned(), ask(value)));
        assert_refused_alike(kind, &refused);
    }
    assert_events(&senders.server, n_taken);
}

/// S9: what is signed in a row can be cut in other places: no part of a body passes for what stands
/// before it, though nothing stands between them.
#[test]
fn no_boundary_moves_for_any_kind() {
    const TIME: &str = "2023-11-14T22:13:20Z";
    let senders = Senders::start();
    let body = format!(r#"{{"at":"{TIME}","id":"1"}}"#);
    let row = format!("7{TIME}{body}");
    let mut n_taken = 0;
    for kind in KINDS.iter().filter(|kind| kind.fears(Threat::Boundary)) {
        let proof = [kind.prove(&senders, "key", &row)];
        let ask = |id: &str, time: &str, body: &str| {
            assert_eq!(format!("{id}{time}{body}"), row, "the same is signed");
            let parts = [("X-Id", id), ("X-Time", time)];
            senders.ask((kind, "row"), &proof, &parts, body).unwrap()
        };
        assert_eq!(ask("7", TIME, &body).status, 200, "{}", kind.name);
        n_taken += 1;
        let cuts = [
            (&*format!("7{TIME}{{\"at\":\""), TIME, r#"","id":"1"}"#),
            ("72", &TIME[1..], &body),
            ("", &format!("7{TIME}"), &body),
            ("7", &format!("{TIME}{{"), &body[1..]),
            ("7", &TIME[..TIME.len() - 1], &format!("Z{body}")),
            ("7", "", &format!("{TIME}{body}")),
            (&row, "", ""),
        ];
        let refused = cuts.map(|(id, time, body)| (time.to_owned(), ask(id, time, body)));
        assert_refused_alike(kind, &refused);
    }
    assert_events(&senders.server, n_taken);
}

/// S10: what was right, and what will be. The edges are exact where a clock can be set
/// (`requests/`); here they are as far apart as two clocks of this machine can be.
#[test]
fn nothing_is_taken_outside_its_time() {
    const TOLERANCE: i64 = 300;
    const NEAR: i64 = 20;
    const YEAR: i64 = 365 * 86_400;
    let senders = Senders::start();
    let mut n_taken = 0;
    for kind in KINDS.iter().filter(|kind| kind.fears(Threat::Time)) {
        let mut refused = Vec::new();
        if kind.signs() {
            let prove = |time: &str| kind.prove(&senders, "key", &format!("{time}.{BODY}"));
            let ask = |time: &str, proof: String| {
                senders.ask((kind, "time"), &[proof], &[("X-Time", time)], BODY).unwrap()
            };
            for offset in [0, NEAR - TOLERANCE, TOLERANCE - NEAR] {
                let time = (now() + offset).to_string();
                assert_eq!(ask(&time, prove(&time)).status, 200, "{}: {offset}", kind.name);
                n_taken += 1;
            }
            let now_and = |offset: i64| (now() + offset).to_string();
            for offset in [-TOLERANCE - NEAR, TOLERANCE + NEAR, -YEAR, YEAR] {
                let time = now_and(offset);
                refused.push((time.clone(), ask(&time, prove(&time))));
                // An old delivery gets no younger by what is written beside it.
                refused.push((format!("not {time}"), ask(&now_and(0), prove(&time))));
            }
            let milliseconds = format!("{}000", now());
            for time in ["", "0", "-1", "null", "9999999999999999999999", "1e9", &milliseconds] {
                refused.push((time.to_owned(), ask(time, prove(time))));
            }
            let (time, twice) = (now_and(0), now_and(0));
            let twice = [("X-Time", &*time), ("X-Time", &*twice)];
            let answer = senders.ask((kind, "time"), &[prove(&time)], &twice, BODY).unwrap();
            refused.push(("twice".to_owned(), answer));
        } else if kind.token(&senders, &[]).is_some() {
            let ask = |times: &[(&str, i64)]| {
                let token = kind.token(&senders, times).unwrap();
                senders.ask((kind, "time"), &[token], &[], BODY).unwrap()
            };
            for times in [[("exp", NEAR)], [("exp", NEAR - 60)], [("exp", YEAR)]] {
                let [(name, offset)] = times;
                assert_eq!(ask(&[(name, now() + offset)]).status, 200, "{}: {times:?}", kind.name);
                n_taken += 1;
            }
            let wrong: [&[(&str, i64)]; 5] = [
                &[],
                &[("exp", -60 - NEAR)],
                &[("exp", -YEAR)],
                &[("exp", YEAR), ("nbf", 60 + NEAR)],
                // Milliseconds are no seconds, and nothing lasts as long as that.
                &[("exp", YEAR), ("nbf", 999 * now())],
            ];
            for offsets in wrong {
                let times: Vec<_> =
                    offsets.iter().map(|(name, offset)| (*name, now() + offset)).collect();
                refused.push((format!("{offsets:?}"), ask(&times)));
            }
        } else if kind.place == Place::Connection {
            let answer = senders.ask((kind, "time"), &["key".to_owned()], &[], BODY).unwrap();
            assert_eq!(answer.status, 200);
            n_taken += 1;
            let ended = senders.ask((kind, "time"), &["past".to_owned()], &[], BODY);
            assert!(ended.is_none(), "{ended:?}");
            continue;
        } else {
            let token = [senders.access_token("short")];
            let ask = || senders.ask((kind, "time"), &token, &[], BODY).unwrap();
            let ended = wait_until("the token ends", || {
                let answer = ask();
                n_taken += usize::from(answer.status == 200);
                (answer.status != 200).then_some(answer)
            });
            let nothing = senders.ask((kind, "time"), &[], &[], BODY).unwrap();
            refused.extend([("ended".to_owned(), ended), ("none".to_owned(), nothing)]);
        }
        assert_refused_alike(kind, &refused);
    }
    assert_events(&senders.server, n_taken);
}

/// S11: what is verified are the bytes that came, however they came.
#[test]
fn a_body_that_is_nearly_the_same_is_another() {
    let text = "{\"id\": \"1\", \"name\": \"Zoë\"}";
    let senders = Senders::start();
    let mut n_taken = 0;
    for kind in KINDS.iter().filter(|kind| kind.fears(Threat::Body)) {
        let ask = |proof: &[String], more: &[(&str, &str)], body: &str| {
            senders.ask((kind, "plain"), proof, more, body).unwrap()
        };
        let proof = [kind.prove(&senders, "key", text)];
        let mut refused: Vec<_> = [
            r#"{"id":"1","name":"Zoë"}"#,
            r#"{"name": "Zoë", "id": "1"}"#,
            r#"{"id": "1", "name": "Zo\u00eb"}"#,
            // The same letters, in two characters.
            "{\"id\": \"1\", \"name\": \"Zoe\u{308}\"}",
            &format!("{text}\n"),
            &format!("{text}\r\n"),
            &format!("\u{feff}{text}"),
            &format!("{text}\0"),
            &text[..text.len() - 1],
            "",
        ]
        .map(|body| (body.to_owned(), ask(&proof, &[], body)))
        .into();
        // Who cannot prove it hears nothing of how it is coded.
        let gzip = [("Content-Encoding", "gzip")];
        refused.push(("gzip".to_owned(), ask(&proof, &gzip, "{}")));
        assert_refused_alike(kind, &refused);
        assert_eq!(ask(&proof, &gzip, text).status, 415, "{}", kind.name);

        let largest = "a".repeat(1 << 20);
        for body in [text, "", "\r\n", "[1]", &largest] {
            // The command signs no empty file.
            if body.is_empty() && kind.name == "ed25519" {
                continue;
            }
            let proof = [kind.prove(&senders, "key", body)];
            let status = ask(&proof, &[], body).status;
            assert_eq!(status, 200, "{}: {} bytes", kind.name, body.len());
            let chunked = [("Transfer-Encoding", "chunked")];
            assert_eq!(ask(&proof, &chunked, body).status, 200, "{}: in pieces", kind.name);
            n_taken += 2;
        }
    }
    // What covers no body says so in the table, and is right there.
    for kind in KINDS.iter().filter(|kind| !kind.fears(Threat::Body)) {
        let proof = [kind.prove(&senders, "key", BODY)];
        let status = senders.status((kind, "plain"), &proof, &[], "[1]");
        assert_eq!(status, 200, "{}", kind.name);
        n_taken += 1;
    }
    assert_events(&senders.server, n_taken);
}

/// Wherever the part before the body comes from, and whatever the body is.
#[test]
fn no_boundary_moves_into_any_part_of_a_request() {
    let mut listeners = "version: 1
server: {listen: [127.0.0.1:0], public_url: 'https://a.example'}
secrets: {key: {file: key}}
destinations: {out: {stdout: {}}}
listeners:
"
    .to_owned();
    for (name, path, part) in [
        ("header", "/header", r#"headers["X-Id"]"#),
        ("path", "/path/{id}", "path_params.id"),
        ("url", "/url", "request_url"),
        ("computed", "/computed", r#"query_params[headers["X-Which"]]"#),
    ] {
        let _ = write!(
            listeners,
            r#"  {name}:
    path: {path}
    accept: any
    deliver: [out]
    verification:
      - signature:
          secret: key
          received_signature: headers["X-Proof"]
          payload: $CONCAT([{part}, raw_body])
"#
        );
    }
    let folder = Folder::new(&listeners);
    folder.write("key", KEY);
    let server = Tympan::start_in(&folder);
    let ask = |target: &str, id: &str, body: &str, signed: &str| {
        let proof = sign(KEY, signed);
        let headers = [("X-Proof", proof.as_str()), ("X-Id", id), ("X-Which", "id")];
        server.ask(&request("POST", target, &headers, body)).status
    };
    let json = r#"{"at":{"id":"1"}}"#;
    let rest = r#"{"id":"1"}}"#;
    let row = format!("7{json}");
    assert_eq!(ask("/header", "7", json, &row), 200, "{}", server.log_text());
    assert_eq!(ask("/header", r#"7{"at":"#, rest, &row), 401);
    assert_eq!(ask("/path/7", "", json, &row), 200);
    assert_eq!(ask("/path/7%7B%22at%22:", "", rest, &row), 401);
    assert_eq!(ask("/computed?id=7", "", json, &row), 200);
    assert_eq!(ask("/computed?id=7%7B%22at%22:", "", rest, &row), 401);
    let row = format!("https://a.example/url?a[]=b&c=7{json}");
    assert_eq!(ask("/url?a[]=b&c=7", "", json, &row), 200);
    assert_eq!(ask("/url?a[]=b&c=7{", "", &json[1..], &row), 401);

    assert_eq!(ask("/header", "7", "a=1&b=2", "7a=1&b=2"), 200);
    assert_eq!(ask("/header", "7a=", "1&b=2", "7a=1&b=2"), 401);
    assert_eq!(ask("/header", "7a=1&", "b=2", "7a=1&b=2"), 401);
    assert_events(&server, 5);
}

/// Secrets that cannot be keys: their listeners refuse everything and say why, the others serve.
#[test]
fn a_secret_that_is_no_key() {
    let folder = keys();
    let mut listeners = String::new();
    for (name, secret, algorithm) in [
        ("hmac", "key", "HMAC"),
        ("rsa", "rsa", "RSA"),
        ("ed25519", "ed25519", "Ed25519"),
        ("ecdsa", "ecdsa", "ECDSA-P256"),
    ] {
        let _ = write!(
            listeners,
            "  {name}:
    path: /{name}
    deliver: [out]
    verification:
      - signature: {{secret: {secret}, algorithm: {algorithm}, received_signature: 'headers[\"X-Proof\"]'}}
"
        );
    }
    let secrets =
        "{key: {file: key}, rsa: {file: rsa}, ed25519: {file: ed25519}, ecdsa: {file: ecdsa}}";
    folder.write(
        "listeners.yaml",
        format!(
            "version: 1\nserver: {{listen: [127.0.0.1:0]}}\nsecrets: {secrets}\n\
             destinations: {{out: {{stdout: {{}}}}}}\nlisteners:\n{listeners}"
        ),
    );
    for (secret, found, why) in [
        ("rsa", "no key", "it is no public key"),
        ("ed25519", KEY, "it is no public key"),
        ("ecdsa", &*fs::read_to_string(folder.path("ed25519")).unwrap(), "another algorithm"),
        ("rsa", &*fs::read_to_string(folder.path("key-rsa.pem")).unwrap(), "it is a private key"),
    ] {
        let good = fs::read(folder.path(secret)).unwrap();
        folder.write(secret, found);
        let server = Tympan::start_in(&folder);
        let line =
            server.wait_for_log(|line| line["message"] == "listener" && line["listener"] == secret);
        assert!(line["state"].as_str().unwrap().contains(why), "{line}");
        let path = format!("/{secret}");
        let response = server.ask(&request("POST", &path, &[("X-Proof", "AAAA")], BODY));
        assert_eq!(response.status, 503);
        assert!(!response.text().contains("key"), "{}", response.text());
        let right = format!("sha256={}", sign(KEY, BODY));
        let response = server.ask(&request("POST", "/hmac", &[("X-Proof", &right)], BODY));
        assert_eq!(response.status, 200);
        folder.write(secret, good);
    }
}

/// They are written before the answer, and read here a moment later.
#[track_caller]
pub(crate) fn assert_events(server: &Tympan, count: usize) {
    let are_there = || (server.events().len() >= count).then_some(());
    wait_until("the events are there", are_there);
    assert_eq!(server.events().len(), count);
}

/// Asserts that nothing was taken, and that no refusal tells more than another.
#[track_caller]
fn assert_refused_alike(kind: &Kind, refused: &[(String, Response)]) {
    for (what, answer) in refused {
        assert_eq!(answer.status, 401, "{}: {what}", kind.name);
        assert_eq!(answer.without_date(), refused[0].1.without_date(), "{}: {what}", kind.name);
    }
}

/// What is sent instead of what is right, for each threat that means something to a kind: no value
/// is no header.
fn wrong_values(kind: &Kind, senders: &Senders, right: &str) -> Vec<(Threat, Vec<String>)> {
    let mut wrong = Wrong { right, all: Vec::new() };
    wrong.all.push((Threat::Nothing, Vec::new()));
    if kind.place == Place::Connection {
        for name in ["other", "stranger", "theirs"] {
            wrong.add(Threat::Algorithm, name);
        }
        return wrong.all;
    }
    for value in
        ["", "sha256=", "v1,", "v1=", ",", ", ,", "=", "null", "undefined", "0", "none", "%00"]
    {
        wrong.add(Threat::Nothing, value);
    }
    let proof_of = |key, body| kind.prove(senders, key, body);
    if kind.fears(Threat::Nearly) {
        nearly(kind, right, &mut wrong);
        wrong.add(Threat::Nearly, proof_of("other", BODY));
        if kind.fears(Threat::Body) {
            wrong.add(Threat::Nearly, proof_of("key", r#"{"id":"2"}"#));
        }
    }
    if kind.fears(Threat::Encoded) {
        encoded(right, &mut wrong);
    }
    if kind.fears(Threat::Twice) {
        let other = proof_of("other", BODY);
        for values in [[right, right], [right, other.as_str()], [other.as_str(), right]] {
            wrong.all.push((Threat::Twice, values.map(ToOwned::to_owned).into()));
        }
        for value in
            [format!("{right}, {right}"), format!("{right},{other}"), format!("{other} {right}")]
        {
            wrong.add(Threat::Twice, value);
        }
    }
    algorithms(senders, &mut wrong);
    wrong.all
}

/// What is wrong so far. A digest has no key, so that another one makes no other.
struct Wrong<'r> {
    right: &'r str,
    all: Vec<(Threat, Vec<String>)>,
}

impl Wrong<'_> {
    fn add(&mut self, threat: Threat, value: impl Into<String>) {
        let value = value.into();
        if value != self.right {
            self.all.push((threat, vec![value]));
        }
    }
}

/// Parts of what is right, and more than it.
fn nearly(kind: &Kind, right: &str, wrong: &mut Wrong) {
    let length = right.len();
    let lengths = (0..length).filter(|end| length < 100 || end % 37 == 0 || end + 5 > length);
    // Base64 may stand without its padding: that is no other signature.
    let body_of = right.trim_end_matches('=').len();
    for end in lengths.filter(|end| *end < body_of || right.ends_with(|it| it != '=')) {
        wrong.add(Threat::Nearly, &right[..end]);
    }
    for value in [format!("{right}0"), format!("0{right}"), format!("{right}{right}")] {
        wrong.add(Threat::Nearly, value);
    }
    // Without a format a word may stand before it.
    if right.starts_with("sha256=") || !kind.fears(Threat::Body) {
        wrong.add(Threat::Nearly, format!("sha1={right}"));
    }
    if let Some(bytes) = Encoding::Base64.decode_all(right) {
        let mut flipped = bytes.clone();
        flipped[bytes.len() / 2] ^= 1;
        for bytes in [&[&[0], &bytes[..]].concat(), &vec![0; bytes.len()], &flipped] {
            wrong.add(Threat::Nearly, Encoding::Base64.encode(bytes));
        }
    }
}

/// The same in other writings than that which is agreed on.
fn encoded(right: &str, wrong: &mut Wrong) {
    let (word, bare) =
        right.split_once([' ', '=']).filter(|(_, bare)| bare.len() > 1).unwrap_or(("", right));
    let before = &right[..right.len() - bare.len()];
    assert!(before.is_empty() || before.starts_with(word));
    wrong.add(Threat::Encoded, Encoding::Base64.encode(right.as_bytes()));
    wrong.add(Threat::Encoded, Encoding::Hex.encode(right.as_bytes()));
    wrong.add(Threat::Encoded, format!("\"{right}\""));
    wrong.add(Threat::Encoded, format!("{before}{}", bare.replace(['=', '.'], "%3D") + "%20"));
    let half = bare.len() / 2;
    for sign in [" ", "\t", "%0A", ","] {
        wrong.add(Threat::Encoded, format!("{before}{}{sign}{}", &bare[..half], &bare[half..]));
    }
    if let Ok(bytes) = const_hex::decode(bare) {
        wrong.add(Threat::Encoded, format!("{before}{}", Encoding::Base64.encode(&bytes)));
        wrong.add(Threat::Encoded, format!("{before}0x{bare}"));
    } else if let Some(bytes) = Encoding::Base64.decode_all(bare) {
        wrong.add(Threat::Encoded, format!("{before}{}", Encoding::Hex.encode(&bytes)));
        // The bits behind the last byte are zeros, or else two texts were one signature.
        let digits = bare.trim_end_matches('=');
        if digits.len() % 4 != 0 {
            let last = char::from(digits.as_bytes()[digits.len() - 1] + 1);
            let digits = &digits[..digits.len() - 1];
            let padding = &bare[digits.len() + 1..];
            wrong.add(Threat::Encoded, format!("{before}{digits}{last}{padding}"));
        }
    }
}

/// What is right by other algorithms, whatever the kind. That of `named` may be SHA-512.
fn algorithms(senders: &Senders, wrong: &mut Wrong) {
    let mut tags = Vec::new();
    let key = Encoding::Hex.encode(KEY.as_bytes());
    for hash in ["md5", "sha1", "sha224", "sha384"] {
        let hmac = format!("dgst -{hash} -mac HMAC -macopt hexkey:{key} -binary body");
        tags.push((hash, senders.with_openssl(BODY, &hmac)));
        for text in [format!("{KEY}{BODY}"), format!("{BODY}{KEY}"), BODY.to_owned()] {
            tags.push((hash, senders.with_openssl(&text, &format!("dgst -{hash} -binary body"))));
        }
    }
    for text in [format!("{KEY}{BODY}"), BODY.to_owned()] {
        tags.push(("sha256", Encoding::Base64.encode(&Sha256::digest(text))));
    }
    // A public key is no secret: nobody may sign with it.
    for public in ["ed25519", "ecdsa", "rsa"] {
        let public = fs::read_to_string(senders.folder.path(public)).unwrap();
        for key in [public.as_str(), public.trim()] {
            let mac = const_hex::decode(sign(key, BODY)).unwrap();
            tags.push(("sha256", Encoding::Base64.encode(&mac)));
            let token = hs256(&json!({"alg": "HS256"}), &claims(BODY), key);
            wrong.add(Threat::Algorithm, token);
        }
    }
    for (hash, tag) in tags {
        let hex = Encoding::Hex.encode(&Encoding::Base64.decode_all(&tag).unwrap());
        for value in [&tag, &hex, &format!("{hash}={hex}"), &format!("sha256={hex}")] {
            wrong.add(Threat::Algorithm, value);
        }
    }
    for algorithm in ["none", "NONE", "HS512", "EdDSA", "RS256"] {
        let token = hs256(&json!({"alg": algorithm}), &claims(BODY), KEY);
        let (unsigned, _) = token.rsplit_once('.').unwrap();
        for value in [&token, &format!("{unsigned}."), unsigned] {
            wrong.add(Threat::Algorithm, value);
        }
    }
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap()
}
