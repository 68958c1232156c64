//! The time that the journal counts by: whoever hands something in takes it from here, too, so that
//! all times in it are of one clock.

use std::sync::LazyLock;
use std::time::Duration;
use std::time::Instant;
use std::time::SystemTime;

/// The longest that is counted, in milliseconds: added to any time it is a number of the database.
const MOST: u64 = u64::MAX >> 2;

/// Milliseconds since 1970 as they were at the first call, and as time has gone by since then: a
/// system's clock that is set moves nothing that waits.
#[must_use]
pub fn steady() -> u64 {
    static START: LazyLock<(Duration, Instant)> = LazyLock::new(|| {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        (now.unwrap_or_default(), Instant::now())
    });
    let (then, start) = *START;
    milliseconds(then + start.elapsed())
}

/// A duration as the journal counts it.
#[must_use]
pub fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(MOST).min(MOST)
}
