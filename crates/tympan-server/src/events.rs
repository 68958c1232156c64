//! What the operator asks of the journal, and what is told.

use std::time::Duration;
use std::time::UNIX_EPOCH;

use serde_json::Value;
use serde_json::json;
use tympan_journal::Appended;
use tympan_journal::Content;
use tympan_journal::Found;
use tympan_journal::Journal;
use tympan_journal::Kind;
use tympan_journal::Obeyed;
use tympan_journal::Query;
use tympan_journal::State;

use crate::again::Now;
use crate::clock;

/// How many entries are told of at once, or done something with.
const MOST: usize = 1000;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Which entries there are.
    List,
    /// All of one.
    Show,
    /// That they are delivered once more.
    Replay,
    /// That they are forgotten.
    Drop,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The question makes no sense.
    Question(String),
    /// There is nothing of that kind.
    Nothing,
    /// The journal cannot answer.
    Journal(String),
}

/// Whether a question is about requests that were refused, which have a journal of their own.
#[must_use]
pub fn is_about_refused(parameters: &str) -> bool {
    let mut all = form_urlencoded::parse(parameters.as_bytes());
    all.any(|(name, value)| name == "refused" && value == "true")
}

/// Answers a question, whose parameters stand in the query of a URL. What does not fit into one
/// answer goes on after the number of `next`. Dead letters of requests that are to be replayed make
/// what they make as things are `now`.
///
/// # Errors
///
/// Why there is no answer.
pub async fn answer(
    journal: &dyn Journal,
    now: &Now,
    ask: Ask,
    parameters: &str,
) -> Result<Value, Refusal> {
    let query = read(ask, parameters)?;
    let most = query.most;
    let failed = Refusal::Journal;
    match ask {
        Ask::List => {
            let found = journal.find(query).await.map_err(failed)?;
            let next = found.last().filter(|_| found.len() == most).map(|last| last.number);
            let items: Vec<_> = found.iter().map(entry).collect();
            Ok(json!({"items": items, "next": next}))
        }
        Ask::Show => {
            let found = journal.find(query).await.map_err(failed)?;
            let found = found.last().ok_or(Refusal::Nothing)?;
            let content = journal.content(found.number).await.map_err(failed)?;
            let Content { body, is_whole } = content.ok_or(Refusal::Nothing)?;
            let mut shown = entry(found);
            shown["body"] = match found.kind {
                Kind::Invalid if is_whole => now.shown(found, &body),
                // What is hidden of it may not be found where it was.
                Kind::Invalid => json!(format!("{} bytes that are damaged", body.len())),
                // Damage can make anything of it.
                Kind::Event | Kind::Refused => serde_json::from_slice(&body)
                    .unwrap_or_else(|_| json!(String::from_utf8_lossy(&body))),
            };
            shown["damaged"] = json!(!is_whole);
            Ok(shown)
        }
        Ask::Replay => {
            let (mended, left) = mend(journal, now, query.clone()).await?;
            let obeyed = journal.replay(query, clock::steady()).await;
            let Obeyed { numbers, changed } = obeyed.map_err(failed)?;
            let next = numbers.last().filter(|_| numbers.len() == most);
            let last = journal.stats().last;
            Ok(json!({"count": changed + mended, "left": left, "next": next, "last": last}))
        }
        Ask::Drop => {
            let Obeyed { numbers, changed } = journal.drop(query).await.map_err(failed)?;
            let next = numbers.last().filter(|_| numbers.len() == most);
            Ok(json!({"count": changed, "next": next, "last": journal.stats().last}))
        }
    }
}

/// Makes events of the dead letters of requests among what is meant. Gives how many of them are dead no
/// longer, and why the others are.
async fn mend(
    journal: &dyn Journal,
    now: &Now,
    query: Query,
) -> Result<(usize, Vec<Value>), Refusal> {
    let (mut mended, mut left) = (0, Vec::new());
    let found = journal.find(query).await.map_err(Refusal::Journal)?;
    for found in found.iter().filter(|found| found.kind == Kind::Invalid) {
        let number = found.number;
        let content = journal.content(number).await.map_err(Refusal::Journal)?;
        let made = match content {
            // Somebody has dropped it meanwhile.
            None => continue,
            Some(Content { is_whole: false, .. }) => Err("it is damaged".to_owned()),
            Some(Content { body, .. }) => now.make(found, &body),
        };
        match made {
            Ok(made) => {
                let made: Vec<_> = made.into_iter().collect();
                // Whatever has come again since then has made its events.
                for appended in journal.append(made).await {
                    if let Appended::Full(why) | Appended::Failed(why) = appended {
                        return Err(Refusal::Journal(why));
                    }
                }
                // Only now, so that it is never lost; a crash in between may make its events twice.
                let this = Query { number: Some(number), most: 1, ..Query::default() };
                journal.drop(this).await.map_err(Refusal::Journal)?;
                mended += 1;
            }
            Err(why) => left.push(json!({"number": number, "id": found.id, "why": why})),
        }
    }
    Ok((mended, left))
}

