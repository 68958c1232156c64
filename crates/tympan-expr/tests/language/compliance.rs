//! The official JMESPath suite, read from the folder of the `jmespath` package.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value as Json;
use tympan_expr::Dialect;
use tympan_expr::Expression;
use tympan_expr::Root;
use tympan_expr::RootId;
use tympan_expr::Shape;
use tympan_expr::Source;
use tympan_expr::Value;
use tympan_expr::Vocabulary;

/// How expressions begin that the suite only parses, to measure how long that takes, and that are
/// refused here: a function with 26 arguments, a path of 104 projections, and a filter without its
/// question mark, which the grammar does not have.
const REFUSED: [&str; 3] = ["sum(z, y, x, ", "a[*].b[*].c[*].", "foo[bar > baz][qux > baz]"];

struct Given(Value<'static>);

impl<'a> Source<'a> for &'a Given {
    fn root(&self, _: RootId) -> Value<'a> {
        self.0.borrow()
    }

    fn entry(&self, _: RootId, _: &str) -> Value<'a> {
        Value::Null
    }

    fn now(&self) -> f64 {
        0.0
    }
}

#[test]
fn every_case_of_the_suite() {
    let body = Root { id: RootId(0), name: "the body".into(), shape: Shape::Value };
    let vocabulary =
        Vocabulary { roots: vec![body], body: Some(RootId(0)), ..Vocabulary::default() };
    let (mut passed, mut failed) = (0, Vec::new());
    for (file, suites) in suites() {
        for suite in suites {
            let given = Given(Value::from_json(suite["given"].clone()));
            for case in suite["cases"].as_array().expect("cases") {
                let text = case["expression"].as_str().expect("an expression");
                let name = format!("{file}: {text}");
                let Some(found) = outcome(text, &vocabulary, &given, case) else {
                    passed += 1;
                    continue;
                };
                let measured = case.get("bench").is_some();
                if !measured || !REFUSED.iter().any(|start| text.starts_with(start)) {
                    failed.push(format!("{name}\n    {found}"));
                }
            }
        }
    }
    assert!(failed.is_empty(), "{passed} passed, {} failed:\n{}", failed.len(), failed.join("\n"));
    assert!(passed > 800, "only {passed} cases were found");
}

/// What is wrong with the outcome of a case, if anything.
fn outcome(text: &str, vocabulary: &Vocabulary, given: &Given, case: &Json) -> Option<String> {
    let compiled = Expression::compile(Dialect::Jmespath, text, vocabulary);
    let expression = match &compiled {
        Ok(compiled) => &compiled.expression,
        Err(_) if case.get("error").is_some() => return None,
        Err(errors) => return Some(format!("refused: {errors:?}")),
    };
    let found = expression.eval(&given);
    if let Some(error) = case.get("error").and_then(Json::as_str) {
        // What the suite calls an error of types is null here.
        let null = error.starts_with("invalid-type") && found == Ok(Value::Null);
        return (!null).then(|| format!("{error} expected, found {found:?}"));
    }
    let result = case.get("result")?;
    let expected = Value::from_json(result.clone());
    (found.as_ref() != Ok(&expected)).then(|| format!("{expected:?} expected, found {found:?}"))
}

/// Every file of the suite.
fn suites() -> Vec<(String, Vec<Json>)> {
    let mut files = std::fs::read_dir(folder())
        .expect("the folder of the suite")
        .map(|entry| entry.expect("an entry").path())
        .collect::<Vec<_>>();
    files.sort();
    let suite = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a file of the suite");
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        (name, serde_json::from_str(&text).expect("a list of suites"))
    };
    files.into_iter().map(suite).collect()
}

fn folder() -> PathBuf {
    // Packages of other platforms need not be there.
    let version = cargo(&["-vV"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host");
    let metadata = cargo(&["metadata", "--format-version", "1", "--filter-platform", host]);
    let metadata: Json = serde_json::from_str(&metadata).expect("metadata");
    let packages = metadata["packages"].as_array().expect("packages");
    let jmespath = packages.iter().find(|package| package["name"] == "jmespath");
    let manifest = jmespath.and_then(|package| package["manifest_path"].as_str());
    PathBuf::from(manifest.expect("the jmespath package")).with_file_name("tests/compliance")
}

fn cargo(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO"));
    let output = command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output();
    String::from_utf8(output.expect("cargo runs").stdout).expect("text")
}
