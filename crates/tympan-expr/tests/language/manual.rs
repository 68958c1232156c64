//! The page about the language says what the language does.

use tympan_expr::Dialect;

use crate::host;

const PAGE: &str = include_str!("../../../../docs/REFERENCE.md");

#[test]
fn every_example_of_the_manual() {
    let body = blocks("json").next().expect("the body of all examples");
    let (mut count, mut failed) = (0, Vec::new());
    for (fence, dialect) in [("moveworks", Dialect::Moveworks), ("jmespath", Dialect::Jmespath)] {
        for line in blocks(fence).flat_map(str::lines) {
            count += 1;
            let Some((text, expected)) = line.rsplit_once(" --> ") else {
                panic!("an example has an arrow: {line}");
            };
            let found = host::eval(dialect, text, body).map_err(|_| "refused");
            let expected = match expected {
                "refused" => Err("refused"),
                json => Ok(host::value(json)),
            };
            if found != expected {
                failed.push(format!("{line}\n    found {found:?}"));
            }
        }
    }
    assert!(failed.is_empty(), "{} of {count}:\n{}", failed.len(), failed.join("\n"));
    assert!(count > 250, "only {count} examples were found");
}

/// What stands in the fenced blocks of a language.
fn blocks(language: &str) -> impl Iterator<Item = &'static str> {
    let fence = format!("```{language}\n");
    let mut rest = PAGE;
    std::iter::from_fn(move || {
        let start = rest.find(&fence)? + fence.len();
        let end = start + rest[start..].find("```")?;
        let block = &rest[start..end];
        rest = &rest[end + 3..];
        Some(block)
    })
}
