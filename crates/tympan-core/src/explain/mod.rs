//! Why a request ends as it does: every stage with its place in the file and the values that
//! decided, and for a proof that fails the likeliest cause.
//!
//! The [`Exchange`] decides here as it does where requests are served; whoever explains only looks
//! on (`pipeline/watch.rs`). What is told is for the operator: it holds no secret and
//! nothing that was computed with one.

mod alternatives;
mod cause;
mod challenge;
mod expression;
mod look;
mod proof;
mod render;
mod shown;
mod suspects;
mod token;
mod written;

use std::sync::Arc;

use bytes::Bytes;

use crate::config::Config;
use crate::config::JwtKeys;
use crate::config::Verification;
use crate::keys::KeyForm;
use crate::keys::Secrets;
use crate::outcome::Outcome;
use crate::outcome::Reason;
use crate::pipeline::Answer;
use crate::pipeline::Ask;
use crate::pipeline::BodyFault;
use crate::pipeline::Captured;
use crate::pipeline::EventRecord;
use crate::pipeline::Exchange;
use crate::pipeline::Generation;
use crate::pipeline::Head;
use crate::pipeline::Input;
use crate::pipeline::Kept;
use crate::pipeline::Live;
use crate::pipeline::Reply;
use crate::span::Sources;
use crate::span::Span;

use self::shown::Shown;

pub(crate) use cause::Reading;
pub(crate) use cause::readings;
pub use render::json;
pub use render::text;

/// What is to be explained.
#[derive(Debug)]
pub struct Question<'q> {
    /// The configuration, which has no mistakes.
    pub config: &'q Config,
    /// What it was read from.
    pub sources: &'q Sources,
    /// The values of its secrets.
    pub secrets: &'q Secrets,
    /// The request's head; its instant is that at which it is judged.
    pub head: Head,
    /// The request's body.
    pub body: Bytes,
    /// The listener, in the place of the one that the path belongs to.
    pub listener: Option<usize>,
    /// What is to be said about how the request was read.
    pub notes: Vec<String>,
}

/// Why a request ends as it does.
#[derive(Debug)]
pub struct Explanation {
    /// What came in.
    pub request: Came,
    /// Every stage that was reached, in order.
    pub stages: Vec<Stage>,
    /// How it ended.
    pub end: End,
    /// How it would end if everything verified that could not be checked for lack of a secret.
    pub if_verified: Option<End>,
    /// What is most likely wrong, the likeliest first.
    pub causes: Vec<String>,
}

/// What came in.
#[derive(Debug)]
pub struct Came {
    /// The method.
    pub method: String,
    /// The path and the query.
    pub target: String,
    /// The length of the body.
    pub bytes: usize,
    /// The instant at which it is judged, in seconds since 1970.
    pub at: f64,
    /// What is to be said about how it was read.
    pub notes: Vec<String>,
}

/// One stage of a request's life, and what it decided.
#[derive(Clone, Debug)]
pub struct Stage {
    /// Which.
    pub kind: Kind,
    /// What it decided, in words.
    pub decision: String,
    /// Where the file says so.
    pub at: Option<Span>,
    /// What was looked at.
    pub details: Vec<Detail>,
    /// Whether it is only reached if everything verifies that could not be checked.
    pub assumed: bool,
    /// Which of several stages of one kind.
    index: usize,
}

/// Something that was looked at.
#[derive(Clone, Debug)]
pub enum Detail {
    /// A fact: what it is about, and what it is.
    Fact(&'static str, String),
    /// An expression or a part of one: as it is written, and its value.
    Value(String, String),
}

/// The stages, in the order in which they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is named as the key that it obeys")]
pub enum Kind {
    Route,
    Method,
    Challenge,
    Body,
    Verify,
    Decrypt,
    MediaType,
    Decode,
    Let,
    Reject,
    Schema,
    Filter,
    Events,
}

/// How a request ended.
#[derive(Debug)]
pub struct End {
    /// The outcome.
    pub outcome: Outcome,
    /// Why, unless it ended as it should.
    pub reason: Option<Reason>,
    /// What is answered, without anything that was computed with a secret.
    pub reply: Reply,
}

impl Kind {
    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Route => "route",
            Self::Method => "method",
            Self::Challenge => "challenge",
            Self::Body => "body",
            Self::Verify => "verify",
            Self::Decrypt => "decrypt",
            Self::MediaType => "type",
            Self::Decode => "decode",
            Self::Let => "let",
            Self::Reject => "reject",
            Self::Schema => "schema",
            Self::Filter => "filter",
            Self::Events => "events",
        }
    }
}

