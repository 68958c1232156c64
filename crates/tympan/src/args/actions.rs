//! The command lines of `tympan call` and `tympan register`.

use std::path::PathBuf;

use super::Asked;
use super::Format;
use super::exit;
use super::words;

/// Make one of the calls that the file describes under `actions:`.
///
/// Prints what came back: the part that `result` names, or else all of it. Secrets are looked up here,
/// and shown as `***`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Call {
    /// The action
    pub(crate) action: String,

    /// The configuration
    #[arg(default_value = "listeners.yaml", env = "TYMPAN_CONFIG")]
    pub(crate) file: PathBuf,

    /// An input of the action
    #[arg(long, value_name = "NAME=VALUE", value_parser = words::pair)]
    pub(crate) set: Vec<(String, String)>,

    /// For people, or for programs
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,

    /// Call nobody: print the command line of curl that would
    #[arg(long)]
    pub(crate) curl: bool,
}

/// Make a listener known to its provider, with the action that its `registration` names.
///
/// A server has to be running where the provider reaches it, unless `--serve` says that this is one.
/// While the action is called, every handshake is answered and what it brings is held; only the secret
/// that the provider's own answer names is kept. If anything fails nothing is kept, nothing is expected
/// any more, and the webhook is deleted again where the registration says how.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Register {
    /// The listener
    pub(crate) listener: String,

    #[command(flatten)]
    pub(crate) asked: Asked,

    /// An input of the action
    #[arg(long, value_name = "NAME=VALUE", value_parser = words::pair)]
    pub(crate) set: Vec<(String, String)>,

    /// How many seconds to wait for the handshake, and for the first delivery that verifies
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub(crate) wait: u64,

    /// Serve the file meanwhile, as `run` does, and leave once the listener is registered
    #[arg(long)]
    pub(crate) serve: bool,

    /// Register nothing: print which webhooks the provider knows
    #[arg(long, conflicts_with_all = ["delete", "serve"])]
    pub(crate) list: bool,

    /// Register nothing: delete the webhook that the provider calls so
    #[arg(long, value_name = "ID", conflicts_with = "serve")]
    pub(crate) delete: Option<String>,
}
