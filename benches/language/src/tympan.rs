//! Compiled expressions, as a listener has them.

use http::HeaderMap;
use tympan_expr::Dialect;
use tympan_expr::Expression;
use tympan_expr::Paths;
use tympan_expr::Root;
use tympan_expr::RootId;
use tympan_expr::Shape;
use tympan_expr::Source;
use tympan_expr::Value;
use tympan_expr::Vocabulary;
use tympan_expr::read_json;

const HEADERS: RootId = RootId(0);
const BODY: RootId = RootId(1);

const FILTER: &str = r#"action == "opened" AND repository.full_name == "octo/hello"
    AND "spelling" IN issue.title.$LOWERCASE()"#;

const MAPPING: [(&str, &str); 8] = [
    ("action", "action"),
    ("number", "issue.number"),
    ("title", "issue.title"),
    ("url", "issue.html_url"),
    ("by", "issue.user.login"),
    ("repository", "repository.full_name"),
    ("created", "issue.created_at"),
    ("sender", "sender.login"),
];

/// One header.
pub(crate) struct Header(Expression);

/// Three conditions.
pub(crate) struct Filter(Body);

/// Eight fields, as JSON.
pub(crate) struct Mapping(Body);

/// An expression over a body, and what it reads of it.
struct Body {
    expression: Expression,
    paths: Paths,
}

impl Header {
    pub(crate) fn new() -> Self {
        Self(compile(r#"headers["X-Signature"]"#))
    }

    pub(crate) fn run(&self, headers: &HeaderMap) -> Option<usize> {
        let host = Host { headers: Some(headers), body: Value::Null };
        self.0.eval(&host).ok()?.as_text().map(str::len)
    }
}

impl Filter {
    pub(crate) fn new() -> Self {
        Self(Body::new(compile(FILTER)))
    }

    pub(crate) fn run(&self, body: &str) -> bool {
        self.0.eval(body).is_truthy()
    }
}

impl Mapping {
    pub(crate) fn new() -> Self {
        let fields = MAPPING.map(|(name, text)| (name.to_owned(), compile(text))).to_vec();
        Self(Body::new(Expression::object(fields)))
    }

    pub(crate) fn run(&self, body: &str) -> String {
        serde_json::to_string(&self.0.eval(body)).unwrap_or_default()
    }
}

impl Body {
    fn new(expression: Expression) -> Self {
        let paths = expression.needs().paths(BODY).cloned().unwrap_or(Paths::Whole);
        Self { expression, paths }
    }

    fn eval<'b>(&'b self, body: &'b str) -> Value<'b> {
        let Ok(body) = read_json(body.as_bytes(), &self.paths) else { return Value::Null };
        self.expression.eval(&Host { headers: None, body }).unwrap_or(Value::Null)
    }
}

fn compile(text: &str) -> Expression {
    let root = |id, name: &str, shape| Root { id, name: name.to_owned(), shape };
    let vocabulary = Vocabulary {
        roots: vec![
            root(HEADERS, "headers", Shape::Record { ignore_case: true }),
            root(BODY, "parsed_body", Shape::Value),
        ],
        body: Some(BODY),
        ..Vocabulary::default()
    };
    let compiled = Expression::compile(Dialect::Moveworks, text, &vocabulary);
    compiled.expect("it is an expression").expression
}

struct Host<'a> {
    headers: Option<&'a HeaderMap>,
    body: Value<'a>,
}

impl<'a> Source<'a> for Host<'a> {
    fn root(&self, root: RootId) -> Value<'a> {
        if root == BODY { self.body.clone() } else { Value::Null }
    }

    fn entry(&self, _: RootId, key: &str) -> Value<'a> {
        let value = self.headers.and_then(|headers| headers.get(key));
        value.and_then(|value| value.to_str().ok()).map_or(Value::Null, Value::from)
    }

    fn now(&self) -> f64 {
        0.0
    }
}
