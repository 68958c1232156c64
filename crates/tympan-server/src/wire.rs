//! A connection's stream, watched.

use std::io;
use std::io::IoSlice;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::task::Context;
use std::task::Poll;
use std::task::ready;

use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::io::ReadBuf;

use crate::framing::Framing;
use crate::pace::Pace;

/// A stream that says what comes and goes.
#[derive(Debug)]
pub(crate) struct Wire<S> {
    stream: S,
    pace: Arc<Pace>,
    /// The heads of requests, where they are text (HTTP/1).
    framing: Option<Arc<Mutex<Framing>>>,
}

impl<S> Wire<S> {
    /// Watches a stream.
    pub(crate) fn new(stream: S, pace: Arc<Pace>, framing: Option<Arc<Mutex<Framing>>>) -> Self {
        Self { stream, pace, framing }
    }
}

/// Looks at the heads of a connection. Only its own task does, so nobody ever waits.
pub(crate) fn with<T>(framing: &Mutex<Framing>, look: impl FnOnce(&mut Framing) -> T) -> T {
    look(&mut framing.lock().unwrap_or_else(PoisonError::into_inner))
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(context, buffer))?;
        let received = &mut buffer.filled_mut()[before..];
        if !received.is_empty() {
            this.pace.receive(received.len());
            if let Some(framing) = &this.framing {
                with(framing, |framing| framing.received(received));
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
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
        if this.pace.sent()
            && let Some(framing) = &this.framing
        {
            with(framing, Framing::next);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
