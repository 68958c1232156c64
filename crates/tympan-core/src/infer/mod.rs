//! How an unknown provider proves itself, found out from one request and its secret.
//!
//! What providers are known to do is tried: every place that may hold a signature, every form of
//! the key, every payload, nearest to the usual first. A payload is tried as the expression that
//! will be printed, so that what is found is what a listener computes. Everything is bounded.

mod key;
mod payload;
mod place;
mod public;
mod shown;
mod yaml;

use std::sync::Arc;

use serde_json::Map;
use serde_json::Value as Json;

use crate::config::Loaded;
use crate::diagnostic;
use crate::jwt;
use crate::keys::Secrets;
use crate::outcome::Outcome;
use crate::pipeline;
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
use crate::scheme::Algorithm;
use crate::scheme::Encoding;
use crate::scheme::HashMode;
use crate::scheme::MacKey;
use crate::secret::Secret;

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

/// A scheme that fits.
enum Scheme {
    Signature(Box<Signed>),
    /// The secret itself, at a place that an expression reads, behind a text.
    Token {
        read: String,
        prefix: String,
    },
    /// The secret as the password of a user.
    Basic {
        username: String,
    },
    Jwt(Issued),
}

/// Everything of which a signature that fits is made.
struct Signed {
    place: Place,
    algorithm: Algorithm,
    mode: HashMode,
    encoding: Encoding,
    /// What `key:` holds; `None` is the secret as it stands.
    key: Option<String>,
    payload: Payload,
    timestamp: Option<Timestamp>,
}

/// A JSON Web Token that fits.
struct Issued {
    /// The expression that reads it.
    read: String,
    algorithm: jwt::Algorithm,
    claims: Map<String, Json>,
    /// The public key that verifies it, unless the secret does.
    public: Option<String>,
}

impl Scheme {
    /// When the request was sent, if it tells.
    fn sent_at(&self) -> Option<f64> {
        match self {
            Self::Signature(signed) => signed.timestamp.as_ref().and_then(Timestamp::seconds),
            Self::Jwt(issued) => {
                let instant = |claim: &str| issued.claims.get(claim).and_then(Json::as_f64);
                instant("iat").or(instant("nbf")).or_else(|| Some(instant("exp")? - 1.0))
            }
            Self::Token { .. } | Self::Basic { .. } => None,
        }
    }
}

/// Finds out how a request is signed; `Err` tells how much was tried in vain.
///
/// # Errors
///
/// How many combinations were tried, if none fits.
pub fn infer(captured: Captured<'_>) -> Result<Inferred, usize> {
    let found = search(captured)
        .or_else(|n_tried| public::search(captured).map_err(|n_more| n_tried + n_more))
        .or_else(|n_tried| shown::search(captured).ok_or(n_tried))?;
    let yaml = yaml::write(captured, &found);
    let fault = check(captured, &found, &yaml).err();
    Ok(Inferred { yaml, fault })
}

/// An HMAC that fits, or how much was tried in vain.
fn search(captured: Captured<'_>) -> Result<Scheme, usize> {
    let accept = place::accept(captured.request);
    let head = head(captured.request, captured.now);
    let mut budget = MOST_HASHED;
    let mut n_tried = 0;
    let forms = key::forms(captured.secret.expose());
    for place in place::places(captured.request, |place| !place.readings().is_empty()) {
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
                    if mac.verifies(&payload.bytes, &[reading.tag]) {
                        return Ok(Scheme::Signature(Box::new(Signed {
                            timestamp: payload.timestamp.and_then(|it| timestamps.get(it)).cloned(),
                            algorithm: Algorithm::Hmac,
                            mode,
                            encoding: reading.encoding,
                            key: form.written.clone(),
                            payload: payload.clone(),
                            place: place.of(reading.text),
                        })));
                    }
                }
            }
        }
    }
    Err(n_tried)
}

/// Runs the request through what was found.
fn check(captured: Captured<'_>, found: &Scheme, yaml: &str) -> Result<(), String> {
    let (Loaded { config, diagnostics }, sources) =
        crate::load("inferred", yaml.as_bytes().to_vec());
    if diagnostics.refuse(false) {
        return Err(diagnostic::text(&diagnostics, &sources, false));
    }
    let secrets: Secrets =
        config.secrets.iter().map(|_| Ok(vec![captured.secret.clone()])).collect();
    let generation = Generation::compile(&config, 1, "");
    let live = Arc::new(Live::new(Arc::new(generation), &secrets, &Arc::default()));
    let request = captured.request;
    let head = head(request, found.sent_at().unwrap_or(captured.now));
    let mut exchange = Exchange::new(live, head);
    let mut input = Input::Head;
    loop {
        input = match exchange.step(input) {
            Ask::Body { .. } => Input::Body(request.body.clone()),
            Ask::Fetch(_) => Input::Fetched(Arc::default()),
            Ask::Capture(_) => Input::Captured(pipeline::Captured::Stored),
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
