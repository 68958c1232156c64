//! Files that are generated from tables say what the tables say.
//!
//! `BLESS=1 cargo test` writes them.

use std::env;
use std::fs;
use std::path::Path;

use tympan_core::catalogue;
use tympan_core::reference;

use crate::admin;

#[track_caller]
fn check(file: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    if env::var_os("BLESS").is_some() {
        fs::write(&path, expected).unwrap();
        return;
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "{file} is stale: write it with `BLESS=1 cargo test`");
}

#[test]
fn page_of_keys() {
    check("docs/CONFIGURATION.md", &reference::configuration());
}

#[test]
fn page_of_presets() {
    check("docs/presets.md", &catalogue::page());
}

#[test]
fn page_of_the_language() {
    let file = "docs/REFERENCE.md";
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file));
    let page = page.unwrap();
    check(file, &reference::language(&page));
    for (_, root, _) in tympan_core::roots::ALL {
        assert!(page.contains(&format!("| `{root}` |")), "{file} says nothing of `{root}`");
    }
}

#[test]
fn description_of_admin_routes() {
    check("docs/openapi.json", &admin::description());
}

#[test]
fn page_of_metrics() {
    check("docs/METRICS.md", &admin::page_of_metrics());
}
