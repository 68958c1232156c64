//! What a save changes.

mod values;

use std::collections::BTreeMap;
use std::fmt;

use crate::config::Written;
use crate::config::WrittenKeys;

pub use values::Differs;
pub use values::Side;
pub use values::put_to;

/// The most changes that are told on one line.
const MOST_IN_LINE: usize = 100;

/// One thing that differs between two configurations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A listener is new.
    Added {
        /// Its name.
        listener: String,
    },
    /// A listener says something else.
    Changed {
        /// Its name.
        listener: String,
        /// Its keys that are new, gone or different.
        keys: Vec<String>,
        /// What stood there and what stands there now, as far as it is known ([`put_to`]).
        values: Vec<Differs>,
    },
    /// A listener is gone.
    Removed {
        /// Its name.
        listener: String,
    },
    /// A part of the file outside of the listeners differs.
    Section {
        /// The section, and the name in it where it holds names: `server`, `secrets.orders`.
        name: String,
        /// What stood there and what stands there now, as far as it is known ([`put_to`]).
        values: Vec<Differs>,
    },
}

/// Everything that differs, listeners first, by name.
#[must_use]
pub fn diff(old: &Written, new: &Written) -> Vec<Change> {
    let mut changes = Vec::new();
    for listener in union(&old.listeners, &new.listeners) {
        let name = listener.clone();
        match (old.listeners.get(listener), new.listeners.get(listener)) {
            (None, _) => changes.push(Change::Added { listener: name }),
            (_, None) => changes.push(Change::Removed { listener: name }),
            (Some(old), Some(new)) => {
                let keys = |written: &WrittenKeys| {
                    written.iter().map(|(key, print)| ((*key).to_owned(), *print)).collect()
                };
                let keys = if old == new { Vec::new() } else { differing(&keys(old), &keys(new)) };
                if !keys.is_empty() {
                    changes.push(Change::Changed { listener: name, keys, values: Vec::new() });
                }
            }
        }
    }
    let sections = differing(&old.sections, &new.sections);
    let section = |name| Change::Section { name, values: Vec::new() };
    changes.extend(sections.into_iter().map(section));
    changes
}

/// Every change on one line, or as many as a line can hold.
#[must_use]
pub fn line(changes: &[Change]) -> String {
    let mut parts: Vec<_> = changes.iter().take(MOST_IN_LINE).map(ToString::to_string).collect();
    match changes.len().checked_sub(MOST_IN_LINE) {
        Some(more @ 1..) => parts.push(format!("and {more} more")),
        _ if parts.is_empty() => parts.push("none".to_owned()),
        _ => {}
    }
    parts.join(", ")
}

/// How much differs, in one line: `2 listeners added, 1 changed, 1 section changed`.
#[must_use]
pub fn summary(changes: &[Change]) -> String {
    let count = |is_it: fn(&Change) -> bool| changes.iter().filter(|change| is_it(change)).count();
    let counts = [
        ("listener", "added", count(|change| matches!(change, Change::Added { .. }))),
        ("listener", "changed", count(|change| matches!(change, Change::Changed { .. }))),
        ("listener", "removed", count(|change| matches!(change, Change::Removed { .. }))),
        ("section", "changed", count(|change| matches!(change, Change::Section { .. }))),
    ];
    let mut parts = Vec::new();
    let mut last = "";
    for (noun, verb, count) in counts.into_iter().filter(|(_, _, count)| *count > 0) {
        let plural = if count == 1 { "" } else { "s" };
        parts.push(if noun == last {
            format!("{count} {verb}")
        } else {
            format!("{count} {noun}{plural} {verb}")
        });
        last = noun;
    }
    if parts.is_empty() { "nothing changes".to_owned() } else { parts.join(", ") }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added { listener } => write!(f, "+ {listener}"),
            Self::Changed { listener, keys, values } if values.is_empty() => {
                write!(f, "~ {listener} ({})", keys.join(", "))
            }
            Self::Changed { listener: name, values, .. } | Self::Section { name, values } => {
                write!(f, "~ {name}")?;
                if values.is_empty() {
                    return Ok(());
                }
                let values: Vec<_> = values.iter().map(ToString::to_string).collect();
                write!(f, " ({})", values.join(", "))
            }
            Self::Removed { listener } => write!(f, "- {listener}"),
        }
    }
}

fn differing(old: &BTreeMap<String, u64>, new: &BTreeMap<String, u64>) -> Vec<String> {
    union(old, new).into_iter().filter(|key| old.get(*key) != new.get(*key)).cloned().collect()
}

fn union<'m, T>(a: &'m BTreeMap<String, T>, b: &'m BTreeMap<String, T>) -> Vec<&'m String> {
    let mut keys: Vec<_> = a.keys().chain(b.keys()).collect();
    keys.sort();
    keys.dedup();
    keys
}

#[cfg(test)]
mod tests {
    use super::Change;
    use super::diff;
    use super::line;
    use super::summary;
    use crate::config;
    use crate::span::Sources;

    #[track_caller]
    fn check(old: &str, new: &str, expected: &[&str]) {
        let written = |text: &str| {
            let mut sources = Sources::default();
            let file = sources.add("x", format!("version: 1\n{text}"));
            config::read(&mut sources, file).config.written
        };
        let changes = diff(&written(old), &written(new));
        assert_eq!(changes.iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn listeners_by_key() {
        check(
            "listeners: {a: {path: /a}, b: {path: /b, filter: x}, c: {}}",
            "listeners: {b: {path: /b2, reject: y}, c: {}, d: {}}",
            &["- a", "~ b (filter, path, reject)", "+ d"],
        );
    }

    #[test]
    fn sections_by_name() {
        check(
            "secrets: {a: {env: A}, b: {env: B}}\nlog: {level: info}",
            "secrets: {a: {env: A2}, b: {env: B}}",
            &["~ log", "~ secrets.a"],
        );
    }

    #[test]
    fn lines() {
        let added = |number| Change::Added { listener: format!("l{number}") };
        assert_eq!(line(&[]), "none");
        assert_eq!(line(&[added(1), added(2)]), "+ l1, + l2");
        let many: Vec<_> = (0..102).map(added).collect();
        assert!(line(&many).ends_with("+ l99, and 2 more"));
    }

    #[test]
    fn summaries() {
        let added = || Change::Added { listener: "a".into() };
        let section = || Change::Section { name: "log".into(), values: Vec::new() };
        let removed = || Change::Removed { listener: "b".into() };
        assert_eq!(summary(&[]), "nothing changes");
        assert_eq!(summary(&[added(), added(), removed()]), "2 listeners added, 1 removed");
        assert_eq!(summary(&[added(), section()]), "1 listener added, 1 section changed");
    }

    #[test]
    fn what_says_the_same_in_another_way() {
        check("listeners: {a: {path: /a}}", "listeners:\n  a:\n    path: '/a'  # same\n", &[]);
    }
}
