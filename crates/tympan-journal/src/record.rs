//! What a journal is given, and what it gives.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

/// Everything that is kept of one request: all of it or nothing.
#[derive(Clone, Debug)]
pub struct Record {
    /// The listener.
    pub listener: Arc<str>,
    /// The generation of the configuration that judged it.
    pub generation: u64,
    /// When it came, in milliseconds since 1970.
    pub received: u64,
    /// What it is known by when it comes again.
    pub claim: Option<Claim>,
    /// What it made.
    pub entries: Vec<Entry>,
}

/// That no other record of the same listener is kept under the same key for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The key.
    pub key: Vec<u8>,
    /// For how long it counts.
    pub window: Duration,
}

/// One thing that is kept.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The event's id, which stays the same for ever.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// The event as it is delivered, or the request that gave none.
    pub body: Bytes,
    /// Why it is no event.
    pub reason: Option<String>,
    /// Where it goes.
    pub to: Vec<To>,
}

/// What is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An event.
    Event,
    /// A verified request that no event could be made of.
    Invalid,
    /// A request that was refused.
    Refused,
}

/// A destination of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct To {
    /// Its name.
    pub destination: Arc<str>,
    /// Deliveries of one key reach the destination one after the other.
    pub key: Option<i64>,
}

/// What became of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is kept; its entries have numbers from this one on.
    Stored(u64),
    /// Another one with its key is kept, whose first entry has this number.
    Duplicate(u64),
    /// There is no room for it now.
    Full(String),
    /// It may or may not be kept, as something broke.
    Failed(String),
}

/// A delivery of an event to a destination: the event's number, and the destination.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Delivery {
    /// The event's number in the journal.
    pub number: u64,
    /// The destination.
    pub destination: Arc<str>,
}

/// What is handed out.
#[derive(Debug, Default)]
pub struct Lease {
    /// To be delivered.
    pub leased: Vec<Leased>,
    /// When the next is due that is not now, in milliseconds since 1970.
    pub next: Option<u64>,
}

/// A delivery that is handed out.
#[derive(Clone, Debug)]
pub struct Leased {
    /// The event's number in the journal.
    pub number: u64,
    /// The event's id.
    pub id: String,
    /// The listener.
    pub listener: Arc<str>,
    /// When it came, in milliseconds since 1970.
    pub received: u64,
    /// When it was due for the first time: since then it counts as late.
    pub since: u64,
    /// How often it was tried.
    pub attempts: u32,
    /// The event.
    pub body: Bytes,
}

/// What became of a delivery.
#[derive(Clone, Debug)]
pub struct Settled {
    /// Which.
    pub delivery: Delivery,
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// What became of it.
    pub verdict: Verdict,
}

/// What became of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The destination has it.
    Delivered,
    /// To be tried again, not before this time in milliseconds since 1970.
    Again {
        /// When.
        due: u64,
        /// What went wrong.
        why: String,
        /// Whether it counts as a try.
        counts: bool,
    },
    /// Never to be tried again unless somebody asks for it.
    Dead {
        /// Why.
        why: String,
    },
    /// What is kept is not what was once kept.
    Damaged,
}

/// The limits of a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long what is delivered stays.
    pub age: Duration,
    /// How much all of it may take before what is delivered has to go, in bytes.
    pub size: u64,
    /// How long dead letters stay.
    pub dead: Duration,
    /// How much may wait for delivery until nothing more is taken, in bytes.
    pub backlog: u64,
    /// Whether records are on the disk once they are stored. Where they need not be, nothing of them
    /// takes syncs away from others.
    pub is_durable: bool,
}

impl Default for Settings {
    fn default() -> Self {
        const DAY: Duration = Duration::from_hours(24);
        let (age, dead) = (7 * DAY, 30 * DAY);
        Self { age, size: 10 << 30, dead, backlog: 10 << 30, is_durable: true }
    }
}

/// What was ordered of entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Obeyed {
    /// The numbers of those that were meant.
    pub numbers: Vec<u64>,
    /// How many of them it changed anything about.
    pub changed: usize,
}

/// What a journal holds, and how it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Why nothing can be kept at the moment, or ever again.
    pub fault: Option<String>,
    /// The last number that was given.
    pub last: u64,
    /// How many entries there are.
    pub entries: u64,
    /// How many bytes they have.
    pub bytes: u64,
    /// How many deliveries wait.
    pub waiting: u64,
    /// How many bytes they have.
    pub waiting_bytes: u64,
    /// How many deliveries are dead, with the requests that gave no event.
    pub dead: u64,
    /// How many records were kept since the start.
    pub appended: u64,
    /// How many came again.
    pub duplicates: u64,
    /// How many groups they were kept in.
    pub commits: u64,
    /// How many entries were found damaged since the start.
    pub damaged: u64,
    /// How many entries had been kept and were gone at the start.
    pub lost: u64,
}

/// Which entries are meant: everything that is said has to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Only those with numbers above this.
    pub after: u64,
    /// At most so many.
    pub most: usize,
    /// The one with this number.
    pub number: Option<u64>,
    /// Those with this id.
    pub id: Option<String>,
    /// Those of this listener.
    pub listener: Option<String>,
    /// Those that go to this destination.
    pub destination: Option<String>,
    /// Those in this state; of their delivery to the destination, if there is one.
    pub state: Option<State>,
    /// Those that came at this time or later, in milliseconds since 1970.
    pub since: Option<u64>,
    /// Those that came before this time.
    pub until: Option<u64>,
}

/// How far an entry or a delivery has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// To be delivered.
    Waiting,
    /// Nothing is left to be done.
    Delivered,
    /// It could not be delivered, or is no event.
    Dead,
}

/// An entry, without what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its number in the journal.
    pub number: u64,
    /// The event's id.
    pub id: String,
    /// The listener.
    pub listener: Arc<str>,
    /// The generation of the configuration that judged it.
    pub generation: u64,
    /// When it came, in milliseconds since 1970.
    pub received: u64,
    /// What it is.
    pub kind: Kind,
    /// How far it has come.
    pub state: State,
    /// How large it is, in bytes.
    pub size: u64,
    /// Why it is no event.
    pub reason: Option<String>,
    /// Its deliveries.
    pub deliveries: Vec<FoundDelivery>,
}

/// What an entry holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// As it is kept.
    pub body: Bytes,
    /// Whether that is what was once kept.
    pub is_whole: bool,
}

/// A delivery of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundDelivery {
    /// The destination.
    pub destination: Arc<str>,
    /// How far it has come.
    pub state: State,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is due, or when it ended, in milliseconds since 1970.
    pub due: u64,
    /// What went wrong the last time.
    pub why: Option<String>,
}
