//! The command line.

mod actions;
mod events;
mod help;
mod secrets;
mod words;

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Parser;
use clap::Subcommand;
use clap::ValueEnum;
use clap_complete::Shell;
use tympan_core::config::Address;
use tympan_core::outcome::Outcome;

pub(crate) use actions::Call;
pub(crate) use actions::Register;
pub(crate) use events::Events;
pub(crate) use events::EventsOrder;
pub(crate) use events::Which;
pub(crate) use secrets::Secrets;
pub(crate) use secrets::What;

use crate::exit;

/// Serves webhook listeners that are described in YAML.
///
/// Describe in `listeners.yaml` how a provider greets, how it signs, and what its deliveries mean;
/// `tympan run` serves it and follows every save.
#[derive(Debug, Parser)]
#[command(name = "tympan", version, after_help = help::EXAMPLES, after_long_help = help::long_help(), arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(Run),
    Check(Check),
    Explain(Explain),
    Eval(Eval),
    Simulate(Simulate),
    Test(Test),
    Infer(Infer),
    Presets(Presets),
    New(New),
    Import(Import),
    Plan(PlanOptions),
    Call(Call),
    Register(Register),
    Secrets(Secrets),
    Reload(Reload),
    Events(Events),
    Promises(Promises),
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
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Readable
    Text,
    /// One JSON object
    Json,
}

/// Look at what is known of providers.
///
/// A preset says in the words of a listener what a provider does, and which pages that relies on:
/// `preset: NAME` and a secret make a listener.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Presets {
    #[command(subcommand)]
    pub(crate) what: PresetsWhat,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PresetsWhat {
    /// List them by category: what each verifies, and how well that is known
    List {
        /// Only those that have all of these words in name, title, category or proof
        words: Vec<String>,
    },
    /// Print the file of one
    Show {
        /// Its name, or a file of your own
        name: String,
    },
    /// Try them without their providers: what verifies signs, and what is wrong is refused
    Verify {
        /// Only this one: its name, or a file of your own
        name: Option<String>,
    },
}

/// Add a listener of a preset to a file.
///
/// The listener comes with comments that say where its secrets are found, and the file keeps its own
/// comments and order. What would not load is not written.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct New {
    /// What the listener is called
    pub(crate) name: String,

    /// Who sends, as `tympan presets list` calls it
    #[arg(long, value_name = "NAME")]
    pub(crate) preset: String,

    /// A parameter that is a text or a URL
    #[arg(long, value_name = "NAME=VALUE", value_parser = words::pair)]
    pub(crate) set: Vec<(String, String)>,

    /// The configuration; it is made if it is not there
    #[arg(
        long,
        short,
        value_name = "FILE",
        default_value = "listeners.yaml",
        env = "TYMPAN_CONFIG"
    )]
    pub(crate) config: PathBuf,
}

/// Say in the words of this file what is described for something else.
///
/// Prints a configuration on standard output, and on standard error what says the same as before
/// and what does not.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Import {
    /// What it is: listeners of the Configuration API of Moveworks, hooks of adnanh/webhook, or a
    /// command line of curl
    pub(crate) from: ImportFrom,

    /// The file; `-` for standard input. A command line of curl may stand here itself
    pub(crate) file: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ImportFrom {
    /// Listeners as the Configuration API gives them, as JSON
    Moveworks,
    /// `hooks.yaml` or `hooks.json`
    Webhook,
    /// `curl https://...`: an action, and the connector that it calls
    Curl,
}

/// Tell what a save would change, without serving it.
///
/// Compares the file, and those that it includes, with what the running server serves, or else with
/// the last good configuration: the one that `tympan run` served last and keeps in the state folder.
/// One line for each change, in the words
/// that `tympan run` logs when it reloads. Changes are printed on standard output, everything else
/// on standard error.
#[derive(Debug, clap::Args)]
#[command(after_help = help::plan_help())]
pub(crate) struct PlanOptions {
    /// The configuration
    #[arg(default_value = "listeners.yaml", env = "TYMPAN_CONFIG")]
    pub(crate) file: PathBuf,

    /// The admin address of the server to compare with, if not what the file says
    #[arg(long, value_name = "ADDRESS", value_parser = words::address)]
    pub(crate) admin: Option<Address>,

