//! What a connection is at, and what it has been ordered to do.
//!
//! The connection says at every turn what it is at: a store or two, without a clock or a timer.
//! Somebody else looks at all of them now and then ([`crate::watchman`]), and gives the orders.

use std::future::poll_fn;
use std::pin::Pin;
use std::pin::pin;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU8;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::task::Context;
use std::task::Poll;
use std::task::Waker;

use crate::bell::Bell;
use crate::framing::Fault;

/// What a connection is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Phase {
    /// Nothing has come yet.
    Fresh,
    /// The head of a request is arriving.
    Head,
    /// A body is arriving.
    Body,
    /// It is our turn.
    Work,
    /// An answer is being taken.
    Answer,
    /// The last request is answered, and no other has begun.
    Idle,
    /// No request is in flight on a connection that may carry several at once.
    Quiet,
}

/// A connection's phase, and how far it has come in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) phase: Phase,
    /// Another number for every turn.
    pub(crate) turn: u32,
    /// Another number whenever something came or went.
    pub(crate) pieces: u32,
}

/// One connection, as it is seen from outside.
#[derive(Debug)]
pub(crate) struct Pace {
    /// A [`Progress`]: 32 bits of turns, 24 of pieces, 8 of phase. Written by the connection only.
    progress: AtomicU64,
    orders: AtomicU8,
    /// The turn whose body is not worth waiting for.
    late: AtomicU32,
    /// Of a connection that may carry several requests at once: 32 bits of all that began, and 32
    /// of those in flight.
    requests: AtomicU64,
    carries_several: AtomicBool,
    /// What such a connection has received, and what it may, in bytes.
    received: AtomicU64,
    allowance: AtomicU64,
    /// Of one that carries one after the other: how many bytes came behind the head of the request.
    beyond: AtomicU64,
    /// What was ambiguous about a head.
    fault: OnceLock<Fault>,
    /// Whom an order wakes.
    task: OnceLock<Waker>,
}

/// How many bytes a connection that may carry several requests at once may send for nothing: what
/// is no body and belongs to no request that was answered. Floods of frames that are no requests,
/// or of requests that are taken back at once, end here.
///
/// What has arrived at once is counted before any of it is understood, so there is room for all that
/// a client may have under way: bodies up to [`CONNECTION_WINDOW`], and the heads of as many requests
/// as it may send at once.
const ALLOWANCE: u64 = (256 << 10) + CONNECTION_WINDOW as u64;

/// How many bytes more it may send for every answered request: its head, and as much of its body
/// as was under way when it was refused.
const PER_REQUEST: u64 = (16 << 10) + WINDOW as u64;

/// How much of a body may be under way.
pub(crate) const WINDOW: u32 = 64 << 10;

/// How much of all bodies of a connection may be under way.
pub(crate) const CONNECTION_WINDOW: u32 = 256 << 10;

/// To end when the request in flight is answered.
const FINISH: u8 = 1;
/// To end now.
const CUT: u8 = 2;

impl Pace {
    pub(crate) fn new() -> Self {
        Self {
            progress: AtomicU64::new(0),
            orders: AtomicU8::new(0),
            late: AtomicU32::new(0),
            requests: AtomicU64::new(0),
            carries_several: AtomicBool::new(false),
            received: AtomicU64::new(0),
            allowance: AtomicU64::new(ALLOWANCE),
            beyond: AtomicU64::new(0),
            fault: OnceLock::new(),
            task: OnceLock::new(),
        }
    }

    /// What the connection is at now.
    pub(crate) fn progress(&self) -> Progress {
        if self.carries_several() {
            let requests = self.requests.load(Ordering::Relaxed);
            let [n_begun, n_in_flight] = [requests >> 32, requests & u64::from(u32::MAX)];
            let is_quiet = n_in_flight == 0;
            let phase = if is_quiet { Phase::Quiet } else { Phase::Work };
            let turn = u32::try_from(n_begun).unwrap_or_default();
            return Progress { phase, turn, pieces: u32::from(is_quiet) };
        }
        let progress = self.progress.load(Ordering::Relaxed).to_le_bytes();
        let [phase, a, b, c, turn @ ..] = progress;
        let phase = match phase {
            0 => Phase::Fresh,
            1 => Phase::Head,
            2 => Phase::Body,
            3 => Phase::Work,
            4 => Phase::Answer,
            _ => Phase::Idle,
        };
        let pieces = u32::from_le_bytes([a, b, c, 0]);
        Progress { phase, turn: u32::from_le_bytes(turn), pieces }
    }

