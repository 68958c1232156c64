//! The tables of keys and functions as pages for people.

use std::fmt::Write;

use crate::config::keys;
use crate::config::keys::Holds;
use crate::config::keys::Literal;
use crate::config::keys::Named;
use crate::config::keys::Section;

mod language;
mod mapper;

pub use language::language;

/// Every key of every section, in Markdown.
#[must_use]
pub fn configuration() -> String {
    let mut page = String::from(
        "# Every key of `listeners.yaml`\n\n\
         Generated from the table of keys; `tympan schema` gives the same to editors. What a key \
         holds:\n\n\
         - *expression*: Moveworks DSL, or `{jmespath: \"...\"}`; a literal text is quoted inside \
         the YAML text (`'\"ok\"'`); unquoted numbers, true, false and null are constants,\n\
         - *mapping*: maps and lists of expressions, and forms of the Data Mapper (REFERENCE.md), nested \
           at will,\n\
         - *name*: of something defined elsewhere in the file,\n\
         - anything else is taken as it stands.\n",
    );
    let mut seen: Vec<&str> = Vec::new();
    section(&keys::FILE, &mut page, &mut seen);
    section(&keys::PRESET, &mut page, &mut seen);
    page
}

fn section(it: &'static Section, page: &mut String, seen: &mut Vec<&'static str>) {
    if seen.contains(&it.name) {
        return;
    }
    seen.push(it.name);
    let kinds: Vec<_> = it.keys.iter().filter(|key| !key.beside).map(|key| key.name).collect();
    let exactly_one = match it.one_of {
        true if kinds.len() == it.keys.len() => " Exactly one of these keys.".to_owned(),
        true => format!(" Exactly one of `{}`.", kinds.join("`, `")),
        false => String::new(),
    };
    let _ = writeln!(page, "\n## {}\n\n{}{exactly_one}", title(it), it.doc);
    table(it, page);
    for key in it.keys {
        for inner in inner(&key.holds) {
            section(inner, page, seen);
        }
    }
}

fn table(it: &Section, page: &mut String) {
    if !it.keys.is_empty() {
        let _ = writeln!(page, "\n| key | holds | meaning |\n| --- | --- | --- |");
    }
    for key in it.keys {
        let required = if key.required { " Required." } else { "" };
        let default =
            key.default.map(|default| format!(" Default: `{default}`.")).unwrap_or_default();
        let _ = writeln!(
            page,
            "| `{}` | {} | {}{required}{default}<br>`{}` |",
            key.name,
            escaped(&holds(&key.holds)),
            escaped(key.doc),
            escaped(key.example),
        );
    }
}

fn inner(held: &Holds) -> Vec<&'static Section> {
    match held {
        Holds::Section(section) | Holds::NameOr(_, section) => vec![section],
        Holds::MapOf(held)
        | Holds::LooseMapOf(held)
        | Holds::List(held)
        | Holds::OneOrMany(held)
        | Holds::WordOr(_, held) => inner(held),
        Holds::Or(one, other) => [inner(one), inner(other)].concat(),
        _ => Vec::new(),
    }
}

fn holds(held: &Holds) -> String {
    match held {
        Holds::Expression => "expression".to_owned(),
        Holds::Mapping => "mapping".to_owned(),
        Holds::Mappings => "map of names to mappings".to_owned(),
        Holds::Computed => "map of names to expressions or forms".to_owned(),
        Holds::Expressions => "map of names to expressions".to_owned(),
        Holds::Schema => "map of fields to types, or JSON Schema".to_owned(),
        Holds::Object => "map".to_owned(),
        Holds::Literal(kind) => literal(*kind).to_owned(),
        Holds::Choice(words) => {
            words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
        }
        Holds::Numbers(numbers) => {
            numbers.iter().map(|number| format!("`{number}`")).collect::<Vec<_>>().join(", ")
        }
        Holds::Name(named) => name(*named).to_owned(),
        Holds::NameOr(named, section) => {
            format!("{}, or [{}](#{})", name(*named), title(section), anchor(section))
        }
        Holds::Section(section) => format!("[{}](#{})", title(section), anchor(section)),
        Holds::MapOf(held) | Holds::LooseMapOf(held) => format!("map of names to {}", holds(held)),
        Holds::List(held) => format!("list of {}", holds(held)),
        Holds::OneOrMany(held) => format!("{}, or a list", holds(held)),
        Holds::Texts => "map of names to texts".to_owned(),
        Holds::Json => "any value, as it stands".to_owned(),
        Holds::WordOr(word, held) => format!("`{word}`, or {}", holds(held)),
        Holds::Or(one, other) => format!("{}, or {}", holds(one), holds(other)),
        Holds::Parameters => "map of names to names, texts and URLs".to_owned(),
    }
}

fn name(named: Named) -> &'static str {
    match named {
        Named::Secret => "name of a secret",
        Named::Client => "name of a client",
        Named::Connector => "name of a connector",
        Named::Destination => "name of a destination",
    }
}

fn literal(kind: Literal) -> &'static str {
    match kind {
        Literal::Endpoint(_) => "URL without user or fragment",
        Literal::Address => "address and port, `unix:PATH`, `systemd` or `systemd:NAME`",
        Literal::Boolean => "true or false",
        Literal::Count => "whole number from 1",
        Literal::Duration => "duration (`ms`, `s`, `m`, `h`, `d`)",
        Literal::File => "file, relative to the folder of this file",
        Literal::Glob => "pattern of files, relative to the folder of this file",
        Literal::Header => "name of a header",
        Literal::Method => "HTTP method",
        Literal::Network => "network such as `10.0.0.0/8`, or an IP address",
        Literal::Path => "path",
        Literal::Pattern => "regular expression for the whole value",
        Literal::Size => "size (`B`, `KiB`, `MiB`, `GiB`, `kB`, `MB`, `GB`)",
        Literal::Status => "status from 200 to 599",
        Literal::Text => "text",
        Literal::Url => "URL of scheme and host",
        Literal::Version => "`1`",
    }
}

fn title(section: &Section) -> String {
    section.name.replace('`', "")
}

fn anchor(section: &Section) -> String {
    title(section).replace(' ', "-")
}

/// A bar would end a cell.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}
