//! `tympan simulate`

use std::fmt::Write;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::net::ToSocketAddrs;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::Uri;
use http::header;
use http_body_util::Full;
use tympan_core::config::Address;
use tympan_core::config::Config;
use tympan_core::request;
use tympan_core::secret::Secret;
use tympan_core::simulate;
use tympan_core::simulate::Case;
use tympan_core::simulate::Draft;
use tympan_core::simulate::Simulation;
use tympan_core::simulate::Unsimulable;
use tympan_server::keys;

use crate::args::Simulate;
use crate::client;
use crate::client::Reply;
use crate::exit::Exit;
use crate::input;
use crate::terminal;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a request goes.
struct Target {
    address: Address,
    authority: String,
    /// In the place of the listener's path.
    path: Option<String>,
}

pub(crate) fn run(options: &Simulate) -> Exit {
    match send(options) {
        Ok(()) => Exit::Done,
        Err((why, exit)) => {
            terminal::say(&why);
            exit
        }
    }
}

fn send(options: &Simulate) -> Result<(), (String, Exit)> {
    let usage = |why| (why, Exit::Usage);
    let (config, _) = input::configuration(&options.config)?;
    let listener = &config.listeners[input::listener(&config, &options.listener).map_err(usage)?];
    let target = target(options, &config).map_err(usage)?;
    let folder = options.config.parent().unwrap_or(Path::new(""));
    let secrets = keys::Lookup::new(folder, &config).secrets(&config);
    let mut simulation = Simulation::new(&config, &secrets);
    if let Some(file) = &options.key {
        let key = Secret::new(input::read(file).map_err(usage)?, &file.display().to_string());
        let key = key.map_err(|why| usage(format!("error: {why}")))?;
        simulation = simulation.with_private_key(key);
    }

    let mut draft = simulation.draft(listener, input::now());
    draft.set_header(header::HOST.as_str(), Some(&target.authority));
    if let Some(path) = &target.path {
        draft.path.clone_from(path);
    }
    if let Some(body) = &options.body {
        draft.body = input::read(body).map_err(usage)?;
    }
    let own = request::build(None, "/", &options.header, None);
    let own = own.map_err(|fault| usage(format!("error: the request cannot be built: {fault}")))?;
    for name in own.headers.keys() {
        draft.headers.remove(name);
    }
    for (name, value) in &own.headers {
        draft.headers.append(name, value.clone());
    }
    let known = Case::WORDS.into_iter().find(|(word, _)| *word == options.case);
    let (_, case) =
        known.ok_or_else(|| usage(format!("error: there is no case {}", options.case)))?;
    let unsimulable = |why: Unsimulable| {
        (format!("error: listener {} cannot be simulated: {why}", listener.name), Exit::Problems)
    };
    // Its client asks first, where it is going to send.
    let asking = simulation.token_request(listener, &draft).map_err(unsimulable)?;
    if let Some(asking) = asking.filter(|_| !options.print) {
        let reply = deliver(&asking, &target)?;
        let token =
            simulate::token_in(&reply.body).ok_or_else(|| unsimulable(Unsimulable::NoToken))?;
        simulation = simulation.with_access_token(token);
    }
    let drafts = simulation.requests(listener, case, &draft).map_err(unsimulable)?;
    if case == Case::Handshake && listener.challenges.iter().any(|it| it.call.is_some()) {
        terminal::say(
            "note: what a handshake names is called before it is answered, or else 503 is",
        );
    }
    for draft in drafts {
        if options.print {
            print(&draft, &target)?;
        } else {
            show(&deliver(&draft, &target)?);
        }
    }
    Ok(())
}

fn deliver(draft: &Draft, target: &Target) -> Result<Reply, (String, Exit)> {
    let unsendable =
        |why: String| (format!("error: the request cannot be sent: {why}"), Exit::Usage);
    let mut request = Request::new(Full::new(Bytes::from(draft.body.clone())));
    request.method_mut().clone_from(&draft.method);
    *request.uri_mut() = draft
        .target()
        .parse()
        .map_err(|error: http::uri::InvalidUri| unsendable(error.to_string()))?;
    request.headers_mut().clone_from(&draft.headers);
    let reply = client::deliver(&target.address, request, PATIENCE);
    reply.map_err(|silent| (format!("error: {silent}"), Exit::Problems))
}

fn show(reply: &Reply) {
    terminal::data(&format!("{}\n", reply.status));
    for (name, value) in &reply.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        terminal::data(&format!("{name}: {value}\n"));
    }
    let body = String::from_utf8_lossy(&reply.body);
    let end = if body.is_empty() || body.ends_with('\n') { "" } else { "\n" };
    terminal::data(&format!("\n{body}{end}"));
}

/// A command line that sends it.
fn print(draft: &Draft, target: &Target) -> Result<(), (String, Exit)> {
    let refused = |why: &str| Err((format!("error: {why}"), Exit::Problems));
    if draft.holds_secret {
        return refused("it is proved with the secret itself, which is never printed");
    }
    let Ok(body) = std::str::from_utf8(&draft.body) else {
        return refused(
            "its body is no text, which no command line holds: send it without --print",
        );
    };
    let mut line = format!("curl -sS -i -X {}", draft.method);
    if let Address::Unix(path) = &target.address {
        let _ = write!(line, " --unix-socket {}", quoted(&path.display().to_string()));
    }
    for (name, value) in &draft.headers {
        let value = value.to_str().unwrap_or_default();
        let _ = write!(line, " \\\n  -H {}", quoted(&format!("{name}: {value}")));
    }
    if !body.is_empty() {
        let _ = write!(line, " \\\n  --data-raw {}", quoted(body));
    }
    let url = format!("http://{}{}", target.authority, draft.target());
    terminal::data(&format!("{line} \\\n  {}\n", quoted(&url)));
    Ok(())
}

/// One word of a shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

fn target(options: &Simulate, config: &Config) -> Result<Target, String> {
    let Some(url) = &options.to else { return own_address(config) };
    let wrong = |why: &str| format!("error: --to {url}: {why}");
    let uri: Uri = url.parse().map_err(|_| wrong("it is no URL"))?;
    if uri.scheme_str() != Some("http") {
        return Err(wrong("only http:// can be spoken from here; --print gives a command line"));
    }
    let authority = uri.authority().ok_or_else(|| wrong("it names no host"))?;
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let found = (host, authority.port_u16().unwrap_or(80)).to_socket_addrs();
    let address = found.map_err(|error| wrong(&error.to_string()))?.next();
    let address = address.ok_or_else(|| wrong("the host has no address"))?;
    let path = (uri.path() != "/").then(|| uri.path().to_owned());
    Ok(Target { address: Address::Tcp(address), authority: authority.to_string(), path })
}

/// The first address that the configuration listens at, as it is reached from this machine.
fn own_address(config: &Config) -> Result<Target, String> {
    if config.server.tls.is_some() {
        let why = "the server speaks TLS: name an http:// address with --to";
        return Err(format!("error: {why}"));
    }
    let address = config.server.listen.first().map(|(address, _)| address.clone());
    let address = address.ok_or_else(|| "error: nothing is listened at".to_owned())?;
    let Address::Tcp(mut tcp) = address else {
        return Ok(Target { address, authority: "localhost".to_owned(), path: None });
    };
    if tcp.ip().is_unspecified() {
        tcp.set_ip(match tcp.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    Ok(Target { address: Address::Tcp(tcp), authority: tcp.to_string(), path: None })
}
