//! Reading `redact:`: the parts of requests that are never shown.

use serde_json::Value;
use tympan_expr::Needs;
use tympan_expr::Paths;
use tympan_expr::RootId;

use crate::config::Reader;
use crate::config::fields::Fields;
use crate::diagnostic::Problem;
use crate::roots;
use crate::roots::Place;

/// What is shown instead.
pub const HIDDEN: &str = "***";

/// The headers in which proxies say who sent a request: they are hidden with `client_ip`.
const SENDERS: [&str; 3] = ["forwarded", "x-forwarded-for", "x-real-ip"];

/// The parts of a listener's requests that are never shown: in logs, and wherever else a request
/// is looked at.
///
/// Whoever shows a part of a request asks here first: for single headers and parameters with
/// [`Redact::hides`], for whole values with [`Redact::hide_in`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redact {
    paths: Vec<Path>,
}

/// A part of a request: everything below these keys of a root.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Path {
    root: RootId,
    keys: Vec<String>,
}

impl Redact {
    /// Hides what another one hides as well.
    pub(crate) fn add(&mut self, other: &Self) {
        self.paths.extend_from_slice(&other.paths);
    }

    /// Hides all that is read of a request as well.
    pub(crate) fn add_read(&mut self, needs: &Needs) {
        for root in needs.roots() {
            if let Some(paths) = needs.paths(root) {
                self.add_below(root, Vec::new(), paths);
            }
        }
    }

    /// Whether anything of a root is hidden.
    pub(crate) fn concerns(&self, root: RootId) -> bool {
        self.paths.iter().any(|path| path.root == root)
    }

    fn add_below(&mut self, root: RootId, keys: Vec<String>, paths: &Paths) {
        match paths {
            // Only bodies have parts below their parts.
            Paths::Keys(entries) if keys.is_empty() || root == roots::PARSED_BODY => {
                for (key, below) in entries {
                    let keys = [&keys[..], &[key.to_string()]].concat();
                    self.add_below(root, keys, below);
                }
            }
            _ => self.paths.push(Path { root, keys }),
        }
    }

    /// Whether all of what stands under a key of a root is hidden, such as one header; without a
    /// key, whether the whole root is.
    #[must_use]
    pub fn hides(&self, root: RootId, key: Option<&str>) -> bool {
        if let Some(key) = key
            && root == roots::HEADERS
            && SENDERS.iter().any(|sender| sender.eq_ignore_ascii_case(key))
            && self.hides(roots::CLIENT_IP, None)
        {
            return true;
        }
        let is_same = |known: &str| match key {
            Some(key) if root == roots::HEADERS => known.eq_ignore_ascii_case(key),
            Some(key) => known == key,
            None => false,
        };
        self.paths.iter().filter(|path| path.root == root).any(|path| match &path.keys[..] {
            [] => true,
            [only] => is_same(only),
            _ => false,
        })
    }

    /// Hides in the value of a root what is to be hidden of it.
    pub fn hide_in(&self, root: RootId, value: &mut Value) {
        for path in self.paths.iter().filter(|path| path.root == root) {
            hide(value, &path.keys, root == roots::HEADERS);
        }
    }

    /// A JSON Pointer into the parsed body as it may be shown: without what is below something
    /// hidden, whose keys may say as much as its values.
    #[must_use]
    pub fn shown_pointer(&self, pointer: &str) -> String {
        let parts: Vec<&str> = pointer.split('/').skip(1).collect();
        let ends =
            self.paths.iter().filter(|path| path.root == roots::PARSED_BODY).filter_map(|path| {
                let mut keys = path.keys.iter();
                let mut next = keys.next();
                for (index, part) in parts.iter().enumerate() {
                    let Some(key) = next else { return Some(index) };
                    if key == part {
                        next = keys.next();
                    } else if part.parse::<usize>().is_err() {
                        return None;
                    }
                }
                None
            });
        match ends.min() {
            Some(end) => {
                let shown = parts[..end].iter().chain([&HIDDEN]).flat_map(|part| ["/", part]);
                shown.collect()
            }
            None => pointer.to_owned(),
        }
    }