    /// From here on it may carry several requests at once (HTTP/2).
    pub(crate) fn carry_several(&self) {
        self.carries_several.store(true, Ordering::Relaxed);
    }

    /// Whether it may carry several requests at once.
    pub(crate) fn carries_several(&self) -> bool {
        self.carries_several.load(Ordering::Relaxed)
    }

    /// Tells how many bytes have come behind the head, and what was ambiguous about it.
    pub(crate) fn tell_framing(&self, beyond: u64, fault: Option<Fault>) {
        self.beyond.store(beyond, Ordering::Relaxed);
        if let Some(fault) = fault {
            self.fault.get_or_init(|| fault);
        }
    }

    /// Whether all that came is one request with a body of this length, so that another may follow;
    /// no length stands for chunks, and where they end is for the library to say, and nobody to
    /// check.
    pub(crate) fn is_whole(&self, length: Option<u64>) -> bool {
        self.carries_several() || length == Some(self.beyond.load(Ordering::Relaxed))
    }

    /// What was ambiguous about a head.
    pub(crate) fn fault(&self) -> Option<Fault> {
        self.fault.get().copied()
    }

    /// A request has come.
    pub(crate) fn begin(&self) {
        if self.carries_several() {
            self.requests.fetch_add(1 << 32 | 1, Ordering::Relaxed);
        } else {
            self.turn_to(Phase::Work);
        }
    }

    /// Whether it has received more than it may.
    pub(crate) fn is_flooded(&self) -> bool {
        self.received.load(Ordering::Relaxed) > self.allowance.load(Ordering::Relaxed)
    }

    /// Its body is waited for.
    pub(crate) fn await_body(&self) {
        if !self.carries_several() {
            self.turn_to(Phase::Body);
        }
    }

    /// Its body is there, or not waited for any longer.
    pub(crate) fn have_body(&self) {
        if !self.carries_several() {
            self.turn_to(Phase::Work);
        }
    }

    /// Some of a body has been taken: it did not come for nothing.
    pub(crate) fn take(&self, length: usize) {
        if self.carries_several() {
            self.allowance.fetch_add(length as u64, Ordering::Relaxed);
        }
    }

    /// It has an answer.
    pub(crate) fn answer(&self) {
        if self.carries_several() {
            self.allowance.fetch_add(PER_REQUEST, Ordering::Relaxed);
        } else {
            self.turn_to(Phase::Answer);
        }
    }

