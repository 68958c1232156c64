//! How many connections may be open, and when none is.

use std::collections::HashMap;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use tokio::sync::Notify;

/// Counts open connections, against a limit that a reload may change while they are.
#[derive(Debug)]
pub(crate) struct Gate {
    limit: AtomicUsize,
    open: AtomicUsize,
    /// How many of them each address has, where that is limited.
    by_address: Mutex<HashMap<IpAddr, usize>>,
    /// Told when there may be room again.
    room: Notify,
    /// Told when the last one ends.
    empty: Notify,
}

/// A connection that is counted until this is dropped.
#[derive(Debug)]
pub(crate) struct Admission(Arc<Gate>);

/// A connection that is counted for its address until this is dropped.
#[derive(Debug)]
pub(crate) struct Place(Arc<Gate>, IpAddr);

impl Gate {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit: AtomicUsize::new(limit),
            open: AtomicUsize::new(0),
            by_address: Mutex::default(),
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

    /// Counts a connection of an address, if it has fewer than `limit`.
    pub(crate) fn place(self: &Arc<Self>, address: IpAddr, limit: usize) -> Option<Place> {
        let mut by_address = self.by_address();
        let n_open = by_address.entry(address).or_default();
        if *n_open >= limit {
            return None;
        }
        *n_open += 1;
        Some(Place(Arc::clone(self), address))
    }

    fn by_address(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.by_address.lock().unwrap_or_else(PoisonError::into_inner)
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

impl Drop for Place {
    fn drop(&mut self) {
        let Self(gate, address) = self;
        let mut by_address = gate.by_address();
        if let Some(n_open) = by_address.get_mut(address) {
            *n_open -= 1;
            if *n_open == 0 {
                by_address.remove(address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Gate;

    #[test]
    fn every_address_has_its_places() {
        let gate = Arc::new(Gate::new(9));
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|it| it.parse().unwrap());
        let first = gate.place(one, 2).unwrap();
        let second = gate.place(one, 2).unwrap();
        assert!(gate.place(one, 2).is_none());
        assert!(gate.place(other, 2).is_some());
        drop(first);
        assert!(gate.place(one, 2).is_some());
        drop(second);
        assert!(gate.by_address().is_empty(), "who has gone takes no memory");
    }

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
