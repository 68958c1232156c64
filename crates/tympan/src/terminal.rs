//! What is printed, and how: the only file that prints.
//!
//! Data goes to standard output, talk to standard error. Colours are taken out where they cannot
//! be shown, and with `NO_COLOR`.

use std::fs;
use std::io::IsTerminal;
use std::os::unix::fs::MetadataExt;

use comfy_table::ContentArrangement;
use comfy_table::Table;
use comfy_table::presets;

/// Prints data.
pub(crate) fn data(text: &str) {
    anstream::print!("{text}");
}

/// Says something to the person.
pub(crate) fn say(text: &str) {
    anstream::eprintln!("{text}");
}

/// Says how far something has come, to a person who waits; nothing takes it away.
pub(crate) fn progress(text: &str) {
    if is_watched() {
        anstream::eprint!("\r\x1b[K{text}");
    }
}

/// A bar that tells how much of a whole is done, with a text behind it.
pub(crate) fn bar(done: u64, whole: u64, text: &str) -> String {
    const WIDTH: u64 = 30;
    let whole = whole.max(done).max(1);
    let part = |of: u64| usize::try_from(done.saturating_mul(of) / whole).unwrap_or_default();
    format!("[{:<30}] {:>3} % {text}", "#".repeat(part(WIDTH)), part(100))
}

/// A text on one line without anything that a terminal would obey: parts of it may come from strangers.
pub(crate) fn plain(text: &str) -> String {
    escaped(text, |_| false)
}

/// The same with its own lines and columns.
pub(crate) fn plain_lines(text: &str) -> String {
    escaped(text, |character| matches!(character, '\n' | '\t'))
}

fn escaped(text: &str, is_kept: impl Fn(char) -> bool) -> String {
    let shown = text.chars().map(|character| match character {
        character if character.is_control() && !is_kept(character) => {
            character.escape_unicode().to_string()
        }
        character => character.to_string(),
    });
    shown.collect()
}

/// Whether a person reads standard error, and in colours.
pub(crate) fn colour() -> bool {
    let choice = anstream::AutoStream::choice(&std::io::stderr());
    !matches!(choice, anstream::ColorChoice::Never)
}

/// Whether a person reads standard error.
pub(crate) fn is_watched() -> bool {
    std::io::stderr().is_terminal()
}

/// Whether a person types standard input.
pub(crate) fn is_typed() -> bool {
    std::io::stdin().is_terminal()
}

/// Whether the process has a terminal to be controlled from.
pub(crate) fn is_there() -> bool {
    fs::File::open("/dev/tty").is_ok()
}

/// Whether data goes to `/dev/null`: where standard output was closed, it does as well.
pub(crate) fn data_is_lost() -> bool {
    let device = |path| fs::metadata(path).map(|metadata| metadata.rdev());
    matches!((device("/dev/stdout"), device("/dev/null")), (Ok(a), Ok(b)) if a == b)
}

/// Rows below a head, without lines between them.
pub(crate) fn table<const N: usize>(
    head: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(head);
    for row in rows {
        table.add_row(row);
    }
    table.trim_fmt()
}

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn bars() {
        let half = format!("[{}{}]  50 % x", "#".repeat(15), " ".repeat(15));
        assert_eq!(bar(5, 10, "x"), half);
        assert_eq!(bar(0, 0, ""), format!("[{}]   0 % ", " ".repeat(30)));
        assert_eq!(bar(11, 10, ""), format!("[{}] 100 % ", "#".repeat(30)));
    }
}
