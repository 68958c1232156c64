//! What one group writes.

use std::collections::BTreeSet;
use std::sync::Arc;

use rusqlite::CachedStatement;
use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::params;

use crate::Appended;
use crate::Claim;
use crate::Delivery;
use crate::Entry;
use crate::Kind;
use crate::Record;
use crate::Settings;
use crate::Settled;
use crate::Verdict;
use crate::clock;
use crate::embedded::inspect;
use crate::embedded::inspect::Order;
use crate::embedded::schema::Names;
use crate::embedded::sum::Summed;

/// States of entries.
pub(super) const DONE: i64 = 0;
pub(super) const WAITING: i64 = 1;
pub(super) const DEAD: i64 = 2;

/// What is counted along, so that nobody has to count when a journal is opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// The last number that was given.
    pub(super) last: u64,
    pub(super) entries: u64,
    pub(super) bytes: u64,
    pub(super) waiting: u64,
    pub(super) waiting_bytes: u64,
    pub(super) dead: u64,
}

/// What a group has changed for others.
#[derive(Debug, Default)]
pub(super) struct News {
    /// Entries for which nothing waits any more.
    pub(super) finished: Vec<u64>,
    pub(super) appended: u64,
    pub(super) duplicates: u64,
    /// Where something is due now.
    pub(super) destinations: BTreeSet<Arc<str>>,
}

/// Who writes.
#[derive(Debug)]
pub(super) struct Write {
    pub(super) counts: Counts,
    names: Names,
}

/// What is run once a record: found once a group instead of every time.
struct Inserts<'c> {
    entry: CachedStatement<'c>,
    content: CachedStatement<'c>,
    delivery: CachedStatement<'c>,
}

impl Counts {
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let columns = "last, entries, bytes, waiting, waiting_bytes, dead";
        let select = format!("SELECT {columns} FROM meta");
        connection.query_row(&select, [], |row| {
            Ok(Self {
                last: row.get(0)?,
                entries: row.get(1)?,
                bytes: row.get(2)?,
                waiting: row.get(3)?,
                waiting_bytes: row.get(4)?,
                dead: row.get(5)?,
            })
        })
    }

    /// Why nothing more is taken, if so.
    pub(super) fn full(&self, settings: Settings) -> Option<String> {
        let waiting = self.waiting_bytes;
        (waiting >= settings.backlog).then(|| format!("{waiting} bytes wait for delivery"))
    }

    pub(super) fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        let update = "UPDATE meta SET (last, entries, bytes, waiting, waiting_bytes, dead) \
                      = (?, ?, ?, ?, ?, ?)";
        let Self { last, entries, bytes, waiting, waiting_bytes, dead } = self;
        let mut update = connection.prepare_cached(update)?;
        update.execute(params![last, entries, bytes, waiting, waiting_bytes, dead])?;
        Ok(())
    }
}

impl Write {
    pub(super) fn new(counts: Counts) -> Self {
        Self { counts, names: Names::default() }
    }

    /// Does with entries what is ordered, and tells how many it changed anything about.
    pub(super) fn obey(
        &mut self,
        connection: &Connection,
        numbers: &[u64],
        destination: Option<&str>,
        order: Order,
    ) -> rusqlite::Result<usize> {
        let destination = match destination {
            Some(name) => Some(self.names.id(connection, name)?),
            None => None,
        };
        let mut n_changed = 0;
        for number in numbers {
            let counts = &mut self.counts;
            let is_changed = inspect::obey(connection, counts, *number, destination, order)?;
            n_changed += usize::from(is_changed);
        }
        self.counts.write(connection)?;
        Ok(n_changed)
    }

    /// Everything since these counts was taken back.
    pub(super) fn take_back(&mut self, counts: Counts) {
        self.counts = counts;
        self.names.forget();
    }

    /// Writes records, and what became of deliveries.
    pub(super) fn group(
        &mut self,
        connection: &Connection,
        groups: &[Vec<Record>],
        settled: &[Settled],
        settings: Settings,
    ) -> rusqlite::Result<(Vec<Vec<Appended>>, News)> {
        let mut news = News::default();
        for settled in settled {
            self.settle(connection, settled, &mut news)?;
        }
        let mut into = Inserts::new(connection)?;
        let mut appended = Vec::with_capacity(groups.len());
        for records in groups {
            let records = records
                .iter()
                .map(|it| self.append(connection, &mut into, it, settings, &mut news));
            appended.push(records.collect::<rusqlite::Result<Vec<_>>>()?);
        }
        self.counts.write(connection)?;
        Ok((appended, news))
    }

    fn append(
        &mut self,
        connection: &Connection,
        into: &mut Inserts,
        record: &Record,
        settings: Settings,
        news: &mut News,
    ) -> rusqlite::Result<Appended> {
        let listener = self.names.id(connection, &record.listener)?;
        if let Some(claim) = &record.claim
            && let Some(first) = claimed(connection, listener, claim, record.received)?
        {
            news.duplicates += 1;
            return Ok(Appended::Duplicate(first));
        }
        if let Some(why) = self.counts.full(settings) {
            return Ok(Appended::Full(why));
        }
        let first = self.counts.last + 1;
        if let Some(Claim { key, window }) = &record.claim {
            let insert = "INSERT OR REPLACE INTO claim VALUES (?, ?, ?, ?)";
            let until = record.received.saturating_add(clock::milliseconds(*window));
            let mut insert = connection.prepare_cached(insert)?;
            insert.execute(params![listener, key, first, until])?;
        }
        for entry in &record.entries {
            self.entry(connection, into, record, listener, entry, news)?;
        }
        news.appended += 1;
        Ok(Appended::Stored(first))
    }

