//! Whether editors are told what the reader reads: the JSON Schema of a file.
//!
//! `BLESS=1 cargo test` writes `schemas/listeners.schema.json`.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use jsonschema::Validator;
use serde_json::Map;
use serde_json::Value;
use tympan_core::span::FileId;
use tympan_core::yaml;
use tympan_core::yaml::Entry;
use tympan_core::yaml::Key;
use tympan_core::yaml::Node;
use tympan_core::yaml::Sections;

/// The files of `check/` that hold a mistake which a schema can see.
const REFUSED: &[&str] = &[
    "bad_actions",
    "bad_algorithms",
    "bad_captures",
    "bad_calls",
    "bad_certificates",
    "bad_clients",
    "bad_connectors",
    "bad_encryption",
    "bad_fetched_keys",
    "bad_jwt",
    "bad_listener_values",
    "bad_log",
    "bad_names",
    "bad_paths",
    "bad_proxies",
    "bad_remotes",
    "bad_server",
    "bad_tolerance",
    "challenge_digest_misplaced",
    "challenge_refused_without_proof",
    "challenge_token_incomplete",
    "challenge_without_detection",
    "challenge_without_response",
    "defaults_broken",
    "destination_of_no_kind",
    "empty_text",
    "listener_is_a_text",
    "many_mistakes",
    "mapper_form_beside_keys",
    "mapper_keys",
    "mapper_names_in_headers",
    "mapper_unknown_form",
    "missing_version",
    "newer_version",
    "no_verification",
    "pairs_without_signature",
    "pattern_not_closed",
    "preset_bad_parameter",
    "preset_unknown_parameter",
    "secret_written_out",
    "signature_empty",
    "signature_without_place",
    "tests_of_listeners",
    "token_without_place",
    "unknown_accept",
    "unknown_key",
    "unknown_key_in_signature",
    "unknown_secret_none_defined",
    "unknown_section",
    "unknown_word",
    "verification_of_no_kind",
    "verification_of_two_kinds",
    "version_0",
    "wrong_type",
    "wrong_type_in_listener",
    "wrong_type_of_expression",
    "preset_of_no_name",
];

/// Those that it cannot see: what is no YAML, what is said in expressions, what depends on another
/// key or another file, and what is only warned about.
const UNSEEN: &[&str] = &[
    "admin_on_the_network",
    "admin_without_token",
    "alias_bomb",
    "at_sign_unquoted",
    "bad_keys",
    "bad_pattern",
    "bad_registrations",
    "body_beside_others",
    "body_not_signed",
    "braces_in_flow",
    "brackets_in_block",
    "brackets_in_flow",
    "caret_after_tab",
    "caret_double_quoted",
    "caret_double_quoted_over_lines",
    "caret_folded",
    "caret_folded_stripped",
    "caret_list",
    "caret_literal",
    "caret_literal_indicator",
    "caret_plain",
    "caret_plain_over_two_lines",
    "caret_single_quoted",
    "caret_wide",
    "challenge_answers_html",
    "challenge_echoes_anything",
    "challenge_mixes_a_secret",
    "challenge_mixes_a_secret_of_others",
    "challenge_sets_cookie",
    "challenge_signs_events",
    "challenge_token_names",
    "client_unused",
    "colon_in_plain_text",
    "constant_conditions",
    "constant_header_map",
    "constant_payload",
    "constant_proof",
    "defaults_after_listeners",
    "duplicate_key",
    "duplicate_listener",
    "duplicate_section",
    "empty_file",
    "empty_lists",
    "empty_verification",
    "expression_argument_count",
    "expression_argument_kind",
    "expression_bad_number",
    "expression_bad_pattern",
    "expression_curly_quotes",
    "expression_empty",
    "expression_ends_early",
    "expression_foreign_signs",
    "expression_if_without_else",
    "expression_in_header",
    "expression_lambda_missing",
    "expression_missing_comma",
    "expression_pattern_not_constant",
    "expression_refusal_reads_request",
    "expression_root_elsewhere",
    "expression_single_equals",
    "expression_too_deep",
    "expression_too_long",
    "expression_types",
    "expression_unclosed_bracket",
    "expression_unclosed_parenthesis",
    "expression_unclosed_text",
    "expression_unexpected_word",
    "expression_unknown_function",
    "expression_unknown_function_far",
    "expression_unknown_root",
    "expressions_after_listeners",
    "include_broken",
    "include_matches_nothing",
    "jmespath_mistakes",
    "jmespath_texts",
    "jmespath_too_deep",
    "jmespath_too_many_operators",
    "jmespath_without_body",
    "jwt_for_anybody",
    "let_names",
    "list_at_top",
    "long_leeway",
    "long_tolerance",
    "map_as_key",
    "mapper_argument_names",
    "mapper_keys_that_are_paths",
    "mapper_mistakes_within",
    "mapper_nearly",
    "mapper_templates",
    "nested_too_deep",
    "no_destination",
    "nobody_to_trust",
    "none_beside_others",
    "not_utf8",
    "nothing_proven",
    "only_comments",
    "other_dialect",
    "path_taken",
    "path_taken_by_default",
    "path_taken_by_parameter",
    "payload_schema_broken",
    "preset_impatient",
    "preset_missing_parameter",
    "preset_in_another_language",
    "preset_parameter_prefixes",
    "preset_not_one_secret",
    "preset_own_with_mistakes",
    "preset_pinned",
    "preset_unknown",
    "preset_without",
    "program_not_allowed",
    "quotes_then_more",
    "redact_no_path",
    "response_headers",
    "second_document",
    "secret_from_two_places",
    "signature_without_secret",
    "star_unquoted",
    "status_loses_events",
    "tab_indent",
    "text_at_top",
    "timestamp_not_signed",
    "timestamp_without_place",
    "two_timestamps",
    "unclosed_brace",
    "unclosed_list",
    "unclosed_quote",
    "unknown_alias",
    "unknown_destination",
    "unknown_secret",
    "unknown_tag",
    "unused",
    "warning_bare_key",
    "warning_constant_condition",
    "warning_near_root",
    "warning_parameter_hides_root",
    "warning_root_elsewhere",
    "wrong_indent",
    "token_of_a_challenge_signs_a_challenge",
];

