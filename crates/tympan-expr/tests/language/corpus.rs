//! Expressions and what they yield: published ones of the Moveworks DSL, and some of JMESPath.

use tympan_expr::Dialect;

use crate::host;

#[test]
fn moveworks() {
    check(Dialect::Moveworks, include_str!("corpus.txt"));
}

#[test]
fn jmespath() {
    check(Dialect::Jmespath, include_str!("jmespath.txt"));
}

/// Where rows come from; the head of the file says what each stands for.
const SOURCES: [&str; 16] = [
    "CA", "DD", "DEMO", "DMH", "DSL", "DSLX", "GH", "LC", "MAP", "PAT", "SEED", "SIG", "SLOTS",
    "SSE", "ZM", "own",
];

/// Every row is an expression, a body, a result and a source.
fn check(dialect: Dialect, corpus: &str) {
    let rows = corpus.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let (mut count, mut failed) = (0, Vec::new());
    for row in rows {
        count += 1;
        let [text, body, expected, source] = *row.split(" ;; ").collect::<Vec<_>>() else {
            panic!("a row has four parts: {row}");
        };
        let source = source.trim_end_matches(", changed");
        assert!(SOURCES.contains(&source), "{source} of {row}");
        match host::eval(dialect, text, body) {
            Ok(found) if found == host::value(expected) => {}
            other => failed.push(format!("{row}\n    found {other:?}")),
        }
    }
    assert!(failed.is_empty(), "{} of {count} rows:\n{}", failed.len(), failed.join("\n"));
}
