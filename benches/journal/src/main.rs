//! How many records a second are kept durably, beside a program that only appends and syncs; and what
//! `benches/backlog` needs: a journal with many events that wait, and a host that takes them.
//!
//! `cargo run --release -p tympan-bench-journal -- FOLDER [CLIENTS] [ROUNDS]`
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
use tikv_jemallocator::Jemalloc;
use tympan_journal::Appended;
use tympan_journal::Embedded;
use tympan_journal::Entry;
use tympan_journal::Journal;
use tympan_journal::Kind;
use tympan_journal::Record;
use tympan_journal::Settings;
use tympan_journal::Stats;
use tympan_journal::To;

// As the binary does it.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

const SIZE: usize = 1024;

/// How long one of both goes on before it is the other's turn.
const TURN: Duration = Duration::from_millis(500);

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
    compare(&folder, number(1, 64), number(2, 21)).await;
}

/// Keeps and appends in turns, and prints the middle of all rounds. Turns are short, as a disk is not
/// the same from one second to the next.
async fn compare(folder: &Path, clients: usize, rounds: usize) {
    let place = folder.join("journal");
    let _ = std::fs::remove_dir_all(&place);
    let journal = Arc::new(Embedded::open(&place, Settings::default()).unwrap());
    let (mut kept_all, mut bare_all, mut ratios, mut waits) = (vec![], vec![], vec![], vec![]);
    for round in 0..rounds {
        let before = journal.stats().commits;
        let (kept, waited) = kept(&journal, clients, round).await;
        let group = (waited.len() as u64 / (journal.stats().commits - before).max(1)).max(1);
        let bare = bare(folder, group as usize);
        kept_all.push(kept);
        bare_all.push(bare);
        ratios.push(kept / bare);
        waits.extend(waited);
    }
    let Stats { entries, commits, .. } = journal.stats();
    journal.close().await;
    let opened = Instant::now();
    Embedded::open(&place, Settings::default()).unwrap().close().await;
    let opened = opened.elapsed();
    println!(
        "{entries} entries in groups of {} are opened in {opened:?}",
        entries / commits.max(1)
    );
    let at = |all: &mut Vec<f64>, part: f64| {
        all.sort_by(f64::total_cmp);
        all[((all.len() - 1) as f64 * part) as usize]
    };
    println!("journal {:.0}/s, bare {:.0}/s", at(&mut kept_all, 0.5), at(&mut bare_all, 0.5));
    let [least, middle, most] = [0.1, 0.5, 0.9].map(|part| at(&mut ratios, part));
    println!("ratio {middle:.2} ({least:.2} to {most:.2} in eight of ten rounds)");
    let [p50, p99] = [0.5, 0.99].map(|part| at(&mut waits, part) * 1e3);
    println!("waits p50 {p50:.2} ms, p99 {p99:.2} ms");
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

/// Records a second, and the waits of clients in seconds.
async fn kept(journal: &Arc<Embedded>, clients: usize, round: usize) -> (f64, Vec<f64>) {
    let body = Bytes::from(vec![b'x'; SIZE]);
    let started = Instant::now();
    let end = started + TURN;
    let clients = (0..clients).map(|client| {
        let (journal, body) = (Arc::clone(journal), body.clone());
        tokio::spawn(async move {
            let mut waits = Vec::new();
            while Instant::now() < end {
                let to = vec![To { destination: "app".into(), key: None }];
                let id = format!("{round}-{client}-{}", waits.len());
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
    (waits.len() as f64 / started.elapsed().as_secs_f64(), waits)
}

/// Records a second that are appended and synced, so many at once.
fn bare(folder: &Path, group: usize) -> f64 {
    let path = folder.join("bare");
    let mut file = File::create(&path).unwrap();
    let text = vec![b'x'; SIZE * group];
    let started = Instant::now();
    let mut count = 0;
    while started.elapsed() < TURN {
        file.write_all(&text).unwrap();
        file.sync_data().unwrap();
        count += group;
    }
    let took = started.elapsed().as_secs_f64();
    std::fs::remove_file(path).unwrap();
    count as f64 / took
}
