//! What an expression yields for a request, without a listener.

use bytes::Bytes;
use tympan_expr::Dialect;
use tympan_expr::Exhausted;
use tympan_expr::Expression;
use tympan_expr::Paths;
use tympan_expr::Value;
use tympan_expr::functions;

use crate::config::Accept;
use crate::diagnostic::Diagnostics;
use crate::diagnostic::Problem;
use crate::escape;
use crate::pipeline::Head;
use crate::pipeline::Scope;
use crate::pipeline::parse;
use crate::roots;
use crate::roots::Place;
use crate::span::Sources;
use crate::span::Span;

/// How many characters of the value of a part are shown.
const MOST_CHARACTERS: usize = 120;

/// A request that expressions are tried on. It has no listener, so there are no parameters of a path,
/// no tokens, no items and no names of `let`.
#[derive(Debug)]
pub struct Trial {
    head: Head,
    body: Bytes,
}

/// What came of one expression.
#[derive(Debug)]
pub struct Tried {
    /// Its value as JSON on one line, or the bound that it ran out of; `None` if it does not compile.
    pub value: Option<Result<String, Exhausted>>,
    /// The text of every part that has a value of its own, and that value.
    pub parts: Vec<(String, String)>,
    /// What is wrong with it, or looks wrong.
    pub diagnostics: Diagnostics,
    /// What the diagnostics point into.
    pub sources: Sources,
}

impl Trial {
    /// A request to try expressions on.
    #[must_use]
    pub fn new(head: Head, body: Bytes) -> Self {
        Self { head, body }
    }

    /// Tries an expression, and its parts if they are asked for.
    #[must_use]
    pub fn run(&self, dialect: Dialect, text: &str, with_parts: bool) -> Tried {
        let mut sources = Sources::default();
        let file = sources.add("expression", text);
        let mut diagnostics = Diagnostics::default();
        let vocabulary = roots::vocabulary(Place::Verified, &[]);
        let compiled = match Expression::compile(dialect, text, &vocabulary) {
            Ok(compiled) => compiled,
            Err(errors) => {
                for error in errors {
                    let at = Span::new(file, &error.range);
                    diagnostics.report(at, Problem::Expression(error.kind));
                }
                return Tried { value: None, parts: Vec::new(), diagnostics, sources };
            }
        };
        for warning in compiled.warnings {
            let at = Span::new(file, &warning.range);
            diagnostics.report(at, Problem::ExpressionWarning(warning.kind));
        }
        let parts =
            if with_parts { tympan_expr::parts(dialect, text, &vocabulary) } else { Vec::new() };
        let parts = parts.into_iter().map(|part| {
            let value = match self.eval(&part.expression) {
                Ok(value) => escape::escaped(&value, MOST_CHARACTERS),
                Err(bound) => format!("more than its bound of {bound}"),
            };
            (escape::escaped(&text[part.range], MOST_CHARACTERS), value)
        });
        let parts = parts.collect();
        Tried { value: Some(self.eval(&compiled.expression)), parts, diagnostics, sources }
    }

    /// What may be meant by the last word of `before`, with the byte at which that word begins: keys
    /// of the value before a dot, or else names, and functions.
    #[must_use]
    pub fn completions(&self, dialect: Dialect, before: &str) -> (usize, Vec<String>) {
        let in_word = |char: char| char.is_alphanumeric() || matches!(char, '_' | '$');
        let word = before.trim_end_matches(in_word).len();
        let path = before[..word].strip_suffix('.');
        let in_path = |char: char| in_word(char) || ".[]\"'-".contains(char);
        let base = path.map(|path| &path[path.trim_end_matches(in_path).len()..]);

        let mut known = Vec::new();
        known.extend(self.keys(dialect, base.unwrap_or("parsed_body")));
        if base.is_none() {
            let vocabulary = roots::vocabulary(Place::Verified, &[]);
            known.extend(vocabulary.roots.into_iter().map(|root| root.name));
        }
        let is_method = dialect == Dialect::Moveworks || base.is_none();
        let functions = functions::all(dialect).filter(|_| is_method);
        known.extend(functions.map(|function| format!("{}(", function.name_in(dialect))));
        let meant = before[word..].to_lowercase();
        known.retain(|name| name.to_lowercase().starts_with(&meant));
        known.sort();
        known.dedup();
        (word, known)
    }

