//! Standard output: one event a line, flushed before anyone hears that it is delivered.

use std::io;
use std::io::Write;
use std::sync::mpsc;
use std::thread;

use bytes::Bytes;
use tokio::sync::oneshot;
use tympan_journal::Later;
use tympan_journal::Leased;

use super::Deliver;
use super::Failure;

/// Where the lines go: standard output, or what a test looks into.
pub type Sink = Box<dyn Write + Send>;

/// How many requests may wait for the writer.
const MOST_WAITING: usize = 1024;

/// The writer of a process. It has a thread of its own, as a pipe that nobody reads blocks.
#[derive(Debug)]
pub(crate) struct Stdout {
    jobs: mpsc::SyncSender<Job>,
}

struct Job {
    lines: Vec<Bytes>,
    done: oneshot::Sender<Result<(), String>>,
}

impl Stdout {
    pub(crate) fn start(sink: Sink) -> Self {
        let (jobs, inbox) = mpsc::sync_channel(MOST_WAITING);
        // Ends when the last sender is gone.
        thread::spawn(move || write(sink, &inbox));
        Self { jobs }
    }

    async fn written(&self, events: &[Leased]) -> Result<(), String> {
        let lines = events.iter().map(|event| event.body.clone()).collect();
        let (done, written) = oneshot::channel();
        self.jobs.try_send(Job { lines, done }).map_err(|error| match error {
            mpsc::TrySendError::Full(_) => "too many events wait to be written".to_owned(),
            mpsc::TrySendError::Disconnected(_) => "the writer has ended".to_owned(),
        })?;
        written.await.unwrap_or_else(|_| Err("the writer has ended".to_owned()))
    }
}

impl Deliver for Stdout {
    fn deliver<'d>(
        &'d self,
        events: &'d [Leased],
        _: &'d mut Vec<usize>,
    ) -> Later<'d, Result<(), Failure>> {
        Box::pin(async move { self.written(events).await.map_err(Failure::passing) })
    }

    fn batch(&self) -> usize {
        256
    }

    fn concurrency(&self) -> usize {
        1
    }
}

/// Writes whatever has come up, flushes once, and tells everyone.
fn write(mut sink: Sink, inbox: &mpsc::Receiver<Job>) {
    while let Ok(first) = inbox.recv() {
        let mut waiting = Vec::new();
        let mut text = Vec::new();
        for Job { lines, done } in std::iter::once(first).chain(inbox.try_iter()) {
            // Whoever has given up comes again.
            if done.is_closed() {
                continue;
            }
            for line in lines {
                text.extend_from_slice(&line);
                text.push(b'\n');
            }
            waiting.push(done);
        }
        let written = sink.write_all(&text).and_then(|()| sink.flush());
        let written = written.map_err(|error: io::Error| error.to_string());
        for done in waiting {
            // Whoever waited may have given up meanwhile.
            let _ = done.send(written.clone());
        }
    }
}
