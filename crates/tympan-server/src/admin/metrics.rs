//! Every metric: one row of name, kind and meaning, and what its values are.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::SystemTime;

use tympan_core::outcome::Outcome;
use tympan_core::pipeline::ListenerState;
use tympan_journal::Stats;

use super::exposition::Family;
use super::exposition::Format;
use super::exposition::Kind;
use super::exposition::Page;
use super::process::Process;
use crate::meters::BYTES;
use crate::meters::Histograms;
use crate::meters::ListenerMeter;
use crate::meters::MOST_DETAILED;
use crate::meters::Meters;
use crate::meters::SECONDS;
use crate::reloads::Story;
use crate::serving::Serving;
use crate::serving::Shared;
use crate::strays::Stray;

/// What rows take their values from.
struct Facts<'s> {
    shared: &'s Shared,
    serving: &'s Serving,
    reloads: Story,
    process: Process,
    journal: Stats,
    /// What is kept of refused requests, and how many were left out.
    refused: (Stats, u64),
}

/// Writes the values of a metric.
type Values = fn(&mut Page, &Family, &Facts<'_>);

/// The table. Labels are bounded: names of the configuration that serves, and words of ours.
const METRICS: &[(Family, Values)] = &[
    (info("tympan_build", "Which version this is"), |page, family, _| {
        let revision = option_env!("TYMPAN_REVISION").unwrap_or("unknown");
        let labels = [("version", env!("CARGO_PKG_VERSION")), ("revision", revision)];
        page.value(family, &labels, 1);
    }),
    (
        gauge("tympan_config_generation", "The generation that serves, from 1"),
        |page, family, facts| {
            page.value(family, &[], facts.serving.live.generation().number);
        },
    ),
    (
        gauge(
            "tympan_config_last_reload_successful",
            "Whether the last reload was applied, or found nothing new",
        ),
        |page, family, facts| {
            page.value(family, &[], u8::from(facts.reloads.refused.is_none()));
        },
    ),
    (
        gauge(
            "tympan_config_last_reload_success_timestamp_seconds",
            "When a reload was applied, or found nothing new, for the last time",
        ),
        |page, family, facts| page.value(family, &[], since_1970(facts.reloads.succeeded_at)),
    ),
    (
        counter("tympan_config_reloads", "Reloads by what became of them; the start is the first"),
        |page, family, facts| {
            for (result, count) in [
                ("applied", facts.reloads.n_applied),
                ("unchanged", facts.reloads.n_unchanged),
                ("refused", facts.reloads.n_refused),
            ] {
                page.value(family, &[("result", result)], count);
            }
        },
    ),
    (gauge("tympan_listeners", "How many listeners are in which state"), |page, family, facts| {
        let is_serving = |state: &ListenerState| *state == ListenerState::Serving;
        let live = &facts.serving.live;
        let n_serving = live.listeners().filter(|it| is_serving(it.state)).count();
        page.value(family, &[("state", "serving")], n_serving);
        page.value(family, &[("state", "not_ready")], live.listeners().count() - n_serving);
    }),
    (
        gauge("tympan_listener_ready", "Whether a listener has all the secrets that it needs"),
        |page, family, facts| {
            for listener in facts.serving.live.listeners() {
                let is_ready = u8::from(*listener.state == ListenerState::Serving);
                page.value(family, &[("listener", listener.name)], is_ready);
            }
        },
    ),
    (
        counter(
            "tympan_requests",
            "Answered requests by how they ended; those to no listener have an empty one",
        ),
        requests,
    ),
    (
        counter(
            "tympan_requests_refused",
            "Connections that were turned away or cut before a request was understood",
        ),
        |page, family, facts| {
            for stray in Stray::ALL {
                page.value(family, &[("reason", stray.name())], facts.shared.strays.read(stray));
            }
        },
    ),
    (
        histogram(
            "tympan_request_duration_seconds",
            "From the head of a request to its answer; of all listeners together if there are more \
             than 200",
        ),
        |page, family, facts| {
            histograms(&facts.serving.meters, |listener, of| {
                let (up_to, count, sum) = of.nanoseconds.read();
                let buckets = SECONDS.iter().map(|bound| bound.text).zip(up_to);
                let sum = Duration::from_nanos(sum).as_secs_f64();
                page.histogram(family, ("listener", listener), buckets, count, sum);
            });
        },
    ),
    (
        histogram(
            "tympan_request_body_bytes",
            "How large bodies were that were read; of all listeners together if there are more \
             than 200",
        ),
        |page, family, facts| {
            histograms(&facts.serving.meters, |listener, of| {
                let (up_to, count, sum) = of.bytes.read();
                let buckets = BYTES.iter().map(|bound| bound.text).zip(up_to);
                page.histogram(family, ("listener", listener), buckets, count, sum);
            });
        },
    ),
    (
        counter(
            "tympan_deliveries",
            "Tries to deliver an event: it was taken, is to be tried again, or is a dead letter",
        ),
        |page, family, facts| {
            for meter in &facts.serving.meters.destinations {
                let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
                for (result, count) in [
                    ("delivered", read(&meter.delivered)),
                    ("failed", read(&meter.failed)),
                    ("dead", read(&meter.dead)),
                ] {
                    let labels = [("destination", meter.name.as_str()), ("result", result)];
                    page.value(family, &labels, count);
                }
            }
        },
    ),
    (
        gauge(
            "tympan_destination_paused",
            "Whether a destination gets nothing until the configuration is read again, as it has \
             answered that it is gone",
        ),
        |page, family, facts| {
            for meter in &facts.serving.meters.destinations {
                let is_paused = meter.is_paused.load(Ordering::Relaxed);
                let labels = [("destination", meter.name.as_str())];
                page.value(family, &labels, u8::from(is_paused));
            }
        },
    ),
    (
        gauge("tympan_journal_taking", "Whether events can be kept at the moment"),
        |page, family, facts| {
            page.value(family, &[], u8::from(facts.journal.fault.is_none()));
        },
    ),
    (
        gauge("tympan_journal_entries", "Events and dead letters that the journal holds"),
        |page, family, facts| page.value(family, &[], facts.journal.entries),
    ),
    (
        gauge("tympan_journal_bytes", "How large the events are that the journal holds"),
        |page, family, facts| page.value(family, &[], facts.journal.bytes),
    ),
    (
        gauge("tympan_journal_waiting", "Deliveries that wait in the journal"),
        |page, family, facts| page.value(family, &[], facts.journal.waiting),
    ),
    (
        gauge("tympan_journal_waiting_bytes", "How large the events are that wait for delivery"),
        |page, family, facts| page.value(family, &[], facts.journal.waiting_bytes),
    ),
    (gauge("tympan_journal_dead", "Dead letters that the journal holds"), |page, family, facts| {
        page.value(family, &[], facts.journal.dead);
    }),
    (
        counter("tympan_journal_records", "Requests whose events were kept"),
        |page, family, facts| page.value(family, &[], facts.journal.appended),
    ),
    (
        counter("tympan_journal_duplicates", "Requests whose events had been kept before"),
        |page, family, facts| page.value(family, &[], facts.journal.duplicates),
    ),
    (
        counter("tympan_journal_commits", "Groups that were made durable together"),
        |page, family, facts| page.value(family, &[], facts.journal.commits),
    ),
    (
        counter("tympan_journal_damaged", "Entries that were found damaged, and not delivered"),
        |page, family, facts| page.value(family, &[], facts.journal.damaged),
    ),
    (
        gauge(
            "tympan_journal_lost",
            "Entries that had been acknowledged and were gone when the journal was opened",
        ),
        |page, family, facts| page.value(family, &[], facts.journal.lost),
    ),
    (gauge("tympan_refused_entries", "Refused requests that are kept"), |page, family, facts| {
        page.value(family, &[], facts.refused.0.entries);
    }),
    (
        gauge("tympan_refused_bytes", "How large the refused requests are that are kept"),
        |page, family, facts| page.value(family, &[], facts.refused.0.bytes),
    ),
    (
        counter("tympan_refused_left_out", "Refused requests for which there was no room"),
        |page, family, facts| page.value(family, &[], facts.refused.1),
    ),
    (
        gauge("tympan_connections", "Connections that are open at the addresses of the listeners"),
        |page, family, facts| page.value(family, &[], facts.shared.gate.n_open()),
    ),
    (
        counter("process_cpu_seconds", "Processor time that the process has used"),
        |page, family, facts| some(page, family, facts.process.cpu_seconds),
    ),
    (
        gauge("process_resident_memory_bytes", "Memory that the process holds"),
        |page, family, facts| some(page, family, facts.process.resident_bytes),
    ),
    (gauge("process_open_fds", "File descriptors that are open"), |page, family, facts| {
        some(page, family, facts.process.open_fds);
    }),
    (gauge("process_max_fds", "File descriptors that may be open"), |page, family, facts| {
        some(page, family, facts.process.most_fds);
    }),
    (gauge("process_threads", "Threads of the process"), |page, family, facts| {
        some(page, family, facts.process.threads);
    }),
    (gauge("process_start_time_seconds", "When the process was started"), |page, family, facts| {
        some(page, family, facts.process.started_at);
    }),
];

/// All of them, as they are now.
pub(super) fn page(shared: &Shared, format: Format) -> String {
    let facts = Facts {
        shared,
        serving: &shared.serving.load(),
        reloads: shared.reloads.story(),
        process: Process::read(),
        journal: shared.journals.stats(),
        refused: shared.refused.stats(),
    };
    let mut page = Page::new(format);
    for (family, values) in METRICS {
        page.family(family);
        values(&mut page, family, &facts);
    }
    page.end()
}

const fn counter(name: &'static str, help: &'static str) -> Family {
    Family { name, kind: Kind::Counter, help }
}

const fn gauge(name: &'static str, help: &'static str) -> Family {
    Family { name, kind: Kind::Gauge, help }
}

const fn histogram(name: &'static str, help: &'static str) -> Family {
    Family { name, kind: Kind::Histogram, help }
}

const fn info(name: &'static str, help: &'static str) -> Family {
    Family { name, kind: Kind::Info, help }
}

fn requests(page: &mut Page, family: &Family, facts: &Facts<'_>) {
    let meters = &facts.serving.meters;
    // Zeros let a rate see the first failure. What has not happened to thousands of listeners, or
    // cannot happen without one, is left out.
    let is_detailed = meters.listeners.len() <= MOST_DETAILED;
    let mut count = |meter: &ListenerMeter, has_zero: fn(Outcome) -> bool| {
        for outcome in Outcome::ALL {
            let count = meter.count(outcome);
            if count > 0 || has_zero(outcome) {
                let labels = [("listener", meter.name.as_str()), ("outcome", outcome.name())];
                page.value(family, &labels, count);
            }
        }
    };
    for meter in &meters.listeners {
        count(meter, if is_detailed { |_| true } else { |_| false });
    }
    count(&meters.nowhere, |outcome| outcome == Outcome::NotFound);
}

/// Those of every listener, or those that they share.
fn histograms(meters: &Meters, mut write: impl FnMut(&str, &Histograms)) {
    if meters.listeners.len() <= MOST_DETAILED {
        for meter in &meters.listeners {
            write(&meter.name, &meter.histograms);
        }
    }
    write(&meters.nowhere.name, &meters.nowhere.histograms);
}

fn some(page: &mut Page, family: &Family, value: Option<impl std::fmt::Display>) {
    if let Some(value) = value {
        page.value(family, &[], value);
    }
}

fn since_1970(instant: SystemTime) -> f64 {
    instant.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
