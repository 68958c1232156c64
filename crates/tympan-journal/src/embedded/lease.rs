//! Handing out what is due, and nothing that is damaged.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::params;

use crate::Lease;
use crate::Leased;
use crate::embedded::common::Common;
use crate::embedded::common::lock;
use crate::embedded::scan;
use crate::embedded::scan::Whole;
use crate::embedded::schema::Names;

/// How many deliveries to one destination may be away: more come back only once what became of
/// those could be written down.
const MOST_LEASED: usize = 4096;

/// Whoever reads beside the writer.
#[derive(Debug)]
pub(super) struct Reader {
    connection: Connection,
    file: PathBuf,
    common: Arc<Common>,
    names: Names,
}

/// A delivery that is due, without what is delivered.
struct Due {
    number: u64,
    since: u64,
    attempts: u32,
}

impl Reader {
    pub(super) fn new(connection: Connection, file: PathBuf, common: Arc<Common>) -> Self {
        Self { connection, file, common, names: Names::default() }
    }

    /// What is due, and the numbers of what is damaged instead.
    pub(super) fn lease(
        &mut self,
        to: &Arc<str>,
        now: u64,
        most: usize,
        bytes: u64,
    ) -> (Lease, Vec<u64>) {
        self.try_lease(to, now, most, bytes).unwrap_or_else(|error| {
            tracing::warn!(destination = &**to, %error, "the journal cannot be read");
            Default::default()
        })
    }

    /// The state of an entry, if it is there.
    pub(super) fn state(&self, number: u64) -> rusqlite::Result<Option<i64>> {
        let select = "SELECT state FROM entry WHERE number = ?";
        let mut select = self.connection.prepare_cached(select)?;
        select.query_row(params![number], |row| row.get(0)).optional()
    }

    fn try_lease(
        &mut self,
        to: &Arc<str>,
        now: u64,
        most: usize,
        bytes: u64,
    ) -> rusqlite::Result<(Lease, Vec<u64>)> {
        let (mut lease, mut damaged) = (Lease::default(), Vec::new());
        let Some(destination) = self.names.find(&self.connection, to)? else {
            return Ok((lease, damaged));
        };
        // Held while reading: what is settled meanwhile is taken off the list only afterwards, so
        // that nothing of before is handed out once more.
        let common = Arc::clone(&self.common);
        let mut all_leased = lock(&common.leased);
        let leased = all_leased.entry(Arc::clone(to)).or_default();
        if leased.len() > MOST_LEASED || common.sealed.get().is_some() {
            return Ok((lease, damaged));
        }
        let all = self.due(destination, now, most + leased.len())?;
        let mut taken = Vec::new();
        let mut size = 0;
        for due in all {
            if lease.leased.len() >= most || size >= bytes {
                break;
            }
            if leased.contains(&due.number) {
                continue;
            }
            taken.push(due.number);
            if let Some(entry) = self.entry(&due)? {
                size += entry.body.len() as u64;
                lease.leased.push(entry);
            } else {
                damaged.push(due.number);
            }
        }
        let next = "SELECT min(due) FROM delivery WHERE destination = ? AND state = 0 AND due > ?";
        let mut next = self.connection.prepare_cached(next)?;
        lease.next = next.query_row(params![destination, now], |row| row.get(0))?;
        // From here on nothing fails: what nobody is handed must not count as handed out.
        leased.extend(taken);
        for number in &damaged {
            self.common.tell_damaged(&self.file, *number, scan::SET_ASIDE);
        }
        Ok((lease, damaged))
    }

    fn due(&self, destination: i64, now: u64, most: usize) -> rusqlite::Result<Vec<Due>> {
        let select = "SELECT number, since, attempts FROM delivery d \
                      WHERE destination = ?1 AND state = 0 AND due <= ?2 AND number <= ?4 \
                      AND (key IS NULL OR NOT EXISTS (SELECT 1 FROM delivery e \
                           WHERE e.destination = ?1 AND e.state = 0 AND e.key = d.key \
                           AND e.number < d.number)) \
                      ORDER BY due, number LIMIT ?3";
        let mut select = self.connection.prepare_cached(select)?;
        let kept = self.common.kept.load(Ordering::Relaxed);
        let rows = select.query_map(params![destination, now, most as u64, kept], |row| {
            Ok(Due { number: row.get(0)?, since: row.get(1)?, attempts: row.get(2)? })
        })?;
        rows.collect()
    }

    /// What is delivered; `None` if it is not what was once kept.
    fn entry(&mut self, due: &Due) -> rusqlite::Result<Option<Leased>> {
        let Due { number, since, attempts, .. } = *due;
        let whole = scan::whole(&self.connection, &mut self.names, number)?;
        Ok(whole.map(|Whole { id, listener, received, body }| Leased {
            number,
            id,
            listener,
            received,
            since,
            attempts,
            body,
        }))
    }
}
