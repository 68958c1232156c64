//! What goes, and when: nothing that somebody still waits for.

use std::time::Duration;

use rusqlite::Connection;
use rusqlite::params;

use crate::Settings;
use crate::clock;
use crate::embedded::write::Counts;
use crate::embedded::write::DEAD;
use crate::embedded::write::DONE;

/// How many entries are looked at in one go, so that nobody has to wait for long.
const MOST: usize = 2000;

/// How far the tidying has come.
#[derive(Debug, Default)]
pub(super) struct Tidy {
    /// Everything up to this number was looked at.
    seen: u64,
}

/// An entry that may have to go.
struct Old {
    number: u64,
    received: u64,
    state: i64,
    size: u64,
}

impl Tidy {
    /// Looks at some more entries.
    pub(super) fn run(
        &mut self,
        connection: &Connection,
        counts: &mut Counts,
        settings: Settings,
    ) -> rusqlite::Result<()> {
        let now = clock::steady();
        let before = |age: Duration| now.saturating_sub(clock::milliseconds(age));
        connection.execute_batch("BEGIN IMMEDIATE")?;
        let forget = "DELETE FROM claim WHERE (listener, key) IN \
                      (SELECT listener, key FROM claim WHERE until < ? LIMIT 2000)";
        connection.prepare_cached(forget)?.execute(params![now])?;
        let all = self.next(connection)?;
        let is_end = all.len() < MOST;
        for Old { number, received, state, size } in all {
            self.seen = number;
            let goes = match state {
                DONE => received < before(settings.age) || counts.bytes > settings.size,
                DEAD => received < before(settings.dead),
                _ => false,
            };
            if !goes {
                // What comes later is younger: it goes for its size only.
                let is_young = received >= before(settings.age.min(settings.dead));
                if is_young && counts.bytes <= settings.size {
                    self.seen = 0;
                    break;
                }
                continue;
            }
            let n_dead = remove(connection, number)?;
            counts.dead = counts.dead.saturating_sub(n_dead);
            counts.entries = counts.entries.saturating_sub(1);
            counts.bytes = counts.bytes.saturating_sub(size);
        }
        if is_end {
            self.seen = 0;
        }
        counts.write(connection)?;
        connection.execute_batch("COMMIT")
    }

    fn next(&self, connection: &Connection) -> rusqlite::Result<Vec<Old>> {
        let select = "SELECT number, received, state, size FROM entry WHERE number > ? \
                      ORDER BY number LIMIT ?";
        let mut select = connection.prepare_cached(select)?;
        let rows = select.query_map(params![self.seen, MOST as u64], |row| {
            let (number, received) = (row.get(0)?, row.get(1)?);
            Ok(Old { number, received, state: row.get(2)?, size: row.get(3)? })
        })?;
        rows.collect()
    }
}

/// Removes an entry with all that is known of it. Gives how many dead letters it was.
pub(super) fn remove(connection: &Connection, number: u64) -> rusqlite::Result<u64> {
    let dead = "SELECT (SELECT count(*) FROM delivery WHERE number = ?1 AND state > 1) + \
                (SELECT count(*) FROM entry WHERE number = ?1 AND kind = 1)";
    let mut dead = connection.prepare_cached(dead)?;
    let n_dead = dead.query_row(params![number], |row| row.get(0))?;
    for table in ["delivery", "content", "entry"] {
        let delete = format!("DELETE FROM {table} WHERE number = ?");
        connection.prepare_cached(&delete)?.execute(params![number])?;
    }
    Ok(n_dead)
}
