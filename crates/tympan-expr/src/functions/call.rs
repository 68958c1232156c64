//! What a function is given when it is called.

use regex::Regex;

use crate::bounds::Exhausted;
use crate::eval::Evaluator;
use crate::form::Argument;
use crate::functions::Function;
use crate::functions::Kind;
use crate::number::Number;
use crate::value::Text;
use crate::value::Value;

/// The arguments of one call, and what else a function may need.
///
/// Arguments were looked at before: each that was written is what its parameter takes.
pub(crate) struct Call<'a, 'e, 's> {
    evaluator: &'e mut Evaluator<'a, 's>,
    arguments: &'a [Argument],
    base: usize,
}

impl<'a, 'e, 's> Call<'a, 'e, 's> {
    /// A call whose values stand at `base` on the evaluator's stack of arguments.
    pub(crate) fn new(
        evaluator: &'e mut Evaluator<'a, 's>,
        arguments: &'a [Argument],
        base: usize,
    ) -> Self {
        Self { evaluator, arguments, base }
    }

    /// Whether the arguments are what the function takes; pays for looking at them.
    pub(super) fn admit(&mut self, function: &Function) -> Result<bool, Exhausted> {
        for (index, argument) in self.arguments.iter().enumerate() {
            let Some(parameter) = function.parameter(index) else { return Ok(false) };
            if !matches!(argument, Argument::Value(_)) {
                continue;
            }
            let value = self.evaluator.argument(self.base + index);
            if !parameter.kind.admits(value) {
                return Ok(false);
            }
            let (bytes, items) = match value {
                Value::List(list) => (0, list.len()),
                Value::Map(map) => (0, map.len()),
                other => (other.as_bytes().map_or(0, <[u8]>::len), 0),
            };
            self.evaluator.meter.read(bytes)?;
            if !matches!(parameter.kind, Kind::Any | Kind::Some | Kind::Sized) {
                self.evaluator.meter.step(items)?;
            }
        }
        Ok(true)
    }

    /// How many arguments were written.
    pub(super) fn count(&self) -> usize {
        self.arguments.len()
    }

    /// The argument at `index`; null if it was left out.
    pub(super) fn value(&self, index: usize) -> Value<'a> {
        if index < self.arguments.len() {
            self.evaluator.argument(self.base + index).clone()
        } else {
            Value::Null
        }
    }

    /// The text at `index`, if it was not left out.
    pub(super) fn text(&self, index: usize) -> Option<Text<'a>> {
        match self.value(index) {
            Value::Text(text) => Some(text),
            Value::Bytes(bytes) => bytes.to_text(),
            _ => None,
        }
    }

    /// The number at `index`, if it was not left out.
    pub(super) fn number(&self, index: usize) -> Option<Number> {
        self.value(index).as_number()
    }

    /// The regular expression at `index`.
    pub(super) fn pattern(&self, index: usize) -> Option<&'a Regex> {
        match self.arguments.get(index) {
            Some(Argument::Pattern(pattern)) => Some(pattern),
            _ => None,
        }
    }

    /// What the lambda at `index` yields for `item`, which stands under or at `key`.
    ///
    /// The item itself if the lambda was left out.
    pub(super) fn apply(
        &mut self,
        index: usize,
        item: Value<'a>,
        key: Value<'a>,
    ) -> Result<Value<'a>, Exhausted> {
        match self.arguments.get(index) {
            Some(Argument::Lambda(2, body)) => self.evaluator.eval_with(body, [item, key]),
            Some(Argument::Lambda(_, body)) => self.evaluator.eval_with(body, [item]),
            _ => Ok(item),
        }
    }

    /// The elements of the list at `index`, or the values of the map, each with its key.
    pub(super) fn items(&self, index: usize) -> Vec<(Value<'a>, Value<'a>)> {
        match self.value(index) {
            Value::List(list) => {
                list.iter().enumerate().map(|(at, item)| (Value::from(at), item.clone())).collect()
            }
            Value::Map(map) => {
                map.iter().map(|(key, value)| (Value::from(key.clone()), value.clone())).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The elements of the list at `index`.
    pub(super) fn list(&self, index: usize) -> Vec<Value<'a>> {
        self.value(index).as_list().map(<[_]>::to_vec).unwrap_or_default()
    }

    /// Whether `item` is in `whole`: an element of a list, a part of a text, a key of a map.
    pub(super) fn contains(
        &mut self,
        whole: &Value<'a>,
        item: &Value<'a>,
    ) -> Result<bool, Exhausted> {
        self.evaluator.contains(whole, item)
    }

    /// Puts items in the order of their keys; those of equal keys stay as they were.
    pub(super) fn sort(&mut self, items: &mut [(Value<'a>, Value<'a>)]) -> Result<(), Exhausted> {
        self.evaluator.sort(items, false)
    }

    /// Pays for looking at all of `value`.
    pub(super) fn weigh(&mut self, value: &Value<'a>) -> Result<(), Exhausted> {
        self.evaluator.weigh(value)
    }

    /// Takes `count` steps: one for every element that is made.
    pub(super) fn step(&mut self, count: usize) -> Result<(), Exhausted> {
        self.evaluator.meter.step(count)
    }

    /// A text as a value, paid for by its length.
    pub(super) fn made(&mut self, text: String) -> Result<Value<'a>, Exhausted> {
        self.output(text.len())?;
        Ok(Value::from(text))
    }

    /// Pays for `bytes` bytes that are built.
    pub(super) fn output(&mut self, bytes: usize) -> Result<(), Exhausted> {
        self.evaluator.meter.output(bytes)
    }

    /// Bytes that may still be built.
    pub(super) fn output_left(&self) -> usize {
        self.evaluator.meter.output_left()
    }

    /// The instant of this evaluation.
    pub(super) fn now(&self) -> f64 {
        self.evaluator.source.now()
    }
}
