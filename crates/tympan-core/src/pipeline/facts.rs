//! A listener's own facts, as expressions read them.
//!
//! They are put together when somebody asks: hardly any listener does.

use tympan_expr::Number;
use tympan_expr::Text;
use tympan_expr::Value;

use super::Pipeline;
use crate::config::RateLimit;

/// What they are called.
pub(super) const NAMES: [&str; 4] = ["name", "path", "url", "rate"];

impl Pipeline {
    /// One of its facts, if there is such a one; `origin` is what providers call.
    pub(super) fn fact(&self, name: &str, origin: Option<&str>) -> Option<Value<'_>> {
        Some(match (name, origin) {
            ("name", _) => Value::Text(Text::from(self.name.as_str())),
            ("path", _) => Value::Text(Text::from(self.path.as_str())),
            ("url", Some(origin)) => Value::Text(Text::from(format!("{origin}{}", self.path))),
            ("rate", _) => Value::Number(Number::Int(a_minute(self.rate_limit?))),
            _ => return None,
        })
    }
}

/// As providers ask for it, and never more than is taken.
fn a_minute(RateLimit { requests, per }: RateLimit) -> i128 {
    let a_minute = requests as u128 * 60_000 / per.as_millis().max(1);
    i128::try_from(a_minute).unwrap_or(i128::MAX)
}
