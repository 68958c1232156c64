//! What stood there before, and what stands there now.
//!
//! A configuration that serves keeps only fingerprints of what was written. Whoever tells of a
//! change reads the lines of both sides again, of what has changed alone.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt;

use super::Change;
use crate::escape::escaped;
use crate::keys::Secrets;
use crate::span::FileId;
use crate::yaml;
use crate::yaml::Entry;
use crate::yaml::Key;
use crate::yaml::Node;
use crate::yaml::Sections;
use crate::yaml::Value;

/// The most characters that are shown of a value.
const MOST_CHARACTERS: usize = 120;

/// The most bytes of a text that are looked at to show it: behind what is shown, a secret may end.
const MOST_LOOKED_AT: usize = 64 << 10;

/// The most values that are told of one listener or section.
const MOST_VALUES: usize = 20;

/// One side of a comparison.
#[derive(Clone, Debug, Default)]
pub struct Side<'s> {
    /// The text of the root, if anything in it may have changed.
    pub root: Option<String>,
    /// The texts of included files in which something may have changed.
    pub included: Vec<String>,
    /// The secrets, whose values are not shown wherever they stand.
    pub secrets: &'s [Option<&'s Secrets>],
}

/// A value that is new, gone or different.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differs {
    /// Where it stands within its listener or section: `verification[0].signature.secret`. Empty is
    /// the section itself.
    pub path: String,
    /// What stood there.
    pub old: Option<String>,
    /// What stands there now.
    pub new: Option<String>,
}

/// Puts to every change what stood there before and what stands there now.
pub fn put_to(changes: &mut [Change], old: &Side<'_>, new: &Side<'_>) {
    let wanted = changes.iter().filter_map(place).collect::<BTreeSet<_>>();
    if wanted.is_empty() {
        return;
    }
    let [before, now] = [old, new].map(|side| Written::read(side, &wanted));
    let masks = Masks::new([old, new]);
    for change in changes {
        let Some(place) = place(change) else { continue };
        let mut found = Vec::new();
        compare(&masks, "", before.0.get(&place), now.0.get(&place), &mut found);
        if let Change::Changed { values, .. } | Change::Section { values, .. } = change {
            *values = found;
        }
    }
}

impl fmt::Display for Differs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, old, new } = self;
        let [old, new] = [old, new].map(|value| value.as_deref().unwrap_or("none"));
        match path.as_str() {
            "" => write!(f, "{old} -> {new}"),
            path => write!(f, "{path}: {old} -> {new}"),
        }
    }
}

/// Where a change stands: the section, and the name in it.
type Place = (String, Option<String>);

fn place(change: &Change) -> Option<Place> {
    match change {
        Change::Changed { listener, .. } => Some(("listeners".to_owned(), Some(listener.clone()))),
        Change::Section { name, .. } => Some(match name.split_once('.') {
            Some((section, name)) => (section.to_owned(), Some(name.to_owned())),
            None => (name.clone(), None),
        }),
        Change::Added { .. } | Change::Removed { .. } => None,
    }
}

/// What one side says at the places that have changed.
struct Written(BTreeMap<Place, Node>);

struct Search<'w> {
    wanted: &'w BTreeSet<Place>,
    /// Included files have listeners, and nothing else of their own.
    is_root: bool,
    found: BTreeMap<Place, Node>,
}

impl Written {
    fn read(side: &Side<'_>, wanted: &BTreeSet<Place>) -> Self {
        let mut search = Search { wanted, is_root: true, found: BTreeMap::new() };
        for text in side.root.iter().chain(&side.included) {
            // It was read before without a mistake; if not, there is less to be told.
            let _ = yaml::read(FileId::default(), text, &mut search);
            search.is_root = false;
        }
        Self(search.found)
    }
}

impl Search<'_> {
    fn find(&mut self, place: Place, node: Node) {
        if self.wanted.contains(&place) {
            self.found.entry(place).or_insert(node);
        }
    }
}

