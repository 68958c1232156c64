//! Secrets that are expected while a listener is registered, and at no other time; and what has become of
//! them if that fails.

use http::Method;
use serde_json::Value;
use serde_json::json;
use tympan_server::secrets::Order;

use super::Failed;
use super::PATIENCE;
use super::ordered;
use crate::client::Server;
use crate::exit::Exit;
use crate::terminal;

/// For how many seconds a secret is expected: longer than any call takes.
const EXPECTED: u64 = 120;

/// Secrets that are expected until this goes away. Unless the registration is done by then, everything
/// that has come to be kept meanwhile is forgotten again.
pub(super) struct Armed<'s> {
    server: &'s Server,
    secrets: Vec<Secret>,
    is_done: bool,
}

/// A secret of the registration.
struct Secret {
    name: String,
    /// The values that it had before.
    before: Vec<u64>,
}

impl<'s> Armed<'s> {
    pub(super) fn new(server: &'s Server) -> Self {
        Self { server, secrets: Vec::new(), is_done: false }
    }

    /// Expects one value of a secret. What `holds` waits until somebody says which is good.
    pub(super) fn expect(&mut self, name: &str, holds: bool) -> Result<(), Failed> {
        self.watch(name)?;
        let order = json!({"name": name, "for": EXPECTED, "count": 1, "hold": holds});
        ordered(self.server, Order::Arm, &order).map(|_| ())
    }

    /// Remembers which values a secret has before it gets another.
    pub(super) fn watch(&mut self, name: &str) -> Result<(), Failed> {
        let before = ids(&self.known()?, name);
        self.secrets.push(Secret { name: name.to_owned(), before });
        Ok(())
    }

    /// Those that no handshake has brought yet.
    pub(super) fn still_expected(&self) -> Result<Vec<String>, Failed> {
        let known = self.known()?;
        let is_armed = |name: &&String| find(&known, name).is_some_and(|it| !it["armed"].is_null());
        Ok(self.names().filter(is_armed).cloned().collect())
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.secrets.iter().map(|secret| &secret.name)
    }

    /// Everything that is kept by now stays.
    pub(super) fn done(mut self) {
        self.is_done = true;
    }

    /// What the server knows of all secrets.
    fn known(&self) -> Result<Value, Failed> {
        let answer = self.server.ask(Method::GET, "/v1/secrets", PATIENCE);
        let answer = answer.map_err(|silent| (format!("error: {silent}"), Exit::Problems))?;
        Ok(answer.body)
    }

    /// Expects nothing any more, and forgets what has come to be kept unless that is meant. Gives the
    /// secrets of which it could not, and why: those after them are ended all the same.
    fn end(&self) -> Vec<(&str, String)> {
        let mut failed = Vec::new();
        let mut tried = |name, order, body: &Value| {
            if let Err((why, _)) = ordered(self.server, order, body) {
                failed.push((name, why));
            }
        };
        for Secret { name, .. } in &self.secrets {
            tried(name.as_str(), Order::Disarm, &json!({"name": name}));
        }
        if self.is_done {
            return failed;
        }
        match self.known() {
            Ok(known) => {
                for Secret { name, before } in &self.secrets {
                    for id in ids(&known, name).into_iter().filter(|id| !before.contains(id)) {
                        tried(name, Order::Forget, &json!({"name": name, "id": id}));
                    }
                }
            }
            Err((why, _)) => failed.extend(self.names().map(|name| (name.as_str(), why.clone()))),
        }
        failed
    }
}

impl Drop for Armed<'_> {
    fn drop(&mut self) {
        let failed = self.end();
        if failed.is_empty() {
            return;
        }
        let (mut names, mut told): (Vec<_>, Vec<_>) = failed.into_iter().unzip();
        names.sort_unstable();
        names.dedup();
        told.dedup();
        terminal::say(&format!(
            "{}\n{} may still be expected, or kept: `tympan secrets list` tells; `disarm` and \
             `forget` end it",
            told.join("\n"),
            names.join(", ")
        ));
    }
}

/// What is known of one secret.
fn find<'k>(known: &'k Value, name: &str) -> Option<&'k Value> {
    known["items"].as_array()?.iter().find(|item| item["name"] == *name)
}

/// The values of one secret, by their numbers.
fn ids(known: &Value, name: &str) -> Vec<u64> {
    let values = find(known, name).and_then(|item| item["values"].as_array());
    values.into_iter().flatten().filter_map(|value| value["id"].as_u64()).collect()
}
