//! Reading `events:`.

use tympan_expr::Expression;
use tympan_expr::Types;

use crate::config::Reader;
use crate::config::fields::Fields;
use crate::config::keys;
use crate::roots::Place;
use crate::yaml::Key;
use crate::yaml::Node;

/// The events that a verified request makes.
#[derive(Clone, Debug, Default)]
pub struct Events {
    /// A list of items, one event each.
    pub each: Option<Expression>,
    /// The event's id.
    pub id: Option<Expression>,
    /// The event's type.
    pub kind: Option<Expression>,
    /// What the event is about.
    pub subject: Option<Expression>,
    /// What the event says.
    pub data: Option<Expression>,
}

impl Reader<'_> {
    pub(super) fn events(&mut self, key: &Key, node: Node) -> Option<Events> {
        let mut fields = self.fields(&keys::EVENTS, key.span, node)?;
        let each = fields.take("each");
        let each = each.and_then(|(_, node)| {
            let each = self.expression(Place::Verified, &node)?;
            self.check_type(node.span, &each, Types::LIST, "a list");
            Some(each)
        });
        // `item` exists only where `each` makes it.
        let place = if each.is_some() { Place::Event } else { Place::Verified };
        let events = Events {
            id: self.attribute(&mut fields, "id", place),
            kind: self.attribute(&mut fields, "type", place),
            subject: self.attribute(&mut fields, "subject", place),
            data: fields.take("data").and_then(|(_, node)| self.mapping(place, node)),
            each,
        };
        fields.end();
        Some(events)
    }

    fn attribute(
        &mut self,
        fields: &mut Fields,
        key: &'static str,
        place: Place,
    ) -> Option<Expression> {
        let (_, node) = fields.take(key)?;
        let attribute = self.expression(place, &node)?;
        let needed = Types::SCALAR.without(Types::BYTES);
        self.check_type(node.span, &attribute, needed, "a text");
        Some(attribute)
    }
}
