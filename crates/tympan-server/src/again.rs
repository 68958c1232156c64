//! Events of requests that gave none when they came, as their listeners are configured now.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tympan_core::config::Config;
use tympan_core::config::DestinationId;
use tympan_core::keys::Secrets;
use tympan_core::pipeline::Again;
use tympan_core::pipeline::Generation;
use tympan_core::pipeline::Live;
use tympan_expr::Expression;
use tympan_journal::Found;
use tympan_journal::Record;

use crate::delivery;
use crate::delivery::From;
use crate::serving::Serving;

/// How requests make events now, and where those go.
pub struct Now {
    live: Arc<Live>,
    destinations: Vec<(Arc<str>, Option<Expression>)>,
}

impl Now {
    /// As a configuration without mistakes says it.
    #[must_use]
    pub fn new(config: &Config, secrets: &Secrets) -> Self {
        let generation = Generation::compile(config, 1, "");
        let destinations = config.destinations.iter();
        let destinations = destinations.map(|it| (it.name.as_str().into(), it.order_by.clone()));
        Self {
            live: Arc::new(Live::new(Arc::new(generation), secrets, &Arc::default())),
            destinations: destinations.collect(),
        }
    }

    /// As it is served.
    pub(crate) fn served(serving: &Serving) -> Self {
        let destinations = serving.destinations.iter();
        let destinations = destinations.map(|it| (Arc::clone(&it.name), it.order_by().cloned()));
        Self { live: Arc::clone(&serving.live), destinations: destinations.collect() }
    }

    /// What a dead letter makes; nothing if it is a request that makes no event now.
    pub(crate) fn make(&self, found: &Found, request: &[u8]) -> Result<Option<Record>, String> {
        let Some(made) = again(found, request).make(&self.live)? else { return Ok(None) };
        let from = From {
            listener: Arc::clone(&found.listener),
            generation: self.live.generation().number,
            id: found.id.clone(),
        };
        let record = delivery::as_record(*made, from, |DestinationId(id)| {
            self.destinations.get(id).map(|(name, order_by)| (name, order_by.as_ref()))
        });
        Ok(Some(record))
    }

    /// What of a dead letter may be shown.
    pub(crate) fn shown(&self, found: &Found, request: &[u8]) -> Value {
        again(found, request).shown(&self.live)
    }
}

fn again<'r>(found: &'r Found, request: &'r [u8]) -> Again<'r> {
    let received = Duration::from_millis(found.received).as_secs_f64();
    Again { listener: &found.listener, id: &found.id, received, request }
}