#[test]
fn the_written_schema_is_that_of_the_table() {
    let path = root().join("schemas/listeners.schema.json");
    let expected = format!("{:#}\n", tympan_core::schema::schema());
    if env::var_os("BLESS").is_some() {
        fs::write(&path, expected).unwrap();
        return;
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "{} is stale: write it with BLESS=1", path.display());
}

#[test]
fn it_is_a_schema_of_draft_7() {
    let schema = tympan_core::schema::schema();
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    if let Err(error) = jsonschema::draft7::meta::validate(&schema) {
        panic!("{} at {}", error, error.instance_path());
    }
}

/// Everything that is referred to is defined, and the reverse.
#[test]
fn no_definition_is_missing_or_idle() {
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(map) => {
                if let Some(Value::String(to)) = map.get("$ref") {
                    found.insert(to.strip_prefix("#/definitions/").unwrap().to_owned());
                }
                map.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let schema = tympan_core::schema::schema();
    let mut used = BTreeSet::new();
    references(&schema, &mut used);
    let defined = schema["definitions"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(used, defined);
}

#[test]
fn it_accepts_the_example() {
    let example = json(&fs::read_to_string(root().join("listeners.yaml")).unwrap()).unwrap();
    let mistakes: Vec<_> = validator()
        .iter_errors(&example)
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect();
    assert!(mistakes.is_empty(), "{mistakes:#?}");
}

/// What the reader reads without a mistake is no mistake to an editor.
#[test]
fn it_accepts_every_request_case() {
    let mut n_files = 0;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("requests")).unwrap() {
        let Ok(text) = fs::read_to_string(entry.unwrap().path().join("listeners.yaml")) else {
            continue;
        };
        n_files += 1;
        let file = json(&text).unwrap();
        let mistakes: Vec<_> =
            validator().iter_errors(&file).map(|error| error.to_string()).collect();
        assert!(mistakes.is_empty(), "{mistakes:#?}\n{text}");
    }
    assert!(n_files > 0, "no files found");
}

/// Ways of writing that readers of the documentation will use: both eyes take them.
#[test]
fn both_accept_the_same_spellings() {
    for line in [
        "server: {listen: 127.0.0.1:80}",
        "server: {listen: ['[::1]:80', 0.0.0.0:80]}",
        "server: {limits: {body: 1 MiB, headers: 16KiB, connections: 1}, shutdown_grace: 0s}",
        "server: {limits: {body: 1048576, body_timeout: 1.5m}}",
        "server: {public_url: 'https://hooks.example.com:8443'}",
        "server:",
        "log: {level: debug, headers: [], accepted: true}",
        "log:",
        "secrets:",
        "listeners:",
        "expressions: jmespath",
        "destinations: {out: {stdout: }}",
        "listeners: {a: {verification: {none: 7}, deliver: []}}",
        "listeners: {a: {verification: [{none: x}], deliver: [], description: true}}",
        "listeners: {a: {verification: {none: x}, deliver: [], filter: null, reject: 1}}",
        "listeners: {a: {verification: {none: x}, deliver: [], methods: PUT, accept: any}}",
        "listeners: {a: {verification: {none: x}, deliver: [], path: '/{a}', limits: }}",
        "listeners: {a: {verification: {none: x}, deliver: [], events: {data: [{a: [1]}]}}}",
        "listeners: {a: {verification: {none: x}, deliver: [], filter: {jmespath: a}}}",
    ] {
        let text = format!("version: 1\n{line}\n");
        let (loaded, _) = tympan_core::load("line", text.clone().into_bytes());
        assert!(!loaded.diagnostics.refuse(false), "the reader refuses {line}");
        assert!(validator().is_valid(&json(&text).unwrap()), "the schema refuses {line}");
    }
}

#[test]
fn it_refuses_what_it_can_see() {
    let validator = validator();
    let mut wrong = Vec::new();
    for (name, text) in mistakes() {
        let is_refused = text.is_some_and(|file| !validator.is_valid(&file));
        if is_refused != REFUSED.contains(&name.as_str()) {
            let verb = if is_refused { "refused" } else { "not refused" };
            wrong.push(format!("{name} is {verb}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_mistake_is_in_one_of_both_lists() {
    let known: Vec<_> = REFUSED.iter().chain(UNSEEN).map(|name| (*name).to_owned()).collect();
    let known_once: BTreeSet<_> = known.iter().cloned().collect();
    assert_eq!(known.len(), known_once.len(), "a name stands twice");
    let files: BTreeSet<_> = mistakes().map(|(name, _)| name).collect();
    assert_eq!(known_once, files);
}

fn validator() -> Validator {
    jsonschema::draft7::options()
        .should_validate_formats(true)
        .build(&tympan_core::schema::schema())
        .unwrap()
}

/// Every file of `check/` with what it says, if it is YAML at all.
fn mistakes() -> impl Iterator<Item = (String, Option<Value>)> {
    let files = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("check")).unwrap();
    files.map(|entry| entry.unwrap().path()).filter_map(|path| {
        let name = path.file_name()?.to_str()?.strip_suffix(".yaml")?.to_owned();
        let text = String::from_utf8(fs::read(&path).unwrap()).ok();
        Some((name, text.and_then(|text| json(&text))))
    })
}

/// A YAML file as JSON, by the reader's own eyes.
fn json(text: &str) -> Option<Value> {
    struct Whole(Map<String, Value>);

    impl Sections for Whole {
        fn is_streamed(&self, _: &str) -> bool {
            false
        }

        fn section(&mut self, key: Key, node: Node) {
            self.0.insert(key.name, value(node));
        }

        fn entry(&mut self, _: &Key, _: Key, _: Node) {
            unreachable!("no section is streamed");
        }
    }

    // The frames of the YAML library are large without optimisation.
    let text = text.to_owned();
    let reader = std::thread::Builder::new().stack_size(8 << 20);
    let read = reader.spawn(move || {
        let mut whole = Whole(Map::new());
        yaml::read(FileId(0), &text, &mut whole).ok().map(|()| Value::Object(whole.0))
    });
    read.unwrap().join().unwrap()
}

fn value(node: Node) -> Value {
    match node.value {
        yaml::Value::Null => Value::Null,
        yaml::Value::Bool(value) => value.into(),
        yaml::Value::Integer(value) => i64::try_from(value).unwrap().into(),
        yaml::Value::Float(value) => value.into(),
        yaml::Value::Text(value) => value.into(),
        yaml::Value::List(items) => items.into_iter().map(value).collect(),
        yaml::Value::Map(entries) => {
            entries.into_iter().map(|Entry { key, node }| (key.name, value(node))).collect()
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
