//! What the operator reads: readable lines on a terminal, JSON lines otherwise.
//!
//! Every refusal is told with its reason; when there are many alike, they are counted and summed
//! up. What a stranger wrote is escaped, cut, and never more than the headers that were allowed.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::OnceLock;
use std::sync::PoisonError;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tracing_appender::non_blocking::ErrorCounter;
use tracing_appender::non_blocking::NonBlockingBuilder;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::Registry;
use tracing_subscriber::reload;
use tracing_subscriber::util::SubscriberInitExt;
use tympan_core::config::HIDDEN;
use tympan_core::config::Log;
use tympan_core::config::LogLevel;
use tympan_core::escape::escaped;
use tympan_core::outcome::Outcome;
use tympan_core::pipeline::Answer;
use tympan_core::pipeline::Exchange;
use tympan_core::roots;

use crate::http::Peer;
use crate::serving::Shared;
use crate::strays::Stray;

/// How many refusals of one kind get a line of their own within a window.
const MOST_ALIKE: u64 = 5;

/// How long refusals of one kind are counted before they are summed up.
const WINDOW: Duration = Duration::from_secs(10);

/// How many kinds are told apart within a window; the rest is counted as one.
const MOST_KINDS: usize = 1024;

/// The most characters of anything that a stranger wrote.
const MOST_CHARACTERS: usize = 256;

/// How many lines may wait to be written.
const MOST_LINES: usize = 8192;

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For a person, with colours if the terminal has them.
    Terminal {
        /// Whether it has.
        colour: bool,
    },
    /// For a program: one JSON object a line.
    Json,
}

/// Keeps the lines that wait to be written; when it is dropped, they are written or given up.
pub type Writer = tracing_appender::non_blocking::WorkerGuard;

static LEVEL: OnceLock<reload::Handle<LevelFilter, Registry>> = OnceLock::new();

/// The lines that did not fit into memory, and how many of them were told.
static DROPPED: OnceLock<(ErrorCounter, AtomicUsize)> = OnceLock::new();

/// Refusals of one kind within the current window.
type Kind = (String, Outcome, &'static str);

/// How often what was refused.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    counts: Mutex<HashMap<Kind, u64>>,
}

/// Starts logging to standard error. Only the first call of a process counts.
///
/// A thread of its own writes: whoever stops reading the log must not stop the server, and costs
/// the lines that do not fit into memory.
pub fn start(format: Format) -> Writer {
    let (stderr, writer) = NonBlockingBuilder::default()
        .lossy(true)
        .buffered_lines_limit(MOST_LINES)
        .thread_name("log")
        .finish(std::io::stderr());
    // Only the first call counts.
    let _ = DROPPED.set((stderr.error_counter(), AtomicUsize::new(0)));
    let (filter, handle) = reload::Layer::new(LevelFilter::INFO);
    let registry = tracing_subscriber::registry().with(filter);
    let lines = tracing_subscriber::fmt::layer().with_writer(stderr).with_target(false);
    let started = match format {
        Format::Terminal { colour } => registry.with(lines.with_ansi(colour)).try_init(),
        Format::Json => {
            registry.with(lines.json().flatten_event(true).with_current_span(false)).try_init()
        }
    };
    if started.is_ok() {
        // Only the first call gets here.
        let _ = LEVEL.set(handle);
    }
    writer
}

/// Changes the least important lines that are written.
pub(crate) fn level(level: LogLevel) {
    let filter = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    if let Some(handle) = LEVEL.get() {
        // Fails only when the subscriber is gone, and with it every reader.
        let _ = handle.modify(|current| *current = filter);
    }
}

/// Tells how a request ended.
pub(crate) fn answered(shared: &Shared, settings: &Log, exchange: &Exchange, answer: &Answer) {
    if answer.outcome.is_ordinary() && !settings.accepted {
        return;
    }
    let listener = exchange.listener().unwrap_or_default();
    let reason = answer.reason.as_deref();
    if !answer.outcome.is_ordinary() {
        let name = reason.map_or("", |reason| reason.name());
        if !shared.refusals.count(listener, answer.outcome, name) {
            return;
        }
    }
    let head = exchange.head();
    let outcome = answer.outcome.name();
    let status = answer.reply.status.as_u16();
    let id = head.id;
    let is_client_hidden =
        exchange.redact().is_some_and(|redact| redact.hides(roots::CLIENT_IP, None));
    let client = if is_client_hidden { HIDDEN.to_owned() } else { client(head.client) };
    let method = shown(head.method.as_str());
    let path = shown(&exchange.shown_path());
    let headers = headers(exchange, settings);
    let detail = reason.map(ToString::to_string).unwrap_or_default();
    if answer.outcome.is_ordinary() {
        tracing::info!(listener, outcome, status, request_id = %id, client, method, path, headers, "request");
    } else if answer.outcome == Outcome::Failed {
        tracing::error!(listener, outcome, reason = detail, status, request_id = %id, client, method, path, headers, "request failed");
    } else {
        tracing::warn!(listener, outcome, reason = detail, status, request_id = %id, client, method, path, headers, "request refused");
    }
}

