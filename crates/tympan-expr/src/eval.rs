//! What a compiled expression yields.

use std::cmp::Ordering;

use crate::bounds::Exhausted;
use crate::bounds::Meter;
use crate::form::Argument;
use crate::form::Arithmetic;
use crate::form::Key;
use crate::form::Node;
use crate::form::Relation;
use crate::form::Step;
use crate::functions::Call;
use crate::functions::Function;
use crate::number::Number;
use crate::value::Budget;
use crate::value::Record;
use crate::value::Text;
use crate::value::Value;
use crate::vocabulary::RootId;
use crate::vocabulary::Source;

mod jmespath;
mod mapper;

/// Comparisons of a sort for the price of one step.
const COMPARISONS_PER_STEP: usize = 8;

/// The value of `node` for what `source` gives.
pub(crate) fn eval<'a>(node: &'a Node, source: &dyn Source<'a>) -> Result<Value<'a>, Exhausted> {
    match node {
        // Most expressions are one of these, and need nothing of what an evaluation is prepared with.
        Node::Entry(id, key) => Ok(entry(source, *id, key)),
        Node::Root(id) => Ok(source.root(*id)),
        _ => Evaluator::new(source).eval(node),
    }
}

fn entry<'a>(source: &dyn Source<'a>, root: RootId, key: &Key) -> Value<'a> {
    match &key.header {
        Some(name) => source.header(root, name),
        None => source.entry(root, &key.text),
    }
}

/// The value of a node that reads nothing; the node itself when that costs too much.
pub(crate) fn fold(node: Node) -> Node {
    let value = eval(&node, &Nothing).map(Value::into_owned);
    value.map_or(node, Node::Constant)
}

/// One evaluation: what is given, what is named and what is left of the bounds.
pub(crate) struct Evaluator<'a, 's> {
    /// What the host gives.
    pub(crate) source: &'s dyn Source<'a>,
    /// What is left of the bounds.
    pub(crate) meter: Meter,
    /// The values of lambda parameters, the outermost first.
    locals: Vec<Value<'a>>,
    /// Where the locals of the innermost nested expression begin.
    base: usize,
    /// The arguments of all calls that are under way.
    arguments: Vec<Value<'a>>,
}

impl<'a, 's> Evaluator<'a, 's> {
    fn new(source: &'s dyn Source<'a>) -> Self {
        Self { source, meter: Meter::new(), locals: Vec::new(), base: 0, arguments: Vec::new() }
    }

    /// The value of `node`.
    pub(crate) fn eval(&mut self, node: &'a Node) -> Result<Value<'a>, Exhausted> {
        self.meter.step(1)?;
        match node {
            Node::Constant(value) => return Ok(value.borrow()),
            Node::Root(id) => return Ok(self.source.root(*id)),
            Node::Entry(id, key) => return Ok(entry(self.source, *id, key)),
            Node::Local(slot) => return Ok(self.local(*slot)),
            _ => {}
        }
        self.meter.descend()?;
        let value = self.compute(node);
        self.meter.ascend();
        value
    }

    /// The value of `node` with `values` as its next locals.
    pub(crate) fn eval_with<const N: usize>(
        &mut self,
        node: &'a Node,
        values: [Value<'a>; N],
    ) -> Result<Value<'a>, Exhausted> {
        let height = self.locals.len();
        self.locals.extend(values);
        let value = self.eval(node);
        self.locals.truncate(height);
        value
    }

    /// The value of the local in `slot`.
    fn local(&self, slot: usize) -> Value<'a> {
        self.locals.get(self.base + slot).cloned().unwrap_or(Value::Null)
    }

    /// Whether both values are the same.
    pub(crate) fn same(&mut self, a: &Value<'_>, b: &Value<'_>) -> Result<bool, Exhausted> {
        self.spend(|budget| a.same(b, budget))
    }

    /// Pays for looking at all of `value`.
    pub(crate) fn weigh(&mut self, value: &Value<'a>) -> Result<(), Exhausted> {
        self.spend(|budget| value.weigh(budget))
    }

