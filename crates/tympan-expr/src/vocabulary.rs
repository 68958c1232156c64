//! What an expression may name at the place where it stands, and who answers at run time.

use crate::value::Value;

/// Stands for a root in everything that is ready to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RootId(pub u16);

/// How a root is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Entries are looked up one by one, without building the whole map.
    Record {
        /// Whether entries are found in any case; the host does the folding.
        ignore_case: bool,
    },
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

/// The names that exist at one place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vocabulary {
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

    /// The name of the root that is one slip of the pen away from `name`.
    pub(crate) fn near_root(&self, name: &str) -> Option<&str> {
        let roots = self.roots.iter().map(|root| root.name.as_str());
        crate::error::nearest(name, roots)
    }
}

/// What the host gives at run time. The values may outlive the source itself: they borrow from
/// whatever lives for `'a`.
pub trait Source<'a> {
    /// The whole value of a root.
    fn root(&self, root: RootId) -> Value<'a>;

    /// One entry of a root of [`Shape::Record`]; null when there is none.
    fn entry(&self, root: RootId, key: &str) -> Value<'a>;

    /// The instant of this evaluation, in seconds since 1970.
    fn now(&self) -> f64;
}
