//! How many records a second are kept durably, beside a program that only appends and syncs; and what
//! `benches/backlog` needs: a journal with many events that wait, and a host that takes them.
//!
//! `cargo run --release -p tympan-bench-journal -- FOLDER [CLIENTS] [SECONDS]`
//! `cargo run --release -p tympan-bench-journal -- fill FOLDER COUNT`
//! `cargo run --release -p tympan-bench-journal -- sink`
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for people")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "figures need no more than that"
)]

mod sink;

use std::env;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use bytes::Bytes;
use tympan_journal::Appended;
use tympan_journal::Embedded;
use tympan_journal::Entry;
use tympan_journal::Journal;
use tympan_journal::Kind;
use tympan_journal::Record;
use tympan_journal::Settings;
use tympan_journal::To;

const SIZE: usize = 1024;

#[tokio::main]
async fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("fill") => return fill(Path::new(&arguments[1]), arguments[2].parse().unwrap()).await,
        Some("sink") => return sink::serve().await,
        _ => {}
    }
    let folder: PathBuf = arguments.first().expect("FOLDER").into();
    let number = |index: usize, usual| arguments.get(index).map_or(usual, |it| it.parse().unwrap());
    let (clients, seconds) = (number(1, 64), number(2, 5));
    let time = Duration::from_secs(seconds as u64);
    for _ in 0..3 {
        let (kept, group, p50, p99) = kept(&folder, clients, time).await;
        let bare = bare(&folder, group.round().max(1.0) as usize, time);
        println!(
            "journal {kept:>8.0}/s in groups of {group:.0}, p50 {:.2} ms, p99 {:.2} ms; \
             bare {bare:>8.0}/s; ratio {:.2}",
            p50 * 1e3,
            p99 * 1e3,
            kept / bare
        );
    }
}

/// How many records are handed over at once.
const BATCH: u64 = 1000;

/// Makes a journal with so many events that nobody has got.
async fn fill(folder: &Path, count: u64) {
    let journal = Embedded::open(folder, Settings::default()).unwrap();
    let received = tympan_journal::clock::steady();
    let filling = "x".repeat(SIZE - 300);
    for first in (0..count).step_by(BATCH as usize) {
        let records = (first..count.min(first + BATCH)).map(|number| {
            let id = format!("event-{number}");
            let body = Bytes::from(format!(
                r#"{{"specversion":"1.0","id":"{id}","source":"/in","type":"in","tympanlistener":"in","datacontenttype":"application/json","data":"{filling}"}}"#
            ));
            let to = vec![To { destination: "app".into(), key: None }];
            let entries = vec![Entry { id, kind: Kind::Event, body, reason: None, to }];
            Record { listener: "in".into(), generation: 1, received, claim: None, entries }
        });
        let appended = journal.append(records.collect()).await;
        assert!(appended.iter().all(|it| matches!(it, Appended::Stored(_))));
    }
    journal.close().await;
}

/// Records a second, records a group, and the waits of clients.
async fn kept(folder: &Path, clients: usize, time: Duration) -> (f64, f64, f64, f64) {
    let folder = folder.join("journal");
    let _ = std::fs::remove_dir_all(&folder);
    let journal = Arc::new(Embedded::open(&folder, Settings::default()).unwrap());
    let body = Bytes::from(vec![b'x'; SIZE]);
    let end = Instant::now() + time;
    let clients = (0..clients).map(|client| {
        let (journal, body) = (Arc::clone(&journal), body.clone());
        tokio::spawn(async move {
            let mut waits = Vec::new();
            while Instant::now() < end {
                let to = vec![To { destination: "app".into(), key: None }];
                let id = format!("{client}-{}", waits.len());
                let (kind, reason) = (Kind::Event, None);
                let entries = vec![Entry { id, kind, body: body.clone(), reason, to }];
                let (listener, generation, received) = ("bench".into(), 1, 0);
                let record = Record { listener, generation, received, claim: None, entries };
                let asked = Instant::now();
                let appended = journal.append(vec![record]).await;
                assert!(matches!(appended[..], [Appended::Stored(_)]));
                waits.push(asked.elapsed().as_secs_f64());
            }
            waits
        })
    });
    let mut waits = Vec::new();
    for client in clients.collect::<Vec<_>>() {
        waits.extend(client.await.unwrap());
    }
    let stats = journal.stats();
    let n_groups = stats.commits.max(1);
    journal.close().await;
    let opened = Instant::now();
    Embedded::open(&folder, Settings::default()).unwrap().close().await;
    println!("{} entries are opened in {:?}", stats.entries, opened.elapsed());
    waits.sort_by(f64::total_cmp);
    let count = waits.len() as f64;
    let at = |part: f64| waits[(count * part) as usize];
    (count / time.as_secs_f64(), count / n_groups as f64, at(0.5), at(0.99))
}

/// Records a second that are appended and synced, so many at once.
fn bare(folder: &Path, group: usize, time: Duration) -> f64 {
    let path = folder.join("bare");
    let mut file = File::create(&path).unwrap();
    let text = vec![b'x'; SIZE * group];
    let started = Instant::now();
    let mut count = 0;
    while started.elapsed() < time {
        file.write_all(&text).unwrap();
        file.sync_data().unwrap();
        count += group;
    }
    let took = started.elapsed().as_secs_f64();
    std::fs::remove_file(path).unwrap();
    count as f64 / took
}
