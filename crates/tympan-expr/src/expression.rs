//! An expression that is ready to run.

use std::fmt;
use std::sync::Arc;

use crate::bounds::Exhausted;
use crate::error::Error;
use crate::error::Warning;
use crate::eval;
use crate::form::Node;
use crate::jmespath;
use crate::literal;
use crate::moveworks;
use crate::needs::Needs;
use crate::other_dialect;
use crate::types::Types;
use crate::value::Text;
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
    needs: Needs,
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
        Ok(Compiled { expression: Self::ready(node), warnings })
    }

    /// An expression that is always `value`.
    #[must_use]
    pub fn constant(value: Value<'static>) -> Self {
        Self::ready(Node::Constant(value))
    }

    /// A map of these; of keys that stand twice, the last counts.
    #[must_use]
    pub fn object(entries: Vec<(String, Expression)>) -> Self {
        let entry = |(key, value): (String, Self)| {
            (Node::Constant(Value::Text(Text::from(key))), value.into_node())
        };
        Self::ready(Node::Map(entries.into_iter().map(entry).collect()).fold())
    }

    /// A list of these.
    #[must_use]
    pub fn list(items: Vec<Expression>) -> Self {
        Self::ready(Node::List(items.into_iter().map(Self::into_node).collect()).fold())
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
    pub fn needs(&self) -> &Needs {
        &self.inner.needs
    }

    /// The root and the key, if the whole expression is one entry of a root of
    /// [`Shape::Record`](crate::Shape::Record), such as `headers["X-A"]`.
    #[must_use]
    pub fn root_entry(&self) -> Option<(RootId, &str)> {
        match &self.inner.node {
            Node::Entry(id, key) => Some((*id, key)),
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

    pub(crate) fn ready(node: Node) -> Self {
        let mut needs = Needs::default();
        node.needs(&mut needs);
        Self { inner: Arc::new(Inner { node, needs }) }
    }

    fn into_node(self) -> Node {
        match self.as_constant() {
            Some(value) => Node::Constant(value.clone()),
            None => Node::Nested(self),
        }
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.node.fmt(f)
    }
}
