//! What only the Data Mapper means.

use indexmap::IndexMap;

use crate::form::Node;

/// What only the Data Mapper means.
#[derive(Debug)]
pub(crate) enum Mapper {
    /// What a loop makes of the items of a list, or of the values of a map.
    Each(Box<Each>),
    /// A part of the entry of a map that the item in this slot is, unless the item itself has it.
    /// The counter of the loop is in the next slot.
    Entry(usize, Entry),
    /// What the innermost of these locals, which come innermost first, has under the key, else the
    /// node.
    Field(Vec<usize>, Box<str>, Box<Node>),
    /// Values written as texts, one behind the other; null is written as nothing.
    Join(Vec<Node>),
    /// The node whose key the first yields, else the last.
    Lookup(Box<Node>, IndexMap<String, Node>, Box<Node>),
    /// One map of the maps in a list; of a key that stands in several, the last counts.
    Merge(Box<Node>),
    /// The second, written once for every item of a list and once for anything else that is truthy,
    /// with that as its next local.
    Section(Box<Node>, Box<Node>),
    /// The text of HTML.
    StripHtml(Box<Node>),
}

/// A loop.
#[derive(Debug)]
pub(crate) struct Each {
    /// What becomes of the items.
    pub(crate) makes: Makes,
    /// What it goes through.
    pub(crate) items: Node,
    /// Evaluated for every item, with the item and the loop's counter as its next locals; the item
    /// itself if there is none.
    pub(crate) body: Option<Node>,
    /// Whether the order is to be turned around.
    pub(crate) descending: Option<Node>,
    /// Whether the body reads the counter.
    pub(crate) counts: bool,
}

/// What becomes of the items of a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Makes {
    /// The items whose body is truthy.
    Filtered,
    /// The first item whose body is truthy, or null.
    First,
    /// What the body yields for each.
    Mapped,
    /// The items in the order of what the body yields for them.
    Sorted,
}

/// A part of an entry of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// `item.key`
    Key,
    /// `item.value`
    Value,
}

impl Entry {
    /// As written.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Value => "value",
        }
    }
}

impl Mapper {
    /// Whether it can be evaluated at load once its parts are constant.
    pub(super) fn is_pure(&self) -> bool {
        match self {
            Self::Join(_) | Self::Lookup(..) | Self::Merge(_) | Self::StripHtml(_) => true,
            Self::Each(each) => each.body.is_none(),
            Self::Entry(..) | Self::Field(..) | Self::Section(..) => false,
        }
    }

    /// Whether it is a part of the item in this slot, or reads the counter there.
    pub(super) fn is_entry(&self, slot: usize) -> bool {
        matches!(self, Self::Entry(item, _) if *item == slot || item + 1 == slot)
    }

    pub(super) fn each_part<'n>(&'n self, visit: &mut dyn FnMut(&'n Node, bool)) {
        match self {
            Self::Each(each) => {
                visit(&each.items, false);
                each.body.iter().chain(&each.descending).for_each(|node| visit(node, false));
            }
            Self::Entry(..) => {}
            Self::Field(_, _, node) | Self::Merge(node) | Self::StripHtml(node) => {
                visit(node, false);
            }
            Self::Join(nodes) => nodes.iter().for_each(|node| visit(node, false)),
            Self::Lookup(key, mapping, otherwise) => {
                visit(key, false);
                mapping.values().for_each(|node| visit(node, false));
                visit(otherwise, false);
            }
            Self::Section(value, body) => {
                visit(value, false);
                visit(body, false);
            }
        }
    }
}

impl From<Mapper> for Node {
    fn from(node: Mapper) -> Self {
        Self::Mapper(Box::new(node)).fold()
    }
}
