//! `tympan completions`

use clap::CommandFactory;

use crate::args::Args;
use crate::args::Completions;
use crate::exit::Exit;
use crate::terminal;

pub(crate) fn run(options: &Completions) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Args::command(), "tympan", &mut script);
    terminal::data(&String::from_utf8_lossy(&script));
    Exit::Done
}
