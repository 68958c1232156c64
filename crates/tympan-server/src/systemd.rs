//! What the service manager is told, if there is one
//! (<https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html>).

use sd_notify::NotifyState;
use tympan_core::pipeline::ListenerState;
use tympan_core::pipeline::Live;

/// Requests are served from here on.
pub(crate) fn ready(live: &Live) {
    tell(&[NotifyState::Ready, NotifyState::Status(&status(live))]);
}

/// Something else may be served now; `is_refused` says that the last change is not.
pub(crate) fn reloaded(live: &Live, is_refused: bool) {
    let refused = if is_refused { "; the last change was refused" } else { "" };
    tell(&[NotifyState::Status(&format!("{}{refused}", status(live)))]);
}

/// Nothing new is served from here on.
pub(crate) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Says that the server lives, twice as often as the service manager wants to hear it.
pub(crate) async fn watchdog() {
    let wanted = sd_notify::watchdog_enabled().map(|within| within / 2);
    let Some(every) = wanted.filter(|every| !every.is_zero()) else { return };
    let mut ticks = tokio::time::interval(every);
    loop {
        ticks.tick().await;
        tell(&[NotifyState::Watchdog]);
    }
}

/// What serves, in one line.
fn status(live: &Live) -> String {
    let n_listeners = live.listeners().count();
    let n_serving = live.listeners().filter(|it| *it.state == ListenerState::Serving).count();
    let generation = live.generation().number;
    format!("generation {generation}: {n_serving} of {n_listeners} listeners serving")
}

/// Does nothing where there is no service manager.
fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "the service manager does not listen");
    }
}
