//! Reading `defaults:`: what listeners say that do not say it themselves.

use crate::config::Reader;
use crate::config::keys;
use crate::diagnostic::Problem;
use crate::span::Span;
use crate::yaml::Entry;
use crate::yaml::Key;
use crate::yaml::Node;
use crate::yaml::Value;

/// The keys whose values are maps of settings, each of which is a default of its own.
const MERGED: [&str; 2] = ["limits", "responses"];

/// What was written under `defaults:`.
#[derive(Debug, Default)]
pub(super) struct Defaults {
    entries: Vec<Entry>,
    /// All of it, once it was read by itself.
    read: Option<Span>,
}

impl Defaults {
    /// Whether a place is in defaults that were read already, and all that is wrong with them told.
    pub(super) fn were_read(&self, at: Span) -> bool {
        self.read
            .is_some_and(|all| at.file == all.file && all.start <= at.start && at.start < all.end)
    }

    /// Adds to what a listener says what it leaves to be said.
    pub(super) fn complete(&self, listener: &mut Node) {
        // A listener without any key is written as nothing at all.
        if listener.value == Value::Null && !self.entries.is_empty() {
            listener.value = Value::Map(Vec::new());
        }
        let Value::Map(written) = &mut listener.value else { return };
        for default in &self.entries {
            match written.iter_mut().find(|entry| entry.key.name == default.key.name) {
                None => written.push(default.clone()),
                Some(own) if MERGED.contains(&own.key.name.as_str()) => merge(own, default),
                Some(_) => {}
            }
        }
    }
}

/// Adds the settings of a default that a listener's own section does not have.
fn merge(own: &mut Entry, default: &Entry) {
    let Value::Map(defaults) = &default.node.value else { return };
    if own.node.value == Value::Null {
        own.node.value = Value::Map(Vec::new());
    }
    let Value::Map(written) = &mut own.node.value else { return };
    for entry in defaults {
        if !written.iter().any(|known| known.key.name == entry.key.name) {
            written.push(entry.clone());
        }
    }
}

impl Reader<'_> {
    /// Reads the section by itself, as every listener will, so that what is wrong with it is told
    /// even if there is no listener, and only once if there are many.
    pub(super) fn read_defaults(&mut self, key: &Key, node: Node) {
        if self.has_listeners {
            let problem = Problem::KeyOrder { key: "defaults", before: "listeners" };
            self.report(key.span, problem);
            return;
        }
        let entries = match &node.value {
            Value::Map(entries) => entries.clone(),
            _ => Vec::new(),
        };
        let all = Span { end: end(&node).max(key.span.end), ..key.span };
        let known = |entry: &Entry| keys::DEFAULTS.key(&entry.key.name).is_some();
        if let Some(mut fields) = self.fields(&keys::DEFAULTS, key.span, node) {
            self.listener_limits(&mut fields);
            self.ack(&mut fields);
            self.keep(&mut fields);
            self.methods(&mut fields);
            self.accept(&mut fields);
            self.content_types(&mut fields);
            self.responses(&mut fields);
            self.redact(&mut fields);
            if let Some((key, node)) = fields.take("deliver") {
                self.deliver(&key, node);
            }
            fields.end();
        }
        let entries = entries.into_iter().filter(known).collect();
        self.defaults = Defaults { entries, read: Some(all) };
    }
}

/// Where the last of a node ends.
fn end(node: &Node) -> u32 {
    let inner = match &node.value {
        Value::List(items) => items.iter().map(end).max(),
        Value::Map(entries) => {
            entries.iter().map(|entry| entry.key.span.end.max(end(&entry.node))).max()
        }
        _ => None,
    };
    inner.unwrap_or(0).max(node.span.end)
}
