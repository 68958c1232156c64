//! What the nodes that only the Data Mapper has yield.

use crate::bounds::Exhausted;
use crate::eval::Evaluator;
use crate::form::Each;
use crate::form::Entry;
use crate::form::Makes;
use crate::form::Mapper;
use crate::form::Node;
use crate::html;
use crate::value::Record;
use crate::value::Text;
use crate::value::Value;

impl<'a> Evaluator<'a, '_> {
    /// The value of `node`.
    pub(super) fn mapper(&mut self, node: &'a Mapper) -> Result<Value<'a>, Exhausted> {
        match node {
            Mapper::Each(each) => self.each(each),
            Mapper::Entry(slot, part) => Ok(self.part_of_entry(*slot, *part)),
            Mapper::Field(locals, key, otherwise) => {
                for slot in locals {
                    if let Value::Map(map) = self.local(*slot)
                        && let Some(value) = map.get(key)
                    {
                        return Ok(value.clone());
                    }
                }
                self.eval(otherwise)
            }
            Mapper::Join(nodes) => self.join(nodes),
            Mapper::Lookup(key, mapping, otherwise) => {
                let key = self.eval(key)?;
                self.weigh(&key)?;
                let found = key.to_text().and_then(|key| mapping.get(&*key));
                self.eval(found.unwrap_or(otherwise))
            }
            Mapper::Merge(list) => self.merge(list),
            Mapper::Section(value, body) => self.section(value, body),
            Mapper::StripHtml(node) => self.strip_html(node),
        }
    }

    fn each(&mut self, each: &'a Each) -> Result<Value<'a>, Exhausted> {
        let items = self.eval(&each.items)?;
        let descending = match &each.descending {
            Some(node) => self.eval(node)?.is_truthy(),
            None => false,
        };
        let length = match &items {
            Value::List(list) => list.len(),
            Value::Map(map) => map.len(),
            _ => return Ok(Value::Null),
        };
        let mut made = Vec::new();
        let mut keyed = Vec::new();
        for index in 0..length {
            self.meter.step(1)?;
            let (key, item) = entry(&items, index);
            let value = match &each.body {
                Some(body) => {
                    let counter =
                        if each.counts { counter(index, length, key) } else { Value::Null };
                    self.eval_with(body, [item.clone(), counter])?
                }
                None => item.clone(),
            };
            match each.makes {
                Makes::First if value.is_truthy() => return Ok(item),
                Makes::Filtered if value.is_truthy() => made.push(item),
                Makes::First | Makes::Filtered => {}
                Makes::Mapped => made.push(value),
                Makes::Sorted => keyed.push((value, item)),
            }
        }
        match each.makes {
            Makes::First => Ok(Value::Null),
            Makes::Filtered | Makes::Mapped => Ok(Value::from(made)),
            Makes::Sorted => {
                self.sort(&mut keyed, descending)?;
                Ok(keyed.into_iter().map(|(_, item)| item).collect())
            }
        }
    }

    fn part_of_entry(&self, slot: usize, part: Entry) -> Value<'a> {
        let item = self.local(slot);
        if let Value::Map(map) = &item
            && let Some(own) = map.get(part.name())
        {
            return own.clone();
        }
        match (self.local(slot + 1).get("key"), part) {
            // The loop goes through a list.
            (Value::Null, _) => Value::Null,
            (key, Entry::Key) => key,
            (_, Entry::Value) => item,
        }
    }

    fn join(&mut self, nodes: &'a [Node]) -> Result<Value<'a>, Exhausted> {
        let mut joined = String::new();
        for node in nodes {
            let value = self.eval(node)?;
            self.write(&value, &mut joined)?;
        }
        Ok(Value::from(joined))
    }

    /// Writes a value behind a text; pays for both.
    fn write(&mut self, value: &Value<'a>, to: &mut String) -> Result<(), Exhausted> {
        self.weigh(value)?;
        let Some(text) = value.to_text() else { return Ok(()) };
        self.meter.output(text.len())?;
        to.push_str(&text);
        Ok(())
    }

    fn merge(&mut self, list: &'a Node) -> Result<Value<'a>, Exhausted> {
        let Value::List(maps) = self.eval(list)? else { return Ok(Value::Null) };
        let mut merged = Record::default();
        for map in maps.iter().filter_map(Value::as_map) {
            self.meter.step(map.len())?;
            merged.extend(map.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
        Ok(Value::from(merged))
    }

    fn section(&mut self, value: &'a Node, body: &'a Node) -> Result<Value<'a>, Exhausted> {
        let value = self.eval(value)?;
        let mut written = String::new();
        match &value {
            Value::List(items) => {
                for item in items.iter() {
                    let text = self.eval_with(body, [item.clone()])?;
                    self.write(&text, &mut written)?;
                }
            }
            value if value.is_truthy() => return self.eval_with(body, [value.clone()]),
            _ => {}
        }
        Ok(Value::from(written))
    }

    fn strip_html(&mut self, node: &'a Node) -> Result<Value<'a>, Exhausted> {
        let value = self.eval(node)?;
        let text = match &value {
            Value::Text(text) => text.clone(),
            Value::Bytes(bytes) => match bytes.to_text() {
                Some(text) => text,
                None => return Ok(Value::Null),
            },
            _ => return Ok(Value::Null),
        };
        // Every byte goes through a machine of many states, and few of them are words.
        self.meter.step(text.len() / BYTES_OF_HTML_PER_STEP)?;
        let plain = html::to_text(&text);
        self.meter.output(plain.len())?;
        Ok(Value::from(plain))
    }
}

/// Bytes of HTML that are read for the price of one step.
const BYTES_OF_HTML_PER_STEP: usize = 32;

/// The item at `index` of a list or map, with its key if it has one.
fn entry<'a>(items: &Value<'a>, index: usize) -> (Value<'a>, Value<'a>) {
    match items {
        Value::List(list) => (Value::Null, list.get(index).cloned().into()),
        Value::Map(map) => {
            map.get_index(index).map_or((Value::Null, Value::Null), |(key, value)| {
                (Value::from(key.clone()), value.clone())
            })
        }
        _ => (Value::Null, Value::Null),
    }
}

/// What `loop` is.
fn counter(index: usize, length: usize, key: Value<'_>) -> Value<'_> {
    let entry = |name, value| (Text::Borrowed(name), value);
    Value::from(Record::from_iter([
        entry("index0", Value::from(index)),
        entry("index1", Value::from(index + 1)),
        entry("length", Value::from(length)),
        entry("key", key),
    ]))
}
