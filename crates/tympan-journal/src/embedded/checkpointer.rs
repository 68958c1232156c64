//! The log goes into the database, most of it while others write.
//!
//! A log begins anew only when all of it is in the database. So a thread of its own puts there what
//! it finds, and what was written meanwhile, until little is left: for that whoever writes waits.

use std::sync::Arc;
use std::sync::mpsc;
use std::sync::mpsc::TryRecvError;

use rusqlite::Connection;

use crate::OpenError;
use crate::embedded::common::Common;
use crate::embedded::fault::Fault;
use crate::embedded::helper::Helper;
use crate::embedded::place::Place;
use crate::embedded::schema;

/// How much a log has before it goes into the database, in frames: pages that were written, of 8 KiB.
const LONG: u64 = 4096;

/// How much of it is worth waiting for.
const SHORT: u64 = LONG / 8;

/// How much it may get: if the thread never catches up, whoever writes waits for it.
const MOST: u64 = 2 * LONG;

/// Who puts the log into the database.
pub(super) struct Checkpointer {
    thread: Helper<()>,
    /// Whether the thread has put there what it could.
    done: mpsc::Receiver<bool>,
    is_busy: bool,
    /// How many frames there were when whoever writes last tried it, or the thread could not, unless the
    /// log has begun anew since.
    tried: u64,
}

/// How much a log has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frames {
    pub(super) all: u64,
    /// As far as it is in the database.
    copied: u64,
}

impl Checkpointer {
    pub(super) fn new(place: &Arc<Place>, common: &Arc<Common>) -> Result<Self, OpenError> {
        let connection = schema::connect(&place.database);
        let connection = connection.map_err(|error| place.unreadable(&error))?;
        let (told, done) = mpsc::channel();
        let (place, common) = (Arc::clone(place), Arc::clone(common));
        let thread = Helper::new(move |begun| {
            for () in begun {
                let passed = common.unsealed().and_then(|()| {
                    checkpoint(&connection)?;
                    // As long as others write, nobody else does it; and they need not wait for it.
                    place.sync_database()
                });
                match &passed {
                    Ok(()) => {}
                    Err(Fault::Sealed(why)) => common.seal(&place.database, why),
                    Err(Fault::Passing(why)) => tell_passing(why),
                }
                // Nobody hears it at the end.
                let _ = told.send(passed.is_ok());
            }
            // Before the locks of the place go.
            drop(connection);
        });
        Ok(Self { thread, done, is_busy: false, tried: 0 })
    }

    /// Begins, or goes on, if it is time; tells whether what is left is worth waiting for.
    pub(super) fn go_on(&mut self, connection: &Connection) -> Result<bool, Fault> {
        let Some(Frames { all, copied }) = Frames::read(connection)? else { return Ok(false) };
        if all < self.tried {
            self.tried = 0;
        }
        let length = all - self.tried;
        if !self.is_busy {
            return Ok(length > LONG && !self.begin());
        }
        let done = self.done.try_recv();
        self.is_busy = matches!(done, Err(TryRecvError::Empty));
        Ok(match done {
            Err(TryRecvError::Empty) => length > MOST,
            Err(TryRecvError::Disconnected) => true,
            Ok(true) => all.saturating_sub(copied) <= SHORT || length > MOST || !self.begin(),
            Ok(false) => {
                self.tried = all;
                false
            }
        })
    }

    /// Waits until the thread does nothing.
    pub(super) fn rest(&mut self) {
        if self.is_busy {
            // It has ended if nobody answers.
            let _ = self.done.recv();
            self.is_busy = false;
        }
    }

    /// Puts all of the log into the database, for which whoever writes waits.
    pub(super) fn end(&mut self, connection: &Connection) -> Result<(), Fault> {
        let done = checkpoint(connection);
        if let Some(Frames { all, copied }) = Frames::read(connection)? {
            self.tried = all;
            if done.is_ok() && copied < all {
                tell_passing("another program reads what was there before");
            }
        }
        done
    }

    /// False if there is no thread any more.
    fn begin(&mut self) -> bool {
        self.is_busy = self.thread.hand(());
        self.is_busy
    }
}

impl Frames {
    /// `None` if it cannot be told at the moment, as another program writes.
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Option<Self>> {
        connection.query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| {
            let [all, copied]: [i64; 2] = [row.get("log")?, row.get("checkpointed")?];
            let frames = u64::try_from(all).ok().zip(u64::try_from(copied).ok());
            Ok(frames.map(|(all, copied)| Self { all, copied }))
        })
    }
}

/// What could not be put into the database is tried again when the log has grown.
pub(super) fn tell_passing(why: &str) {
    tracing::warn!(why, "the journal's log cannot be put into the database");
}

/// The log is synced before, and the database after it, if all of the log is there.
fn checkpoint(connection: &Connection) -> Result<(), Fault> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Checkpointer;
    use super::Common;
    use super::Frames;
    use super::Place;
    use super::schema;

    #[test]
    fn the_log_goes_into_the_database_unless_nobody_knows_what_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let place = Arc::new(Place::open(folder.path(), true).unwrap());
        let common = Arc::new(Common::default());
        let connection = schema::connect(&place.database).unwrap();
        let left = || {
            let Frames { all, copied } = Frames::read(&connection).unwrap().unwrap();
            all - copied
        };
        connection.execute_batch("UPDATE meta SET last = 1").unwrap();
        assert_ne!(left(), 0);
        let mut checkpointer = Checkpointer::new(&place, &common).unwrap();
        assert!(checkpointer.begin());
        checkpointer.rest();
        assert_eq!(left(), 0);

        // What somebody else reads stays, and is tried again only when the log has grown.
        connection.execute_batch("UPDATE meta SET last = 2").unwrap();
        let other = schema::connect(&place.database).unwrap();
        other.execute_batch("BEGIN; SELECT * FROM meta").unwrap();
        connection.execute_batch("UPDATE meta SET last = 3").unwrap();
        checkpointer.end(&connection).unwrap();
        assert_ne!(left(), 0);
        assert_eq!(checkpointer.tried, Frames::read(&connection).unwrap().unwrap().all);
        other.execute_batch("COMMIT").unwrap();
        checkpointer.end(&connection).unwrap();
        assert_eq!(left(), 0);
        connection.execute_batch("UPDATE meta SET last = 4").unwrap();
        assert!(!checkpointer.go_on(&connection).unwrap());
        assert_eq!(checkpointer.tried, 0, "the log has begun anew");

        connection.execute_batch("UPDATE meta SET last = 5").unwrap();
        common.seal(&place.database, "a sync has failed");
        assert!(checkpointer.begin());
        checkpointer.rest();
        assert_ne!(left(), 0);
    }
}
