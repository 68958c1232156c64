//! Reading the file of a preset that a listener names.

use std::sync::Arc;

use super::Parameter;
use super::ParameterKind;
use super::Preset;
use super::Presets;
use super::Sure;
use super::Sureness;
use super::catalogue;
use crate::config::Reader;
use crate::config::fields::Fields;
use crate::config::keys;
use crate::diagnostic;
use crate::diagnostic::Problem;
use crate::span::FileId;
use crate::span::Span;
use crate::yaml;
use crate::yaml::Entry;
use crate::yaml::Key;
use crate::yaml::Node;
use crate::yaml::Sections;
use crate::yaml::Value;

/// What a file says, one key after the other.
struct Whole(Vec<Entry>);

impl Sections for Whole {
    fn is_streamed(&self, _: &str) -> bool {
        false
    }

    fn section(&mut self, key: Key, node: Node) {
        self.0.push(Entry { key, node });
    }

    fn entry(&mut self, _: &Key, _: Key, _: Node) {}
}

impl Presets for Reader<'_> {
    fn preset(&mut self, name: &Node) -> Option<Arc<Preset>> {
        let Value::Text(written) = &name.value else {
            return self.wrong_type(name, "the name of a preset");
        };
        if let Some(known) = self.config.presets.get(written) {
            return Some(Arc::clone(known));
        }
        if self.broken.contains(written) {
            return None;
        }
        let preset = self.find(written, name.span).and_then(|(base, file)| {
            let preset = self.preset_in(base, file)?;
            self.check_pin(written, name.span, &preset).then(|| Arc::new(preset))
        });
        match &preset {
            Some(preset) => {
                self.config.presets.insert(written.clone(), Arc::clone(preset));
            }
            None => {
                self.broken.insert(written.clone());
            }
        }
        preset
    }

    fn tell(&mut self, at: Span, problem: Problem) {
        self.report(at, problem);
    }
}

impl Reader<'_> {
    /// The file of a preset, and what it is called there: one's own goes before what comes with the
    /// program.
    fn find<'n>(&mut self, written: &'n str, at: Span) -> Option<(&'n str, FileId)> {
        let base = written.split_once('@').map_or(written, |(base, _)| base);
        for name in [written, base] {
            if let Some(file) = self.sources.preset(name) {
                return Some((name, file));
            }
        }
        if let Some(text) = catalogue::text(base) {
            let file = self.sources.add(format!("preset {base}"), text);
            self.sources.is_preset(base, file);
            self.built_in.insert(file);
            return Some((base, file));
        }
        let mut known: Vec<_> = self.sources.presets().map(str::to_owned).collect();
        known.extend(catalogue::built_in().map(str::to_owned));
        let problem = diagnostic::Preset::Unknown { name: base.to_owned(), known };
        self.report(at, Problem::Preset(problem));
        None
    }

    /// What is held fast as of a day has to be of that day, unless it is a file of that name.
    fn check_pin(&mut self, written: &str, at: Span, preset: &Preset) -> bool {
        let Some((name, pinned)) = written.split_once('@') else { return true };
        if preset.name == written || preset.checked == pinned {
            return true;
        }
        self.report(
            at,
            Problem::Preset(diagnostic::Preset::Pinned {
                preset: name.to_owned(),
                pinned: pinned.to_owned(),
                checked: preset.checked.clone(),
            }),
        );
        false
    }

    fn preset_in(&mut self, name: &str, file: FileId) -> Option<Preset> {
        let text = Arc::clone(&self.sources.file(file).text);
        let mut whole = Whole(Vec::new());
        if let Err(diagnostic) = yaml::read(file, &text, &mut whole) {
            self.found.push(diagnostic);
            return None;
        }
        let at = Span { file, start: 0, end: 0 };
        let is_of_listeners = |entry: &&Entry| keys::LISTENER.key(&entry.key.name).is_some();
        let listener = whole.0.iter().filter(is_of_listeners).cloned().collect();
        let node = Node { span: at, value: Value::Map(whole.0) };
        let mut fields = self.fields(&keys::PRESET, at, node)?;
        let mut text = |reader: &mut Self, key| {
            fields.require(reader, key).and_then(|(_, node)| reader.text(&node))
        };
        let title = text(self, "title");
        let category = text(self, "category");
        let checked = text(self, "checked");
        let source = fields.require(self, "source").map_or_else(Vec::new, |source| {
            self.some("source", source, |reader, _, node| reader.text(&node))
        });
        let sure = fields.require(self, "sure").and_then(|(key, node)| self.sure(&key, node));
        let parameters =
            fields.take("parameters").map_or_else(Vec::new, |(_, node)| self.parameters(node));
        let ack_within = fields.take("ack_within").and_then(|(_, node)| self.timeout(&node));
        let retries = fields.take("retries").and_then(|(_, node)| self.text(&node));
        let notes = fields.take("notes").map_or_else(Vec::new, |notes| {
            self.some("notes", notes, |reader, _, node| reader.text(&node))
        });
        fields.require(self, "verification")?;
        // They are read as keys of each listener that names the preset.
        for key in keys::PRESET.keys.iter().filter(|key| keys::LISTENER.key(key.name).is_some()) {
            fields.take(key.name);
        }
        fields.end();
        Some(Preset {
            name: name.to_owned(),
            title: title?,
            category: category?,
            source,
            checked: checked?,
            sure: sure?,
            parameters,
            ack_within,
            retries,
            notes,
            listener,
            file,
        })
    }

    fn sure(&mut self, key: &Key, node: Node) -> Option<Sure> {
        let mut fields = self.fields(&keys::SURE, key.span, node)?;
        let verification = fields.require(self, "verification");
        let verification = verification.and_then(|(_, node)| self.sureness(&node));
        let mut other =
            |reader: &mut Self, key| fields.take(key).and_then(|(_, node)| reader.sureness(&node));
        let challenge = other(self, "challenge");
        let events = other(self, "events");
        let delivery = other(self, "delivery");
        let registration = other(self, "registration");
        fields.end();
        Some(Sure { verification: verification?, challenge, events, delivery, registration })
    }

    fn sureness(&mut self, node: &Node) -> Option<Sureness> {
        self.choice(node, keys::SURENESS).map(Sureness::read)
    }

    fn parameters(&mut self, node: Node) -> Vec<Parameter> {
        let Value::Map(entries) = node.value else {
            self.wrong_type::<()>(&node, "a map");
            return Vec::new();
        };
        entries.into_iter().filter_map(|Entry { key, node }| self.parameter(key, node)).collect()
    }

    fn parameter(&mut self, key: Key, node: Node) -> Option<Parameter> {
        let mut fields: Fields = self.fields(&keys::PARAMETER, key.span, node)?;
        let kind = fields.require(self, "kind");
        let kind = kind.and_then(|(_, node)| self.choice(&node, &["secret", "text", "url"]));
        let doc = fields.require(self, "doc").and_then(|(_, node)| self.text(&node));
        let required = fields.take("required").map_or(Some(true), |(_, node)| self.boolean(&node));
        fields.end();
        let kind = match kind? {
            "secret" => ParameterKind::Secret,
            "text" => ParameterKind::Text,
            _ => ParameterKind::Url,
        };
        Some(Parameter { name: key.name, kind, doc: doc?, required: required? })
    }
}
