//! What the command line hands over: files, standard input, saved requests, and the present.

use std::fs::File;
use std::io;
use std::io::Read;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::path::Component;
use std::path::Path;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use tympan_core::config::Config;
use tympan_core::config::Loaded;
use tympan_core::diagnostic;
use tympan_core::pipeline::RequestId;
use tympan_core::request;
use tympan_core::request::Saved;
use tympan_core::span::Sources;
use tympan_server::Files;

use crate::exit::Exit;
use crate::terminal;

/// A whole file, as far as it may be one; `-` is standard input.
pub(crate) fn read(file: &Path) -> Result<Vec<u8>, String> {
    let most = request::MOST_BYTES as u64 + 1;
    let mut bytes = Vec::new();
    let done = if file == Path::new("-") {
        io::stdin().take(most).read_to_end(&mut bytes)
    } else {
        File::open(file).and_then(|open| open.take(most).read_to_end(&mut bytes))
    };
    done.map_err(|error| unreadable(file, &error))?;
    if bytes.len() as u64 == most {
        let most = request::MOST_BYTES;
        return Err(format!("error: {} is larger than {most} bytes", shown(file)));
    }
    Ok(bytes)
}

/// A configuration without mistakes, or what is wrong with it and how a command ends with that.
pub(crate) fn configuration(file: &Path) -> Result<(Config, Sources), (String, Exit)> {
    let files = Files::read(file).map_err(|error| (unreadable(file, &error), Exit::Usage))?;
    let (Loaded { config, diagnostics }, sources) = files.load();
    if diagnostics.refuse(false) {
        let why = diagnostic::text(&diagnostics, &sources, terminal::colour());
        return Err((why, Exit::Problems));
    }
    Ok((config, sources))
}

/// The place of a listener in its configuration.
pub(crate) fn listener(config: &Config, name: &str) -> Result<usize, String> {
    let found = config.listeners.iter().position(|listener| listener.name == name);
    found.ok_or_else(|| {
        let known: Vec<_> = config.listeners.iter().map(|it| it.name.as_str()).take(20).collect();
        format!("error: there is no listener {name}, but {}", known.join(", "))
    })
}

/// Why a file cannot be read.
pub(crate) fn unreadable(file: &Path, error: &io::Error) -> String {
    format!("error: {} cannot be read: {error}", shown(file))
}

/// The requests that a file holds.
pub(crate) fn requests(file: &Path) -> Result<Vec<Saved>, String> {
    let folder = if file == Path::new("-") { None } else { file.parent() };
    let beside = |name: &str| beside(folder.unwrap_or(Path::new("")), name);
    request::read(&read(file)?, &beside)
        .map_err(|fault| format!("error: {} holds no request: {fault}", shown(file)))
}

/// A file that a saved command line names. Whoever wrote that may be a stranger: only what lies beside
/// it, or below, is read.
fn beside(folder: &Path, name: &str) -> Result<Vec<u8>, String> {
    let is_below = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    if !Path::new(name).components().all(is_below) || matches!(name, "" | "-") {
        return Err("it does not lie beside the command line; --url and --body give it".to_owned());
    }
    read(&folder.join(name))
}

/// The address of a request's sender: what is said, or known, or else this machine's.
pub(crate) fn sender(said: Option<IpAddr>, known: Option<IpAddr>) -> IpAddr {
    said.or(known).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
}

/// Seconds since 1970.
pub(crate) fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// An id that tells the time, as those of the server do, and nothing else.
pub(crate) fn id(now: f64) -> RequestId {
    let since = std::time::Duration::try_from_secs_f64(now).unwrap_or_default();
    RequestId((since.as_millis() & 0xFFFF_FFFF_FFFF) << 80)
}

fn shown(file: &Path) -> String {
    if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() }
}
