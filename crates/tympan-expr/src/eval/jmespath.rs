//! What the nodes that only JMESPath has yield.

use crate::bounds::Exhausted;
use crate::eval::Evaluator;
use crate::form::Jmespath;
use crate::form::Node;
use crate::form::Relation;
use crate::value::Value;

impl<'a> Evaluator<'a, '_> {
    /// The value of `node`.
    pub(super) fn jmespath(&mut self, node: &'a Jmespath) -> Result<Value<'a>, Exhausted> {
        match node {
            Jmespath::And(nodes) => self.first(nodes, false),
            Jmespath::Or(nodes) => self.first(nodes, true),
            Jmespath::Not(node) => Ok(Value::Bool(!is_truthy(&self.eval(node)?))),
            Jmespath::If(condition, then) => {
                if is_truthy(&self.eval(condition)?) {
                    self.eval(then)
                } else {
                    Ok(Value::Null)
                }
            }
            Jmespath::Order(relation, left, right) => self.order(*relation, left, right),
            Jmespath::Flatten(node) => self.flatten(node),
            Jmespath::Guard(value, body) => match self.eval(value)? {
                Value::Null => Ok(Value::Null),
                value => self.eval_with(body, [value]),
            },
            Jmespath::Project(list, body) => self.project(list, body),
            Jmespath::Slice { of, start, end, step } => {
                let list = self.eval(of)?;
                self.every(&list, *start, *end, *step)
            }
            Jmespath::Values(node) => match self.eval(node)? {
                Value::Map(map) => {
                    self.meter.step(map.len())?;
                    Ok(map.values().cloned().collect())
                }
                _ => Ok(Value::Null),
            },
        }
    }

    /// The first value whose truth is `wanted`, else the last.
    fn first(&mut self, nodes: &'a [Node], wanted: bool) -> Result<Value<'a>, Exhausted> {
        let mut value = Value::Null;
        for node in nodes {
            value = self.eval(node)?;
            if is_truthy(&value) == wanted {
                break;
            }
        }
        Ok(value)
    }

    fn order(
        &mut self,
        relation: Relation,
        left: &'a Node,
        right: &'a Node,
    ) -> Result<Value<'a>, Exhausted> {
        let (left, right) = (self.eval(left)?, self.eval(right)?);
        Ok(match (left, right) {
            (Value::Number(a), Value::Number(b)) => Value::Bool(relation.admits(a.cmp(&b))),
            _ => Value::Null,
        })
    }

    fn flatten(&mut self, node: &'a Node) -> Result<Value<'a>, Exhausted> {
        let Value::List(list) = self.eval(node)? else { return Ok(Value::Null) };
        let mut flat = Vec::new();
        for item in list.iter() {
            let inner = item.as_list();
            self.meter.step(inner.map_or(1, <[_]>::len))?;
            flat.extend_from_slice(inner.unwrap_or(std::slice::from_ref(item)));
        }
        Ok(Value::from(flat))
    }

    fn project(&mut self, list: &'a Node, body: &'a Node) -> Result<Value<'a>, Exhausted> {
        let Value::List(list) = self.eval(list)? else { return Ok(Value::Null) };
        let mut projected = Vec::new();
        for item in list.iter() {
            let value = self.eval_with(body, [item.clone()])?;
            if !value.is_null() {
                projected.push(value);
            }
        }
        Ok(Value::from(projected))
    }

    /// Every `step`th element of a list.
    fn every(
        &mut self,
        list: &Value<'a>,
        start: Option<i64>,
        end: Option<i64>,
        step: i64,
    ) -> Result<Value<'a>, Exhausted> {
        let Some(items) = list.as_list() else { return Ok(Value::Null) };
        let len = i64::try_from(items.len()).unwrap_or(i64::MAX);
        let (least, most) = if step < 0 { (-1, len - 1) } else { (0, len) };
        let place = |index: i64| {
            let index = if index < 0 { index.saturating_add(len) } else { index };
            index.clamp(least, most)
        };
        let mut at = start.map_or(if step < 0 { most } else { least }, place);
        let end = end.map_or(if step < 0 { least } else { most }, place);
        let mut slice = Vec::new();
        while if step < 0 { at > end } else { at < end } {
            self.meter.step(1)?;
            let item = usize::try_from(at).ok().and_then(|at| items.get(at));
            slice.extend(item.cloned());
            at = at.saturating_add(step);
        }
        Ok(Value::from(slice))
    }
}

/// Whether JMESPath takes a value for true: every number is.
fn is_truthy(value: &Value<'_>) -> bool {
    matches!(value, Value::Number(_)) || value.is_truthy()
}
