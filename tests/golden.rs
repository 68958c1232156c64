//! What a mistake in a file looks like: every file in `check/` is a case, `x.yaml` in, `x.err` out.
//!
//! `BLESS=1 cargo test` writes what came out; read the difference before you commit it.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::thread;

use tympan_core::config::Loaded;
use tympan_core::diagnostic;
use tympan_core::diagnostic::Problem;
use tympan_core::span::Sources;
use tympan_server::Files;

/// Codes that no single file can give, and why.
const WITHOUT_CASE: &[(&str, &str)] = &[
    ("C118", "a secret is lost by a save: that takes two files and a server"),
    ("C124", "an included file cannot be read: no checkout keeps that, see tests/include.rs"),
    ("C132", "files of TLS are read by the server"),
];

#[test]
fn check() {
    let mut wrong = String::new();
    let mut n_cases = 0;
    for input in cases() {
        n_cases += 1;
        let golden = input.with_extension("err");
        let got = render(&input);
        if got.is_empty() {
            let _ = writeln!(wrong, "{}: nothing is found wrong", name(&input));
        }
        if env::var_os("BLESS").is_some() {
            fs::write(&golden, got).unwrap();
            continue;
        }
        let name = name(&input);
        match fs::read_to_string(&golden) {
            Ok(expected) if expected == got => {}
            Ok(expected) => {
                let _ = writeln!(wrong, "{name}\n--- expected\n{expected}--- got\n{got}");
            }
            Err(error) => {
                let _ = writeln!(wrong, "{name}: no golden file: {error}\n--- got\n{got}");
            }
        }
    }
    for golden in files("err") {
        if !golden.with_extension("yaml").exists() {
            let _ = writeln!(wrong, "{} belongs to no case", name(&golden));
        }
    }
    assert!(n_cases > 0, "no cases found");
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_code_has_a_case() {
    if env::var_os("BLESS").is_some() {
        // They are being written right now.
        return;
    }
    let goldens: String = files("err").map(|golden| fs::read_to_string(golden).unwrap()).collect();
    let excepted: BTreeSet<_> = WITHOUT_CASE.iter().map(|(code, _)| (*code).to_owned()).collect();
    let all: BTreeSet<_> = codes().into_values().collect();
    assert!(all.len() > 50, "the codes are no longer found in the source: {all:?}");

    let without: BTreeSet<_> =
        all.iter().filter(|code| !goldens.contains(&format!("[{code}]"))).cloned().collect();
    assert_eq!(without, excepted, "codes without a case in tests/check, and those excepted");
}

#[test]
fn no_two_mistakes_share_a_code() {
    let mut owners: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (owner, code) in codes() {
        owners.entry(code).or_default().push(owner);
    }
    owners.retain(|_, owners| owners.len() > 1);
    assert!(owners.is_empty(), "{owners:?}");
}

/// One run finds every mistake, wherever it stands; and two in one listener's expressions.
#[test]
fn every_mistake_of_a_file_is_told_at_once() {
    let input = folder().join("many_mistakes.yaml");
    let text = fs::read_to_string(&input).unwrap();
    let expected: Vec<_> = text
        .lines()
        .enumerate()
        .filter_map(|(index, line)| {
            let codes = line.split_once("# ")?.1;
            Some(codes.split(' ').map(move |code| (index + 1, code.to_owned())))
        })
        .flatten()
        .collect();
    assert!(expected.len() > 5, "the file says nothing about its mistakes");

    let found = found(&input);
    let found: Vec<_> = found.iter().map(|it| (it.line, it.code.clone())).collect();
    assert_eq!(found, expected);
}

/// A file may be wrong in every line: what is told about it stays readable, and is told at once.
#[test]
fn a_flood_of_mistakes_is_cut_short() {
    let mut text = "version: 1\nlisteners: {}\nserver:\n".to_owned();
    for index in 0..2_000 {
        let _ = writeln!(text, "  k{index}: 1");
    }
    let (Loaded { diagnostics, .. }, sources) = read("flood", text.into_bytes());
    assert!(diagnostics.refuse(false));
    let drawn = diagnostic::text(&diagnostics, &sources, false);
    assert!(drawn.len() < 100_000, "{} bytes are drawn", drawn.len());
}

/// A map that holds itself is refused as well, though it costs nothing.
#[test]
fn a_map_within_itself() {
    let text = "version: 1\nserver: &a\n  listen: *a\n";
    let (Loaded { diagnostics, .. }, sources) = read("loop", text.into());
    let [found] = diagnostics.sorted()[..] else { panic!("it is told once") };
    assert_eq!((found.problem.code(), sources.place(found.at).as_str()), ("Y101", "loop:3:11"));
}

/// A caret points at the characters that are wrong, however YAML writes them: in every file of
/// this folder whose name begins with `caret_`, the wrong name is `paylod`.
#[test]
fn carets_point_into_every_kind_of_text() {
    let inputs: Vec<_> = cases().filter(|it| name(it).starts_with("caret_")).collect();
    assert!(inputs.len() >= 6, "{inputs:?}");
    for input in inputs {
        let text = fs::read_to_string(&input).unwrap();
        let (Loaded { diagnostics, .. }, _) = load(&input);
        let found = diagnostics.sorted();
        assert!(!found.is_empty(), "{}", name(&input));
        for found in found {
            assert_eq!(&text[found.at.range()], "paylod", "{}", name(&input));
        }
    }
}

#[test]
fn hostile_files_are_refused_at_a_place() {
    for (name, text) in hostile() {
        let n_lines = text.lines().count().max(1);
        let (Loaded { diagnostics, .. }, sources) = read(name, text.into_bytes());
        assert!(diagnostics.refuse(false), "{name} is served");
        let found = diagnostics.sorted();
        assert!(found.len() <= 4, "{name} gives {} diagnostics", found.len());
        // It is refused for what it costs, not for something else on the way.
        let is_size = found.iter().any(|found| {
            matches!(found.problem, Problem::OverBudget { .. } | Problem::Expression(_))
        });
        let codes: Vec<_> = found.iter().map(|it| it.problem.code()).collect();
        assert!(is_size, "{name} gives {codes:?}");
        for found in found {
            let place = sources.line_column(found.at);
            assert!((1..=n_lines + 1).contains(&place.line), "{name}: line {}", place.line);
            assert!(found.problem.message().len() < 1_000, "{name}: a message without end");
        }
        // Drawing is bounded as well.
        let drawn = diagnostic::text(&diagnostics, &sources, false);
        assert!(drawn.len() < 10_000, "{name}: {} bytes are drawn", drawn.len());
    }
}

#[test]
fn harmless_oddities_are_read() {
    let file = fs::read_to_string(folder().join("../../listeners.yaml")).unwrap();
    let crlf = file.replace('\n', "\r\n");
    let marked = format!("\u{feff}{file}");
    let explicit = format!("---\n{file}...\n");
    let unended = file.trim_end().to_owned();
    for (name, text) in [
        ("plain", file),
        ("crlf", crlf),
        ("bom", marked),
        ("explicit document", explicit),
        ("no line break at the end", unended),
    ] {
        let (Loaded { config, diagnostics }, sources) = read(name, text.into_bytes());
        let drawn = diagnostic::text(&diagnostics, &sources, false);
        assert!(diagnostics.is_empty(), "{name}\n{drawn}");
        assert_eq!(config.listeners.len(), 6, "{name}");
    }
}

/// Line breaks and a byte order mark move no caret.
#[test]
fn places_in_files_of_other_systems() {
    let plain =
        "version: 1\nlisteners:\n  a: {verification: {none: x}, deliver: [], filter: 'bad ='}\n";
    let crlf = plain.replace('\n', "\r\n");
    let marked = format!("\u{feff}{plain}");
    for (name, text) in [("plain", plain), ("crlf", crlf.as_str()), ("bom", marked.as_str())] {
        let (Loaded { diagnostics, .. }, _) = read(name, text.as_bytes().to_vec());
        let found = diagnostics.sorted();
        let at: Vec<_> = found.iter().map(|found| &text[found.at.range()]).collect();
        assert_eq!(at, ["="], "{name}");
    }
}

/// Files that are made to cost more than they should.
fn hostile() -> Vec<(&'static str, String)> {
    vec![
        ("laughs_5_by_9", laughs(5, 9)),
        ("laughs_9_by_9", laughs(9, 9)),
        ("laughs_30_by_2", laughs(30, 2)),
        ("aliases_of_a_long_text", {
            let long = "x".repeat(100 << 10);
            let aliases = "- *a\n".repeat(20_000);
            format!("version: 1\nserver:\n- &a {long}\n{aliases}")
        }),
        ("merge_tower", merge_tower()),
        ("brackets", "[".repeat(100_000)),
        ("brackets_in_a_section", format!("version: 1\nserver: {}", "[".repeat(100_000))),
        ("braces_in_a_section", format!("version: 1\nserver: {}", "{a: ".repeat(100_000))),
        ("dashes_in_a_section", format!("version: 1\nserver:\n {}1", "- ".repeat(100_000))),
        ("indents", indents(2_000)),
        ("expression_of_brackets", expression(&"(".repeat(100_000))),
        ("expression_of_square_brackets", expression(&"[".repeat(100_000))),
        ("expression_of_negations", expression(&"NOT ".repeat(1_000))),
        ("expression_of_dots", expression(&format!("a{}", ".a".repeat(100_000)))),
        ("jmespath_of_brackets", jmespath(&"(".repeat(100_000))),
        ("jmespath_of_negations", jmespath(&"!".repeat(1_000))),
        ("pattern_of_repetitions", expression(r#"$MATCH("a", "((a{100}){100}){100}")"#)),
        ("too_many_nodes", format!("version: 1\nserver: [{}]\n", "1,".repeat(1_000_000))),
        ("too_many_bytes", format!("# {}\nversion: 1\n", "x".repeat(17 << 20))),
    ]
}

/// Lists of aliases of lists of aliases: `width` to the power of `depth` texts.
fn laughs(depth: usize, width: usize) -> String {
    let mut text = "version: 1\nserver:\n  l0: &l0 [lol]\n".to_owned();
    for level in 1..=depth {
        let aliases = vec![format!("*l{}", level - 1); width].join(", ");
        let _ = writeln!(text, "  l{level}: &l{level} [{aliases}]");
    }
    text
}

/// Maps that merge maps that merge maps.
fn merge_tower() -> String {
    let mut text = "version: 1\nserver:\n  m0: &m0 {a: 1, b: 2}\n".to_owned();
    for level in 1..=30 {
        let below = level - 1;
        let _ = writeln!(text, "  m{level}: &m{level} {{<<: [*m{below}, *m{below}], k{level}: 1}}");
    }
    text
}

fn indents(depth: usize) -> String {
    let mut text = "version: 1\nserver:\n".to_owned();
    for level in 1..=depth {
        let _ = writeln!(text, "{}a:", " ".repeat(level));
    }
    text
}

fn expression(filter: &str) -> String {
    let filter = serde_json::to_string(filter).unwrap();
    format!(
        "version: 1\nlisteners:\n  a:\n    verification: {{none: x}}\n    deliver: []\n    \
         filter: {filter}\n"
    )
}

fn jmespath(filter: &str) -> String {
    format!("expressions: jmespath\n{}", expression(filter))
}

/// A diagnostic, as far as a test looks at it.
struct Found {
    line: usize,
    code: String,
}

fn found(input: &Path) -> Vec<Found> {
    let (Loaded { diagnostics, .. }, sources) = load(input);
    let sorted = diagnostics.sorted();
    let found = sorted.iter().map(|found| Found {
        line: sources.line_column(found.at).line,
        code: found.problem.code().to_owned(),
    });
    found.collect()
}

fn render(input: &Path) -> String {
    let (Loaded { diagnostics, .. }, sources) = load(input);
    // Files are called as seen from their folder.
    let prefix = format!("{}/", folder().display());
    diagnostic::text(&diagnostics, &sources, false).replace(&prefix, "")
}

/// With everything that it includes.
fn load(input: &Path) -> (Loaded, Sources) {
    let input = input.to_owned();
    on_a_large_stack(move || Files::read(&input).unwrap().load())
}

/// As on the main thread of a process: without optimisation the frames of the YAML library are
/// too large for the deepest nesting on the small stack of a thread that runs tests.
fn read(name: &str, bytes: Vec<u8>) -> (Loaded, Sources) {
    let name = name.to_owned();
    on_a_large_stack(move || tympan_core::load(&name, bytes))
}

fn on_a_large_stack<T: Send + 'static>(read: impl FnOnce() -> T + Send + 'static) -> T {
    let reader = thread::Builder::new().stack_size(8 << 20);
    reader.spawn(read).unwrap().join().unwrap()
}

/// Every variant of a problem with its code, as the source says: an enum cannot be asked.
fn codes() -> BTreeMap<String, String> {
    let folder = folder().join("../../crates/tympan-core/src/diagnostic");
    let mut codes = BTreeMap::new();
    for file in ["problem.rs", "expression.rs", "mapper.rs", "credential.rs", "preset.rs"] {
        let source = fs::read_to_string(folder.join(file)).unwrap();
        for line in source.lines() {
            let Some((variant, code)) = line.trim().split_once(" => \"") else { continue };
            let Some(code) = code.strip_suffix("\",") else { continue };
            let is_code = code.len() <= 4
                && code.starts_with(|first: char| first.is_ascii_uppercase())
                && code[1..].bytes().all(|byte| byte.is_ascii_digit());
            if is_code {
                let known = codes.insert(format!("{file}: {variant}"), code.to_owned());
                assert_eq!(known, None, "{variant} has two codes");
            }
        }
    }
    codes
}

fn cases() -> impl Iterator<Item = PathBuf> {
    files("yaml")
}

fn files(extension: &'static str) -> impl Iterator<Item = PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    files.sort();
    files.into_iter()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("check")
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}
