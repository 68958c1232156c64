//! The log goes into the database, most of it while others write.
//!
//! A log begins anew only when all of it is in the database. So a thread of its own puts there what
//! it finds, and what was written meanwhile, until little is left: for that whoever writes waits.

use std::sync::Arc;
use std::sync::mpsc;
use std::sync::mpsc::TryRecvError;
use std::thread;

use rusqlite::Connection;

use crate::OpenError;
use crate::embedded::common::Common;
use crate::embedded::fault::Fault;
use crate::embedded::place::Place;
use crate::embedded::schema;

/// How long a log is before it goes into the database, about, in bytes. The file itself does not tell,
/// as it is written over from its beginning and never becomes smaller.
const LONG: u64 = 32 << 20;

/// How much of it is worth waiting for.
const SHORT: u64 = LONG / 8;

/// How long it may become: if the thread never catches up, whoever writes waits for it.
const MOST: u64 = 2 * LONG;

/// Who puts the log into the database.
pub(super) struct Checkpointer {
    /// Gone when it is dropped, so that the thread ends.
    begin: Option<mpsc::Sender<()>>,
    done: mpsc::Receiver<()>,
    thread: Option<thread::JoinHandle<()>>,
    is_busy: bool,
    log: Log,
}

/// How much was written, about, in bytes.
#[derive(Debug, Default)]
struct Log {
    length: u64,
    /// What is not in the database.
    left: u64,
    /// What was written since the thread has begun.
    since: u64,
}

impl Checkpointer {
    /// Begins with the log that there is.
    pub(super) fn new(place: &Arc<Place>, common: &Arc<Common>) -> Result<Self, OpenError> {
        let connection = schema::connect(&place.database);
        let connection = connection.map_err(|error| place.unreadable(&error))?;
        let length = place.log_length().map_err(|error| OpenError::Io(place.log(), error))?;
        let log = Log { length, left: length, since: 0 };
        let (begin, inbox) = mpsc::channel();
        let (told, done) = mpsc::channel();
        let (place, common) = (Arc::clone(place), Arc::clone(common));
        let thread = thread::spawn(move || {
            for () in inbox {
                // A full disk takes it later.
                if let Err(Fault::Sealed(why)) = beside(&connection, &common) {
                    common.seal(&place.database, &why);
                }
                // Nobody hears it at the end.
                let _ = told.send(());
            }
        });
        let (begin, thread) = (Some(begin), Some(thread));
        Ok(Self { begin, done, thread, is_busy: false, log })
    }

    pub(super) fn wrote(&mut self, bytes: u64) {
        let Log { length, left, since } = &mut self.log;
        for sum in [length, left, since] {
            *sum += bytes;
        }
    }

    /// Begins, or goes on, if it is time; tells whether what is left is worth waiting for.
    pub(super) fn go_on(&mut self) -> bool {
        if !self.is_busy {
            return self.log.left > LONG && !self.begin();
        }
        if let Err(TryRecvError::Empty) = self.done.try_recv() {
            return self.log.length > MOST;
        }
        self.is_busy = false;
        self.log.left = self.log.since;
        self.log.left <= SHORT || !self.begin()
    }

    /// Puts all of the log into the database, for which whoever writes waits.
    pub(super) fn end(&mut self, connection: &Connection) -> Result<(), Fault> {
        if self.is_busy {
            // It has ended if nobody answers.
            let _ = self.done.recv();
            self.is_busy = false;
        }
        self.log = Log::default();
        checkpoint(connection)
    }

    /// False if there is no thread any more.
    fn begin(&mut self) -> bool {
        self.log.since = 0;
        self.is_busy = self.begin.as_ref().is_some_and(|begin| begin.send(()).is_ok());
        self.is_busy
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.begin.take();
        if let Some(thread) = self.thread.take() {
            // A panic of that thread was told where it happened.
            let _ = thread.join();
        }
    }
}

fn beside(connection: &Connection, common: &Common) -> Result<(), Fault> {
    common.unsealed()?;
    checkpoint(connection)
}

/// The log is synced before, and the database after it, if all of the log is there.
fn checkpoint(connection: &Connection) -> Result<(), Fault> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
    Ok(())
}
