//! A host with a body, headers and a fixed instant.

use tympan_expr::Dialect;
use tympan_expr::Error;
use tympan_expr::Expression;
use tympan_expr::Root;
use tympan_expr::RootId;
use tympan_expr::Shape;
use tympan_expr::Source;
use tympan_expr::Value;
use tympan_expr::Vocabulary;

/// The request body, whose fields bare names read.
pub(crate) const BODY: RootId = RootId(0);

/// The headers, looked up one by one in any case.
pub(crate) const HEADERS: RootId = RootId(1);

/// The bytes of the body.
pub(crate) const RAW: RootId = RootId(2);

/// The instant of every evaluation: 2024-11-19T07:06:40Z.
pub(crate) const NOW: f64 = 1_732_000_000.0;

/// What the host has.
pub(crate) struct Host {
    /// The request body.
    pub(crate) body: Value<'static>,
    /// The headers, as sent.
    pub(crate) headers: Value<'static>,
    /// The bytes of the body.
    pub(crate) raw: Vec<u8>,
}

impl Host {
    /// A host whose body is this JSON.
    pub(crate) fn new(body: &str) -> Self {
        let headers = r#"{"X-Hook-Secret": "s3", "X-Event": "push"}"#;
        Self { body: value(body), headers: value(headers), raw: body.as_bytes().to_vec() }
    }
}

impl<'a> Source<'a> for &'a Host {
    fn root(&self, root: RootId) -> Value<'a> {
        match root {
            BODY => self.body.borrow(),
            HEADERS => self.headers.borrow(),
            RAW => Value::from(&*self.raw),
            _ => Value::Null,
        }
    }

    fn entry(&self, root: RootId, key: &str) -> Value<'a> {
        assert_eq!(root, HEADERS);
        let headers = self.headers.as_map().expect("a map");
        let found = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
        found.map_or(Value::Null, |(_, value)| value.borrow())
    }

    fn now(&self) -> f64 {
        NOW
    }
}

/// The names that the host has.
pub(crate) fn vocabulary() -> Vocabulary {
    let root = |id, name: &str, shape| Root { id, name: name.into(), shape };
    Vocabulary {
        locals: Vec::new(),
        roots: vec![
            root(BODY, "parsed_body", Shape::Value),
            root(HEADERS, "headers", Shape::Headers),
            root(RAW, "raw_body", Shape::Value),
        ],
        body: Some(BODY),
        elsewhere: vec!["challenge_token"],
    }
}

/// The value that a JSON text says.
pub(crate) fn value(json: &str) -> Value<'static> {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

/// The value of an expression for the body.
pub(crate) fn eval(dialect: Dialect, text: &str, body: &str) -> Result<Value<'static>, Vec<Error>> {
    let compiled = Expression::compile(dialect, text, &vocabulary())?;
    let host = Host::new(body);
    let value = compiled.expression.eval(&&host);
    Ok(value.unwrap_or_else(|exhausted| panic!("{text}: {exhausted}")).into_owned())
}
