//! Putting beneath what a listener says what its preset says.

use std::cell::Cell;
use std::sync::Arc;

use super::Parameter;
use super::ParameterKind;
use super::Preset;
use crate::config::keys;
use crate::diagnostic;
use crate::diagnostic::Problem;
use crate::span::Span;
use crate::yaml::Entry;
use crate::yaml::Key;
use crate::yaml::Node;
use crate::yaml::Value;

/// The keys whose values are maps of settings, each of which a listener may have of its own.
const MERGED: [&str; 6] =
    ["challenge", "events", "limits", "registration", "responses", "simulate"];

/// The keys of a preset under which the name of a parameter stands that is a secret.
const SECRETS: [&str; 3] = ["client_secret", "secret", "signing_key"];

/// The keys under which names are those of what is sent, and say nothing about presets.
const SENT: [&str; 3] = ["body", "form", "query"];

/// How parameters are written within expressions.
const WITHIN: &str = "parameters.";

/// Who knows presets, and takes what is wrong with their use.
pub(crate) trait Presets {
    /// The preset that a node names.
    fn preset(&mut self, name: &Node) -> Option<Arc<Preset>>;

    /// Something is wrong.
    fn tell(&mut self, at: Span, problem: Problem);
}

/// Puts what presets say into a listener that names some, for itself or for one of its proofs.
///
/// Where something is wrong, that is told, and the preset says nothing.
pub(crate) fn expand(listener: &mut Node, presets: &mut dyn Presets) {
    let Value::Map(entries) = &mut listener.value else { return };
    let said = said(entries, presets).unwrap_or_default();
    let own = said.iter().find(|entry| entry.key.name == "verification").cloned();
    for entry in entries.iter_mut() {
        match entry.key.name.as_str() {
            "verification" => put_proofs(&mut entry.node, own.as_ref(), presets),
            "challenge" => {
                for challenge in items(&mut entry.node) {
                    let Value::Map(keys) = &mut challenge.value else { continue };
                    for entry in keys.iter_mut().filter(|it| it.key.name == "verification") {
                        put_proofs(&mut entry.node, own.as_ref(), presets);
                    }
                }
            }
            _ => {}
        }
    }
    for beneath in said {
        match entries.iter_mut().find(|entry| entry.key.name == beneath.key.name) {
            None => entries.push(beneath),
            Some(own) if MERGED.contains(&own.key.name.as_str()) => merge(own, beneath),
            Some(_) => {}
        }
    }
}

/// Adds the settings that a listener's own section does not have.
fn merge(own: &mut Entry, beneath: Entry) {
    let Value::Map(settings) = beneath.node.value else { return };
    let Value::Map(written) = &mut own.node.value else { return };
    for setting in settings {
        if !written.iter().any(|known| known.key.name == setting.key.name) {
            written.push(setting);
        }
    }
}

/// What the preset says that a map names, with its parameters.
fn said(entries: &[Entry], presets: &mut dyn Presets) -> Option<Vec<Entry>> {
    let find = |name: &str| entries.iter().find(|entry| entry.key.name == name);
    let named = find("preset")?;
    let preset = presets.preset(&named.node)?;
    let arguments =
        Arguments::read(&preset, named.node.span, (find("secret"), find("with")), presets)?;
    let mut listener = preset.listener.clone();
    // How it is registered concerns those who say by whom.
    let is_registered = find("registration").is_some();
    listener.retain(|entry| is_registered || entry.key.name != "registration");
    let mut said = Node { span: named.node.span, value: Value::Map(listener) };
    arguments.fill(&mut said, false, presets);
    match said.value {
        Value::Map(entries) if arguments.is_good.get() => Some(entries),
        _ => None,
    }
}

/// Puts proofs of presets where a list of proofs, or one of them, names some.
fn put_proofs(node: &mut Node, own: Option<&Entry>, presets: &mut dyn Presets) {
    for item in items(node) {
        match (&mut item.value, own) {
            (Value::Text(word), Some(own)) if word == "preset" => {
                item.value = all(item.span, own.clone());
            }
            (Value::Map(entries), _) if entries.iter().any(|it| it.key.name == "preset") => {
                check_keys(entries, presets);
                let said = said(entries, presets).unwrap_or_default();
                let proof = said.into_iter().find(|entry| entry.key.name == "verification");
                // What is wrong was told; nothing else is to be said about it.
                item.value = match proof {
                    Some(proof) => all(item.span, proof),
                    None => nobody(item.span),
                };
            }
            (Value::Map(entries), _) => {
                for entry in entries.iter_mut() {
                    if matches!(entry.key.name.as_str(), "any" | "all") {
                        put_proofs(&mut entry.node, own, presets);
                    }
                }
            }
            _ => {}
        }
    }
}

