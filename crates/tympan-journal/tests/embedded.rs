//! What is kept in a file stays, comes once, and is believed only if it is what was kept.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::fs::OpenOptions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;
use std::time::Instant;
use std::time::SystemTime;

use bytes::Bytes;
use rusqlite::Connection;
use tempfile::TempDir;
use tokio::time::timeout;
use tympan_journal::Appended;
use tympan_journal::Claim;
use tympan_journal::Delivery;
use tympan_journal::Embedded;
use tympan_journal::Entry;
use tympan_journal::Journal;
use tympan_journal::Kind;
use tympan_journal::Leased;
use tympan_journal::Obeyed;
use tympan_journal::OpenError;
use tympan_journal::Query;
use tympan_journal::Record;
use tympan_journal::Settings;
use tympan_journal::Settled;
use tympan_journal::Stats;
use tympan_journal::To;
use tympan_journal::Verdict;

const HOUR: Duration = Duration::from_hours(1);

fn now() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    now.as_millis().try_into().unwrap()
}

fn open(folder: &TempDir) -> Embedded {
    Embedded::open(&folder.path().join("journal"), Settings::default()).unwrap()
}

fn record(id: &str, to: &[&str]) -> Record {
    let to = to.iter().map(|name| To { destination: (*name).into(), key: None });
    let entry = Entry {
        id: id.to_owned(),
        kind: Kind::Event,
        body: Bytes::from(format!("{{\"id\":\"{id}\"}}")),
        reason: None,
        to: to.collect(),
    };
    Record {
        listener: "orders".into(),
        generation: 1,
        received: now(),
        claim: None,
        entries: vec![entry],
    }
}

fn claimed(id: &str, key: &str, window: Duration) -> Record {
    let claim = Some(Claim { key: key.into(), window });
    Record { claim, ..record(id, &["a"]) }
}

async fn append(journal: &Embedded, record: Record) -> Appended {
    journal.append(vec![record]).await.remove(0)
}

async fn lease(journal: &Embedded, to: &str) -> Vec<Leased> {
    journal.lease(to, now(), 100, 1 << 20).await.leased
}

async fn settle(journal: &Embedded, to: &str, number: u64, verdict: Verdict) {
    let delivery = Delivery { number, destination: to.into() };
    journal.settle(vec![Settled { delivery, at: now(), verdict }]).await;
}

/// What is due at `a`, once something is.
async fn wait_for_lease(journal: &Embedded, now: u64) -> Vec<Leased> {
    loop {
        let arrival = journal.arrivals("a");
        let leased = journal.lease("a", now, 100, 1 << 20).await.leased;
        if !leased.is_empty() {
            return leased;
        }
        tokio::time::timeout(Duration::from_mins(1), arrival.notified()).await.unwrap();
    }
}

fn ids(leased: &[Leased]) -> Vec<&str> {
    leased.iter().map(|it| it.id.as_str()).collect()
}

async fn wait_for(journal: &Embedded, is_it: impl Fn(&Stats) -> bool) -> Stats {
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        let stats = journal.stats();
        if is_it(&stats) {
            return stats;
        }
        assert!(Instant::now() < deadline, "waited in vain: {stats:?}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_waits_outlives_the_process_and_what_is_delivered_does_not_come_again() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder);
    for id in ["1", "2", "3"] {
        assert!(matches!(append(&journal, record(id, &["a", "b"])).await, Appended::Stored(_)));
    }
    assert_eq!(ids(&lease(&journal, "a").await), ["1", "2", "3"]);
    assert!(lease(&journal, "a").await.is_empty(), "somebody has them");
    settle(&journal, "a", 1, Verdict::Delivered).await;
    settle(&journal, "a", 2, Verdict::Dead { why: "410".into() }).await;
    let later = now() + 3_600_000;
    settle(&journal, "a", 3, Verdict::Again { due: later, why: "x".into(), counts: true }).await;
    journal.close().await;

    let journal = open(&folder);
    let stats = journal.stats();
    assert_eq!((stats.entries, stats.waiting, stats.dead, stats.lost), (3, 4, 1, 0));
    assert_eq!(ids(&lease(&journal, "b").await), ["1", "2", "3"]);
    assert!(lease(&journal, "a").await.is_empty());
    let then = journal.lease("a", later, 100, 1 << 20).await;
    assert_eq!((ids(&then.leased), then.leased[0].attempts, then.next), (vec!["3"], 1, None));
    let rights = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for entry in fs::read_dir(folder.path().join("journal")).unwrap() {
        assert_eq!(rights(&entry.unwrap().path()), 0o600);
    }
    assert_eq!(rights(&folder.path().join("journal")), 0o700);
}

#[tokio::test]
async fn the_log_goes_into_the_database_and_begins_anew() {
    const N_EVENTS: u64 = 160;
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder);
    let mut large = record("large", &[]);
    large.entries[0].body = vec![b'x'; 1 << 20].into();
    for number in 1..=N_EVENTS {
        assert_eq!(append(&journal, large.clone()).await, Appended::Stored(number));
    }
    let length = |name: &str| fs::metadata(folder.path().join("journal").join(name)).unwrap().len();
    assert!(length("journal.db-wal") < N_EVENTS << 19);
    assert!(length("journal.db") > N_EVENTS << 19);
}