    /// Puts items in the order of their keys, the greatest first if `descending`; those of equal
    /// keys stay as they were.
    pub(crate) fn sort(
        &mut self,
        items: &mut [(Value<'a>, Value<'a>)],
        descending: bool,
    ) -> Result<(), Exhausted> {
        // Paid for before it begins: a sort must not see its comparisons fail.
        let before = self.meter.steps_left();
        for (key, _) in &*items {
            self.weigh(key)?;
        }
        let weight = before - self.meter.steps_left();
        let rounds = usize::try_from(items.len().max(1).ilog2()).unwrap_or(0);
        self.meter.step(weight.saturating_mul(rounds) / COMPARISONS_PER_STEP)?;
        items.sort_by(|(a, _), (b, _)| if descending { b.order(a) } else { a.order(b) });
        Ok(())
    }

    /// Does `work` at the price of the steps that it takes from the budget.
    pub(crate) fn spend<T>(&mut self, work: impl FnOnce(&mut Budget) -> T) -> Result<T, Exhausted> {
        let left = self.meter.steps_left();
        let mut budget = Budget::new(left);
        let result = work(&mut budget);
        self.meter.step(left - budget.left().ok_or(Exhausted::Steps)?)?;
        Ok(result)
    }

    /// Whether `item` is in `whole`: an element of a list, a part of a text, a key of a map.
    pub(crate) fn contains(
        &mut self,
        whole: &Value<'a>,
        item: &Value<'a>,
    ) -> Result<bool, Exhausted> {
        match whole {
            Value::List(list) => {
                for element in list.iter() {
                    self.meter.step(1)?;
                    if self.same(element, item)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Value::Map(map) => Ok(item.as_text().is_some_and(|key| map.contains_key(key))),
            Value::Text(whole) if let Value::Text(part) = item => {
                self.meter.read(whole.len())?;
                Ok(whole.contains(&**part))
            }
            _ => {
                let (Some(whole), Some(part)) = (whole.as_bytes(), item.as_bytes()) else {
                    return Ok(false);
                };
                self.meter.read(whole.len())?;
                Ok(has_part(whole, part))
            }
        }
    }

    fn compute(&mut self, node: &'a Node) -> Result<Value<'a>, Exhausted> {
        match node {
            Node::And(nodes) => self.all_hold(nodes, true).map(Value::Bool),
            Node::Or(nodes) => self.all_hold(nodes, false).map(|none| Value::Bool(!none)),
            Node::Not(node) => Ok(Value::Bool(!self.eval(node)?.is_truthy())),
            Node::Negate(node) => {
                let number = self.eval(node)?.as_number();
                Ok(number.map_or(Value::Null, |number| number.negate().into()))
            }
            Node::Arithmetic(first, rest) => self.arithmetic(first, rest),
            Node::Relation(first, rest) => self.relation(first, rest),
            Node::If(branches, otherwise) => self.branch(branches, otherwise),
            Node::List(nodes) => self.list(nodes),
            Node::Map(entries) => self.map(entries),
            Node::Path(base, steps) => self.path(base, steps),
            Node::EntryOf(root, key) => self.entry(*root, key),
            Node::Call(function, arguments) => self.call(function, arguments),
            Node::Let(values, body) => self.bind(values, body),
            Node::Nested(expression) => {
                let base = self.locals.len().saturating_sub(expression.outer());
                let base = std::mem::replace(&mut self.base, base);
                let value = self.eval(expression.node());
                self.base = base;
                value
            }
            Node::Jmespath(node) => self.jmespath(node),
            Node::Mapper(node) => self.mapper(node),
            // The others were answered before.
            Node::Constant(_) | Node::Root(_) | Node::Entry(..) | Node::Local(_) => Ok(Value::Null),
        }
    }

    /// The value of `body` with `values`, which do not see each other, as its next locals.
    fn bind(&mut self, values: &'a [Node], body: &'a Node) -> Result<Value<'a>, Exhausted> {
        let waiting = self.arguments.len();
        for node in values {
            let value = self.eval(node)?;
            self.arguments.push(value);
        }
        let height = self.locals.len();
        self.locals.extend(self.arguments.drain(waiting..));
        let value = self.eval(body);
        self.locals.truncate(height);
        value
    }

    /// Whether the truth of every node is `wanted`; the first that is not ends it.
    fn all_hold(&mut self, nodes: &'a [Node], wanted: bool) -> Result<bool, Exhausted> {
        for node in nodes {
            if self.eval(node)?.is_truthy() != wanted {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn arithmetic(
        &mut self,
        first: &'a Node,
        rest: &'a [(Arithmetic, Node)],
    ) -> Result<Value<'a>, Exhausted> {
        let mut left = self.eval(first)?;
        for (operator, node) in rest {
            let right = self.eval(node)?;
            left = match (&left, &right) {
                (Value::Number(a), Value::Number(b)) => match operator {
                    Arithmetic::Add => a.plus(*b),
                    Arithmetic::Divide => a.over(*b),
                    Arithmetic::Multiply => a.times(*b),
                    Arithmetic::Subtract => a.minus(*b),
                }
                .map_or(Value::Null, Value::Number),
                (Value::Text(a), Value::Text(b)) if *operator == Arithmetic::Add => {
                    self.meter.output(a.len() + b.len())?;
                    Value::from(format!("{a}{b}"))
                }
                _ => Value::Null,
            };
        }
        Ok(left)
    }

    fn relation(
        &mut self,
        first: &'a Node,
        rest: &'a [(Relation, Node)],
    ) -> Result<Value<'a>, Exhausted> {
        let mut left = self.eval(first)?;
        for (relation, node) in rest {
            let right = self.eval(node)?;
            left = Value::Bool(self.holds(*relation, &left, &right)?);
        }
        Ok(left)
    }

    fn holds(
        &mut self,
        relation: Relation,
        left: &Value<'a>,
        right: &Value<'a>,
    ) -> Result<bool, Exhausted> {
        match relation {
            Relation::Equal => self.same(left, right),
            Relation::NotEqual => self.same(left, right).map(|same| !same),
            Relation::In => self.contains(right, left),
            _ => {
                self.meter.read(left.as_bytes().map_or(0, <[u8]>::len))?;
                Ok(left.relate(right).is_some_and(|order| relation.admits(order)))
            }
        }
    }

    fn branch(
        &mut self,
        branches: &'a [(Node, Node)],
        otherwise: &'a Node,
    ) -> Result<Value<'a>, Exhausted> {
        for (condition, then) in branches {
            if self.eval(condition)?.is_truthy() {
                return self.eval(then);
            }
        }
        self.eval(otherwise)
    }

    fn list(&mut self, nodes: &'a [Node]) -> Result<Value<'a>, Exhausted> {
        let mut items = Vec::with_capacity(nodes.len());
        for node in nodes {
            items.push(self.eval(node)?);
        }
        Ok(Value::from(items))
    }

    /// A key that is no text is written as one; an entry whose key is null is left out.
    fn map(&mut self, entries: &'a [(Node, Node)]) -> Result<Value<'a>, Exhausted> {
        let mut record = Record::with_capacity(entries.len());
        for (key, value) in entries {
            let key = match key {
                // Nearly every key is written out.
                Node::Constant(Value::Text(key)) => {
                    self.meter.step(1)?;
                    Some(Text::Borrowed(key))
                }
                key => self.eval(key)?.to_text(),
            };
            let value = self.eval(value)?;
            if let Some(key) = key {
                record.insert(key, value);
            }
        }
        Ok(Value::from(record))
    }

    fn path(&mut self, base: &'a Node, steps: &'a [Step]) -> Result<Value<'a>, Exhausted> {
        // What is only passed through is not even cloned.
        let n_keys = steps.iter().take_while(|step| matches!(step, Step::Key(_))).count();
        let (keys, steps) = steps.split_at(n_keys);
        let lent = if let Node::Root(id) = base { self.source.lent(*id) } else { None };
        self.meter.step(n_keys + usize::from(lent.is_some()))?;
        let mut value = match lent {
            Some(base) => below(base, keys).clone(),
            None => below(&self.eval(base)?, keys).clone(),
        };
        for step in steps {
            self.meter.step(1)?;
            value = match step {
                Step::Key(key) => value.get(key),
                Step::Element(index) => match &value {
                    Value::List(_) => value.index(*index),
                    _ => Value::Null,
                },
                Step::Index(index) => {
                    self.meter.read(value.as_text().map_or(0, str::len))?;
                    value.index(*index)
                }
                Step::Computed(node) => match self.eval(node)? {
                    Value::Text(key) => value.get(&key),
                    Value::Number(number) => {
                        self.meter.read(value.as_text().map_or(0, str::len))?;
                        as_index(number).map_or(Value::Null, |index| value.index(index))
                    }
                    _ => Value::Null,
                },
                Step::Slice(start, end) => self.slice(&value, start.as_deref(), end.as_deref())?,
            };
        }
        Ok(value)
    }

    /// The part between two bounds; null where a bound is no number.
    fn slice(
        &mut self,
        value: &Value<'a>,
        start: Option<&'a Node>,
        end: Option<&'a Node>,
    ) -> Result<Value<'a>, Exhausted> {
        let mut bounds = [None; 2];
        for (bound, node) in bounds.iter_mut().zip([start, end]) {
            let Some(node) = node else { continue };
            *bound = self.eval(node)?.as_number().and_then(as_index);
            if bound.is_none() {
                return Ok(Value::Null);
            }
        }
        self.meter.read(value.as_bytes().map_or(0, <[u8]>::len))?;
        let slice = value.slice(bounds[0], bounds[1]);
        self.meter.step(slice.as_list().map_or(0, <[_]>::len))?;
        self.meter.output(slice.as_bytes().map_or(0, <[u8]>::len))?;
        Ok(slice)
    }

    fn entry(&mut self, root: RootId, key: &'a Node) -> Result<Value<'a>, Exhausted> {
        Ok(match self.eval(key)? {
            Value::Text(key) => self.source.entry(root, &key),
            _ => Value::Null,
        })
    }

    fn call(
        &mut self,
        function: &'static Function,
        arguments: &'a [Argument],
    ) -> Result<Value<'a>, Exhausted> {
        let base = self.arguments.len();
        for argument in arguments {
            let value = match argument {
                Argument::Value(node) => self.eval(node)?,
                // Their places are kept, so that arguments count as they are written.
                Argument::Lambda(..) | Argument::Pattern(_) => Value::Null,
            };
            self.arguments.push(value);
        }
        let value = function.run(Call::new(self, arguments, base));
        self.arguments.truncate(base);
        value
    }

    /// The argument at `place` on the stack of arguments.
    pub(crate) fn argument(&self, place: usize) -> &Value<'a> {
        self.arguments.get(place).unwrap_or(&Value::Null)
    }
}

impl Relation {
    /// Whether two values in this order are as the relation says.
    pub(crate) fn admits(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
            Self::In => false,
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::NotEqual => order.is_ne(),
        }
    }
}

