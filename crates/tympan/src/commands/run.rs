//! `tympan run`

use std::io;
use std::sync::Arc;

use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;
use tympan_core::diagnostic;
use tympan_core::diagnostic::Diagnostics;
use tympan_core::pipeline::ListenerState;
use tympan_core::span::Sources;
use tympan_server::Facts;
use tympan_server::Options;
use tympan_server::Refused;
use tympan_server::Server;
use tympan_server::log;

use crate::args::LogFormat;
use crate::args::Run;
use crate::exit::Exit;
use crate::terminal;

/// The most listeners that are introduced one by one.
const MOST_INTRODUCED: usize = 200;

pub(crate) fn run(options: &Run) -> Exit {
    let format = match options.log_format {
        LogFormat::Json => log::Format::Json,
        LogFormat::Auto if !terminal::is_watched() => log::Format::Json,
        LogFormat::Auto | LogFormat::Text => log::Format::Terminal { colour: terminal::colour() },
    };
    let writer = log::start(format);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let exit = match runtime {
        Ok(runtime) => runtime.block_on(serve(options, format)),
        Err(error) => {
            terminal::say(&format!("error: the system gives no threads: {error}"));
            Exit::System
        }
    };
    drop(writer);
    exit
}

async fn serve(options: &Run, format: log::Format) -> Exit {
    let signals = (signal(SignalKind::hangup()), signal(SignalKind::terminate()));
    let (Ok(mut hangup), Ok(mut terminate)) = signals else {
        terminal::say("error: signals cannot be received");
        return Exit::System;
    };
    let server = Server::start(Options {
        file: options.file.clone(),
        stdout: Box::new(io::stdout()),
        on_diagnostics: Arc::new(move |diagnostics, sources| show(diagnostics, sources, format)),
    });
    let server = match server.await {
        Ok(server) => server,
        Err(refused) => return refuse(&refused, format),
    };
    introduce(&server, options, format);
    let has_terminal = terminal::is_there();
    loop {
        tokio::select! {
            _ = hangup.recv() => {
                // The terminal was closed: nobody would know that this goes on.
                if has_terminal && !terminal::is_there() {
                    break;
                }
                // What it did was logged.
                let _ = server.reload().await;
            }
            _ = terminate.recv() => break,
            _ = tokio::signal::ctrl_c() => break,
        }
    }
    tracing::info!("stopping");
    let cut = server.stop().await;
    if cut > 0 {
        tracing::warn!(connections = cut, "connections were cut at the end of the grace");
    }
    Exit::Done
}

/// A table for a person; a line for each listener in a log.
fn introduce(server: &Server, options: &Run, format: log::Format) {
    let facts = server.facts();
    if facts.needs_stdout && terminal::data_is_lost() {
        tracing::warn!("standard output is /dev/null: events are answered with 200 and lost");
    }
    // Of many, those count that wait for something.
    let is_many = facts.listeners.len() > MOST_INTRODUCED;
    let shown = facts.listeners.iter();
    let shown = shown.filter(|it| !is_many || it.state != ListenerState::Serving);
    let shown: Vec<_> = shown.take(MOST_INTRODUCED).collect();
    if format == log::Format::Json {
        for listener in shown {
            let (name, url) = (&listener.name, &listener.url);
            tracing::info!(listener = name, url, state = %listener.state, "listener");
        }
        let addresses = addresses(&facts);
        let last_good = facts.is_last_good.then_some(true);
        tracing::info!(addresses, listeners = facts.listeners.len(), last_good, "serving");
        return;
    }
    let rows = shown.iter().map(|it| [it.name.clone(), it.state.to_string(), it.url.clone()]);
    terminal::say(&terminal::table(["LISTENER", "STATE", "URL"], rows));
    let n_more = facts.listeners.len() - shown.len();
    if n_more > 0 {
        terminal::say(&format!("... and {n_more} more"));
    }
    let (addresses, file) = (addresses(&facts), options.file.display());
    if facts.is_last_good {
        terminal::say(&format!(
            "\nserving what {file} said last without mistakes at {addresses}; mend it to change \
             that, Ctrl-C to stop"
        ));
        return;
    }
    terminal::say(&format!(
        "\nserving {file} at {addresses}; save it to change it, Ctrl-C to stop"
    ));
}

fn addresses(facts: &Facts) -> String {
    facts.addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn refuse(refused: &Refused, format: log::Format) -> Exit {
    if let Refused::Mistakes { diagnostics, sources } = refused {
        show(diagnostics, sources, format);
    }
    tracing::error!(why = refused.summary(), "nothing is served");
    match refused {
        Refused::Unbound { .. } | Refused::AdminUnbound { .. } | Refused::Stopped => Exit::System,
        Refused::Mistakes { .. } | Refused::Unreadable { .. } => Exit::Configuration,
    }
}

/// Drawn for a person; one line each in a log.
fn show(diagnostics: &Diagnostics, sources: &Sources, format: log::Format) {
    if let log::Format::Terminal { colour } = format {
        terminal::say(&diagnostic::text(diagnostics, sources, colour));
        return;
    }
    for found in diagnostics.sorted() {
        let (code, place) = (found.problem.code(), sources.place(found.at));
        let help = found.problem.help();
        match found.problem.severity() {
            diagnostic::Severity::Error => {
                tracing::error!(code, place, help, "{}", found.problem.message());
            }
            diagnostic::Severity::Warning => {
                tracing::warn!(code, place, help, "{}", found.problem.message());
            }
        }
    }
}
