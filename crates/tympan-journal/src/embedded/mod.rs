//! A journal in a file of this machine.
//!
//! One thread writes: it takes whatever has come up meanwhile, and all of it becomes durable at once.
//! Whoever hands out deliveries reads beside it. The file belongs to one process at a time, so who
//! has which delivery is known here, and forgotten with the process that had it.

mod checkpointer;
mod common;
mod fault;
mod helper;
mod inspect;
mod lease;
mod mark;
mod place;
mod scan;
mod schema;
mod sum;
mod syncer;
mod tidy;
mod write;
mod writer;

use std::fmt;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::Weak;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::sync::mpsc::TrySendError;
use std::thread;

use tokio::sync::Notify;
use tokio::sync::oneshot;

use crate::Appended;
use crate::Content;
use crate::Delivery;
use crate::Found;
use crate::Journal;
use crate::Later;
use crate::Lease;
use crate::Obeyed;
use crate::Query;
use crate::Record;
use crate::Settings;
use crate::Settled;
use crate::Stats;
use crate::Verdict;
use crate::embedded::common::Common;
use crate::embedded::common::lock;
use crate::embedded::helper::Helper;
use crate::embedded::inspect::Order;
use crate::embedded::lease::Reader;
use crate::embedded::place::Place;
use crate::embedded::scan::Scan;
use crate::embedded::writer::Job;
use crate::embedded::writer::Writer;

/// How many jobs may wait for the writer, and how many bytes they may have.
const MOST_JOBS: usize = 8192;
const MOST_BYTES: u64 = 64 << 20;

/// A journal in a file of this machine.
pub struct Embedded {
    jobs: mpsc::SyncSender<Job>,
    /// Gone once it is closed, and nobody looks at it any more.
    place: Weak<Place>,
    /// Gone once it is closed: who opens the file next finds nobody in it.
    reader: Arc<Mutex<Option<Reader>>>,
    /// The thread that looks for damage.
    scan: Arc<Mutex<Option<Helper<()>>>>,
    common: Arc<Common>,
}

/// Why there is no journal.
#[derive(Debug)]
pub enum OpenError {
    /// Another process has it.
    Taken(PathBuf),
    /// The folder or a file in it cannot be used.
    Io(PathBuf, io::Error),
    /// The file is damaged, or none of ours.
    Unreadable(PathBuf, String),
    /// A later version has written it.
    Newer(PathBuf, i64),
}

impl Embedded {
    /// Opens the journal in a folder, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// Why it cannot be used.
    pub fn open(folder: &Path, settings: Settings) -> Result<Self, OpenError> {
        let place = Arc::new(Place::open(folder, settings.is_durable)?);
        let common = Arc::new(Common { settings: Mutex::new(settings), ..Common::default() });
        let reader = schema::connect(&place.database).map_err(|error| place.unreadable(&error))?;
        let reader = Reader::new(reader, place.database.clone(), Arc::clone(&common));
        let (jobs, inbox) = mpsc::sync_channel(MOST_JOBS);
        let writer = Writer::new(Arc::clone(&place), Arc::clone(&common))?;
        // Ends when the last sender is gone, or it is told to.
        thread::spawn(move || writer.run(&inbox));
        let scan = Scan::new(place.database.clone(), Arc::clone(&common), jobs.clone());
        let scan = Helper::new(move |ended| scan.run(&ended));
        let (reader, scan) = (Arc::new(Mutex::new(Some(reader))), Arc::new(Mutex::new(Some(scan))));
        Ok(Self { jobs, place: Arc::downgrade(&place), reader, scan, common })
    }

