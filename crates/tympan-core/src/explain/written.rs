//! Where the file says what a listener does, and in which words.
//!
//! A configuration that serves keeps neither texts nor places of its expressions: ten thousand
//! listeners would pay for them. Whoever explains one listener reads its lines again.

use std::collections::BTreeMap;
use std::sync::Arc;

use tympan_expr::Dialect;

use crate::config::Config;
use crate::config::Listener;
use crate::config::Preset;
use crate::config::preset;
use crate::config::preset::Presets;
use crate::diagnostic::Problem;
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
    /// The language of expressions that do not say theirs, unless a preset holds them.
    dialect: Dialect,
    presets: Vec<FileId>,
    /// The listener's name, and everything below it.
    listener: Option<Entry>,
    /// What it says where it does not say it itself.
    defaults: Option<Node>,
}

/// An expression as it is written.
#[derive(Clone, Copy)]
pub(super) struct Text<'w> {
    pub(super) dialect: Dialect,
    pub(super) text: &'w str,
}

impl Written {
    /// Reads the lines of a listener again.
    pub(super) fn read(sources: &Sources, config: &Config, listener: &Listener) -> Self {
        let (root, file) = (FileId::default(), listener.at.file);
        let (name, dialect) = (listener.name.as_str(), Dialect::Moveworks);
        let mut search = Search { name, dialect, found: None, defaults: None, file, is_root: true };
        // They were read before without a mistake; if not, there are no places to be told.
        let _ = yaml::read(root, &sources.file(root).text, &mut search);
        if file != root {
            search.is_root = false;
            let _ = yaml::read(file, &sources.file(file).text, &mut search);
        }
        if let Some(Entry { node, .. }) = &mut search.found {
            preset::expand(node, &mut Known(&config.presets));
        }
        let presets = config.presets.values().map(|preset| preset.file).collect();
        let Search { dialect, found: listener, defaults, .. } = search;
        Self { dialect, presets, listener, defaults }
    }

    /// The key that is called so, and what stands under it: the listener's own, or else that of
    /// `defaults`.
    pub(super) fn key(&self, name: &str) -> Option<&Entry> {
        let own = self.listener.as_ref().and_then(|listener| entry(&listener.node, name));
        own.or_else(|| entry(self.defaults.as_ref()?, name))
    }

    /// One of the settings under a key, each of which may be the listener's own or a default.
    pub(super) fn setting(&self, name: &str, setting: &str) -> Option<&Entry> {
        let sides = [self.listener.as_ref().map(|it| &it.node), self.defaults.as_ref()];
        let mut found = sides.into_iter().flatten().filter_map(|side| entry(side, name));
        found.find_map(|found| entry(&found.node, setting))
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
            Value::Text(text) => {
                let is_of_preset = self.presets.contains(&node.span.file);
                let dialect = if is_of_preset { Dialect::Moveworks } else { self.dialect };
                Some(Text { dialect, text })
            }
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

/// The presets that a configuration was read with, without a mistake.
struct Known<'c>(&'c BTreeMap<String, Arc<Preset>>);

impl Presets for Known<'_> {
    fn preset(&mut self, name: &Node) -> Option<Arc<Preset>> {
        let Value::Text(name) = &name.value else { return None };
        self.0.get(name).cloned()
    }

    fn tell(&mut self, _: Span, _: Problem) {}
}

struct Search<'s> {
    name: &'s str,
    dialect: Dialect,
    found: Option<Entry>,
    defaults: Option<Node>,
    file: FileId,
    is_root: bool,
}

impl Sections for Search<'_> {
    fn is_streamed(&self, name: &str) -> bool {
        matches!(name, "listeners" | "secrets" | "destinations")
    }

    fn section(&mut self, key: Key, node: Node) {
        match (key.name.as_str(), &node.value) {
            ("expressions", Value::Text(word)) if word == "jmespath" => {
                self.dialect = Dialect::Jmespath;
            }
            ("expressions", _) => self.dialect = Dialect::Moveworks,
            ("defaults", _) if self.is_root => self.defaults = Some(node),
            _ => {}
        }
    }

    fn entry(&mut self, section: &Key, key: Key, node: Node) {
        if section.name == "listeners" && key.name == self.name && key.span.file == self.file {
            self.found = Some(Entry { key, node });
        }
    }
}
