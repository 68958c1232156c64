//! Reading `destinations:`.

use std::time::Duration;

use tympan_expr::Expression;

use crate::config::DestinationId;
use crate::config::Kind;
use crate::config::Reader;
use crate::config::keys;
use crate::config::names::slot;
use crate::roots::Place;
use crate::span::Span;
use crate::yaml::Key;
use crate::yaml::Node;

/// Where events can be delivered.
#[derive(Clone, Debug, Default)]
pub struct Destination {
    /// What listeners call it.
    pub name: String,
    /// Where the name is defined.
    pub at: Span,
    /// What it is.
    pub kind: Kind,
    /// What comes after a delivery that failed.
    pub retry: Retry,
    /// How long one delivery may take.
    pub timeout: Duration,
    /// How many deliveries may be on their way at once, if it says so.
    pub concurrency: Option<usize>,
    /// Events of one value of it arrive one after the other.
    pub order_by: Option<Expression>,
}

/// What comes after a delivery that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How often an event is tried in all; for as long as the horizon if nothing is said.
    pub attempts: Option<u32>,
    /// The wait after the first try; it doubles with each.
    pub first: Duration,
    /// The longest wait.
    pub most: Duration,
    /// How long an event is tried until it is a dead letter.
    pub horizon: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: None,
            first: Duration::from_secs(5),
            most: Duration::from_hours(6),
            horizon: Duration::from_hours(72),
        }
    }
}

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(15);

impl Reader<'_> {
    pub(super) fn destination(&mut self, key: Key, node: Node) {
        self.check_name("destination", &key);
        let id = DestinationId(self.destinations.define(key.name.clone(), key.span));
        let Some(mut fields) = self.fields(&keys::DESTINATION, key.span, node) else { return };
        let kind = self.kind(&mut fields);
        let retry = fields.take("retry").and_then(|(key, node)| self.retry(&key, node));
        let timeout = fields.take("timeout").and_then(|(_, node)| self.timeout(&node));
        let concurrency = fields.take("concurrency").and_then(|(_, node)| self.count(&node));
        let order_by = fields.take("order_by");
        let order_by = order_by.and_then(|(_, node)| self.expression(Place::Delivery, &node));
        fields.end();
        let slot = slot(&mut self.config.destinations, id.0);
        *slot = Destination {
            name: key.name,
            at: key.span,
            kind: kind.unwrap_or_default(),
            retry: retry.unwrap_or_default(),
            timeout: timeout.unwrap_or(DEFAULT_TIMEOUT),
            concurrency,
            order_by,
        };
    }

    fn retry(&mut self, key: &Key, node: Node) -> Option<Retry> {
        let mut fields = self.fields(&keys::RETRY, key.span, node)?;
        let usual = Retry::default();
        let attempts = fields.take("attempts").and_then(|(_, node)| self.count(&node));
        let mut wait = |key, usual| {
            let (_, node) = fields.take(key)?;
            Some(self.timeout(&node).unwrap_or(usual))
        };
        let first = wait("first", usual.first).unwrap_or(usual.first);
        let most = wait("most", usual.most).unwrap_or(usual.most).max(first);
        let horizon = wait("for", usual.horizon).unwrap_or(usual.horizon);
        fields.end();
        let attempts = attempts.map(|attempts| u32::try_from(attempts).unwrap_or(u32::MAX));
        Some(Retry { attempts, first, most, horizon })
    }

    /// The destination that a node names.
    pub(super) fn destination_name(&mut self, node: &Node) -> Option<DestinationId> {
        let name = self.text(node)?;
        let id = DestinationId(self.destinations.mention(name, node.span));
        slot(&mut self.config.destinations, id.0);
        Some(id)
    }
}
