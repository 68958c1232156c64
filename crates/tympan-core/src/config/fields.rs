//! Taking the keys of a section one by one, and finding those that nobody took.

use crate::config::Reader;
use crate::config::keys::Section;
use crate::diagnostic::Problem;
use crate::span::Span;
use crate::yaml::Entry;
use crate::yaml::Key;
use crate::yaml::Node;
use crate::yaml::Value;

/// The keys of one section, as they were written.
pub(super) struct Fields {
    section: &'static Section,
    /// Where the section stands: what a missing key is blamed on.
    at: Span,
    entries: Vec<Entry>,
    taken: Vec<&'static str>,
}

impl Fields {
    /// The keys of a node that has to be a map; unknown ones are reported at once.
    ///
    /// `at` is the key that holds the section: a map itself begins nowhere in particular.
    pub(super) fn read(
        reader: &mut Reader<'_>,
        section: &'static Section,
        at: Span,
        node: Node,
    ) -> Option<Self> {
        let written = match node.value {
            Value::Map(entries) => entries,
            // `stdout:` with nothing after it means a section without settings.
            Value::Null if section.keys.iter().all(|key| !key.required) && !section.one_of => {
                Vec::new()
            }
            _ => {
                let found = node.kind();
                reader.report(node.span, Problem::WrongType { expected: "a map", found });
                return None;
            }
        };
        let mut entries = Vec::with_capacity(written.len());
        for entry in written {
            if section.key(&entry.key.name).is_some() {
                entries.push(entry);
            } else {
                let known = section.keys.iter().map(|key| key.name).collect();
                let key = entry.key.name;
                let problem = Problem::UnknownKey { key, section: section.name, known };
                reader.report(entry.key.span, problem);
            }
        }
        let is_one = |entry: &&Entry| section.key(&entry.key.name).is_some_and(|key| !key.beside);
        let found = entries.iter().filter(is_one).count();
        if section.one_of && found != 1 {
            let keys = section.keys.iter().filter(|key| !key.beside);
            let keys = keys.map(|key| key.name).collect();
            let problem = Problem::OneOf { section: section.name, found, keys };
            // One too many is blamed, or the key that holds none.
            let second = entries.iter().filter(is_one).nth(1);
            reader.report(second.map_or(at, |second| second.key.span), problem);
            return None;
        }
        Some(Self { section, at, entries, taken: Vec::new() })
    }

    /// What stands under a key of the section, with the key's own place.
    pub(super) fn take(&mut self, name: &'static str) -> Option<(Key, Node)> {
        debug_assert!(self.section.key(name).is_some(), "`{name}` is not in the table of keys");
        self.taken.push(name);
        let index = self.entries.iter().position(|entry| entry.key.name == name)?;
        let Entry { key, node } = self.entries.swap_remove(index);
        Some((key, node))
    }

    /// What stands under a key that has to be there.
    pub(super) fn require(
        &mut self,
        reader: &mut Reader<'_>,
        name: &'static str,
    ) -> Option<(Key, Node)> {
        let found = self.take(name);
        if found.is_none() {
            let example = self.section.key(name).map_or("", |key| key.example);
            let section = self.section.name;
            reader.report(self.at, Problem::MissingKey { key: name, section, example });
        }
        found
    }

    /// Where a key stands, without taking it.
    pub(super) fn place(&self, name: &str) -> Option<Span> {
        self.entries.iter().find(|entry| entry.key.name == name).map(|entry| entry.key.span)
    }

    /// The place of the whole section.
    pub(super) fn at(&self) -> Span {
        self.at
    }

    /// Ends the section. That every key of the table was asked for is checked where tests run:
    /// a row that no reader takes would be a key that does nothing.
    pub(super) fn end(self) {
        debug_assert!(
            self.section.one_of
                || self.section.keys.iter().all(|key| self.taken.contains(&key.name)),
            "{} has keys that nothing reads: {:?}",
            self.section.name,
            self.section
                .keys
                .iter()
                .map(|key| key.name)
                .filter(|name| !self.taken.contains(name))
                .collect::<Vec<_>>()
        );
    }
}
