//! The command line.

use std::path::PathBuf;

use clap::Parser;
use clap::Subcommand;
use clap::ValueEnum;
use clap_complete::Shell;
use tympan_core::config::Address;

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
    Reload(Reload),
    Health(Health),
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

/// Have a running server read its file again, and tell what came of it.
///
/// Ends once the new configuration serves, or it is known why the old one goes on.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Reload {
    #[command(flatten)]
    pub(crate) asked: Asked,
}

/// Ask whether a server is running.
///
/// Says nothing if it is. For containers: `HEALTHCHECK CMD ["tympan", "health"]`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Health {
    #[command(flatten)]
    pub(crate) asked: Asked,

    /// Ask whether requests should be sent to it
    #[arg(long)]
    pub(crate) ready: bool,
}

/// Which server is asked.
#[derive(Debug, clap::Args)]
pub(crate) struct Asked {
    /// The configuration that it serves
    #[arg(default_value = "listeners.yaml", env = "TYMPAN_CONFIG")]
    pub(crate) file: PathBuf,

    /// Its admin address, if not what the file says: unix:PATH or IP:PORT
    ///
    /// TCP addresses need the token, from `TYMPAN_ADMIN_TOKEN` or else from where the file says.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub(crate) admin: Option<Address>,
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

fn address(text: &str) -> Result<Address, &'static str> {
    let expected = "expected unix:PATH or an IP address and a port";
    match text.parse() {
        Ok(address @ (Address::Tcp(_) | Address::Unix(_))) => Ok(address),
        Ok(Address::Systemd(_)) | Err(()) => Err(expected),
    }
}

const EXAMPLES: &str = "\
Examples:
  tympan run                 serve listeners.yaml of this folder
  tympan check --strict      is it good, warnings included?
  tympan help run            what a command does";

fn long_help() -> String {
    format!("{EXAMPLES}\n\n{}", exit::HELP)
}
