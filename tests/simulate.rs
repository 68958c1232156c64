//! Requests as a provider would send them, to a real server and as command lines; and the tests
//! that listeners have of their own.

use std::fs;
use std::io::Write;
use std::process::Output;
use std::process::Stdio;

use crate::host::Answer;
use crate::host::Host;
use crate::process::Folder;
use crate::process::Tympan;
use crate::process::repository;
use crate::process::tympan;
use crate::wire::openssl;

/// Every place and form of a proof, each as a listener of its own.
const LISTENERS: &str = r#"version: 1
server: {listen: ["127.0.0.1:0"]}
secrets: {key: {file: key}, word: {file: word}, lost: {file: lost}}
destinations: {console: {stdout: {}}}
defaults: {deliver: [console]}
listeners:
  header:
    challenge: {detection: 'headers["X-Hook"]', response: {headers: {X-Hook: 'headers["X-Hook"]'}}}
    verification: [{signature: {secret: key, received_signature: 'headers["X-Sign"]', format: {prefix: "v0="},
      payload: '$CONCAT(["v0:", signature_timestamp, ":", raw_body])', timestamp: {value: 'headers["X-Time"]'}}}]
  pairs:
    verification: [{signature: {secret: key, received_signature: 'headers["X-Sign"]', format: {pairs: {timestamp: t, signature: v1}},
      payload: '$CONCAT([signature_timestamp, ".", raw_body])', timestamp: {unit: milliseconds}}}]
  query:
    path: /in/{customer}
    methods: [PUT]
    verification: [{signature: {secret: key, hash_mode: SHA-1, encoding: base64, received_signature: query_params.sign,
      payload: '$CONCAT([http_method, path_params.customer, raw_body])'}}]
  field:
    challenge: {detection: 'parsed_body.event == "check"', verification: required, response: {body: parsed_body.code}}
    verification: [{signature: {secret: key, received_signature: parsed_body.proof.sign, payload: '$CONCAT([parsed_body.event, parsed_body.id])'}}]
    simulate: {body: {event: paid, id: 7}}
  form:
    accept: form
    verification: [{signature: {secret: key, received_signature: parsed_body.sign, payload: parsed_body.id}}]
    simulate: {body: id=1%202}
  word:
    path: /word/{word}
    challenge: {detection: query_params.check, verification: [{token: {secret: word, received_token: query_params.word}}], response: {body: query_params.check}}
    verification: [{token: {secret: word, received_token: path_params.word}}]
  bearer:
    verification: [{token: {secret: word, received_token: 'headers["Authorization"].$SPLIT(" ")[1]'}}]
    simulate: {token: 'headers["Authorization"]', prefix: "Bearer "}
  computed:
    verification: [{signature: {secret: key, received_signature: 'headers["X-Sign"].$LOWERCASE()'}}]
  lost:
    verification:
      - any: [{signature: {secret: lost, received_signature: 'headers["X-Sign"]'}}, {token: {secret: word, received_token: 'headers["X-Word"]'}}]
"#;

fn folder() -> Folder {
    let folder = Folder::new(LISTENERS);
    folder.write("key", "a key of some length");
    folder.write("word", "a-word-of-some-length");
    folder
}

