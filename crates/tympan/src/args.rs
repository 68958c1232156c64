//! The command line.

use std::path::PathBuf;

use clap::Parser;
use clap::Subcommand;
use clap::ValueEnum;
use clap_complete::Shell;

use crate::exit;

/// Serves webhook listeners that are described in YAML.
///
/// Describe in `listeners.yaml` how a provider greets, how it signs, and what its deliveries mean;
/// `tympan run` serves it and follows every save.
#[derive(Debug, Parser)]
#[command(name = "tympan", version, after_help = EXAMPLES, after_long_help = long_help(), arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(Run),
    Check(Check),
    Plan(PlanOptions),
    Schema(Schema),
    Completions(Completions),
}

/// Serve the listeners of a file, and follow every save.
///
/// Reads the file again whenever it, a secret file or the `env_file` changes, and on SIGHUP. A file
/// with mistakes changes nothing: what was served goes on. SIGTERM and Ctrl-C answer the requests
/// in flight and end.
///
/// Events go where `deliver:` says; everything else is written to standard error.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Run {
    /// The configuration
    #[arg(default_value = "listeners.yaml", env = "TYMPAN_CONFIG")]
    pub(crate) file: PathBuf,

    /// How logs are written: readable on a terminal, JSON lines otherwise
    #[arg(long, value_enum, default_value_t = LogFormat::Auto)]
    pub(crate) log_format: LogFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Readable on a terminal, JSON otherwise
    Auto,
    /// Readable
    Text,
    /// One JSON object a line
    Json,
}

/// Tell everything that is wrong with a file, without serving it.
///
/// Every mistake and warning is told at once, with its place and a way out. The environment is not
/// needed: secrets that cannot be looked up here are listed, not counted as mistakes.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Check {
    /// The configuration
    #[arg(default_value = "listeners.yaml", env = "TYMPAN_CONFIG")]
    pub(crate) file: PathBuf,

    /// Let warnings fail the check, too
    #[arg(long)]
    pub(crate) strict: bool,

    /// For people, or for programs
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    pub(crate) format: CheckFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// With the lines of the file
    Text,
    /// One JSON object
    Json,
}

/// Tell what a save would change, without serving it.
///
/// Compares the file, and those that it includes, with the last good configuration: the one that
/// `tympan run` served last and keeps in the state folder. One line for each change, in the words
/// that `tympan run` logs when it reloads. Changes are printed on standard output, everything else
/// on standard error.
#[derive(Debug, clap::Args)]
#[command(after_help = plan_help())]
pub(crate) struct PlanOptions {
    /// The configuration
    #[arg(default_value = "listeners.yaml", env = "TYMPAN_CONFIG")]
    pub(crate) file: PathBuf,

    /// For people, or for programs
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    pub(crate) format: CheckFormat,
}

/// Print or write the JSON Schema of listeners.yaml.
///
/// Editors complete and check a file that begins with
/// `# yaml-language-server: $schema=schemas/listeners.schema.json`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Schema {
    /// Write it to this file instead of printing it
    #[arg(long, short)]
    pub(crate) output: Option<PathBuf>,
}

/// Print the completions of a shell.
///
/// For bash: `tympan completions bash > /etc/bash_completion.d/tympan`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: Shell,
}

const PLAN: &str = "\
Lines:
  + NAME            a listener is new
  ~ NAME (KEYS)     these keys of a listener differ
  - NAME            a listener is gone
  ~ SECTION:        a part of the file outside of the listeners differs
  ! NAME would be   serving or not ready, with the secrets that can be found here";

fn plan_help() -> String {
    format!("{PLAN}\n\n{}", exit::HELP)
}

const EXAMPLES: &str = "\
Examples:
  tympan run                 serve listeners.yaml of this folder
  tympan check --strict      is it good, warnings included?
  tympan plan                what would a save change?
  tympan help run            what a command does";

fn long_help() -> String {
    format!("{EXAMPLES}\n\n{}", exit::HELP)
}
