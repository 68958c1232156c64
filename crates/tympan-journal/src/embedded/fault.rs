//! What a failure of the file means for what comes after it.

use rusqlite::ffi;

/// A failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nothing was kept this time; the next time something may be.
    Passing(String),
    /// The file cannot be believed any more: what the system says it has may not be on the disk.
    Sealed(String),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        let why = error.to_string();
        let rusqlite::Error::SqliteFailure(failure, _) = &error else { return Self::Sealed(why) };
        // A failed sync may have dropped what was to be written, so that the next one succeeds
        // without it: <https://www.usenix.org/conference/atc20/presentation/rebello>
        let is_final =
            matches!(
                failure.extended_code,
                ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC | ffi::SQLITE_IOERR_CLOSE
            ) || matches!(failure.extended_code & 0xff, ffi::SQLITE_CORRUPT | ffi::SQLITE_NOTADB);
        if is_final { Self::Sealed(why) } else { Self::Passing(why) }
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Error;
    use rusqlite::ffi;

    use super::Fault;

    #[test]
    fn only_some_failures_pass() {
        let fault = |code| Fault::from(Error::SqliteFailure(ffi::Error::new(code), None));
        for code in [ffi::SQLITE_FULL, ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_BUSY] {
            assert!(matches!(fault(code), Fault::Passing(_)), "{code}");
        }
        for code in [ffi::SQLITE_IOERR_FSYNC, ffi::SQLITE_CORRUPT, ffi::SQLITE_CORRUPT_INDEX] {
            assert!(matches!(fault(code), Fault::Sealed(_)), "{code}");
        }
    }
}