/// Where a sync has failed, it may be in memory only, and looks as if it were kept.
#[tokio::test]
async fn what_a_process_has_left_is_written_anew() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder);
    append(&journal, record("1", &["a"])).await;
    journal.close().await;
    let log = folder.path().join("journal/journal.db-wal");
    let before = fs::read(&log).unwrap();
    let file = OpenOptions::new().write(true).open(&log).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
    let journal = open(&folder);
    assert!(file.metadata().unwrap().modified().unwrap() > SystemTime::UNIX_EPOCH);
    assert!(fs::read(&log).unwrap().starts_with(&before));
    assert_eq!(ids(&lease(&journal, "a").await), ["1"]);
}

#[tokio::test]
async fn what_cannot_be_written_anew_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder);
    append(&journal, record("1", &["a"])).await;
    journal.close().await;
    let path = folder.path().join("journal");
    let other = Connection::open(path.join("journal.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = Embedded::open(&path, Settings::default()).unwrap_err().to_string();
    assert!(error.contains("locked"), "{error}");
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(ids(&lease(&open(&folder), "a").await), ["1"]);
}

#[tokio::test]
async fn one_process_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder);
    let second = Embedded::open(&folder.path().join("journal"), Settings::default());
    assert!(matches!(second.unwrap_err(), OpenError::Taken(_)));
    journal.close().await;
    open(&folder);
}

#[tokio::test]
async fn of_many_at_once_with_one_key_one_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let journal = std::sync::Arc::new(open(&folder));
    let at_once = (0..64).map(|index| {
        let journal = std::sync::Arc::clone(&journal);
        tokio::spawn(async move { append(&journal, claimed(&index.to_string(), "k", HOUR)).await })
    });
    let mut told = Vec::new();
    for task in at_once.collect::<Vec<_>>() {
        told.push(task.await.unwrap());
    }
    let n_stored = told.iter().filter(|it| **it == Appended::Stored(1)).count();
    let n_again = told.iter().filter(|it| **it == Appended::Duplicate(1)).count();
    assert_eq!((n_stored, n_again), (1, 63));
    journal.close().await;

    let journal = open(&folder);
    assert_eq!(append(&journal, claimed("x", "k", HOUR)).await, Appended::Duplicate(1));
    let elsewhere = Record { listener: "other".into(), ..claimed("y", "k", HOUR) };
    assert_eq!(append(&journal, elsewhere).await, Appended::Stored(2));
    let later = Record { received: now() + 3_600_001, ..claimed("z", "k", HOUR) };
    assert_eq!(append(&journal, later).await, Appended::Stored(3));
}

#[tokio::test]
async fn a_damaged_entry_is_set_aside_and_the_others_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder);
    for id in ["1", "2", "3"] {
        append(&journal, record(id, &["a"])).await;
    }
    journal.close().await;
    let file = Connection::open(folder.path().join("journal/journal.db")).unwrap();
    let flip = "UPDATE content SET body = CAST(replace(body, '2', '9') AS BLOB) WHERE number = 2";
    assert_eq!(file.execute(flip, []).unwrap(), 1);
    drop(file);

    let journal = open(&folder);
    assert_eq!(ids(&lease(&journal, "a").await), ["1", "3"]);
    let stats = wait_for(&journal, |stats| stats.waiting == 2).await;
    assert_eq!((stats.damaged, stats.dead), (1, 1));
}

