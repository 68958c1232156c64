//! What is written is on the disk before anybody is told.
//!
//! Where a sync is quicker than writing a group, a thread of its own syncs while the next group is
//! written. Elsewhere whoever writes waits for the sync: all who are told together come again
//! together, and share the next one.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;
use std::time::Instant;

use tokio::sync::oneshot;

use crate::Appended;
use crate::OpenError;
use crate::embedded::common::Common;
use crate::embedded::common::lock;
use crate::embedded::helper::Helper;
use crate::embedded::place::Place;
use crate::embedded::write::News;

/// How many groups may be with the thread: one that is synced, and the next.
const MOST_AWAY: usize = 2;

/// A group that is written, and who is told.
pub(super) struct Written {
    /// The last number that was given when it was written.
    pub(super) last: u64,
    pub(super) answers: Vec<(oneshot::Sender<Vec<Appended>>, Vec<Appended>)>,
    pub(super) news: News,
}

/// Makes groups durable: in the order in which they were written, by one sync after the other.
pub(super) struct Syncer {
    log: Arc<Log>,
    thread: Helper<Written>,
    /// How long each sync has taken that the thread has made.
    synced: mpsc::Receiver<Duration>,
    /// How many groups are with the thread.
    away: usize,
    pace: Pace,
}

/// How long a group takes to be written and to be synced, on the average.
#[derive(Debug, Default)]
struct Pace {
    write: Duration,
    sync: Duration,
    /// Whether a group is written while another is synced.
    overlaps: bool,
}

/// The write-ahead log.
struct Log {
    sync: Box<dyn Fn() -> io::Result<()> + Send + Sync>,
    place: Arc<Place>,
    common: Arc<Common>,
}

impl Syncer {
    /// Begins, once the log is there.
    pub(super) fn new(place: Arc<Place>, common: Arc<Common>) -> Result<Self, OpenError> {
        let path = place.log();
        let file = File::options().read(true).write(true).open(&path);
        let file = file.map_err(|error| OpenError::Io(path, error))?;
        // Opened once: of a failure the system tells those who had the file open then.
        let sync = Box::new(move || file.sync_data());
        Ok(Self::begin(Log { sync, place, common }))
    }

    fn begin(log: Log) -> Self {
        let log = Arc::new(log);
        let (told, synced) = mpsc::channel();
        let theirs = Arc::clone(&log);
        let thread = Helper::new(move |groups| {
            for group in groups {
                // Nobody hears it at the end.
                let _ = told.send(theirs.keep(group));
            }
        });
        Self { log, thread, synced, away: 0, pace: Pace::default() }
    }

    /// Makes a group durable that took so long to be written, and tells everybody; or has it done while
    /// the next one is written.
    pub(super) fn keep(&mut self, group: Written, wrote: Duration) {
        while let Ok(took) = self.synced.try_recv() {
            self.came_back(took);
        }
        self.pace.wrote(wrote);
        if !self.pace.overlaps {
            self.rest();
            self.pace.synced(self.log.keep(group));
        } else if self.thread.hand(group) {
            self.away += 1;
        } else {
            self.has_ended();
        }
        while self.away >= MOST_AWAY {
            self.wait();
        }
    }

    /// Makes everything durable that was written.
    ///
    /// # Errors
    ///
    /// Why it is not.
    pub(super) fn sync(&mut self) -> Result<(), String> {
        self.rest();
        self.log.sync()
    }

    /// Waits until nothing is with the thread.
    pub(super) fn rest(&mut self) {
        while self.away > 0 {
            self.wait();
        }
    }

    /// How long it is worth waiting for those who were told last.
    pub(super) fn patience(&self) -> Duration {
        let Pace { write, sync, overlaps } = self.pace;
        // They come while the next group is written, and go with the one after it.
        if overlaps { Duration::ZERO } else { (write + sync) / 16 }
    }

    fn wait(&mut self) {
        match self.synced.recv() {
            Ok(took) => self.came_back(took),
            Err(_) => self.has_ended(),
        }
    }

    fn came_back(&mut self, took: Duration) {
        self.away = self.away.saturating_sub(1);
        self.pace.synced(took);
    }

    /// Whoever waited for the thread was told that nothing was kept, as their senders went with it.
    fn has_ended(&mut self) {
        self.away = 0;
        self.log.seal("what syncs has ended");
    }
}

impl Pace {
    fn wrote(&mut self, took: Duration) {
        self.write = average(self.write, took);
        // Where groups overlap, each is half of those who wait.
        let all = if self.overlaps { self.write * 2 } else { self.write };
        self.overlaps = !self.sync.is_zero() && self.sync < all;
    }

    fn synced(&mut self, took: Duration) {
        self.sync = average(self.sync, took);
    }
}

impl Log {
    /// Makes a group durable, and tells everybody. Gives how long the disk took.
    fn keep(&self, group: Written) -> Duration {
        let started = Instant::now();
        let synced = self.sync();
        let took = started.elapsed();
        match synced {
            Ok(()) => {
                if let Err(error) = self.place.mark.set(group.last) {
                    tracing::warn!(%error, "the journal's mark cannot be written");
                }
                self.common.keep(group.last);
                group.tell(&self.common);
            }
            Err(why) => group.fail(&why),
        }
        took
    }

