//! The tables of keys and functions as pages for people.

use std::fmt::Write;

use tympan_expr::Dialect;
use tympan_expr::functions;

use crate::config::forms::CONTEXT;
use crate::config::forms::Example;
use crate::config::forms::FORMS;
use crate::config::keys;
use crate::config::keys::Holds;
use crate::config::keys::Literal;
use crate::config::keys::Named;
use crate::config::keys::Section;

/// Every key of every section, in Markdown.
#[must_use]
pub fn configuration() -> String {
    let mut page = String::from(
        "# Every key of `listeners.yaml`\n\n\
         Generated from the table of keys; `tympan schema` gives the same to editors. What a key \
         holds:\n\n\
         - *expression*: Moveworks DSL, or `{jmespath: \"...\"}`; a literal text is quoted inside \
         the YAML text (`'\"ok\"'`); unquoted numbers, true, false and null are constants,\n\
         - *mapping*: maps and lists of expressions, and forms of the Data Mapper (MAPPER.md), nested \
           at will,\n\
         - *name*: of something defined elsewhere in the file,\n\
         - anything else is taken as it stands.\n",
    );
    let mut seen: Vec<&str> = Vec::new();
    section(&keys::FILE, &mut page, &mut seen);
    page
}

/// Every function of the Moveworks DSL, in Markdown. Every example is a test of the language.
#[must_use]
pub fn functions() -> String {
    let mut page = String::from(
        "# Every function of the expression language\n\n\
         Generated from the table of functions; every example is run as a test. `x.$FN(a)` and \
         `$FN(x, a)` mean the same. Functions marked *extension* are not part of Moveworks' \
         language.\n\n\
         | function | meaning | examples |\n| --- | --- | --- |\n",
    );
    for function in functions::all(Dialect::Moveworks) {
        let mut parameters: Vec<String> = Vec::new();
        for parameter in function.parameters {
            let name = parameter.name;
            parameters.push(if parameter.optional { format!("[{name}]") } else { name.to_owned() });
        }
        if function.variadic {
            parameters.push("...".to_owned());
        }
        let mark = if function.extension { " *extension*" } else { "" };
        let examples =
            function.examples.iter().map(|(text, value)| format!("`{text}` is `{value}`"));
        let _ = writeln!(
            page,
            "| `{}({})`{mark} | {} | {} |",
            function.name,
            parameters.join(", "),
            escaped(function.doc),
            escaped(&examples.collect::<Vec<_>>().join("<br>")),
        );
    }
    page
}

/// What structured values are made of, as a section in Markdown. Every example is a test.
#[must_use]
pub fn mapper() -> String {
    let mut page = String::from(MAPPER);
    for form in FORMS {
        let holds = if form.section.keys.is_empty() { " It holds a value directly." } else { "" };
        let _ = writeln!(page, "\n### {}\n\n{}{holds}", form.name(), form.section.doc);
        table(&form.section, &mut page);
        for Example { written, body, result } in form.examples {
            let _ = writeln!(page, "\n```yaml\n{written}\n```\n\nof `{body}` is `{result}`.");
        }
    }
    let _ = writeln!(page, "\n### {}\n\n{}", title(&CONTEXT), CONTEXT.doc);
    table(&CONTEXT, &mut page);
    page
}

/// What is said before the forms.
const MAPPER: &str = r#"## The Data Mapper

A structured value (`body` and `headers` of a response, `data` of an event) is built of

- texts: expressions. A literal text takes quotes inside its YAML text: `'"ok"'`;
- numbers, true, false and null without quotes: constants;
- `{jmespath: "..."}`: an expression in JMESPath;
- lists of values, and maps of keys to values. A key with dots between names is a path: `a.b: x` is
  `a: {b: x}`. A key with quotes inside its YAML text is what they hold: `'"a.b"': x`. Names of
  headers are never paths;
- forms: maps whose only key is the name of a form, such as `{CONCAT(): {items: [...]}}`.

Everything that a form holds is a value in turn, unless its row says otherwise. Loops bring along
`item`, and `loop` with `index0`, `index1`, `length`, and `key` where they go through a map. What is
missing is null; `0`, `""`, `null`, `false`, `{}` and `[]` are not truthy, and everything else is.

Templates are Mustache, as in mustache(5): `{{ a.b.0 }}`, sections `{{#list}}...{{/list}}`,
inverted ones `{{^list}}...{{/list}}`, and comments. Nothing is escaped, as what is written is no HTML:
`{{{ a }}}` and `{{& a }}` are the same as `{{ a }}`. Null is written as nothing, a list or map as JSON.
A section is left out where its value is not truthy. There are no partials and no other delimiters.
"#;

fn section(it: &'static Section, page: &mut String, seen: &mut Vec<&'static str>) {
    if seen.contains(&it.name) {
        return;
    }
    seen.push(it.name);
    let exactly_one = if it.one_of { " Exactly one of these keys." } else { "" };
    let _ = writeln!(page, "\n## {}\n\n{}{exactly_one}", title(it), it.doc);
    table(it, page);
    for key in it.keys {
        if let Some(inner) = inner(&key.holds) {
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

fn inner(held: &Holds) -> Option<&'static Section> {
    match held {
        Holds::Section(section) => Some(section),
        Holds::MapOf(held) | Holds::List(held) | Holds::OneOrMany(held) => inner(held),
        _ => None,
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
        Holds::Literal(kind) => literal(*kind).to_owned(),
        Holds::Choice(words) => {
            words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
        }
        Holds::Name(Named::Secret) => "name of a secret".to_owned(),
        Holds::Name(Named::Destination) => "name of a destination".to_owned(),
        Holds::Section(section) => format!("[{}](#{})", title(section), anchor(section)),
        Holds::MapOf(held) => format!("map of names to {}", holds(held)),
        Holds::List(held) => format!("list of {}", holds(held)),
        Holds::OneOrMany(held) => format!("{}, or a list", holds(held)),
    }
}

fn literal(kind: Literal) -> &'static str {
    match kind {
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
