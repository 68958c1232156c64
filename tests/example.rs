//! The README does what it says: its `sh` blocks are run in order, beside a server that serves the
//! repository's `listeners.yaml`, and answer what the `text` blocks behind them show.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::process::Tympan;

/// A block of the README: its language and its text.
struct Block {
    language: String,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = markdown.lines();
    while let Some(line) = lines.next() {
        let Some(language) = line.strip_prefix("```") else { continue };
        let text: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
        blocks.push(Block { language: language.to_owned(), text: text.join("\n") });
    }
    blocks
}

#[test]
fn every_block_of_the_readme() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let listeners = fs::read_to_string(root().join("listeners.yaml")).unwrap();
    let server = Tympan::start(&listeners.replace("127.0.0.1:8080", "127.0.0.1:0"));
    let address = server.address().to_string();

    // One shell for all blocks, so that later ones see the variables of earlier ones.
    let blocks = blocks(&readme);
    let mut script = String::from("set -u\n");
    let mut expected = Vec::new();
    for (index, block) in blocks.iter().enumerate() {
        if block.language != "sh" {
            continue;
        }
        script += &block.text.replace("127.0.0.1:8080", &address);
        script += "\nprintf '\\n=== end of block\\n'\n";
        let answer = blocks.get(index + 1).filter(|next| next.language == "text");
        expected.push(answer.map(|answer| answer.text.clone()));
        if block.text.contains("secrets/asana") {
            // What follows was promised to work from now on: the log says when it does.
            script += "until grep -q 'listener is serving' \"$TYMPAN_LOG\"; do sleep 0.02; done\n";
        }
    }
    let path = format!(
        "{}:{}",
        crate::process::binary().parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    let output = Command::new("bash")
        .args(["-c", &script])
        .current_dir(server.folder())
        .env("PATH", path)
        .env("TYMPAN_LOG", server.log_file())
        .output()
        .unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    // `tympan check` talks to standard error: put both streams into one.
    let shown = String::from_utf8(output.stdout).unwrap().replace('\r', "");
    let mut answers: Vec<String> = shown
        .split("\n=== end of block\n")
        .map(|answer| {
            let lines = answer.lines().filter(|line| !line.starts_with("date: "));
            lines.collect::<Vec<_>>().join("\n").trim().to_owned()
        })
        .collect();
    answers.truncate(expected.len());
    assert!(expected.len() >= 6, "the README has {} blocks of sh", expected.len());
    for (answer, expected) in answers.iter().zip(&expected) {
        let Some(expected) = expected else { continue };
        if expected.starts_with("error[") {
            assert_eq!(errors.trim(), expected.trim());
        } else {
            assert_eq!(answer, expected);
        }
    }

    let shown = blocks.iter().find(|block| block.language == "json").unwrap();
    let shown: serde_json::Value = serde_json::from_str(&shown.text).unwrap();
    let found = server.wait_for_event();
    for key in ["specversion", "source", "type", "subject", "tympanlistener", "data"] {
        assert_eq!(found[key], shown[key], "{key}");
    }
    assert_eq!(
        found.as_object().unwrap().keys().collect::<Vec<_>>(),
        shown.as_object().unwrap().keys().collect::<Vec<_>>()
    );
}

#[test]
fn the_listener_of_the_readme_is_one() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let shown = blocks(&readme).into_iter().find(|block| block.language == "yaml").unwrap();
    let file = format!(
        "version: 1\nsecrets: {{asana: {{file: x}}}}\ndestinations: {{console: {{stdout: {{}}}}}}\n{}\n",
        shown.text
    );
    let (loaded, sources) = tympan_core::load("README.md", file.into_bytes());
    let found = tympan_core::diagnostic::text(&loaded.diagnostics, &sources, false);
    assert!(found.is_empty(), "{found}");
}
