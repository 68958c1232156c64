//! Where the file says what a listener does, and in which words.
//!
//! A configuration that serves keeps neither texts nor places of its expressions: ten thousand
//! listeners would pay for them. Whoever explains one listener reads its lines again.

use tympan_expr::Dialect;

use crate::config::Listener;
use crate::span::FileId;
use crate::span::Sources;
use crate::span::Span;
use crate::yaml;
use crate::yaml::Entry;
use crate::yaml::Key;
use crate::yaml::Node;
use crate::yaml::Sections;
use crate::yaml::Value;

/// One listener as it is written.
pub(super) struct Written {
    /// The language of expressions that do not say theirs.
    dialect: Dialect,
    /// The listener's name, and everything below it.
    listener: Option<Entry>,
}

/// An expression as it is written.
#[derive(Clone, Copy)]
pub(super) struct Text<'w> {
    pub(super) dialect: Dialect,
    pub(super) text: &'w str,
}

impl Written {
    /// Reads the lines of a listener again.
    pub(super) fn read(sources: &Sources, listener: &Listener) -> Self {
        let file = listener.at.file;
        let mut search =
            Search { name: &listener.name, dialect: Dialect::Moveworks, found: None, file };
        // It was read before without a mistake; if not, there are no places to be told.
        let _ = yaml::read(file, &sources.file(file).text, &mut search);
        Self { dialect: search.dialect, listener: search.found }
    }

    /// The key of the listener's that is called so, and what stands under it.
    pub(super) fn key(&self, name: &str) -> Option<&Entry> {
        entry(&self.listener.as_ref()?.node, name)
    }

    /// Where the listener's path is written, or else its name.
    pub(super) fn route(&self) -> Option<Span> {
        let path = self.key("path").map(|path| path.node.span);
        path.or_else(|| self.listener.as_ref().map(|listener| listener.key.span))
    }

    /// One of the things under a key that holds one or a list of them.
    pub(super) fn item(&self, name: &str, index: usize) -> Option<&Node> {
        items(&self.key(name)?.node).get(index)
    }

    /// Every proof, in the order in which they are written, with the key that says what it is.
    pub(super) fn proofs(&self) -> Vec<&Entry> {
        let mut found = Vec::new();
        if let Some(verification) = self.key("verification") {
            proofs(&verification.node, &mut found);
        }
        found
    }

    /// The expression that a node holds.
    pub(super) fn text<'w>(&'w self, node: &'w Node) -> Option<Text<'w>> {
        match &node.value {
            Value::Text(text) => Some(Text { dialect: self.dialect, text }),
            Value::Map(entries) => match &entries[..] {
                [Entry { key, node: Node { value: Value::Text(text), .. } }]
                    if key.name == "jmespath" =>
                {
                    Some(Text { dialect: Dialect::Jmespath, text })
                }
                _ => None,
            },
            _ => None,
        }
    }
}

/// What stands under a key of a map.
pub(super) fn entry<'n>(node: &'n Node, name: &str) -> Option<&'n Entry> {
    match &node.value {
        Value::Map(entries) => entries.iter().find(|entry| entry.key.name == name),
        _ => None,
    }
}

/// The items of a list, or the one thing that stands in the place of a list.
pub(super) fn items(node: &Node) -> &[Node] {
    match &node.value {
        Value::List(items) => items,
        _ => std::slice::from_ref(node),
    }
}

fn proofs<'n>(node: &'n Node, found: &mut Vec<&'n Entry>) {
    for item in items(node) {
        let Value::Map(entries) = &item.value else { continue };
        let [entry] = &entries[..] else { continue };
        match entry.key.name.as_str() {
            "any" | "all" => proofs(&entry.node, found),
            _ => found.push(entry),
        }
    }
}

struct Search<'s> {
    name: &'s str,
    dialect: Dialect,
    found: Option<Entry>,
    file: FileId,
}

impl Sections for Search<'_> {
    fn is_streamed(&self, name: &str) -> bool {
        matches!(name, "listeners" | "secrets" | "destinations")
    }

    fn section(&mut self, key: Key, node: Node) {
        let is_jmespath = matches!(&node.value, Value::Text(word) if word == "jmespath");
        if key.name == "expressions" && is_jmespath {
            self.dialect = Dialect::Jmespath;
        }
    }

    fn entry(&mut self, section: &Key, key: Key, node: Node) {
        if section.name == "listeners" && key.name == self.name && key.span.file == self.file {
            self.found = Some(Entry { key, node });
        }
    }
}
