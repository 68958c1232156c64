//! How many connections may be open, and when none is.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use tokio::sync::Notify;

/// Counts open connections, against a limit that a reload may change while they are.
#[derive(Debug)]
pub(crate) struct Gate {
    limit: AtomicUsize,
    open: AtomicUsize,
    /// Told when there may be room again.
    room: Notify,
    /// Told when the last one ends.
    empty: Notify,
}

/// A connection that is counted until this is dropped.
#[derive(Debug)]
pub(crate) struct Admission(Arc<Gate>);

impl Gate {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit: AtomicUsize::new(limit),
            open: AtomicUsize::new(0),
            room: Notify::new(),
            empty: Notify::new(),
        }
    }

    /// Changes the limit. Connections above a lower one stay open.
    pub(crate) fn set_limit(&self, limit: usize) {
        self.limit.store(limit, Ordering::Relaxed);
        self.room.notify_waiters();
    }

    /// How many connections are open.
    pub(crate) fn n_open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Enters if there is room.
    pub(crate) fn try_enter(self: Arc<Self>) -> Option<Admission> {
        let limit = self.limit.load(Ordering::Relaxed);
        let entered = self.open.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n_open| {
            (n_open < limit).then_some(n_open + 1)
        });
        entered.is_ok().then(|| Admission(self))
    }

    /// Waits until there is room.
    pub(crate) async fn enter(self: Arc<Self>) -> Admission {
        loop {
            let mut room = pin!(self.room.notified());
            // From here on, room that is made is not missed.
            room.as_mut().enable();
            if let Some(admission) = Arc::clone(&self).try_enter() {
                return admission;
            }
            room.await;
        }
    }

    /// Waits until no connection is open.
    pub(crate) async fn empty(&self) {
        loop {
            let mut empty = pin!(self.empty.notified());
            empty.as_mut().enable();
            if self.n_open() == 0 {
                return;
            }
            empty.await;
        }
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        if self.0.open.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.empty.notify_waiters();
        }
        self.0.room.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Gate;

    #[tokio::test]
    async fn a_limit_that_changes() {
        let gate = Arc::new(Gate::new(1));
        let first = Arc::clone(&gate).enter().await;
        let second = tokio::spawn(Arc::clone(&gate).enter());
        tokio::task::yield_now().await;
        assert!(!second.is_finished());
        gate.set_limit(2);
        let second = second.await.unwrap();
        assert_eq!(gate.n_open(), 2);

        gate.set_limit(1);
        let third = tokio::spawn(Arc::clone(&gate).enter());
        drop(first);
        tokio::task::yield_now().await;
        assert!(!third.is_finished(), "one is still one too many");
        drop(second);
        let third = third.await.unwrap();
        let empty = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { gate.empty().await }
        });
        tokio::task::yield_now().await;
        assert!(!empty.is_finished());
        drop(third);
        empty.await.unwrap();
    }
}
