//! Keeping what a request made, as its listener wants it.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tympan_core::config::Ack;
use tympan_core::config::DestinationId;
use tympan_core::outgoing;
use tympan_core::pipeline::DeadLetter;
use tympan_core::pipeline::EventRecord;
use tympan_core::pipeline::Kept;
use tympan_expr::Expression;
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
    let record = as_record(record, from, |DestinationId(id)| {
        let destination = destinations.get(id)?;
        Some((&destination.name, destination.order_by.as_ref()))
    });
    if ack == Ack::Memory {
        if let Some(why) = journal.stats().fault {
            return Kept::NotKept { why };
        }
        return hand_in(journal, record).await;
    }
    let kept = keep_durably(&*journal, record, ack);
    tokio::time::timeout(within, kept).await.unwrap_or_else(|_| {
        let what = if ack == Ack::Delivered { "delivered" } else { "on the disk" };
        Kept::NotKept { why: format!("not {what} within {}", seconds(within)) }
    })
}

/// Hands a record in and waits for nothing, but for what is known at once: that there is no room.
async fn hand_in(journal: Arc<dyn Journal>, record: Record) -> Kept {
    let listener = Arc::clone(&record.listener);
    let mut appended = Box::pin(async move { journal.append(vec![record]).await.pop() });
    let at_once = poll_fn(|context| Poll::Ready(appended.as_mut().poll(context))).await;
    if let Poll::Ready(appended) = at_once {
        return kept(appended).map_or_else(|why| Kept::NotKept { why }, |(_, kept)| kept);
    }
    tokio::spawn(async move {
        if let Err(why) = kept(appended.await) {
            let listener = &*listener;
            tracing::error!(listener, why, "an event that was acknowledged could not be kept");
        }
    });
    Kept::Stored
}

async fn keep_durably(journal: &dyn Journal, record: Record, ack: Ack) -> Kept {
    let n_entries = record.entries.len() as u64;
    let (first, kept) = match kept(journal.append(vec![record]).await.pop()) {
        Ok(kept) => kept,
        Err(why) => return Kept::NotKept { why },
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

/// What the journal's answer means, and the number of the first entry; or why there is none.
fn kept(appended: Option<Appended>) -> Result<(u64, Kept), String> {
    match appended {
        Some(Appended::Stored(first)) => Ok((first, Kept::Stored)),
        Some(Appended::Duplicate(first)) => Ok((first, Kept::Duplicate)),
        Some(Appended::Full(why) | Appended::Failed(why)) => Err(why),
        None => Err("the journal gave no answer".to_owned()),
    }
}

/// What a request made, as it is kept. Of a destination its name is wanted, and what orders its events.
pub(crate) fn as_record<'d>(
    record: EventRecord,
    from: From,
    destination: impl Fn(DestinationId) -> Option<(&'d Arc<str>, Option<&'d Expression>)>,
) -> Record {
    let EventRecord { events, dead, claim, .. } = record;
    let received = clock::steady();
    let mut entries = Vec::with_capacity(events.len() + usize::from(dead.is_some()));
    for event in events {
        let kept = outgoing::Kept {
            id: &event.id,
            listener: &from.listener,
            json: &event.json,
            now: Duration::from_millis(received).as_secs_f64(),
        };
        let to = event.to.iter().filter_map(|id| destination(*id)).map(|(name, order_by)| {
            let key = order_by.and_then(|by| outgoing::order(by, kept));
            To { destination: Arc::clone(name), key }
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tympan_core::config::Ack;
    use tympan_core::pipeline::EventRecord;
    use tympan_core::pipeline::Kept;
    use tympan_journal::Settings;

    use super::From;
    use super::keep;
    use crate::journal::Journals;

    #[tokio::test]
    async fn nothing_is_acknowledged_that_is_known_not_to_be_kept() {
        let folder = tempfile::tempdir().unwrap();
        let journals = Journals::new("event");
        journals.open(folder.path().join("journal"), Settings::default()).await;
        let keep = async |ack| {
            let within = Duration::from_mins(1);
            let record = EventRecord { events: Vec::new(), dead: None, claim: None, ack, within };
            let from = From { listener: "a".into(), generation: 1, id: "1".to_owned() };
            keep(record, from, &journals, &[]).await
        };
        assert_eq!(keep(Ack::Memory).await, Kept::Stored);
        journals.close().await;
        for ack in [Ack::Durable, Ack::Memory] {
            let why = "the journal ended".to_owned();
            assert_eq!(keep(ack).await, Kept::NotKept { why });
        }
    }
}
