//! Reading structured values: maps and lists of expressions, and the forms of the Data Mapper.

use std::collections::HashSet;

use tympan_expr::COUNTER;
use tympan_expr::Expression;
use tympan_expr::Local;
use tympan_expr::Makes;

use crate::config::Reader;
use crate::config::expression::is_variable;
use crate::config::fields::Fields;
use crate::config::forms::CONTEXT;
use crate::config::forms::FORMS;
use crate::config::forms::Form;
use crate::config::forms::Read;
use crate::diagnostic::Misform;
use crate::diagnostic::Problem;
use crate::roots::Place;
use crate::yaml::Entry;
use crate::yaml::Key;
use crate::yaml::Node;
use crate::yaml::Value;

/// How deep a structured value may be nested.
const MOST_DEPTH: usize = 32;

/// Where a value stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Within {
    place: Place,
    /// How many levels it may still have.
    depth: usize,
}

/// Something is wrong, and was told.
struct Told;

impl Reader<'_> {
    /// A value built of expressions: maps and lists of them, and forms, nested at will.
    pub(super) fn mapping(&mut self, place: Place, node: Node) -> Option<Expression> {
        self.nested(Within { place, depth: MOST_DEPTH }, node)
    }

    /// An expression or a form.
    pub(super) fn computed(&mut self, place: Place, node: Node) -> Option<Expression> {
        match &node.value {
            Value::Map(entries) if entries.iter().any(|entry| is_call(&entry.key.name)) => {
                self.mapping(place, node)
            }
            _ => self.expression(place, &node),
        }
    }

    fn nested(&mut self, within: Within, node: Node) -> Option<Expression> {
        let Some(depth) = within.depth.checked_sub(1) else { return self.too_deep(&node) };
        let inner = Within { depth, ..within };
        let entries = match node.value {
            Value::Map(entries) => entries,
            Value::List(items) => {
                // Every item is read, so that every mistake is found.
                let items = items.into_iter().map(|item| self.nested(inner, item));
                let items = items.collect::<Vec<_>>();
                return Some(Expression::list(items.into_iter().collect::<Option<_>>()?));
            }
            _ => return self.expression(within.place, &node),
        };
        if let [entry] = &entries[..]
            && entry.key.name == "jmespath"
        {
            return self.expression(within.place, &Node { value: Value::Map(entries), ..node });
        }
        if let Some(call) = entries.iter().find(|entry| is_call(&entry.key.name)) {
            let form = self.form_of(&call.key, entries.len())?;
            let entry = entries.into_iter().next()?;
            return self.form(inner, form, &entry.key, entry.node);
        }
        if let [Entry { key, .. }] = &entries[..]
            && let Some(form) = Form::find(&format!("{}()", key.name))
        {
            let misform = Misform::Bare { form: form.name() };
            self.report(key.span, Problem::Misform(misform));
        }
        let entries = self.in_depth(entries)?;
        self.values(inner, entries).map(Expression::object)
    }

    fn too_deep<T>(&mut self, node: &Node) -> Option<T> {
        let kind = tympan_expr::ErrorKind::TooDeep { limit: MOST_DEPTH };
        self.report(node.span, Problem::Expression(kind));
        None
    }

    /// The form that a key names, which has to be the only key of its map.
    fn form_of(&mut self, key: &Key, n_keys: usize) -> Option<&'static Form> {
        let Some(form) = Form::find(&key.name) else {
            let known = FORMS.iter().map(Form::name).collect();
            let misform = Misform::Unknown { name: key.name.clone(), known };
            self.report(key.span, Problem::Misform(misform));
            return None;
        };
        if n_keys > 1 {
            let misform = Misform::NotAlone { form: form.name() };
            self.report(key.span, Problem::Misform(misform));
            return None;
        }
        Some(form)
    }

    fn form(
        &mut self,
        within: Within,
        form: &'static Form,
        key: &Key,
        node: Node,
    ) -> Option<Expression> {
        match form.read {
            Read::Value(make) => self.nested(within, node).map(make),
            Read::Keys(read) => {
                let mut fields = self.fields(&form.section, key.span, node)?;
                let value = read(self, within, &mut fields);
                fields.end();
                value
            }
        }
    }

    /// The values of a map, with their keys as they are meant.
    fn values(&mut self, within: Within, entries: Vec<Entry>) -> Option<Vec<(String, Expression)>> {
        let mut known = HashSet::new();
        let values = entries.into_iter().map(|Entry { key, node }| {
            let name = unquoted(&key.name).unwrap_or(&key.name).to_owned();
            if !known.insert(name.clone()) {
                // The same in other quotes.
                self.report(key.span, Problem::DuplicateKey { key: name.clone() });
            }
            self.nested(within, node).map(|value| (name, value))
        });
        // Every field is read, so that every mistake is found.
        let values = values.collect::<Vec<_>>();
        values.into_iter().collect()
    }

    /// The entries of a map, where `a.b: x` means `a: {b: x}`.
    fn in_depth(&mut self, entries: Vec<Entry>) -> Option<Vec<Entry>> {
        if !entries.iter().any(|entry| is_path(&entry.key.name)) {
            return Some(entries);
        }
        let mut deep: Vec<Entry> = Vec::with_capacity(entries.len());
        let mut is_good = true;
        for Entry { key, node } in entries {
            let is_path = is_path(&key.name);
            let names = if is_path { key.name.split('.').collect() } else { vec![&*key.name] };
            if names.len() > MOST_DEPTH {
                self.too_deep::<()>(&Node { span: key.span, value: Value::Null });
                is_good = false;
            } else if !put(&mut deep, &names, &key, node) {
                self.report(key.span, Problem::DuplicateKey { key: key.name.clone() });
                is_good = false;
            }
        }
        is_good.then_some(deep)
    }

    /// What stands under a key that may be left out.
    fn optional(
        &mut self,
        within: Within,
        fields: &mut Fields,
        key: &'static str,
    ) -> Result<Option<Expression>, Told> {
        match fields.take(key) {
            Some((_, node)) => self.nested(within, node).map(Some).ok_or(Told),
            None => Ok(None),
        }
    }

    fn required(
        &mut self,
        within: Within,
        fields: &mut Fields,
        key: &'static str,
    ) -> Option<Expression> {
        let (_, node) = fields.require(self, key)?;
        self.nested(within, node)
    }

    /// Names and their values: `args`, `mapping` and the like.
    fn named(
        &mut self,
        within: Within,
        found: Option<(Key, Node)>,
    ) -> Option<Vec<(Key, Expression)>> {
        let Some((_, node)) = found else { return Some(Vec::new()) };
        let Value::Map(entries) = node.value else { return self.wrong_type(&node, "a map") };
        let values = entries
            .into_iter()
            .map(|Entry { key, node }| self.nested(within, node).map(|value| (key, value)));
        let values = values.collect::<Vec<_>>();
        values.into_iter().collect()
    }

    /// Names that can be read elsewhere in a form, and their values: nothing instead of those where
    /// one cannot be read, so that the rest is read with all names nevertheless.
    fn arguments(
        &mut self,
        within: Within,
        found: Option<(Key, Node)>,
        can_be_read: fn(&str) -> bool,
    ) -> (Vec<Local>, Option<Vec<Expression>>) {
        let mut locals = Vec::new();
        if let Some((_, Node { value: Value::Map(entries), .. })) = &found {
            for Entry { key, .. } in entries {
                if !can_be_read(&key.name) {
                    let misform = Misform::Argument { name: key.name.clone() };
                    self.report(key.span, Problem::Misform(misform));
                }
                locals.push(Local { name: key.name.clone(), is_entry: false, fields: &[] });
            }
        }
        let values = self.named(within, found);
        (locals, values.map(|values| values.into_iter().map(|(_, value)| value).collect()))
    }

    /// Reads with more names in sight.
    fn with_locals<T>(&mut self, locals: Vec<Local>, read: impl FnOnce(&mut Self) -> T) -> T {
        let height = self.locals.len();
        self.locals.extend(locals);
        let value = read(self);
        self.locals.truncate(height);
        value
    }

    /// The names of a loop: of the item, and of the counter.
    fn context(&mut self, context: Option<(Key, Node)>, is_entry: bool) -> Vec<Local> {
        let (mut item, mut counter) = ("item".to_owned(), "loop".to_owned());
        let fields = context.and_then(|(key, node)| self.fields(&CONTEXT, key.span, node));
        if let Some(mut fields) = fields {
            for (name, renamed) in [("item", &mut item), ("loop", &mut counter)] {
                let found = fields.take(name);
                let Some((node, text)) =
                    found.and_then(|(_, node)| Some((node.span, self.text(&node)?)))
                else {
                    continue;
                };
                if !is_variable(&text) {
                    let misform = Misform::Argument { name: text.clone() };
                    self.report(node, Problem::Misform(misform));
                }
                *renamed = text;
            }
            fields.end();
        }
        vec![
            Local { name: item, is_entry, fields: &[] },
            Local { name: counter, is_entry: false, fields: COUNTER },
        ]
    }
}

