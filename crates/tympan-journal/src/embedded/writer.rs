//! The thread that writes: groups of whatever has come up, durable before anybody is told.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;
use std::time::Instant;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::Common;
use super::lock;
use crate::Appended;
use crate::Obeyed;
use crate::OpenError;
use crate::Record;
use crate::Settled;
use crate::embedded::fault::Fault;
use crate::embedded::inspect::Order;
use crate::embedded::place::Place;
use crate::embedded::schema;
use crate::embedded::tidy::Tidy;
use crate::embedded::write::Counts;
use crate::embedded::write::News;
use crate::embedded::write::Write;

/// How many jobs and bytes are made durable at once.
const MOST_JOBS: usize = 1024;
const MOST_BYTES: u64 = 8 << 20;

/// How much is written to the write-ahead log before it is put into the database, in bytes. The file
/// itself does not tell, as it is written over from its beginning and never becomes smaller.
const LOG_SIZE: u64 = 32 << 20;

/// What a group writes beside its records, and a settled delivery, about.
const GROUP_SIZE: u64 = 16 << 10;
const SETTLED_SIZE: u64 = 512;

/// How often the journal is tidied up.
const TICK: Duration = Duration::from_secs(1);

/// What is asked of the writer.
pub(super) enum Job {
    Append {
        records: Vec<Record>,
        bytes: u64,
        answer: oneshot::Sender<Vec<Appended>>,
    },
    Settle(Vec<Settled>),
    Order {
        numbers: Vec<u64>,
        destination: Option<String>,
        order: Order,
        answer: oneshot::Sender<Result<Obeyed, String>>,
    },
    Close(oneshot::Sender<()>),
}

/// The thread's own.
pub(super) struct Writer {
    connection: Connection,
    place: Place,
    common: Arc<Common>,
    write: Write,
    tidy: Tidy,
    /// Why nothing is written any more.
    sealed: Option<String>,
    /// What could not be written down yet of what became of deliveries.
    unsettled: Vec<Settled>,
    /// How long a group takes, on the average, and how many waited for the last one.
    took: Duration,
    cohort: usize,
    synced: bool,
    /// About how much was written since the log was put into the database.
    logged: u64,
}

/// What somebody has ordered to be done with some entries, and who is told.
struct Ordered {
    numbers: Vec<u64>,
    destination: Option<String>,
    order: Order,
    answer: oneshot::Sender<Result<Obeyed, String>>,
}

/// Jobs that become durable together.
#[derive(Default)]
struct Group {
    appends: Vec<(Vec<Record>, oneshot::Sender<Vec<Appended>>)>,
    settled: Vec<Settled>,
    orders: Vec<Ordered>,
    close: Option<oneshot::Sender<()>>,
    bytes: u64,
    jobs: usize,
}

impl Writer {
    pub(super) fn new(place: Place, common: Arc<Common>) -> Result<Self, OpenError> {
        let unreadable = |error| place.unreadable(&error);
        let connection = schema::connect(&place.database).map_err(unreadable)?;
        let counts = Counts::read(&connection).map_err(unreadable)?;
        let mut writer = Self {
            write: Write::new(counts),
            connection,
            place,
            common,
            tidy: Tidy::default(),
            sealed: None,
            unsettled: Vec::new(),
            took: Duration::ZERO,
            cohort: 0,
            synced: true,
            // What a process before has left is put into the database soon.
            logged: LOG_SIZE / 2,
        };
        writer.compare_with_mark();
        writer.tell_stats();
        Ok(writer)
    }

