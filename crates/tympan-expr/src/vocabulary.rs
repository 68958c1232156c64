//! What an expression may name at the place where it stands, and who answers at run time.

use http::HeaderName;

use crate::error::ErrorKind;
use crate::error::WarningKind;
use crate::error::nearest;
use crate::form::Node;
use crate::value::Value;

/// Stands for a root in everything that is ready to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RootId(pub u16);

/// How a root is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Entries are looked up one by one, without building the whole map.
    Record,
    /// The same of headers, which are found in any case: a name that is written out is made ready
    /// when an expression is compiled.
    Headers,
    /// Read as one value.
    Value,
}

/// A name that stands for something the host knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// What the host is asked for.
    pub id: RootId,
    /// As written in an expression.
    pub name: String,
    /// How it is read.
    pub shape: Shape,
}

/// A name for a value that is computed around the place: by a form of the Data Mapper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    /// As written in an expression. It hides roots and outer locals of the same name.
    pub name: String,
    /// Whether it is the item of a loop that may go through a map, with the loop's own counter as
    /// the next local: then `key` and `value` are parts of the entry, unless the item has them.
    pub is_entry: bool,
    /// Its fields, where they are known: no others can be read.
    pub fields: &'static [&'static str],
}

/// The fields of a loop's counter.
pub const COUNTER: &[&str] = &["index0", "index1", "length", "key"];

/// The names that exist at one place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vocabulary {
    /// Every local that may be named here, the outermost first.
    pub locals: Vec<Local>,
    /// Every root that may be named here.
    pub roots: Vec<Root>,
    /// The root whose fields a bare unknown name reads; without it such a name is an error.
    pub body: Option<RootId>,
    /// Names of roots that exist at other places only.
    pub elsewhere: Vec<&'static str>,
}

impl Vocabulary {
    /// The root called `name`.
    #[must_use]
    pub fn root(&self, name: &str) -> Option<&Root> {
        self.roots.iter().find(|root| root.name == name)
    }

    /// The root that `id` stands for.
    #[must_use]
    pub fn root_by_id(&self, id: RootId) -> Option<&Root> {
        self.roots.iter().find(|root| root.id == id)
    }

    /// The slot of the innermost local called `name`.
    pub(crate) fn local(&self, name: &str) -> Option<usize> {
        self.locals.iter().rposition(|local| local.name == name)
    }

    /// What `name` stands for, and what is likely wrong with it: a local, a root, or a field of the
    /// body.
    pub(crate) fn resolve(&self, name: &str) -> Result<(Node, Option<WarningKind>), ErrorKind> {
        if let Some(slot) = self.local(name) {
            return Ok((Node::Local(slot), None));
        }
        if let Some(root) = self.root(name) {
            return Ok((Node::Root(root.id), None));
        }
        let locals = self.locals.iter().map(|local| local.name.as_str());
        let roots = self.roots.iter().map(|root| root.name.as_str());
        let near = nearest(name, roots.chain(locals)).map(str::to_owned);
        let elsewhere = self.elsewhere.contains(&name);
        let written = name.to_owned();
        let Some(body) = self.body else {
            let looks_like_literal = false;
            return Err(ErrorKind::UnknownName {
                name: written,
                near,
                elsewhere,
                looks_like_literal,
            });
        };
        let warning = match near {
            _ if elsewhere => Some(WarningKind::ElsewhereRoot { name: written }),
            Some(root) => Some(WarningKind::NearRoot { name: written, root }),
            None => None,
        };
        Ok((Node::Root(body).key(name, self), warning))
    }
}

/// What the host gives at run time. The values may outlive the source itself: they borrow from
/// whatever lives for `'a`.
pub trait Source<'a> {
    /// The whole value of a root.
    fn root(&self, root: RootId) -> Value<'a>;

    /// The whole value of a root, if it is kept as one: what is only looked into is not copied.
    fn lent(&self, _: RootId) -> Option<&Value<'a>> {
        None
    }

    /// One entry of a root of [`Shape::Record`] or [`Shape::Headers`]; null when there is none.
    fn entry(&self, root: RootId, key: &str) -> Value<'a>;

    /// One entry of a root of [`Shape::Headers`]; null when there is none.
    fn header(&self, root: RootId, name: &HeaderName) -> Value<'a> {
        self.entry(root, name.as_str())
    }

    /// The instant of this evaluation, in seconds since 1970.
    fn now(&self) -> f64;
}
