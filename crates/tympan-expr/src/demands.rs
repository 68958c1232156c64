//! What has to be there for a condition to hold, where that can be told without trying.

use crate::expression::Expression;
use crate::form::Node;
use crate::form::Relation;
use crate::value::Value;
use crate::vocabulary::RootId;

/// Something that has to be there.
#[derive(Clone, Debug, PartialEq)]
pub struct Demand<'e> {
    /// Of which root.
    pub root: RootId,
    /// The keys below it.
    pub keys: Vec<&'e str>,
    /// What it has to be; `None` takes anything that is something.
    pub value: Option<Value<'static>>,
}

impl Expression {
    /// What makes this condition true: values at paths, all of which have to be there. `None` if
    /// it asks for something else, too.
    #[must_use]
    pub fn demands(&self) -> Option<Vec<Demand<'_>>> {
        let mut found = Vec::new();
        demand(self.node(), &mut found).then_some(found)
    }
}

/// Adds what makes a condition true; whether that can be told.
fn demand<'e>(node: &'e Node, found: &mut Vec<Demand<'e>>) -> bool {
    match node {
        Node::And(conditions) => conditions.iter().all(|condition| demand(condition, found)),
        // One of them is enough.
        Node::Or(conditions) => conditions.iter().any(|condition| {
            let known = found.len();
            let is_told = demand(condition, found);
            if !is_told {
                found.truncate(known);
            }
            is_told
        }),
        Node::Relation(left, rest) => match &rest[..] {
            [(Relation::Equal, right)] => {
                let (path, value) = match (left.as_constant(), right.as_constant()) {
                    (None, Some(value)) => (left.as_path(), value),
                    (Some(value), None) => (right.as_path(), value),
                    _ => return false,
                };
                let Some((root, keys)) = path else { return false };
                found.push(Demand { root, keys, value: Some(value.clone()) });
                true
            }
            [(Relation::NotEqual, right)] if matches!(right.as_constant(), Some(Value::Null)) => {
                demand(left, found)
            }
            _ => false,
        },
        Node::Constant(value) => value.is_truthy(),
        node => match node.as_path() {
            Some((root, keys)) => {
                found.push(Demand { root, keys, value: None });
                true
            }
            None => false,
        },
    }
}
