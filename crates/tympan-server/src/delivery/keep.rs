//! Keeping what a request made, as its listener wants it.

use std::sync::Arc;
use std::time::Duration;

use tympan_core::config::Ack;
use tympan_core::outgoing;
use tympan_core::pipeline::DeadLetter;
use tympan_core::pipeline::EventRecord;
use tympan_core::pipeline::Kept;
use tympan_journal::Appended;
use tympan_journal::Claim;
use tympan_journal::Entry;
use tympan_journal::Journal;
use tympan_journal::Kind;
use tympan_journal::Record;
use tympan_journal::To;

use super::Destination;
use crate::clock;
use crate::journal::Journals;

/// Whose request it was.
#[derive(Debug)]
pub(crate) struct From {
    pub(crate) listener: Arc<str>,
    pub(crate) generation: u64,
    /// The request's id.
    pub(crate) id: String,
}

/// Keeps what a request made; ends once that is as safe as the listener wants it.
pub(crate) async fn keep(
    record: EventRecord,
    from: From,
    journals: &Journals,
    destinations: &[Destination],
) -> Kept {
    let (ack, within) = (record.ack, record.within);
    let journal = match journals.get() {
        Ok(journal) => journal,
        Err(why) => return Kept::NotKept { why: why.to_string() },
    };
    let record = as_record(record, from, destinations);
    if ack == Ack::Memory {
        if let Some(why) = journal.stats().fault {
            return Kept::NotKept { why };
        }
        tokio::spawn(async move { journal.append(vec![record]).await });
        return Kept::Stored;
    }
    let kept = keep_durably(&*journal, record, ack);
    tokio::time::timeout(within, kept).await.unwrap_or_else(|_| {
        let what = if ack == Ack::Delivered { "delivered" } else { "on the disk" };
        Kept::NotKept { why: format!("not {what} within {}", seconds(within)) }
    })
}

async fn keep_durably(journal: &dyn Journal, record: Record, ack: Ack) -> Kept {
    let n_entries = record.entries.len() as u64;
    let appended = journal.append(vec![record]).await.pop();
    let (first, kept) = match appended {
        Some(Appended::Stored(first)) => (first, Kept::Stored),
        Some(Appended::Duplicate(first)) => (first, Kept::Duplicate),
        Some(Appended::Full(why) | Appended::Failed(why)) => return Kept::NotKept { why },
        None => return Kept::NotKept { why: "the journal gave no answer".to_owned() },
    };
    if ack == Ack::Delivered {
        for number in first..first + n_entries {
            if !journal.finished(number).await {
                let why = "a destination has refused it for good".to_owned();
                return Kept::NotKept { why };
            }
        }
    }
    kept
}

fn as_record(record: EventRecord, from: From, destinations: &[Destination]) -> Record {
    let EventRecord { events, dead, claim, .. } = record;
    let received = clock::steady();
    let mut entries = Vec::with_capacity(events.len() + usize::from(dead.is_some()));
    for event in events {
        let to = event.to.iter().filter_map(|id| destinations.get(id.0));
        let kept = outgoing::Kept {
            id: &event.id,
            listener: &from.listener,
            json: &event.json,
            now: Duration::from_millis(received).as_secs_f64(),
        };
        let to = to.map(|it| {
            let key = it.order_by.as_ref().and_then(|by| outgoing::order(by, kept));
            To { destination: Arc::clone(&it.name), key }
        });
        let to = to.collect();
        entries.push(Entry { id: event.id, kind: Kind::Event, body: event.json, reason: None, to });
    }
    if let Some(DeadLetter { request, reason }) = dead {
        entries.push(Entry {
            id: from.id,
            kind: Kind::Invalid,
            body: request,
            reason: Some(reason.to_string()),
            to: Vec::new(),
        });
    }
    Record {
        listener: from.listener,
        generation: from.generation,
        received,
        claim: claim.map(|it| Claim { key: it.key.into_bytes(), window: it.window }),
        entries,
    }
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}
