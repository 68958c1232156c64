//! What stands in a command line for something that is told when it is run.

use crate::import::slug;

/// A part of a text.
pub(super) enum Part {
    Text(String),
    Input(String),
}

/// A text, in whose `{{NAME}}` inputs stand.
pub(super) fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, name, after)) = rest
        .split_once("{{")
        .and_then(|(before, rest)| Some((before, rest.split_once("}}")?)))
        .map(|(before, (name, after))| (before, name, after))
    {
        parts.extend((!before.is_empty()).then(|| Part::Text(before.to_owned())));
        parts.push(Part::Input(variable(name.trim())));
        rest = after;
    }
    parts.extend((!rest.is_empty()).then(|| Part::Text(rest.to_owned())));
    parts
}

/// A name that expressions can read.
pub(super) fn variable(name: &str) -> String {
    let name = slug(name).replace('-', "_");
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        format!("the_{name}")
    } else {
        name
    }
}

/// A command line whose variables are names in two braces: nobody runs it, so that none has a value.
pub(super) fn placeheld(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let (mut is_single, mut is_double) = (false, false);
    while let Some(char) = chars.next() {
        match char {
            '\'' if !is_double => is_single = !is_single,
            '"' if !is_single => is_double = !is_double,
            '\\' if !is_single => {
                written.push(char);
                written.extend(chars.next());
                continue;
            }
            '$' if !is_single => {
                let is_braced = chars.next_if_eq(&'{').is_some();
                let mut name = String::new();
                while let Some(char) = chars.next_if(|it| it.is_ascii_alphanumeric() || *it == '_')
                {
                    name.push(char);
                }
                let is_closed = is_braced && chars.next_if_eq(&'}').is_some();
                if name.is_empty() || is_braced != is_closed {
                    written.push('$');
                    written.extend(is_braced.then_some('{'));
                    written += &name;
                } else {
                    written.extend(["{{", &name, "}}"]);
                }
                continue;
            }
            _ => {}
        }
        written.push(char);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::placeheld;
    use super::variable;

    #[test]
    fn variables() {
        let text = r#"curl "$URL/${id}?a=$" '$kept' \$kept $(date)"#;
        let expected = r#"curl "{{URL}}/{{id}}?a=$" '$kept' \$kept $(date)"#;
        assert_eq!(placeheld(text), expected);
    }

    #[test]
    fn names() {
        for (name, expected) in [("CLIENT-ID", "client_id"), ("1st", "the_1st"), ("", "imported")] {
            assert_eq!(variable(name), expected);
        }
    }
}
