//! What a connection is at, and what it has been ordered to do.
//!
//! The connection says at every turn what it is at: a store or two, without a clock or a timer.
//! Somebody else looks at all of them now and then ([`crate::watchman`]), and gives the orders.

use std::future::poll_fn;
use std::io;
use std::io::IoSlice;
use std::pin::Pin;
use std::pin::pin;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU8;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::task::Context;
use std::task::Poll;
use std::task::Waker;
use std::task::ready;

use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::io::ReadBuf;

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
    /// Whom an order wakes.
    task: OnceLock<Waker>,
}

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
            task: OnceLock::new(),
        }
    }

    /// What the connection is at now.
    pub(crate) fn progress(&self) -> Progress {
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

    /// A new turn.
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
            connection.as_mut().poll(context).map(Some)
        })
        .await
    }

    /// Something came.
    fn received(&self) {
        let progress = self.progress.load(Ordering::Relaxed);
        match self.progress().phase {
            Phase::Fresh | Phase::Idle => self.turn_to(Phase::Head),
            Phase::Body => self.one_more(progress),
            Phase::Head | Phase::Work | Phase::Answer => {}
        }
    }

    /// Everything that was to be sent has been taken.
    fn sent(&self) {
        if self.progress().phase == Phase::Answer {
            self.turn_to(Phase::Idle);
        }
    }

    fn one_more(&self, progress: u64) {
        let pieces = progress.wrapping_add(1 << 8) & 0xFFFF_FF00;
        let rest = progress & !0xFFFF_FF00;
        self.progress.store(rest | pieces, Ordering::Relaxed);
    }
}

/// A stream that says what comes and goes.
#[derive(Debug)]
pub(crate) struct Paced<S> {
    pub(crate) stream: S,
    pub(crate) pace: Arc<Pace>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            this.pace.received();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// The library flushes when it has written all it has.
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(Pin::new(&mut this.stream).poll_flush(context))?;
        this.pace.sent();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::Arc;

    use tokio::io::AsyncReadExt;
    use tokio::io::AsyncWriteExt;

    use super::Pace;
    use super::Paced;
    use super::Phase;

    #[tokio::test]
    async fn turns_and_pieces() {
        let (mut client, server) = tokio::io::duplex(64);
        let pace = Arc::new(Pace::new());
        let mut server = Paced { stream: server, pace: Arc::clone(&pace) };
        let mut buffer = [0; 8];
        assert_eq!(pace.progress().phase, Phase::Fresh);
        for (turn, phase) in [(1, Phase::Head), (2, Phase::Body)] {
            if phase == Phase::Body {
                pace.turn_to(phase);
            }
            for piece in 0..2 {
                client.write_all(b"x").await.unwrap();
                assert_eq!(server.read(&mut buffer).await.unwrap(), 1);
                let progress = pace.progress();
                assert_eq!((progress.phase, progress.turn), (phase, turn));
                let pieces = if phase == Phase::Body { piece + 1 } else { 0 };
                assert_eq!(progress.pieces, pieces);
            }
        }
        pace.turn_to(Phase::Work);
        server.flush().await.unwrap();
        assert_eq!(pace.progress().phase, Phase::Work, "nothing was answered yet");
        pace.turn_to(Phase::Answer);
        server.flush().await.unwrap();
        assert_eq!(pace.progress().phase, Phase::Idle);
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
