//! What a request is known by when it comes again.

use tympan_expr::Value;

use super::Claim;
use super::Scope;
use super::decide::exhausted;
use crate::config::Deduplicate;
use crate::outcome::Outcome;
use crate::outcome::Reason;
use crate::outcome::Stop;

/// The key, if this request has it.
pub(super) fn claim(
    Deduplicate { key, window }: &Deduplicate,
    scope: &Scope<'_, '_>,
) -> Result<Option<Claim>, Stop> {
    let what = "deduplicate's key";
    let value = key.eval(scope).map_err(|bound| exhausted(what, bound))?;
    let found = value.type_name();
    match value {
        Value::Null => Ok(None),
        Value::Text(_) | Value::Number(_) | Value::Bool(_) => {
            Ok(value.to_text().map(|key| Claim { key: key.to_string(), window: *window }))
        }
        _ => Err(Stop::new(Outcome::Invalid, Reason::Misfit { what, found })),
    }
}
