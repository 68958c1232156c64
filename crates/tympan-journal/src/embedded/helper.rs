//! A thread that does one thing for a journal, and ends with it.

use std::sync::mpsc;
use std::thread;

/// A thread that is handed one thing after the other.
pub(super) struct Helper<T> {
    /// Gone when it is dropped, so that the thread ends.
    tasks: Option<mpsc::Sender<T>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl<T: Send + 'static> Helper<T> {
    pub(super) fn new(work: impl FnOnce(mpsc::Receiver<T>) + Send + 'static) -> Self {
        let (tasks, inbox) = mpsc::channel();
        Self { tasks: Some(tasks), thread: Some(thread::spawn(move || work(inbox))) }
    }

    /// Hands something to it; false if there is no thread any more.
    pub(super) fn hand(&self, task: T) -> bool {
        self.tasks.as_ref().is_some_and(|tasks| tasks.send(task).is_ok())
    }
}

impl<T> Drop for Helper<T> {
    /// Waits until all is done that it was handed.
    fn drop(&mut self) {
        self.tasks.take();
        if let Some(thread) = self.thread.take() {
            // A panic of that thread was told where it happened.
            let _ = thread.join();
        }
    }
}
