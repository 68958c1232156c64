//! The tables, and how a file with them is opened.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::OpenFlags;
use rusqlite::config::DbConfig;
use rusqlite::params;

/// The version of the tables. A later one reads all before it.
pub(super) const VERSION: i64 = 1;

/// How long somebody else's lock is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// The size of a page, in bytes. Seven bodies of 1 KiB fit into one: that is half the writes of the
/// usual size.
pub(super) const PAGE: u64 = 8192;

/// How long the log may stay that has once become longer, in bytes.
const LOG: u64 = 64 << 20;

/// What is small stands apart from what is large, so that lists, counts and retention read little.
const TABLES: &str = "
CREATE TABLE meta (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    last INTEGER NOT NULL,          -- the last number that was given
    entries INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    waiting INTEGER NOT NULL,       -- deliveries
    waiting_bytes INTEGER NOT NULL,
    dead INTEGER NOT NULL           -- deliveries, and requests that gave no event
);
INSERT INTO meta VALUES (1, 0, 0, 0, 0, 0, 0);
CREATE TABLE name (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE entry (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    listener INTEGER NOT NULL,      -- a name
    generation INTEGER NOT NULL,
    received INTEGER NOT NULL,      -- milliseconds since 1970, as all times
    kind INTEGER NOT NULL,          -- 0 an event, 1 invalid, 2 refused
    state INTEGER NOT NULL,         -- 0 done, 1 something waits, 2 nothing waits and something is dead
    size INTEGER NOT NULL,
    reason TEXT
);
CREATE TABLE content (number INTEGER PRIMARY KEY, sum INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE delivery (
    number INTEGER NOT NULL,
    destination INTEGER NOT NULL,   -- a name
    state INTEGER NOT NULL,         -- 0 waits, 1 delivered, 2 dead, 3 damaged
    due INTEGER NOT NULL,           -- or when it ended
    since INTEGER NOT NULL,         -- when it was due for the first time
    attempts INTEGER NOT NULL,
    key INTEGER,                    -- those of one key go one after the other
    why TEXT,
    PRIMARY KEY (number, destination)
) WITHOUT ROWID;
CREATE INDEX waiting ON delivery (destination, due, number) WHERE state = 0;
CREATE INDEX ordered ON delivery (destination, key, number) WHERE state = 0 AND key IS NOT NULL;
CREATE TABLE claim (
    listener INTEGER NOT NULL,
    key BLOB NOT NULL,
    number INTEGER NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (listener, key)
) WITHOUT ROWID;
CREATE INDEX expiring ON claim (until);
";

/// Opens a file that is there, with the tables in it.
pub(super) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection = connect(path)?;
    let is_new = version(&connection)? == 0;
    if is_new {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        connection.execute_batch(TABLES)?;
        connection.pragma_update(None, "user_version", VERSION)?;
        connection.execute_batch("COMMIT")?;
    }
    Ok(connection)
}

/// One more connection to a file that is open.
pub(super) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    // What belongs into the database is put there by those who hear whether it could be.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.set_prepared_statement_cache_capacity(64);
    // With NORMAL the log is synced before it is put into the database, and else by the syncer.
    connection.execute_batch(&format!(
        "PRAGMA page_size = {PAGE};
         PRAGMA journal_mode = WAL;
         PRAGMA synchronous = NORMAL;
         PRAGMA wal_autocheckpoint = 0;
         PRAGMA journal_size_limit = {LOG};
         PRAGMA cache_size = -8192;
         PRAGMA temp_store = MEMORY;",
    ))?;
    Ok(connection)
}

/// The version of the tables; 0 if there are none.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Names, which rows hold as numbers.
#[derive(Debug, Default)]
pub(super) struct Names {
    by_text: HashMap<Arc<str>, i64>,
    by_id: HashMap<i64, Arc<str>>,
}

impl Names {
    /// The number of a name, which it is given if it has none.
    pub(super) fn id(&mut self, connection: &Connection, name: &str) -> rusqlite::Result<i64> {
        if let Some(id) = self.by_text.get(name) {
            return Ok(*id);
        }
        let mut insert =
            connection.prepare_cached("INSERT OR IGNORE INTO name (text) VALUES (?)")?;
        insert.execute(params![name])?;
        self.find(connection, name).map(Option::unwrap_or_default)
    }

    /// The number of a name, if it has one.
    pub(super) fn find(
        &mut self,
        connection: &Connection,
        name: &str,
    ) -> rusqlite::Result<Option<i64>> {
        if let Some(id) = self.by_text.get(name) {
            return Ok(Some(*id));
        }
        let mut select = connection.prepare_cached("SELECT id FROM name WHERE text = ?")?;
        let mut rows = select.query(params![name])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let id = row.get(0)?;
        self.by_text.insert(Arc::from(name), id);
        Ok(Some(id))
    }

    /// The name of a number.
    pub(super) fn text(&mut self, connection: &Connection, id: i64) -> rusqlite::Result<Arc<str>> {
        if let Some(name) = self.by_id.get(&id) {
            return Ok(Arc::clone(name));
        }
        let mut select = connection.prepare_cached("SELECT text FROM name WHERE id = ?")?;
        let name: String = select.query_row(params![id], |row| row.get(0))?;
        let name: Arc<str> = Arc::from(name);
        self.by_id.insert(id, Arc::clone(&name));
        Ok(name)
    }

    /// Forgets all, as some may have been taken back.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}
