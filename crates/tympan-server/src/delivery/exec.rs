//! A program that is started for each event: it has the event once it has ended well.

use std::path::Path;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::process::Child;
use tokio::process::ChildStderr;
use tokio::process::Command;
use tokio::task::JoinHandle;
use tympan_journal::Later;
use tympan_journal::Leased;

use super::Deliver;
use super::Failure;
use super::each;

/// How much of what a program says of its failure is told.
const MOST_SAID: usize = 200;

/// A program with its arguments. There is no shell: nothing that an event holds is ever a command.
#[derive(Debug)]
pub(super) struct ExecOut {
    command: Vec<String>,
    folder: PathBuf,
}

impl ExecOut {
    pub(super) fn new(folder: &Path, command: &[String]) -> Self {
        Self { command: command.to_vec(), folder: folder.to_owned() }
    }

    async fn run(&self, event: &Leased) -> Result<(), String> {
        let Some((program, arguments)) = self.command.split_first() else {
            return Err("there is no program".to_owned());
        };
        // Whoever gives up ends it as well. What it leaves behind may hold its pipes for ever, so
        // nobody waits for their ends.
        let child = Command::new(program)
            .args(arguments)
            .current_dir(&self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn();
        let mut child = child.map_err(|error| format!("it cannot be started: {error}"))?;
        let said = child.stderr.take().map(Said::listen);
        let written = write(&mut child, &event.body).await;
        let status = child.wait().await.map_err(|error| error.to_string())?;
        if !status.success() {
            let said = match said {
                Some(said) => said.end().await,
                None => String::new(),
            };
            return Err(format!("it ended with {status}{said}"));
        }
        // One that ends well without reading has what it wants.
        match written {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.to_string()),
            _ => Ok(()),
        }
    }
}

impl Deliver for ExecOut {
    fn deliver<'d>(
        &'d self,
        events: &'d [Leased],
        taken: &'d mut Vec<usize>,
    ) -> Later<'d, Result<(), Failure>> {
        each(
            events,
            taken,
            move |event| async move { self.run(event).await.map_err(Failure::passing) },
        )
    }

    fn concurrency(&self) -> usize {
        4
    }
}

async fn write(child: &mut Child, event: &[u8]) -> std::io::Result<()> {
    let Some(mut input) = child.stdin.take() else { return Ok(()) };
    input.write_all(event).await?;
    input.write_all(b"\n").await?;
    input.shutdown().await
}

/// The beginning of what a program says of its failure; the rest is read as well, so that it is never
/// kept from ending.
struct Said {
    text: Arc<Mutex<Vec<u8>>>,
    task: JoinHandle<()>,
}

impl Said {
    fn listen(mut errors: ChildStderr) -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&text);
        let task = tokio::spawn(async move {
            let mut buffer = [0; 4096];
            while let Ok(n_read @ 1..) = errors.read(&mut buffer).await {
                let mut text = heard.lock().unwrap_or_else(PoisonError::into_inner);
                let left = MOST_SAID.saturating_sub(text.len()).min(n_read);
                text.extend_from_slice(&buffer[..left]);
            }
        });
        Self { text, task }
    }

    /// What was said by a program that has ended.
    async fn end(mut self) -> String {
        // What it has left behind may hold the pipe for ever.
        let _ = tokio::time::timeout(Duration::from_millis(100), &mut self.task).await;
        let text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&text);
        let text = text.trim();
        if text.is_empty() { String::new() } else { format!(": {}", text.escape_debug()) }
    }
}

impl Drop for Said {
    fn drop(&mut self) {
        self.task.abort();
    }
}
