//! What is written: YAML text to nodes with places. The only file that names the YAML library.
//!
//! A big section is handed over entry by entry ([`Sections::entry`]), so that ten thousand
//! listeners never stand in memory as one tree.

use std::fmt;
use std::hash::Hash;
use std::hash::Hasher;
use std::ops::Range;

use serde::Deserialize;
use serde::Deserializer;
use serde::de::DeserializeSeed;
use serde::de::MapAccess;
use serde::de::SeqAccess;
use serde::de::Visitor;
use serde_saphyr::Error;
use serde_saphyr::Location;
use serde_saphyr::Spanned;
use serde_saphyr::budget::BudgetBreach;

use crate::diagnostic::Diagnostic;
use crate::diagnostic::Problem;
use crate::span::FileId;
use crate::span::Span;

/// The largest file that is read, in bytes.
pub const MOST_BYTES: usize = 16 << 20;
/// The most nodes that one file may hold, aliases expanded.
pub const MOST_NODES: usize = 1_000_000;
/// How deep lists and maps may be nested.
pub const MOST_DEPTH: usize = 40;

const TOO_DEEP: Problem = Problem::OverBudget { what: "levels of nesting", most: MOST_DEPTH };

/// A value as it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where: the token of a scalar, the first token of a list or map; for an alias, the alias.
    pub span: Span,
    /// What.
    pub value: Value,
}

/// What a node can be.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing, `null` or `~`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i128),
    /// Any other number.
    Float(f64),
    /// Text, quoted or not.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the file.
    Map(Vec<Entry>),
}

/// One entry of a map.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its key.
    pub key: Key,
    /// Its value.
    pub node: Node,
}

/// A key as it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// The text of the key.
    pub name: String,
    /// Where it stands.
    pub span: Span,
}

/// Who takes what a file says, in the order of the file.
pub trait Sections {
    /// Whether the section `name` is to be handed over entry by entry.
    fn is_streamed(&self, name: &str) -> bool;

    /// A whole section.
    fn section(&mut self, key: Key, node: Node);

    /// One entry of a streamed section.
    fn entry(&mut self, section: &Key, key: Key, node: Node);
}

/// Reads a file, handing over what it finds.
///
/// # Errors
///
/// What is no YAML, or too much of it. What came before the mistake has been handed over.
pub fn read(file: FileId, text: &str, sections: &mut dyn Sections) -> Result<(), Diagnostic> {
    let here = Span { file, start: 0, end: 0 };
    if text.len() > MOST_BYTES {
        let problem = Problem::OverBudget { what: "bytes", most: MOST_BYTES };
        return Err(Diagnostic { at: here, problem });
    }
    if !says_anything(text) {
        return Err(Diagnostic { at: here, problem: Problem::EmptyFile });
    }
    let mut seed = FileSeed { file, sections };
    serde_saphyr::with_deserializer_from_str_with_options(text, options(text.len()), |de| {
        (&mut seed).deserialize(de)
    })
    .map_err(|error| diagnostic(file, text, &error))
}

/// The bytes of the file that a part of a node's text was written with.
///
/// `part` counts bytes of the text as it is meant. Quoted texts have escapes, blocks have
/// indentation, and folded lines have line breaks where the text has spaces, so the token is
/// walked beside the text. An alias is pointed at as a whole.
#[must_use]
pub fn inside(source: &str, node: &Node, part: &Range<usize>) -> Span {
    let Value::Text(text) = &node.value else { return node.span };
    let Some(token) = source.get(node.span.range()) else { return node.span };
    let Some(offsets) = crate::scalar::offsets(token, text) else { return node.span };
    let last = offsets.len() - 1;
    let start = offsets[part.start.min(last)];
    let end = offsets[part.end.min(last)].max(start);
    let base = node.span.start as usize;
    Span::new(node.span.file, &(base + start..base + end))
}

