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

/// The patterns of `include:` in the text of a root, before anything else of it is understood.
///
/// A root that cannot be read gives those that come before its mistake; reading it again tells
/// what is wrong with it.
#[must_use]
pub fn included(root: &str) -> Vec<String> {
    struct Patterns(Vec<String>);

    impl Sections for Patterns {
        fn is_streamed(&self, name: &str) -> bool {
            name == "listeners"
        }

        fn section(&mut self, key: Key, node: Node) {
            if key.name == "include" {
                let text = |node: Node| match node.value {
                    Value::Text(text) => Some(text),
                    _ => None,
                };
                self.0 = match node.value {
                    Value::List(items) => items.into_iter().filter_map(text).collect(),
                    _ => text(node).into_iter().collect(),
                };
            }
        }

        fn entry(&mut self, _: &Key, _: Key, _: Node) {}
    }

    let mut patterns = Patterns(Vec::new());
    // Most files include nothing, and are read once.
    if root.contains("include") {
        // What is wrong is told when the file is read for good.
        let _ = yaml::read(FileId::default(), root, &mut patterns);
    }
    patterns.0
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
    use super::included;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        assert_eq!(included(text), expected);
    }

    #[test]
    fn patterns() {
        check("version: 1\nlisteners: {}", &[]);
        check("include: a/*.yaml\nlisteners: {a: {}}", &["a/*.yaml"]);
        check("listeners: {a: {}}\ninclude: [a.yaml, 'b/*']", &["a.yaml", "b/*"]);
        check("include: [a.yaml]\nlisteners: {", &["a.yaml"]);
        check("# include nothing\nlog: {}", &[]);
    }
}
