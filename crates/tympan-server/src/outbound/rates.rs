//! How often each listener has something called, whatever its requests name.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use tympan_core::config::RateLimit;
use tympan_core::rate::Rate;

use super::Asker;

/// How often the operator is told of one listener that it has had too many.
const TOLD: RateLimit = RateLimit { requests: 1, per: Duration::from_mins(1) };

/// The rates of listeners, by their names: as many as the operator has written.
#[derive(Debug, Default)]
pub(super) struct Rates(Mutex<HashMap<String, Arc<Listener>>>);

#[derive(Debug, Default)]
struct Listener {
    rate: Rate,
    told: Rate,
}

impl Rates {
    /// Whether a listener may have something called once more; if not, why, as the operator is told
    /// now and then.
    pub(super) fn admit(&self, asker: &Asker, limit: RateLimit) -> Result<(), String> {
        let mut rates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let listener = Arc::clone(rates.entry(asker.listener.clone()).or_default());
        drop(rates);
        if listener.rate.admit(limit, asker.now).is_ok() {
            return Ok(());
        }
        let why = "its listener has had too many in the last minute";
        if listener.told.admit(TOLD, asker.now).is_ok() {
            tracing::warn!(
                listener = asker.listener,
                why,
                "not everything that is named is called"
            );
        }
        Err(why.to_owned())
    }
}