impl Node {
    /// What kind of thing it is, in the words of messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Integer(_) | Value::Float(_) => "a number",
            Value::Text(text) if text.is_empty() => "an empty text",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }

    /// A number that is equal for nodes that say the same, wherever they stand.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = std::hash::DefaultHasher::new();
        self.hash_into(&mut hasher);
        hasher.finish()
    }

    /// Tells every place within which file it is in.
    fn put_into(&mut self, file: FileId) {
        self.span.file = file;
        match &mut self.value {
            Value::List(items) => items.iter_mut().for_each(|item| item.put_into(file)),
            Value::Map(entries) => entries.iter_mut().for_each(|entry| {
                entry.key.span.file = file;
                entry.node.put_into(file);
            }),
            _ => {}
        }
    }

    fn hash_into(&self, hasher: &mut impl Hasher) {
        std::mem::discriminant(&self.value).hash(hasher);
        match &self.value {
            Value::Null => {}
            Value::Bool(value) => value.hash(hasher),
            Value::Integer(value) => value.hash(hasher),
            Value::Float(value) => value.to_bits().hash(hasher),
            Value::Text(value) => value.hash(hasher),
            Value::List(nodes) => {
                nodes.len().hash(hasher);
                for node in nodes {
                    node.hash_into(hasher);
                }
            }
            Value::Map(entries) => {
                entries.len().hash(hasher);
                for Entry { key, node } in entries {
                    key.name.hash(hasher);
                    node.hash_into(hasher);
                }
            }
        }
    }
}

/// A file of comments and blank lines is an error rather than "no listeners": it is what an editor
/// leaves for a moment between truncating and writing.
fn says_anything(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').lines().any(|line| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with('#') && line != "---"
    })
}

/// Aliases may repeat what is written tenfold, not more: a node takes at least two bytes.
fn options(n_bytes: usize) -> serde_saphyr::Options {
    let most_nodes = MOST_NODES.min(1_000 + 5 * n_bytes);
    let most_scalar_bytes = 65_536 + 10 * n_bytes;
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MOST_DEPTH,
            max_documents: 1,
            max_events: 3 * most_nodes,
            max_nodes: most_nodes,
            max_aliases: most_nodes,
            max_anchors: most_nodes,
            max_merge_keys: 1_000,
            max_recorded_anchor_events: most_nodes,
            max_recorded_anchor_bytes: most_scalar_bytes,
            max_total_scalar_bytes: most_scalar_bytes,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 3 * most_nodes,
            max_replay_stack_depth: MOST_DEPTH,
            max_alias_expansions_per_anchor: most_nodes,
        },
        reject_unsupported_tags: true,
        strict_booleans: true,
        with_snippet: false,
    }
}

fn diagnostic(file: FileId, text: &str, error: &serde_saphyr::Error) -> Diagnostic {
    let at = error.location().map_or(Span { file, start: 0, end: 0 }, |at| span(file, text, at));
    // An alias wraps what went wrong behind it.
    let mut inner = error.without_snippet();
    while let Error::AliasError { error, .. } = inner {
        inner = error.without_snippet();
    }
    let problem = match inner {
        Error::DuplicateMappingKey { key, .. } => {
            Problem::DuplicateKey { key: key.clone().unwrap_or_default() }
        }
        Error::MultipleDocuments { .. }
        | Error::Budget { breach: BudgetBreach::Documents { .. }, .. } => Problem::SeveralDocuments,
        Error::Budget { breach: BudgetBreach::Depth { .. }, .. } => TOO_DEEP,
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => {
            Problem::OverBudget { what: "nodes, or repeats by aliases,", most: MOST_NODES }
        }
        error => {
            // The library ends its messages with the place, which we draw ourselves.
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or(&message);
            let message = message.split(" (defined at ").next().unwrap_or(message);
            if message.contains("recursion limit") {
                TOO_DEEP
            } else {
                Problem::NotYaml { message: message.to_owned() }
            }
        }
    };
    Diagnostic { at, problem }
}

