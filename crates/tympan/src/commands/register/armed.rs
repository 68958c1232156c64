//! Secrets that are expected while a listener is registered, and at no other time.

use http::Method;
use serde_json::json;
use tympan_server::secrets::Order;

use super::Failed;
use super::PATIENCE;
use super::ordered;
use crate::client::Server;
use crate::exit::Exit;
use crate::terminal;

/// For how many seconds a secret is expected: longer than any call takes.
pub(super) const EXPECTED: u64 = 120;

/// Secrets that are expected until this goes away, whatever fails.
pub(super) struct Armed<'s> {
    pub(super) server: &'s Server,
    pub(super) secrets: Vec<String>,
}

impl Armed<'_> {
    /// Those that no handshake has brought yet.
    pub(super) fn still_expected(&self) -> Result<Vec<String>, Failed> {
        let answer = self.server.ask(Method::GET, "/v1/secrets", PATIENCE);
        let answer = answer.map_err(|silent| (format!("error: {silent}"), Exit::Problems))?;
        let items = answer.body["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        let is_armed = |name: &&String| {
            items.iter().any(|item| item["name"] == **name && !item["armed"].is_null())
        };
        Ok(self.secrets.iter().filter(is_armed).cloned().collect())
    }
}

impl Drop for Armed<'_> {
    fn drop(&mut self) {
        for secret in &self.secrets {
            if let Err((why, _)) = ordered(self.server, Order::Disarm, &json!({"name": secret})) {
                terminal::say(&format!("{why}\n`tympan secrets disarm {secret}` tries again"));
            }
        }
    }
}
