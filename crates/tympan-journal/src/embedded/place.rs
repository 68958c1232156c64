//! The folder of a journal, and what is there before anything is read.

use std::fs::DirBuilder;
use std::fs::File;
use std::fs::OpenOptions;
use std::fs::TryLockError;
use std::io;
use std::io::Read;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::fs::FileExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use rusqlite::Connection;

use crate::OpenError;
use crate::embedded::checkpointer::Frames;
use crate::embedded::fault::Fault;
use crate::embedded::mark::Mark;
use crate::embedded::schema;

/// How much of a log is held at once, in bytes.
const CHUNK: u64 = 1 << 20;

/// The files of a journal, which nobody else has.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) database: PathBuf,
    /// Open as long as the journal is: to close it takes the locks from whoever has it open in this
    /// process (POSIX, `fcntl`).
    database_file: File,
    pub(super) mark: Mark,
    /// What the mark said when it was opened.
    pub(super) marked: Option<u64>,
    /// Held as long as the journal is open.
    _lock: File,
}

impl Place {
    /// If it has to be durable, all that the log holds is on the disk from then on.
    pub(super) fn open(folder: &Path, is_durable: bool) -> Result<Self, OpenError> {
        let failed = |error| OpenError::Io(folder.to_owned(), error);
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        let lock = ours(&folder.join("lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::Taken(folder.to_owned())),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let database = folder.join("journal.db");
        // What is made beside it gets its rights.
        let database_file = ours(&database).map_err(failed)?;
        let (mark, marked) = Mark::open(&folder.join("mark")).map_err(failed)?;
        let place = Self { database, database_file, mark, marked, _lock: lock };
        let connection = schema::open(&place.database).map_err(|error| place.unreadable(&error))?;
        let version = schema::version(&connection).map_err(|error| place.unreadable(&error))?;
        if version > schema::VERSION {
            return Err(OpenError::Newer(place.database, version));
        }
        // The names of the files have to outlive a crash as what they hold does.
        let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
        for folder in [folder, parent.unwrap_or(Path::new("."))] {
            File::open(folder).and_then(|it| it.sync_all()).map_err(failed)?;
        }
        if is_durable {
            let renewed = place.renew_log(&connection);
            renewed.map_err(|error| OpenError::Io(place.log(), error))?;
        }
        // Whoever opens it next reads the log again.
        Ok(place)
    }

    /// Keeps a copy of the write-ahead log, before anything else is written over it.
    pub(super) fn save_log(&self) -> io::Result<PathBuf> {
        let mut number = 1;
        loop {
            let copy = self.database.with_extension(format!("db-wal.damaged-{number}"));
            match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&copy) {
                Ok(mut file) => {
                    if let Ok(mut log) = File::open(self.log()) {
                        io::copy(&mut log, &mut file)?;
                    }
                    file.sync_all()?;
                    return Ok(copy);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes the log anew as it is read, and syncs it. Some of it may be in memory only: of a sync that
    /// has failed the system tells once, and the process that it told has ended. Gives how many bytes
    /// there were.
    fn renew_log(&self, connection: &Connection) -> io::Result<u64> {
        let frames = Frames::read(connection).map_err(io::Error::other)?;
        let frames = frames.ok_or_else(|| io::Error::other("another program writes it"))?.all;
        // <https://www.sqlite.org/fileformat2.html#walformat>
        let length = 32 + frames * (24 + schema::PAGE);
        // Nobody else writes meanwhile; whoever does already is not waited for, as it is tried again soon.
        connection.busy_timeout(Duration::ZERO).map_err(io::Error::other)?;
        connection.execute_batch("BEGIN IMMEDIATE").map_err(io::Error::other)?;
        let file = File::options().read(true).write(true).open(self.log())?;
        let mut buffer = Vec::new();
        let mut at = 0;
        while at < length {
            buffer.clear();
            (&file).take(CHUNK.min(length - at)).read_to_end(&mut buffer)?;
            if buffer.is_empty() {
                break;
            }
            file.write_all_at(&buffer, at)?;
            at += buffer.len() as u64;
        }
        file.sync_data()?;
        connection.execute_batch("ROLLBACK").map_err(io::Error::other)?;
        Ok(at)
    }

    pub(super) fn sync_database(&self) -> Result<(), Fault> {
        let synced = self.database_file.sync_data();
        synced.map_err(|error| Fault::Sealed(format!("the database cannot be synced: {error}")))
    }

    pub(super) fn unreadable(&self, error: &rusqlite::Error) -> OpenError {
        OpenError::Unreadable(self.database.clone(), error.to_string())
    }

    /// The write-ahead log, which is there as soon as anything was read.
    pub(super) fn log(&self) -> PathBuf {
        self.database.with_extension("db-wal")
    }
}

/// A file that nobody but its owner can open.
fn ours(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::Place;
    use super::schema;

    #[test]
    fn all_of_the_log_is_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::open(folder.path(), true).unwrap();
        let connection = schema::connect(&place.database).unwrap();
        // More than is held at once.
        connection.execute_batch("INSERT INTO content VALUES (1, 0, zeroblob(3000000))").unwrap();
        let before = fs::read(place.log()).unwrap();
        assert_eq!(place.renew_log(&connection).unwrap(), before.len() as u64);
        assert!(fs::read(place.log()).unwrap() == before);
    }
}
