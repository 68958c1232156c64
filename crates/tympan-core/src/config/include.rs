//! Reading `include:`, and what a file that is included may hold.

use glob::Pattern;

use crate::config::Reader;
use crate::config::keys;
use crate::diagnostic::Problem;
use crate::span::FileId;
use crate::yaml;
use crate::yaml::Key;
use crate::yaml::Node;
use crate::yaml::Sections;
use crate::yaml::Value;

/// The sections of a file that is included: everything else is shared, and stands in the root.
const INCLUDED: [&str; 3] = ["version", "expressions", "listeners"];

/// What a root says of other files, before anything else of it is understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// The patterns of `include`.
    pub include: Vec<String>,
    /// The folders of `presets`.
    pub presets: Vec<String>,
}

/// The other files that the text of a root names.
///
/// A root that cannot be read gives those that come before its mistake; reading it again tells
/// what is wrong with it.
#[must_use]
pub fn named(root: &str) -> Named {
    let mut named = Named::default();
    // Most files name no others, and are read once.
    if root.contains("include") || root.contains("presets") {
        // What is wrong is told when the file is read for good.
        let _ = yaml::read(FileId::default(), root, &mut named);
    }
    named
}

impl Sections for Named {
    fn is_streamed(&self, name: &str) -> bool {
        name == "listeners"
    }

    fn section(&mut self, key: Key, node: Node) {
        let texts = match key.name.as_str() {
            "include" => &mut self.include,
            "presets" => &mut self.presets,
            _ => return,
        };
        let text = |node: Node| match node.value {
            Value::Text(text) => Some(text),
            _ => None,
        };
        *texts = match node.value {
            Value::List(items) => items.into_iter().filter_map(text).collect(),
            _ => text(node).into_iter().collect(),
        };
    }

    fn entry(&mut self, _: &Key, _: Key, _: Node) {}
}

impl Reader<'_> {
    pub(super) fn include(&mut self, key: &Key, node: Node) {
        let patterns = self.each(key, node, |reader, _, node| {
            let pattern = reader.text(&node)?;
            if let Err(error) = Pattern::new(&pattern) {
                let problem = Problem::BadValue {
                    what: "a pattern of files",
                    found: pattern,
                    example: "listeners.d/*.yaml",
                    why: Some(error.msg.to_owned()),
                };
                reader.report(node.span, problem);
                return None;
            }
            Some((pattern, node.span))
        });
        self.config.include = patterns;
    }

    /// Whether a section may stand in a file that is included; if not, that is told.
    pub(super) fn may_be_included(&mut self, section: &Key) -> bool {
        if INCLUDED.contains(&section.name.as_str()) {
            return true;
        }
        let key = section.name.clone();
        let problem = if keys::FILE.key(&key).is_some() {
            Problem::RootOnly { key }
        } else {
            let section = "a file that is included";
            Problem::UnknownKey { key, section, known: INCLUDED.to_vec() }
        };
        self.report(section.span, problem);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::named;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        assert_eq!(named(text).include, expected);
    }

    #[test]
    fn patterns() {
        check("version: 1\nlisteners: {}", &[]);
        check("include: a/*.yaml\nlisteners: {a: {}}", &["a/*.yaml"]);
        check("listeners: {a: {}}\ninclude: [a.yaml, 'b/*']", &["a.yaml", "b/*"]);
        check("include: [a.yaml]\nlisteners: {", &["a.yaml"]);
        check("# include nothing\nlog: {}", &[]);
    }

    #[test]
    fn folders_of_presets() {
        assert_eq!(named("presets: ./a\nlisteners: {}").presets, ["./a"]);
        assert_eq!(named("listeners: {a: {}}\npresets: [a, b]").presets, ["a", "b"]);
    }
}