#[tokio::test]
async fn a_damaged_page_is_damage_of_its_entry_alone() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder);
    let mut large = record("1", &["a"]);
    large.entries[0].body = Bytes::from(vec![b'Z'; 20_000]);
    append(&journal, large).await;
    append(&journal, record("2", &["a"])).await;
    journal.close().await;
    let path = folder.path().join("journal/journal.db");
    let file = Connection::open(&path).unwrap();
    file.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(file);
    let mut bytes = fs::read(&path).unwrap();
    let is_part = |page: &&mut [u8]| page[4..].iter().all(|byte| *byte == b'Z');
    // Such a page begins with the number of the next one: nothing follows any more.
    bytes.chunks_mut(4096).find(is_part).unwrap()[..4].fill(0);
    fs::write(&path, bytes).unwrap();

    let journal = open(&folder);
    assert_eq!(ids(&lease(&journal, "a").await), ["2"]);
    let stats = wait_for(&journal, |stats| stats.dead == 1).await;
    assert_eq!((stats.damaged, stats.waiting), (1, 1));
}

#[tokio::test]
async fn damage_is_found_before_anybody_asks() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder);
    for (id, to) in [("1", ["a"].as_slice()), ("2", &["a", "b"]), ("3", &[]), ("4", &["a"])] {
        append(&journal, record(id, to)).await;
    }
    journal.close().await;
    let file = Connection::open(folder.path().join("journal/journal.db")).unwrap();
    let flip =
        "UPDATE content SET body = CAST(replace(body, 'id', 'ix') AS BLOB) WHERE number IN (2, 3)";
    assert_eq!(file.execute(flip, []).unwrap(), 2);
    drop(file);

    let journal = open(&folder);
    let stats = wait_for(&journal, |stats| stats.damaged == 2 && stats.waiting == 2).await;
    assert_eq!((stats.dead, stats.fault), (2, None));
    assert_eq!(ids(&lease(&journal, "a").await), ["1", "4"]);
    assert!(lease(&journal, "b").await.is_empty());
    let is_whole = async |number| journal.content(number).await.unwrap().unwrap().is_whole;
    assert_eq!((is_whole(1).await, is_whole(2).await, is_whole(3).await), (true, false, false));
    assert_eq!(journal.stats().damaged, 2, "each is told once");
}

#[tokio::test]
async fn what_need_not_be_durable_is_kept_and_missed_by_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let settings = Settings { is_durable: false, ..Settings::default() };
    let journal = Embedded::open(&path, settings).unwrap();
    for id in 0..50 {
        append(&journal, record(&id.to_string(), &[])).await;
    }
    journal.close().await;
    let log = path.join("journal.db-wal");
    let length = fs::metadata(&log).unwrap().len();
    OpenOptions::new().write(true).open(&log).unwrap().set_len(length / 2).unwrap();
    let journal = Embedded::open(&path, settings).unwrap();
    let stats = journal.stats();
    assert!(0 < stats.entries && stats.entries < 50 && stats.lost == 0, "{stats:?}");
}

#[tokio::test]
async fn what_could_not_be_handed_out_is_handed_out_later() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder);
    for id in ["1", "2"] {
        append(&journal, record(id, &["a"])).await;
    }
    let file = Connection::open(folder.path().join("journal/journal.db")).unwrap();
    file.execute("UPDATE delivery SET due = 'x' WHERE number = 2", []).unwrap();
    assert!(lease(&journal, "a").await.is_empty(), "when the next is due cannot be read");
    file.execute("UPDATE delivery SET due = 0 WHERE number = 2", []).unwrap();
    assert_eq!(ids(&lease(&journal, "a").await), ["2", "1"]);
}

#[tokio::test]
async fn a_log_that_was_longer_once_is_told_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder);
    for id in 0..50 {
        append(&journal, record(&id.to_string(), &["a"])).await;
    }
    journal.close().await;
    let log = folder.path().join("journal/journal.db-wal");
    let length = fs::metadata(&log).unwrap().len();
    OpenOptions::new().write(true).open(&log).unwrap().set_len(length / 2).unwrap();

    let journal = open(&folder);
    let stats = journal.stats();
    assert!(0 < stats.lost && stats.lost < 50, "{stats:?}");
    assert_eq!(lease(&journal, "a").await.len() as u64, 50 - stats.lost, "what is whole goes on");
    assert_eq!(append(&journal, record("x", &["a"])).await, Appended::Stored(51));
    let copy = folder.path().join("journal/journal.db-wal.damaged-1");
    assert_eq!(fs::metadata(copy).unwrap().len(), length / 2);
}

#[tokio::test]
async fn a_file_that_is_none_of_ours_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder);
    append(&journal, record("1", &["a"])).await;
    journal.close().await;
    let path = folder.path().join("journal/journal.db");
    fs::write(&path, vec![7; 8192]).unwrap();
    fs::remove_file(folder.path().join("journal/journal.db-wal")).unwrap();
    let opened = Embedded::open(&folder.path().join("journal"), Settings::default());
    assert!(matches!(opened.unwrap_err(), OpenError::Unreadable(..)));
    assert_eq!(fs::read(&path).unwrap(), vec![7; 8192]);
}

