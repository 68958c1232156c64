//! Compiled expressions, as a listener has them.

use http::HeaderMap;
use http::HeaderName;
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

/// One header, read as a listener reads it: if an expression is nothing else, the header's name is made
/// ready when it is compiled.
pub(crate) struct Header(HeaderName);

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
        let expression = compile(r#"headers["X-Signature"]"#);
        let (_, name) = expression.root_entry().expect("it is an entry of a root");
        Self(name.parse().expect("it is a header's name"))
    }

    pub(crate) fn run(&self, headers: &HeaderMap) -> Option<usize> {
        header(headers, &self.0).as_text().map(str::len)
    }
}

impl Filter {
    pub(crate) fn new() -> Self {
        Self(Body::new(compile(FILTER)))
    }

    pub(crate) fn run(&self, body: &str) -> bool {
        self.0.eval(body, |value: &Value<'_>| value.is_truthy())
    }
}

impl Mapping {
    pub(crate) fn new() -> Self {
        let fields = MAPPING.map(|(name, text)| (name.to_owned(), compile(text))).to_vec();
        Self(Body::new(Expression::object(fields)))
    }

    pub(crate) fn run(&self, body: &str) -> String {
        self.0.eval(body, |value| serde_json::to_string(value).unwrap_or_default())
    }
}

impl Body {
    fn new(expression: Expression) -> Self {
        let paths = expression.needs().paths(BODY).cloned().unwrap_or(Paths::Whole);
        Self { expression, paths }
    }

    /// The body is lent to the expression.
    fn eval<T>(&self, body: &str, with: impl FnOnce(&Value<'_>) -> T) -> T {
        let body = read_json(body.as_bytes(), &self.paths).unwrap_or(Value::Null);
        with(&self.expression.eval(&Host(body.borrow())).unwrap_or(Value::Null))
    }
}

fn compile(text: &str) -> Expression {
    let root = |id, name: &str, shape| Root { id, name: name.to_owned(), shape };
    let vocabulary = Vocabulary {
        roots: vec![
            root(HEADERS, "headers", Shape::Headers),
            root(BODY, "parsed_body", Shape::Value),
        ],
        body: Some(BODY),
        ..Vocabulary::default()
    };
    let compiled = Expression::compile(Dialect::Moveworks, text, &vocabulary);
    compiled.expect("it is an expression").expression
}

/// Who knows a body, and nothing else.
struct Host<'a>(Value<'a>);

impl<'a> Source<'a> for Host<'a> {
    fn root(&self, root: RootId) -> Value<'a> {
        self.lent(root).cloned().unwrap_or(Value::Null)
    }

    fn lent(&self, root: RootId) -> Option<&Value<'a>> {
        (root == BODY).then_some(&self.0)
    }

    fn entry(&self, _: RootId, _: &str) -> Value<'a> {
        Value::Null
    }

    fn now(&self) -> f64 {
        0.0
    }
}

/// The value of a header, which may be any UTF-8; what stands several times is none here.
fn header<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Value<'h> {
    let mut values = headers.get_all(name).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Value::Null };
    str::from_utf8(value.as_bytes()).map_or(Value::Null, Value::from)
}
