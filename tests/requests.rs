//! What becomes of a request: every folder in `requests/` is a case.
//!
//! ```text
//! listeners.yaml   what is served; the smallest that shows it
//! request.http     the request as bytes on the wire, after lines that set the stage
//! secrets.txt      the values of secrets: `name=value` lines, several of one name are a rotation
//! expect.txt       what came out
//! ```
//!
//! The stage is set by lines that begin with `@`: `@now 1700000000` (the clock), `@listeners FILE`
//! and `@secrets FILE` (relative to the case, where cases share them), `@kept late` (the
//! destinations do not take the events), `@call failed` (what a challenge names does not answer),
//! `@body broken` or `@body slow` (it never arrives).
//! Signatures were computed with the `openssl` command, not by the code under test.
//!
//! `BLESS=1 cargo test` writes what came out; read the difference before you commit it.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::Version;
use tympan_core::config::Config;
use tympan_core::config::Loaded;
use tympan_core::diagnostic;
use tympan_core::keys::Secrets;
use tympan_core::pipeline::Answer;
use tympan_core::pipeline::Ask;
use tympan_core::pipeline::BodyFault;
use tympan_core::pipeline::Captured;
use tympan_core::pipeline::EventRecord;
use tympan_core::pipeline::Exchange;
use tympan_core::pipeline::Generation;
use tympan_core::pipeline::Head;
use tympan_core::pipeline::Input;
use tympan_core::pipeline::Kept;
use tympan_core::pipeline::Live;
use tympan_core::pipeline::RequestId;
use tympan_core::secret::Secret;
use tympan_core::secret::Unresolved;

/// The id of every request: the example of the ULID specification.
const ID: RequestId = RequestId(0x0156_3E3A_B5D3_D676_4C61_EFB9_9302_BD5B);

#[test]
fn requests() {
    let mut wrong = String::new();
    let mut n_cases = 0;
    for case in cases() {
        n_cases += 1;
        let golden = case.join("expect.txt");
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let got = Case::read(&case).run();
        if env::var_os("BLESS").is_some() {
            fs::write(&golden, got).unwrap();
            continue;
        }
        match fs::read_to_string(&golden) {
            Ok(expected) if expected == got => {}
            Ok(expected) => {
                let _ = writeln!(wrong, "{name}\n--- expected\n{expected}--- got\n{got}");
            }
            Err(error) => {
                let _ = writeln!(wrong, "{name}: no expect.txt: {error}\n--- got\n{got}");
            }
        }
    }
    assert!(n_cases > 0, "no cases found");
    assert!(wrong.is_empty(), "{wrong}");
}

/// Whatever a sender gets wrong, it is told the same: the answers differ in nothing.
#[test]
fn refusals_tell_the_sender_nothing() {
    if env::var_os("BLESS").is_some() {
        // They are being written right now.
        return;
    }
    let mut answers: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for case in cases() {
        let expected = fs::read_to_string(case.join("expect.txt")).unwrap();
        let own_words = fs::read_to_string(case.join("listeners.yaml"))
            .is_ok_and(|it| it.contains("responses:") || it.contains("otherwise:"));
        let is_refusal = ["outcome: unauthorized\n", "outcome: stale\n"]
            .iter()
            .any(|outcome| expected.starts_with(outcome));
        if is_refusal && !own_words {
            let answer = expected.split_once("status: ").unwrap().1.to_owned();
            answers.entry(answer).or_default().push(case);
        }
    }
    assert_eq!(answers.len(), 1, "{answers:#?}");
}

/// One case: what is served, and what arrives.
struct Case {
    live: Arc<Live>,
    names: Names,
    stage: Stage,
    head: Head,
    body: Bytes,
    secrets: Vec<String>,
}

/// What destinations are called.
struct Names {
    destinations: Vec<String>,
}

/// What the `@` lines say.
#[derive(Default)]
struct Stage {
    now: f64,
    listeners: Option<String>,
    secrets: Option<String>,
    kept_late: bool,
    uncalled: bool,
    fault: Option<BodyFault>,
}

