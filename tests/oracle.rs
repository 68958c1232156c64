//! Whether a challenge can be made to sign an event, reflect markup or split a header: tried with
//! every listener of the repository.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use http::header;
use tympan_core::config::Challenge;
use tympan_core::config::Config;
use tympan_core::config::Listener;
use tympan_core::config::SecretId;
use tympan_core::config::Verification;
use tympan_core::keys::Secrets;
use tympan_core::outcome::Outcome;
use tympan_core::secret::Secret;
use tympan_core::simulate::Draft;
use tympan_core::simulate::Simulation;

use crate::presets;
use crate::process::repository;

const NOW: f64 = 1_700_000_000.0;

/// The value of every secret: digits, which are hexadecimal and base64 as well.
const VALUE: &str = "736f6d65206b657920666f7220616c6c206f66207468656d";

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
    each_challenge(|served, listener, challenge, name| {
        let Served { config, simulation } = served;
        let plain = simulation.draft(listener, NOW);
        // Its own events, and those of all others: secrets may be shared.
        for (taker, body) in config.listeners.iter().flat_map(|it| BODIES.map(|body| (it, body))) {
            let event = Draft { body: body.into(), ..simulation.draft(taker, NOW) };
            for payload in simulation.payloads(taker, &event) {
                let Ok(payload) = String::from_utf8(payload) else { continue };
                let asking = simulation.greet(listener, challenge, &plain, &payload);
                let Ok(asking) = asking else { continue };
                n_tried += 1;
                let (answer, _) = simulation.answer(&asking);
                let is_shared =
                    challenge.tokens.iter().any(|it| signs(&taker.verification, it.signing.secret));
                if answer.outcome != Outcome::Challenged || !is_shared {
                    continue;
                }
                n_signed += 1;
                let mut event = event.clone();
                simulation.sign(taker, &mut event).unwrap();
                let end = simulation.answer(&event).0.outcome;
                assert_eq!(
                    end,
                    Outcome::Unauthorized,
                    "{name}: {payload:?} is signed, and {} takes it",
                    taker.name
                );
            }
        }
    });
    assert!(n_tried > 100 && n_signed > 0, "{n_tried} tried, {n_signed} signed");
}

#[test]
fn no_challenge_reflects_markup_or_splits_a_header() {
    let mut n_answered = 0;
    each_challenge(|Served { simulation, .. }, listener, challenge, name| {
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

/// A file whose listeners are served, and whose providers are played.
struct Served<'s> {
    config: &'s Config,
    simulation: Simulation<'s>,
}

/// Every challenge of every file that can be served.
fn each_challenge(mut check: impl FnMut(&Served<'_>, &Listener, &Challenge, &str)) {
    let mut n_challenges = BTreeMap::new();
    for (place, file, text) in files() {
        let (loaded, _) = tympan_core::load("listeners.yaml", text.into());
        if loaded.diagnostics.refuse(false) {
            continue;
        }
        let config = &loaded.config;
        let secrets = secrets(config);
        let served = Served { config, simulation: Simulation::new(config, &secrets) };
        for listener in &config.listeners {
            let name = format!("{file}: {}", listener.name);
            for challenge in &listener.challenges {
                check(&served, listener, challenge, &name);
                *n_challenges.entry(place).or_insert(0) += 1;
            }
        }
    }
    assert!(n_challenges.len() == PLACES.len() + 2, "challenges were found at: {n_challenges:?}");
}

/// Where files with listeners are, beside presets, and the pages that show some.
const PLACES: [&str; 4] = ["listeners.yaml", "tests/requests", "tests/explain", "tests/vectors"];

/// The texts of all listeners of the repository, with the places that they come from.
fn files() -> Vec<(&'static str, String, String)> {
    let mut found = Vec::new();
    for place in PLACES {
        let mut files = Vec::new();
        yaml_files(&repository().join(place), &mut files);
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            let text = text.replace("ORIGIN", "https://hooks.example.com").replace("PATH", "/in");
            found.push((place, file.display().to_string(), text));
        }
    }
    found.extend(presets::texts().into_iter().map(|(name, text)| ("presets", name, text)));
    // What a page shows stands in a file like that of the repository.
    let example = fs::read_to_string(repository().join("listeners.yaml")).unwrap();
    let (head, _) = example.split_once("\nlisteners:\n").unwrap();
    let docs = fs::read_dir(repository().join("docs")).unwrap();
    let pages = docs.map(|entry| entry.unwrap().path()).chain([repository().join("README.md")]);
    for page in pages.filter(|page| page.extension().is_some_and(|it| it == "md")) {
        let text = fs::read_to_string(&page).unwrap();
        for block in text.split("```yaml\n").skip(1) {
            let block = block.split("```").next().unwrap();
            if block.starts_with("listeners:") {
                found.push(("pages", page.display().to_string(), format!("{head}\n{block}")));
            }
        }
    }
    found
}

/// Whether events are signed with a secret.
fn signs(verification: &Verification, secret: SecretId) -> bool {
    match verification {
        Verification::Signature(check) => check.secret == Some(secret),
        Verification::Any(list) | Verification::All(list) => {
            list.iter().any(|entry| signs(entry, secret))
        }
        _ => false,
    }
}

fn secrets(config: &Config) -> Secrets {
    let value = || Secret::new(VALUE.into(), "a test");
    config.secrets.iter().map(|_| value().map(|value| vec![value])).collect()
}

/// This file, or those below this folder.
fn yaml_files(place: &Path, found: &mut Vec<PathBuf>) {
    if place.is_dir() {
        for entry in fs::read_dir(place).unwrap() {
            yaml_files(&entry.unwrap().path(), found);
        }
        found.sort();
    } else if place.extension().is_some_and(|extension| extension == "yaml") {
        found.push(place.to_owned());
    }
}