    /// For people, or for programs
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

/// Tell why a saved request is answered as it is.
///
/// Takes the request through the listeners as `run` would, without sending anything anywhere, and
/// tells what every stage decides, where the file says so, and the values of sub-expressions. For a
/// proof that fails it tries what is often wrong and names the likeliest cause. No secret is shown,
/// and nothing that was computed with one.
///
/// A secret that cannot be looked up here is no obstacle: its proof is said to be not checked, and
/// what follows is told as it would be if it verified.
#[derive(Debug, clap::Args)]
#[command(after_help = help::EXPLAIN_EXAMPLES, after_long_help = help::explain_long_help())]
pub(crate) struct Explain {
    /// A raw HTTP/1 message, a `curl` command line, or a HAR file; `-` for standard input
    #[arg(required_unless_present = "url")]
    pub(crate) request: Option<PathBuf>,

    /// The configuration
    #[arg(
        long,
        short,
        value_name = "FILE",
        default_value = "listeners.yaml",
        env = "TYMPAN_CONFIG"
    )]
    pub(crate) config: PathBuf,

    /// Take this listener, whatever the path of the request
    #[arg(long, value_name = "NAME")]
    pub(crate) listener: Option<String>,

    /// Judge freshness at this time: RFC 3339, or seconds since 1970. Otherwise at the time that
    /// the saved request tells (its Date header, or startedDateTime in a HAR file), or else now
    #[arg(long, value_name = "TIME", value_parser = words::instant)]
    pub(crate) at: Option<f64>,

    /// The request of a HAR file, from 1; otherwise the first whose path a listener has
    #[arg(long, value_name = "N")]
    pub(crate) entry: Option<usize>,

    /// The address of the sender; otherwise that of the saved request, or 127.0.0.1
    #[arg(long, value_name = "IP")]
    pub(crate) client: Option<IpAddr>,

    /// Build the request by hand: its URL or path
    #[arg(long, conflicts_with = "request")]
    pub(crate) url: Option<String>,

    /// Its method; POST if it has a body, otherwise GET
    #[arg(long, short = 'X', requires = "url", conflicts_with = "request")]
    pub(crate) method: Option<String>,

    /// One of its headers, as `Name: value`
    #[arg(long, short = 'H', requires = "url", conflicts_with = "request")]
    pub(crate) header: Vec<String>,

    /// The file that is its body, byte by byte; `-` for standard input
    #[arg(long, value_name = "FILE", requires = "url", conflicts_with = "request")]
    pub(crate) body: Option<PathBuf>,

    /// End with 1 unless this is the outcome, now or if what cannot be checked verifies
    #[arg(long, value_name = "OUTCOME", value_parser = words::outcome)]
    pub(crate) expect: Option<Outcome>,

    /// For people, or for programs
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

/// Tell what an expression yields.
///
/// Prints its value as JSON on one line of standard output; what is wrong with it goes to standard
/// error. Without an expression this is a prompt with completion and history; where standard input
/// is no terminal, every line of it is an expression. `docs/REFERENCE.md` describes the language.
///
/// The request has no listener, so `path_params`, `listener`, `item` and names of `let` are null.
#[derive(Debug, clap::Args)]
#[command(after_help = help::EVAL_EXAMPLES, after_long_help = help::eval_long_help())]
pub(crate) struct Eval {
    /// The expression
    #[arg(allow_hyphen_values = true)]
    pub(crate) expression: Option<String>,

    /// The request: a raw HTTP/1 message, a `curl` command line, or a HAR file
    #[arg(long, value_name = "FILE")]
    pub(crate) request: Option<PathBuf>,

    /// The request of a HAR file, from 1
    #[arg(long, value_name = "N", requires = "request")]
    pub(crate) entry: Option<usize>,

    /// The file that is the body of a request that is built by hand
    #[arg(long, value_name = "FILE", conflicts_with = "request")]
    pub(crate) body: Option<PathBuf>,

    /// One of its headers, as `Name: value`
    #[arg(long, short = 'H', value_name = "K:V", conflicts_with = "request")]
    pub(crate) header: Vec<String>,

