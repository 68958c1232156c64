//! What is described for something else, in our words: `import/x.KIND` in, `import/x.out` out.
//!
//! `BLESS=1 cargo test` writes what came out; read the difference before you commit it.

use std::env;
use std::fs;
use std::path::Path;

use crate::process::tympan;

#[test]
fn descriptions() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("import");
    let mut n_cases = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let input = entry.unwrap().path();
        let kind = input.extension().unwrap().to_str().unwrap().to_owned();
        if kind == "out" {
            continue;
        }
        n_cases += 1;
        let imported = tympan().args(["import", &kind]).arg(&input).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let found = format!("{}--\n{}", text(imported.stdout), text(imported.stderr));
        assert!(imported.status.success(), "{found}");
        assert!(!found.contains("not-to-be-printed"), "{found}");
        let golden = input.with_extension("out");
        if env::var_os("BLESS").is_some() {
            fs::write(&golden, found).unwrap();
            continue;
        }
        assert_eq!(found, fs::read_to_string(&golden).unwrap(), "{}", input.display());
    }
    assert!(n_cases > 1, "there are no cases");
}

/// A proof that is not understood does not become an open door.
#[test]
fn a_proof_that_is_not_known_leaves_nothing_that_loads() {
    let hook =
        "- id: x\n  trigger-rule: {match: {type: scalr-signature, secret: not-to-be-printed}}\n";
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), hook).unwrap();
    let imported = tympan().args(["import", "webhook"]).arg(file.path()).output().unwrap();
    assert_eq!(imported.status.code(), Some(1));
    assert!(!String::from_utf8(imported.stdout).unwrap().contains("none:"));
    assert!(String::from_utf8(imported.stderr).unwrap().contains("L07"));
}

/// What is left of several proofs is no door either, and nobody else pays for it.
#[test]
fn what_is_left_of_lost_proofs_does_not_load() {
    let hooks = "- {id: half, trigger-rule: {and: [{match: {type: ip-whitelist, ip-range: 192.0.2.0/24}}, \
                 {match: {type: scalr-signature, secret: x}}]}}\n\
                 - {id: either, trigger-rule: {or: [{match: {type: value, value: a, parameter: \
                 {source: payload, name: b}}}, {and: []}]}}\n\
                 - {id: open}\n";
    let listener = r#"{"name": "x", "verification": {"validations": [{"type": "another"},
        {"type": "rule", "rule": "headers[\"X\"] == \"y\""}]}}"#;
    let import = |kind, text| {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        let imported = tympan().args(["import", kind]).arg(file.path()).output().unwrap();
        assert_eq!(imported.status.code(), Some(1), "{text}");
        [imported.stdout, imported.stderr].map(|it| String::from_utf8(it).unwrap())
    };
    assert!(!import("moveworks", listener)[0].contains("verification:"));
    let [yaml, told] = import("webhook", hooks);
    assert!(!yaml.contains("ip_allowlist") && !yaml.contains("()"), "{yaml}");
    assert_eq!(yaml.matches("none:").count(), 1, "{yaml}");
    assert_eq!(told.matches("L07").count(), 2, "{told}");
}

#[test]
fn what_is_no_description() {
    for (kind, text) in [("webhook", "id: x"), ("webhook", "- x"), ("moveworks", "[1]")] {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        let imported = tympan().args(["import", kind]).arg(file.path()).output().unwrap();
        assert_eq!(imported.status.code(), Some(2), "{kind} {text}");
        assert!(imported.stdout.is_empty());
    }
}

#[test]
fn a_command_line_itself() {
    let import = |what: &str| {
        let imported = tympan().args(["import", "curl", what]).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (imported.status.code().unwrap(), text(imported.stdout), text(imported.stderr))
    };
    let (code, out, _) =
        import("curl https://api.example.com/users/me -H \"Authorization: Bearer ${TOKEN}\"");
    assert_eq!(code, 0);
    // What stands in the place of a token is no input.
    assert!(out.contains("auth: {bearer: example_token}") && !out.contains("inputs"), "{out}");
    for (what, why) in [
        ("curl -d @body.json https://api.example.com/", "write the body out in its place"),
        ("curl https://${HOST}/", "{{HOST}}/\" is no URL or path"),
        ("curl -F a=b https://api.example.com/", "curl makes up a boundary"),
        ("curl", "cannot be read"),
        ("curl $(date)", "which only the shell knows"),
    ] {
        let (code, out, err) = import(what);
        assert!(code == 2 && out.is_empty() && err.contains(why), "{what}: {code} {err}");
    }
}
