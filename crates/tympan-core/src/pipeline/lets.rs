//! What the names of `let` stand for.

use tympan_expr::Value;

use super::Fact;
use super::Pipeline;
use super::Scope;
use super::decide::exhausted;
use crate::outcome::Stop;

/// The values of `let`, each of which may read those before it.
pub(super) fn lets<'a>(
    pipeline: &'a Pipeline,
    scope: &Scope<'a, '_>,
) -> Result<Vec<Value<'a>>, Stop> {
    let mut lets = Vec::with_capacity(pipeline.lets.len());
    for (index, value) in pipeline.lets.iter().enumerate() {
        let scope = Scope { lets: &lets, ..scope.clone() };
        let value = match value {
            Some(value) => {
                let value = value.eval(&scope).map_err(|bound| exhausted("let", bound))?;
                scope.tell(|| Fact::Let { index, value: &value });
                value
            }
            None => Value::Null,
        };
        lets.push(value);
    }
    Ok(lets)
}
