//! Reading `ack`, `keep`, `deliver` and `deduplicate`: what becomes of the events of a listener.

use std::time::Duration;

use tympan_expr::Expression;
use tympan_expr::Types;

use crate::config::DestinationId;
use crate::config::Reader;
use crate::config::fields::Fields;
use crate::config::keys;
use crate::roots::Place;
use crate::yaml::Key;
use crate::yaml::Node;
use crate::yaml::Value;

/// When a request is answered that made events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ack {
    /// Once they are understood: a crash may lose them.
    Memory,
    /// Once they are kept.
    #[default]
    Durable,
    /// Once every destination has them.
    Delivered,
}

/// What is kept of the requests of a listener.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// What they made.
    #[default]
    Events,
    /// Those that were refused, too, as far as there is room.
    Refused,
}

/// One way that events go.
#[derive(Clone, Debug)]
pub struct Route {
    /// The destination.
    pub to: DestinationId,
    /// For which events; for all if nothing is said.
    pub when: Option<Expression>,
}

/// What a delivery is known by when it comes again.
#[derive(Clone, Debug)]
pub struct Deduplicate {
    /// The key; null is never known.
    pub key: Expression,
    /// How long it counts.
    pub window: Duration,
}

const DEFAULT_WINDOW: Duration = Duration::from_hours(72);

impl Reader<'_> {
    pub(super) fn ack(&mut self, fields: &mut Fields) -> Ack {
        let word = fields
            .take("ack")
            .and_then(|(_, node)| self.choice(&node, &["memory", "durable", "delivered"]));
        match word {
            Some("memory") => Ack::Memory,
            Some("delivered") => Ack::Delivered,
            _ => Ack::Durable,
        }
    }

    pub(super) fn keep(&mut self, fields: &mut Fields) -> Keep {
        let word = fields.take("keep");
        let word = word.and_then(|(_, node)| self.choice(&node, &["events", "refused"]));
        if word == Some("refused") { Keep::Refused } else { Keep::Events }
    }

    /// Names of destinations, each of them once.
    pub(super) fn delivered(&mut self, key: &Key, node: Node) -> Vec<DestinationId> {
        let mut names = self.each(key, node, |reader, _, node| reader.destination_name(&node));
        names.sort();
        names.dedup();
        names
    }

    pub(super) fn deliver(&mut self, key: &Key, node: Node) -> Vec<Route> {
        let mut routes = self.each(key, node, |reader, place, node| match node.value {
            Value::Map(_) => {
                let mut fields = reader.fields(&keys::ROUTE, place, node)?;
                let to = fields.require(reader, "to");
                let to = to.and_then(|(_, node)| reader.destination_name(&node));
                let when = fields.take("when").and_then(|(_, node)| {
                    let when = reader.expression(Place::Event, &node)?;
                    reader.check_condition(&node, &when);
                    Some(when)
                });
                fields.end();
                Some(Route { to: to?, when })
            }
            _ => Some(Route { to: reader.destination_name(&node)?, when: None }),
        });
        // One that is named twice gets what either way leads to it, and once.
        routes.sort_by_key(|route| (route.to, route.when.is_some()));
        routes.dedup_by(|next, first| next.to == first.to && first.when.is_none());
        routes
    }

    pub(super) fn deduplicate(&mut self, fields: &mut Fields) -> Option<Deduplicate> {
        let (place, node) = fields.take("deduplicate")?;
        let mut fields = self.fields(&keys::DEDUPLICATE, place.span, node)?;
        let key = fields.require(self, "key").and_then(|(_, node)| {
            let key = self.expression(Place::Verified, &node)?;
            self.check_varies(&node, &key);
            self.check_type(node.span, &key, Types::SCALAR.without(Types::BYTES), "a text");
            Some(key)
        });
        let window = fields.take("window").and_then(|(_, node)| self.timeout(&node));
        fields.end();
        Some(Deduplicate { key: key?, window: window.unwrap_or(DEFAULT_WINDOW) })
    }
}
