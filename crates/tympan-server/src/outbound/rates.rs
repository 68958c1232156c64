//! How often each listener has something called, whatever its requests name.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use tympan_core::config::RateLimit;
use tympan_core::rate::Rate;

use super::Asker;

/// The rates of listeners, by their names: as many as the operator has written.
#[derive(Debug, Default)]
pub(super) struct Rates(Mutex<HashMap<String, Arc<Rate>>>);

impl Rates {
    /// Whether a listener may have something called once more.
    pub(super) fn admit(&self, asker: &Asker, limit: RateLimit) -> Result<(), String> {
        let mut rates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rate = Arc::clone(rates.entry(asker.listener.clone()).or_default());
        drop(rates);
        let admitted = rate.admit(limit, asker.now);
        admitted.map_err(|_| "its listener has had too many in the last minute".to_owned())
    }
}
