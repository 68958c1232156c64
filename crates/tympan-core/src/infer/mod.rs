//! How an unknown provider signs, found out from one request and its secret.
//!
//! What providers are known to do is tried: every place that may hold a signature, every form of
//! the key, every payload, nearest to the usual first. A payload is tried as the expression that
//! will be printed, so that what is found is what a listener computes. Everything is bounded.

mod key;
mod payload;
mod place;
mod yaml;

use std::sync::Arc;

use crate::config::Loaded;
use crate::diagnostic;
use crate::keys::Secrets;
use crate::outcome::Outcome;
use crate::pipeline::Answer;
use crate::pipeline::Ask;
use crate::pipeline::Exchange;
use crate::pipeline::Generation;
use crate::pipeline::Head;
use crate::pipeline::Input;
use crate::pipeline::Kept;
use crate::pipeline::Live;
use crate::pipeline::RequestId;
use crate::request::Saved;
use crate::scheme::HashMode;
use crate::scheme::MacKey;
use crate::secret::Secret;

use self::key::KeyForm;
use self::payload::Payload;
use self::payload::Timestamp;
use self::place::Place;

/// Bytes that are hashed for one answer before it gives up.
const MOST_HASHED: usize = 256 << 20;

/// What is known of a provider.
#[derive(Clone, Copy, Debug)]
pub struct Captured<'c> {
    /// A request that it sent.
    pub request: &'c Saved,
    /// The secret that it was signed with.
    pub secret: &'c Secret,
    /// The file that holds the secret, as it will be named.
    pub secret_file: &'c str,
    /// The present, in seconds since 1970, if the request does not tell when it was sent.
    pub now: f64,
}

/// A scheme that fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inferred {
    /// A whole configuration whose only listener verifies the request.
    pub yaml: String,
    /// Why the request does not pass when it is run through that, if so.
    pub fault: Option<String>,
}

/// Everything of which a scheme that fits is made.
struct Found<'c> {
    place: Place,
    mode: HashMode,
    encoding: crate::scheme::Encoding,
    key: KeyForm,
    payload: Payload,
    timestamp: Option<Timestamp>,
    captured: Captured<'c>,
}

/// Finds out how a request is signed; `Err` tells how much was tried in vain.
///
/// # Errors
///
/// How many combinations were tried, if none fits.
pub fn infer(captured: Captured<'_>) -> Result<Inferred, usize> {
    let found = search(captured)?;
    let yaml = yaml::write(&found);
    let fault = check(&found, &yaml).err();
    Ok(Inferred { yaml, fault })
}

fn search(captured: Captured<'_>) -> Result<Found<'_>, usize> {
    let accept = place::accept(captured.request);
    let head = head(captured.request, captured.now);
    let mut budget = MOST_HASHED;
    let mut n_tried = 0;
    let forms = key::forms(captured.secret.expose());
    for place in place::places(captured.request) {
        let timestamps = payload::timestamps(captured.request, &place);
        let payloads = payload::payloads(captured.request, &head, accept, &place, &timestamps);
        for reading in place.readings() {
            let Some(mode) = reading.mode() else { continue };
            for form in &forms {
                let mac = MacKey::new(mode, &form.key);
                for payload in &payloads {
                    let cost = payload.bytes.len() + 128;
                    budget = budget.checked_sub(cost).ok_or(n_tried)?;
                    n_tried += 1;
                    if mac.verifies(&payload.bytes, std::iter::once(reading.tag)) {
                        return Ok(Found {
                            timestamp: payload.timestamp.and_then(|it| timestamps.get(it)).cloned(),
                            mode,
                            encoding: reading.encoding,
                            key: form.clone(),
                            payload: payload.clone(),
                            place: place.of(reading.text),
                            captured,
                        });
                    }
                }
            }
        }
    }
    Err(n_tried)
}

/// Runs the request through what was found.
fn check(found: &Found<'_>, yaml: &str) -> Result<(), String> {
    let (Loaded { config, diagnostics }, sources) =
        crate::load("inferred", yaml.as_bytes().to_vec());
    if diagnostics.refuse(false) {
        return Err(diagnostic::text(&diagnostics, &sources, false));
    }
    let secrets: Secrets = vec![Ok(vec![found.captured.secret.clone()])];
    let generation = Generation::compile(&config, 1, "");
    let live = Arc::new(Live::new(Arc::new(generation), &secrets, &Arc::default()));
    let request = found.captured.request;
    let now = found.timestamp.as_ref().and_then(Timestamp::seconds);
    let head = head(request, now.unwrap_or(found.captured.now));
    let mut exchange = Exchange::new(live, head);
    let mut input = Input::Head;
    loop {
        input = match exchange.step(input) {
            Ask::Body { .. } => Input::Body(request.body.clone()),
            Ask::Fetch(_) => Input::Fetched(Arc::default()),
            Ask::Call(_) => Input::Called(Ok(())),
            Ask::Append(_) => Input::Kept(Kept::Stored),
            Ask::Answer(Answer { outcome: Outcome::Accepted, .. }) => return Ok(()),
            Ask::Answer(Answer { outcome, reason, .. }) => {
                let why = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
                return Err(format!("the request is {outcome}{why}"));
            }
        };
    }
}

fn head(request: &Saved, now: f64) -> Head {
    Head {
        method: request.method.clone(),
        uri: request.uri.clone(),
        version: request.version,
        headers: request.headers.clone(),
        client: None,
        certificate: None,
        now,
        id: RequestId(0),
    }
}
