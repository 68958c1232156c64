//! Reading `timestamp:`: when something was signed.

use std::time::Duration;

use tympan_expr::Expression;

use super::WRITTEN;
use crate::config::Reader;
use crate::config::fields::Fields;
use crate::config::keys;
use crate::diagnostic::Problem;
use crate::diagnostic::Proving;
use crate::roots::Place;
use crate::scheme::Format;
use crate::scheme::Timestamp;
use crate::scheme::Unit;
use crate::yaml::Node;

/// A tolerance above this many seconds is warned about.
const LONG_TOLERANCE: u64 = 900;

/// Where the timestamp of a signature is, and how it is judged.
#[derive(Clone, Debug)]
pub struct SignedAt {
    /// Where it is; `None` if the signature's format holds it.
    pub value: Option<Expression>,
    /// How it is judged.
    pub scheme: Timestamp,
}

impl Reader<'_> {
    pub(super) fn signed_at(
        &mut self,
        fields: &mut Fields,
        place: Place,
        format: Option<&Format>,
    ) -> Option<SignedAt> {
        let in_format = format.is_some_and(Format::holds_timestamp);
        let Some((key, node)) = fields.take("timestamp") else {
            if in_format {
                // A scheme that sends a timestamp means it to be judged.
                let scheme = Timestamp { unit: Unit::Seconds, tolerance: Duration::from_mins(5) };
                return Some(SignedAt { value: None, scheme });
            }
            return None;
        };
        let mut fields = self.fields(&keys::TIMESTAMP, key.span, node)?;
        let value_at = fields.place("value");
        let value = fields.take("value");
        let mut missing = false;
        match (value_at, in_format) {
            (Some(at), true) => {
                let problem = Problem::KeyConflict { key: "value", with: "format" };
                self.report(at, problem);
            }
            (None, false) => {
                missing = true;
                let example = keys::TIMESTAMP.key("value").map_or("", |key| key.example);
                let section = keys::TIMESTAMP.name;
                self.report(fields.at(), Problem::MissingKey { key: "value", section, example });
            }
            _ => {}
        }
        let value = value.and_then(|(_, node)| {
            let value = self.expression(place, &node)?;
            self.check_type(node.span, &value, WRITTEN, "a text");
            Some(value)
        });
        let unit = match fields.take("unit") {
            Some((_, node)) => self.choice(&node, Unit::WORDS).and_then(Unit::read),
            None => Some(Unit::Seconds),
        };
        let tolerance = match fields.take("tolerance") {
            Some((_, node)) => self.tolerance(&node),
            None => Some(Duration::from_mins(5)),
        };
        fields.end();
        if missing {
            return None;
        }
        Some(SignedAt { value, scheme: Timestamp { unit: unit?, tolerance: tolerance? } })
    }

    fn tolerance(&mut self, node: &Node) -> Option<Duration> {
        let tolerance = self.timeout(node)?;
        let seconds = tolerance.as_secs();
        if seconds > LONG_TOLERANCE {
            self.report(node.span, Problem::Proving(Proving::Tolerance { seconds }));
        }
        Some(tolerance)
    }
}
