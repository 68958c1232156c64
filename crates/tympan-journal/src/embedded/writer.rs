//! The thread that writes: groups of whatever has come up, which the syncer makes durable before
//! anybody is told.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;
use std::time::Instant;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::Appended;
use crate::Obeyed;
use crate::OpenError;
use crate::Record;
use crate::Settled;
use crate::embedded::checkpointer;
use crate::embedded::checkpointer::Checkpointer;
use crate::embedded::common::Common;
use crate::embedded::common::lock;
use crate::embedded::fault::Fault;
use crate::embedded::inspect::Order;
use crate::embedded::place::Place;
use crate::embedded::schema;
use crate::embedded::syncer::Syncer;
use crate::embedded::syncer::Written;
use crate::embedded::tidy::Tidy;
use crate::embedded::write::Counts;
use crate::embedded::write::News;
use crate::embedded::write::Write;

/// How many jobs and bytes are made durable at once.
const MOST_JOBS: usize = 1024;
const MOST_BYTES: u64 = 8 << 20;

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
    place: Arc<Place>,
    common: Arc<Common>,
    write: Write,
    syncer: Syncer,
    checkpointer: Checkpointer,
    tidy: Tidy,
    /// What could not be written down yet of what became of deliveries.
    unsettled: Vec<Settled>,
    /// How many waited for the last group.
    cohort: usize,
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
    pub(super) fn new(place: Arc<Place>, common: Arc<Common>) -> Result<Self, OpenError> {
        let unreadable = |error| place.unreadable(&error);
        let connection = schema::connect(&place.database).map_err(unreadable)?;
        let counts = Counts::read(&connection).map_err(unreadable)?;
        common.keep(counts.last);
        // Reading has made the log, if it was not there.
        let syncer = Syncer::new(Arc::clone(&place), Arc::clone(&common))?;
        let checkpointer = Checkpointer::new(&place, &common)?;
        let mut writer = Self {
            write: Write::new(counts),
            connection,
            place,
            common,
            syncer,
            checkpointer,
            tidy: Tidy::default(),
            unsettled: Vec::new(),
            cohort: 0,
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
            if tidied.elapsed() >= TICK {
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
        let patience = Instant::now() + self.syncer.patience();
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

    /// Writes a group, and sees to it that everybody is told.
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
        let is_trial = lock(&self.common.stats).fault.is_some();
        if appends.is_empty() && self.unsettled.is_empty() && !is_trial {
            return close;
        }
        let (records, answers): (Vec<_>, Vec<_>) = appends.into_iter().unzip();
        let started = Instant::now();
        let written = self.common.unsealed().and_then(|()| self.write(&records));
        match written {
            Ok((appended, news)) => {
                self.settle_down(&news);
                let last = self.write.counts.last;
                let answers = answers.into_iter().zip(appended).collect();
                self.tell(Written { last, answers, news }, started.elapsed());
                self.put_away();
            }
            Err(fault) => {
                let is_final = matches!(fault, Fault::Sealed(_));
                let why = self.fail(fault);
                let appended = if is_final { Appended::Failed(why) } else { Appended::Full(why) };
                for (answer, records) in answers.into_iter().zip(&records) {
                    let _ = answer.send(vec![appended.clone(); records.len()]);
                }
            }
        }
        close
    }

    /// One transaction.
    fn write(&mut self, records: &[Vec<Record>]) -> Result<(Vec<Vec<Appended>>, News), Fault> {
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
        }
        Ok(written?)
    }

    /// What is only settled need not be on the disk before something else is.
    fn tell(&mut self, written: Written, took: Duration) {
        let is_durable = self.common.settings().is_durable;
        if is_durable && !written.answers.is_empty() {
            self.cohort = written.answers.len();
            self.syncer.keep(written, took);
            return;
        }
        if !is_durable {
            self.common.keep(written.last);
        }
        written.tell(&self.common);
    }

    fn obey(&mut self, ordered: Ordered) {
        let obeyed = self.common.unsealed().and_then(|()| self.obeyed(&ordered));
        let obeyed = match obeyed {
            Ok(changed) => Ok(Obeyed { numbers: ordered.numbers, changed }),
            Err(fault) => Err(self.fail(fault)),
        };
        // Who asked may have gone.
        let _ = ordered.answer.send(obeyed);
    }

    /// A transaction of its own, as it may touch much. Gives how many entries it has changed.
    fn obeyed(&mut self, ordered: &Ordered) -> Result<usize, Fault> {
        let Ordered { numbers, destination, order, .. } = ordered;
        let before = self.write.counts;
        let done = self.connection.execute_batch("BEGIN IMMEDIATE").and_then(|()| {
            let destination = destination.as_deref();
            let changed = self.write.obey(&self.connection, numbers, destination, *order)?;
            self.connection.execute_batch("COMMIT")?;
            Ok(changed)
        });
        if done.is_err() {
            let _ = self.connection.execute_batch("ROLLBACK");
            self.write.take_back(before);
        }
        let changed = done?;
        self.tell_stats();
        if self.common.settings().is_durable {
            self.syncer.sync().map_err(Fault::Sealed)?;
        }
        self.common.notify_all();
        for number in numbers {
            // What was dropped is not waited for.
            self.common.tell_end(*number);
        }
        Ok(changed)
    }

    /// What follows once a group is written, on the disk or not.
    fn settle_down(&mut self, news: &News) {
        {
            let mut leased = lock(&self.common.leased);
            for Settled { delivery, .. } in self.unsettled.drain(..) {
                if let Some(leased) = leased.get_mut(&delivery.destination) {
                    leased.remove(&delivery.number);
                }
            }
        }
        let full = self.write.counts.full(self.common.settings());
        let mut stats = lock(&self.common.stats);
        if self.common.sealed.get().is_none() {
            match (&full, &stats.fault) {
                (Some(why), None) => tracing::warn!(why, "the journal takes nothing"),
                (None, Some(_)) => tracing::info!("the journal takes events again"),
                _ => {}
            }
            stats.fault = full;
        }
        drop(stats);
        self.tell_stats();
        for number in &news.finished {
            self.common.tell_end(*number);
        }
    }

    /// Puts the log into the database when it is long.
    fn put_away(&mut self) {
        let is_time = self.checkpointer.go_on(&self.connection);
        match is_time.and_then(|is_time| if is_time { self.checkpoint() } else { Ok(()) }) {
            Ok(()) => {}
            Err(Fault::Passing(why)) => checkpointer::tell_passing(&why),
            Err(fault @ Fault::Sealed(_)) => {
                self.fail(fault);
            }
        }
    }

    /// Puts the log into the database, once all of it is on the disk: of a log whose sync has failed
    /// nobody knows what it holds.
    fn checkpoint(&mut self) -> Result<(), Fault> {
        self.syncer.rest();
        self.checkpointer.rest();
        self.common.unsealed()?;
        self.checkpointer.end(&self.connection)?;
        if let Err(error) = self.place.mark.sync() {
            tracing::warn!(%error, "the journal's mark cannot be synced");
        }
        Ok(())
    }

    fn tidy_up(&mut self) {
        if self.common.unsealed().is_err() {
            return;
        }
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
        self.put_away();
    }

    /// Everybody is told who asks how the journal is; gives why.
    fn fail(&mut self, fault: Fault) -> String {
        match fault {
            Fault::Passing(why) => {
                self.common.tell_fault(why.clone());
                why
            }
            Fault::Sealed(why) => {
                self.unsettled.clear();
                self.common.seal(&self.place.database, &why);
                why
            }
        }
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
