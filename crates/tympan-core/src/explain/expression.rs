//! What the parts of an expression yield.

use tympan_expr::Expression;

use super::Detail;
use super::look::Look;
use super::shown;
use super::written::Text;
use crate::config::forms::Form;
use crate::escape::escaped;
use crate::pipeline::Scope;
use crate::roots;
use crate::roots::Place;
use crate::yaml::Entry;
use crate::yaml::Node;
use crate::yaml::Value;

/// How many characters of the name of a field are shown.
const MOST_CHARACTERS: usize = 80;

/// An expression and every part of it with its value, in the order in which they are written.
pub(super) fn details(
    look: &Look<'_>,
    Text { dialect, text }: Text<'_>,
    place: Place,
    scope: &Scope<'_, '_>,
) -> Vec<Detail> {
    let vocabulary = roots::vocabulary(place, look.lets());
    let Ok(whole) = Expression::compile(dialect, text, &vocabulary) else { return Vec::new() };
    let shown = |expression: &Expression| match expression.eval(scope) {
        Ok(value) => look.shown().value(&value),
        Err(bound) => format!("out of its bound of {bound}"),
    };
    let mut details = vec![Detail::Value(shown::source(text), shown(&whole.expression))];
    details.extend(tympan_expr::parts(dialect, text, &vocabulary).iter().map(|part| {
        let written = text.get(part.range.clone()).unwrap_or_default();
        Detail::Value(shown::source(written), shown(&part.expression))
    }));
    details
}

/// Every expression that a structured value is built of, each with the name of its field. Those that
/// depend on names which a form brings along have no value of their own, and are left out.
pub(super) fn fields(
    look: &Look<'_>,
    name: &str,
    node: &Node,
    place: Place,
    scope: &Scope<'_, '_>,
) -> Vec<Detail> {
    if let Some(text) = look.written.text(node) {
        let mut details = details(look, text, place, scope);
        if let Some(Detail::Value(whole, _)) = details.first_mut() {
            *whole = format!("{}: {whole}", escaped(name, MOST_CHARACTERS));
        }
        return details;
    }
    match &node.value {
        Value::Map(entries) => {
            let form = name.rsplit('.').next().and_then(Form::find);
            let is_written = |key: &str| entries.iter().any(|it| it.key.name == key);
            let below = |it: &Entry| format!("{name}.{}", it.key.name);
            entries
                .iter()
                .filter(|it| !form.is_some_and(|form| form.brings_names(&it.key.name, is_written)))
                .flat_map(|it| fields(look, &below(it), &it.node, place, scope))
                .collect()
        }
        Value::List(items) => {
            let numbered = items.iter().enumerate();
            let fields = numbered
                .map(|(index, it)| fields(look, &format!("{name}[{index}]"), it, place, scope));
            fields.flatten().collect()
        }
        _ => Vec::new(),
    }
}