    /// The address of the sender; otherwise that of the saved request, or 127.0.0.1
    #[arg(long, value_name = "IP")]
    pub(crate) client: Option<IpAddr>,

    /// What `$TIME()` is: RFC 3339, or seconds since 1970. Otherwise when the saved request was
    /// sent, or else now
    #[arg(long, value_name = "TIME", value_parser = words::instant)]
    pub(crate) at: Option<f64>,

    /// Read JMESPath instead of the Moveworks DSL
    #[arg(long)]
    pub(crate) jmespath: bool,

    /// Print the value of every sub-expression first, those of lambdas excepted
    #[arg(long)]
    pub(crate) trace: bool,
}

/// Send a request as a listener's provider would.
///
/// Builds the request from the listener's own description: the signature is put where
/// `received_signature` reads it, the timestamp where it is read, over the payload that the
/// listener's expression composes. Prints the status and the answer.
///
/// It needs the secret, as the server does. What an expression computes cannot be turned around:
/// such a listener says with `simulate:` where its provider puts what.
#[derive(Debug, clap::Args)]
#[command(after_help = help::SIMULATE_EXAMPLES, after_long_help = help::simulate_long_help())]
pub(crate) struct Simulate {
    /// The listener
    pub(crate) listener: String,

    /// The configuration
    #[arg(
        long,
        short,
        value_name = "FILE",
        default_value = "listeners.yaml",
        env = "TYMPAN_CONFIG"
    )]
    pub(crate) config: PathBuf,

    /// Where to send it: the origin, or a whole URL in the place of the listener's path. Otherwise
    /// the first address of `server.listen`
    #[arg(long, value_name = "URL")]
    pub(crate) to: Option<String>,

    /// What is sent: the set-up request; a delivery; the same bytes twice; a delivery signed too
    /// long ago; one with the signature of another; one that is delivered again, signed anew
    #[arg(long, value_name = "CASE", default_value = "event", value_parser = words::case())]
    pub(crate) case: String,

    /// The file that is the body, byte by byte; `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) body: Option<PathBuf>,

    /// A header of its own, as `Name: value`
    #[arg(long, short = 'H', value_name = "K:V")]
    pub(crate) header: Vec<String>,

    /// The file of the private key to sign with, where the listener knows the public one only
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,

    /// Print a command line of curl instead of sending it
    #[arg(long)]
    pub(crate) print: bool,
}

/// Run the tests of a file's listeners.
///
/// Each test of `tests:` takes its request through the listeners as `run` would, without sending
/// anything anywhere, at an instant of its own, and compares what becomes of it with what was
/// expected. Secrets have values that are made up for the purpose, so that none is needed but a
/// `signing_key`, where one is named.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Test {
    /// The configuration
    #[arg(default_value = "listeners.yaml", env = "TYMPAN_CONFIG")]
    pub(crate) file: PathBuf,

    /// For people, or for programs
    #[arg(long, value_enum, default_value_t = TestFormat::Text)]
    pub(crate) format: TestFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TestFormat {
    /// Readable
    Text,
    /// XML, as `JUnit` writes it
    Junit,
}

/// Find out how an unknown provider signs.
///
/// Takes one captured request and its secret, or the provider's public key, tries what providers
/// are known to do (payloads, hash functions, encodings, forms of keys, places of signatures; tokens
/// and passwords), and prints the listener that verifies the request. What is printed was run: the
/// request is accepted by it.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Infer {
    /// A raw HTTP/1 message, a `curl` command line, or a HAR file; `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) request: PathBuf,

    /// The file that holds the secret or the public key, as the provider shows it
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_file: PathBuf,

    /// The request of a HAR file, from 1
    #[arg(long, value_name = "N")]
    pub(crate) entry: Option<usize>,
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
    #[arg(long, value_name = "ADDRESS", value_parser = words::address)]
    pub(crate) admin: Option<Address>,
}

/// Tell which promises hold for listeners as they are configured, and why others do not.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Promises {
    /// The configuration
    #[arg(default_value = "listeners.yaml", env = "TYMPAN_CONFIG")]
    pub(crate) file: PathBuf,

    /// Only this listener
    #[arg(long)]
    pub(crate) listener: Option<String>,
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
