//! `tympan test`

use std::fmt::Write;
use std::path::Path;

use tympan_core::simulate;
use tympan_core::simulate::Verdict;
use tympan_core::span::Sources;
use tympan_core::span::Span;
use tympan_server::keys;

use crate::args::Test;
use crate::args::TestFormat;
use crate::exit::Exit;
use crate::input;
use crate::terminal;

pub(crate) fn run(options: &Test) -> Exit {
    let (config, sources) = match input::configuration(&options.file) {
        Ok(read) => read,
        Err((why, exit)) => {
            terminal::say(&why);
            return exit;
        }
    };
    // Relative to the file that names it, as that may be an included one.
    let files = |at: Span, file: &str| {
        let folder = Path::new(&sources.file(at.file).name).parent().unwrap_or(Path::new(""));
        input::read(&folder.join(file))
    };
    let folder = options.file.parent().unwrap_or(Path::new(""));
    let secrets = keys::Lookup::new(folder, &config).secrets(&config);
    let verdicts = simulate::tests(&config, &secrets, &files);
    match options.format {
        TestFormat::Text => text(&options.file, &verdicts, &sources),
        TestFormat::Junit => terminal::data(&junit(&verdicts, &sources)),
    }
    let passed = verdicts.iter().all(|verdict| verdict.differences.is_empty());
    if passed { Exit::Done } else { Exit::Problems }
}

fn text(file: &Path, verdicts: &[Verdict], sources: &Sources) {
    for verdict in verdicts {
        let Verdict { listener, name, at, differences, .. } = verdict;
        if differences.is_empty() {
            terminal::data(&format!("ok    {listener}: {name}\n"));
            continue;
        }
        terminal::data(&format!("FAIL  {listener}: {name}  {}\n", sources.place(*at)));
        terminal::data(&told(verdict));
    }
    let n_failed = verdicts.iter().filter(|verdict| !verdict.differences.is_empty()).count();
    let n_passed = verdicts.len() - n_failed;
    let file = file.display();
    terminal::say(&match (n_passed, n_failed) {
        (0, 0) => format!("{file}: no listener has `tests`"),
        (_, 0) => format!("{file}: {n_passed} passed"),
        _ => format!("{file}: {n_failed} failed, {n_passed} passed"),
    });
}

/// What is otherwise, line by line.
fn told(verdict: &Verdict) -> String {
    let mut text = String::new();
    for difference in &verdict.differences {
        let _ = writeln!(text, "      {}", difference.what);
        let _ = writeln!(text, "        - {}", difference.expected);
        let _ = writeln!(text, "        + {}", difference.found);
    }
    if let Some(reason) = &verdict.reason {
        let _ = writeln!(text, "      because {reason}");
    }
    text
}

fn junit(verdicts: &[Verdict], sources: &Sources) -> String {
    let n_failed = verdicts.iter().filter(|verdict| !verdict.differences.is_empty()).count();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let n_tests = verdicts.len();
    let _ =
        writeln!(xml, "<testsuite name=\"tympan\" tests=\"{n_tests}\" failures=\"{n_failed}\">");
    for verdict in verdicts {
        let (listener, name) = (escaped(&verdict.listener), escaped(&verdict.name));
        let _ = write!(xml, "  <testcase classname=\"{listener}\" name=\"{name}\"");
        if verdict.differences.is_empty() {
            xml.push_str("/>\n");
            continue;
        }
        let place = escaped(&sources.place(verdict.at));
        let told = escaped(&told(verdict));
        let _ = writeln!(xml, ">\n    <failure message=\"{place}\">\n{told}    </failure>");
        xml.push_str("  </testcase>\n");
    }
    xml.push_str("</testsuite>\n");
    xml
}

/// Text within XML, also within quotes; what XML cannot hold is left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(char),
            char if char.is_control() => escaped.push('\u{fffd}'),
            char => escaped.push(char),
        }
    }
    escaped
}
