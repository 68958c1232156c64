//! How much may come in how long.
//!
//! Each rate is one instant, the generic cell rate algorithm: when all that has come so far would
//! have come if it had come evenly. Who is further ahead of it than the allowance has to wait.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::hash::Hash;
use std::net::IpAddr;
use std::net::Ipv6Addr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use foldhash::fast::RandomState;

use crate::config::RateLimit;

/// The rate of one thing, for as long as the process lives: a reload must not give anybody a new
/// allowance.
#[derive(Debug, Default)]
pub struct Rate {
    /// The instant, in seconds since 1970, as the bits of a float.
    even: AtomicU64,
}

/// The rates of clients, by address, in bounded memory.
#[derive(Debug)]
pub struct ClientRates {
    hasher: RandomState,
    shards: Vec<Mutex<HashMap<IpAddr, f64, RandomState>>>,
}

/// Every rate: what lives longer than a generation.
#[derive(Debug, Default)]
pub struct Rates {
    /// Those of clients.
    pub clients: ClientRates,
    listeners: Mutex<HashMap<String, Arc<Rate>>>,
}

/// How many parts a table has, so that threads seldom wait for each other.
const N_SHARDS: usize = 16;

/// The most addresses that are remembered in a part. Beyond it those that owe nothing are
/// forgotten, and if that is not enough, newcomers are not counted: a flood from that many
/// addresses is met by other limits.
const MOST_IN_SHARD: usize = 4096;

impl Rates {
    /// The rate of a listener, which is the same in every generation that has it.
    #[must_use]
    pub fn of_listener(&self, name: &str) -> Arc<Rate> {
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rate) = listeners.get(name) {
            return Arc::clone(rate);
        }
        // Those that nobody holds any more were of listeners that are gone.
        listeners.retain(|_, rate| Arc::strong_count(rate) > 1);
        Arc::clone(listeners.entry(name.to_owned()).or_default())
    }
}

impl Rate {
    /// Counts one that comes `now`.
    ///
    /// # Errors
    ///
    /// In how many seconds there is room, if there is none: it is not counted then.
    pub fn admit(&self, limit: RateLimit, now: f64) -> Result<(), f64> {
        let mut wait = 0.0;
        let counted = self.even.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |even| {
            match after(f64::from_bits(even), limit, now) {
                Ok(even) => Some(even.to_bits()),
                Err(seconds) => {
                    wait = seconds;
                    None
                }
            }
        });
        counted.map(drop).map_err(|_| wait)
    }
}

impl Default for ClientRates {
    fn default() -> Self {
        let shards = (0..N_SHARDS).map(|_| Mutex::default()).collect();
        Self { hasher: RandomState::default(), shards }
    }
}

impl ClientRates {
    /// Counts a request of a client that comes `now`.
    ///
    /// # Errors
    ///
    /// In how many seconds there is room, if there is none: it is not counted then.
    pub fn admit(&self, client: IpAddr, limit: RateLimit, now: f64) -> Result<(), f64> {
        let client = network(client);
        let shard = usize::try_from(self.hash(client) % N_SHARDS as u64).unwrap_or_default();
        let mut rates = self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(even) = rates.get_mut(&client) {
            *even = after(*even, limit, now)?;
            return Ok(());
        }
        if rates.len() >= MOST_IN_SHARD {
            rates.retain(|_, even| *even > now);
        }
        if rates.len() < MOST_IN_SHARD {
            rates.insert(client, after(0.0, limit, now)?);
        }
        Ok(())
    }

    fn hash(&self, key: impl Hash) -> u64 {
        self.hasher.hash_one(key)
    }
}

/// The address as far as it tells clients apart: whoever has an IPv6 address has 2^64 of them.
fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// The instant after one more, or how long it has to wait.
#[expect(clippy::cast_precision_loss, reason = "nobody allows more than 2^52 requests")]
fn after(even: f64, limit: RateLimit, now: f64) -> Result<f64, f64> {
    let per = limit.per.as_secs_f64();
    let one = per / limit.requests as f64;
    // It can never be further ahead than this; if it seems to be, the clock was set back.
    let even = if even > now + per + one { now } else { even.max(now) };
    let wait = even + one - (now + per);
    // Half of one forgives what floats lose.
    if wait > one / 2.0 { Err(wait) } else { Ok(even + one) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::ClientRates;
    use super::MOST_IN_SHARD;
    use super::N_SHARDS;
    use super::Rate;
    use crate::config::RateLimit;

    const NOW: f64 = 1_790_000_000.0;
    const FIVE: RateLimit = RateLimit { requests: 5, per: Duration::from_secs(1) };

    fn n_admitted(rate: &Rate, n: usize, now: f64) -> usize {
        (0..n).filter(|_| rate.admit(FIVE, now).is_ok()).count()
    }

    #[test]
    fn a_burst_and_then_what_time_allows() {
        let rate = Rate::default();
        assert_eq!(n_admitted(&rate, 20, NOW), 5);
        let wait = rate.admit(FIVE, NOW).unwrap_err();
        assert!((0.19..0.21).contains(&wait), "{wait}");
        assert_eq!(n_admitted(&rate, 20, NOW + 0.41), 2);
        assert_eq!(n_admitted(&rate, 20, NOW + 100.0), 5);
    }

    #[test]
    fn a_clock_that_is_set() {
        let rate = Rate::default();
        assert_eq!(n_admitted(&rate, 20, NOW), 5);
        assert_eq!(n_admitted(&rate, 20, NOW - 3600.0), 5);
        assert_eq!(n_admitted(&rate, 20, NOW + 3600.0), 5);
    }

    #[test]
    fn clients_have_their_own() {
        let rates = ClientRates::default();
        let n = |client: &str| {
            let client = client.parse().unwrap();
            (0..20).filter(|_| rates.admit(client, FIVE, NOW).is_ok()).count()
        };
        assert_eq!(n("192.0.2.1"), 5);
        assert_eq!(n("192.0.2.2"), 5);
        assert_eq!(n("::ffff:192.0.2.1"), 0, "the same in other words");
        assert_eq!(n("2001:db8::1"), 5);
        assert_eq!(n("2001:db8::2"), 0, "the same network");
        assert_eq!(n("2001:db8:0:1::1"), 5);
    }

    #[test]
    fn memory_is_bounded() {
        let rates = ClientRates::default();
        let most = MOST_IN_SHARD * N_SHARDS;
        let n_known = || rates.shards.iter().map(|it| it.lock().unwrap().len()).sum::<usize>();
        for number in 0..u32::try_from(most * 2).unwrap() {
            let client = std::net::Ipv4Addr::from_bits(number).into();
            assert_eq!(rates.admit(client, FIVE, NOW), Ok(()));
        }
        assert!(n_known() <= most);
        // Who owes nothing is forgotten.
        for number in 0..1000 {
            let client = std::net::Ipv4Addr::from_bits(u32::MAX - number).into();
            assert_eq!(rates.admit(client, FIVE, NOW + 60.0), Ok(()));
        }
        assert!(n_known() < most);
    }
}