impl Case {
    fn read(folder: &Path) -> Self {
        let name = folder.display();
        let wire = fs::read(folder.join("request.http")).unwrap();
        let (stage, wire) = Stage::read(&wire);
        let (head, body) = request(wire, stage.now);

        let listeners = folder.join(stage.listeners.as_deref().unwrap_or("listeners.yaml"));
        let text = fs::read(listeners).unwrap();
        let (Loaded { config, diagnostics }, sources) = tympan_core::load("listeners.yaml", text);
        let drawn = diagnostic::text(&diagnostics, &sources, false);
        assert!(!diagnostics.refuse(false), "{name}\n{drawn}");

        let values = match &stage.secrets {
            Some(file) => fs::read_to_string(folder.join(file)).unwrap(),
            None => fs::read_to_string(folder.join("secrets.txt")).unwrap_or_default(),
        };
        let (secrets, values) = secrets(&config, &values);
        let generation = Arc::new(Generation::compile(&config, 1, "test"));
        Self {
            live: Arc::new(Live::new(generation, &secrets, &Arc::default())),
            names: Names {
                destinations: config.destinations.iter().map(|it| it.name.clone()).collect(),
            },
            stage,
            head,
            body,
            secrets: values,
        }
    }

    /// Takes the request to its end, as the server would.
    fn run(self) -> String {
        let mut exchange = Exchange::new(Arc::clone(&self.live), self.head);
        let mut asked = Vec::new();
        let mut record: Option<EventRecord> = None;
        let mut input = Input::Head;
        let answer = loop {
            assert!(asked.len() < 4, "it never ends: {asked:?}");
            input = match exchange.step(input) {
                Ask::Body { limit } => {
                    asked.push("body");
                    match self.stage.fault {
                        Some(fault) => Input::NoBody(fault),
                        None if limit < self.body.len() as u64 => {
                            Input::NoBody(BodyFault::TooLarge)
                        }
                        None => Input::Body(self.body.clone()),
                    }
                }
                Ask::Fetch(_) => {
                    asked.push("fetch");
                    Input::Fetched(Arc::default())
                }
                Ask::Capture(_) => {
                    asked.push("capture");
                    Input::Captured(Captured::Stored)
                }
                Ask::Call(_) => {
                    asked.push("call");
                    let failed = || "nobody answers".to_owned();
                    Input::Called(if self.stage.uncalled { Err(failed()) } else { Ok(()) })
                }
                Ask::Append(events) => {
                    asked.push("append");
                    record = Some(*events);
                    Input::Kept(if self.stage.kept_late {
                        Kept::NotKept { why: "no answer".to_owned() }
                    } else {
                        Kept::Stored
                    })
                }
                Ask::Answer(answer) => break answer,
            };
        };
        let listener = exchange.listener().unwrap_or("none").to_owned();
        let text = self.names.render(&listener, &asked, &answer, record.as_ref());
        for value in &self.secrets {
            assert!(!text.contains(value.as_str()), "a secret shows:\n{text}");
        }
        text
    }
}

impl Stage {
    /// The stage, and the bytes after it.
    fn read(mut wire: &[u8]) -> (Self, &[u8]) {
        let mut stage = Self::default();
        while wire.starts_with(b"@") {
            let end = wire.iter().position(|byte| *byte == b'\n').unwrap();
            let line = std::str::from_utf8(&wire[..end]).unwrap().trim_end();
            wire = &wire[end + 1..];
            match line.split_once(' ').unwrap() {
                ("@now", now) => stage.now = now.parse().unwrap(),
                ("@listeners", file) => stage.listeners = Some(file.to_owned()),
                ("@secrets", file) => stage.secrets = Some(file.to_owned()),
                ("@kept", "late") => stage.kept_late = true,
                ("@call", "failed") => stage.uncalled = true,
                ("@body", "broken") => stage.fault = Some(BodyFault::Broken),
                ("@body", "slow") => stage.fault = Some(BodyFault::Slow),
                _ => panic!("what is {line}?"),
            }
        }
        assert!(stage.now > 0.0, "say when it arrives: `@now 1700000000`");
        (stage, wire)
    }
}

