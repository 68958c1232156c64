//! Whether the files of TLS that a configuration names are here, and can be used.

use std::fs::File;
use std::path::Path;

use tympan_core::config::Config;
use tympan_core::diagnostic::Diagnostics;

use crate::outbound::Egress;
use crate::tls;
use crate::tls::Named;
use crate::tls::Tls;

/// A file that cannot be read here, which says nothing about the configuration.
#[derive(Debug, PartialEq, Eq)]
pub struct Missing {
    /// The file, as it is named.
    pub file: String,
    /// Why it cannot be read.
    pub why: String,
}

/// Reports what is wrong with the files that are here, and tells which are not. Where one of several
/// that belong together is missing, nothing is said about the others.
#[must_use]
pub fn check(folder: &Path, config: &Config, found: &mut Diagnostics) -> Vec<Missing> {
    let mut missing = Vec::new();
    if let Some(tls) = &config.server.tls
        && are_here(folder, tls::files(tls), &mut missing)
    {
        Tls::read(folder, Some(tls), found);
    }
    let has_authorities = are_here(folder, config.egress.ca.iter(), &mut missing);
    let egress = has_authorities.then(|| Egress::usual(folder, &config.egress, found));
    let egress = egress.unwrap_or_default();
    let destinations = config.destinations.iter();
    let destinations = destinations.filter_map(|it| Some((it.kind.tls()?, it.at)));
    let connectors = config.connectors.iter().map(|it| (&it.tls, it.at));
    for (tls, at) in destinations.chain(connectors) {
        if are_here(folder, tls.files(), &mut missing)
            && let Err((at, problem)) = egress.with(folder, tls, at)
        {
            found.report(at, problem);
        }
    }
    missing
}

fn are_here<'n>(
    folder: &Path,
    files: impl Iterator<Item = &'n Named>,
    missing: &mut Vec<Missing>,
) -> bool {
    let mut is_all = true;
    for (file, _) in files {
        let Err(error) = File::open(folder.join(file)) else { continue };
        is_all = false;
        let unreadable = Missing { file: file.clone(), why: error.to_string() };
        if !missing.contains(&unreadable) {
            missing.push(unreadable);
        }
    }
    is_all
}
