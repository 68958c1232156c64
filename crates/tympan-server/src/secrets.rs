//! What can be asked and ordered of secrets: everything but their values. By a running server, or on
//! its state folder when none runs.

use std::fmt;
use std::io;
use std::path::Path;
use std::time::Duration;
use std::time::SystemTime;

use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use tympan_core::config::Reference;
use tympan_core::config::SecretRefs;
use tympan_core::secret::Secret;

use crate::captured::Armed;
use crate::captured::Facts;
use crate::captured::Store;
use crate::clock;
use crate::generated;

/// What is ordered of one captured secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Expect values.
    Arm,
    /// Expect none.
    Disarm,
    /// Forget one, or all.
    Forget,
    /// Add one by hand.
    Rotate,
    /// Set one in the place of all.
    Set,
    /// Keep the held one that is this.
    Settle,
}

/// Why something ordered is not done.
#[derive(Debug)]
pub enum Refused {
    /// What is ordered makes no sense.
    Bad(String),
    /// There is no such secret.
    Unknown(String),
    /// It is not one of which that can be ordered now.
    Conflict(String),
    /// The folder cannot be read or written.
    Broken(io::Error),
}

/// The secrets of a configuration, and what handshakes have brought of them.
pub struct Secrets<'s> {
    /// Where each is found.
    pub written: &'s [SecretRefs],
    /// The captured ones.
    pub store: &'s Store,
    /// How many handshakes were refused that brought one.
    pub refused: &'s dyn Fn(&str) -> u64,
}

/// For how long a secret is expected unless somebody says otherwise.
const USUAL: u64 = 600;

impl Order {
    /// The route that does it.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Arm => "/v1/secrets/arm",
            Self::Disarm => "/v1/secrets/disarm",
            Self::Forget => "/v1/secrets/forget",
            Self::Rotate => "/v1/secrets/rotate",
            Self::Set => "/v1/secrets/set",
            Self::Settle => "/v1/secrets/settle",
        }
    }
}

impl Secrets<'_> {
    /// Every secret, in the order of the file.
    ///
    /// # Errors
    ///
    /// Why the folder cannot be read.
    pub fn list(&self) -> io::Result<Value> {
        let written = self.written.iter().filter(|secret| !is_own(secret));
        let items: Vec<_> =
            written.map(|secret| self.describe(secret)).collect::<Result<_, _>>()?;
        Ok(json!({"items": items}))
    }

    /// Does what is ordered, and describes the secret as it is then.
    ///
    /// # Errors
    ///
    /// Why it is not done.
    pub fn obey(&self, order: Order, body: &Map<String, Value>) -> Result<Value, Refused> {
        let text = |name: &str| {
            let found = body.get(name).and_then(Value::as_str);
            found.ok_or_else(|| Refused::Bad(format!("the body has to hold `{name}`, a text")))
        };
        let number = |name: &str| said(body, name, "a whole number", Value::as_u64);
        let name = text("name")?;
        let secret = self.written.iter().find(|secret| secret.name == name && !is_own(secret));
        let Some(secret) = secret else {
            return Err(Refused::Unknown(format!("there is no secret {name}")));
        };
        let Some(most) = secret.captures() else {
            let why = format!("the secret {name} is not captured: its value is found elsewhere");
            return Err(Refused::Conflict(why));
        };
        let mut matched = None;
        match order {
            Order::Arm => {
                let left = number("count")?.map_or(Ok(1), usize::try_from).unwrap_or(usize::MAX);
                let seconds = number("for")?.unwrap_or(USUAL);
                let holds = said(body, "hold", "true or false", Value::as_bool)?;
                let holds = holds.unwrap_or_default();
                if left == 0 || seconds == 0 {
                    return Err(Refused::Bad("`count` and `for` are 1 at least".to_owned()));
                }
                self.has_room(name, left, most)?;
                let until = SystemTime::now().checked_add(Duration::from_secs(seconds));
                let until = until.ok_or_else(|| Refused::Bad("`for` is too long".to_owned()))?;
                self.store.arm(name, Armed { until, left, holds })?;
                tracing::info!(secret = name, seconds, count = left, "a secret is expected");
            }
            Order::Disarm => {
                self.store.disarm(name)?;
                tracing::info!(secret = name, "a secret is no longer expected");
            }
            Order::Forget => {
                let count = self.store.forget(name, number("id")?)?;
                tracing::info!(secret = name, count, "values of a secret are forgotten");
            }
            Order::Settle => {
                matched = Some(self.store.settle(name, text("value")?.as_bytes())?);
                tracing::info!(secret = name, matched, "what handshakes brought is settled");
            }
            Order::Set | Order::Rotate => {
                let value = Secret::new(text("value")?.as_bytes().to_vec(), "the value");
                let value = value.map_err(|empty| Refused::Bad(empty.to_string()))?;
                if order == Order::Set {
                    self.store.set(name, &value)?;
                } else {
                    self.has_room(name, 1, most)?;
                    self.store.add(name, &value)?;
                }
                tracing::info!(secret = name, "a secret is set by hand");
            }
        }
        let mut described = self.describe(secret)?;
        if let Some(matched) = matched {
            described["matched"] = matched.into();
        }
        Ok(described)
    }

    fn has_room(&self, name: &str, new: usize, most: usize) -> Result<(), Refused> {
        let known = self.store.facts(name, SystemTime::now())?.values.len();
        if known.saturating_add(new) <= most {
            return Ok(());
        }
        let why =
            format!("the secret {name} has {known} values and `most` is {most}: forget one first");
        Err(Refused::Conflict(why))
    }

    fn describe(&self, secret: &SecretRefs) -> io::Result<Value> {
        let captures = secret.captures().is_some();
        let now = SystemTime::now();
        let facts = if captures { self.store.facts(&secret.name, now)? } else { Facts::default() };
        let values =
            facts.values.iter().map(|kept| json!({"id": kept.id, "at": clock::written(kept.at)}));
        let armed = facts.armed.map(|Armed { until, left, holds }| {
            json!({"until": clock::written(until), "count": left, "hold": holds})
        });
        let places = secret.references.iter().filter_map(place);
        Ok(json!({
            "name": secret.name,
            "places": places.collect::<Vec<_>>(),
            "captured": captures,
            "values": values.collect::<Vec<_>>(),
            "armed": armed,
            "refused": (self.refused)(&secret.name),
            "matched": null,
        }))
    }
}

