//! Where accepted events are until their destinations have them.
//!
//! ```text
//! append ──▶ kept ──lease──▶ on its way ──settle──▶ delivered | waits again | dead
//! ```
//!
//! [`Journal`] says what can be asked of one: everything is asynchronous and comes in batches, and
//! everything that is known of a delivery (attempts, when it is due, who has it) is known to the
//! journal, so that whoever delivers can be stopped at any moment. [`Embedded`] keeps it in a file
//! of the machine.

pub mod clock;
mod embedded;
mod record;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::Notify;

pub use embedded::Embedded;
pub use embedded::OpenError;
pub use record::Appended;
pub use record::Claim;
pub use record::Content;
pub use record::Delivery;
pub use record::Entry;
pub use record::Found;
pub use record::FoundDelivery;
pub use record::Kind;
pub use record::Lease;
pub use record::Leased;
pub use record::Obeyed;
pub use record::Query;
pub use record::Record;
pub use record::Settings;
pub use record::Settled;
pub use record::State;
pub use record::Stats;
pub use record::To;
pub use record::Verdict;

/// Something that is there later.
pub type Later<'j, T> = Pin<Box<dyn Future<Output = T> + Send + 'j>>;

/// A place where events are kept, and handed out to whoever delivers them.
pub trait Journal: fmt::Debug + Send + Sync {
    /// Keeps records: each is durable once its answer is [`Appended::Stored`]. Whoever stops waiting
    /// may have its records kept all the same.
    fn append(&self, records: Vec<Record>) -> Later<'_, Vec<Appended>>;

    /// Hands out deliveries to a destination that are due now (in milliseconds since 1970), at most
    /// so many and about so many bytes, those that have waited longest first. Nobody else gets them
    /// until they are settled, or whoever has them is gone.
    fn lease(&self, destination: &str, now: u64, most: usize, bytes: u64) -> Later<'_, Lease>;

    /// Tells what became of deliveries. It is known for good at some later time: until then the
    /// same deliveries may come again after a crash.
    fn settle(&self, settled: Vec<Settled>) -> Later<'_, ()>;

    /// Ends once nothing waits any more for an entry, and tells whether every destination has it. One
    /// that is gone by now had come to its end, or was dropped: nobody wants it again.
    fn finished(&self, number: u64) -> Later<'_, bool>;

    /// Told whenever something may be due at a destination.
    fn arrivals(&self, destination: &str) -> Arc<Notify>;

    /// What it holds, and how it is.
    fn stats(&self) -> Stats;

    /// The entries that are meant, in the order of their numbers; or why nobody can tell.
    fn find(&self, query: Query) -> Later<'_, Result<Vec<Found>, String>>;

    /// What an entry holds.
    fn content(&self, number: u64) -> Later<'_, Result<Option<Content>, String>>;

    /// Has entries delivered once more, with all their tries before them: to one destination, if
    /// that is part of what is meant, or to all of theirs. What waits already goes on waiting.
    fn replay(&self, query: Query, now: u64) -> Later<'_, Result<Obeyed, String>>;

    /// Forgets entries, or their deliveries to one destination.
    fn drop(&self, query: Query) -> Later<'_, Result<Obeyed, String>>;

    /// Takes other limits from now on.
    fn set(&self, settings: Settings);

    /// Keeps what was handed in so far, and ends.
    fn close(&self) -> Later<'_, ()>;
}
