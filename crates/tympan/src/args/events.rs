//! The words of `tympan events`.

use clap::Subcommand;

use super::Asked;
use super::Format;
use crate::exit;

/// Look at the events of the journal, deliver some once more, or forget them.
///
/// Asks the running server, or opens the journal of one that does not run. Dead letters are those with
/// `--state dead`, requests that were refused those with `--refused`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Events {
    #[command(subcommand)]
    pub(crate) order: EventsOrder,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EventsOrder {
    /// Which there are, and how far they have come
    List(EventsList),
    /// All of one: say which with --number or --id
    Show(EventsShow),
    /// Deliver them once more, each with its id and as if for the first time
    ///
    /// Requests that gave no event when they came make what they make as things are configured now.
    Replay(Which),
    /// Forget them; with --destination, only that they go there
    Drop(Which),
}

#[derive(Debug, clap::Args)]
pub(crate) struct EventsList {
    #[command(flatten)]
    pub(crate) which: Which,

    /// For people, or for programs (a JSON object a line)
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, clap::Args)]
pub(crate) struct EventsShow {
    #[command(flatten)]
    pub(crate) which: Which,

    /// Of one that was refused or gave no event, the request alone: a HAR file, as `tympan explain -`
    /// takes it
    #[arg(long)]
    pub(crate) request: bool,
}

/// Which events are meant: everything that is said has to hold.
#[derive(Debug, clap::Args)]
pub(crate) struct Which {
    #[command(flatten)]
    pub(crate) asked: Asked,

    /// Those of this listener
    #[arg(long)]
    pub(crate) listener: Option<String>,

    /// Those that go to this destination
    #[arg(long)]
    pub(crate) destination: Option<String>,

    /// Those in this state: waiting, delivered or dead
    #[arg(long)]
    pub(crate) state: Option<String>,

    /// Those with this id
    #[arg(long)]
    pub(crate) id: Option<String>,

    /// The one with this number
    #[arg(long)]
    pub(crate) number: Option<u64>,

    /// Those that came at this time or later, such as 2026-01-31T12:00:00Z
    #[arg(long)]
    pub(crate) since: Option<String>,

    /// Those that came before this time
    #[arg(long)]
    pub(crate) until: Option<String>,

    /// Requests that were refused, of listeners with `keep: refused`
    #[arg(long)]
    pub(crate) refused: bool,

    /// At most so many
    #[arg(long)]
    pub(crate) limit: Option<usize>,

    /// All of them, where nothing else says which
    #[arg(long)]
    pub(crate) all: bool,
}
