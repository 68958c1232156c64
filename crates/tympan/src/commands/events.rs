//! `tympan events`

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use http::Method;
use serde_json::Value;
use tympan_core::config::Config;
use tympan_core::config::Loaded;
use tympan_journal::Embedded;
use tympan_journal::Settings;
use tympan_server::Files;
use tympan_server::again::Now;
use tympan_server::events;
use tympan_server::events::Ask;
use tympan_server::events::Refusal;
use tympan_server::keys;

use crate::args::Asked;
use crate::args::Events;
use crate::args::EventsOrder;
use crate::args::Format;
use crate::args::Which;
use crate::client;
use crate::client::Server;
use crate::exit::Exit;
use crate::terminal;

/// Much may have to be looked through.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) fn run(options: &Events) -> Exit {
    let (ask, which, shape) = match &options.order {
        EventsOrder::List(list) => (Ask::List, &list.which, list.format.into()),
        EventsOrder::Show(show) if show.request => (Ask::Show, &show.which, Shape::Request),
        EventsOrder::Show(show) => (Ask::Show, &show.which, Shape::Json),
        EventsOrder::Replay(which) => (Ask::Replay, which, Shape::Text),
        EventsOrder::Drop(which) => (Ask::Drop, which, Shape::Text),
    };
    let changes = matches!(ask, Ask::Replay | Ask::Drop);
    let told = Teller::find(&which.asked, which.refused, changes)
        .and_then(|teller| tell(&teller, ask, which, shape));
    match told {
        Ok(exit) => exit,
        Err(why) => {
            terminal::say(&format!("error: {why}"));
            Exit::Problems
        }
    }
}

/// How what is told is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Text,
    Json,
    /// What was kept of a request, alone.
    Request,
}

impl From<Format> for Shape {
    fn from(format: Format) -> Self {
        match format {
            Format::Text => Self::Text,
            Format::Json => Self::Json,
        }
    }
}

/// Who answers: a running server, or else its journal.
enum Teller {
    Server(Box<Server>),
    Journal(Box<Embedded>, Box<Now>),
}

impl Teller {
    fn find(asked: &Asked, refused: bool, changes: bool) -> Result<Self, String> {
        let server = Server::find(asked)?;
        if asked.admin.is_some() || server.ask(Method::GET, "/healthz", PATIENCE).is_ok() {
            return Ok(Self::Server(Box::new(server)));
        }
        let file = &asked.file;
        let files = Files::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let Loaded { config, diagnostics } = files.load().0;
        let root = file.parent().unwrap_or(Path::new(""));
        let name = if refused { "refused" } else { "journal" };
        let folder = root.join(&config.state.0).join(name);
        if !folder.exists() {
            return Err(format!("nobody answers, and there is no journal {}", folder.display()));
        }
        // A file with mistakes says nothing about what requests make now.
        let config = if diagnostics.refuse(false) { Config::default() } else { config };
        let secrets = keys::Lookup::new(root, &config).secrets(&config);
        let now = Box::new(Now::new(&config, &secrets));
        // A disk that takes nothing any more may be read.
        let settings = Settings { is_durable: changes, ..Settings::default() };
        let journal = Embedded::open(&folder, settings);
        Ok(Self::Journal(Box::new(journal.map_err(|error| error.to_string())?), now))
    }

    fn ask(&self, ask: Ask, parameters: &str) -> Result<Value, String> {
        match self {
            Self::Server(server) => {
                let (method, path) = match ask {
                    Ask::List => (Method::GET, "/v1/events"),
                    Ask::Show => (Method::GET, "/v1/events/show"),
                    Ask::Replay => (Method::POST, "/v1/events/replay"),
                    Ask::Drop => (Method::POST, "/v1/events/drop"),
                };
                let answer = server.ask(method, &format!("{path}?{parameters}"), PATIENCE);
                match answer {
                    Ok(answer) if answer.status.is_success() => Ok(answer.body),
                    Ok(answer) => Err(answer.detail()),
                    Err(silent) => Err(silent.to_string()),
                }
            }
            Self::Journal(journal, now) => client::within(PATIENCE, async {
                let told = events::answer(&**journal, now, ask, parameters).await;
                told.map_err(|refusal| match refusal {
                    Refusal::Question(why) | Refusal::Journal(why) => why,
                    Refusal::Nothing => "there is no such event".to_owned(),
                })
            }),
        }
    }
}

