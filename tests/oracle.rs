//! Whether a challenge can be made to sign an event, reflect markup or split a header: tried with
//! every listener of the repository.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use http::header;
use tympan_core::config::Challenge;
use tympan_core::config::Config;
use tympan_core::config::Listener;
use tympan_core::keys::Secrets;
use tympan_core::outcome::Outcome;
use tympan_core::secret::Secret;
use tympan_core::simulate::Draft;
use tympan_core::simulate::Simulation;

use crate::process::repository;

const NOW: f64 = 1_700_000_000.0;

/// Bodies of every shape that a delivery may have.
const BODIES: [&str; 12] =
    ["{}", "[]", "123", "-1.5", "null", "true", "\"x\"", "{\"a\":1}", "abc", "a=1", "a", ""];

/// What nobody should get back in a form that a browser understands.
const HOSTILE: [&str; 6] = [
    "<script>alert(1)</script>",
    "<svg onload=alert(1)>",
    "a\r\nSet-Cookie: a=1",
    "a\r\n\r\n<html>",
    "a\nLocation: https://example.com",
    "\u{0}",
];

/// Whatever a challenge signs for anyone is no proof of an event.
#[test]
fn no_challenge_signs_an_event() {
    let mut n_tried = 0;
    let mut n_signed = 0;
    each_challenge(|simulation, listener, challenge, name| {
        for body in BODIES {
            let plain = simulation.draft(listener, NOW);
            let mut event = Draft { body: body.into(), ..plain.clone() };
            for payload in simulation.payloads(listener, &event) {
                let Ok(payload) = String::from_utf8(payload) else { continue };
                let asking = simulation.greet(listener, challenge, &plain, &payload);
                let Ok(asking) = asking else { continue };
                n_tried += 1;
                let (answer, _) = simulation.answer(&asking);
                if answer.outcome != Outcome::Challenged || challenge.tokens.is_empty() {
                    continue;
                }
                n_signed += 1;
                simulation.sign(listener, &mut event).unwrap();
                let end = simulation.answer(&event).0.outcome;
                assert_eq!(end, Outcome::Unauthorized, "{name}: {payload:?} is signed and taken");
            }
        }
    });
    assert!(n_tried > 100 && n_signed > 0, "{n_tried} tried, {n_signed} signed");
}

#[test]
fn no_challenge_reflects_markup_or_splits_a_header() {
    let mut n_answered = 0;
    each_challenge(|simulation, listener, challenge, name| {
        let plain = simulation.draft(listener, NOW);
        let asking = |token| simulation.greet(listener, challenge, &plain, token);
        let Ok(usual) = asking("abc123") else { return };
        let (usual, _) = simulation.answer(&usual);
        for hostile in HOSTILE {
            let Ok(asking) = asking(hostile) else { continue };
            let (answer, _) = simulation.answer(&asking);
            if answer.outcome != Outcome::Challenged {
                continue;
            }
            n_answered += 1;
            let headers = &answer.reply.headers;
            for header in headers.keys() {
                let is_usual = usual.reply.headers.contains_key(header);
                assert!(is_usual, "{name}: {hostile:?} gives the header {header}");
            }
            assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{name}");
            let content_type = headers.get(header::CONTENT_TYPE).map(|it| it.to_str().unwrap());
            let is_plain = content_type.is_none_or(|it| {
                it.starts_with("text/plain") || it.starts_with("application/json")
            });
            assert!(is_plain, "{name}: {content_type:?}");
        }
    });
    assert!(n_answered > 10, "{n_answered} answered");
}

/// Every challenge of every file that can be served.
fn each_challenge(mut check: impl FnMut(&Simulation<'_>, &Listener, &Challenge, &str)) {
    let mut files = vec![repository().join("listeners.yaml")];
    yaml_files(&repository().join("tests/requests"), &mut files);
    yaml_files(&repository().join("tests/explain"), &mut files);
    for file in files {
        let text = fs::read(&file).unwrap();
        let (loaded, _) = tympan_core::load("listeners.yaml", text);
        if loaded.diagnostics.refuse(false) {
            continue;
        }
        let secrets = secrets(&loaded.config);
        let simulation = Simulation::new(&loaded.config, &secrets);
        for listener in &loaded.config.listeners {
            let name = format!("{}: {}", file.display(), listener.name);
            for challenge in &listener.challenges {
                check(&simulation, listener, challenge, &name);
            }
        }
    }
}

fn secrets(config: &Config) -> Secrets {
    let value = || Secret::new(b"one value for all of them".to_vec(), "a test");
    config.secrets.iter().map(|_| value().map(|value| vec![value])).collect()
}

fn yaml_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            yaml_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            found.push(path);
        }
    }
    found.sort();
}