    /// The keys of the map that `text` yields, as far as they are names.
    fn keys(&self, dialect: Dialect, text: &str) -> Vec<String> {
        let vocabulary = roots::vocabulary(Place::Verified, &[]);
        let Ok(compiled) = Expression::compile(dialect, text, &vocabulary) else {
            return Vec::new();
        };
        self.with_scope(|scope| {
            let value = compiled.expression.eval(scope).unwrap_or(Value::Null);
            let keys = value.as_map().map(|map| map.keys().map(ToString::to_string));
            let is_name = |key: &String| {
                key.chars().all(|char| char.is_alphanumeric() || char == '_')
                    && !key.starts_with(|first: char| first.is_ascii_digit())
            };
            keys.into_iter().flatten().filter(is_name).collect()
        })
    }

    fn eval(&self, expression: &Expression) -> Result<String, Exhausted> {
        self.with_scope(|scope| expression.eval(scope).map(|value| escape::json(&value)))
    }

    fn with_scope<T>(&self, ask: impl FnOnce(&Scope<'_, '_>) -> T) -> T {
        // Whoever tries an expression on a JSON text need not say that it is one.
        let parsed = parse(Accept::Json, &Paths::Whole, &self.head, &self.body)
            .or_else(|_| parse(Accept::Any, &Paths::Whole, &self.head, &self.body));
        ask(&Scope {
            head: &self.head,
            path_params: &Vec::new(),
            listener: None,
            public_url: None,
            body: Some(&self.body),
            parsed: parsed.ok(),
            tokens: &[],
            timestamp: None,
            item: None,
            lets: &[],
            reply: &[],
            keys: None,
            fetched: None,
            watch: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderMap;
    use http::Method;
    use http::Uri;
    use http::Version;
    use tympan_expr::Dialect;

    use super::Trial;
    use crate::pipeline::Head;
    use crate::pipeline::RequestId;

    fn trial() -> Trial {
        let head = Head {
            method: Method::POST,
            uri: Uri::from_static("/?a=1"),
            version: Version::HTTP_11,
            headers: HeaderMap::new(),
            client: None,
            certificate: None,
            now: 0.0,
            id: RequestId(0),
        };
        Trial::new(head, Bytes::from_static(br#"{"issue": {"title": "a\u009b", "a b": 1}}"#))
    }

    #[test]
    fn values_and_parts() {
        let tried = trial().run(
            Dialect::Moveworks,
            "issue.title.$LENGTH() > $INTEGER(query_params.a)",
            true,
        );
        assert_eq!(tried.value, Some(Ok("true".to_owned())));
        let parts = tried.parts.iter().map(|(text, value)| (text.as_str(), value.as_str()));
        let expected = [
            ("issue.title.$LENGTH()", "2"),
            ("issue.title", r#""a\u009b""#),
            ("$INTEGER(query_params.a)", "1"),
            ("query_params.a", r#""1""#),
        ];
        assert_eq!(parts.collect::<Vec<_>>(), expected);

        let tried = trial().run(Dialect::Moveworks, "issue = 1", true);
        assert!(tried.value.is_none() && tried.diagnostics.refuse(false));
    }

    #[test]
    fn completions() {
        for (dialect, before, word, known) in [
            (Dialect::Moveworks, "1 + iss", 4, &["issue"][..]),
            (Dialect::Moveworks, "issue.ti", 6, &["title"]),
            (Dialect::Moveworks, "issue.title.$titl", 12, &["$TITLECASE("]),
            (Dialect::Moveworks, "$LENGTH(parsed_body.issue.", 26, &[]),
            (Dialect::Moveworks, "heade", 0, &["headers"]),
            (Dialect::Jmespath, "hex_e", 0, &["hex_encode("]),
            (Dialect::Jmespath, "issue.", 6, &["title"]),
        ] {
            let (start, found) = trial().completions(dialect, before);
            assert_eq!(start, word, "{before}");
            if before.ends_with('.') && dialect == Dialect::Moveworks {
                assert!(found.contains(&"title".to_owned()), "{found:?}");
                assert!(found.contains(&"$TRIM(".to_owned()), "{found:?}");
            } else {
                assert_eq!(found, known, "{before}");
            }
        }
    }
}
