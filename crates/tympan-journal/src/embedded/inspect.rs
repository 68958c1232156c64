//! What the operator asks: which entries there are, once more, or no longer.

use std::path::Path;

use bytes::Bytes;
use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::params;

use crate::Content;
use crate::Found;
use crate::FoundDelivery;
use crate::Kind;
use crate::Query;
use crate::State;
use crate::embedded::scan;
use crate::embedded::schema;
use crate::embedded::schema::Names;
use crate::embedded::tidy;
use crate::embedded::write::Counts;
use crate::embedded::write::DEAD;
use crate::embedded::write::DONE;
use crate::embedded::write::WAITING;
use crate::embedded::write::finish;

/// What is to become of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// They are delivered once more.
    Replay { now: u64 },
    /// They are forgotten.
    Drop,
}

/// The entries that are meant, in the order of their numbers. It has a connection of its own, as
/// whoever asks for little may have much looked through.
pub(super) fn find(path: &Path, query: &Query) -> rusqlite::Result<Vec<Found>> {
    let connection = schema::connect(path)?;
    let mut names = Names::default();
    let mut id_of = |name: &Option<String>| match name {
        // Nothing is called by a number below zero.
        Some(name) => names.find(&connection, name).map(|id| Some(id.unwrap_or(-1))),
        None => Ok(None),
    };
    let (listener, destination) = (id_of(&query.listener)?, id_of(&query.destination)?);
    let state = query.state.map(|state| match state {
        State::Waiting => WAITING,
        State::Delivered => DONE,
        State::Dead => DEAD,
    });
    let select = "SELECT number, id, listener, generation, received, kind, state, size, reason \
                  FROM entry e WHERE number > ?1 \
                  AND (?2 IS NULL OR number = ?2) AND (?3 IS NULL OR id = ?3) \
                  AND (?4 IS NULL OR listener = ?4) AND (?5 IS NULL OR received >= ?5) \
                  AND (?6 IS NULL OR received < ?6) \
                  AND (?8 IS NULL OR ?7 IS NOT NULL OR state = ?8) \
                  AND (?7 IS NULL OR EXISTS (SELECT 1 FROM delivery d WHERE d.number = e.number \
                       AND d.destination = ?7 AND (?8 IS NULL OR min(d.state, 2) = \
                       CASE ?8 WHEN 1 THEN 0 WHEN 0 THEN 1 ELSE 2 END))) \
                  ORDER BY number LIMIT ?9";
    let mut select = connection.prepare(select)?;
    let mut rows = select.query(params![
        query.after,
        query.number,
        query.id,
        listener,
        query.since,
        query.until,
        destination,
        state,
        query.most as u64
    ])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let number = row.get(0)?;
        found.push(Found {
            number,
            id: row.get(1)?,
            listener: names.text(&connection, row.get(2)?)?,
            generation: row.get(3)?,
            received: row.get(4)?,
            kind: match row.get(5)? {
                0 => Kind::Event,
                1 => Kind::Invalid,
                _ => Kind::Refused,
            },
            state: match row.get(6)? {
                DONE => State::Delivered,
                WAITING => State::Waiting,
                _ => State::Dead,
            },
            size: row.get(7)?,
            reason: row.get(8)?,
            deliveries: deliveries(&connection, &mut names, number)?,
        });
    }
    Ok(found)
}

/// What an entry holds.
pub(super) fn content(path: &Path, number: u64) -> rusqlite::Result<Option<Content>> {
    let connection = schema::connect(path)?;
    let mut select = connection.prepare("SELECT body FROM content WHERE number = ?")?;
    let body = select.query_row(params![number], |row| row.get::<_, Vec<u8>>(0)).optional()?;
    let Some(body) = body else { return Ok(None) };
    let is_whole = scan::whole(&connection, &mut Names::default(), number)?.is_some();
    Ok(Some(Content { body: Bytes::from(body), is_whole }))
}

fn deliveries(
    connection: &Connection,
    names: &mut Names,
    number: u64,
) -> rusqlite::Result<Vec<FoundDelivery>> {
    let select = "SELECT destination, state, attempts, due, why FROM delivery WHERE number = ?";
    let mut select = connection.prepare_cached(select)?;
    let mut rows = select.query(params![number])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(FoundDelivery {
            destination: names.text(connection, row.get(0)?)?,
            state: match row.get(1)? {
                0 => State::Waiting,
                1 => State::Delivered,
                _ => State::Dead,
            },
            attempts: row.get(2)?,
            due: row.get(3)?,
            why: row.get(4)?,
        });
    }
    Ok(found)
}

/// Does with an entry what is ordered, for one destination or for all; tells whether that changed
/// anything.
pub(super) fn obey(
    connection: &Connection,
    counts: &mut Counts,
    number: u64,
    destination: Option<i64>,
    order: Order,
) -> rusqlite::Result<bool> {
    let select = "SELECT state, size, kind FROM entry WHERE number = ?";
    let mut select = connection.prepare_cached(select)?;
    let entry = select.query_row(params![number], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, u64>(1)?, row.get::<_, i64>(2)?))
    });
    let Some((state, size, kind)) = entry.optional()? else { return Ok(false) };
    let count = "SELECT count(*) FILTER (WHERE state = 0), count(*) FILTER (WHERE state > 1) \
                 FROM delivery WHERE number = ?1 AND (?2 IS NULL OR destination = ?2)";
    let mut count = connection.prepare_cached(count)?;
    let (waiting, dead): (u64, u64) =
        count.query_row(params![number, destination], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let n_changed = match (order, destination) {
        (Order::Replay { now }, _) => {
            let update = "UPDATE delivery SET state = 0, due = ?1, since = ?1, attempts = 0, \
                          why = NULL WHERE number = ?2 AND state > 0 \
                          AND (?3 IS NULL OR destination = ?3)";
            let mut changed =
                connection.prepare_cached(update)?.execute(params![now, number, destination])?;
            if let Some(destination) = destination.filter(|_| kind == 0) {
                let insert = "INSERT OR IGNORE INTO delivery VALUES (?, ?, 0, ?, ?, 0, NULL, NULL)";
                let mut insert = connection.prepare_cached(insert)?;
                changed += insert.execute(params![number, destination, now, now])?;
            }
            counts.waiting += changed as u64;
            counts.dead = counts.dead.saturating_sub(dead);
            if changed > 0 && state != WAITING {
                let update = "UPDATE entry SET state = 1 WHERE number = ?";
                connection.prepare_cached(update)?.execute(params![number])?;
                counts.waiting_bytes += size;
            }
            changed
        }
        (Order::Drop, Some(destination)) => {
            let delete = "DELETE FROM delivery WHERE number = ? AND destination = ?";
            let deleted =
                connection.prepare_cached(delete)?.execute(params![number, destination])?;
            counts.waiting = counts.waiting.saturating_sub(waiting);
            counts.dead = counts.dead.saturating_sub(dead);
            // One that was done before has nothing that it could give back.
            let before = counts.waiting_bytes;
            finish(connection, number, counts)?;
            if state != WAITING {
                counts.waiting_bytes = before;
            }
            deleted
        }
        (Order::Drop, None) => {
            let n_dead = tidy::remove(connection, number)?;
            counts.waiting = counts.waiting.saturating_sub(waiting);
            counts.dead = counts.dead.saturating_sub(n_dead);
            counts.entries = counts.entries.saturating_sub(1);
            counts.bytes = counts.bytes.saturating_sub(size);
            if state == WAITING {
                counts.waiting_bytes = counts.waiting_bytes.saturating_sub(size);
            }
            1
        }
    };
    Ok(n_changed > 0)
}