/// The items of a list, or the one thing that stands in its place.
fn items(node: &mut Node) -> &mut [Node] {
    match node {
        Node { value: Value::List(items), .. } => items,
        one => std::slice::from_mut(one),
    }
}

/// A verification as one entry of another.
fn all(at: Span, verification: Entry) -> Value {
    match verification.node.value {
        Value::Map(entries) => Value::Map(entries),
        Value::List(mut items) if items.len() == 1 => items.remove(0).value,
        value => {
            let key = Key { name: "all".to_owned(), span: at };
            let node = Node { span: verification.node.span, value };
            Value::Map(vec![Entry { key, node }])
        }
    }
}

/// A proof that nobody can give, in the place of one that cannot be read: nobody sends from there.
fn nobody(at: Span) -> Value {
    let key = Key { name: "ip_allowlist".to_owned(), span: at };
    let value = Value::Text("255.255.255.255".to_owned());
    Value::Map(vec![Entry { key, node: Node { span: at, value } }])
}

fn check_keys(entries: &[Entry], presets: &mut dyn Presets) {
    let section = &keys::PROOF_OF_PRESET;
    for entry in entries.iter().filter(|entry| section.key(&entry.key.name).is_none()) {
        let known = section.keys.iter().map(|key| key.name).collect();
        let key = entry.key.name.clone();
        let problem = Problem::UnknownKey { key, section: section.name, known };
        presets.tell(entry.key.span, problem);
    }
}

/// A text as a literal of an expression.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""))
}

/// What stands for a preset's parameters at one place.
struct Arguments<'p> {
    preset: &'p Preset,
    given: Vec<(&'p Parameter, Node)>,
    /// Whether the preset names only parameters that it has.
    is_good: Cell<bool>,
}

/// What has to be left out, because it names a parameter that is not given.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LeftOut {
    Nothing,
    /// The key that it stands under.
    Entry,
    /// The item of a list that it stands in.
    Item,
}

impl<'p> Arguments<'p> {
    fn read(
        preset: &'p Preset,
        at: Span,
        (secret, with): (Option<&Entry>, Option<&Entry>),
        presets: &mut dyn Presets,
    ) -> Option<Self> {
        let is_good = Cell::new(true);
        let mut tell = |at, problem| {
            is_good.set(false);
            presets.tell(at, problem);
        };
        let mut given: Vec<(&Parameter, Node)> = Vec::new();
        let secrets: Vec<_> = preset.secrets().collect();
        if let Some(entry) = secret {
            if let [secret] = secrets[..] {
                given.push((secret, entry.node.clone()));
            } else {
                let secrets = secrets.iter().map(|it| it.name.clone()).collect();
                let preset = preset.name.clone();
                let problem = diagnostic::Preset::NotOneSecret { preset, secrets };
                tell(entry.key.span, Problem::Preset(problem));
            }
        }
        let written = match with.map(|entry| (entry, &entry.node.value)) {
            Some((_, Value::Map(entries))) => &entries[..],
            Some((entry, _)) => {
                let found = entry.node.kind();
                tell(entry.node.span, Problem::WrongType { expected: "a map", found });
                &[]
            }
            None => &[],
        };
        for Entry { key, node } in written {
            let Some(parameter) = preset.parameters.iter().find(|it| it.name == key.name) else {
                let known = preset.parameters.iter().map(|it| it.name.clone()).collect();
                let (preset, name) = (preset.name.clone(), key.name.clone());
                let problem = diagnostic::Preset::UnknownParameter { preset, name, known };
                tell(key.span, Problem::Preset(problem));
                continue;
            };
            if given.iter().any(|(known, _)| known.name == key.name) {
                tell(key.span, Problem::KeyConflict { key: "with", with: "secret" });
            } else if let Some(problem) = misfit(parameter, node) {
                tell(node.span, problem);
            }
            given.push((parameter, node.clone()));
        }
        // What seems to be missing may only be called otherwise.
        let is_clear = is_good.get();
        // Where nothing has to be given, something has: a sender may prove itself in several ways.
        let is_choice = given.is_empty() && preset.parameters.iter().all(|it| !it.required);
        let mut wanted: Vec<_> = preset.parameters.iter().filter(|it| it.required).collect();
        wanted.extend(preset.parameters.first().filter(|_| is_choice));
        for parameter in wanted.into_iter().filter(|_| is_clear) {
            if !given.iter().any(|(known, _)| known.name == parameter.name) {
                let problem = diagnostic::Preset::MissingParameter {
                    preset: preset.name.clone(),
                    name: parameter.name.clone(),
                    doc: parameter.doc.clone(),
                    is_secret: parameter.kind == ParameterKind::Secret,
                    is_alone: secrets.len() == 1,
                };
                tell(at, Problem::Preset(problem));
            }
        }
        is_good.get().then_some(Self { preset, given, is_good })
    }

