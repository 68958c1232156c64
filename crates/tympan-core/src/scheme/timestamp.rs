//! When something was signed, and whether that is too long ago.

use std::time::Duration;

use jiff::fmt::rfc2822;

/// How a timestamp is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Seconds since 1970.
    Seconds,
    /// Thousandths of a second since 1970.
    Milliseconds,
    /// `2023-11-14T22:13:20Z` (RFC 3339)
    Rfc3339,
    /// `Tue, 14 Nov 2023 22:13:20 GMT` (RFC 9110, section 5.6.7)
    HttpDate,
}

/// How a timestamp is read, and how far it may lie from our clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp {
    /// How it is written.
    pub unit: Unit,
    /// How far it may lie from our clock, both ways; just as far is still fresh.
    pub tolerance: Duration,
}

impl Unit {
    /// Every word that can be written.
    pub const WORDS: &[&str] = &["seconds", "milliseconds", "RFC-3339", "HTTP-date"];

    /// The unit that a word of the configuration names.
    #[must_use]
    pub fn read(word: &str) -> Option<Self> {
        match word {
            "seconds" => Some(Self::Seconds),
            "milliseconds" => Some(Self::Milliseconds),
            "RFC-3339" => Some(Self::Rfc3339),
            "HTTP-date" => Some(Self::HttpDate),
            _ => None,
        }
    }

    /// Whether `text` is a timestamp at all, and nothing else: where it begins and ends shows in
    /// itself, so that no part of what is signed beside it can be moved into it.
    #[must_use]
    pub fn is_well_formed(self, text: &str) -> bool {
        match self {
            Self::Seconds | Self::Milliseconds => {
                (1..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
            }
            Self::Rfc3339 => is_rfc3339(text),
            Self::HttpDate => has_shape(text, "Aaa, 00 Aaa 0000 00:00:00 GMT"),
        }
    }

    /// How many of what it counts a second has: dates are judged to the thousandth.
    fn per_second(self) -> u64 {
        match self {
            Self::Seconds => 1,
            Self::Milliseconds | Self::Rfc3339 | Self::HttpDate => 1_000,
        }
    }

    /// A well-formed timestamp as a count since 1970; what was before is 1970.
    fn count(self, text: &str) -> Option<u64> {
        let instant = match self {
            Self::Seconds | Self::Milliseconds => return text.parse().ok(),
            Self::Rfc3339 => text.parse::<jiff::Timestamp>().ok()?,
            Self::HttpDate => rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?,
        };
        Some(u64::try_from(instant.as_millisecond()).unwrap_or_default())
    }
}

impl Timestamp {
    /// How many seconds too far from `now` a timestamp lies; `None` if it is fresh. One that is not
    /// well-formed is never fresh.
    ///
    /// `now` is in seconds since 1970. The edge counts as fresh, to the unit.
    #[must_use]
    pub fn too_far(&self, text: &str, now: f64) -> Option<u64> {
        let per_second = self.unit.per_second();
        let Some(then) = self.unit.count(text) else { return Some(u64::MAX) };
        let now = to_whole(now, per_second);
        let tolerance = self.tolerance.as_secs().saturating_mul(per_second)
            + u64::from(self.tolerance.subsec_millis()) * per_second / 1_000;
        let distance = now.abs_diff(then);
        (distance > tolerance).then(|| (distance - tolerance).div_ceil(per_second))
    }

