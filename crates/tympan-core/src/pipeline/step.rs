//! What a request on its way asks for, what it is given, and how it ends.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::Event;
use super::KeyRequest;
use super::Reply;
use crate::anchor::Anchored;
use crate::config::Ack;
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
    Fetch(Box<KeyRequest>),
    /// Secrets to be stored, all of them or none: answered with [`Input::Captured`].
    Capture(Vec<Capture>),
    /// A URL to be called once, with GET: answered with [`Input::Called`].
    Call(Anchored),
    /// Events to be kept: answered with [`Input::Kept`].
    Append(Box<EventRecord>),
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
    /// They are kept, as the listener's `ack` means it.
    Stored,
    /// Those of an earlier request with the same key are.
    Duplicate,
    /// They may not be kept.
    NotKept {
        /// What is known about it.
        why: String,
    },
}

/// What one request made, to be kept.
#[derive(Debug)]
pub struct EventRecord {
    /// The events, in order.
    pub events: Vec<Event>,
    /// Why there are none, and what is kept instead.
    pub dead: Option<DeadLetter>,
    /// What the request is known by when it comes again.
    pub claim: Option<Claim>,
    /// When it is answered.
    pub ack: Ack,
    /// How long keeping them may take.
    pub within: Duration,
}

/// A verified request that no event could be made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// What may be kept of the request, as JSON.
    pub request: Bytes,
    /// Why.
    pub reason: Reason,
}

/// What a request is known by when it comes again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The key, among those of its listener.
    pub key: String,
    /// How long it counts.
    pub window: Duration,
}

impl EventRecord {
    /// Where the events go, in the configuration of the request's generation.
    #[must_use]
    pub fn deliver(&self) -> Vec<DestinationId> {
        let all: BTreeSet<_> = self.events.iter().flat_map(|event| event.to.iter()).collect();
        all.into_iter().copied().collect()
    }
}

/// What is answered, and what the operator is told.
#[derive(Debug)]
pub struct Answer {
    /// What is sent.
    pub reply: Reply,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, unless it ended as it should.
    pub reason: Option<Box<Reason>>,
    /// Whether nothing more of this request can be read, so that the connection has to close.
    pub close: bool,
}

/// What is answered once something is kept.
pub(super) struct Pending {
    pub(super) reply: Reply,
    pub(super) outcome: Outcome,
    pub(super) reason: Option<Box<Reason>>,
}