    /// The path of a request as it may be shown, for a listener at `template`.
    #[must_use]
    pub fn shown_path(&self, template: &str, path: &str) -> String {
        if self.hides(roots::REQUEST_URL, None) {
            return HIDDEN.to_owned();
        }
        let is_hidden = |part: &str| {
            let name = part.split_once('{').and_then(|(_, rest)| rest.split_once('}'));
            name.is_some_and(|(name, _)| self.hides(roots::PATH_PARAMS, Some(name)))
        };
        let mut templates = template.split('/');
        let parts = path.split('/').map(|part| match templates.next() {
            Some(template) if is_hidden(template) => HIDDEN,
            _ => part,
        });
        parts.collect::<Vec<_>>().join("/")
    }
}

/// Hides what stands below `keys`; a list on the way stands for each of its items.
fn hide(value: &mut Value, keys: &[String], ignore_case: bool) {
    let Some((key, rest)) = keys.split_first() else {
        *value = Value::from(HIDDEN);
        return;
    };
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| hide(item, keys, ignore_case)),
        Value::Object(entries) => {
            for (name, value) in entries {
                if name == key || (ignore_case && name.eq_ignore_ascii_case(key)) {
                    hide(value, rest, false);
                }
            }
        }
        _ => {}
    }
}

impl Reader<'_> {
    pub(super) fn redact(&mut self, fields: &mut Fields) -> Redact {
        let Some((key, node)) = fields.take("redact") else { return Redact::default() };
        let paths = self.each(&key, node, |reader, _, node| {
            let expression = reader.expression(Place::Proof, &node)?;
            let Some((root, keys)) = expression.as_path() else {
                reader.report(node.span, Problem::Redact);
                return None;
            };
            Some(Path { root, keys: keys.into_iter().map(str::to_owned).collect() })
        });
        Redact { paths }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Path;
    use super::Redact;
    use crate::roots;

    fn redact(paths: &[(tympan_expr::RootId, &[&str])]) -> Redact {
        let path = |(root, keys): &(_, &[&str])| Path {
            root: *root,
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        };
        Redact { paths: paths.iter().map(path).collect() }
    }

    #[test]
    fn headers_in_any_case() {
        let redact = redact(&[(roots::HEADERS, &["Authorization"])]);
        assert!(redact.hides(roots::HEADERS, Some("authorization")));
        assert!(!redact.hides(roots::HEADERS, Some("cookie")));
        assert!(!redact.hides(roots::QUERY_PARAMS, Some("Authorization")));
        assert!(!redact.hides(roots::HEADERS, None));
    }

    #[test]
    fn a_sender_is_hidden_in_the_headers_that_name_it() {
        let redact = redact(&[(roots::CLIENT_IP, &[])]);
        assert!(redact.hides(roots::HEADERS, Some("X-Forwarded-For")));
        assert!(redact.hides(roots::HEADERS, Some("forwarded")));
        assert!(!redact.hides(roots::HEADERS, Some("x-forwarded-proto")));
        assert!(!redact.hides(roots::HEADERS, None));
    }

    #[test]
    fn parts_of_bodies() {
        let redact =
            redact(&[(roots::PARSED_BODY, &["to", "mail"]), (roots::PARSED_BODY, &["pin"])]);
        let mut body = json!({"to": [{"mail": "a", "id": 1}, {"mail": ["b"]}], "pin": {"x": 1}});
        redact.hide_in(roots::PARSED_BODY, &mut body);
        let expected = json!({"to": [{"mail": "***", "id": 1}, {"mail": "***"}], "pin": "***"});
        assert_eq!(body, expected);
    }

    #[test]
    fn pointers() {
        let redact = redact(&[(roots::PARSED_BODY, &["people", "phones"])]);
        assert_eq!(redact.shown_pointer("/people/0/phones/home"), "/people/0/phones/***");
        assert_eq!(redact.shown_pointer("/people/0/phones"), "/people/0/phones");
        assert_eq!(redact.shown_pointer("/people/0/name"), "/people/0/name");
        assert_eq!(redact.shown_pointer(""), "");
    }

    #[test]
    fn parameters_of_paths() {
        let redact = redact(&[(roots::PATH_PARAMS, &["token"])]);
        assert_eq!(redact.shown_path("/in/{who}/{token}", "/in/me/7f"), "/in/me/***");
        assert_eq!(redact.shown_path("/in/x", "/in/x"), "/in/x");
    }
}
