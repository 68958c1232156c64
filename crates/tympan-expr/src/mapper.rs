//! The forms of the Data Mapper: structured values made of expressions.
//!
//! Each function here is a form, and takes what the form holds. What is evaluated with more names
//! has to be compiled for a [`Vocabulary`] in which they are the last [`locals`]:
//!
//! [`locals`]: Vocabulary::locals

use crate::error::Error;
use crate::expression::Compiled;
use crate::expression::Dialect;
use crate::expression::Expression;
use crate::expression::outer;
use crate::form::Argument;
use crate::form::Each;
use crate::form::Jmespath;
use crate::form::Makes;
use crate::form::Mapper;
use crate::form::Node;
use crate::functions;
use crate::functions::Function;
use crate::mustache;
use crate::value::Text;
use crate::value::Value;
use crate::vocabulary::Vocabulary;

/// The locals of a loop: the item, and behind it the counter.
const LOOP: usize = 2;

impl Expression {
    /// A map of these; of keys that stand twice, the last counts.
    #[must_use]
    pub fn object(entries: Vec<(String, Self)>) -> Self {
        let outer = outer(entries.iter().map(|(_, value)| value));
        let entry = |(key, value): (String, Self)| {
            (Node::Constant(Value::Text(Text::from(key))), value.into_node())
        };
        Self::ready(Node::Map(entries.into_iter().map(entry).collect()).fold(), outer)
    }

    /// A list of these.
    #[must_use]
    pub fn list(items: Vec<Self>) -> Self {
        let outer = outer(&items);
        Self::ready(Node::List(items.into_iter().map(Self::into_node).collect()).fold(), outer)
    }

    /// The value of `body` with these values, which do not see each other, as its last locals:
    /// what `EVAL()`, `RENDER()` and `CONDITIONAL()` do with what they are given.
    #[must_use]
    pub fn with(values: Vec<Self>, body: Self) -> Self {
        if values.is_empty() {
            return body;
        }
        let outer = outer(&values).max(body.outer().saturating_sub(values.len()));
        let values = values.into_iter().map(Self::into_node).collect();
        Self::ready(Node::Let(values, Box::new(body.into_node())), outer)
    }

    /// `CONDITIONAL()`: one of two values; null stands for one that is left out.
    #[must_use]
    pub fn conditional(condition: Self, on_pass: Option<Self>, on_fail: Option<Self>) -> Self {
        let outer = outer([&condition].into_iter().chain(&on_pass).chain(&on_fail));
        let branch = (condition.into_node(), node_or_null(on_pass));
        Self::ready(Node::If(vec![branch], Box::new(node_or_null(on_fail))).fold(), outer)
    }

    /// `LOOKUP()`: the value under a key, else the default, else null.
    #[must_use]
    pub fn lookup(key: Self, mapping: Vec<(String, Self)>, default: Option<Self>) -> Self {
        let values = mapping.iter().map(|(_, value)| value);
        let outer = outer([&key].into_iter().chain(values).chain(&default));
        let mapping = mapping.into_iter().map(|(key, value)| (key, value.into_node())).collect();
        let key = Box::new(key.into_node());
        Self::ready(Mapper::Lookup(key, mapping, Box::new(node_or_null(default))).into(), outer)
    }

    /// `MAP()`, `SORT()`, `FILTER()` and `COALESCE()`: what a loop makes of the items of a list, or
    /// of the values of a map. The last two locals of `body` are the item and the counter; without
    /// a body the item itself counts. Null if there is neither a list nor a map.
    #[must_use]
    pub fn each(makes: Makes, items: Self, body: Option<Self>, descending: Option<Self>) -> Self {
        let own = body.as_ref().map_or(0, Self::outer);
        let outer = outer([&items].into_iter().chain(&descending)).max(own.saturating_sub(LOOP));
        let counts = own
            .checked_sub(1)
            .is_some_and(|last| body.as_ref().is_some_and(|it| it.node().reads_local(last)));
        let each = Each {
            makes,
            items: items.into_node(),
            body: body.map(Self::into_node),
            descending: descending.map(Self::into_node),
            counts,
        };
        Self::ready(Mapper::Each(Box::new(each)).into(), outer)
    }

    /// `FLATTEN()`: the items of the lists in a list in their lists' place.
    #[must_use]
    pub fn flatten(list: Self) -> Self {
        let outer = list.outer();
        Self::ready(Jmespath::Flatten(Box::new(list.into_node())).into(), outer)
    }

    /// `MERGE()`: one map of the maps in a list; of a key that stands in several, the last counts.
    /// What is no map is left out.
    #[must_use]
    pub fn merge(list: Self) -> Self {
        let outer = list.outer();
        Self::ready(Mapper::Merge(Box::new(list.into_node())).into(), outer)
    }

    /// `CONCAT()`: as `$CONCAT`.
    #[must_use]
    pub fn concat(items: Self, separator: String) -> Self {
        let outer = items.outer();
        let separator = Node::Constant(Value::from(separator));
        let arguments = [items.into_node(), separator].map(Argument::Value).into();
        Self::ready(Node::Call(concat(), arguments).fold(), outer)
    }

    /// `STRIP_HTML()`: the text of HTML; null for anything but a text.
    #[must_use]
    pub fn strip_html(text: Self) -> Self {
        let outer = text.outer();
        Self::ready(Mapper::StripHtml(Box::new(text.into_node())).into(), outer)
    }

    /// `RENDER()`: what a Mustache template writes, with the names of `vocabulary` in its tags.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the template.
    pub fn template(text: &str, vocabulary: &Vocabulary) -> Result<Compiled, Vec<Error>> {
        let (node, warnings) = mustache::compile(text, vocabulary)?;
        Ok(Compiled { expression: Self::ready(node, vocabulary.locals.len()), warnings })
    }
}

fn concat() -> &'static Function {
    functions::find(Dialect::Moveworks, "$CONCAT").expect("it is in the table of functions")
}

fn node_or_null(expression: Option<Expression>) -> Node {
    expression.map_or(Node::Constant(Value::Null), Expression::into_node)
}