/// What is not signed with a secret as it stands.
const OTHERS: &str = r#"version: 1
server: {listen: ["127.0.0.1:0"]}
secrets: {key: {file: key}, word: {file: word}, private: {file: private}, public: {file: public}}
destinations: {console: {stdout: {}}}
clients: {robot: {api_key: word}, app: {oauth: {client_id: app-1, client_secret: word}}}
defaults: {deliver: [console]}
listeners:
  derived: {verification: {signature: {secret: key, key: {after: "&", digest: SHA-1}, received_signature: 'headers["X-Sign"]'}}}
  mixed: {verification: {signature: {secret: key, algorithm: digest, secret_at: sorted, received_signature: 'headers["X-Sign"]',
    payload: '[http_method, raw_body]'}}}
  items:
    verification: {signature: {secret: key, each: parsed_body.items, received_signature: item.proof.sign, payload: item.id,
      encoding: base64}}
    simulate: {body: {items: [{id: 1}, {id: 2, proof: {by: us}}]}}
  pair: {verification: {signature: {secret: public, signing_key: private, algorithm: Ed25519, received_signature: 'headers["X-Sign"]',
    payload: '$CONCAT([signature_timestamp, raw_body])', timestamp: {value: 'headers["X-Time"]'}}}}
  public: {verification: {signature: {secret: public, algorithm: Ed25519, received_signature: 'headers["X-Sign"]'}}}
  digest: {verification: [{signature: {secret: key, received_signature: 'headers["X-Sign"]', payload: 'headers["Digest"]'}},
    {body_digest: {received_digest: 'headers["Digest"]', prefix: sha-256=, encoding: base64}}]}
  basic: {verification: {basic: {username: ann, secret: word}}}
  robot: {verification: {credential: robot}}
  app: {verification: {credential: app}}
  jwt: {verification: {jwt: {algorithms: [HS384, HS256], secret: key, issuer: us, audience: [a, b], max_age: 5m,
    claims: {hash: raw_body.$SHA256().$HEX_ENCODE()}}}}
  jwt-public: {verification: {jwt: {algorithms: EdDSA, issuer: us, audience: a, token: query_params.jwt, public_key: {pem: PEM}}}}
"#;

fn others() -> Folder {
    let folder = Folder::new("");
    folder.write("key", "a key of some length");
    folder.write("word", "a-word-of-some-length");
    openssl(&folder, "genpkey -algorithm ed25519 -out private");
    openssl(&folder, "pkey -in private -pubout -out public");
    let public = fs::read_to_string(folder.path("public")).unwrap();
    let public = serde_json::to_string(&public).unwrap();
    folder.write("listeners.yaml", OTHERS.replace("PEM", &public));
    folder
}

/// Handshakes that lie encrypted, and those that have something called, at HOST.
const SECRETLY: &str = r#"version: 1
server: {listen: ["127.0.0.1:0"]}
egress: {ca: ca.crt}
secrets: {key: {file: key}, aes: {file: aes}, word: {file: word}}
destinations: {console: {stdout: {}}}
defaults: {deliver: [console]}
listeners:
  within:
    decrypt: {secret: key, key: {digest: SHA-256}, ciphertext: parsed_body.encrypt}
    challenge: {detection: parsed_body.type == "url_verification", ciphertext: parsed_body.encrypt,
      verification: {token: {secret: word, received_token: parsed_body.token}}, response: {body: {challenge: parsed_body.challenge}}}
    verification: {signature: {secret: key, received_signature: 'headers["X-Sign"]'}}
  framed:
    accept: text
    decrypt: {secret: aes, key: {encoding: base64}, iv: key, padding: 32, framing: {receiver: corp},
      ciphertext: 'parsed_body.$SPLIT("<![CDATA[")[1].$SPLIT("]]>")[0]'}
    challenge: {detection: raw_body, ciphertext: query_params.echo, verification: required, response: {body: parsed_body}}
    verification: &sorted {signature: {secret: word, algorithm: digest, secret_at: sorted, received_signature: query_params.sign,
      payload: ['[query_params.nonce, query_params.echo]', '[query_params.nonce, parsed_body]']}}
    simulate: {query: {nonce: "7"}}
  answered:
    decrypt: {secret: aes, key: {encoding: base64}, encoding: base64url, ciphertext: parsed_body.encrypt}
    challenge: {detection: parsed_body.check, ciphertext: parsed_body.encrypt, verification: required,
      response: {encrypt: {message: parsed_body.code}, body: reply.ciphertext}}
    verification: {signature: {secret: word, received_signature: query_params.sign, payload: parsed_body.encrypt}}
  called:
    challenge: {detection: parsed_body.type == "confirm", verification: required, response: {body: '"confirmed"'},
      call: {url: parsed_body.url, hosts: [HOST], path: '/\?confirm=[a-z]{3}'}}
    verification: {signature: {secret: key, received_signature: 'headers["X-Sign"]'}}
  called-elsewhere:
    challenge: {detection: parsed_body.type == "confirm", verification: required, response: {},
      call: {url: 'parsed_body.url.$LOWERCASE()', hosts: [HOST]}}
    verification: {signature: {secret: key, received_signature: 'headers["X-Sign"]'}}
  certified:
    challenge: {detection: parsed_body.type == "confirm", verification: required, response: {}}
    verification: {signature: {algorithm: RSA, certificate: {url: parsed_body.cert, hosts: [HOST]}, received_signature: parsed_body.sign}}
