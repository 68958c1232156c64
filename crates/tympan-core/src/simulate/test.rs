//! Running a listener's own tests.

use std::borrow::Cow;

use serde_json::Value as Json;
use sha2::Digest;
use sha2::Sha256;

use super::Simulation;
use super::encrypt::cipher_key;
use super::pairs::with_pairs;
use super::proof::signatures;
use crate::config::ChallengeProof;
use crate::config::Changed;
use crate::config::Config;
use crate::config::Expect;
use crate::config::Listener;
use crate::config::SecretId;
use crate::config::Test;
use crate::keys::Secrets;
use crate::pipeline::Answer;
use crate::pipeline::EventRecord;
use crate::secret::Secret;
use crate::span::Span;

/// How many hexadecimal digits are 32 bytes: as what they are, as base64 and as text.
const DIGITS: [usize; 3] = [64, 43, 32];

/// What gives the bytes of a file that a test at this place names, or why not.
pub type Files<'f> = &'f dyn Fn(Span, &str) -> Result<Vec<u8>, String>;

/// What came of a test.
#[derive(Debug)]
pub struct Verdict {
    /// The listener.
    pub listener: String,
    /// What the test shows.
    pub name: String,
    /// Where it is written.
    pub at: Span,
    /// In what the request ended otherwise than it should have; nothing if it passed.
    pub differences: Vec<Difference>,
    /// Why the request ended as it did, if that is not as it should.
    pub reason: Option<String>,
}

/// Something that is otherwise than it should be.
#[derive(Debug, PartialEq, Eq)]
pub struct Difference {
    /// What.
    pub what: String,
    /// As it should be.
    pub expected: String,
    /// As it is.
    pub found: String,
}

/// Runs every test of a configuration that has no mistakes. Of the secrets that were found only
/// those are used that cannot be made up.
#[must_use]
pub fn tests(config: &Config, found: &Secrets, files: Files<'_>) -> Vec<Verdict> {
    let secrets = stand_ins(config, found);
    let simulation = Simulation::new(config, &secrets);
    // A request that was recorded is verified with the keys that there are, and one that is signed with
    // pairs of our own.
    let (played, own) = with_pairs(config, found);
    let playing = Simulation::new(&played, &own).with_own_pairs();
    let listeners = config.listeners.iter().zip(&played.listeners);
    let tests = listeners.flat_map(|(listener, played)| {
        let of = |test: &Test| {
            if test.request.sign { (&playing, played) } else { (&simulation, listener) }
        };
        let run = |test: &Test| {
            let (simulation, listener) = of(test);
            run(config, simulation, listener, test, files)
        };
        listener.tests.iter().map(run).collect::<Vec<_>>()
    });
    tests.collect()
}

/// A value for every secret, which is no secret: hexadecimal digits, which are base64 as well, and as
/// many as make a key of the right length of what decrypts. Only the two halves of a pair of keys
/// have to be those that they are.
pub(super) fn stand_ins(config: &Config, found: &Secrets) -> Secrets {
    let mut checks = Vec::new();
    for listener in &config.listeners {
        signatures(&listener.verification, &mut checks);
        for challenge in &listener.challenges {
            if let Some(ChallengeProof::Own(proof)) = &challenge.proof {
                signatures(proof, &mut checks);
            }
        }
    }
    let pairs = checks.into_iter().filter(|check| check.scheme.algorithm.is_asymmetric());
    let halves: Vec<_> = pairs.flat_map(|it| [it.secret, it.signing_key]).flatten().collect();
    let values = config.secrets.iter().enumerate().map(|(index, secret)| {
        if let Some(found) = found.get(index).filter(|_| halves.contains(&SecretId(index))) {
            return found.clone();
        }
        let value = const_hex::encode(Sha256::digest(&secret.name));
        let decrypts = config.listeners.iter().filter_map(|it| it.decrypt.as_ref());
        let decrypt = decrypts.into_iter().find(|it| it.secret == SecretId(index));
        let is_key =
            |n: &usize| decrypt.is_none_or(|it| cipher_key(it, &value.as_bytes()[..*n]).is_ok());
        let n_digits = DIGITS.into_iter().find(is_key).unwrap_or(value.len());
        Secret::new(value[..n_digits].into(), "a test").map(|value| vec![value])
    });
    values.collect()
}

