//! One timer for many short waits, one after the other.

use std::future::poll_fn;
use std::pin::Pin;
use std::pin::pin;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;
use tokio::time::Sleep;

/// A timer that is set anew only when it has run out: until then it stands for an earlier end,
/// which is no end yet.
#[derive(Debug, Default)]
pub(crate) struct Timer {
    /// Taken while somebody waits.
    sleep: Mutex<Option<Pin<Box<Sleep>>>>,
}

impl Timer {
    /// What `future` gives, unless it takes longer than `within`.
    pub(crate) async fn limit<F: Future>(&self, within: Duration, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        let mut sleep = None;
        let mut end = None;
        let result = poll_fn(|context| {
            if let Poll::Ready(output) = future.as_mut().poll(context) {
                return Poll::Ready(Some(output));
            }
            let end = *end.get_or_insert_with(|| Instant::now() + within);
            let sleep = sleep.get_or_insert_with(|| self.take(end));
            // A shorter wait than the timer was set for.
            if end < sleep.deadline() {
                sleep.as_mut().reset(end);
            }
            while sleep.as_mut().poll(context).is_ready() {
                if end <= Instant::now() {
                    return Poll::Ready(None);
                }
                sleep.as_mut().reset(end);
            }
            Poll::Pending
        })
        .await;
        if let Some(sleep) = sleep {
            *self.sleep.lock().unwrap_or_else(PoisonError::into_inner) = Some(sleep);
        }
        result
    }

    fn take(&self, end: Instant) -> Pin<Box<Sleep>> {
        let last = self.sleep.lock().unwrap_or_else(PoisonError::into_inner).take();
        last.unwrap_or_else(|| Box::pin(tokio::time::sleep_until(end)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::Timer;

    #[tokio::test(start_paused = true)]
    async fn every_wait_has_its_own_end() {
        let timer = Timer::default();
        let second = Duration::from_secs(1);
        for (within, takes, expected) in
            [(5, 3, Some(())), (5, 4, Some(())), (5, 6, None), (2, 1, Some(())), (2, 3, None)]
        {
            let start = Instant::now();
            let wait = tokio::time::sleep(second * takes);
            let result = timer.limit(second * within, wait).await;
            assert_eq!(result, expected, "{within} {takes}");
            let passed = start.elapsed().as_secs();
            assert_eq!(passed, u64::from(takes.min(within)), "{within} {takes}");
        }
        assert_eq!(timer.limit(second, std::future::ready(7)).await, Some(7));
    }
}