impl Names {
    fn render(
        &self,
        listener: &str,
        asked: &[&str],
        answer: &Answer,
        record: Option<&EventRecord>,
    ) -> String {
        let mut text = format!("outcome: {}\n", answer.outcome);
        if let Some(reason) = &answer.reason {
            let _ = writeln!(text, "reason: {}: {reason}", reason.name());
        }
        let _ = writeln!(text, "listener: {listener}");
        let asked = if asked.is_empty() { "nothing".to_owned() } else { asked.join(", ") };
        let _ = writeln!(text, "asked: {asked}");
        if answer.close {
            text.push_str("connection: close\n");
        }
        let _ = writeln!(text, "status: {}", answer.reply.status.as_u16());
        for (name, value) in &*answer.reply.headers {
            let _ = writeln!(text, "{name}: {}", shown(value.as_bytes()));
        }
        let _ = writeln!(text, "\n{}", shown(&answer.reply.body));
        if let Some(record) = record {
            let deliver = record.deliver();
            let to = deliver.iter().map(|id| self.destinations[id.0].as_str());
            let to = to.collect::<Vec<_>>().join(", ");
            let to = if to.is_empty() { "nowhere" } else { &to };
            if let Some(dead) = &record.dead {
                let request: serde_json::Value = serde_json::from_slice(&dead.request).unwrap();
                let _ = writeln!(text, "\na dead letter: {}\n{request:#}", dead.reason);
            } else {
                let _ = writeln!(text, "\nevents to {to} within {:?}:", record.within);
            }
            if let Some(claim) = &record.claim {
                let _ = writeln!(text, "known for {:?} by: {}", claim.window, claim.key);
            }
            for event in &record.events {
                let json: serde_json::Value = serde_json::from_slice(&event.json).unwrap();
                assert_eq!(json["id"], event.id.as_str());
                assert!(!event.json.contains(&b'\n'), "an event is one line");
                let _ = writeln!(text, "{json:#}");
            }
        }
        text
    }
}

/// The request, as a server would have parsed it.
fn request(wire: &[u8], now: f64) -> (Head, Bytes) {
    let mut rest = wire;
    let mut line = || {
        let end = rest.iter().position(|byte| *byte == b'\n').expect("a blank line ends the head");
        let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
        rest = &rest[end + 1..];
        line
    };
    let request_line = std::str::from_utf8(line()).unwrap();
    let [method, uri, "HTTP/1.1"] = request_line.split(' ').collect::<Vec<_>>()[..] else {
        panic!("what is {request_line}?")
    };
    let mut headers = HeaderMap::new();
    loop {
        let header = line();
        if header.is_empty() {
            break;
        }
        let colon = header.iter().position(|byte| *byte == b':').unwrap();
        let (name, value) = (&header[..colon], header[colon + 1..].trim_ascii());
        let name = HeaderName::from_bytes(name).unwrap();
        headers.append(name, HeaderValue::from_bytes(value).unwrap());
    }
    let head = Head {
        method: method.parse().unwrap(),
        uri: uri.parse().unwrap(),
        headers,
        version: Version::HTTP_11,
        client: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        certificate: None,
        now,
        id: ID,
    };
    (head, Bytes::copy_from_slice(rest))
}

/// The secrets of a configuration, and every value on its own.
fn secrets(config: &Config, text: &str) -> (Secrets, Vec<String>) {
    let mut values: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once('=').unwrap();
        values.entry(name).or_default().push(value);
    }
    let secrets = config.secrets.iter().map(|secret| match values.get(secret.name.as_str()) {
        Some(values) => values.iter().map(|it| Secret::new((*it).into(), "secrets.txt")).collect(),
        None => Err(Unresolved::NotSet { variable: secret.name.to_uppercase() }),
    });
    let secrets = secrets.collect();
    for name in values.keys() {
        let is_known = config.secrets.iter().any(|secret| secret.name == *name);
        assert!(is_known, "nothing uses the secret {name}");
    }
    (secrets, values.into_values().flatten().map(str::to_owned).collect())
}

/// Text as it is, anything else escaped.
fn shown(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains(|it: char| it.is_control()) => text.to_owned(),
        _ => format!("{}", bytes.escape_ascii()),
    }
}

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("requests");
    let mut cases: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    cases
}