/// Whether `part` stands somewhere in `whole`, in linear time whatever the two are.
fn has_part(whole: &[u8], part: &[u8]) -> bool {
    if let (Ok(whole), Ok(part)) = (str::from_utf8(whole), str::from_utf8(part)) {
        return whole.contains(part);
    }
    // Only the search in texts is linear, so every byte becomes a character.
    let text = |bytes: &[u8]| bytes.iter().copied().map(char::from).collect::<String>();
    text(whole).contains(&text(part))
}

/// The value under keys, one below the other.
fn below<'v, 'a>(value: &'v Value<'a>, keys: &[Step]) -> &'v Value<'a> {
    keys.iter().fold(value, |value, key| match (value, key) {
        (Value::Map(map), Step::Key(key)) => map.get(key).unwrap_or(&Value::Null),
        _ => &Value::Null,
    })
}

fn as_index(number: Number) -> Option<i64> {
    number.as_int().and_then(|int| i64::try_from(int).ok())
}

/// What a constant expression reads.
struct Nothing;

impl<'a> Source<'a> for Nothing {
    fn root(&self, _: RootId) -> Value<'a> {
        Value::Null
    }

    fn entry(&self, _: RootId, _: &str) -> Value<'a> {
        Value::Null
    }

    fn now(&self) -> f64 {
        0.0
    }
}
