//! The folder of a journal, and what is there before anything is read.

use std::fs;
use std::fs::DirBuilder;
use std::fs::File;
use std::fs::OpenOptions;
use std::fs::TryLockError;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::fs::FileExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;

use crate::OpenError;
use crate::embedded::fault::Fault;
use crate::embedded::mark::Mark;
use crate::embedded::schema;

/// The files of a journal, which nobody else has.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) database: PathBuf,
    pub(super) mark: Mark,
    /// What the mark said when it was opened.
    pub(super) marked: Option<u64>,
    /// Held as long as the journal is open.
    _lock: File,
}

impl Place {
    pub(super) fn open(folder: &Path) -> Result<Self, OpenError> {
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
        ours(&database).map_err(failed)?;
        let (mark, marked) = Mark::open(&folder.join("mark")).map_err(failed)?;
        let place = Self { database, mark, marked, _lock: lock };
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
        Ok(place)
    }

    /// Keeps a copy of the write-ahead log, before anything is written over it.
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

    /// Writes the log anew as it is read, and syncs it.
    pub(super) fn renew_log(&self) -> Result<(), Fault> {
        let passing =
            |error: io::Error| Fault::Passing(format!("the log cannot be renewed: {error}"));
        let file = File::options().read(true).write(true).open(self.log()).map_err(passing)?;
        let mut buffer = vec![0; 1 << 20];
        let mut at = 0;
        loop {
            let n = file.read_at(&mut buffer, at).map_err(passing)?;
            if n == 0 {
                break;
            }
            file.write_all_at(&buffer[..n], at).map_err(passing)?;
            at += n as u64;
        }
        file.sync_data()
            .map_err(|error| Fault::Sealed(format!("the log cannot be synced: {error}")))
    }

    /// How long the log is, in bytes, whatever of it still counts.
    pub(super) fn log_length(&self) -> io::Result<u64> {
        Ok(fs::metadata(self.log())?.len())
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