impl Sections for Search<'_> {
    fn is_streamed(&self, name: &str) -> bool {
        matches!(name, "listeners" | "secrets" | "clients" | "destinations")
    }

    fn section(&mut self, key: Key, node: Node) {
        if self.is_root {
            self.find((key.name, None), node);
        }
    }

    fn entry(&mut self, section: &Key, key: Key, node: Node) {
        if self.is_root || section.name == "listeners" {
            self.find((section.name.clone(), Some(key.name)), node);
        }
    }
}

/// The smallest parts that differ.
fn compare(
    masks: &Masks<'_>,
    path: &str,
    old: Option<&Node>,
    new: Option<&Node>,
    found: &mut Vec<Differs>,
) {
    if old.map(Node::fingerprint) == new.map(Node::fingerprint) || found.len() >= MOST_VALUES {
        return;
    }
    match (old.map(|node| &node.value), new.map(|node| &node.value)) {
        (Some(Value::Map(old)), Some(Value::Map(new))) => {
            let below = |name: &str| match path {
                "" => name.to_owned(),
                path => format!("{path}.{name}"),
            };
            for Entry { key, node } in old {
                compare(masks, &below(&key.name), Some(node), entry(new, &key.name), found);
            }
            for Entry { key, node } in new.iter().filter(|it| entry(old, &it.key.name).is_none()) {
                compare(masks, &below(&key.name), None, Some(node), found);
            }
        }
        (Some(Value::List(old)), Some(Value::List(new))) if old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                compare(masks, &format!("{path}[{index}]"), Some(old), Some(new), found);
            }
        }
        _ => {
            let shown = |node: Option<&Node>| node.map(|node| masks.shown(node));
            let path = escaped(&masks.masked(path), MOST_CHARACTERS);
            found.push(Differs { path, old: shown(old), new: shown(new) });
        }
    }
}

fn entry<'e>(entries: &'e [Entry], name: &str) -> Option<&'e Node> {
    entries.iter().find(|entry| entry.key.name == name).map(|entry| &entry.node)
}

/// What is not shown, although somebody wrote it into the file.
struct Masks<'s>(Vec<&'s str>);