fn run(
    config: &Config,
    simulation: &Simulation<'_>,
    listener: &Listener,
    test: &Test,
    files: Files<'_>,
) -> Verdict {
    let verdict = |differences, reason| Verdict {
        listener: listener.name.clone(),
        name: test.name.clone(),
        at: test.at,
        differences,
        reason,
    };
    match answered(simulation, listener, test, files) {
        Ok((answer, record)) => {
            let differences = compare(config, &test.expect, &answer, record.as_ref());
            let reason = answer.reason.filter(|_| !differences.is_empty());
            verdict(differences, reason.map(|reason| reason.to_string()))
        }
        Err(why) => {
            let (what, expected) = ("request".to_owned(), "one that can be built".to_owned());
            verdict(vec![Difference { what, expected, found: why }], None)
        }
    }
}

fn answered(
    simulation: &Simulation<'_>,
    listener: &Listener,
    test: &Test,
    files: Files<'_>,
) -> Result<(Answer, Option<EventRecord>), String> {
    let file = |changed: &Changed| {
        let file = changed.body_file.as_deref();
        file.map(|file| files(test.at, file)).transpose()
    };
    let request = &test.request;
    let mut draft = simulation.draft(listener, request.now);
    draft.change(&request.parts, file(&request.parts)?);
    if request.sign {
        simulation.sign(listener, &mut draft).map_err(|why| why.to_string())?;
    }
    draft.change(&request.then, file(&request.then)?);
    Ok(simulation.answer(&draft))
}

fn compare(
    config: &Config,
    expect: &Expect,
    answer: &Answer,
    record: Option<&EventRecord>,
) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut same = |what: &str, expected: Option<String>, is: String| {
        if let Some(expected) = expected.filter(|expected| *expected != is) {
            found.push(Difference { what: what.to_owned(), expected, found: is });
        }
    };
    let outcome = expect.outcome.map(|outcome| outcome.to_string());
    same("outcome", outcome, answer.outcome.to_string());
    let status = expect.status.map(|status| status.as_u16().to_string());
    same("status", status, answer.reply.status.as_u16().to_string());
    for (name, expected) in &expect.headers {
        let is = answer.reply.headers.get(name).map(|it| String::from_utf8_lossy(it.as_bytes()));
        let is = is.map_or_else(|| "none".to_owned(), Cow::into_owned);
        let expected = expected.clone().unwrap_or_else(|| "none".to_owned());
        same(&format!("header {name}"), Some(expected), is);
    }
    if let Some(delivered) = &expect.delivered {
        let names = |ids: &[crate::config::DestinationId]| {
            let names = ids.iter().filter_map(|id| config.destinations.get(id.0));
            let names: Vec<_> = names.map(|it| it.name.as_str()).collect();
            if names.is_empty() { "nowhere".to_owned() } else { names.join(", ") }
        };
        let is = record.map_or_else(Vec::new, EventRecord::deliver);
        same("delivered", Some(names(delivered)), names(&is));
    }
    if let Some(expected) = &expect.body {
        let body = &answer.reply.body;
        let is = match expected {
            Json::String(_) => Json::from(String::from_utf8_lossy(body)),
            _ => serde_json::from_slice(body).unwrap_or_default(),
        };
        same("body", Some(expected.to_string()), is.to_string());
    }
    if let Some(expected) = &expect.events {
        let events = record.map_or(&[][..], |record| &record.events);
        same("events", Some(expected.len().to_string()), events.len().to_string());
        for (index, (expected, event)) in expected.iter().zip(events).enumerate() {
            let event = serde_json::from_slice(&event.json).unwrap_or_default();
            lacks(&format!("event {}", index + 1), expected, &event, &mut found);
        }
    }
    found
}

/// What of `expected` is not so in `is`; what a map holds beside it does not matter.
fn lacks(what: &str, expected: &Json, is: &Json, found: &mut Vec<Difference>) {
    match (expected, is) {
        (Json::Object(expected), Json::Object(is)) => {
            for (key, expected) in expected {
                let is = is.get(key).unwrap_or(&Json::Null);
                lacks(&format!("{what}.{key}"), expected, is, found);
            }
        }
        _ if expected == is => {}
        _ => found.push(Difference {
            what: what.to_owned(),
            expected: expected.to_string(),
            found: is.to_string(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::lacks;

    #[test]
    fn what_is_beside_does_not_matter() {
        let is = json!({"a": {"b": 1, "c": [1, 2]}, "d": null});
        for (expected, places) in [
            (json!({}), &[][..]),
            (json!({"a": {"b": 1}}), &[]),
            (json!({"a": {"b": 2, "c": [1]}, "e": 1, "d": null}), &["x.a.b", "x.a.c", "x.e"]),
            (json!(1), &["x"]),
        ] {
            let mut found = Vec::new();
            lacks("x", &expected, &is, &mut found);
            let found: Vec<_> = found.iter().map(|it| it.what.as_str()).collect();
            assert_eq!(found, places, "{expected}");
        }
    }
}
