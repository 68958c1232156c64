//! What the parts of an expression yield.

use tympan_expr::Expression;

use super::Detail;
use super::look::Look;
use super::shown;
use super::written::Text;
use crate::pipeline::Scope;
use crate::roots;
use crate::roots::Place;

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
