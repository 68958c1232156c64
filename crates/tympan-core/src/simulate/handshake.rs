//! A provider's set-up request.

use http::Method;
use serde_json::Value as Json;
use tympan_expr::Expression;
use tympan_expr::Paths;

use super::Draft;
use super::Simulation;
use super::Unsimulable;
use super::example;
use super::place;
use super::proof::How;
use crate::config::Accept;
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
        let said = (challenge, draft.clone(), token);
        let mut asking = match &challenge.ciphertext {
            Some(ciphertext) => self.greet_secretly(listener, ciphertext, said)?,
            None => self.greet_openly(listener, said)?,
        };
        if let Some(ChallengeProof::Listener) = &challenge.proof {
            self.prove(listener, &listener.verification, &mut asking, How::Right)?;
        }
        Ok(asking)
    }

    fn greet_openly(
        &self,
        listener: &Listener,
        (challenge, draft, token): (&Challenge, Draft, &str),
    ) -> Result<Draft, Unsimulable> {
        let (mut asking, is_get) = ask(listener.accept, challenge, draft, token)?;
        if is_get {
            asking.method = Method::GET;
            asking.body.clear();
        }
        if let Some(ChallengeProof::Own(proof)) = &challenge.proof {
            self.prove(listener, proof, &mut asking, How::Right)?;
        }
        Ok(asking)
    }

    /// The request of a challenge that lies encrypted at `ciphertext`: all but what the listener
    /// wants of everyone is said and proved within.
    fn greet_secretly(
        &self,
        listener: &Listener,
        ciphertext: &Expression,
        (challenge, mut draft, token): (&Challenge, Draft, &str),
    ) -> Result<Draft, Unsimulable> {
        if self.is_encrypted(listener, ciphertext, &draft) {
            return Ok(draft);
        }
        let (root, _) = ciphertext.as_path().ok_or(Unsimulable::Envelope)?;
        let decrypt = listener.decrypt.as_ref().ok_or(Unsimulable::Detection)?;
        let within =
            Listener { accept: decrypt.accept.unwrap_or(listener.accept), ..listener.clone() };
        // What lies elsewhere than in the body has nothing to do with what deliveries say.
        let is_in_body = root == roots::PARSED_BODY;
        if !is_in_body {
            draft.body = Simulation::empty_body(within.accept);
        }
        let (mut asking, _) = ask(within.accept, challenge, draft, token)?;
        if let Some(ChallengeProof::Own(proof)) = &challenge.proof {
            self.prove(&within, proof, &mut asking, How::Right)?;
        }
        self.envelop(listener, decrypt, ciphertext, &mut asking)?;
        let mut demands = challenge.detection.demands().into_iter().flatten();
        if root == roots::QUERY_PARAMS && demands.all(|it| it.root != roots::HTTP_METHOD) {
            asking.method = Method::GET;
        }
        Ok(asking)
    }
}

/// The request by which a challenge is detected, with everything that its answer reads, and whether it
/// is one without a body.
fn ask(
    accept: Accept,
    challenge: &Challenge,
    mut draft: Draft,
    token: &str,
) -> Result<(Draft, bool), Unsimulable> {
    let unplaced = |_| Unsimulable::Detection;
    let demands = challenge.detection.demands().ok_or(Unsimulable::Detection)?;
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
            place::put(&mut draft, accept, (demand.root, &demand.keys), &value)
                .map_err(unplaced)?;
        }
    }
    if let Some(call) = &challenge.call {
        let (root, keys) = call.url.as_path().ok_or(Unsimulable::Called)?;
        wants_body |= root == roots::PARSED_BODY;
        if !place::has(&draft, accept, root, &keys) {
            let url = example::url(&call.anchor).ok_or(Unsimulable::Called)?;
            place::put(&mut draft, accept, (root, &keys), &Json::from(url)).map_err(unplaced)?;
        }
    }
    for expression in read_by(challenge) {
        for root in [roots::HEADERS, roots::QUERY_PARAMS, roots::PARSED_BODY] {
            let mut paths = Vec::new();
            if let Some(read) = expression.needs().paths(root) {
                leaves(read, &mut Vec::new(), &mut paths);
            }
            wants_body |= root == roots::PARSED_BODY && !paths.is_empty();
            for path in paths {
                let keys: Vec<&str> = path.iter().map(String::as_str).collect();
                if !keys.is_empty() && !place::has(&draft, accept, root, &keys) {
                    place::put(&mut draft, accept, (root, &keys), &Json::from(token))
                        .map_err(unplaced)?;
                }
            }
        }
    }
    Ok((draft, wants_query && !wants_method && !wants_body))
}

/// What its answer is made of, and what is stored before.
fn read_by(challenge: &Challenge) -> impl Iterator<Item = &Expression> {
    let response = &challenge.response;
    let answers = response.headers.iter().map(|(_, value)| value).chain(&response.body);
    let message = response.encrypt.iter().map(|encrypt| &encrypt.message);
    let tokens = challenge.tokens.iter().map(|token| &token.signing.payload);
    let captured = challenge.captures.iter().map(|capture| &capture.value);
    answers.chain(message).chain(tokens).chain(captured)
}

/// Every path that is read to its end.
fn leaves(paths: &Paths, above: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    match paths {
        Paths::Whole => found.push(above.clone()),
        Paths::Keys(keys) => {
            for (key, below) in keys {
                above.push(key.to_string());
                leaves(below, above, found);
                above.pop();
            }
        }
    }
}
