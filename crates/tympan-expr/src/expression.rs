//! An expression that is ready to run.

use std::fmt;
use std::sync::Arc;

use http::HeaderName;

use crate::bounds::Exhausted;
use crate::error::Error;
use crate::error::ErrorKind;
use crate::error::Warning;
use crate::eval;
use crate::form::Node;
use crate::jmespath;
use crate::literal;
use crate::moveworks;
use crate::needs::Needs;
use crate::other_dialect;
use crate::types::Types;
use crate::value::Value;
use crate::vocabulary::RootId;
use crate::vocabulary::Source;
use crate::vocabulary::Vocabulary;

/// How an expression is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// The Moveworks DSL.
    Moveworks,
    /// JMESPath.
    Jmespath,
}

/// An expression that is ready to run. Cloning it is cheap.
#[derive(Clone)]
pub struct Expression {
    inner: Arc<Inner>,
}

/// An expression, and what is likely wrong with it.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The expression.
    pub expression: Expression,
    /// What is likely a mistake.
    pub warnings: Vec<Warning>,
}

struct Inner {
    node: Node,
    /// How many locals of the place it was compiled for: the first of its slots.
    outer: usize,
}

impl Expression {
    /// Makes `text` ready to run at a place where the names of `vocabulary` exist.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the text: the first mistake of its grammar, or else every
    /// unknown name and every misused function.
    pub fn compile(
        dialect: Dialect,
        text: &str,
        vocabulary: &Vocabulary,
    ) -> Result<Compiled, Vec<Error>> {
        let compiled = match dialect {
            Dialect::Moveworks => moveworks::compile(text, vocabulary),
            Dialect::Jmespath => jmespath::compile(text, vocabulary),
        };
        let (node, warnings) = compiled.map_err(|errors| {
            let errors = literal::as_literal(text, vocabulary, errors);
            other_dialect::look(dialect, text, vocabulary, errors)
        })?;
        if let Some((local, field)) = node.unknown_field(vocabulary) {
            let (of, field) = (local.name.clone(), field.to_owned());
            let written = format!("{of}.{field}");
            let range = text.find(&written).map(|at| at..at + written.len());
            let kind = ErrorKind::UnknownField { of, field, known: local.fields };
            return Err(vec![Error { kind, range: range.unwrap_or(0..text.len()) }]);
        }
        Ok(Compiled { expression: Self::ready(node, vocabulary.locals.len()), warnings })
    }

    /// An expression that is always `value`.
    #[must_use]
    pub fn constant(value: Value<'static>) -> Self {
        Self::ready(Node::Constant(value), 0)
    }

    /// Its value, if it is known without any input.
    #[must_use]
    pub fn as_constant(&self) -> Option<&Value<'static>> {
        self.inner.node.as_constant()
    }

    /// The types of everything that it can yield; too many rather than too few.
    #[must_use]
    pub fn yields(&self) -> Types {
        self.inner.node.yields()
    }

    /// What it reads.
    #[must_use]
    pub fn needs(&self) -> Needs {
        let mut needs = Needs::default();
        self.inner.node.needs(&mut needs);
        needs
    }

    /// The root and the key, if the whole expression is one entry of a root that is a record, such as
    /// `headers["X-A"]`.
    #[must_use]
    pub fn root_entry(&self) -> Option<(RootId, &str)> {
        match &self.inner.node {
            Node::Entry(id, key) => Some((*id, &key.text)),
            _ => None,
        }
    }

    /// The header, if the whole expression is one.
    #[must_use]
    pub fn header(&self) -> Option<&HeaderName> {
        match &self.inner.node {
            Node::Entry(_, key) => key.header.as_ref(),
            _ => None,
        }
    }

    /// The root and the keys below it, if the whole expression is a path of written-out keys, such
    /// as `parsed_body.sender.email`.
    #[must_use]
    pub fn as_path(&self) -> Option<(RootId, Vec<&str>)> {
        self.inner.node.as_path()
    }

    /// Its value for what `source` gives.
    ///
    /// # Errors
    ///
    /// The bound that was exceeded; nothing else can go wrong.
    pub fn eval<'a>(&'a self, source: &dyn Source<'a>) -> Result<Value<'a>, Exhausted> {
        eval::eval(&self.inner.node, source)
    }

    /// What there is to evaluate.
    pub(crate) fn node(&self) -> &Node {
        &self.inner.node
    }

    /// How many of the locals around it an expression may read.
    pub(crate) fn outer(&self) -> usize {
        self.inner.outer
    }

    /// An expression of a node that was compiled for a place with `outer` locals.
    pub(crate) fn ready(node: Node, outer: usize) -> Self {
        Self { inner: Arc::new(Inner { node, outer }) }
    }

    /// A node that is part of a larger one.
    pub(crate) fn into_node(self) -> Node {
        match self.as_constant() {
            Some(value) => Node::Constant(value.clone()),
            None => Node::Nested(self),
        }
    }
}

/// How many locals of the place those read together that stand there. One that reads none may have
/// been compiled anywhere.
pub(crate) fn outer<'e>(expressions: impl IntoIterator<Item = &'e Expression>) -> usize {
    expressions.into_iter().map(Expression::outer).max().unwrap_or(0)
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.node.fmt(f)
    }
}
