//! Whether a condition of a verified request holds.

use tympan_expr::Exhausted;
use tympan_expr::Expression;

use super::Scope;
use crate::outcome::Outcome;
use crate::outcome::Reason;
use crate::outcome::Stop;

pub(super) fn decide(
    expression: &Expression,
    scope: &Scope<'_, '_>,
    what: &'static str,
) -> Result<bool, Stop> {
    let value = expression.eval(scope).map_err(|bound| exhausted(what, bound))?;
    Ok(value.is_truthy())
}

pub(super) fn exhausted(what: &'static str, bound: Exhausted) -> Stop {
    Stop::new(Outcome::Invalid, Reason::Exhausted { what, bound })
}