/// Tells of what could not be understood as a request at all.
pub(crate) fn malformed(shared: &Shared, address: Option<IpAddr>, why: &str) {
    shared.strays.count(Stray::Malformed);
    if shared.refusals.count("", Outcome::Malformed, "no_request") {
        tracing::warn!(client = client(address), reason = shown(why), "no request");
    }
}

/// Tells of a connection that was one too many.
pub(crate) fn turned_away(shared: &Shared, address: IpAddr) {
    shared.strays.count(Stray::Connections);
    if shared.refusals.count("", Outcome::RateLimited, "connections") {
        tracing::warn!(client = client(Some(address)), "too many connections of one address");
    }
}

/// Tells of a connection that did not come to speak TLS. Scanners are many, and nothing can be done
/// about them: so it is counted, and told to who asks for every detail.
pub(crate) fn no_tls(shared: &Shared, peer: &Peer, why: &str) {
    shared.strays.count(Stray::Tls);
    tracing::debug!(client = client(peer.address), reason = shown(why), "no TLS");
}

/// Tells of a connection that was cut because what it sent was not worth any answer.
pub(crate) fn flood(shared: &Shared, peer: &Peer) {
    shared.strays.count(Stray::Flood);
    if shared.refusals.count("", Outcome::RateLimited, "flood") {
        tracing::warn!(client = client(peer.address), "more sent than its requests are worth");
    }
}

/// A client, as it is called in logs.
pub(crate) fn client(address: Option<IpAddr>) -> String {
    address.map_or_else(|| "unix".to_owned(), |address| address.to_string())
}

/// Sums up refusals until the server stops.
pub(crate) async fn sum_up(shared: Arc<Shared>) {
    let mut windows = tokio::time::interval(WINDOW);
    loop {
        windows.tick().await;
        flush(&shared);
    }
}

/// Sums up what was refused without a line of its own, and begins a new window.
pub(crate) fn flush(shared: &Shared) {
    if let Some((dropped, told)) = DROPPED.get() {
        let n_dropped = dropped.dropped_lines();
        let lines = n_dropped - told.swap(n_dropped, Ordering::Relaxed);
        if lines > 0 {
            tracing::warn!(lines, "lines of this log were dropped: nobody read it in time");
        }
    }
    let counts = std::mem::take(&mut *shared.refusals.lock());
    for ((listener, outcome, reason), count) in counts {
        if let Some(more @ 1..) = count.checked_sub(MOST_ALIKE) {
            let outcome = outcome.name();
            tracing::warn!(listener, outcome, reason, more, "more requests refused alike");
        }
    }
}

impl Refusals {
    /// Counts a refusal; whether it gets a line of its own.
    fn count(&self, listener: &str, outcome: Outcome, reason: &'static str) -> bool {
        let mut counts = self.lock();
        let kind = match counts.len() {
            ..MOST_KINDS => (listener.to_owned(), outcome, reason),
            _ => (String::new(), outcome, reason),
        };
        let count = counts.entry(kind).or_default();
        *count += 1;
        *count <= MOST_ALIKE
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Kind, u64>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The headers that may be shown, as `name: value; name: value`.
fn headers(exchange: &Exchange, settings: &Log) -> String {
    let headers = &exchange.head().headers;
    let shown = settings.headers.iter().filter_map(|name| {
        let value = headers.get(name)?;
        let is_hidden = exchange
            .redact()
            .is_some_and(|redact| redact.hides(roots::HEADERS, Some(name.as_str())));
        if is_hidden {
            return Some(format!("{name}: {HIDDEN}"));
        }
        Some(format!("{name}: {}", shown(&String::from_utf8_lossy(value.as_bytes()))))
    });
    shown.collect::<Vec<_>>().join("; ")
}

/// What a stranger wrote, as far as it may be shown.
fn shown(text: &str) -> String {
    escaped(text, MOST_CHARACTERS)
}

#[cfg(test)]
mod tests {
    use tympan_core::outcome::Outcome;

    use super::Refusals;

    #[test]
    fn five_of_a_kind() {
        let refusals = Refusals::default();
        let told = |outcome| (0..100).filter(|_| refusals.count("a", outcome, "mismatch")).count();
        assert_eq!(told(Outcome::Unauthorized), 5);
        assert_eq!(told(Outcome::Stale), 5);
        assert_eq!(told(Outcome::Unauthorized), 0);
    }
}
