//! Who has been at something for too long.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use tympan_core::config::Limits;

use crate::pace::Pace;
use crate::pace::Phase;
use crate::pace::Progress;
use crate::strays::Stray;
use crate::strays::Strays;

/// How often everybody is looked at: within an eighth of the shortest limit, but neither all the
/// time nor so rarely that nobody would call it in time.
const ROUNDS: u32 = 8;
const SHORTEST_ROUND: Duration = Duration::from_millis(10);
const LONGEST_ROUND: Duration = Duration::from_millis(250);

/// Looks at every open connection now and then. One timer for all of them: setting one for each
/// request would be a visible part of its cost.
#[derive(Debug, Default)]
pub(crate) struct Watchman {
    watched: Mutex<Vec<Watched>>,
    /// Told when there is somebody to look at.
    somebody: Notify,
    /// Where those are counted who were cut before they had sent a head.
    strays: Arc<Strays>,
}

#[derive(Debug)]
struct Watched {
    pace: Arc<Pace>,
    opened: Instant,
    /// What it was at when it was looked at last, since when it is at this turn, and since when
    /// nothing came.
    seen: Progress,
    turn_since: Instant,
    piece_since: Instant,
    /// Whether it was ordered to end at once.
    is_cut: bool,
}

impl Watchman {
    /// One that tells who was cut before anything of theirs was understood.
    pub(crate) fn counting(strays: Arc<Strays>) -> Self {
        Self { strays, ..Self::default() }
    }

    /// A new connection, which is watched as long as somebody else holds it.
    pub(crate) fn watch(&self) -> Arc<Pace> {
        let pace = Arc::new(Pace::new());
        let now = Instant::now();
        let watched = Watched {
            seen: pace.progress(),
            pace: Arc::clone(&pace),
            opened: now,
            turn_since: now,
            piece_since: now,
            is_cut: false,
        };
        let mut everybody = self.lock();
        if everybody.is_empty() {
            self.somebody.notify_one();
        }
        everybody.push(watched);
        pace
    }

    /// Tells everybody to end.
    pub(crate) fn finish(&self) {
        for watched in self.lock().iter() {
            watched.pace.finish();
        }
    }

    /// Looks at everybody for as long as the server runs, against the limits of the moment.
    pub(crate) async fn run(&self, limits: impl Fn() -> Limits) {
        loop {
            let somebody = self.somebody.notified();
            if self.lock().is_empty() {
                somebody.await;
            }
            tokio::time::sleep(round(&limits())).await;
            self.look(&limits(), Instant::now());
        }
    }

