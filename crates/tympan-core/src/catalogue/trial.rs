//! Trying a preset without its provider: what verifies signs, and what is signed wrongly is refused.

use super::Entry;
use crate::keys::Secrets;
use crate::outcome::Outcome;
use crate::simulate;
use crate::simulate::Case;
use crate::simulate::Simulation;
use crate::simulate::Unsimulable;

/// When the provider is played, in seconds since 1970.
const NOW: f64 = 1_700_000_000.0;

/// What came of a trial.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tried {
    /// What was as it should be.
    pub held: Vec<&'static str>,
    /// What was not.
    pub failed: Vec<String>,
}

/// Plays the provider of a preset, with secrets and pairs of keys that are made up.
#[must_use]
pub fn try_out(entry: &Entry) -> Tried {
    let mut tried = Tried::default();
    let (config, secrets) = simulate::with_pairs(&entry.config, &Secrets::new());
    let Some(listener) = config.listeners.first() else {
        tried.failed.push("it makes no listener".to_owned());
        return tried;
    };
    let simulation = Simulation::new(&config, &secrets).with_own_pairs();
    let draft = simulation.draft(listener, NOW);
    let mut cases = vec![
        (Case::Event, "a delivery is accepted", Outcome::Accepted),
        (Case::BadSignature, "a wrong proof is refused", Outcome::Unauthorized),
        (Case::Stale, "an old one is refused", Outcome::Stale),
    ];
    if entry.has_challenge() {
        cases.push((Case::Handshake, "the set-up request is answered", Outcome::Challenged));
    }
    for (case, what, expected) in cases {
        match simulation.requests(listener, case, &draft) {
            Ok(drafts) => {
                let ends = drafts.iter().map(|draft| simulation.answer(draft).0);
                match ends.map(|answer| answer.outcome).find(|outcome| *outcome != expected) {
                    None => tried.held.push(what),
                    Some(outcome) => {
                        tried.failed.push(format!("not so: {what}; it ends {outcome}"));
                    }
                }
            }
            Err(Unsimulable::NoTimestamp | Unsimulable::NoProof) => {}
            Err(why) => tried.failed.push(format!("{what}: {why}")),
        }
    }
    tried
}