impl<'s> Masks<'s> {
    fn new(sides: [&Side<'s>; 2]) -> Self {
        let secrets = sides.into_iter().flat_map(|side| side.secrets).flatten();
        let values = secrets.flat_map(|secrets| secrets.iter().flatten().flatten());
        let texts = values.filter_map(|value| std::str::from_utf8(value.expose()).ok());
        let mut texts: Vec<_> = texts.map(str::trim).filter(|text| !text.is_empty()).collect();
        // Of two secrets, one may be a part of the other.
        texts.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        texts.dedup();
        Self(texts)
    }

    /// A value as YAML on one line, cut.
    fn shown(&self, node: &Node) -> String {
        let mut shown = String::new();
        self.write(node, &mut shown);
        escaped(&shown, MOST_CHARACTERS)
    }

    /// Stops where nothing more would be shown.
    fn write(&self, node: &Node, shown: &mut String) {
        let is_full = |shown: &String| shown.chars().count() > MOST_CHARACTERS;
        match &node.value {
            Value::Null => shown.push_str("null"),
            Value::Bool(value) => shown.push_str(if *value { "true" } else { "false" }),
            Value::Integer(number) => shown.push_str(&number.to_string()),
            Value::Float(number) => shown.push_str(&number.to_string()),
            Value::Text(text) => shown.push_str(&plain(&self.masked(text))),
            Value::List(items) => {
                shown.push('[');
                for (index, item) in items.iter().enumerate() {
                    if is_full(shown) {
                        return;
                    }
                    shown.push_str(if index > 0 { ", " } else { "" });
                    self.write(item, shown);
                }
                shown.push(']');
            }
            Value::Map(entries) => {
                shown.push('{');
                for (index, Entry { key, node }) in entries.iter().enumerate() {
                    if is_full(shown) {
                        return;
                    }
                    shown.push_str(if index > 0 { ", " } else { "" });
                    shown.push_str(&plain(&self.masked(&key.name)));
                    shown.push_str(": ");
                    self.write(node, shown);
                }
                shown.push('}');
            }
        }
    }

    /// A text without secrets, and without what stands before the host of a URL.
    fn masked(&self, text: &str) -> String {
        let end = text.floor_char_boundary(MOST_LOOKED_AT);
        let mut masked = text[..end].to_owned();
        for hidden in &self.0 {
            if masked.contains(hidden) {
                masked = masked.replace(hidden, "***");
            }
        }
        without_user(&masked)
    }
}

/// A text that cannot be taken for anything else.
fn plain(text: &str) -> String {
    let is_plain = !text.is_empty() && text.trim() == text && text != "null" && text != "none";
    let text = text.to_owned();
    if is_plain { text } else { serde_json::Value::from(text).to_string() }
}

/// `https://user:password@host/` with `***` in the place of the user.
fn without_user(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        shown.push_str(before);
        let authority = after.find(['/', '?', '#', ' ', '"', '\'']).unwrap_or(after.len());
        rest = match after[..authority].rfind('@') {
            Some(user) => {
                shown.push_str("***");
                &after[user..]
            }
            None => after,
        };
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::Side;
    use super::put_to;
    use crate::config;
    use crate::diff::diff;
    use crate::keys::Secrets;
    use crate::secret::Secret;
    use crate::span::Sources;

    #[track_caller]
    fn check(old: &str, new: &str, expected: &[&str]) {
        let secrets: Secrets = vec![Ok(vec![Secret::new(b"hunter2".to_vec(), "x").unwrap()])];
        let [old, new] = [old, new].map(|text| format!("version: 1\n{text}"));
        let written = |text: &String| {
            let mut sources = Sources::default();
            let file = sources.add("x", text.clone());
            config::read(&mut sources, file).config.written
        };
        let mut changes = diff(&written(&old), &written(&new));
        let known = [Some(&secrets)];
        let side = |text: &str| Side {
            root: Some(text.to_owned()),
            included: Vec::new(),
            secrets: &known,
        };
        put_to(&mut changes, &side(&old), &side(&new));
        assert_eq!(changes.iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_smallest_parts_that_differ() {
        check(
            "listeners: {a: {path: /a, verification: [{token: {secret: s, received_token: x}}]}}",
            "listeners: {a: {filter: y, verification: [{token: {secret: t, received_token: x}}]}}",
            &["~ a (path: /a -> none, verification[0].token.secret: s -> t, filter: none -> y)"],
        );
        check(
            "listeners: {a: {deliver: [x], methods: POST}}",
            "listeners: {a: {deliver: [x, y], methods: {}}}",
            &["~ a (deliver: [x] -> [x, y], methods: POST -> {})"],
        );
    }

    #[test]
    fn sections() {
        check(
            "secrets: {a: {env: A}, b: {env: B}}\nlog: {level: info}",
            "secrets: {a: {env: A2}, b: {env: B}}\nstate: ''",
            &[
                "~ log ({level: info} -> none)",
                "~ secrets.a (env: A -> A2)",
                r#"~ state (none -> "")"#,
            ],
        );
    }

    #[test]
    fn nothing_secret_and_no_more_than_a_line() {
        check(
            "listeners: {a: {filter: 'x == \"hunter2\"'}}",
            "listeners: {a: {filter: \"a\\nb\\e\"}}",
            &[r#"~ a (filter: x == "***" -> a\u{a}b\u{1b})"#],
        );
        check(
            "server: {public_url: https://me:word@host/x}",
            &format!("server: {{public_url: {}}}", "y".repeat(200)),
            &[&format!("~ server (public_url: https://***@host/x -> {}…)", "y".repeat(120))],
        );
    }
}