#[tokio::test]
async fn above_the_mark_nothing_is_taken_until_something_is_delivered() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder);
    journal.set(Settings { backlog: 10, ..Settings::default() });
    assert_eq!(append(&journal, record("1", &["a"])).await, Appended::Stored(1));
    // What is refused is not known when it comes again.
    assert!(matches!(append(&journal, claimed("2", "k", HOUR)).await, Appended::Full(_)));
    assert!(journal.stats().fault.is_some());
    assert_eq!(lease(&journal, "a").await.len(), 1);
    settle(&journal, "a", 1, Verdict::Delivered).await;
    wait_for(&journal, |stats| stats.fault.is_none()).await;
    assert_eq!(append(&journal, claimed("2", "k", HOUR)).await, Appended::Stored(2));
}

#[tokio::test]
async fn a_window_without_an_end_is_as_long_as_can_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder);
    assert_eq!(append(&journal, claimed("1", "k", Duration::MAX)).await, Appended::Stored(1));
    assert_eq!(append(&journal, claimed("2", "k", HOUR)).await, Appended::Duplicate(1));
}

#[tokio::test]
async fn those_of_one_key_go_one_after_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder);
    for (id, key) in [("1", 7), ("2", 7), ("3", 8)] {
        let mut record = record(id, &["a"]);
        record.entries[0].to[0].key = Some(key);
        append(&journal, record).await;
    }
    assert_eq!(ids(&lease(&journal, "a").await), ["1", "3"]);
    let later = now() + 1000;
    settle(&journal, "a", 1, Verdict::Again { due: later, why: String::new(), counts: true }).await;
    assert_eq!(ids(&wait_for_lease(&journal, later).await), ["1"]);
    settle(&journal, "a", 1, Verdict::Delivered).await;
    assert_eq!(ids(&wait_for_lease(&journal, now()).await), ["2"]);
}

#[tokio::test]
async fn only_what_an_order_changes_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder);
    let mut invalid = record("3", &[]);
    invalid.entries[0].kind = Kind::Invalid;
    for record in [record("1", &["a"]), record("2", &["a"]), invalid] {
        append(&journal, record).await;
    }
    lease(&journal, "a").await;
    settle(&journal, "a", 1, Verdict::Delivered).await;
    wait_for(&journal, |stats| stats.waiting == 1).await;
    let all = || Query { most: 10, ..Query::default() };
    let replayed = journal.replay(all(), now()).await.unwrap();
    assert_eq!(replayed, Obeyed { numbers: vec![1, 2, 3], changed: 1 });
    let destination = Some("a".to_owned());
    let dropped = journal.drop(Query { destination, number: Some(3), ..all() }).await.unwrap();
    assert_eq!(dropped.changed, 0);
    assert_eq!(journal.drop(all()).await.unwrap().changed, 3);
}

#[tokio::test]
async fn what_is_dropped_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder);
    append(&journal, record("1", &["a"])).await;
    let both = async {
        tokio::join!(journal.finished(1), journal.drop(Query { most: 1, ..Query::default() }))
    };
    let (is_done, dropped) = timeout(Duration::from_secs(30), both).await.unwrap();
    assert!(is_done && dropped.unwrap().changed == 1);
}

#[tokio::test]
async fn what_is_delivered_goes_when_it_is_old_and_what_waits_stays() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder);
    for id in ["1", "2", "3"] {
        append(&journal, record(id, &["a"])).await;
    }
    lease(&journal, "a").await;
    settle(&journal, "a", 1, Verdict::Delivered).await;
    settle(&journal, "a", 2, Verdict::Dead { why: "x".into() }).await;
    let dead = wait_for(&journal, |stats| stats.waiting == 1).await;
    assert_eq!(dead.entries, 3);
    journal.set(Settings { age: Duration::ZERO, ..Settings::default() });
    let stats = wait_for(&journal, |stats| stats.entries == 2).await;
    assert_eq!((stats.waiting, stats.dead), (1, 1));
    assert!(journal.finished(1).await, "it is gone, as it was delivered");
    assert!(!journal.finished(2).await, "it is dead");
    journal.set(Settings { size: 0, dead: Duration::ZERO, ..Settings::default() });
    let stats = wait_for(&journal, |stats| stats.entries == 1).await;
    assert_eq!((stats.waiting, stats.dead), (1, 0));
}
