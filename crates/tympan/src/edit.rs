//! Adding an entry to a section of a file as a person would: everything else stays as it is.

/// An entry of a section.
pub(crate) struct Entry {
    /// Its lines where each has one of its own, without what the section is indented by.
    pub(crate) lines: Vec<String>,
    /// The same on one line.
    pub(crate) flow: String,
}

/// The text with an entry behind those of a section. A section that is not there comes to stand
/// before the section `before`, or at the end.
///
/// `None` is told of a section that is written in a way which this does not know.
pub(crate) fn add(text: &str, section: &str, before: &str, entry: &Entry) -> Option<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let Some(at) = begin(&lines, section) else {
        let mut block = vec![format!("{section}:")];
        block.extend(indented(entry, 2));
        let at = begin(&lines, before).map_or(lines.len(), |at| above_comments(&lines, at));
        lines.splice(at..at, block);
        return Some(whole(&lines));
    };
    let rest = lines[at][section.len() + 1..].trim().to_owned();
    if rest.is_empty() || rest.starts_with('#') {
        let (indent, end) = extent(&lines, at);
        lines.splice(end..end, indented(entry, indent));
    } else if rest == "{}" {
        lines[at] = format!("{section}:");
        lines.splice(at + 1..=at, indented(entry, 2));
    } else if rest.starts_with('{') && rest.ends_with('}') {
        let close = lines[at].rfind('}')?;
        lines[at].insert_str(close, &format!(", {}", entry.flow));
    } else {
        return None;
    }
    Some(whole(&lines))
}

/// The line on which a section begins.
fn begin(lines: &[String], section: &str) -> Option<usize> {
    lines
        .iter()
        .position(|line| line.strip_prefix(section).is_some_and(|rest| rest.starts_with(':')))
}

/// How far the entries of the section of a line are indented, and behind which line they end.
fn extent(lines: &[String], at: usize) -> (usize, usize) {
    let is_outside =
        |line: &String| line.starts_with(|first: char| !first.is_whitespace() && first != '#');
    let after = lines[at + 1..].iter().position(is_outside);
    let after = after.map_or(lines.len(), |behind| at + 1 + behind);
    let is_said = |line: &String| line.starts_with(' ') && !line.trim().is_empty();
    let within = &lines[at + 1..after];
    let end = within.iter().rposition(is_said).map_or(at + 1, |last| at + 2 + last);
    let first = within.iter().find(|line| is_said(line) && !line.trim_start().starts_with('#'));
    let indent = first.map_or(2, |line| line.len() - line.trim_start().len());
    (indent, end)
}

/// The first of the comments that stand right above a line.
fn above_comments(lines: &[String], at: usize) -> usize {
    let is_comment = |line: &String| line.starts_with('#');
    at - lines[..at].iter().rev().take_while(|line| is_comment(line)).count()
}

fn indented(entry: &Entry, by: usize) -> Vec<String> {
    entry.lines.iter().map(|line| format!("{}{line}", " ".repeat(by))).collect()
}

fn whole(lines: &[String]) -> String {
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::Entry;
    use super::add;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        let lines = vec!["# New.".to_owned(), "b: 2".to_owned()];
        let entry = Entry { lines, flow: "b: 2".to_owned() };
        assert_eq!(add(text, "one", "two", &entry).as_deref(), expected);
    }

    #[test]
    fn behind_the_entries_of_a_block() {
        check("one:\n  a: 1\n", Some("one:\n  a: 1\n  # New.\n  b: 2\n"));
        check(
            "one:   # these\n    a: 1 # first\n    # last\n\n# Others.\ntwo: {}\n",
            Some(
                "one:   # these\n    a: 1 # first\n    # last\n    # New.\n    b: 2\n\n# Others.\ntwo: {}\n",
            ),
        );
        check("one:\ntwo: 2", Some("one:\n  # New.\n  b: 2\ntwo: 2\n"));
    }

    #[test]
    fn into_a_section_on_one_line() {
        check("one: {}\ntwo: 2\n", Some("one:\n  # New.\n  b: 2\ntwo: 2\n"));
        check("one: {a: {}}\n", Some("one: {a: {}, b: 2}\n"));
        check("one: {a: {},\n  c: 1}\n", None);
        check("one: *other\n", None);
    }

    #[test]
    fn where_the_section_is_not_there() {
        check(
            "zero: 0\n# Of two.\ntwo: 2\n",
            Some("zero: 0\none:\n  # New.\n  b: 2\n# Of two.\ntwo: 2\n"),
        );
        check("zero: 0\n", Some("zero: 0\none:\n  # New.\n  b: 2\n"));
    }
}
