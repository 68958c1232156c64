//! `NAME=value` lines that stand in for environment variables.

use std::collections::HashMap;

/// The variables of an `env_file`: one a line, `#` begins a comment line, `export ` before a name
/// and quotes around a value are taken off. Nothing in a value is replaced.
pub(crate) fn read(text: &str) -> HashMap<String, String> {
    let mut variables = HashMap::new();
    for line in text.lines() {
        let line = line.trim();
        let line = line.strip_prefix("export ").unwrap_or(line);
        if line.starts_with('#') {
            continue;
        }
        if let Some((name, value)) = line.split_once('=') {
            variables.insert(name.trim().to_owned(), unquoted(value.trim()).to_owned());
        }
    }
    variables
}

fn unquoted(value: &str) -> &str {
    let inner = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn lines() {
        let text = "# c\nA=1\n export B = 'x y' \nC=\"a=b#c\"\n\nnothing\nD=$A\nE=\n";
        let mut found: Vec<_> = read(text).into_iter().collect();
        found.sort();
        let expected = [("A", "1"), ("B", "x y"), ("C", "a=b#c"), ("D", "$A"), ("E", "")];
        assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