/// Syntax errors come without byte offsets: those are found by line and column.
fn span(file: FileId, text: &str, at: Location) -> Span {
    if let Some(start) = at.span().byte_offset() {
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        let length = usize::try_from(at.span().byte_len().unwrap_or(0)).unwrap_or(0);
        return Span::new(file, &(start..start.saturating_add(length)));
    }
    let line_number = usize::try_from(at.line()).unwrap_or(1).max(1);
    let line_start = match line_number {
        1 => 0,
        _ => text.match_indices('\n').nth(line_number - 2).map_or(text.len(), |(at, _)| at + 1),
    };
    let column = usize::try_from(at.column()).unwrap_or(1).max(1);
    let rest = &text[line_start..];
    let start = rest.char_indices().nth(column - 1).map_or(rest.len(), |(offset, _)| offset);
    let start = (line_start + start).min(text.len());
    let width = text[start..].chars().next().filter(|c| *c != '\n').map_or(0, char::len_utf8);
    Span::new(file, &(start..start + width))
}

/// A value without its place, which comes with the library's `Spanned`. The places within it do
/// not know their file yet.
struct Bare(Value);

fn node(file: FileId, bare: Spanned<Bare>) -> Node {
    let mut node = fileless(bare);
    if file != FileId::default() {
        node.put_into(file);
    }
    node
}

fn fileless(bare: Spanned<Bare>) -> Node {
    Node { span: span(FileId::default(), "", bare.referenced), value: bare.value.0 }
}

fn key(file: FileId, name: Spanned<String>) -> Key {
    Key { span: span(file, "", name.referenced), name: name.value }
}

impl<'de> Deserialize<'de> for Bare {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BareVisitor).map(Self)
    }
}

struct BareVisitor;

impl<'de> Visitor<'de> for BareVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Integer(value.into()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(fileless(item));
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some((name, value)) = access.next_entry()? {
            entries.push(Entry { key: key(FileId::default(), name), node: fileless(value) });
        }
        Ok(Value::Map(entries))
    }
}

/// The file: a map of sections.
struct FileSeed<'s> {
    file: FileId,
    sections: &'s mut dyn Sections,
}

impl<'de> DeserializeSeed<'de> for &mut FileSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut FileSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of sections, such as `listeners:`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        while let Some(name) = access.next_key::<Spanned<String>>()? {
            let section = key(self.file, name);
            if self.sections.is_streamed(&section.name) {
                let (file, sections) = (self.file, &mut *self.sections);
                access.next_value_seed(SectionSeed { file, section: &section, sections })?;
            } else {
                let value = access.next_value::<Spanned<Bare>>()?;
                self.sections.section(section, node(self.file, value));
            }
        }
        Ok(())
    }
}

/// A section that is handed over entry by entry.
struct SectionSeed<'s> {
    file: FileId,
    section: &'s Key,
    sections: &'s mut dyn Sections,
}

impl SectionSeed<'_> {
    /// The section holds no map: it is handed over whole, so that its reader can say so.
    fn whole(self, value: Value) {
        let node = Node { span: self.section.span, value };
        self.sections.section(self.section.clone(), node);
    }
}

impl<'de> DeserializeSeed<'de> for SectionSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for SectionSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        while let Some((name, value)) = access.next_entry::<Spanned<String>, Spanned<Bare>>()? {
            let (key, node) = (key(self.file, name), node(self.file, value));
            self.sections.entry(self.section, key, node);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        while access.next_element::<serde::de::IgnoredAny>()?.is_some() {}
        self.whole(Value::List(Vec::new()));
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.whole(Value::Null);
        Ok(())
    }

    fn visit_none<E>(self) -> Result<(), E> {
        self.whole(Value::Null);
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.whole(Value::Bool(value));
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.whole(Value::Integer(value.into()));
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.whole(Value::Integer(value.into()));
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.whole(Value::Float(value));
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.whole(Value::Text(value.to_owned()));
        Ok(())
    }
}