    /// Writes until it is told to end, or nobody is left who could tell.
    pub(super) fn run(mut self, inbox: &mpsc::Receiver<Job>) {
        let mut tidied = Instant::now();
        loop {
            let group = match inbox.recv_timeout(TICK) {
                Ok(first) => self.gather(first, inbox),
                Err(RecvTimeoutError::Timeout) => Group::default(),
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let close = self.take(group);
            if tidied.elapsed() >= TICK && self.sealed.is_none() {
                self.tidy_up();
                tidied = Instant::now();
            }
            if let Some(done) = close {
                drop(self);
                // Who asked may have gone.
                let _ = done.send(());
                return;
            }
        }
    }

    /// What has come up. Those who were told the last time are likely about to come again: waiting
    /// for them a little lets all of them go together, instead of by halves that take turns.
    fn gather(&self, first: Job, inbox: &mpsc::Receiver<Job>) -> Group {
        let mut group = Group::default();
        group.add(first);
        let patience = Instant::now() + self.took / 16;
        while group.jobs < MOST_JOBS && group.bytes < MOST_BYTES && group.close.is_none() {
            match inbox.try_recv() {
                Ok(job) => group.add(job),
                Err(_) if group.appends.is_empty() || group.appends.len() >= self.cohort => break,
                Err(_) => {
                    let left = patience.saturating_duration_since(Instant::now());
                    match inbox.recv_timeout(left) {
                        Ok(job) => group.add(job),
                        Err(_) => break,
                    }
                }
            }
        }
        group
    }

    /// Makes a group durable, and tells everybody.
    fn take(&mut self, group: Group) -> Option<oneshot::Sender<()>> {
        let Group { mut appends, settled, orders, close, bytes, .. } = group;
        for order in orders {
            self.obey(order);
        }
        self.common.queued.fetch_sub(bytes, Ordering::Relaxed);
        // Whoever has given up was answered with 503, and its sender will come again.
        appends.retain(|(_, answer)| !answer.is_closed());
        self.unsettled.extend(settled);
        // What failed may go by now, even if nobody comes to try.
        let is_trial = self.sealed.is_none() && lock(&self.common.stats).fault.is_some();
        if appends.is_empty() && self.unsettled.is_empty() && !is_trial {
            return close;
        }
        let (records, answers): (Vec<_>, Vec<_>) = appends.into_iter().unzip();
        let written = match &self.sealed {
            Some(why) => Err(Fault::Sealed(why.clone())),
            None => self.write(&records),
        };
        match written {
            Ok((appended, news)) => {
                self.settle_down(&news);
                for (answer, appended) in answers.into_iter().zip(appended) {
                    let _ = answer.send(appended);
                }
            }
            Err(fault) => {
                let appended = self.fail(fault);
                for (answer, records) in answers.into_iter().zip(&records) {
                    let _ = answer.send(vec![appended.clone(); records.len()]);
                }
            }
        }
        close
    }

    /// One transaction. What is only settled need not be on the disk before something else is.
    fn write(&mut self, records: &[Vec<Record>]) -> Result<(Vec<Vec<Appended>>, News), Fault> {
        let syncs = !records.is_empty() && self.common.settings().is_durable;
        if syncs != self.synced {
            let level = if syncs { "FULL" } else { "NORMAL" };
            self.connection.pragma_update(None, "synchronous", level)?;
            self.synced = syncs;
        }
        // Every record is there once, and what stands around it is about as much again.
        let entries = records.iter().flatten().flat_map(|record| &record.entries);
        self.logged += 2 * entries.map(|entry| entry.body.len() as u64).sum::<u64>();
        self.logged += GROUP_SIZE + SETTLED_SIZE * self.unsettled.len() as u64;
        let started = Instant::now();
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let before = self.write.counts;
        let settings = self.common.settings();
        let written = self.write.group(&self.connection, records, &self.unsettled, settings);
        let written = written.and_then(|written| {
            self.connection.execute_batch("COMMIT")?;
            Ok(written)
        });
        if written.is_err() {
            // Some failures have taken everything back already.
            let _ = self.connection.execute_batch("ROLLBACK");
            self.write.take_back(before);
        } else if syncs {
            self.took = (self.took * 7 + started.elapsed()) / 8;
            self.cohort = records.len();
        }
        Ok(written?)
    }

    /// A transaction of its own, as it may touch much.
    fn obey(&mut self, ordered: Ordered) {
        let Ordered { numbers, destination, order, answer } = ordered;
        if let Some(why) = &self.sealed {
            // Who asked may have gone, here and below.
            let _ = answer.send(Err(why.clone()));
            return;
        }
        let before = self.write.counts;
        let done = self.connection.execute_batch("BEGIN IMMEDIATE").and_then(|()| {
            let destination = destination.as_deref();
            let changed = self.write.obey(&self.connection, &numbers, destination, order)?;
            self.connection.execute_batch("COMMIT")?;
            Ok(changed)
        });
        let obeyed = match done {
            Ok(changed) => {
                self.tell_stats();
                for arrival in lock(&self.common.arrivals).values() {
                    arrival.notify_one();
                }
                Ok(Obeyed { numbers, changed })
            }
            Err(error) => {
                let _ = self.connection.execute_batch("ROLLBACK");
                self.write.take_back(before);
                let why = error.to_string();
                self.fail(error.into());
                Err(why)
            }
        };
        let _ = answer.send(obeyed);
    }

    /// What follows once a group is durable.
    fn settle_down(&mut self, news: &News) {
        // What need not be on the disk is not missed either.
        if self.common.settings().is_durable
            && let Err(error) = self.place.mark.set(self.write.counts.last)
        {
            tracing::warn!(%error, "the journal's mark cannot be written");
        }
        {
            let mut leased = lock(&self.common.leased);
            for Settled { delivery, .. } in self.unsettled.drain(..) {
                if let Some(leased) = leased.get_mut(&delivery.destination) {
                    leased.remove(&delivery.number);
                }
            }
        }
        {
            let mut stats = lock(&self.common.stats);
            let full = self.write.counts.full(self.common.settings());
            if full.is_some() != stats.fault.is_some() {
                if let Some(why) = &full {
                    tracing::warn!(why, "the journal takes nothing");
                } else {
                    tracing::info!("the journal takes events again");
                }
            }
            stats.fault = full;
            stats.appended += news.appended;
            stats.duplicates += news.duplicates;
            stats.commits += 1;
        }
        self.tell_stats();
        for number in &news.finished {
            if let Some(end) = lock(&self.common.ends).remove(number) {
                end.notify_waiters();
            }
        }
        for destination in &news.destinations {
            self.common.arrivals(destination).notify_one();
        }
        if self.logged > LOG_SIZE {
            self.checkpoint();
        }
    }

    /// Puts the write-ahead log into the database.
    fn checkpoint(&mut self) {
        self.logged = 0;
        let done = self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        let done = done.map_err(Fault::from);
        let synced = self.place.mark.sync();
        if let Err(error) = synced {
            tracing::warn!(%error, "the journal's mark cannot be synced");
        }
        // A full disk takes it later.
        if let Err(fault @ Fault::Sealed(_)) = done {
            self.fail(fault);
        }
    }

    fn tidy_up(&mut self) {
        let before = self.write.counts;
        let settings = self.common.settings();
        let tidied = self.tidy.run(&self.connection, &mut self.write.counts, settings);
        match tidied {
            Ok(()) => self.tell_stats(),
            Err(error) => {
                let _ = self.connection.execute_batch("ROLLBACK");
                self.write.take_back(before);
                self.fail(error.into());
            }
        }
        if self.logged > LOG_SIZE && self.sealed.is_none() {
            self.checkpoint();
        }
    }

    /// Nothing was written. What waits is told, and so is everybody who asks how the journal is.
    fn fail(&mut self, fault: Fault) -> Appended {
        let (appended, why) = match fault {
            Fault::Passing(why) => (Appended::Full(why.clone()), why),
            Fault::Sealed(why) => {
                if self.sealed.is_none() {
                    let file = self.place.database.display().to_string();
                    tracing::error!(file, why, "the journal takes nothing more until a restart");
                    self.sealed = Some(why.clone());
                    self.common.is_sealed.store(true, Ordering::Relaxed);
                    self.unsettled.clear();
                }
                (Appended::Failed(why.clone()), format!("{why}; restart to go on"))
            }
        };
        let mut stats = lock(&self.common.stats);
        if stats.fault.is_none() {
            tracing::warn!(why, "the journal takes nothing");
        }
        stats.fault = Some(why);
        appended
    }

    fn tell_stats(&self) {
        let Counts { last, entries, bytes, waiting, waiting_bytes, dead } = self.write.counts;
        let mut stats = lock(&self.common.stats);
        stats.last = last;
        (stats.entries, stats.bytes, stats.dead) = (entries, bytes, dead);
        (stats.waiting, stats.waiting_bytes) = (waiting, waiting_bytes);
    }

    /// A log that was longer once has lost what was acknowledged.
    fn compare_with_mark(&mut self) {
        let Some(marked) = self.place.marked else { return };
        let last = self.write.counts.last;
        if marked <= last {
            return;
        }
        let copy = match self.place.save_log() {
            Ok(copy) => copy.display().to_string(),
            Err(error) => format!("none: {error}"),
        };
        tracing::error!(
            file = %self.place.database.display(),
            from = last + 1,
            to = marked,
            copy,
            "events that were acknowledged are missing: the journal's log was longer once"
        );
        lock(&self.common.stats).lost = marked - last;
        // Numbers are never given twice.
        self.write.counts.last = marked;
    }
}

impl Group {
    fn add(&mut self, job: Job) {
        self.jobs += 1;
        match job {
            Job::Append { records, bytes, answer } => {
                self.bytes += bytes;
                self.appends.push((records, answer));
            }
            Job::Settle(settled) => self.settled.extend(settled),
            Job::Order { numbers, destination, order, answer } => {
                self.orders.push(Ordered { numbers, destination, order, answer });
            }
            Job::Close(done) => self.close = Some(done),
        }
    }
}
