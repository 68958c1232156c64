//! Reading `format:`: what stands around a signature.

use crate::config::Reader;
use crate::config::fields::Fields;
use crate::config::keys;
use crate::scheme::Format;
use crate::scheme::HashMode;
use crate::scheme::Positional;
use crate::yaml::Key;
use crate::yaml::Node;

impl Reader<'_> {
    /// `modes` are the hash functions that a value may name.
    pub(super) fn format(
        &mut self,
        key: &Key,
        node: Node,
        modes: Option<&[HashMode]>,
    ) -> Option<Format> {
        let mut fields = self.fields(&keys::FORMAT, key.span, node)?;
        let prefix = fields.take("prefix");
        let pairs = fields.take("pairs");
        let versions = fields.take("versions");
        let list = fields.take("list");
        let positional = fields.take("positional");
        let named = fields.take("named");
        fields.end();
        if let Some((_, node)) = prefix {
            return self.text(&node).map(Format::Prefix);
        }
        if let Some((_, node)) = versions {
            return self.text(&node).map(Format::Versions);
        }
        if let Some((_, node)) = list {
            return self.text(&node).map(Format::List);
        }
        if let Some((key, node)) = positional {
            return self.positional(&key, node).map(Format::Positional);
        }
        if let Some((_, node)) = named {
            let between = self.text(&node)?;
            return Some(Format::Named(between, modes?.to_vec()));
        }
        let (key, node) = pairs?;
        self.pairs(&key, node)
    }

    fn pairs(&mut self, key: &Key, node: Node) -> Option<Format> {
        let mut fields = self.fields(&keys::PAIRS, key.span, node)?;
        let timestamp = fields.take("timestamp").and_then(|(_, node)| self.text(&node));
        let signature = fields.require(self, "signature").and_then(|(_, node)| self.text(&node));
        let between = self.text_or(&mut fields, "between", ",");
        let equals = self.text_or(&mut fields, "equals", "=");
        fields.end();
        Some(Format::Pairs { timestamp, signature: signature?, between: between?, equals: equals? })
    }

    fn positional(&mut self, key: &Key, node: Node) -> Option<Positional> {
        let mut fields = self.fields(&keys::POSITIONAL, key.span, node)?;
        let between = self.text_or(&mut fields, "between", ",");
        let timestamp = fields.take("timestamp").map(|(_, node)| self.count(&node));
        let signature = fields.require(self, "signature").and_then(|(_, node)| self.count(&node));
        let repeated = match fields.take("repeated") {
            Some((_, node)) => self.boolean(&node),
            None => Some(false),
        };
        let list = fields.take("list").map(|(_, node)| self.text(&node));
        fields.end();
        Some(Positional {
            between: between?,
            timestamp: match timestamp {
                Some(timestamp) => Some(timestamp? - 1),
                None => None,
            },
            signature: signature? - 1,
            repeated: repeated?,
            list: match list {
                Some(list) => Some(list?),
                None => None,
            },
        })
    }

    fn text_or(&mut self, fields: &mut Fields, key: &'static str, default: &str) -> Option<String> {
        match fields.take(key) {
            Some((_, node)) => self.text(&node),
            None => Some(default.to_owned()),
        }
    }
}
