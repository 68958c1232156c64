//! Whether somebody wants a command to end that has begun something, which has to be ended first.

use std::io;
use std::process;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;

use tokio::runtime;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;

use crate::terminal;

/// How a command ends that is interrupted twice, as shells tell it.
const TWICE: i32 = 130;

static IS_WANTED: AtomicBool = AtomicBool::new(false);

/// From now on the first Ctrl-C is only noted. The second ends the process.
pub(crate) fn note() -> io::Result<()> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut interrupt, mut terminate) = {
        let _inside = runtime.enter();
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    thread::spawn(move || {
        runtime.block_on(async {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                if IS_WANTED.swap(true, Ordering::SeqCst) {
                    process::exit(TWICE);
                }
                terminal::say("ending what has begun; once more to leave it as it is");
            }
        });
    });
    Ok(())
}

/// Whether it was wanted.
pub(crate) fn is_wanted() -> bool {
    IS_WANTED.load(Ordering::SeqCst)
}
