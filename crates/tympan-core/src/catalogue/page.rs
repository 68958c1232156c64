//! The page of all presets, for people.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::Entry;
use super::all;
use crate::config::preset::ParameterKind;

/// Every preset that comes with the program, by category, in Markdown.
#[must_use]
pub fn page() -> String {
    let mut categories: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    let mut n_presets = 0;
    for entry in all() {
        n_presets += 1;
        categories.entry(entry.preset.category.clone()).or_default().push(entry);
    }
    let mut page = format!(
        "# Presets\n\n\
         Generated from the files of the {n_presets} presets that come with the program; \
         `tympan presets show NAME` prints one, with the pages that it relies on.\n\n\
         ```yaml\n\
         listeners:\n  \
           orders: {{preset: NAME, secret: orders, deliver: [console]}}\n\
         ```\n\n\
         A preset with one secret takes it as `secret`; what others ask for stands under `with`. An \
         optional parameter has a question mark behind its name. Those that register know how webhooks \
         are made at their provider: `tympan register` does it, where the listener says `registration: \
         {{connector: NAME}}`. How well the proof is known: \
         *documented* by the provider, read from the *code* of others, or only *known*.\n\n\
         `tympan presets verify NAME` plays the provider without a server, with secrets and pairs of keys \
         that are made up, and `tympan simulate LISTENER` plays it to one. Where the provider's public \
         key is a secret of the listener, that takes a pair of your own: `openssl genpkey -algorithm \
         ed25519 -out private.pem`, its public half (`openssl pkey -in private.pem -pubout`) as the \
         secret, and `simulate LISTENER --key private.pem`.\n"
    );
    for (category, entries) in categories {
        let _ = writeln!(
            page,
            "\n## {category}\n\n\
             | preset | provider | proof | handshake | registers | parameters | answers within | sure |\n\
             | --- | --- | --- | --- | --- | --- | --- | --- |"
        );
        for entry in entries {
            let preset = &entry.preset;
            let within = preset.ack_within.map_or_else(String::new, |it| format!("{it:?}"));
            let _ = writeln!(
                page,
                "| `{}` | [{}]({}) | {} | {} | {} | {} | {within} | {} |",
                preset.name,
                escaped(&preset.title),
                preset.source.first().map_or("", String::as_str),
                escaped(&entry.proof),
                if entry.has_challenge() { "yes" } else { "" },
                if preset.sure.registration.is_some() { "yes" } else { "" },
                parameters(&entry),
                preset.sureness().word(),
            );
        }
    }
    page
}

fn parameters(entry: &Entry) -> String {
    let parameter = |it: &crate::config::preset::Parameter| {
        let kind = match it.kind {
            ParameterKind::Secret => "",
            ParameterKind::Text => " (text)",
            ParameterKind::Url => " (URL)",
        };
        format!("`{}`{}{kind}", it.name, if it.required { "" } else { "?" })
    };
    entry.preset.parameters.iter().map(parameter).collect::<Vec<_>>().join(", ")
}

/// A bar would end a cell.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}