    fn look(&self, limits: &Limits, now: Instant) {
        self.lock().retain_mut(|watched| {
            watched.look(limits, now, &self.strays);
            Arc::strong_count(&watched.pace) > 1
        });
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Watched>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watched {
    fn look(&mut self, limits: &Limits, now: Instant, strays: &Strays) {
        let progress = self.pace.progress();
        if progress.turn != self.seen.turn {
            (self.turn_since, self.piece_since) = (now, now);
        } else if progress.pieces != self.seen.pieces {
            self.piece_since = now;
        }
        self.seen = progress;
        let turn = now.duration_since(self.turn_since);
        let piece = now.duration_since(self.piece_since);
        let is_late = match progress.phase {
            Phase::Fresh => turn >= limits.first_byte_timeout,
            Phase::Head => turn >= limits.header_timeout,
            Phase::Body => turn >= limits.body_timeout || piece >= limits.body_idle_timeout,
            Phase::Work => false,
            Phase::Answer => turn >= limits.answer_timeout,
            Phase::Idle => turn >= limits.idle_timeout,
            Phase::Quiet => piece >= limits.http2_idle_timeout,
        };
        match progress.phase {
            // It is still to be told so.
            Phase::Body if is_late => self.pace.be_late(progress.turn),
            phase if is_late => self.cut(phase, strays),
            _ => {}
        }
        if now.duration_since(self.opened) >= limits.connection_age {
            self.pace.finish();
        }
    }

    /// Orders it to end at once.
    fn cut(&mut self, phase: Phase, strays: &Strays) {
        let stray = match phase {
            Phase::Fresh => Some(Stray::FirstByteTimeout),
            Phase::Head => Some(Stray::HeaderTimeout),
            _ => None,
        };
        // It may be seen once more before it has ended.
        if let Some(stray) = stray.filter(|_| !self.is_cut) {
            strays.count(stray);
        }
        self.is_cut = true;
        self.pace.cut();
    }
}

fn round(limits: &Limits) -> Duration {
    let shortest = [
        limits.first_byte_timeout,
        limits.header_timeout,
        limits.body_timeout,
        limits.body_idle_timeout,
        limits.answer_timeout,
        limits.idle_timeout,
        limits.http2_idle_timeout,
        limits.connection_age,
    ];
    let shortest = shortest.into_iter().min().unwrap_or(LONGEST_ROUND);
    (shortest / ROUNDS).clamp(SHORTEST_ROUND, LONGEST_ROUND)
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::future::poll_fn;
    use std::pin::Pin;
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;
    use std::sync::atomic::Ordering;
    use std::task::Poll;
    use std::time::Duration;

    use tokio::time::Instant;
    use tympan_core::config::Limits;

    use super::Watchman;
    use crate::pace::Phase;
    use crate::strays::Stray;
    use crate::strays::Strays;

    const SECOND: Duration = Duration::from_secs(1);

    fn limits() -> Limits {
        Limits {
            first_byte_timeout: SECOND,
            header_timeout: 2 * SECOND,
            body_timeout: 4 * SECOND,
            body_idle_timeout: 3 * SECOND,
            answer_timeout: 5 * SECOND,
            idle_timeout: 6 * SECOND,
            connection_age: 60 * SECOND,
            ..Limits::default()
        }
    }

    /// How long a connection at something is let be.
    async fn patience(phase: Phase) -> Duration {
        let watchman = Arc::new(Watchman::default());
        let watching = tokio::spawn({
            let watchman = Arc::clone(&watchman);
            async move { watchman.run(limits).await }
        });
        let pace = watchman.watch();
        pace.turn_to(phase);
        let began = Instant::now();
        let is_told = AtomicBool::new(false);
        let connection = poll_fn(|_| {
            let ends = pace.is_body_late() || is_told.load(Ordering::Relaxed);
            if ends { Poll::Ready(()) } else { Poll::Pending }
        });
        let finish = |_: Pin<&mut _>| is_told.store(true, Ordering::Relaxed);
        // Cut or finished: it counts when.
        let _ = pace.keep(connection, finish).await;
        watching.abort();
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn everything_has_its_time() {
        for (phase, expected) in [
            (Phase::Fresh, 1),
            (Phase::Head, 2),
            (Phase::Body, 3),
            (Phase::Answer, 5),
            (Phase::Idle, 6),
            (Phase::Work, 60),
        ] {
            let found = patience(phase).await;
            let expected = SECOND * expected;
            assert!((expected..=expected + SECOND / 2).contains(&found), "{phase:?}: {found:?}");
        }
    }

    #[test]
    fn whoever_is_cut_is_counted_once() {
        let strays = Arc::new(Strays::default());
        let watchman = Watchman::counting(Arc::clone(&strays));
        let [_fresh, head, idle] = [(); 3].map(|()| watchman.watch());
        head.turn_to(Phase::Head);
        idle.turn_to(Phase::Idle);
        let now = Instant::now();
        for seconds in [0, 10, 20] {
            watchman.look(&limits(), now + seconds * SECOND);
        }
        assert_eq!(Stray::ALL.map(|stray| strays.read(stray)), [0, 0, 1, 1, 0, 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_has_gone_is_forgotten() {
        let watchman = Watchman::default();
        drop(watchman.watch());
        let kept = watchman.watch();
        watchman.look(&limits(), Instant::now());
        assert_eq!(watchman.lock().len(), 1);
        watchman.finish();
        let told = std::cell::Cell::new(false);
        let connection = kept.keep(pending::<()>(), |_| told.set(true));
        assert!(tokio::time::timeout(SECOND, connection).await.is_err());
        assert!(told.get());
    }
}
