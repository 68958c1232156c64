//! Looking for damage before anybody needs what is damaged: slowly, and again and again.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use bytes::Bytes;
use rusqlite::Connection;
use rusqlite::ErrorCode;
use rusqlite::params;

use crate::Delivery;
use crate::Settled;
use crate::Verdict;
use crate::clock;
use crate::embedded::common::Common;
use crate::embedded::schema;
use crate::embedded::schema::Names;
use crate::embedded::sum::Summed;
use crate::embedded::writer::Job;

/// How often some more entries are looked at, and how many entries and bytes at most: a hundredth of
/// what a processor or a disk can do.
const TICK: Duration = Duration::from_secs(1);
const MOST_ENTRIES: usize = 512;
const MOST_BYTES: u64 = 4 << 20;

/// How long after all were looked at it begins anew.
const REST: Duration = Duration::from_hours(1);

/// What follows from damage where something waits to be delivered.
pub(super) const SET_ASIDE: &str = "it is kept aside and not delivered";

/// How many damaged entries are remembered, so that each is told once.
const MOST_KNOWN: usize = 10_000;

/// Whoever looks for damage. It ends when nobody holds the other end of its channel.
pub(super) struct Scan {
    database: PathBuf,
    common: Arc<Common>,
    jobs: SyncSender<Job>,
    names: Names,
    /// Everything up to this number was looked at.
    seen: u64,
    known: BTreeSet<u64>,
}

/// An entry that is what was once kept.
pub(super) struct Whole {
    pub(super) id: String,
    pub(super) listener: Arc<str>,
    pub(super) received: u64,
    pub(super) body: Bytes,
}

impl Scan {
    pub(super) fn new(database: PathBuf, common: Arc<Common>, jobs: SyncSender<Job>) -> Self {
        let (names, known) = (Names::default(), BTreeSet::new());
        Self { database, common, jobs, names, seen: 0, known }
    }

    pub(super) fn run(mut self, end: &Receiver<()>) {
        let mut wait = TICK;
        while end.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
            let is_end = self.look().unwrap_or_else(|error| {
                let file = self.database.display().to_string();
                let behind = self.seen;
                tracing::warn!(file, behind, %error, "the journal cannot be looked through");
                true
            });
            wait = if is_end { REST } else { TICK };
            if is_end {
                self.seen = 0;
            }
        }
    }

    /// Looks at some more entries, and tells whether those were the last.
    fn look(&mut self) -> rusqlite::Result<bool> {
        // Nothing is held open meanwhile.
        let connection = schema::connect(&self.database)?;
        let all = self.next(&connection)?;
        let is_end = all.len() < MOST_ENTRIES;
        let mut bytes = 0;
        for (number, size) in all {
            self.seen = number;
            if !self.known.contains(&number)
                && whole(&connection, &mut self.names, number)?.is_none()
            {
                self.found(&connection, number)?;
            }
            bytes += size;
            if bytes > MOST_BYTES {
                return Ok(false);
            }
        }
        Ok(is_end)
    }

    fn next(&self, connection: &Connection) -> rusqlite::Result<Vec<(u64, u64)>> {
        let select = "SELECT number, size FROM entry WHERE number > ? ORDER BY number LIMIT ?";
        let mut select = connection.prepare(select)?;
        let rows = select.query_map(params![self.seen, MOST_ENTRIES as u64], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        rows.collect()
    }

    /// Tells of a damaged entry, and sees that it is not delivered.
    fn found(&mut self, connection: &Connection, number: u64) -> rusqlite::Result<()> {
        if self.known.len() < MOST_KNOWN {
            self.known.insert(number);
        }
        let select = "SELECT destination, state FROM delivery WHERE number = ?";
        let mut select = connection.prepare(select)?;
        let rows = select.query_map(params![number], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let deliveries: Vec<(i64, i64)> = rows.collect::<rusqlite::Result<_>>()?;
        // Whoever was to deliver it has told of it, or it has gone meanwhile.
        let is_told = deliveries.iter().any(|(_, state)| *state == 3);
        if is_told || !is_there(connection, number)? {
            return Ok(());
        }
        let states: Vec<_> = deliveries.iter().map(|(_, state)| *state).collect();
        self.common.tell_damaged(&self.database, number, follows(&states));
        let mut settled = Vec::new();
        for (destination, state) in deliveries {
            if state == 0 {
                let destination = self.names.text(connection, destination)?;
                let delivery = Delivery { number, destination };
                settled.push(Settled { delivery, at: clock::steady(), verdict: Verdict::Damaged });
            }
        }
        // A writer that has ended has nothing handed out any more.
        let _ = self.jobs.send(Job::Settle(settled));
        Ok(())
    }
}

/// What follows from damage, by the states of the deliveries of an entry.
fn follows(states: &[i64]) -> &'static str {
    match states {
        states if states.contains(&0) => SET_ASIDE,
        [] => "nothing of it was to be delivered, and it cannot be replayed",
        states if states.iter().all(|state| *state == 1) => {
            "it has been delivered, and cannot be once more"
        }
        _ => "it is a dead letter, and cannot be replayed",
    }
}

fn is_there(connection: &Connection, number: u64) -> rusqlite::Result<bool> {
    connection.prepare("SELECT 1 FROM entry WHERE number = ?")?.exists(params![number])
}

/// An entry; `None` if it is not what was once kept.
pub(super) fn whole(
    connection: &Connection,
    names: &mut Names,
    number: u64,
) -> rusqlite::Result<Option<Whole>> {
    let select = "SELECT id, listener, received, sum, body \
                  FROM entry JOIN content USING (number) WHERE number = ?";
    let mut select = connection.prepare_cached(select)?;
    let found = select.query_row(params![number], |row| {
        let (id, listener): (String, i64) = (row.get(0)?, row.get(1)?);
        Ok((id, listener, row.get(2)?, row.get(3)?, row.get::<_, Vec<u8>>(4)?))
    });
    let Some((id, listener, received, sum, body)) = readable(found)? else { return Ok(None) };
    let listener = names.text(connection, listener);
    let Some(listener) = readable(listener)? else { return Ok(None) };
    let summed = Summed { number, id: &id, listener: &listener, received, body: &body };
    if summed.sum() != sum {
        return Ok(None);
    }
    Ok(Some(Whole { id, listener, received, body: Bytes::from(body) }))
}

/// A value of another type than was written is damage, too, and so is a page that holds no rows.
fn readable<T>(found: rusqlite::Result<T>) -> rusqlite::Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(
            rusqlite::Error::QueryReturnedNoRows
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::Utf8Error(..),
        ) => Ok(None),
        Err(rusqlite::Error::SqliteFailure(failure, _))
            if failure.code == ErrorCode::DatabaseCorrupt =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::SET_ASIDE;
    use super::follows;

    #[test]
    fn what_follows_is_true_of_each() {
        for (states, expected) in [
            (&[0][..], SET_ASIDE),
            (&[1, 0, 2], SET_ASIDE),
            (&[1, 1], "it has been delivered, and cannot be once more"),
            (&[1, 2], "it is a dead letter, and cannot be replayed"),
            (&[], "nothing of it was to be delivered, and it cannot be replayed"),
        ] {
            assert_eq!(follows(states), expected, "{states:?}");
        }
    }
}
