//! `tympan promises`

use tympan_core::promises::promises;

use crate::args::Promises;
use crate::exit::Exit;
use crate::input;
use crate::terminal;

pub(crate) fn run(options: &Promises) -> Exit {
    let (config, _) = match input::configuration(&options.file) {
        Ok(read) => read,
        Err((why, exit)) => {
            terminal::say(&why);
            return exit;
        }
    };
    let listeners = match &options.listener {
        None => &config.listeners[..],
        Some(name) => match input::listener(&config, name) {
            Ok(index) => &config.listeners[index..=index],
            Err(why) => {
                terminal::say(&why);
                return Exit::Usage;
            }
        },
    };
    for listener in listeners {
        terminal::data(&format!("{}\n", listener.name));
        for promise in promises(&config, listener) {
            terminal::data(&match promise.broken {
                None => format!("  yes  {}\n", promise.what),
                Some(why) => format!("  no   {}: {why}\n", promise.what),
            });
        }
    }
    Exit::Done
}