    async fn appended(&self, records: Vec<Record>) -> Vec<Appended> {
        let n_records = records.len();
        let all = |answer: Appended| vec![answer; n_records];
        let bytes = records.iter().flat_map(|it| &it.entries).map(|it| it.body.len() as u64).sum();
        if self.common.queued.fetch_add(bytes, Ordering::Relaxed) > MOST_BYTES {
            self.common.queued.fetch_sub(bytes, Ordering::Relaxed);
            return all(Appended::Full("too much waits to be written".to_owned()));
        }
        let (answer, told) = oneshot::channel();
        match self.jobs.try_send(Job::Append { records, bytes, answer }) {
            Ok(()) => {}
            Err(error) => {
                self.common.queued.fetch_sub(bytes, Ordering::Relaxed);
                return all(match error {
                    TrySendError::Full(_) => Appended::Full("too much waits to be written".into()),
                    TrySendError::Disconnected(_) => Appended::Failed("the journal ended".into()),
                });
            }
        }
        let told = told.await;
        told.unwrap_or_else(|_| all(Appended::Failed("the journal ended".into())))
    }

    /// Looks at the file, away from the threads that serve.
    async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Path) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, String> {
        let Some(place) = self.place.upgrade() else { return Err("the journal ended".to_owned()) };
        match tokio::task::spawn_blocking(move || look(&place.database)).await {
            Ok(seen) => seen.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }

    async fn order(&self, query: Query, order: Order) -> Result<Obeyed, String> {
        let destination = query.destination.clone();
        let found = self.look(move |path| inspect::find(path, &query)).await?;
        let numbers: Vec<_> = found.iter().map(|found| found.number).collect();
        let (answer, told) = oneshot::channel();
        let ended = || Err("the journal ended".to_owned());
        if self.hand(Job::Order { numbers, destination, order, answer }).await {
            return told.await.unwrap_or_else(|_| ended());
        }
        ended()
    }

    /// Hands a job to the writer, who may have much to do; false if there is no writer any more.
    async fn hand(&self, job: Job) -> bool {
        let Err(TrySendError::Full(job)) = self.jobs.try_send(job) else { return true };
        let jobs = self.jobs.clone();
        tokio::task::spawn_blocking(move || jobs.send(job).is_ok()).await.unwrap_or(false)
    }
}

impl Journal for Embedded {
    fn append(&self, records: Vec<Record>) -> Later<'_, Vec<Appended>> {
        Box::pin(self.appended(records))
    }

    fn lease(&self, destination: &str, now: u64, most: usize, bytes: u64) -> Later<'_, Lease> {
        let (reader, destination): (_, Arc<str>) = (Arc::clone(&self.reader), destination.into());
        Box::pin(async move {
            let to = Arc::clone(&destination);
            let lease = move || Some(lock(&reader).as_mut()?.lease(&to, now, most, bytes));
            let leased = tokio::task::spawn_blocking(lease).await;
            let (lease, damaged) = leased.ok().flatten().unwrap_or_default();
            if !damaged.is_empty() {
                let settled = damaged.into_iter().map(|number| Settled {
                    delivery: Delivery { number, destination: Arc::clone(&destination) },
                    at: now,
                    verdict: Verdict::Damaged,
                });
                self.hand(Job::Settle(settled.collect())).await;
            }
            lease
        })
    }

    fn settle(&self, settled: Vec<Settled>) -> Later<'_, ()> {
        Box::pin(async move {
            self.hand(Job::Settle(settled)).await;
        })
    }

    fn finished(&self, number: u64) -> Later<'_, bool> {
        Box::pin(async move {
            loop {
                // What ends from here on is heard.
                let end = {
                    let mut ends = lock(&self.common.ends);
                    Arc::clone(ends.entry(number).or_default()).notified_owned()
                };
                let reader = Arc::clone(&self.reader);
                let state = move || Some(lock(&reader).as_ref()?.state(number));
                let is_done = match tokio::task::spawn_blocking(state).await.ok().flatten() {
                    Some(Ok(Some(write::WAITING))) => {
                        end.await;
                        continue;
                    }
                    // What is gone is not waited for: it has ended, or nobody wants it any more.
                    Some(Ok(state)) => state.is_none_or(|state| state == write::DONE),
                    // Nobody can tell.
                    Some(Err(_)) | None => false,
                };
                // Others may wait whom nobody else would find any more.
                self.common.tell_end(number);
                return is_done;
            }
        })
    }

    fn arrivals(&self, destination: &str) -> Arc<Notify> {
        self.common.arrivals(destination)
    }

    fn stats(&self) -> Stats {
        lock(&self.common.stats).clone()
    }

    fn find(&self, query: Query) -> Later<'_, Result<Vec<Found>, String>> {
        Box::pin(self.look(move |path| inspect::find(path, &query)))
    }

    fn content(&self, number: u64) -> Later<'_, Result<Option<Content>, String>> {
        Box::pin(self.look(move |path| inspect::content(path, number)))
    }

    fn replay(&self, query: Query, now: u64) -> Later<'_, Result<Obeyed, String>> {
        Box::pin(self.order(query, Order::Replay { now }))
    }

    fn drop(&self, query: Query) -> Later<'_, Result<Obeyed, String>> {
        Box::pin(self.order(query, Order::Drop))
    }

    fn set(&self, settings: Settings) {
        *lock(&self.common.settings) = settings;
    }

    fn close(&self) -> Later<'_, ()> {
        Box::pin(async move {
            let (reader, scan) = (Arc::clone(&self.reader), Arc::clone(&self.scan));
            let end = move || {
                lock(&reader).take();
                lock(&scan).take();
            };
            // A panic was told where it happened.
            let _ = tokio::task::spawn_blocking(end).await;
            let (done, ended) = oneshot::channel();
            if self.hand(Job::Close(done)).await {
                // A writer that has ended already says nothing.
                let _ = ended.await;
            }
        })
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedded").finish_non_exhaustive()
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken(path) => {
                write!(f, "another process has the journal {}", path.display())
            }
            Self::Io(path, error) => {
                write!(f, "the journal cannot be kept in {}: {error}", path.display())
            }
            Self::Unreadable(path, why) => write!(
                f,
                "the journal {} cannot be read: {why}; what it holds stays as it is, and a new one \
                 is begun once its folder is moved away",
                path.display()
            ),
            Self::Newer(path, version) => write!(
                f,
                "the journal {} has the form {version} of a later version",
                path.display()
            ),
        }
    }
}

