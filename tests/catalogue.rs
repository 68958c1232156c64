//! The commands that look at presets, and the one that puts one into a file.

use std::fs;
use std::process::Output;

use tympan_core::config::preset;

use crate::process::Folder;
use crate::process::repository;
use crate::process::tympan;

fn run(arguments: &[&str]) -> Output {
    tympan().args(arguments).output().unwrap()
}

#[test]
fn presets_are_found_by_what_they_are() {
    let all = run(&["presets", "list"]);
    assert!(all.status.success());
    let all = String::from_utf8(all.stdout).unwrap();
    let some = run(&["presets", "list", "token", "chat"]);
    let some = String::from_utf8(some.stdout).unwrap();
    assert!(some.lines().count() > 1 && some.lines().count() < all.lines().count(), "{some}");
    assert!(some.lines().skip(1).all(|line| line.contains("chat") && line.contains("token")));
    let none = run(&["presets", "list", "nothing-like-it"]);
    assert_eq!(none.status.code(), Some(1));
}

#[test]
fn a_preset_is_shown_as_it_is_written() {
    let shown = run(&["presets", "show", "standard-webhooks"]);
    let file = "crates/tympan-core/presets/standard-webhooks.yaml";
    assert_eq!(shown.stdout, fs::read(repository().join(file)).unwrap());
    let missing = run(&["presets", "show", "standard-webhook"]);
    assert_eq!(missing.status.code(), Some(2));
    let told = String::from_utf8(missing.stderr).unwrap();
    assert!(told.contains("did you mean standard-webhooks?"), "{told}");
}

#[test]
fn every_preset_holds() {
    let tried = run(&["presets", "verify"]);
    let told = String::from_utf8(tried.stdout).unwrap();
    assert!(tried.status.success(), "{told}");
    let n_presets = preset::built_in().count();
    assert!(told.lines().count() == n_presets && n_presets > 100, "{told}");
    assert!(told.lines().all(|line| line.starts_with("ok")), "{told}");
    // Whatever a provider signs with, it is played as a whole.
    for line in told.lines() {
        let name = line.split([' ', ':']).find(|word| !word.is_empty() && *word != "ok").unwrap();
        assert!(line.contains("a delivery is accepted"), "{line}");
        let greets = preset::text(name).unwrap().contains("\nchallenge:");
        assert!(!greets || line.contains("the set-up request is answered"), "{line}");
    }
}

#[test]
fn a_preset_of_ones_own_is_tried() {
    let folder = Folder::new("version: 1\n");
    let preset = "title: Own\ncategory: test\nsource: https://example.com/\nchecked: 2026-11-27\n\
                  sure: {verification: documented}\nparameters: {key: {kind: secret, doc: Console.}}\n\
                  verification: [{token: {secret: key, received_token: 'headers[\"X-Token\"]'}}]\n";
    folder.write("own.yaml", preset);
    let own = folder.path("own.yaml").display().to_string();
    let tried = run(&["presets", "verify", &own]);
    let told = String::from_utf8(tried.stdout).unwrap();
    assert_eq!(told, "ok    own: a delivery is accepted, a wrong proof is refused\n");
    folder.write("own.yaml", preset.replace("headers", "heders"));
    let tried = run(&["presets", "verify", &own]);
    assert_eq!(tried.status.code(), Some(1));
    let told = String::from_utf8(tried.stderr).unwrap();
    assert!(told.contains("own.yaml:7:"), "{told}");
}

/// What stood in the file before stands there still, and what is added loads.
#[test]
fn a_listener_is_added_to_a_file() {
    let before = fs::read_to_string(repository().join("listeners.yaml")).unwrap();
    let folder = Folder::new(&before);
    let file = folder.path("listeners.yaml").display().to_string();
    let added = run(&["new", "added", "--preset", "standard-webhooks", "--config", &file]);
    let told = String::from_utf8(added.stderr).unwrap();
    assert!(added.status.success(), "{told}");
    assert!(told.contains("/webhooks/v1/listeners/added/notify"), "{told}");
    let after = fs::read_to_string(&file).unwrap();
    let kept: Vec<_> = before.lines().collect();
    let mut rest = after.lines();
    assert!(kept.iter().all(|line| rest.any(|it| it == *line)), "{after}");
    assert!(after.contains("\n    preset: standard-webhooks\n"), "{after}");
    assert!(run(&["check", &file]).status.success());

    let again = run(&["new", "added", "--preset", "standard-webhooks", "--config", &file]);
    assert_eq!(again.status.code(), Some(1));
    assert_eq!(fs::read_to_string(&file).unwrap(), after);
}

#[test]
fn a_file_is_made_for_the_first_listener() {
    let folder = Folder::new("");
    let file = folder.path("new.yaml").display().to_string();
    let added = run(&["new", "first", "--preset", "standard-webhooks", "--config", &file]);
    assert!(added.status.success(), "{added:?}");
    let checked = run(&["check", "--strict", &file]);
    assert!(checked.status.success(), "{checked:?}");
}