/// The first of several paths that a listener has.
pub fn first<'p>(config: &Config, mut paths: impl Iterator<Item = &'p str>) -> Option<usize> {
    let generation = Generation::compile(config, 1, "");
    paths.position(|path| generation.route(path).is_some())
}

/// Takes a request through to its end, and tells about every stage of it.
#[must_use]
pub fn explain(question: &Question<'_>) -> Explanation {
    let shown = Shown::new(question.secrets, &question.head);
    let mut explanation = take_through(question);
    // Everything that is told goes through here, wherever it comes from.
    let mut mask = |text: &mut String| *text = shown.masked(text);
    mask(&mut explanation.request.target);
    explanation.causes.iter_mut().for_each(&mut mask);
    for stage in &mut explanation.stages {
        mask(&mut stage.decision);
        for detail in &mut stage.details {
            let (Detail::Fact(_, text) | Detail::Value(_, text)) = detail;
            mask(text);
        }
    }
    let ends = [Some(&mut explanation.end), explanation.if_verified.as_mut()];
    for end in ends.into_iter().flatten() {
        shown.mask_reply(&mut end.reply);
    }
    explanation
}

fn take_through(question: &Question<'_>) -> Explanation {
    let config = question.config;
    let came = Came {
        method: question.head.method.to_string(),
        target: question.head.uri.path_and_query().map_or("/", |it| it.as_str()).to_owned(),
        bytes: question.body.len(),
        at: question.head.now,
        notes: question.notes.clone(),
    };
    let whole = Arc::new(compile(question, config));
    let Some(listener) = routed(question, &whole) else {
        let (end, ..) = run(question, &whole, None);
        let (stages, causes) = look::nowhere(config, &came.target);
        return Explanation { request: came, stages, end, if_verified: None, causes };
    };

    let look = look::Look::new(question, listener);
    let unresolved = unresolved(&config.listeners[listener].verification, config, question.secrets);
    let is_fetched = || run(question, &whole, None).0.reason.is_some_and(|it| it.is_of_fetch());
    if unresolved.is_empty() || (is_ready(&whole, listener) && !is_fetched()) {
        let (end, record) = run(question, &whole, Some(&look));
        let (stages, causes) = look.end(&end, record.as_ref(), None);
        return Explanation { request: came, stages, end, if_verified: None, causes };
    }

    // What cannot be checked is left out of a copy of the configuration, and everything else runs
    // as it is: the machine has no way to take an unproven request for a proven one.
    let (end, _) = run(question, &whole, None);
    let mut listeners = config.listeners.clone();
    let verification = &mut listeners[listener].verification;
    leave_out(verification, &unresolved, &mut 0);
    let supposed = Config { listeners, ..copy(config) };
    let supposed = Arc::new(compile(question, &supposed));
    let (if_verified, record) = run(question, &supposed, Some(&look));
    if end.outcome != Outcome::NotReady {
        // It ended before anyone asked for a proof, both ways alike.
        let (stages, causes) = look.end(&if_verified, None, None);
        let end = if_verified;
        return Explanation { request: came, stages, end, if_verified: None, causes };
    }
    let (stages, mut causes) = look.end(&if_verified, record.as_ref(), Some(&unresolved));
    if let Some(reason) = &end.reason {
        causes.insert(0, reason.to_string());
    }
    Explanation { request: came, stages, end, if_verified: Some(if_verified), causes }
}

