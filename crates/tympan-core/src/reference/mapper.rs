//! What the page about the language says of the Data Mapper.

use std::fmt::Write;

use super::table;
use super::title;
use crate::config::forms::CONTEXT;
use crate::config::forms::Example;
use crate::config::forms::FORMS;

/// The forms, with their keys. Every example is a test.
pub(super) fn mapper() -> String {
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
const MAPPER: &str = r#"A structured value (`body` and `headers` of a response, `data` of an event) is built of

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
