//! Reading `destinations:`.

use crate::config::DestinationId;
use crate::config::Reader;
use crate::config::keys;
use crate::config::names::slot;
use crate::span::Span;
use crate::yaml::Key;
use crate::yaml::Node;

/// Where events can be delivered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Destination {
    /// What listeners call it.
    pub name: String,
    /// Where the name is defined.
    pub at: Span,
    /// What it is.
    pub kind: Kind,
}

/// What a destination is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Standard output, one event a line.
    #[default]
    Stdout,
}

impl Reader<'_> {
    pub(super) fn destination(&mut self, key: Key, node: Node) {
        self.check_name("destination", &key);
        let id = DestinationId(self.destinations.define(key.name.clone(), key.span));
        let Some(mut fields) = self.fields(&keys::DESTINATION, key.span, node) else { return };
        if let Some((place, node)) = fields.take("stdout")
            && let Some(settings) = self.fields(&keys::STDOUT, place.span, node)
        {
            settings.end();
        }
        fields.end();
        let slot = slot(&mut self.config.destinations, id.0);
        *slot = Destination { name: key.name, at: key.span, kind: Kind::Stdout };
    }

    /// The destination that a node names.
    pub(super) fn destination_name(&mut self, node: &Node) -> Option<DestinationId> {
        let name = self.text(node)?;
        let id = DestinationId(self.destinations.mention(name, node.span));
        slot(&mut self.config.destinations, id.0);
        Some(id)
    }
}
