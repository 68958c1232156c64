//! What requests are counted with: made when a generation is, found by index, added to without a
//! lock, a lookup by name or an allocation.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tympan_core::config::Destination;
use tympan_core::outcome::Outcome;
use tympan_core::pipeline::Live;

/// With more listeners than this, all of them share one histogram of each kind: a scrape should
/// stay something that a monitor can take every few seconds.
pub(crate) const MOST_DETAILED: usize = 200;

/// The upper bounds of times to the answer.
pub(crate) const SECONDS: [Bound; 14] = [
    bound("0.0005", 500_000),
    bound("0.001", 1_000_000),
    bound("0.0025", 2_500_000),
    bound("0.005", 5_000_000),
    bound("0.01", 10_000_000),
    bound("0.025", 25_000_000),
    bound("0.05", 50_000_000),
    bound("0.1", 100_000_000),
    bound("0.25", 250_000_000),
    bound("0.5", 500_000_000),
    bound("1.0", 1_000_000_000),
    bound("2.5", 2_500_000_000),
    bound("5.0", 5_000_000_000),
    bound("10.0", 10_000_000_000),
];

/// The upper bounds of sizes of bodies.
pub(crate) const BYTES: [Bound; 9] = [
    bound("256.0", 1 << 8),
    bound("1024.0", 1 << 10),
    bound("4096.0", 1 << 12),
    bound("16384.0", 1 << 14),
    bound("65536.0", 1 << 16),
    bound("262144.0", 1 << 18),
    bound("1048576.0", 1 << 20),
    bound("4194304.0", 1 << 22),
    bound("16777216.0", 1 << 24),
];

/// An upper bound of a histogram.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    /// As it is written, in the unit of the metric.
    pub(crate) text: &'static str,
    /// In nanoseconds or bytes.
    most: u64,
}

/// The counts of one generation. What goes on from the generation before keeps its numbers.
#[derive(Clone, Debug)]
pub(crate) struct Meters {
    /// By the index of the listener.
    pub(crate) listeners: Vec<Arc<ListenerMeter>>,
    /// Requests that came to no listener. Its histograms are those of everybody when there are too
    /// many listeners to be measured one by one.
    pub(crate) nowhere: Arc<ListenerMeter>,
    /// By the index of the destination.
    pub(crate) destinations: Vec<Arc<DestinationMeter>>,
}

/// The counts of one listener.
#[derive(Debug)]
pub(crate) struct ListenerMeter {
    pub(crate) name: String,
    outcomes: [AtomicU64; Outcome::ALL.len()],
    pub(crate) histograms: Arc<Histograms>,
}

/// How long requests took, and how large they were.
#[derive(Debug, Default)]
pub(crate) struct Histograms {
    pub(crate) nanoseconds: Histogram<{ SECONDS.len() }>,
    pub(crate) bytes: Histogram<{ BYTES.len() }>,
}

/// How many values fell between which bounds. The sum stands beside the usual bounds, so that adding a
/// value touches one line of the cache.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Histogram<const N: usize> {
    sum: AtomicU64,
    counts: [AtomicU64; N],
    /// Above the last bound.
    beyond: AtomicU64,
}

/// The counts of one destination.
#[derive(Debug)]
pub(crate) struct DestinationMeter {
    pub(crate) name: String,
    pub(crate) delivered: AtomicU64,
    /// Tries that failed and are followed by others.
    pub(crate) failed: AtomicU64,
    /// Never tried again by ourselves.
    pub(crate) dead: AtomicU64,
    /// Whether it takes nothing until somebody has seen to it.
    pub(crate) is_paused: AtomicBool,
}

const fn bound(text: &'static str, most: u64) -> Bound {
    Bound { text, most }
}

impl Meters {
    /// The meters of the first generation's predecessor.
    pub(crate) fn none() -> Self {
        Self {
            listeners: Vec::new(),
            nowhere: Arc::new(ListenerMeter::new("", Arc::default())),
            destinations: Vec::new(),
        }
    }

    /// The meters of the next generation. Those of listeners and destinations that are gone are
    /// left behind, with the requests that still see them.
    pub(crate) fn next(&self, live: &Live, destinations: &[Destination]) -> Self {
        let known: HashMap<_, _> =
            self.listeners.iter().map(|meter| (meter.name.as_str(), meter)).collect();
        let shared = &self.nowhere.histograms;
        let is_detailed = live.listeners().count() <= MOST_DETAILED;
        let listeners = live.listeners().map(|listener| match known.get(listener.name) {
            Some(meter) if is_detailed != Arc::ptr_eq(&meter.histograms, shared) => {
                Arc::clone(meter)
            }
            old => {
                let histograms = if is_detailed { Arc::default() } else { Arc::clone(shared) };
                let meter = ListenerMeter::new(listener.name, histograms);
                if let Some(old) = old {
                    meter.go_on_from(old);
                }
                Arc::new(meter)
            }
        });
        let destinations = destinations.iter().map(|destination| {
            let known = self.destinations.iter().find(|meter| meter.name == destination.name);
            known.cloned().unwrap_or_else(|| Arc::new(DestinationMeter::new(&destination.name)))
        });
        Self {
            listeners: listeners.collect(),
            nowhere: Arc::clone(&self.nowhere),
            destinations: destinations.collect(),
        }
    }

