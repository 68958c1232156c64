//! What an expression means: the one inner form of both dialects, ready to run.
//!
//! Make nodes with the functions here that are named after them: they choose the cheapest node
//! and fold what is constant.

use http::HeaderName;
use regex::Regex;

mod fields;
mod mapper;

use crate::expression::Expression;
pub(crate) use crate::form::mapper::Each;
pub(crate) use crate::form::mapper::Entry;
pub use crate::form::mapper::Makes;
pub(crate) use crate::form::mapper::Mapper;
use crate::functions::Function;
use crate::needs::Needs;
use crate::value::Value;
use crate::vocabulary::RootId;
use crate::vocabulary::Shape;
use crate::vocabulary::Vocabulary;

mod yields;

/// One thing to evaluate. There are many of them, so what is seldom and large is in boxes.
#[derive(Debug)]
pub(crate) enum Node {
    /// All conditions hold.
    And(Vec<Node>),
    /// Numbers, or texts to be joined, from left to right.
    Arithmetic(Box<Node>, Vec<(Arithmetic, Node)>),
    /// A function.
    Call(&'static Function, Vec<Argument>),
    /// A value that is known.
    Constant(Value<'static>),
    /// One entry of a root that is a record.
    Entry(RootId, Box<Key>),
    /// The entry of a root that is a record, whose key is computed.
    EntryOf(RootId, Box<Node>),
    /// The first branch whose condition holds, or else the last.
    If(Vec<(Node, Node)>, Box<Node>),
    /// What only JMESPath means.
    Jmespath(Box<Jmespath>),
    /// Evaluates the last with the values of the others as its next locals.
    Let(Vec<Node>, Box<Node>),
    /// A list of these.
    List(Vec<Node>),
    /// The local in this slot, counted from the outermost.
    Local(usize),
    /// A map of these keys and values.
    Map(Vec<(Node, Node)>),
    /// What only the Data Mapper means.
    Mapper(Box<Mapper>),
    /// The number with the other sign.
    Negate(Box<Node>),
    /// An expression of its own, which sees as many of the innermost locals as it says.
    Nested(Expression),
    /// The condition does not hold.
    Not(Box<Node>),
    /// At least one condition holds.
    Or(Vec<Node>),
    /// A part of a value.
    Path(Box<Node>, Vec<Step>),
    /// Comparisons from left to right, each with the result of the one before.
    Relation(Box<Node>, Vec<(Relation, Node)>),
    /// A whole root.
    Root(RootId),
}

/// One way down into a value.
#[derive(Debug)]
pub(crate) enum Step {
    /// To the value under a computed key or at a computed index.
    Computed(Box<Node>),
    /// To the element of a list at this index; unlike [`Step::Index`], of nothing but a list.
    Element(i64),
    /// To the element at this index.
    Index(i64),
    /// To the value under this key.
    Key(Box<str>),
    /// To the elements between two computed indexes.
    Slice(Option<Box<Node>>, Option<Box<Node>>),
}

/// An argument of a function.
#[derive(Debug)]
pub(crate) enum Argument {
    /// Evaluated for every element, with this many new locals.
    Lambda(usize, Node),
    /// A regular expression.
    Pattern(Box<Regex>),
    /// Evaluated before the call.
    Value(Node),
}

/// What only JMESPath means; its truthiness takes every number for true.
#[derive(Debug)]
pub(crate) enum Jmespath {
    /// The first value that is not truthy, else the last.
    And(Vec<Node>),
    /// Elements of lists in a list take their list's place; `FLATTEN()` of the Data Mapper as well.
    Flatten(Box<Node>),
    /// A value for everything but null, which stays null; the value is the next local.
    Guard(Box<Node>, Box<Node>),
    /// The second if the first is truthy, else null.
    If(Box<Node>, Box<Node>),
    /// Whether the value is not truthy.
    Not(Box<Node>),
    /// The first truthy value, else the last.
    Or(Vec<Node>),
    /// Which of two numbers is the greater; null for anything else.
    Order(Relation, Box<Node>, Box<Node>),
    /// Every element of a list put through the second, which has it as its next local;
    /// nulls are left out.
    Project(Box<Node>, Box<Node>),
    /// Every `step`th element of a list.
    Slice {
        /// The list.
        of: Box<Node>,
        /// Where it begins.
        start: Option<i64>,
        /// Where it ends.
        end: Option<i64>,
        /// How far each step goes, backwards if negative; never zero.
        step: i64,
    },
    /// The values of a map.
    Values(Box<Node>),
}

/// What is done with two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    /// `+`
    Add,
    /// `/`
    Divide,
    /// `*`
    Multiply,
    /// `-`
    Subtract,
}

/// What is asked of two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    /// `==`
    Equal,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `IN`
    In,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `!=`
    NotEqual,
}

