//! What the architecture forbids, where no compiler says so.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

/// The longest a file of Rust may be, in lines; longer ones answer more than one question.
const MOST_LINES: usize = 600;

/// Lists of like things, which may be longer.
const LISTS: [&str; 1] = ["crates/tympan-core/src/config/keys.rs"];

/// Words that no Rust file of the product may hold, comments included: a new external system costs
/// YAML, never Rust. Providers whose names are ordinary words are left out.
const PROVIDERS: [&str; 36] = [
    "adyen",
    "asana",
    "atlassian",
    "bitbucket",
    "braintree",
    "calendly",
    "discord",
    "docusign",
    "dropbox",
    "facebook",
    "github",
    "gitlab",
    "hubspot",
    "intercom",
    "jira",
    "mailchimp",
    "mailgun",
    "okta",
    "pagerduty",
    "paypal",
    "plaid",
    "salesforce",
    "sendgrid",
    "sentry",
    "shopify",
    "slack",
    "stripe",
    "svix",
    "telegram",
    "trello",
    "twilio",
    "twitch",
    "twitter",
    "typeform",
    "xero",
    "zoom",
];

/// The modules of the core from below to above: each may use those before it and its own.
const CORE: [&[&str]; 6] = [
    &[
        "span", "scalar", "secret", "roots", "room", "request", "escape", "encode", "instant",
        "anchor",
    ],
    &["diagnostic", "yaml", "scheme", "jwt", "fetched", "outcome"],
    &["config"],
    &["action", "assertion", "keys", "diff", "outgoing", "promises", "rate", "schema", "reference"],
    &["pipeline"],
    &["catalogue", "explain", "import", "infer", "simulate", "trial"],
];

/// Where each door of the sealed body may be opened, and how often.
const DOORS: [(&str, &str); 5] = [
    (".for_challenge()", "crates/tympan-core/src/pipeline/exchange.rs"),
    (".for_proof()", "crates/tympan-core/src/pipeline/exchange.rs"),
    (".open(&proof)", "crates/tympan-core/src/pipeline/exchange.rs"),
    ("Sealed::for_keeping", "crates/tympan-core/src/pipeline/exchange/refused.rs"),
    ("Verified::kept(", "crates/tympan-core/src/pipeline/exchange/again.rs"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every Rust file below a folder of the repository, with its path from there.
fn rust_files(below: &str) -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let root = root();
    let mut paths = Vec::new();
    walk(&root.join(below), &mut paths);
    paths.sort();
    let files = paths.into_iter().map(|path| {
        let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(path).unwrap())
    });
    let files: Vec<_> = files.collect();
    assert!(!files.is_empty(), "no files below {below}");
    files
}

/// The lines of a file that are not its tests.
fn product(text: &str) -> &str {
    text.split("\n#[cfg(test)]\n").next().unwrap()
}

#[test]
fn no_file_of_the_product_names_a_provider() {
    let mut found = Vec::new();
    for (name, text) in rust_files("crates") {
        for (number, line) in text.lines().enumerate() {
            for word in line.split(|c: char| !c.is_ascii_alphanumeric()).map(str::to_lowercase) {
                if PROVIDERS.contains(&word.as_str()) {
                    found.push(format!("{name}:{}: {word}", number + 1));
                }
            }
        }
    }
    assert!(found.is_empty(), "providers are YAML, never Rust:\n{}", found.join("\n"));
}

#[test]
fn modules_use_only_what_is_below_them() {
    let layer = |module: &str| CORE.iter().position(|layer| layer.contains(&module));
    let mut found = Vec::new();
    for (name, text) in rust_files("crates/tympan-core/src") {
        let inner = name.strip_prefix("crates/tympan-core/src/").unwrap();
        let module = inner.split('/').next().unwrap().trim_end_matches(".rs");
        if module == "lib" {
            continue;
        }
        let own = layer(module).unwrap_or_else(|| panic!("{module} has no layer in tidy.rs"));
        for line in product(&text).lines() {
            let Some(used) = line.trim().strip_prefix("use crate::") else { continue };
            let used = used.split([':', ';']).next().unwrap();
            if layer(used).is_none_or(|used| used > own) {
                found.push(format!("{name} uses {used}"));
            }
        }
    }
    assert!(found.is_empty(), "imports from above:\n{}", found.join("\n"));
}

#[test]
fn the_sealed_body_has_three_doors_and_two_keys() {
    for (door, home) in DOORS {
        let mut callers = Vec::new();
        for (name, text) in rust_files("crates") {
            let n_calls = product(&text).matches(door).count();
            callers.extend(std::iter::repeat_n(name, n_calls));
        }
        assert_eq!(callers, [home], "{door}");
    }
}

#[test]
fn files_answer_one_question_each() {
    let mut found = Vec::new();
    for (name, text) in rust_files("crates") {
        if !text.starts_with("//!") {
            found.push(format!("{name} does not begin with what it answers"));
        }
        let n_lines = text.lines().count();
        if n_lines > MOST_LINES && !LISTS.contains(&name.as_str()) {
            found.push(format!("{name} has {n_lines} lines"));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn only_the_terminal_prints_and_nothing_is_unfinished() {
    let printing = ["println!", "eprintln!", "print!(", "eprint!("];
    let unfinished = ["todo!", "unimplemented!", "dbg!", "fixme", "FIXME", "TODO", "#[ignore"];
    let mut found = Vec::new();
    for (name, text) in rust_files("crates") {
        for (number, line) in product(&text).lines().enumerate() {
            let prints = printing.iter().any(|word| line.contains(word));
            if prints && name != "crates/tympan/src/terminal.rs" {
                found.push(format!("{name}:{}: prints", number + 1));
            }
            if unfinished.iter().any(|word| line.contains(word)) {
                found.push(format!("{name}:{}: unfinished", number + 1));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn one_path_a_use() {
    let mut found = Vec::new();
    for (name, text) in rust_files("crates") {
        for (number, line) in product(&text).lines().enumerate() {
            let line = line.trim_start();
            if line.ends_with("prelude::*;") {
                continue;
            }
            let is_use = line.starts_with("use ") || line.starts_with("pub use ");
            if is_use && (line.contains('{') || line.contains('*')) {
                found.push(format!("{name}:{}: {line}", number + 1));
            }
        }
    }
    assert!(
        found.is_empty(),
        "the direction of modules is read from these lines:\n{}",
        found.join("\n")
    );
}

#[test]
fn every_version_is_written_once() {
    let mut found = Vec::new();
    for manifest in ["tympan-expr", "tympan-core", "tympan-server", "tympan"] {
        let name = format!("crates/{manifest}/Cargo.toml");
        let text = fs::read_to_string(root().join(&name)).unwrap();
        let dependencies = text.split("\n[dependencies]\n").nth(1).unwrap();
        for line in dependencies.lines().take_while(|line| !line.starts_with("[lints]")) {
            let is_entry = line.contains('=');
            if is_entry && !line.contains("workspace = true") {
                found.push(format!("{name}: {line}"));
            }
        }
    }
    assert!(found.is_empty(), "versions live in the workspace:\n{}", found.join("\n"));
}
