//! What the threads of a journal know of each other.

use std::collections::HashMap;
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::OnceLock;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use tokio::sync::Notify;

use crate::Settings;
use crate::Stats;
use crate::embedded::fault::Fault;

/// What the writer, the readers and whoever asks have in common.
#[derive(Debug, Default)]
pub(super) struct Common {
    /// How many bytes wait for the writer.
    pub(super) queued: AtomicU64,
    /// Why nothing is written any more.
    pub(super) sealed: OnceLock<String>,
    /// The last number that is as durable as it has to be: nothing behind it is handed out.
    pub(super) kept: AtomicU64,
    pub(super) settings: Mutex<Settings>,
    pub(super) stats: Mutex<Stats>,
    /// The deliveries that somebody has, by destination.
    pub(super) leased: Mutex<HashMap<Arc<str>, HashSet<u64>>>,
    pub(super) arrivals: Mutex<HashMap<Arc<str>, Arc<Notify>>>,
    /// Who waits for the end of an entry.
    pub(super) ends: Mutex<HashMap<u64, Arc<Notify>>>,
}

impl Common {
    pub(super) fn arrivals(&self, destination: &str) -> Arc<Notify> {
        let mut arrivals = lock(&self.arrivals);
        if let Some(known) = arrivals.get(destination) {
            return Arc::clone(known);
        }
        Arc::clone(arrivals.entry(Arc::from(destination)).or_default())
    }

    pub(super) fn settings(&self) -> Settings {
        *lock(&self.settings)
    }

    /// Everything up to a number is as durable as it has to be.
    pub(super) fn keep(&self, number: u64) {
        self.kept.fetch_max(number, Ordering::Relaxed);
    }

    /// Wakes whoever waits for something that is due.
    pub(super) fn notify_all(&self) {
        for arrival in lock(&self.arrivals).values() {
            arrival.notify_one();
        }
    }

    /// Wakes whoever waits for the end of an entry.
    pub(super) fn tell_end(&self, number: u64) {
        if let Some(end) = lock(&self.ends).remove(&number) {
            end.notify_waiters();
        }
    }

    /// Fails if nothing is written any more.
    pub(super) fn unsealed(&self) -> Result<(), Fault> {
        self.sealed.get().map_or(Ok(()), |why| Err(Fault::Sealed(why.clone())))
    }

    /// Nothing is written any more.
    pub(super) fn seal(&self, database: &Path, why: &str) {
        if self.sealed.set(why.to_owned()).is_ok() {
            let file = database.display().to_string();
            tracing::error!(file, why, "the journal takes nothing more until a restart");
        }
        self.tell_fault(why.to_owned());
    }

    /// Tells why nothing is taken; what is final stands.
    pub(super) fn tell_fault(&self, why: String) {
        let mut stats = lock(&self.stats);
        let sealed = self.sealed.get().map(|why| format!("{why}; restart to go on"));
        let why = sealed.unwrap_or(why);
        if stats.fault.is_none() {
            tracing::warn!(why, "the journal takes nothing");
        }
        stats.fault = Some(why);
    }

    /// Tells of a damaged entry, and what follows from it.
    pub(super) fn tell_damaged(&self, database: &Path, number: u64, follows: &str) {
        let file = database.display().to_string();
        tracing::error!(file, number, "an entry of the journal is damaged: {follows}");
        lock(&self.stats).damaged += 1;
    }
}

/// Nobody who panics while holding one of these leaves something half done.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
