//! Keeping requests that were refused: beside everything else, and only as far as there is room.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::Semaphore;
use tympan_core::config::RateLimit;
use tympan_core::outcome::Outcome;
use tympan_core::pipeline::Answer;
use tympan_core::pipeline::Exchange;
use tympan_core::rate::Rate;
use tympan_journal::Entry;
use tympan_journal::Journal;
use tympan_journal::Kind;
use tympan_journal::Record;
use tympan_journal::Settings;
use tympan_journal::Stats;

use crate::clock;
use crate::journal::Journals;

/// How many of one kind are kept: so many at once, and beyond that one a second, so that a flood of one
/// kind does not push out all others.
const SHARE: RateLimit = RateLimit { requests: 100, per: Duration::from_secs(100) };

/// How many kinds are told apart.
const MOST_KINDS: usize = 4096;

/// How many bytes of them may be on their way to the disk, and as how many each counts at least.
const MOST_BYTES: usize = 8 << 20;
const LEAST_BYTES: usize = 32 << 10;

/// Requests of one listener that end alike.
type Alike = (String, Outcome);

/// Where refused requests are kept: in a journal of their own, which is not synced.
#[derive(Debug)]
pub(crate) struct KeptRefusals {
    journals: Journals,
    is_opened: AtomicBool,
    shares: Mutex<HashMap<Alike, Rate>>,
    room: Room,
    left_out: AtomicU64,
}

/// The memory for those that are on their way to the disk.
#[derive(Debug)]
struct Room(Arc<Semaphore>);

impl KeptRefusals {
    pub(crate) fn new() -> Self {
        Self {
            journals: Journals::new("refused request"),
            is_opened: AtomicBool::new(false),
            shares: Mutex::default(),
            room: Room::new(),
            left_out: AtomicU64::new(0),
        }
    }

    /// Opens the journal that they are kept in, unless it is open.
    pub(crate) async fn open(&self, folder: PathBuf, settings: Settings) {
        if !self.is_opened.swap(true, Ordering::Relaxed) {
            self.journals.open(folder, settings).await;
        }
    }

    /// Takes other limits from now on.
    pub(crate) fn set(&self, settings: Settings) {
        self.journals.set(settings);
    }

    /// What they are kept in, or why there is nothing.
    pub(crate) fn journal(&self) -> Result<Arc<dyn Journal>, Arc<str>> {
        if self.is_opened.load(Ordering::Relaxed) {
            return self.journals.get();
        }
        Err("no listener has `keep: refused`".into())
    }

    /// What is kept, and how many were left out.
    pub(crate) fn stats(&self) -> (Stats, u64) {
        (self.journals.stats(), self.left_out.load(Ordering::Relaxed))
    }

    /// Keeps a request that was refused, if there is room for it. Nobody waits for that.
    pub(crate) fn keep(&self, exchange: &Exchange, answer: &Answer, generation: u64) {
        let listener = exchange.listener().unwrap_or_default();
        let is_one_too_many = !self.admits(listener, answer.outcome, exchange.head().now);
        // Taken before it is made.
        let room = self.room.take(exchange.most_refused());
        let (false, Some(room), Ok(journal)) = (is_one_too_many, room, self.journals.get()) else {
            self.left_out.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let why = answer.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let entry = Entry {
            id: exchange.head().id.to_string(),
            kind: Kind::Refused,
            body: exchange.refused(answer),
            reason: Some(format!("{}{why}", answer.outcome)),
            to: Vec::new(),
        };
        let (listener, received) = (listener.into(), clock::steady());
        let (claim, entries) = (None, vec![entry]);
        let record = Record { listener, generation, received, claim, entries };
        tokio::spawn(async move {
            // Whether it could be kept is told in what the journal says of itself.
            journal.append(vec![record]).await;
            drop(room);
        });
    }

    /// Ends, with everything on the disk that was handed in.
    pub(crate) async fn close(&self) {
        self.journals.close().await;
    }

    fn admits(&self, listener: &str, outcome: Outcome, now: f64) -> bool {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        if shares.len() >= MOST_KINDS {
            shares.clear();
        }
        let share = shares.entry((listener.to_owned(), outcome)).or_default();
        share.admit(SHARE, now).is_ok()
    }
}

impl Room {
    fn new() -> Self {
        Self(Arc::new(Semaphore::new(MOST_BYTES)))
    }

    /// Room for one of so many bytes, until it is dropped.
    fn take(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let bytes = u32::try_from(bytes.max(LEAST_BYTES)).ok()?;
        Arc::clone(&self.0).try_acquire_many_owned(bytes).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::LEAST_BYTES;
    use super::MOST_BYTES;
    use super::Room;

    #[test]
    fn large_ones_take_the_room_of_many() {
        for (bytes, count) in
            [(0, 256), (LEAST_BYTES, 256), (MOST_BYTES / 4, 4), (MOST_BYTES + 1, 0)]
        {
            let room = Room::new();
            let mut taken: Vec<_> = std::iter::from_fn(|| room.take(bytes)).collect();
            assert_eq!(taken.len(), count, "{bytes}");
            // Whatever is done makes room for another.
            let had_one = taken.pop().is_some();
            assert_eq!(room.take(bytes).is_some(), had_one, "{bytes}");
        }
    }
}