fn read(ask: Ask, parameters: &str) -> Result<Query, Refusal> {
    let mut query = Query { most: if ask == Ask::Show { 1 } else { 100 }, ..Query::default() };
    let mut is_meant = false;
    for (name, value) in form_urlencoded::parse(parameters.as_bytes()) {
        let text = || Some(value.clone().into_owned());
        let wrong = || Refusal::Question(format!("`{name}` cannot be `{value}`"));
        let number = || value.parse::<u64>().map_err(|_| wrong());
        match &*name {
            "after" => query.after = number()?,
            "limit" => {
                let limit = usize::try_from(number()?).map_err(|_| wrong())?;
                query.most = limit.clamp(1, MOST);
            }
            "number" => (query.number, is_meant) = (Some(number()?), true),
            "id" => (query.id, is_meant) = (text(), true),
            "listener" => (query.listener, is_meant) = (text(), true),
            "destination" => (query.destination, is_meant) = (text(), true),
            "since" => (query.since, is_meant) = (Some(instant(&value).ok_or_else(wrong)?), true),
            "until" => (query.until, is_meant) = (Some(instant(&value).ok_or_else(wrong)?), true),
            "state" => {
                let state = match &*value {
                    "waiting" => State::Waiting,
                    "delivered" => State::Delivered,
                    "dead" => State::Dead,
                    _ => return Err(wrong()),
                };
                (query.state, is_meant) = (Some(state), true);
            }
            "all" if value == "true" => is_meant = true,
            "refused" if value == "true" && ask == Ask::Replay => {
                let why = "what was refused cannot be replayed: nobody has proved it";
                return Err(Refusal::Question(why.to_owned()));
            }
            // It says where, and not which.
            "refused" if value == "true" => {}
            _ => return Err(Refusal::Question(format!("there is no parameter `{name}`"))),
        }
    }
    if ask == Ask::Show && query.number.is_none() && query.id.is_none() {
        return Err(Refusal::Question("say which, with `number` or `id`".to_owned()));
    }
    if matches!(ask, Ask::Replay | Ask::Drop) && !is_meant {
        let why = "say which, or that all are meant with `all=true`";
        return Err(Refusal::Question(why.to_owned()));
    }
    Ok(query)
}

/// RFC 3339, in milliseconds since 1970.
fn instant(text: &str) -> Option<u64> {
    let timestamp: jiff::Timestamp = text.parse().ok()?;
    u64::try_from(timestamp.as_millisecond()).ok()
}

fn entry(found: &Found) -> Value {
    let (kind, state) = match found.kind {
        Kind::Event => ("event", word(found.state)),
        Kind::Invalid => ("invalid", word(found.state)),
        // It goes nowhere, so nothing is to be told of that.
        Kind::Refused => ("refused", "refused"),
    };
    let deliveries = found.deliveries.iter().map(|delivery| {
        let is_waiting = delivery.state == State::Waiting;
        json!({
            "destination": &*delivery.destination,
            "state": word(delivery.state),
            "attempts": delivery.attempts,
            "due": is_waiting.then(|| time(delivery.due)),
            "ended": (!is_waiting).then(|| time(delivery.due)),
            "why": delivery.why,
        })
    });
    json!({
        "number": found.number,
        "id": found.id,
        "listener": &*found.listener,
        "generation": found.generation,
        "received": time(found.received),
        "kind": kind,
        "state": state,
        "size": found.size,
        "reason": found.reason,
        "deliveries": deliveries.collect::<Vec<_>>(),
    })
}

fn word(state: State) -> &'static str {
    match state {
        State::Waiting => "waiting",
        State::Delivered => "delivered",
        State::Dead => "dead",
    }
}

fn time(milliseconds: u64) -> Option<String> {
    clock::written(UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds))?)
}

#[cfg(test)]
mod tests {
    use super::Ask;
    use super::Refusal;
    use super::read;

    #[test]
    fn questions() {
        let query = read(Ask::List, "listener=a%20b&since=2026-01-31T12:00:00Z&limit=5").unwrap();
        assert_eq!(query.listener.as_deref(), Some("a b"));
        assert_eq!((query.since, query.most), (Some(1_769_860_800_000), 5));
        for (ask, parameters) in [
            (Ask::List, "lisener=a"),
            (Ask::List, "state=gone"),
            (Ask::Show, "listener=a"),
            (Ask::Replay, ""),
            (Ask::Drop, "limit=3"),
            (Ask::Drop, "all=yes"),
            (Ask::Drop, "refused=true"),
            (Ask::Replay, "refused=true&all=true"),
        ] {
            let refused = read(ask, parameters);
            assert!(matches!(refused, Err(Refusal::Question(_))), "{parameters}: {refused:?}");
        }
        assert!(read(Ask::Drop, "all=true").is_ok());
    }
}
