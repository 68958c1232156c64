//! What the HTTP library rings to have its connection looked at again, and when that is for nothing.
//!
//! Whoever takes a piece of a body rings for the next one, on the task that takes it. Behind the last
//! piece there is no next one, and a task that wakes itself is polled once more for each request, which
//! costs several hundredths of it.

use std::cell::Cell;
use std::sync::Arc;
use std::task::Wake;
use std::task::Waker;

thread_local! {
    /// Whether what rings on this thread is only noted.
    static IS_HUSHED: Cell<bool> = const { Cell::new(false) };
    /// Whether anything did.
    static HAS_RUNG: Cell<bool> = const { Cell::new(false) };
}

/// Wakes the task of a connection.
#[derive(Debug)]
pub(crate) struct Bell {
    task: Waker,
}

impl Bell {
    /// What wakes a task.
    pub(crate) fn of(task: &Waker) -> Waker {
        Waker::from(Arc::new(Self { task: task.clone() }))
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if IS_HUSHED.get() {
            HAS_RUNG.set(true);
        } else {
            self.task.wake_by_ref();
        }
    }
}

/// Does something; what rings meanwhile on this thread is not heard, but told.
pub(crate) fn hush<T>(act: impl FnOnce() -> T) -> (T, bool) {
    let hushed = Hushed::new();
    let done = act();
    drop(hushed);
    (done, HAS_RUNG.replace(false))
}

/// As long as it lives, nothing is heard; not any longer, even if something breaks.
struct Hushed;

impl Hushed {
    fn new() -> Self {
        IS_HUSHED.set(true);
        Self
    }
}

impl Drop for Hushed {
    fn drop(&mut self) {
        IS_HUSHED.set(false);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;
    use std::sync::atomic::Ordering;
    use std::task::Wake;
    use std::task::Waker;
    use std::thread;

    use super::Bell;
    use super::hush;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn what_rings_is_heard_unless_it_is_hushed_here() {
        let count = Arc::new(Count::default());
        let heard = || count.0.load(Ordering::SeqCst);
        let bell = Bell::of(&Waker::from(Arc::clone(&count)));
        bell.wake_by_ref();
        assert_eq!(heard(), 1);
        assert_eq!(hush(|| bell.wake_by_ref()), ((), true));
        assert_eq!(heard(), 1);
        assert_eq!(hush(|| 7), (7, false));
        // Others have something else to tell.
        hush(|| thread::scope(|scope| scope.spawn(|| bell.wake_by_ref()).join().unwrap()));
        assert_eq!(heard(), 2);
        assert!(catch_unwind(|| hush(|| panic!("on purpose"))).is_err());
        bell.wake();
        assert_eq!(heard(), 3);
    }
}