"#;

fn secretly() -> (Folder, Host) {
    let folder = Folder::new("");
    let host = Host::start(&folder);
    folder.write("listeners.yaml", SECRETLY.replace("HOST", &host.name()));
    folder.write("key", "a key of some length");
    folder.write("aes", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=");
    folder.write("word", "a-word-of-some-length");
    (folder, host)
}

#[test]
fn encrypted_handshakes_are_played() {
    assert_answered(
        &secretly().0,
        &[
            ("within", "handshake", &["200 OK"][..]),
            ("within", "event", &["200 OK"]),
            ("framed", "handshake", &["200 OK"]),
            ("answered", "handshake", &["200 OK"]),
            ("answered", "bad-signature", &["401 Unauthorized"]),
        ],
    );
}

/// What the listener calls is a URL that it may, and what answers there decides.
#[test]
fn handshakes_that_are_confirmed_by_a_call_are_played() {
    let (folder, host) = secretly();
    assert_answered(&folder, &[("called", "handshake", &["503 Service Unavailable"][..])]);
    host.set("/?confirm=aaa", Answer::new("200 OK", ""));
    assert_answered(&folder, &[("called", "handshake", &["200 OK"][..])]);
    let asked = host.asked();
    assert!(asked.iter().all(|head| head.starts_with("GET /?confirm=aaa ")), "{asked:?}");
    let said = simulate(&folder, &["called", "--case", "handshake", "--print"]);
    let err = String::from_utf8(said.stderr).unwrap();
    assert!(err.starts_with("note: what a handshake names is called before"), "{err}");
}

#[test]
fn what_lies_hidden_and_cannot_be_played_says_why() {
    let (folder, _host) = secretly();
    for (arguments, why) in [
        (
            &["framed"][..],
            "give the body as it is sent, with its message in the place of that text",
        ),
        (&["called-elsewhere", "--case", "handshake"], "no URL that `call` calls can be told"),
        (&["certified", "--case", "handshake"], "the key of the provider's own certificate"),
    ] {
        let said = simulate(&folder, arguments);
        let err = String::from_utf8(said.stderr).unwrap();
        assert!(err.contains(why), "{arguments:?}\n{err}");
        assert_eq!(said.status.code(), Some(1), "{arguments:?}");
    }
}

/// A body that is encrypted already is signed as it is.
#[test]
fn what_is_encrypted_already_stays_as_it_is() {
    let (folder, _host) = secretly();
    folder.write("plain.json", r#"{"a":1}"#);
    folder.write("plain.txt", r#"<x><![CDATA[{"a":1}]]></x>"#);
    let sent = |listener, file| {
        let printed = simulate(&folder, &[listener, "--print", "--body", file]);
        let printed = String::from_utf8(printed.stdout).unwrap();
        let body = printed.split("--data-raw '").nth(1).expect("a body").split('\'').next();
        body.unwrap().to_owned()
    };
    for (listener, plain, own) in
        [("answered", "plain.json", "own.json"), ("framed", "plain.txt", "own.txt")]
    {
        let encrypted = sent(listener, plain);
        assert!(!encrypted.contains("\"a\":1"), "{encrypted}");
        folder.write(own, &encrypted);
        assert_eq!(sent(listener, own), encrypted, "{listener}");
    }
}

/// What is sent, and what status comes back of each request.
#[test]
fn every_case_is_answered_as_the_provider_would_be() {
    assert_answered(
        &folder(),
        &[
            ("header", "event", &["200 OK"][..]),
            ("header", "handshake", &["200 OK"]),
            ("header", "stale", &["401 Unauthorized"]),
            ("header", "bad-signature", &["401 Unauthorized"]),
            ("header", "replay", &["200 OK", "200 OK"]),
            ("header", "duplicate", &["200 OK", "200 OK"]),
            ("pairs", "event", &["200 OK"]),
            ("pairs", "stale", &["401 Unauthorized"]),
            ("pairs", "bad-signature", &["401 Unauthorized"]),
            ("query", "event", &["200 OK"]),
            ("query", "bad-signature", &["401 Unauthorized"]),
            ("field", "event", &["200 OK"]),
            ("field", "bad-signature", &["401 Unauthorized"]),
            ("field", "handshake", &["200 OK"]),
            ("form", "event", &["200 OK"]),
            ("form", "bad-signature", &["401 Unauthorized"]),
            ("word", "event", &["200 OK"]),
            ("word", "bad-signature", &["401 Unauthorized"]),
            ("word", "handshake", &["200 OK"]),
            ("bearer", "event", &["200 OK"]),
            ("lost", "event", &["200 OK"]),
        ],
    );
}

#[test]
fn every_other_proof_is_given_as_the_provider_would() {
    let refused = &["401 Unauthorized"][..];
    assert_answered(
        &others(),
        &[
            ("derived", "event", &["200 OK"]),
            ("derived", "bad-signature", refused),
            ("mixed", "event", &["200 OK"]),
            ("mixed", "bad-signature", refused),
            ("items", "event", &["200 OK"]),
            ("items", "bad-signature", refused),
            ("pair", "event", &["200 OK"]),
            ("pair", "stale", refused),
            ("pair", "bad-signature", refused),
            ("public --key private", "event", &["200 OK"]),
            ("public --key private", "bad-signature", refused),
            ("digest", "event", &["200 OK"]),
            ("digest", "bad-signature", refused),
            ("basic", "event", &["200 OK"]),
            ("basic", "bad-signature", refused),
            ("robot", "event", &["200 OK"]),
            ("robot", "bad-signature", refused),
            ("app", "replay", &["200 OK", "200 OK"]),
            ("app", "bad-signature", refused),
            ("jwt", "event", &["200 OK"]),
            ("jwt", "stale", refused),
            ("jwt", "bad-signature", refused),
            ("jwt-public --key private", "event", &["200 OK"]),
            ("jwt-public --key private", "stale", refused),
            ("jwt-public --key private", "bad-signature", refused),
        ],
    );
}

/// Of each listener, maybe with more arguments, and case the statuses that come back.
#[track_caller]
fn assert_answered(folder: &Folder, cases: &[(&str, &str, &[&str])]) {
    let server = Tympan::start_in(folder);
    let to = format!("http://{}", server.address());
    for (listener, case, statuses) in cases {
        let arguments = listener.split(' ').chain(["--case", case, "--to", &to]);
        let said = simulate(folder, &arguments.collect::<Vec<_>>());
        let out = String::from_utf8(said.stdout).unwrap();
        let err = String::from_utf8(said.stderr).unwrap();
        let is_status = |line: &&str| line.as_bytes().iter().take(3).all(u8::is_ascii_digit);
        let found: Vec<_> = out.lines().filter(is_status).filter(|it| it.len() > 3).collect();
        assert_eq!(found, *statuses, "{listener} {case}\n{out}{err}");
        assert!(said.status.success(), "{listener} {case}");
    }
}

/// The same as a command line of curl, as `explain` reads it.
#[test]
fn what_is_printed_is_what_is_sent() {
    let folder = folder();
    for (listener, case, outcome) in [
        ("header", "event", "accepted"),
        ("header", "handshake", "challenged"),
        ("header", "stale", "stale"),
        ("pairs", "event", "accepted"),
        ("query", "event", "accepted"),
        ("query", "bad-signature", "unauthorized"),
        ("field", "event", "accepted"),
        ("form", "event", "accepted"),
    ] {
        let said =
            simulate(&folder, &[listener, "--case", case, "--print", "-H", "X-It: it's '@'"]);
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        let mut explain = tympan();
        explain.args(["explain", "-", "--expect", outcome]).current_dir(folder.path(""));
        explain.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut explain = explain.spawn().unwrap();
        explain.stdin.take().unwrap().write_all(&said.stdout).unwrap();
        let explained = explain.wait_with_output().unwrap();
        let (line, told) = (said.stdout, explained.stdout);
        let (line, told) = (String::from_utf8_lossy(&line), String::from_utf8_lossy(&told));
        assert!(explained.status.success(), "{listener} {case}\n{line}\n{told}");
    }
}

#[test]
fn what_cannot_be_simulated_says_why() {
    let folder = folder();
    for (arguments, code, why) in [
        (&["computed"][..], 1, "simulate: {signature: 'headers[\"X-Name\"]'}"),
        (&["computed", "--case", "handshake"], 1, "it has no `challenge`"),
        (&["query", "--case", "stale"], 1, "no timestamp that could be old"),
        (&["word", "--print"], 1, "the secret itself, which is never printed"),
        (&["nobody"], 2, "there is no listener nobody, but header"),
        (&["header", "--to", "https://example.com"], 2, "only http:// can be spoken"),
        (&["header", "--to", "http://127.0.0.1:1"], 1, "nobody answers at 127.0.0.1:1"),
        (&["header", "--case", "sometimes"], 2, "possible values: handshake, event"),
        (&["header", "--body", "none.json"], 2, "none.json cannot be read"),
    ] {
        let said = simulate(&folder, arguments);
        let err = String::from_utf8(said.stderr).unwrap();
        assert!(err.contains(why), "{arguments:?}\n{err}");
        assert_eq!(said.status.code(), Some(code), "{arguments:?}");
        assert!(!err.contains("a-word-of-some-length"), "{err}");
    }
}

#[test]
fn what_only_others_can_prove_is_said() {
    let folder = others();
    for (arguments, code, why) in [
        (&["public"][..], 1, "only the public key is known here, with which nothing can be signed"),
        (&["jwt-public"], 1, "name the private one with --key"),
        (&["public", "--key", "public"], 1, "no key can be made of --key"),
        (&["public", "--key", "nothing"], 2, "nothing cannot be read"),
        (&["jwt", "--print"], 0, ""),
        (&["basic", "--print"], 1, "the secret itself, which is never printed"),
        (&["robot", "--print"], 1, "the secret itself, which is never printed"),
        (&["app", "--print"], 1, "the secret itself, which is never printed"),
    ] {
        let said = simulate(&folder, arguments);
        let err = String::from_utf8(said.stderr).unwrap();
        assert!(err.contains(why), "{arguments:?}\n{err}");
        assert_eq!(said.status.code(), Some(code), "{arguments:?}");
        assert!(!err.contains("a-word-of-some-length"), "{err}");
    }
}

/// Secrets are made up for tests, and so are pairs of keys, unless the file names a private one.
#[test]
fn tests_sign_with_every_proof() {
    let folder = others();
    let listeners = fs::read_to_string(folder.path("listeners.yaml")).unwrap();
    let (head, listeners) = listeners.split_once("\nlisteners:\n").unwrap();
    let tested = |line: &str| {
        let test = "tests: [{name: it, request: {sign: true}, expect: {outcome: accepted}}]";
        match line.split_once(": {").filter(|_| !line.starts_with("   ")) {
            Some((name, rest)) => format!("{name}: {{{test}, {rest}"),
            None if line == "  items:" => format!("{line}\n    {test}"),
            None => line.to_owned(),
        }
    };
    let listeners = listeners.lines().map(tested).collect::<Vec<_>>().join("\n");
    folder.write("listeners.yaml", format!("{head}\nlisteners:\n{listeners}\n"));
    for lost in ["key", "word"] {
        fs::remove_file(folder.path(lost)).unwrap();
    }
    let output = tympan().arg("test").current_dir(folder.path("")).output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{out}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(out.matches("ok    ").count(), 11, "{out}");
}

/// What was recorded is verified with the real key, and what is signed with one that is made up.
#[test]
fn recorded_requests_and_signed_ones_have_keys_of_their_own() {
    let folder = Folder::new("");
    openssl(&folder, "genpkey -algorithm ed25519 -out private");
    openssl(&folder, "pkey -in private -pubout -out public");
    folder.write("body", "{}");
    openssl(&folder, "pkeyutl -sign -rawin -inkey private -in body -out .signature");
    let signature = const_hex::encode(fs::read(folder.path(".signature")).unwrap());
    folder.write(
        "listeners.yaml",
        format!(
            "version: 1
secrets: {{key: {{file: public}}}}
destinations: {{console: {{stdout: {{}}}}}}
listeners:
  a:
    verification:
      - signature: {{secret: key, algorithm: Ed25519, received_signature: 'headers[\"X-Sign\"]'}}
    deliver: [console]
    tests:
      - name: signed
        request: {{sign: true, body: '{{}}'}}
        expect: {{outcome: accepted}}
      - name: signed and changed
        request: {{sign: true, body: '{{}}', then: {{body: '[]'}}}}
        expect: {{outcome: unauthorized}}
      - name: recorded
        request: {{headers: {{X-Sign: {signature}}}, body: '{{}}'}}
        expect: {{outcome: accepted}}
      - name: recorded and changed
        request: {{headers: {{X-Sign: {signature}}}, body: '[]'}}
        expect: {{outcome: unauthorized}}
"
        ),
    );
    let output = tympan().arg("test").current_dir(folder.path("")).output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{out}{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_repository_passes_its_own_tests() {
    let output = tympan().arg("test").current_dir(repository()).output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{out}");
    for listener in ["asana", "github", "slack", "zoom", "stripe"] {
        assert!(out.contains(&format!("ok    {listener}: ")), "{out}");
    }
}

#[test]
fn a_test_that_fails_tells_the_difference() {
    let folder = Folder::new(
        r#"version: 1
secrets: {key: {file: key}}
destinations: {console: {stdout: {}}}
listeners:
  a:
    verification: [{signature: {secret: key, received_signature: 'headers["X-Sign"]'}}]
    events: {type: parsed_body.kind}
    deliver: [console]
    tests:
      - {name: right, request: {sign: true, body_file: body.json}, expect: {outcome: accepted, event: {type: "7"}}}
      - {name: wrong <&>, request: {body: '{}'}, expect: {outcome: accepted, status: 200, headers: {X-A: b}, delivered: [console]}}
      - {name: other, request: {sign: true, body: {kind: a}}, expect: {event: {type: b, data: {kind: a, more: 1}}, body: {status: RECEIVED}}}
      - {name: gone, request: {body_file: gone.json}, expect: {}}
"#,
    );
    folder.write("body.json", "{\"kind\": 7}");
    let output = tympan().arg("test").current_dir(folder.path("")).output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let expected = "\
ok    a: right
FAIL  a: wrong <&>  listeners.yaml:11:9
      outcome
        - accepted
        + unauthorized
      status
        - 200
        + 401
      header X-A
        - b
        + none
      delivered
        - console
        + nowhere
      because the signature is missing
FAIL  a: other  listeners.yaml:12:9
      body
        - {\"status\":\"RECEIVED\"}
        + {\"message\":\"Event received successfully\",\"status\":\"RECEIVED\"}
      event 1.data.more
        - 1
        + null
      event 1.type
        - \"b\"
        + \"a\"
FAIL  a: gone  listeners.yaml:13:9
      request
        - one that can be built
        + error: gone.json cannot be read: No such file or directory (os error 2)
";
    assert_eq!(out, expected);
    assert_eq!(output.status.code(), Some(1));
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(err, "listeners.yaml: 3 failed, 1 passed\n");

    let mut junit = tympan();
    let junit = junit.args(["test", "--format", "junit"]).current_dir(folder.path(""));
    let out = String::from_utf8(junit.output().unwrap().stdout).unwrap();
    assert!(out.contains("<testsuite name=\"tympan\" tests=\"4\" failures=\"3\">"), "{out}");
    assert!(out.contains("<testcase classname=\"a\" name=\"right\"/>"), "{out}");
    assert!(out.contains("name=\"wrong &lt;&amp;&gt;\">"), "{out}");
}

/// No secret has to be there, and a file with mistakes has no tests.
#[test]
fn a_file_with_mistakes_is_not_tested() {
    let folder = Folder::new("version: 1\nlisteners: {a: {}}\n");
    let output = tympan().arg("test").current_dir(folder.path("")).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("L07"));
    fs::remove_file(folder.path("listeners.yaml")).unwrap();
    let output = tympan().arg("test").current_dir(folder.path("")).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

fn simulate(folder: &Folder, arguments: &[&str]) -> Output {
    tympan().arg("simulate").args(arguments).current_dir(folder.path("")).output().unwrap()
}
