//! What a request on its way asks for, what it is given, and how it ends.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::Event;
use super::KeyRequest;
use super::Reply;
use crate::anchor::Anchored;
use crate::config::DestinationId;
use crate::fetched::Fetched;
use crate::outcome::Outcome;
use crate::outcome::Reason;
use crate::secret::Secret;

/// What a request needs next.
#[derive(Debug)]
pub enum Ask {
    /// The body, of at most so many bytes: answered with [`Input::Body`] or [`Input::NoBody`].
    Body {
        /// In bytes.
        limit: u64,
    },
    /// Keys of somebody who signs: answered with [`Input::Fetched`].
    Fetch(KeyRequest),
    /// Secrets to be stored, all of them or none: answered with [`Input::Captured`].
    Capture(Vec<Capture>),
    /// A URL to be called once, with GET: answered with [`Input::Called`].
    Call(Anchored),
    /// Events to be kept: answered with [`Input::Kept`].
    Append(EventRecord),
    /// This is the end: to be sent.
    Answer(Answer),
}

/// What the server got.
#[derive(Debug)]
pub enum Input {
    /// Nothing yet: the request has just arrived.
    Head,
    /// The whole body.
    Body(Bytes),
    /// No body, or not all of it.
    NoBody(BodyFault),
    /// What is known of all keys that are fetched, now.
    Fetched(Arc<Fetched>),
    /// What became of the secrets that came with a handshake.
    Captured(Captured),
    /// Whether a call was answered with a status of success; if not, why, for the operator.
    Called(Result<(), String>),
    /// What became of the events.
    Kept(Kept),
}

/// A secret that came with a handshake.
#[derive(Clone, Debug)]
pub struct Capture {
    /// What it is called.
    pub secret: String,
    /// How many values of it there may be.
    pub most: usize,
    /// Its value.
    pub value: Secret,
}

/// What became of secrets that came with a handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Captured {
    /// They are stored, and verify from the next request on.
    Stored,
    /// Nobody expects this one.
    NotArmed {
        /// The secret.
        secret: String,
    },
    /// They could not be stored.
    Failed {
        /// The secret.
        secret: String,
        /// Why.
        why: String,
    },
}

/// Why there is no body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFault {
    /// The connection broke off.
    Broken,
    /// It took too long.
    Slow,
    /// It is larger than asked for.
    TooLarge,
    /// There is no memory left for it.
    NoMemory,
}

/// What became of events that were to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Every destination has them.
    Stored,
    /// A destination did not take them in time.
    Late {
        /// The destination.
        destination: String,
        /// What is known about it.
        why: String,
    },
}

/// Events of one request, for their destinations.
#[derive(Debug)]
pub struct EventRecord {
    /// The events, in order.
    pub events: Vec<Event>,
    /// Where they go, in the configuration of the request's generation.
    pub deliver: Vec<DestinationId>,
    /// How long keeping them may take.
    pub within: Duration,
}

/// What is answered, and what the operator is told.
#[derive(Debug)]
pub struct Answer {
    /// What is sent.
    pub reply: Reply,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, unless it ended as it should.
    pub reason: Option<Reason>,
    /// Whether nothing more of this request can be read, so that the connection has to close.
    pub close: bool,
}
