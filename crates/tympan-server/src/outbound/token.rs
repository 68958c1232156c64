//! Access tokens that were given to us, and how long they count.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use tokio::sync::Mutex;
use tympan_core::config::ConnectorId;
use tympan_core::encode;
use zeroize::Zeroizing;

use super::call::Fault;

/// How long before its end a token is asked for again.
const AHEAD: Duration = Duration::from_secs(30);

/// How long a request for a token that failed is not made again, while the old one still counts.
const PAUSE: Duration = Duration::from_secs(5);

/// The access tokens of connectors: one request for each, however many wait for it.
#[derive(Default)]
pub(super) struct Tokens {
    slots: std::sync::Mutex<HashMap<ConnectorId, Arc<Slot>>>,
}

/// The token of one connector.
#[derive(Default)]
struct Slot {
    /// Held while a token is asked for.
    held: Mutex<Held>,
    /// How many requests have failed: whoever has waited for one does not make it again.
    n_failed: AtomicUsize,
}

#[derive(Default)]
struct Held {
    token: Option<Token>,
    /// Why the last request failed.
    failed: Option<Fault>,
}

/// A token, and when another has to be asked for.
pub(super) struct Token {
    value: Zeroizing<String>,
    /// `None` where nobody has said when it ends.
    ends: Option<Ends>,
}

#[derive(Clone, Copy)]
struct Ends {
    at: Instant,
    /// When another is asked for.
    renew: Instant,
}

impl Tokens {
    /// The token of a connector, which is asked for if there is none, if it ends soon, or if it is
    /// the one that was `refused`.
    pub(super) async fn get(
        &self,
        connector: ConnectorId,
        refused: Option<&str>,
        ask: impl Future<Output = Result<Token, Fault>>,
    ) -> Result<Zeroizing<String>, Fault> {
        let slot = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(slots.entry(connector).or_default())
        };
        let n_failed = slot.n_failed.load(Ordering::Acquire);
        let mut held = slot.held.lock().await;
        // Somebody else may have asked for another meanwhile.
        let now = Instant::now();
        let old = held.token.as_ref().filter(|token| refused != Some(token.value.as_str()));
        if let Some(token) = old.filter(|token| token.ends.is_none_or(|it| now < it.renew)) {
            return Ok(token.value.clone());
        }
        if let Some(fault) = &held.failed
            && slot.n_failed.load(Ordering::Acquire) != n_failed
        {
            return Err(fault.clone());
        }
        let is_old_good = old.is_some_and(|token| token.ends.is_none_or(|it| now < it.at));
        match ask.await {
            Ok(token) => {
                let value = token.value.clone();
                *held = Held { token: Some(token), failed: None };
                Ok(value)
            }
            Err(fault) => {
                if let Some(Token { value, ends: Some(ends) }) =
                    held.token.as_mut().filter(|_| is_old_good)
                {
                    ends.renew = Instant::now() + PAUSE;
                    return Ok(value.clone());
                }
                held.token = None;
                held.failed = Some(fault.clone());
                slot.n_failed.fetch_add(1, Ordering::Release);
                Err(fault)
            }
        }
    }
}

impl Token {
    /// A token that lasts so long, if anybody has said.
    pub(super) fn new(value: &str, lasts: Option<u64>) -> Self {
        let ends = lasts.and_then(|seconds| Ends::after(Duration::from_secs(seconds)));
        Self { value: Zeroizing::new(value.to_owned()), ends }
    }

    /// What is sent.
    pub(super) fn value(&self) -> &str {
        &self.value
    }
}

impl Ends {
    /// The end of what lasts this long; `None` if that is longer than there is time.
    fn after(lasts: Duration) -> Option<Self> {
        // A short one is good for half of its time.
        let good = lasts.saturating_sub(AHEAD).max(lasts / 2);
        let now = Instant::now();
        Some(Self { at: now.checked_add(lasts)?, renew: now.checked_add(good)? })
    }
}

/// What stands in `Authorization` for a user and a password.
pub(super) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", encode::base64(format!("{user}:{password}").as_bytes()))
}

/// Names and values as a form.
pub(super) fn form(parts: &[(&str, &str)]) -> String {
    encode::form(parts)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Ends;

    #[test]
    fn when_another_is_asked_for() {
        for (lasts, ahead) in [(3600, 30_000), (61, 30_000), (31, 15_500), (1, 500), (0, 0)] {
            let Ends { at, renew } = Ends::after(Duration::from_secs(lasts)).unwrap();
            assert_eq!(at - renew, Duration::from_millis(ahead), "{lasts}");
        }
        assert!(Ends::after(Duration::MAX).is_none());
    }
}
