//! When something was signed, and whether that is too long ago.

use std::time::Duration;

/// What a timestamp counts since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Thousandths of a second.
    Milliseconds,
}

/// How a timestamp is read, and how far it may lie from our clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp {
    /// What it counts.
    pub unit: Unit,
    /// How far it may lie from our clock, both ways; just as far is still fresh.
    pub tolerance: Duration,
}

impl Unit {
    /// The unit that a word of the configuration names.
    #[must_use]
    pub fn read(word: &str) -> Option<Self> {
        match word {
            "seconds" => Some(Self::Seconds),
            "milliseconds" => Some(Self::Milliseconds),
            _ => None,
        }
    }

    fn per_second(self) -> u64 {
        match self {
            Self::Seconds => 1,
            Self::Milliseconds => 1_000,
        }
    }
}

impl Timestamp {
    /// Whether `text` is a timestamp at all: nothing but digits, so that no part of the payload
    /// can be moved into it.
    #[must_use]
    pub fn is_well_formed(text: &str) -> bool {
        (1..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    }

    /// How many seconds too far from `now` a well-formed timestamp lies; `None` if it is fresh.
    ///
    /// `now` is in seconds since 1970. The edge counts as fresh, to the unit.
    #[must_use]
    pub fn too_far(&self, text: &str, now: f64) -> Option<u64> {
        let per_second = self.unit.per_second();
        let then: u64 = text.parse().ok()?;
        let now = to_whole(now, per_second);
        let tolerance = self.tolerance.as_secs().saturating_mul(per_second)
            + u64::from(self.tolerance.subsec_millis()) * per_second / 1_000;
        let distance = now.abs_diff(then);
        (distance > tolerance).then(|| (distance - tolerance).div_ceil(per_second))
    }

    /// The timestamp of an instant, in seconds since 1970, as a sender would write it.
    #[must_use]
    pub fn write(&self, now: f64) -> String {
        to_whole(now, self.unit.per_second()).to_string()
    }
}

/// The unit in progress at an instant. An instant before 1970 is 1970: no clock of ours is there.
fn to_whole(now: f64, per_second: u64) -> u64 {
    let seconds = Duration::try_from_secs_f64(now).unwrap_or_default();
    seconds.as_secs().saturating_mul(per_second)
        + u64::from(seconds.subsec_millis()) * per_second / 1_000
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Timestamp;
    use super::Unit;

    const NOW: f64 = 1_700_000_000.0;

    #[track_caller]
    fn check(unit: Unit, text: &str, expected: Option<u64>) {
        let timestamp = Timestamp { unit, tolerance: Duration::from_mins(5) };
        assert_eq!(timestamp.too_far(text, NOW), expected);
    }

    #[test]
    fn edges_are_exact() {
        check(Unit::Seconds, "1700000300", None);
        check(Unit::Seconds, "1699999700", None);
        check(Unit::Seconds, "1700000301", Some(1));
        check(Unit::Seconds, "1699999699", Some(1));
        check(Unit::Milliseconds, "1699999700000", None);
        check(Unit::Milliseconds, "1699999699999", Some(1));
    }

    #[test]
    fn units_mixed_up_are_far_away() {
        check(Unit::Seconds, "1700000000000", Some(1_698_299_999_700));
        check(Unit::Milliseconds, "1700000000", Some(1_698_299_700));
    }

    #[test]
    fn form() {
        for good in ["0", "1700000000", "1700000000000"] {
            assert!(Timestamp::is_well_formed(good), "{good}");
        }
        for bad in ["", "-1", "+1", " 1", "1.5", "1:2", "12345678901234567", "１"] {
            assert!(!Timestamp::is_well_formed(bad), "{bad}");
        }
    }

    #[test]
    fn what_is_written_is_fresh() {
        for unit in [Unit::Seconds, Unit::Milliseconds] {
            let timestamp = Timestamp { unit, tolerance: Duration::ZERO };
            assert_eq!(timestamp.too_far(&timestamp.write(NOW + 0.25), NOW + 0.25), None);
        }
    }
}