    /// It is over, answered or not.
    pub(crate) fn end(&self) {
        if self.carries_several() {
            self.requests.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// A new turn of a connection that carries one request after the other.
    pub(crate) fn turn_to(&self, phase: Phase) {
        // Only the connection's own task writes, so nothing comes between.
        let turns = self.progress.load(Ordering::Relaxed) >> 32;
        self.progress.store((turns + 1) << 32 | phase as u64, Ordering::Relaxed);
    }

    /// Whether the body need not be waited for any longer.
    pub(crate) fn is_body_late(&self) -> bool {
        let late = self.late.load(Ordering::Relaxed);
        late != 0 && late == self.progress().turn
    }

    /// Orders to end when the request in flight is answered.
    pub(crate) fn finish(&self) {
        self.order(FINISH);
    }

    /// Orders to wait no longer for the body that is arriving at this turn.
    pub(crate) fn be_late(&self, turn: u32) {
        if self.late.swap(turn, Ordering::AcqRel) != turn {
            self.wake();
        }
    }

    /// Orders to end now.
    pub(crate) fn cut(&self) {
        self.order(CUT);
    }

    fn order(&self, order: u8) {
        if self.orders.fetch_or(order, Ordering::AcqRel) & order == 0 {
            self.wake();
        }
    }

    fn wake(&self) {
        if let Some(task) = self.task.get() {
            task.wake_by_ref();
        }
    }

    /// What `connection` gives, unless it is cut. Once it is to finish, it is told so by `finish`.
    ///
    /// Must be awaited by its task directly: whom to wake is asked once.
    pub(crate) async fn keep<C: Future>(
        &self,
        connection: C,
        finish: impl Fn(Pin<&mut C>),
    ) -> Option<C::Output> {
        let mut connection = pin!(connection);
        let mut is_finishing = false;
        let mut bell = None;
        poll_fn(|context| {
            self.task.get_or_init(|| context.waker().clone());
            let orders = self.orders.load(Ordering::Acquire);
            if orders & CUT != 0 {
                return Poll::Ready(None);
            }
            if orders & FINISH != 0 && !is_finishing {
                is_finishing = true;
                finish(connection.as_mut());
            }
            let bell = bell.get_or_insert_with(|| Bell::of(context.waker()));
            connection.as_mut().poll(&mut Context::from_waker(bell)).map(Some)
        })
        .await
    }

    /// Bytes have come.
    pub(crate) fn receive(&self, length: usize) {
        if self.carries_several() {
            self.received.fetch_add(length as u64, Ordering::Relaxed);
            if self.is_flooded() {
                self.cut();
            }
            return;
        }
        match self.progress().phase {
            Phase::Fresh | Phase::Idle => self.turn_to(Phase::Head),
            Phase::Body => self.one_more(),
            Phase::Head | Phase::Work | Phase::Answer | Phase::Quiet => {}
        }
    }

    /// Everything that was to be sent has been taken; whether that was an answer.
    pub(crate) fn sent(&self) -> bool {
        let is_answer = self.progress().phase == Phase::Answer;
        if is_answer {
            self.turn_to(Phase::Idle);
        }
        is_answer
    }

    fn one_more(&self) {
        let progress = self.progress.load(Ordering::Relaxed);
        let pieces = progress.wrapping_add(1 << 8) & 0xFFFF_FF00;
        let rest = progress & !0xFFFF_FF00;
        self.progress.store(rest | pieces, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::future::ready;
    use std::sync::Arc;

    use super::Pace;
    use super::Phase;

    #[test]
    fn turns_and_pieces() {
        let pace = Pace::new();
        assert_eq!(pace.progress().phase, Phase::Fresh);
        for (turn, phase) in [(1, Phase::Head), (2, Phase::Body)] {
            if phase == Phase::Body {
                pace.await_body();
            }
            for piece in 0..2 {
                pace.receive(1);
                let progress = pace.progress();
                assert_eq!((progress.phase, progress.turn), (phase, turn));
                let pieces = if phase == Phase::Body { piece + 1 } else { 0 };
                assert_eq!(progress.pieces, pieces);
            }
        }
        pace.have_body();
        assert!(!pace.sent(), "nothing was answered yet");
        pace.answer();
        assert!(pace.sent());
        assert_eq!(pace.progress().phase, Phase::Idle);
    }

    #[tokio::test]
    async fn what_comes_for_nothing() {
        let pace = Pace::new();
        pace.carry_several();
        assert_eq!(pace.progress().phase, Phase::Quiet);
        for _ in 0..1000 {
            pace.begin();
            assert_eq!(pace.progress().phase, Phase::Work);
            pace.receive(30_000);
            pace.take(20_000);
            pace.have_body();
            pace.answer();
            pace.end();
        }
        assert_eq!(pace.progress().phase, Phase::Quiet);
        assert_eq!(pace.keep(ready(1), |_| {}).await, Some(1));
        // Requests that are taken back.
        for _ in 0..1_000_000 {
            pace.begin();
            pace.receive(100);
            pace.end();
        }
        assert_eq!(pace.keep(ready(1), |_| {}).await, None);
    }

    #[tokio::test]
    async fn orders_are_heard_at_any_time() {
        let pace = Arc::new(Pace::new());
        let kept = tokio::spawn({
            let pace = Arc::clone(&pace);
            async move { pace.keep(pending::<()>(), |_| {}).await }
        });
        tokio::task::yield_now().await;
        pace.finish();
        tokio::task::yield_now().await;
        assert!(!kept.is_finished());
        pace.cut();
        assert_eq!(kept.await.unwrap(), None);
        assert_eq!(pace.keep(pending::<()>(), |_| {}).await, None);
    }
}