pub(super) fn eval(
    reader: &mut Reader<'_>,
    within: Within,
    fields: &mut Fields,
) -> Option<Expression> {
    let arguments = fields.take("args");
    let (locals, values) = reader.arguments(within, arguments, is_variable);
    let (_, node) = fields.require(reader, "expression")?;
    let body = reader.with_locals(locals, |reader| reader.expression(within.place, &node));
    Some(Expression::with(values?, body?))
}

/// `MAP()`, `SORT()`, `FILTER()` and `COALESCE()`; `body` is the key of what is computed for
/// every item.
pub(super) fn each(
    reader: &mut Reader<'_>,
    within: Within,
    fields: &mut Fields,
    makes: Makes,
    body: &'static str,
) -> Option<Expression> {
    let context = fields.take("context");
    let locals = reader.context(context, makes == Makes::Mapped);
    let items = reader.required(within, fields, "items");
    let descending = match makes {
        Makes::Sorted => reader.optional(within, fields, "desc"),
        _ => Ok(None),
    };
    let is_required = matches!(makes, Makes::Mapped | Makes::Sorted);
    let body = reader.with_locals(locals, |reader| {
        if is_required {
            reader.required(within, fields, body).map(Some).ok_or(Told)
        } else {
            reader.optional(within, fields, body)
        }
    });
    Some(Expression::each(makes, items?, body.ok()?, descending.ok()?))
}