    /// The timestamp of an instant, in seconds since 1970, as a sender would write it.
    #[must_use]
    pub fn write(&self, now: f64) -> String {
        let count = to_whole(now, self.unit.per_second());
        let instant = || jiff::Timestamp::from_millisecond(i64::try_from(count).ok()?).ok();
        match self.unit {
            Unit::Seconds | Unit::Milliseconds => count.to_string(),
            Unit::Rfc3339 => instant().unwrap_or_default().to_string(),
            Unit::HttpDate => {
                let instant = instant().unwrap_or_default();
                instant.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
            }
        }
    }
}

/// A date, `T`, a time with up to nine digits behind the point, and `Z` or an offset: the ends of
/// RFC 3339 that leave no choice.
fn is_rfc3339(text: &str) -> bool {
    let Some((begin, rest)) = text.split_at_checked(19) else { return false };
    let rest = match rest.strip_prefix('.') {
        None => rest,
        Some(fraction) => {
            let zone = fraction.trim_start_matches(|it: char| it.is_ascii_digit());
            if !(1..=9).contains(&(fraction.len() - zone.len())) {
                return false;
            }
            zone
        }
    };
    let is_zone = rest == "Z" || has_shape(rest, "+00:00") || has_shape(rest, "-00:00");
    has_shape(begin, "0000-00-00T00:00:00") && is_zone
}

/// Whether a text has digits where `shape` has zeros, capitals and small letters where it has `A`
/// and `a`, and else is the same.
fn has_shape(text: &str, shape: &str) -> bool {
    let fits = |(found, wanted): (u8, u8)| match wanted {
        b'0' => found.is_ascii_digit(),
        b'A' => found.is_ascii_uppercase(),
        b'a' => found.is_ascii_lowercase(),
        _ => found == wanted,
    };
    text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(fits)
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
        check(Unit::Rfc3339, "2023-11-14T22:08:20Z", None);
        check(Unit::Rfc3339, "2023-11-14T23:08:20.000+01:00", None);
        check(Unit::Rfc3339, "2023-11-14T22:08:19.9Z", Some(1));
        check(Unit::Rfc3339, "2023-11-14T22:18:20.001Z", Some(1));
        check(Unit::HttpDate, "Tue, 14 Nov 2023 22:08:20 GMT", None);
        check(Unit::HttpDate, "Tue, 14 Nov 2023 22:08:19 GMT", Some(1));
    }

    #[test]
    fn units_mixed_up_are_far_away() {
        check(Unit::Seconds, "1700000000000", Some(1_698_299_999_700));
        check(Unit::Milliseconds, "1700000000", Some(1_698_299_700));
    }

    #[test]
    fn form() {
        let check = |unit: Unit, good: &[&str], bad: &[&str]| {
            for text in good {
                assert!(unit.is_well_formed(text), "{text}");
            }
            for text in bad {
                assert!(!unit.is_well_formed(text), "{text}");
            }
        };
        check(
            Unit::Seconds,
            &["0", "1700000000", "1700000000000"],
            &["", "-1", "+1", " 1", "1.5", "1:2", "12345678901234567", "１"],
        );
        check(
            Unit::Rfc3339,
            &["2023-11-14T22:13:20Z", "2023-11-14T22:13:20.8091512-02:00"],
            &[
                "",
                "1700000000",
                "2023-11-14T22:13:20",
                "2023-11-14T22:13:20.Z",
                "2023-11-14T22:13:20.1",
                "2023-11-14T22:13:20z",
                "2023-11-14 22:13:20Z",
                "2023-11-14T22:13:20Z{",
                "12023-11-14T22:13:20Z",
                "2023-11-14T22:13:20+0200",
            ],
        );
        check(
            Unit::HttpDate,
            &["Tue, 14 Nov 2023 22:13:20 GMT"],
            &["Tue, 14 Nov 2023 22:13:20 UTC", "Tue, 14 Nov 2023 22:13:20 GMT1", "1700000000"],
        );
    }

    #[test]
    fn dates_that_do_not_exist() {
        let timestamp = Timestamp { unit: Unit::Rfc3339, tolerance: Duration::from_mins(5) };
        assert!(timestamp.too_far("2023-02-30T22:13:20Z", NOW).is_some());
    }

    #[test]
    fn what_is_written_is_fresh() {
        for unit in Unit::WORDS.iter().filter_map(|word| Unit::read(word)) {
            let timestamp = Timestamp { unit, tolerance: Duration::ZERO };
            let text = timestamp.write(NOW);
            assert!(unit.is_well_formed(&text), "{text}");
            assert_eq!(timestamp.too_far(&text, NOW), None, "{text}");
        }
    }
}
