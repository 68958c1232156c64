//! A provider's set-up request.

use http::Method;
use serde_json::Value as Json;
use tympan_expr::Paths;

use super::Draft;
use super::Simulation;
use super::Unsimulable;
use super::place;
use super::proof::How;
use crate::config::Challenge;
use crate::config::ChallengeProof;
use crate::config::Listener;
use crate::roots;

impl Simulation<'_> {
    /// The first challenge that can be told from what it is detected by.
    pub(super) fn handshake(
        &self,
        listener: &Listener,
        draft: &Draft,
        token: &str,
    ) -> Result<Draft, Unsimulable> {
        let mut fault = Unsimulable::NoChallenge;
        for challenge in &listener.challenges {
            match self.greet(listener, challenge, draft, token) {
                Ok(asking) => return Ok(asking),
                Err(why) => fault = why,
            }
        }
        Err(fault)
    }

    /// The request of one challenge, with `token` wherever something of the provider's own has to
    /// stand.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub fn greet(
        &self,
        listener: &Listener,
        challenge: &Challenge,
        draft: &Draft,
        token: &str,
    ) -> Result<Draft, Unsimulable> {
        let asking = ask(listener, challenge, draft.clone(), token);
        let mut asking = asking.ok_or(Unsimulable::Detection)?;
        // A proof of its own is a part of what is encrypted.
        if let Some(ChallengeProof::Own(proof)) = &challenge.proof {
            self.prove(listener, proof, &mut asking, How::Right)?;
        }
        if let (Some(at), Some(decrypt)) = (&challenge.ciphertext, &listener.decrypt) {
            self.envelop(listener, decrypt, at, &mut asking)?;
            if matches!(at.as_path(), Some((roots::QUERY_PARAMS, _))) {
                asking.method = Method::GET;
            }
        }
        if let Some(ChallengeProof::Listener) = &challenge.proof {
            self.prove(listener, &listener.verification, &mut asking, How::Right)?;
        }
        Ok(asking)
    }
}

/// The request by which a challenge is detected, with everything that its answer reads.
fn ask(listener: &Listener, challenge: &Challenge, mut draft: Draft, token: &str) -> Option<Draft> {
    let accept = listener.accept;
    let demands = challenge.detection.demands()?;
    let mut wants_method = false;
    let mut wants_query = false;
    let mut wants_body = false;
    for demand in &demands {
        wants_method |= demand.root == roots::HTTP_METHOD;
        wants_query |= demand.root == roots::QUERY_PARAMS;
        wants_body |= matches!(demand.root, roots::PARSED_BODY | roots::RAW_BODY);
        let value =
            demand.value.as_ref().map_or_else(|| Json::from(token), tympan_expr::Value::to_json);
        if demand.value.is_some() || !place::has(&draft, accept, demand.root, &demand.keys) {
            place::put(&mut draft, accept, (demand.root, &demand.keys), &value).ok()?;
        }
    }
    let answers = challenge.response.headers.iter().map(|(_, value)| value);
    let answers = answers.chain(&challenge.response.body);
    let tokens = challenge.tokens.iter().map(|token| &token.payload);
    for expression in answers.chain(tokens) {
        for root in [roots::HEADERS, roots::QUERY_PARAMS, roots::PARSED_BODY] {
            let mut paths = Vec::new();
            if let Some(read) = expression.needs().paths(root) {
                leaves(read, &mut Vec::new(), &mut paths);
            }
            wants_body |= root == roots::PARSED_BODY && !paths.is_empty();
            for path in paths {
                let keys: Vec<&str> = path.iter().map(String::as_str).collect();
                if !keys.is_empty() && !place::has(&draft, accept, root, &keys) {
                    place::put(&mut draft, accept, (root, &keys), &Json::from(token)).ok()?;
                }
            }
        }
    }
    if wants_query && !wants_method && !wants_body {
        draft.method = Method::GET;
        draft.body.clear();
    }
    Some(draft)
}

/// Every path that is read to its end.
fn leaves(paths: &Paths, above: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    match paths {
        Paths::Whole => found.push(above.clone()),
        Paths::Keys(keys) => {
            for (key, below) in keys {
                above.push(key.clone());
                leaves(below, above, found);
                above.pop();
            }
        }
    }
}