    /// Counts a request that was answered.
    pub(crate) fn answered(
        &self,
        listener: Option<usize>,
        outcome: Outcome,
        took: Duration,
        body_bytes: Option<u64>,
    ) {
        let meter = listener.and_then(|index| self.listeners.get(index)).unwrap_or(&self.nowhere);
        meter.outcomes[outcome as usize].fetch_add(1, Ordering::Relaxed);
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        meter.histograms.nanoseconds.observe(nanoseconds, &SECONDS);
        if let Some(bytes) = body_bytes {
            meter.histograms.bytes.observe(bytes, &BYTES);
        }
    }
}

impl ListenerMeter {
    fn new(name: &str, histograms: Arc<Histograms>) -> Self {
        let outcomes = std::array::from_fn(|_| AtomicU64::new(0));
        Self { name: name.to_owned(), outcomes, histograms }
    }

    /// How many requests ended so.
    pub(crate) fn count(&self, outcome: Outcome) -> u64 {
        self.outcomes[outcome as usize].load(Ordering::Relaxed)
    }

    fn go_on_from(&self, old: &Self) {
        for (new, old) in self.outcomes.iter().zip(&old.outcomes) {
            new.store(old.load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }
}

impl<const N: usize> Histogram<N> {
    /// Up to each bound, how many; then how many in all; then their sum.
    pub(crate) fn read(&self) -> ([u64; N], u64, u64) {
        let mut so_far = 0;
        let cumulative = std::array::from_fn(|index| {
            so_far += self.counts[index].load(Ordering::Relaxed);
            so_far
        });
        let all = so_far + self.beyond.load(Ordering::Relaxed);
        (cumulative, all, self.sum.load(Ordering::Relaxed))
    }

    /// The first bounds are the usual ones: going through them costs less than searching.
    fn observe(&self, value: u64, bounds: &[Bound; N]) {
        let index = bounds.iter().position(|bound| value <= bound.most);
        let count = index.map_or(&self.beyond, |index| &self.counts[index]);
        count.fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }
}

impl<const N: usize> Default for Histogram<N> {
    fn default() -> Self {
        Self {
            counts: std::array::from_fn(|_| AtomicU64::new(0)),
            beyond: AtomicU64::new(0),
            sum: AtomicU64::new(0),
        }
    }
}

impl DestinationMeter {
    pub(crate) fn new(name: &str) -> Self {
        let zero = || AtomicU64::new(0);
        Self {
            name: name.to_owned(),
            delivered: zero(),
            failed: zero(),
            dead: zero(),
            is_paused: AtomicBool::new(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use tympan_core::outcome::Outcome;
    use tympan_core::pipeline::Generation;
    use tympan_core::pipeline::Live;

    use super::BYTES;
    use super::Histogram;
    use super::MOST_DETAILED;
    use super::Meters;

    fn live(names: &[String]) -> Live {
        let listeners = names.iter().map(|name| format!("{name}: {{verification: {{none: x}}}}"));
        let listeners = listeners.collect::<Vec<_>>().join(", ");
        let text = format!("version: 1\nlisteners: {{{listeners}}}");
        let (loaded, _) = tympan_core::load("x", text.into_bytes());
        assert!(!loaded.diagnostics.refuse(false));
        Live::new(
            Arc::new(Generation::compile(&loaded.config, 1, "")),
            &Vec::new(),
            &Arc::default(),
        )
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_value_falls_below_its_bound() {
        let histogram = Histogram::<9>::default();
        for value in [0, 256, 257, 1 << 24, (1 << 24) + 1] {
            histogram.observe(value, &BYTES);
        }
        let (up_to, all, sum) = histogram.read();
        assert_eq!((up_to, all), ([2, 3, 3, 3, 3, 3, 3, 3, 4], 5));
        assert_eq!(sum, 256 + 257 + (1 << 25) + 1);
    }

    #[test]
    fn who_stays_keeps_counting_and_who_goes_is_forgotten() {
        let count =
            |meters: &Meters, index: usize| meters.listeners[index].count(Outcome::Accepted);
        let accept = |meters: &Meters, listener| {
            meters.answered(listener, Outcome::Accepted, Duration::ZERO, Some(1));
        };
        let first = Meters::none().next(&live(&names(&["a", "b"])), &[]);
        accept(&first, Some(0));
        accept(&first, Some(1));
        accept(&first, None);
        let second = first.next(&live(&names(&["c", "b"])), &[]);
        // A request of the generation before.
        accept(&first, Some(1));
        assert_eq!((count(&second, 0), count(&second, 1)), (0, 2));
        assert_eq!(second.nowhere.count(Outcome::Accepted), 1);
        let third = second.next(&live(&names(&["a", "b"])), &[]);
        assert_eq!((count(&third, 0), count(&third, 1)), (0, 2));

        let many: Vec<_> = (0..MOST_DETAILED).map(|index| format!("l{index}")).collect();
        let many = third.next(&live(&[many, names(&["b"])].concat()), &[]);
        assert_eq!(count(&many, MOST_DETAILED), 2);
        accept(&many, Some(0));
        assert_eq!(many.nowhere.histograms.nanoseconds.read().1, 2, "nowhere, and now l0");
    }
}
