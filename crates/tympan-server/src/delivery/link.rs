//! A connection to a server: made when it is first wanted, shared, and made anew once it broke.

use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use super::Failure;

/// How long a connection may take to be made, with everything that is said before it can be used.
const PATIENCE: Duration = Duration::from_secs(5);

/// A connection, or none yet.
pub(super) struct Link<C> {
    /// The destination.
    name: Arc<str>,
    state: Mutex<State<C>>,
    /// Whoever makes the next one.
    connecting: tokio::sync::Mutex<()>,
}

struct State<C> {
    open: Option<C>,
    /// How many there were, this one included.
    number: u64,
    /// How often none could be made, and why the last time.
    n_failed: u64,
    why: String,
    /// Whether it was told that there is none.
    is_told: bool,
}

/// A connection for one delivery. Unless that ends well, the next one makes another: what became of
/// this is not known.
pub(super) struct Lent<'l, C> {
    pub(super) connection: C,
    link: &'l Link<C>,
    number: u64,
    is_fine: bool,
}

impl<C: Clone> Link<C> {
    pub(super) fn new(name: &str) -> Self {
        let why = String::new();
        let state = State { open: None, number: 0, n_failed: 0, why, is_told: false };
        Self {
            name: name.into(),
            state: Mutex::new(state),
            connecting: tokio::sync::Mutex::default(),
        }
    }

    /// The connection, which is made if there is none: by one of all who want it, whose failure is
    /// that of all who have waited for it.
    pub(super) async fn get(
        &self,
        connect: impl Future<Output = Result<C, String>>,
    ) -> Result<Lent<'_, C>, Failure> {
        if let Some(lent) = self.lend() {
            return Ok(lent);
        }
        let n_failed = self.state().n_failed;
        let _turn = self.connecting.lock().await;
        // Who went before may have made one, or failed to.
        if let Some(lent) = self.lend() {
            return Ok(lent);
        }
        if let Some(why) = self.failed_since(n_failed) {
            return Err(Failure::passing(why));
        }
        let destination = &*self.name;
        let made = tokio::time::timeout(PATIENCE, connect).await;
        match made.unwrap_or_else(|_| Err(format!("no connection within {PATIENCE:?}"))) {
            Ok(connection) => {
                tracing::info!(destination, "connected");
                let mut state = self.state();
                state.number += 1;
                state.open = Some(connection.clone());
                state.is_told = false;
                let number = state.number;
                Ok(Lent { connection, link: self, number, is_fine: false })
            }
            Err(why) => {
                let mut state = self.state();
                state.n_failed += 1;
                state.why.clone_from(&why);
                if !std::mem::replace(&mut state.is_told, true) {
                    tracing::warn!(destination, why, "no connection");
                }
                Err(Failure::passing(why))
            }
        }
    }

    fn lend(&self) -> Option<Lent<'_, C>> {
        let state = self.state();
        let connection = state.open.clone()?;
        Some(Lent { connection, link: self, number: state.number, is_fine: false })
    }

    /// Why none could be made, if that happened since there were so many failures.
    fn failed_since(&self, n_failed: u64) -> Option<String> {
        let state = self.state();
        (state.n_failed != n_failed).then(|| state.why.clone())
    }

    fn state(&self) -> MutexGuard<'_, State<C>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C> Lent<'_, C> {
    /// The connection can be used again.
    pub(super) fn keep(mut self) {
        self.is_fine = true;
    }
}

impl<C> Drop for Lent<'_, C> {
    fn drop(&mut self) {
        if self.is_fine {
            return;
        }
        let mut state = self.link.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.number == self.number && state.open.take().is_some() {
            let destination = &*self.link.name;
            tracing::warn!(destination, "the connection is given up");
        }
    }
}

impl<C> fmt::Debug for Link<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::Link;

    #[tokio::test]
    async fn one_connection_until_it_breaks() {
        let link = Link::new("a");
        let made = Cell::new(0);
        let connect = async || {
            made.set(made.get() + 1);
            Ok(made.get())
        };
        for _ in 0..3 {
            let lent = link.get(connect()).await.unwrap();
            assert_eq!(lent.connection, 1);
            lent.keep();
        }
        let (first, second) =
            (link.get(connect()).await.unwrap(), link.get(connect()).await.unwrap());
        drop(first);
        let third = link.get(connect()).await.unwrap();
        assert_eq!((second.connection, third.connection), (1, 2));
        // Who fails with the old one says nothing about the new one.
        drop(second);
        third.keep();
        assert_eq!(link.get(connect()).await.unwrap().connection, 2);
    }

    #[tokio::test]
    async fn why_there_is_none_is_told_to_who_wanted_it() {
        let link: Link<()> = Link::new("a");
        let refused = link.get(async { Err("nobody answers".to_owned()) }).await;
        assert_eq!(refused.err().unwrap().why, "nobody answers");
        assert!(link.get(async { Ok(()) }).await.is_ok());
    }

    #[tokio::test]
    async fn who_waits_for_one_that_fails_fails_with_it() {
        let link: Link<()> = Link::new("a");
        let made = Cell::new(0);
        let connect = async || {
            made.set(made.get() + 1);
            tokio::task::yield_now().await;
            Err(format!("refused {} times", made.get()))
        };
        let both = tokio::join!(link.get(connect()), link.get(connect()));
        let whys = [both.0.err().unwrap().why, both.1.err().unwrap().why];
        assert_eq!(whys, ["refused 1 times", "refused 1 times"]);
        // Who comes later tries anew.
        assert_eq!(link.get(connect()).await.err().unwrap().why, "refused 2 times");
    }
}