    fn entry(
        &mut self,
        connection: &Connection,
        into: &mut Inserts,
        record: &Record,
        listener: i64,
        entry: &Entry,
        news: &mut News,
    ) -> rusqlite::Result<()> {
        let counts = &mut self.counts;
        counts.last += 1;
        let (number, size) = (counts.last, entry.body.len() as u64);
        counts.entries += 1;
        counts.bytes += size;
        let is_dead = entry.kind == Kind::Invalid;
        counts.dead += u64::from(is_dead);
        if !entry.to.is_empty() {
            counts.waiting_bytes += size;
        }
        counts.waiting += entry.to.len() as u64;
        let state = match entry.to.is_empty() {
            false => WAITING,
            true if is_dead => DEAD,
            true => DONE,
        };
        let kind = match entry.kind {
            Kind::Event => 0,
            Kind::Invalid => 1,
            Kind::Refused => 2,
        };
        let Record { generation, received, .. } = record;
        into.entry.execute(params![
            number,
            entry.id,
            listener,
            generation,
            received,
            kind,
            state,
            size,
            entry.reason
        ])?;
        let summed = Summed {
            number,
            id: &entry.id,
            listener: &record.listener,
            received: *received,
            body: &entry.body,
        };
        into.content.execute(params![number, summed.sum(), &entry.body[..]])?;
        for to in &entry.to {
            let destination = self.names.id(connection, &to.destination)?;
            into.delivery.execute(params![number, destination, received, received, to.key])?;
            if !news.destinations.contains(&to.destination) {
                news.destinations.insert(Arc::clone(&to.destination));
            }
        }
        Ok(())
    }

    fn settle(
        &mut self,
        connection: &Connection,
        settled: &Settled,
        news: &mut News,
    ) -> rusqlite::Result<()> {
        let Settled { delivery: Delivery { number, destination: name }, at, verdict } = settled;
        let destination = self.names.id(connection, name)?;
        let (state, due, attempts, why) = match verdict {
            Verdict::Delivered => (1, at, 1, None),
            Verdict::Again { due, why, counts } => (0, due, i64::from(*counts), Some(why)),
            Verdict::Dead { why } => (2, at, 1, Some(why)),
            Verdict::Damaged => (3, at, 0, None),
        };
        let update = "UPDATE delivery SET state = ?, due = ?, attempts = attempts + ?, why = ? \
                      WHERE number = ? AND destination = ? AND state = 0 \
                      RETURNING key IS NOT NULL";
        let mut update = connection.prepare_cached(update)?;
        let parameters = params![state, due, attempts, why, number, destination];
        let has_key = update.query_row(parameters, |row| row.get(0)).optional()?;
        // Those of one key that stood behind it, or the delivery itself, may be due now.
        if state == 0 || has_key != Some(false) {
            news.destinations.insert(Arc::clone(name));
        }
        if has_key.is_none() || state == 0 {
            return Ok(());
        }
        self.counts.waiting = self.counts.waiting.saturating_sub(1);
        self.counts.dead += u64::from(state > 1);
        if finish(connection, *number, &mut self.counts)? {
            news.finished.push(*number);
        }
        Ok(())
    }
}

impl<'c> Inserts<'c> {
    fn new(connection: &'c Connection) -> rusqlite::Result<Self> {
        let entry = "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let content = "INSERT INTO content VALUES (?, ?, ?)";
        let delivery = "INSERT OR IGNORE INTO delivery VALUES (?, ?, 0, ?, ?, 0, ?, NULL)";
        Ok(Self {
            entry: connection.prepare_cached(entry)?,
            content: connection.prepare_cached(content)?,
            delivery: connection.prepare_cached(delivery)?,
        })
    }
}

/// An entry for which nothing waits any more is done, or dead; tells whether it is.
pub(super) fn finish(
    connection: &Connection,
    number: u64,
    counts: &mut Counts,
) -> rusqlite::Result<bool> {
    let update = "UPDATE entry SET state = CASE WHEN EXISTS \
                  (SELECT 1 FROM delivery d WHERE d.number = entry.number AND d.state > 1) \
                  THEN 2 ELSE 0 END \
                  WHERE number = ?1 AND NOT EXISTS \
                  (SELECT 1 FROM delivery d WHERE d.number = ?1 AND d.state = 0) RETURNING size";
    let mut update = connection.prepare_cached(update)?;
    let mut rows = update.query(params![number])?;
    let Some(row) = rows.next()? else { return Ok(false) };
    let size: u64 = row.get(0)?;
    counts.waiting_bytes = counts.waiting_bytes.saturating_sub(size);
    Ok(true)
}

/// The number of what is kept under a key, if that still counts.
fn claimed(
    connection: &Connection,
    listener: i64,
    claim: &Claim,
    now: u64,
) -> rusqlite::Result<Option<u64>> {
    let select = "SELECT number FROM claim WHERE listener = ? AND key = ? AND until > ?";
    let mut select = connection.prepare_cached(select)?;
    let mut rows = select.query(params![listener, claim.key, now])?;
    rows.next()?.map(|row| row.get(0)).transpose()
}
