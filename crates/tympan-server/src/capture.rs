//! What becomes of a secret that a handshake brings: stored, then known to every request that follows.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::SystemTime;

use tokio::sync::mpsc;
use tokio::sync::oneshot;
use tympan_core::pipeline::Capture;
use tympan_core::pipeline::Captured;

use crate::captured::Store;
use crate::captured::Taken;
use crate::reload::Command;

/// Takes the secrets of handshakes for as long as the process lives.
#[derive(Debug)]
pub(crate) struct Captures {
    /// The task that makes keys of secrets.
    commands: mpsc::Sender<Command>,
    /// How many were refused, by secret.
    refused: Mutex<HashMap<String, u64>>,
}

impl Captures {
    pub(crate) fn new(commands: mpsc::Sender<Command>) -> Self {
        Self { commands, refused: Mutex::default() }
    }

    /// Stores what a handshake brings, if it is expected. It verifies from the next request on.
    pub(crate) async fn take(self: &Arc<Self>, store: Store, captures: Vec<Capture>) -> Captured {
        let this = Arc::clone(self);
        let secret = captures.first().map(|it| it.secret.clone()).unwrap_or_default();
        // In a task of its own: a provider that hangs up must not leave a secret that nobody knows.
        let taken = tokio::spawn(async move { this.take_here(store, captures).await });
        taken.await.unwrap_or_else(|error| Captured::Failed { secret, why: error.to_string() })
    }

    async fn take_here(&self, store: Store, captures: Vec<Capture>) -> Captured {
        let names: Vec<_> = captures.iter().map(|capture| capture.secret.clone()).collect();
        let secret = names.join(", ");
        let stored = move || store.capture(&captures, SystemTime::now());
        let failed = |error: &dyn Display| Captured::Failed {
            secret: secret.clone(),
            why: error.to_string(),
        };
        match tokio::task::spawn_blocking(stored).await {
            Ok(Ok(Taken::Kept)) => {
                self.renew().await;
                tracing::info!(secret, "a handshake has brought a secret");
                Captured::Stored
            }
            Ok(Ok(Taken::Held)) => Captured::Stored,
            Ok(Ok(Taken::NotArmed { secret })) => {
                let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
                *refused.entry(secret.clone()).or_default() += 1;
                Captured::NotArmed { secret }
            }
            Ok(Err(error)) => failed(&error),
            Err(error) => failed(&error),
        }
    }

    /// How many handshakes were refused that brought this secret.
    pub(crate) fn refused(&self, secret: &str) -> u64 {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.get(secret).copied().unwrap_or_default()
    }

    /// Makes keys of all secrets as they are now, without compiling anything, and waits for it.
    pub(crate) async fn renew(&self) {
        let (reply, done) = oneshot::channel();
        if self.commands.send(Command::Renew { reply }).await.is_ok() {
            // Whoever ends while it is waited for has no more requests either.
            let _ = done.await;
        }
    }
}
