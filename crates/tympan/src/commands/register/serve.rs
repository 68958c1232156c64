//! Serving a file for as long as something takes that needs a running server.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use tympan_core::diagnostic;
use tympan_server::Options;
use tympan_server::Refused;
use tympan_server::Server;

use super::Failed;
use super::step;
use crate::exit::Exit;
use crate::terminal;

/// Serves a file as `run` does until something is done.
pub(super) fn meanwhile(
    file: &Path,
    something: impl FnOnce() -> Result<(), Failed> + Send,
) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| (format!("error: {error}"), Exit::System))?;
    let started = runtime.block_on(Server::start(Options {
        file: file.to_owned(),
        stdout: Box::new(io::stdout()),
        on_diagnostics: Arc::new(|diagnostics, sources| {
            terminal::say(&diagnostic::text(diagnostics, sources, terminal::colour()));
        }),
    }));
    let server = started.map_err(|refused| {
        let exit = match refused {
            Refused::Mistakes { .. } | Refused::Unreadable { .. } => Exit::Configuration,
            _ => Exit::System,
        };
        (format!("error: nothing is served: {}", refused.summary()), exit)
    })?;
    let facts = server.facts();
    let addresses = facts.addresses.iter().map(ToString::to_string);
    step("serve", &addresses.collect::<Vec<_>>().join(", "));
    // What it needs makes runtimes of its own, which a task may not.
    let done = thread::scope(|scope| scope.spawn(something).join());
    runtime.block_on(server.stop());
    done.unwrap_or_else(|_| Err(("error: it ended before it was done".to_owned(), Exit::System)))
}
