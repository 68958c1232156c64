//! How words of the command line are read.

use tympan_core::config::Address;
use tympan_core::outcome::Outcome;
use tympan_core::request;
use tympan_core::simulate::Case;

pub(super) fn address(text: &str) -> Result<Address, &'static str> {
    let expected = "expected unix:PATH or an IP address and a port";
    match text.parse() {
        Ok(address @ (Address::Tcp(_) | Address::Unix(_))) => Ok(address),
        Ok(Address::Systemd(_)) | Err(()) => Err(expected),
    }
}

/// The words for what can be sent.
pub(super) fn case() -> clap::builder::PossibleValuesParser {
    Case::WORDS.map(|(word, _)| word).into()
}

pub(super) fn instant(text: &str) -> Result<f64, String> {
    request::instant(text)
        .ok_or_else(|| "a time is 2026-01-31T12:00:00Z, or seconds since 1970".to_owned())
}

pub(super) fn outcome(word: &str) -> Result<Outcome, String> {
    Outcome::read(word).ok_or_else(|| {
        let words = Outcome::ALL.map(Outcome::name).join(", ");
        format!("an outcome is one of {words}")
    })
}

pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    pair.map(|(name, value)| (name.to_owned(), value.to_owned()))
        .ok_or_else(|| "a parameter is NAME=VALUE".to_owned())
}
