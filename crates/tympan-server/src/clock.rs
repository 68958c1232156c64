//! What time it is, and ids that tell it. The only clock of the crate that decisions see.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use tympan_core::pipeline::RequestId;
pub(crate) use tympan_journal::clock::milliseconds;
pub(crate) use tympan_journal::clock::steady;

/// The instants and ids of requests.
#[derive(Debug)]
pub(crate) struct Clock {
    /// What tells the ids of two processes apart.
    process: u64,
    count: AtomicU64,
}

impl Clock {
    pub(crate) fn new() -> Self {
        let process = RandomState::new().hash_one(std::process::id());
        Self { process, count: AtomicU64::new(0) }
    }

    /// The time since 1970, and an id that sorts by it (as a ULID does: 48 bits of milliseconds,
    /// 80 bits that no other request has).
    pub(crate) fn now(&self) -> (f64, RequestId) {
        let now = since_1970();
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let time = (now.as_millis() & 0xFFFF_FFFF_FFFF) << 80;
        let process = u128::from(self.process & 0xFFFF_FFFF_FFFF) << 32;
        let id = RequestId(time | process | u128::from(count & 0xFFFF_FFFF));
        (now.as_secs_f64(), id)
    }
}

/// How long ago an instant was that [`Clock::now`] gave; no time at all if the system's clock was set
/// back meanwhile.
pub(crate) fn since(then: f64) -> Duration {
    let seconds = since_1970().as_secs_f64() - then;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "they saturate")]
    let nanoseconds = (seconds * 1e9) as u64;
    Duration::from_nanos(nanoseconds)
}

/// RFC 3339, to the microsecond.
pub(crate) fn written(instant: SystemTime) -> Option<String> {
    let since_1970 = instant.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let microseconds = i64::try_from(since_1970.as_micros()).ok()?;
    Some(jiff::Timestamp::from_microsecond(microseconds).ok()?.to_string())
}

/// The system's time, for what others judge or have told: theirs goes on while a machine sleeps.
pub(crate) fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::Clock;

    #[test]
    fn ids_differ_and_sort_by_time() {
        let clock = Clock::new();
        let ids: Vec<_> = (0..1000).map(|_| clock.now().1).collect();
        assert!(ids.is_sorted());
        assert!(ids.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
