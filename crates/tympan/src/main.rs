//! The command: arguments in, an exit code out.

mod args;
mod client;
mod commands;
mod edit;
mod exit;
mod input;
mod interrupt;
mod prompt;
mod terminal;

use std::process::ExitCode;

use clap::Parser;
use tikv_jemallocator::Jemalloc;

use crate::args::Args;
use crate::args::Command;

/// A request makes and frees some twenty pieces of memory, and more if its body is read.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    let exit = match Args::parse().command {
        Command::Run(options) => commands::run::run(&options),
        Command::Check(options) => commands::check::run(&options),
        Command::Explain(options) => commands::explain::run(&options),
        Command::Eval(options) => commands::eval::run(&options),
        Command::Simulate(options) => commands::simulate::run(&options),
        Command::Test(options) => commands::test::run(&options),
        Command::Infer(options) => commands::infer::run(&options),
        Command::Presets(options) => commands::presets::run(&options),
        Command::New(options) => commands::new::run(&options),
        Command::Import(options) => commands::import::run(&options),
        Command::Plan(options) => commands::plan::run(&options),
        Command::Events(options) => commands::events::run(&options),
        Command::Promises(options) => commands::promises::run(&options),
        Command::Call(options) => commands::call::run(&options),
        Command::Register(options) => commands::register::run(&options),
        Command::Secrets(options) => commands::secrets::run(&options),
        Command::Reload(options) => commands::reload::run(&options),
        Command::Health(options) => commands::health::run(&options),
        Command::Schema(options) => commands::schema::run(&options),
        Command::Completions(options) => commands::completions::run(&options),
    };
    exit.into()
}