impl Arithmetic {
    /// Its sign.
    pub(crate) fn written(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Divide => "/",
            Self::Multiply => "*",
            Self::Subtract => "-",
        }
    }
}

/// The key of an entry, as it is written out.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) text: Box<str>,
    /// The header that it names, if entries are headers; no other name can be one's.
    pub(crate) header: Option<HeaderName>,
}

impl Node {
    /// The value of this node, if it is known.
    pub(crate) fn as_constant(&self) -> Option<&Value<'static>> {
        match self {
            Self::Constant(value) => Some(value),
            _ => None,
        }
    }

    /// The root and the keys below it, if this is a path of written-out keys.
    pub(crate) fn as_path(&self) -> Option<(RootId, Vec<&str>)> {
        match self {
            Self::Root(id) => Some((*id, Vec::new())),
            Self::Entry(id, key) => Some((*id, vec![&key.text])),
            Self::Nested(expression) => expression.as_path(),
            Self::Path(base, steps) => {
                let (root, mut keys) = base.as_path()?;
                for step in steps {
                    let Step::Key(key) = step else { return None };
                    keys.push(key);
                }
                Some((root, keys))
            }
            _ => None,
        }
    }

    /// The value under `key`.
    pub(crate) fn key(self, key: &str, vocabulary: &Vocabulary) -> Self {
        match self {
            Self::Root(id) if vocabulary.is_record(id) => {
                let is_header = vocabulary.shape(id) == Some(Shape::Headers);
                let header = is_header.then(|| key.parse().ok()).flatten();
                Self::Entry(id, Box::new(Key { text: key.into(), header }))
            }
            Self::Local(slot) if vocabulary.locals.get(slot).is_some_and(|it| it.is_entry) => {
                match key {
                    "key" => Mapper::Entry(slot, Entry::Key).into(),
                    "value" => Mapper::Entry(slot, Entry::Value).into(),
                    _ => self.step(Step::Key(key.into())),
                }
            }
            _ => self.step(Step::Key(key.into())),
        }
    }

    /// The value under or at `index`, whatever that turns out to be.
    pub(crate) fn at(self, index: Self, vocabulary: &Vocabulary) -> Self {
        match (index.as_constant(), &self) {
            (Some(Value::Text(key)), _) => self.key(key, vocabulary),
            (Some(_), Self::Root(id)) if vocabulary.is_record(*id) => Self::Constant(Value::Null),
            (Some(Value::Number(number)), _) => {
                match number.as_int().and_then(|int| i64::try_from(int).ok()) {
                    Some(index) => self.step(Step::Index(index)),
                    None => Self::Constant(Value::Null),
                }
            }
            (None, Self::Root(id)) if vocabulary.is_record(*id) => {
                Self::EntryOf(*id, Box::new(index))
            }
            _ => self.step(Step::Computed(Box::new(index))),
        }
    }

    /// Whether there is a value under `key`: for entries that are looked up one by one, whether
    /// that value is not null.
    pub(crate) fn has_key(self, key: Self, vocabulary: &Vocabulary) -> Self {
        match self {
            Self::Root(id) if vocabulary.is_record(id) => {
                let entry = Box::new(self.at(key, vocabulary));
                Self::Relation(entry, vec![(Relation::NotEqual, Self::Constant(Value::Null))])
            }
            _ => Self::Relation(Box::new(key), vec![(Relation::In, self)]),
        }
    }

    /// One step further down.
    pub(crate) fn step(self, step: Step) -> Self {
        match self {
            // A path that could not be folded cannot be folded when it gets longer.
            Self::Path(base, mut steps) => {
                steps.push(step);
                Self::Path(base, steps)
            }
            base => Self::Path(Box::new(base), vec![step]).fold(),
        }
    }

    /// This node's value if all its parts are constant, else this node.
    pub(crate) fn fold(self) -> Self {
        if self.has_constant_parts() { crate::eval::fold(self) } else { self }
    }

    /// Adds what this node reads.
    pub(crate) fn needs(&self, needs: &mut Needs) {
        match self {
            Self::Root(id) | Self::EntryOf(id, _) => needs.read(*id, std::iter::empty()),
            Self::Entry(id, key) => needs.read(*id, std::iter::once(&*key.text)),
            Self::Nested(expression) => expression.node().needs(needs),
            Self::Path(base, steps) => {
                let keys = steps.iter().map_while(|step| match step {
                    Step::Key(key) => Some(&**key),
                    _ => None,
                });
                match &**base {
                    Self::Root(id) => needs.read(*id, keys),
                    Self::Entry(id, key) => {
                        needs.read(*id, std::iter::once(&*key.text).chain(keys));
                    }
                    _ => {}
                }
            }
            _ => {}
        }
        let known = matches!(
            self,
            Self::Path(base, _) if matches!(**base, Self::Root(_) | Self::Entry(..))
        );
        self.each_part(&mut |part, is_base| {
            if !(known && is_base) {
                part.needs(needs);
            }
        });
    }

    /// Whether the local in `slot` is read.
    pub(crate) fn reads_local(&self, slot: usize) -> bool {
        match self {
            Self::Local(read) => *read == slot,
            Self::Mapper(node) if node.is_entry(slot) => true,
            // Slots of others are counted from elsewhere.
            Self::Nested(expression) if expression.outer() <= slot => false,
            Self::Nested(expression) => expression.node().reads_local(slot),
            _ => {
                let mut reads = false;
                self.each_part(&mut |part, _| reads |= part.reads_local(slot));
                reads
            }
        }
    }

    fn has_constant_parts(&self) -> bool {
        let pure = match self {
            Self::Root(_)
            | Self::Entry(..)
            | Self::EntryOf(..)
            | Self::Local(_)
            | Self::Constant(_)
            | Self::Nested(_)
            | Self::Let(..) => false,
            Self::Jmespath(node) => !matches!(**node, Jmespath::Guard(..) | Jmespath::Project(..)),
            Self::Call(function, arguments) => {
                function.is_pure()
                    && !arguments.iter().any(|argument| matches!(argument, Argument::Lambda(..)))
            }
            Self::Mapper(node) => node.is_pure(),
            _ => true,
        };
        let mut constant = true;
        if pure {
            self.each_part(&mut |part, _| constant &= matches!(part, Self::Constant(_)));
        }
        pure && constant
    }

    /// Calls `visit` with every direct part, and whether it is what a path starts from.
    fn each_part<'n>(&'n self, visit: &mut dyn FnMut(&'n Node, bool)) {
        match self {
            Self::Constant(_)
            | Self::Root(_)
            | Self::Entry(..)
            | Self::Local(_)
            | Self::Nested(_) => {}
            Self::And(nodes) | Self::Or(nodes) | Self::List(nodes) => {
                for node in nodes {
                    visit(node, false);
                }
            }
            Self::Arithmetic(first, rest) => {
                visit(first, false);
                for (_, node) in rest {
                    visit(node, false);
                }
            }
            Self::Relation(first, rest) => {
                visit(first, false);
                for (_, node) in rest {
                    visit(node, false);
                }
            }
            Self::Call(_, arguments) => arguments.iter().for_each(|argument| match argument {
                Argument::Value(node) | Argument::Lambda(_, node) => visit(node, false),
                Argument::Pattern(_) => {}
            }),
            Self::EntryOf(_, node) | Self::Negate(node) | Self::Not(node) => visit(node, false),
            Self::If(branches, otherwise) => {
                for (condition, then) in branches {
                    visit(condition, false);
                    visit(then, false);
                }
                visit(otherwise, false);
            }
            Self::Let(values, body) => {
                for value in values {
                    visit(value, false);
                }
                visit(body, false);
            }
            Self::Map(entries) => {
                for (key, value) in entries {
                    visit(key, false);
                    visit(value, false);
                }
            }
            Self::Path(base, steps) => {
                visit(base, true);
                for step in steps {
                    match step {
                        Step::Computed(node) => visit(node, false),
                        Step::Slice(start, end) => {
                            start.iter().chain(end).for_each(|node| visit(node, false));
                        }
                        Step::Element(_) | Step::Index(_) | Step::Key(_) => {}
                    }
                }
            }
            Self::Jmespath(node) => node.each_part(visit),
            Self::Mapper(node) => node.each_part(visit),
        }
    }
}

impl Jmespath {
    fn each_part<'n>(&'n self, visit: &mut dyn FnMut(&'n Node, bool)) {
        match self {
            Self::And(nodes) | Self::Or(nodes) => nodes.iter().for_each(|node| visit(node, false)),
            Self::Flatten(node) | Self::Not(node) | Self::Values(node) => visit(node, false),
            Self::Slice { of, .. } => visit(of, false),
            Self::Guard(first, second)
            | Self::If(first, second)
            | Self::Order(_, first, second)
            | Self::Project(first, second) => {
                visit(first, false);
                visit(second, false);
            }
        }
    }
}

impl From<Jmespath> for Node {
    fn from(node: Jmespath) -> Self {
        Self::Jmespath(Box::new(node)).fold()
    }
}

impl Vocabulary {
    /// Whether the entries of this root are looked up one by one.
    fn is_record(&self, id: RootId) -> bool {
        matches!(self.shape(id), Some(Shape::Record | Shape::Headers))
    }

    fn shape(&self, id: RootId) -> Option<Shape> {
        self.root_by_id(id).map(|root| root.shape)
    }
}