pub(super) fn conditional(
    reader: &mut Reader<'_>,
    within: Within,
    fields: &mut Fields,
) -> Option<Expression> {
    let context = fields.take("context");
    let (locals, values) = reader.arguments(within, context, is_variable);
    let decided = reader.with_locals(locals, |reader| {
        let condition = reader.required(within, fields, "condition");
        let on_pass = reader.optional(within, fields, "on_pass");
        let on_fail = reader.optional(within, fields, "on_fail");
        Some(Expression::conditional(condition?, on_pass.ok()?, on_fail.ok()?))
    });
    Some(Expression::with(values?, decided?))
}

pub(super) fn lookup(
    reader: &mut Reader<'_>,
    within: Within,
    fields: &mut Fields,
) -> Option<Expression> {
    let key = reader.required(within, fields, "key");
    let mapping = fields.require(reader, "mapping");
    let mapping = mapping.and_then(|found| reader.named(within, Some(found)));
    let default = reader.optional(within, fields, "default");
    let mapping = mapping?.into_iter().map(|(key, value)| (key.name, value)).collect();
    Some(Expression::lookup(key?, mapping, default.ok()?))
}

pub(super) fn concat(
    reader: &mut Reader<'_>,
    within: Within,
    fields: &mut Fields,
) -> Option<Expression> {
    let items = reader.required(within, fields, "items");
    let separator = match fields.take("separator") {
        Some((_, node)) => reader.text(&node)?,
        None => String::new(),
    };
    Some(Expression::concat(items?, separator))
}

pub(super) fn render(
    reader: &mut Reader<'_>,
    within: Within,
    fields: &mut Fields,
) -> Option<Expression> {
    let arguments = fields.take("args");
    let (locals, values) = reader.arguments(within, arguments, is_tag);
    let (_, node) = fields.require(reader, "template")?;
    let text = reader.text(&node)?;
    let body = reader.with_locals(locals, |reader| {
        reader
            .compile_with(within.place, &node, |vocabulary| Expression::template(&text, vocabulary))
    });
    Some(Expression::with(values?, body?))
}

/// Puts a node under a path of names; false where something else stands in its way.
fn put(entries: &mut Vec<Entry>, names: &[&str], key: &Key, node: Node) -> bool {
    let Some((name, rest)) = names.split_first() else { return false };
    let known = entries.iter_mut().find(|entry| entry.key.name == **name);
    match (known, rest) {
        (None, []) => {
            let key = Key { name: (*name).to_owned(), span: key.span };
            entries.push(Entry { key, node });
            true
        }
        (None, _) => {
            let mut inner = Vec::with_capacity(1);
            let is_put = put(&mut inner, rest, key, node);
            let map = Node { span: key.span, value: Value::Map(inner) };
            let key = Key { name: (*name).to_owned(), span: key.span };
            entries.push(Entry { key, node: map });
            is_put
        }
        (Some(Entry { node: Node { value: Value::Map(known), .. }, .. }), []) => match node.value {
            Value::Map(more) => {
                more.into_iter().all(|Entry { key, node }| put(known, &[&key.name], &key, node))
            }
            _ => false,
        },
        (Some(Entry { node: Node { value: Value::Map(known), .. }, .. }), rest) => {
            put(known, rest, key, node)
        }
        (Some(_), _) => false,
    }
}

/// Whether a key is written like the name of a form.
fn is_call(key: &str) -> bool {
    key.ends_with("()")
}

/// Whether a key is a path to a field of a field: names with dots between them.
fn is_path(key: &str) -> bool {
    let is_name = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
    };
    key.contains('.') && key.split('.').all(is_name)
}

/// The keys that a key becomes: what its quotes hold, or the names of its path.
pub(super) fn key_names(key: &str) -> impl Iterator<Item = &str> {
    let (whole, path) = match unquoted(key) {
        Some(inner) => (Some(inner), None),
        None if is_path(key) => (None, Some(key.split('.'))),
        None => (Some(key), None),
    };
    whole.into_iter().chain(path.into_iter().flatten())
}

/// Whether a tag of a template can name it.
fn is_tag(name: &str) -> bool {
    !name.is_empty()
        && !name.contains(|char: char| char.is_whitespace() || ".[](){}\"'".contains(char))
}

/// A key that stands in quotes within its YAML text means what is between them, dots and
/// parentheses included.
pub(super) fn unquoted(key: &str) -> Option<&str> {
    let quote = key.chars().next().filter(|quote| ['"', '\''].contains(quote))?;
    let inner = key.strip_prefix(quote)?.strip_suffix(quote)?;
    (!inner.contains(quote)).then_some(inner)
}