/// Writes a secret file in the place of what is there, so that only its owner can read it.
///
/// # Errors
///
/// Why it cannot be written. Then what was there still is.
pub fn write(path: &Path, value: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    generated::replace(folder.unwrap_or(Path::new(".")), path, value)
}

/// What a member of an order says, if it is there. One of a wrong type says something else than was
/// meant, and never nothing: who names one value by a text does not mean all.
fn said<'b, T>(
    body: &'b Map<String, Value>,
    name: &str,
    what: &str,
    read: impl FnOnce(&'b Value) -> Option<T>,
) -> Result<Option<T>, Refused> {
    let Some(value) = body.get(name) else { return Ok(None) };
    let read = read(value);
    read.map(Some).ok_or_else(|| Refused::Bad(format!("`{name}` has to be {what}")))
}

/// Where a value is found, in a few words.
fn place(reference: &Reference) -> Option<String> {
    match reference {
        Reference::Env(variable) => Some(format!("env {variable}")),
        Reference::File(file) => Some(format!("file {file}")),
        Reference::Captured { .. } => Some("captured".to_owned()),
        Reference::Generated(_) => None,
    }
}

/// Whether it is one that we have made for ourselves.
fn is_own(secret: &SecretRefs) -> bool {
    secret.references.iter().all(|reference| matches!(reference, Reference::Generated(_)))
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Broken(error)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bad(why) | Self::Unknown(why) | Self::Conflict(why) => f.write_str(why),
            Self::Broken(error) => write!(f, "the state folder cannot be used: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tympan_core::config::Reference;
    use tympan_core::config::SecretRefs;

    use super::Order;
    use super::Refused;
    use super::Secrets;
    use crate::captured::Store;

    #[test]
    fn a_member_of_a_wrong_type_says_something_else_than_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path());
        let captured = Reference::Captured { secret: "a".to_owned(), most: 3 };
        let name = "a".to_owned();
        let written =
            [SecretRefs { name, references: vec![captured], serves: true, ..Default::default() }];
        let secrets = Secrets { written: &written, store: &store, refused: &|_| 0 };
        let obey = |order, body: serde_json::Value| secrets.obey(order, body.as_object().unwrap());
        for value in ["1", "2"] {
            obey(Order::Rotate, json!({"name": "a", "value": value})).unwrap();
        }
        for (order, body) in [
            (Order::Forget, json!({"name": "a", "id": "1"})),
            (Order::Forget, json!({"name": "a", "id": null})),
            (Order::Forget, json!({"name": "a", "id": 1.5})),
            (Order::Arm, json!({"name": "a", "hold": "true"})),
            (Order::Arm, json!({"name": "a", "hold": null})),
            (Order::Arm, json!({"name": "a", "count": "1"})),
            (Order::Arm, json!({"name": "a", "for": -1})),
        ] {
            let refused = obey(order, body.clone());
            assert!(matches!(refused, Err(Refused::Bad(_))), "{body}: {refused:?}");
        }
        let left = obey(Order::Forget, json!({"name": "a", "id": 1})).unwrap();
        assert_eq!((left["values"][0]["id"].as_u64(), &left["armed"]), (Some(2), &json!(null)));
    }
}