impl std::error::Error for OpenError {}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Arc;
    use std::sync::atomic::Ordering;

    use bytes::Bytes;
    use tempfile::TempDir;

    use super::Embedded;
    use super::common::lock;
    use crate::Entry;
    use crate::Journal;
    use crate::Kind;
    use crate::Record;
    use crate::Settings;
    use crate::To;

    /// A journal with one entry.
    async fn journal(folder: &TempDir, to: Vec<To>) -> Embedded {
        let journal = Embedded::open(folder.path(), Settings::default()).unwrap();
        let (id, kind, body, reason) = ("7".into(), Kind::Event, Bytes::from("{}"), None);
        let entries = vec![Entry { id, kind, body, reason, to }];
        let (listener, generation, received) = ("in".into(), 1, 0);
        journal.append(vec![Record { listener, generation, received, claim: None, entries }]).await;
        journal
    }

    #[tokio::test]
    async fn what_is_not_on_the_disk_yet_is_not_handed_out() {
        let folder = tempfile::tempdir().unwrap();
        let to = vec![To { destination: "app".into(), key: None }];
        let journal = journal(&folder, to).await;
        // As it is while the disk takes its time.
        let kept = journal.common.kept.swap(0, Ordering::Relaxed);
        assert!(journal.lease("app", 1, 10, 1000).await.leased.is_empty());
        journal.common.keep(kept);
        assert_eq!(journal.lease("app", 1, 10, 1000).await.leased.len(), 1);
    }

    #[tokio::test]
    async fn whoever_sees_the_end_first_tells_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let journal = journal(&folder, Vec::new()).await;
        let end = Arc::clone(lock(&journal.common.ends).entry(1).or_default());
        let mut end = pin!(end.notified());
        end.as_mut().enable();
        assert!(journal.finished(1).await);
        tokio::select! {
            biased;
            () = end => {}
            () = std::future::ready(()) => panic!("not told"),
        }
    }
}