/// As the server does it, but without the destinations: they are taken to have the events.
fn run(
    question: &Question<'_>,
    live: &Arc<Live>,
    look: Option<&look::Look<'_>>,
) -> (End, Option<EventRecord>) {
    let mut exchange = Exchange::new(Arc::clone(live), question.head.clone());
    let mut record = None;
    let mut input = Input::Head;
    loop {
        let watch = look.map(|look| look as &dyn crate::pipeline::Watch);
        input = match exchange.step_watched(input, watch) {
            Ask::Answer(Answer { mut reply, outcome, reason, .. }) => {
                if let Some(look) = look {
                    look.shown().mask_reply(&mut reply);
                }
                let reason = reason.map(|reason| *reason);
                return (End { outcome, reason, reply }, record);
            }
            Ask::Body { limit } => {
                let size = question.body.len() as u64;
                if let Some(look) = look {
                    look.body(size, limit);
                }
                if size > limit {
                    Input::NoBody(BodyFault::TooLarge)
                } else {
                    Input::Body(question.body.clone())
                }
            }
            Ask::Capture(_) => Input::Captured(Captured::Stored),
            // Whoever explains goes nowhere: such proofs are left out, see `unresolved`.
            Ask::Fetch(_) => Input::Fetched(Arc::default()),
            Ask::Call(_) => Input::Called(Ok(())),
            Ask::Append(events) => {
                record = Some(*events);
                Input::Kept(Kept::Stored)
            }
        };
    }
}

fn compile(question: &Question<'_>, config: &Config) -> Live {
    let generation = Generation::compile(config, 1, "");
    let generation = match question.listener {
        Some(listener) => generation.only(listener),
        None => generation,
    };
    Live::new(Arc::new(generation), question.secrets, &Arc::default())
}

fn routed(question: &Question<'_>, live: &Arc<Live>) -> Option<usize> {
    let mut exchange = Exchange::new(Arc::clone(live), question.head.clone());
    exchange.step(Input::Head);
    exchange.listener_index()
}

fn is_ready(live: &Live, listener: usize) -> bool {
    let state = live.listeners().nth(listener).map(|listener| listener.state);
    state == Some(&crate::pipeline::ListenerState::Serving)
}

/// Which proofs of a listener have no secret, counted as they are written.
fn unresolved(verification: &Verification, config: &Config, secrets: &Secrets) -> Vec<usize> {
    let is_missing = |secret: crate::config::SecretId| {
        secrets
            .get(secret.0)
            .is_none_or(|found| found.as_ref().is_ok_and(Vec::is_empty) || found.is_err())
    };
    let leaves = leaves(verification);
    let missing = leaves.iter().enumerate().filter(|(_, leaf)| match leaf {
        Verification::Signature(check)
            if check.certificate.is_some() || check.fetched_key.is_some() =>
        {
            true
        }
        Verification::Signature(check) => check.secret.is_some_and(|secret| {
            let values = secrets.get(secret.0).and_then(|found| found.as_ref().ok());
            let forms = KeyForm::of_signature(check);
            let is_unusable = values
                .is_some_and(|values| forms.iter().any(|form| form.unusable(values).is_some()));
            is_missing(secret) || is_unusable
        }),
        Verification::Token(check) => is_missing(check.secret),
        Verification::Basic(check) => is_missing(check.secret),
        Verification::Credential(check) => config.secret_of(check.client).is_none_or(is_missing),
        Verification::Jwt(check) => {
            matches!(check.keys, JwtKeys::Fetched(_) | JwtKeys::Asked(_))
                || check.secret().is_some_and(is_missing)
        }
        _ => false,
    });
    missing.map(|(number, _)| number).collect()
}

/// The proofs of a listener as they are written, without the groups that they stand in.
fn leaves(verification: &Verification) -> Vec<&Verification> {
    match verification {
        Verification::Any(list) | Verification::All(list) => list.iter().flat_map(leaves).collect(),
        leaf => vec![leaf],
    }
}

fn leave_out(verification: &mut Verification, numbers: &[usize], count: &mut usize) {
    match verification {
        Verification::Any(list) | Verification::All(list) => {
            for entry in list {
                leave_out(entry, numbers, count);
            }
        }
        leaf => {
            if numbers.contains(count) {
                *leaf = Verification::None("it cannot be checked here".to_owned());
            }
            *count += 1;
        }
    }
}

/// What a generation is compiled of, but the listeners.
fn copy(config: &Config) -> Config {
    Config {
        server: config.server.clone(),
        secrets: config.secrets.clone(),
        clients: config.clients.clone(),
        token_key: config.token_key,
        destinations: config.destinations.clone(),
        ..Config::default()
    }
}
