//! What is told about a saved request: every file in `explain/` that ends in `.case` is one.
//!
//! Its first line holds the options of `tympan explain`, what follows is standard input, byte by
//! byte; the listeners are those of `explain/listeners.yaml`. `x.out` is what came out. Signatures
//! were computed with another implementation than the one under test.
//!
//! `BLESS=1 cargo test` writes what came out; read the difference before you commit it.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Stdio;

use crate::process::tympan;

#[test]
fn explanations() {
    let mut wrong = String::new();
    let mut n_cases = 0;
    for case in files("case") {
        n_cases += 1;
        let golden = case.with_extension("out");
        let got = run(&case);
        assert_secretless(&case, &got);
        if env::var_os("BLESS").is_some() {
            fs::write(&golden, got).unwrap();
            continue;
        }
        let name = case.display();
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
    for golden in files("out") {
        if !golden.with_extension("case").exists() {
            let _ = writeln!(wrong, "{} belongs to no case", golden.display());
        }
    }
    assert!(n_cases > 30, "cases are no longer found");
    assert!(wrong.is_empty(), "{wrong}");
}

/// Standard output, then standard error behind `! `, and how it ended.
fn run(case: &Path) -> String {
    let case = fs::read(case).unwrap();
    let end = case.iter().position(|byte| *byte == b'\n').unwrap();
    let options = std::str::from_utf8(&case[..end]).unwrap();
    // Blanks within an option are written as `~`.
    let options = options.split_ascii_whitespace().map(|option| option.replace('~', " "));
    let mut command = tympan();
    command.arg("explain").args(options).current_dir(folder());
    command.env_remove("TYMPAN_CONFIG").env("NO_COLOR", "1");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that needs no request does not read it.
    let _ = child.stdin.take().unwrap().write_all(&case[end + 1..]);
    let output = child.wait_with_output().unwrap();
    let mut got = String::from_utf8(output.stdout).unwrap();
    for line in String::from_utf8(output.stderr).unwrap().lines() {
        let _ = writeln!(got, "! {line}");
    }
    let _ = writeln!(got, "exit {}", output.status.code().unwrap());
    got
}

/// Neither a secret nor anything that looks like a whole signature may be told.
fn assert_secretless(case: &Path, got: &str) {
    let name = case.display();
    for file in fs::read_dir(folder().join("secrets")).unwrap() {
        let secret = fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(!got.contains(secret.trim()), "{name}: a secret shows:\n{got}");
    }
    let is_part = |char: char| char.is_ascii_alphanumeric() || "+/=".contains(char);
    for word in got.split(|char| !is_part(char)) {
        let is_hex = word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_long = word.len() >= 40 && (is_hex || word.ends_with('='));
        assert!(!is_long, "{name}: {word} may be a signature:\n{got}");
    }
}

fn files(extension: &str) -> Vec<PathBuf> {
    let found = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> =
        found.filter(|path| path.extension().is_some_and(|it| it == extension)).collect();
    found.sort();
    found
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("explain")
}
