//! `tympan health`

use std::time::Duration;

use http::Method;

use crate::args::Health;
use crate::client::Server;
use crate::exit::Exit;
use crate::terminal;

/// Who watches over a container waits no longer.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) fn run(options: &Health) -> Exit {
    let server = match Server::find(&options.asked) {
        Ok(server) => server,
        Err(why) => {
            terminal::say(&format!("error: {why}"));
            // The other codes mean something else to container engines.
            return Exit::Problems;
        }
    };
    let path = if options.ready { "/readyz" } else { "/healthz" };
    match server.ask(Method::GET, path, PATIENCE) {
        Ok(answer) if answer.status.is_success() => Exit::Done,
        Ok(answer) => {
            terminal::say(&format!("error: {}", answer.detail()));
            Exit::Problems
        }
        Err(silent) => {
            terminal::say(&format!("error: {silent}"));
            Exit::Problems
        }
    }
}