    /// Puts the arguments where a node names their parameters. In a body that is sent, `secret` is a key
    /// like any other.
    fn fill(&self, node: &mut Node, is_body: bool, presets: &mut dyn Presets) -> LeftOut {
        match &mut node.value {
            Value::Text(text) => self.fill_text(text),
            Value::List(items) => {
                items.retain_mut(|item| self.fill(item, is_body, presets) == LeftOut::Nothing);
                LeftOut::Nothing
            }
            Value::Map(entries) => {
                if let [entry] = &entries[..]
                    && entry.key.name == "parameter"
                    && let Value::Text(name) = &entry.node.value
                {
                    return match self.get(name, entry.node.span, presets) {
                        Some(given) => {
                            *node = given;
                            LeftOut::Nothing
                        }
                        None => LeftOut::Entry,
                    };
                }
                self.fill_map(entries, is_body, presets)
            }
            _ => LeftOut::Nothing,
        }
    }

    fn fill_map(
        &self,
        entries: &mut Vec<Entry>,
        is_body: bool,
        presets: &mut dyn Presets,
    ) -> LeftOut {
        let mut whole = LeftOut::Nothing;
        entries.retain_mut(|Entry { key, node }| {
            let left_out = match &node.value {
                Value::Text(name) if !is_body && SECRETS.contains(&key.name.as_str()) => {
                    match self.get(name, node.span, presets) {
                        Some(given) => {
                            *node = given;
                            LeftOut::Nothing
                        }
                        None => LeftOut::Item,
                    }
                }
                _ => self.fill(node, is_body || SENT.contains(&key.name.as_str()), presets),
            };
            if left_out == LeftOut::Item {
                whole = LeftOut::Item;
            }
            left_out == LeftOut::Nothing
        });
        whole
    }

    /// Puts texts into an expression, as texts of the expression.
    fn fill_text(&self, text: &mut String) -> LeftOut {
        if !text.contains(WITHIN) {
            return LeftOut::Nothing;
        }
        let mut filled = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once(WITHIN) {
            let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
            let end = after.bytes().take_while(|byte| is_of_name(byte)).count();
            let (name, behind) = after.split_at(end);
            filled.push_str(before);
            rest = behind;
            if !self.preset.parameters.iter().any(|known| known.name == name) {
                // It is read as it stands, and told if it stands for nothing.
                filled.extend([WITHIN, name]);
                continue;
            }
            let given = self.given.iter().find(|(known, _)| known.name == name);
            let Some((_, given)) = given else { return LeftOut::Item };
            match &given.value {
                Value::Text(text) => filled.push_str(&quoted(text)),
                Value::Integer(number) => filled.push_str(&quoted(&number.to_string())),
                // What it is instead was told where it was read.
                _ => filled.extend([WITHIN, name]),
            }
        }
        filled.push_str(rest);
        *text = filled;
        LeftOut::Nothing
    }

    /// What is given for a parameter.
    fn get(&self, name: &str, at: Span, presets: &mut dyn Presets) -> Option<Node> {
        if !self.preset.parameters.iter().any(|known| known.name == name) {
            let known = self.preset.parameters.iter().map(|it| it.name.clone()).collect();
            let (preset, name) = (self.preset.name.clone(), name.to_owned());
            let problem = diagnostic::Preset::UnknownParameter { preset, name, known };
            presets.tell(at, Problem::Preset(problem));
            self.is_good.set(false);
        }
        let given = self.given.iter().find(|(known, _)| known.name == name);
        given.map(|(_, node)| node.clone())
    }
}

/// What is wrong with a value for a parameter. That a name is one of a secret is found where it is
/// read.
fn misfit(parameter: &Parameter, node: &Node) -> Option<Problem> {
    let expected = match parameter.kind {
        ParameterKind::Secret => "the name of a secret",
        ParameterKind::Text => "a text",
        ParameterKind::Url => "a URL",
    };
    match (&node.value, parameter.kind) {
        (Value::Text(url), ParameterKind::Url) => {
            let is_url = url.starts_with("https://") || url.starts_with("http://");
            (!is_url).then(|| Problem::BadValue {
                what: "a URL",
                found: url.clone(),
                example: "https://hooks.example.com/orders",
                why: None,
            })
        }
        (Value::Text(_), _) | (Value::Integer(_), ParameterKind::Text) => None,
        _ => Some(Problem::WrongType { expected, found: node.kind() }),
    }
}