/// Asks until everything is told.
fn tell(teller: &Teller, ask: Ask, which: &Which, shape: Shape) -> Result<Exit, String> {
    let mut after = 0;
    let mut left = which.limit.unwrap_or(usize::MAX);
    let mut count = 0;
    let mut exit = Exit::Done;
    loop {
        let parameters = parameters(which, after, left.min(1000), ask);
        let told = teller.ask(ask, &parameters)?;
        match ask {
            Ask::Show if shape == Shape::Request && told["kind"] == "event" => {
                return Err("it is an event: its request is not kept".to_owned());
            }
            Ask::Show => {
                let shown = if shape == Shape::Request { &told["body"] } else { &told };
                terminal::data(&format!("{shown:#}\n"));
                return Ok(exit);
            }
            Ask::List => {
                let items = told["items"].as_array().map(Vec::as_slice).unwrap_or_default();
                left -= items.len().min(left);
                for item in items {
                    terminal::data(&match shape {
                        Shape::Text => line(item),
                        Shape::Json | Shape::Request => format!("{item}\n"),
                    });
                }
            }
            Ask::Replay | Ask::Drop => {
                let n_done = usize::try_from(told["count"].as_u64().unwrap_or_default());
                let n_done = n_done.unwrap_or_default();
                left -= n_done.min(left);
                count += n_done;
                for dead in told["left"].as_array().into_iter().flatten() {
                    let why = terminal::plain(dead["why"].as_str().unwrap_or_default());
                    terminal::progress("");
                    terminal::say(&format!("{} stays a dead letter: {why}", dead["number"]));
                    exit = Exit::Problems;
                }
                let (next, last) = (told["next"].as_u64(), told["last"].as_u64());
                if let (Some(next), Some(last)) = (next, last) {
                    terminal::progress(&terminal::bar(next, last, &format!("{count} so far")));
                }
            }
        }
        match told["next"].as_u64() {
            Some(next) if left > 0 => after = next,
            _ => break,
        }
    }
    terminal::progress("");
    let events = if count == 1 { "event" } else { "events" };
    match ask {
        Ask::Replay => terminal::data(&format!("{count} {events} to be delivered once more\n")),
        Ask::Drop => terminal::data(&format!("{count} {events} dropped\n")),
        Ask::List | Ask::Show => {}
    }
    Ok(exit)
}

fn parameters(which: &Which, after: u64, limit: usize, ask: Ask) -> String {
    let mut parameters = form_urlencoded::Serializer::new(String::new());
    let texts = [
        ("listener", &which.listener),
        ("destination", &which.destination),
        ("state", &which.state),
        ("id", &which.id),
        ("since", &which.since),
        ("until", &which.until),
    ];
    for (name, value) in texts {
        if let Some(value) = value {
            parameters.append_pair(name, value);
        }
    }
    if let Some(number) = which.number {
        parameters.append_pair("number", &number.to_string());
    }
    if ask != Ask::Show {
        parameters.append_pair("after", &after.to_string());
        parameters.append_pair("limit", &limit.to_string());
    }
    if which.refused {
        parameters.append_pair("refused", "true");
    }
    if which.all {
        parameters.append_pair("all", "true");
    }
    parameters.finish()
}

/// An entry on a line, and each of its deliveries on one of its own.
fn line(item: &Value) -> String {
    let text = |value: &Value| terminal::plain(value.as_str().unwrap_or_default());
    let why = |value: &Value| {
        value.as_str().map_or_else(String::new, |why| format!(": {}", terminal::plain(why)))
    };
    let (state, kind) = (text(&item["state"]), text(&item["kind"]));
    let state = match kind.as_str() {
        "invalid" => format!("{state} {kind}"),
        _ => state,
    };
    let mut lines = format!(
        "{:>8} {} {} {} {state}{}\n",
        item["number"],
        text(&item["received"]),
        text(&item["listener"]),
        text(&item["id"]),
        why(&item["reason"]),
    );
    for delivery in item["deliveries"].as_array().into_iter().flatten() {
        let attempts = &delivery["attempts"];
        let _ = writeln!(
            lines,
            "         {} {} after {attempts} {}{}",
            text(&delivery["destination"]),
            text(&delivery["state"]),
            if *attempts == 1 { "try" } else { "tries" },
            why(&delivery["why"]),
        );
    }
    lines
}