    /// One that has failed is the last: the next may succeed without what was lost by it.
    fn sync(&self) -> Result<(), String> {
        if let Some(why) = self.common.sealed.get() {
            return Err(why.clone());
        }
        (self.sync)().map_err(|error| {
            let why = format!("the log cannot be synced: {error}");
            self.seal(&why);
            why
        })
    }

    fn seal(&self, why: &str) {
        self.common.seal(&self.place.database, why);
    }
}

impl Written {
    /// Tells everybody what has become of it.
    pub(super) fn tell(self, common: &Common) {
        let Self { answers, news, .. } = self;
        {
            let mut stats = lock(&common.stats);
            stats.appended += news.appended;
            stats.duplicates += news.duplicates;
            stats.commits += 1;
        }
        for destination in &news.destinations {
            common.arrivals(destination).notify_one();
        }
        for (answer, appended) in answers {
            // Who has given up was answered with 503.
            let _ = answer.send(appended);
        }
    }

    fn fail(self, why: &str) {
        for (answer, appended) in self.answers {
            let _ = answer.send(vec![Appended::Failed(why.to_owned()); appended.len()]);
        }
    }
}

/// The last few count the most.
fn average(before: Duration, now: Duration) -> Duration {
    (before * 7 + now) / 8
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::Path;
    use std::sync::Arc;
    use std::sync::atomic::AtomicU64;
    use std::sync::atomic::Ordering;
    use std::time::Duration;

    use tokio::sync::oneshot;

    use super::Log;
    use super::Pace;
    use super::Place;
    use super::Syncer;
    use super::Written;
    use super::lock;
    use crate::Appended;
    use crate::embedded::mark::Mark;
    use crate::embedded::write::News;

    /// How long groups take to be written where none overlap, and where all but the first do.
    const PACES: [Duration; 2] = [Duration::ZERO, Duration::from_mins(1)];

    /// One whose syncs end as is told by their number, from 1.
    fn syncer(
        folder: &Path,
        sync: impl Fn(u64) -> io::Result<()> + Send + Sync + 'static,
    ) -> Syncer {
        let place = Arc::new(Place::open(folder, true).unwrap());
        let number = AtomicU64::new(0);
        let sync = Box::new(move || sync(number.fetch_add(1, Ordering::Relaxed) + 1));
        Syncer::begin(Log { sync, place, common: Arc::default() })
    }

    /// Has a group kept that ends with a number.
    fn keep(syncer: &mut Syncer, last: u64, wrote: Duration) -> oneshot::Receiver<Vec<Appended>> {
        let (answer, told) = oneshot::channel();
        let answers = vec![(answer, vec![Appended::Stored(last)])];
        syncer.keep(Written { last, answers, news: News::default() }, wrote);
        told
    }

    /// Whether groups overlap in the end that take so long, in microseconds.
    fn overlaps(pace: &mut Pace, write: u64, sync: u64) -> bool {
        for _ in 0..64 {
            pace.wrote(Duration::from_micros(write));
            pace.synced(Duration::from_micros(sync));
        }
        pace.overlaps
    }

    #[test]
    fn groups_overlap_where_a_sync_is_quick() {
        let mut pace = Pace::default();
        assert!(!overlaps(&mut pace, 300, 4000));
        assert!(overlaps(&mut pace, 300, 200));
        // Each is half as large now.
        assert!(overlaps(&mut pace, 150, 200));
        assert!(!overlaps(&mut pace, 50, 200));
    }

    #[test]
    fn whoever_is_told_was_synced_and_marked() {
        for wrote in PACES {
            let folder = tempfile::tempdir().unwrap();
            let n_syncs = Arc::new(AtomicU64::new(0));
            let disk = Arc::clone(&n_syncs);
            let mut syncer = syncer(folder.path(), move |number| {
                disk.store(number, Ordering::Relaxed);
                Ok(())
            });
            for last in 1..=20 {
                let told = keep(&mut syncer, last, wrote);
                assert_eq!(syncer.pace.overlaps, last > 1 && wrote > Duration::ZERO);
                assert_eq!(told.blocking_recv().unwrap(), [Appended::Stored(last)]);
                assert_eq!(n_syncs.load(Ordering::Relaxed), last);
                assert_eq!(Mark::open(&folder.path().join("mark")).unwrap().1, Some(last));
                assert_eq!(syncer.log.common.kept.load(Ordering::Relaxed), last);
            }
        }
    }

    #[test]
    fn a_sync_that_fails_is_the_last() {
        for wrote in PACES {
            let folder = tempfile::tempdir().unwrap();
            let mut syncer = syncer(folder.path(), |number| match number {
                3 => Err(io::Error::other("broken")),
                _ => Ok(()),
            });
            let told: Vec<_> = (1..=6).map(|last| keep(&mut syncer, last, wrote)).collect();
            let told = told.into_iter().map(|told| told.blocking_recv().unwrap().remove(0));
            let n_stored = told.filter(|told| matches!(told, Appended::Stored(_))).count();
            assert_eq!(n_stored, 2);
            assert!(syncer.sync().is_err());
            let fault = lock(&syncer.log.common.stats).fault.clone().unwrap();
            assert!(fault.contains("broken; restart"), "{fault}");
            assert_eq!(syncer.log.common.kept.load(Ordering::Relaxed), 2);
            assert_eq!(Mark::open(&folder.path().join("mark")).unwrap().1, Some(2));
        }
    }
}
