//! How long to wait after a failure.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::Duration;

use tympan_core::config::Retry;

/// The wait after so many failed tries: anything between nothing and a time that doubles with each,
/// so that those who failed together do not come back together.
pub(crate) fn wait(retry: Retry, failed: u32) -> Duration {
    longest(retry, failed).mul_f64(random())
}

fn longest(retry: Retry, failed: u32) -> Duration {
    let doubled = 2_u32.checked_pow(failed.saturating_sub(1)).unwrap_or(u32::MAX);
    retry.first.saturating_mul(doubled).min(retry.most)
}

/// From 0 to 1. Nobody gains anything by guessing it.
fn random() -> f64 {
    let bits = RandomState::new().hash_one(0) >> 11;
    #[expect(clippy::cast_precision_loss, reason = "53 bits are what the type holds")]
    let random = bits as f64 / (1_u64 << 53) as f64;
    random
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tympan_core::config::Retry;

    use super::longest;
    use super::wait;

    #[test]
    fn doubles_up_to_the_longest_wait() {
        let retry = Retry::default();
        let seconds = |failed| longest(retry, failed).as_secs();
        assert_eq!([1, 2, 3, 4].map(seconds), [5, 10, 20, 40]);
        assert_eq!([13, 40, u32::MAX].map(seconds), [5 * 4096, 6 * 3600, 6 * 3600]);
    }

    #[test]
    fn waits_are_drawn_from_all_of_it() {
        let retry = Retry { first: Duration::from_secs(100), ..Retry::default() };
        let waits: Vec<_> = (0..1000).map(|_| wait(retry, 1).as_secs()).collect();
        assert!(waits.iter().all(|wait| *wait < 100));
        assert!(waits.iter().any(|wait| *wait < 20) && waits.iter().any(|wait| *wait >= 80));
    }
}
