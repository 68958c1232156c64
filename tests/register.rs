//! Calls to external systems, and listeners that are made known to their providers with one.

use std::process::Command;
use std::process::Output;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;

use crate::asana::Asana;
use crate::asana::Mood;
use crate::asana::SECRET;
use crate::asana::TOKEN;
use crate::process::Folder;
use crate::process::Tympan;
use crate::process::repository;
use crate::process::request;
use crate::process::sign;
use crate::process::tympan;
use crate::process::wait_until;
use crate::stub::Reply;
use crate::stub::Stub;

/// The shipped file with another Asana, and a connector that asks for tokens.
fn folder(asana: &Asana) -> Folder {
    let shipped = std::fs::read_to_string(repository().join("listeners.yaml")).unwrap();
    let (api, address) = ("https://app.asana.com/api", asana.address);
    assert!(shipped.contains(api));
    let text = shipped
        .replace(api, &format!("http://{address}/api"))
        .replace("127.0.0.1:8080", "127.0.0.1:0")
        .replace("secrets:\n", "secrets:\n  client: {file: client}\n")
        .replace(
            "connectors:\n",
            &format!(
                "connectors:\n  oauth: {{base_url: 'http://{address}/api', auth: {{oauth: {{\
                 token_url: 'http://{address}/token', client_id: us, client_secret: client, \
                 scope: read}}}}}}\n"
            ),
        )
        .replace(
            "actions:\n",
            "actions:\n  granted: {connector: oauth, path: /1.0/users/me, result: parsed_body.data.name}\n",
        );
    let folder = Folder::new(&text);
    folder.write("secrets/asana-pat", TOKEN);
    folder.write("client", "the client's secret");
    folder
}

fn run(folder: &Folder, arguments: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } =
        tympan().args(arguments).current_dir(folder.path(".")).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

fn register(folder: &Folder) -> (i32, String, String) {
    run(folder, &["register", "asana-captured", "--set", "resource=12345"])
}

fn captured(folder: &Folder) -> Value {
    let (_, list, _) = run(folder, &["secrets", "list", "--format", "json"]);
    let list: Value = serde_json::from_str(&list).unwrap();
    let items = list["items"].as_array().unwrap();
    items.iter().find(|item| item["name"] == "asana_captured").unwrap().clone()
}

fn deliver(server: &Tympan, secret: &str) -> u16 {
    let body = r#"{"events":[{"action":"changed","resource":{"gid":"1","resource_type":"task"}},{"action":"added","resource":{"gid":"2","resource_type":"story"}}]}"#;
    let path = "/webhooks/v1/listeners/asana-captured/notify";
    let signature = sign(secret, body);
    server.ask(&request("POST", path, &[("X-Hook-Signature", &signature)], body)).status
}

#[test]
fn one_command_from_nothing_to_verified() {
    let asana = Asana::start(Mood::Strangers);
    let folder = folder(&asana);
    let server = Tympan::start_in(&folder);
    let started = Instant::now();
    let (code, out, err) = register(&folder);
    assert_eq!((code, out.as_str()), (0, ""), "{err}");
    let steps: Vec<_> = err.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(steps, ["expect", "call", "keep", "verify"], "{err}");
    assert!(err.contains("the first delivery has verified"), "{err}");
    assert!(!err.contains(SECRET) && !server.log_text().contains(SECRET), "{err}");
    // It takes 30 ms of a machine that has nothing else to do.
    assert!(started.elapsed() < Duration::from_secs(20));

    assert_eq!((deliver(&server, SECRET), deliver(&server, "a stranger's secret")), (200, 401));
    let known = captured(&folder);
    assert_eq!((known["values"].as_array().unwrap().len(), &known["armed"]), (1, &Value::Null));
    assert_eq!(server.wait_for_event()["type"], "task.changed");
}

#[test]
fn what_fails_leaves_nothing_half_done() {
    let deleted = Some("the webhook 4711 is deleted again");
    for (mood, exit, why, undone) in [
        (Mood::NoHandshake, 76, "no handshake has brought the secret", deleted),
        (Mood::OtherSecret, 76, "no handshake has brought the secret", deleted),
        (Mood::NoSecret, 76, "it holds no secret; what it says is not shown", deleted),
        (Mood::Redirect, 76, "answers 307, and redirects are not followed", None),
        (Mood::Huge, 76, "larger than 1048576 bytes", None),
        (Mood::NoJson, 76, "it answers 200 OK: <p>***</p>", None),
        (
            Mood::Babble,
            76,
            "it answers 201 Created, but the answer is no JSON; what it says is not shown",
            Some(
                "the webhook that was made may still be there: it has to be deleted there; \
                  `tympan register asana-captured --list` tells which there are",
            ),
        ),
        (
            Mood::Stubborn,
            76,
            "no handshake has brought the secret",
            Some(
                "the webhook 4711 is still there: `tympan register asana-captured --delete 4711` \
                  tries again\nerror: registration.delete: it answers 404 Not Found: webhook: \
                  Unknown object: 4711",
            ),
        ),
    ] {
        let asana = Asana::start(mood);
        let folder = folder(&asana);
        let _server = Tympan::start_in(&folder);
        let (code, _, err) = register(&folder);
        assert!(code == exit && err.contains(why), "{mood:?}: {code} {err}");
        match undone {
            Some(undone) => assert!(err.contains(undone), "{mood:?}: {err}"),
            None => assert!(err.contains("--list` tells whether one was made"), "{mood:?}: {err}"),
        }
        let n_left = usize::from(matches!(mood, Mood::Babble | Mood::Stubborn));
        assert_eq!(asana.webhooks().len(), n_left, "{mood:?}: {err}");
        let known = captured(&folder);
        assert_eq!((&known["values"], &known["armed"]), (&json!([]), &Value::Null), "{mood:?}");
        let left = std::fs::read_dir(folder.path("data/captured/asana_captured")).unwrap();
        assert_eq!(left.count(), 0, "{mood:?}");
    }
}

#[test]
fn whom_nobody_reaches_and_whom_nobody_may_reach() {
    let asana = Asana::start(Mood::Well);
    let folder = folder(&asana);
    let path = folder.path("listeners.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    let _server = Tympan::start_in(&folder);
    for (address, more, why) in [
        ("127.0.0.1:1", "", "nobody answers: Connection refused"),
        ("127.0.0.1:1", "egress: {deny: [127.0.0.0/8]}\n", "127.0.0.1, which is out of reach"),
        // Where clouds tell machines about themselves.
        (
            "[::ffff:169.254.169.254]:1",
            "egress: {deny: [169.254.0.0/16]}\n",
            "which is out of reach",
        ),
    ] {
        let text = text.replace(&asana.address.to_string(), address);
        folder
            .write("elsewhere.yaml", text.replace("version: 1\n", &format!("version: 1\n{more}")));
        let listener = ["register", "asana-captured", "elsewhere.yaml", "--set", "resource=12345"];
        let (code, _, err) = run(&folder, &listener);
        assert!(code == 69 && err.contains(why), "{code}: {err}");
        assert_eq!(captured(&folder)["armed"], Value::Null, "{why}");
    }
    assert_eq!(asana.asked(), Vec::<String>::new());
}

/// The provider cannot reach the listener where it is said to be.
#[test]
fn a_target_that_nobody_reaches() {
    let asana = Asana::start(Mood::Well);
    let folder = folder(&asana);
    let path = folder.path("listeners.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    let listen = "listen: [127.0.0.1:0]";
    assert!(text.contains(listen));
    let text = text.replace(listen, &format!("{listen}\n  public_url: http://127.0.0.1:1"));
    folder.write("listeners.yaml", text);
    let _server = Tympan::start_in(&folder);
    let (code, _, err) = register(&folder);
    let why = "asana.subscribe: it answers 400 Bad Request: The remote server which is the target";
    assert!(code == 76 && err.contains(why), "{code}: {err}");
    assert_eq!((&captured(&folder)["armed"], asana.webhooks().len()), (&Value::Null, 0));
}

#[test]
fn a_handshake_that_never_comes() {
    let asana = Asana::start(Mood::NoHandshake);
    let folder = folder(&asana);
    let path = folder.path("listeners.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    let secret_at = "      secret_at: parsed_body[\"X-Hook-Secret\"]\n";
    assert!(text.contains(secret_at));
    folder.write("listeners.yaml", text.replace(secret_at, ""));
    let _server = Tympan::start_in(&folder);
    let arguments = ["register", "asana-captured", "--set", "resource=12345", "--wait", "1"];
    let (code, _, err) = run(&folder, &arguments);
    let why = "error: no handshake has brought asana_captured within 1 s\nthe webhook 4711 is deleted again";
    assert!(code == 76 && err.contains(why), "{code}: {err}");
    assert_eq!((&captured(&folder)["armed"], asana.webhooks().len()), (&Value::Null, 0));
}

/// What a handshake has brought is forgotten with the registration that it was for.
#[test]
fn a_handshake_of_what_fails_afterwards() {
    let secret_at = "      secret_at: parsed_body[\"X-Hook-Secret\"]\n";
    let one = "capture: {asana_captured: 'headers[\"X-Hook-Secret\"]'}";
    let both = "capture: {asana_captured: 'headers[\"X-Hook-Secret\"]', other: '$CONCAT([headers[\"X-Hook-Secret\"], \"x\"])'}";
    for (mood, from, to, exit, why) in [
        (Mood::Refuses, secret_at, "", 76, "it answers 400 Bad Request: it is not to be"),
        (Mood::Babble, secret_at, "", 76, "it answers 201 Created, but the answer is no JSON"),
        // The first of two is good, and the second is not what the answer names.
        (Mood::Well, one, both, 76, "no handshake has brought the secret"),
    ] {
        let asana = Asana::start(mood);
        let folder = folder(&asana);
        let path = folder.path("listeners.yaml");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from));
        let text =
            text.replace(from, to).replace("secrets:\n", "secrets:\n  other: {captured: true}\n");
        folder.write("listeners.yaml", text);
        let server = Tympan::start_in(&folder);
        let (_, _, err) = run(&folder, &["secrets", "rotate", "asana_captured"]);
        assert!(err.contains("holds nothing"), "{err}");
        let (code, _, err) = register(&folder);
        assert!(code == exit && err.contains(why), "{mood:?}: {code} {err}");
        let known = captured(&folder);
        assert_eq!((&known["values"], &known["armed"]), (&json!([]), &Value::Null), "{mood:?}");
        assert_eq!(deliver(&server, SECRET), 503, "{mood:?}: nothing verifies");
    }
}

#[test]
fn who_interrupts_it_leaves_nothing_behind() {
    let asana = Asana::start(Mood::NoHandshake);
    let folder = folder(&asana);
    let path = folder.path("listeners.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    let secret_at = "      secret_at: parsed_body[\"X-Hook-Secret\"]\n";
    folder.write("listeners.yaml", text.replace(secret_at, ""));
    let _server = Tympan::start_in(&folder);
    let mut command = tympan();
    command.args(["register", "asana-captured", "--set", "resource=12345", "--wait", "60"]);
    command.current_dir(folder.path(".")).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    wait_until("there is a webhook", || (!asana.webhooks().is_empty()).then_some(()));
    let interrupt = ["-s", "INT", &child.id().to_string()];
    assert!(Command::new("kill").args(interrupt).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    let why = "error: it was interrupted\nthe webhook 4711 is deleted again";
    assert!(output.status.code() == Some(130) && err.contains(why), "{err}");
    assert_eq!((&captured(&folder)["armed"], asana.webhooks().len()), (&Value::Null, 0));
}

/// What cannot be ended is told, and holds up nothing else.
#[test]
fn a_secret_that_is_gone_meanwhile() {
    let asana = Asana::start(Mood::NoHandshake);
    let folder = folder(&asana);
    let path = folder.path("listeners.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text.replace("      secret_at: parsed_body[\"X-Hook-Secret\"]\n", "");
    let one = "capture: {asana_captured: 'headers[\"X-Hook-Secret\"]'}";
    let both = one.replace('}', ", a_second: '$CONCAT([headers[\"X-Hook-Secret\"], \"x\"])'}");
    let more =
        text.replace(one, &both).replace("secrets:\n", "secrets:\n  a_second: {captured: true}\n");
    assert!(text.contains(one));
    folder.write("listeners.yaml", more);
    let _server = Tympan::start_in(&folder);
    let mut command = tympan();
    command.args(["register", "asana-captured", "--set", "resource=12345", "--wait", "60"]);
    command.current_dir(folder.path(".")).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    wait_until("there is a webhook", || (!asana.webhooks().is_empty()).then_some(()));
    folder.write("listeners.yaml", text);
    wait_until("one secret is gone", || {
        let (_, list, _) = run(&folder, &["secrets", "list", "--format", "json"]);
        (!list.contains("a_second")).then_some(())
    });
    assert_ne!(captured(&folder)["armed"], Value::Null);
    let interrupt = ["-s", "INT", &child.id().to_string()];
    assert!(Command::new("kill").args(interrupt).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(err.contains("\na_second may still be expected, or kept"), "{err}");
    assert_eq!(captured(&folder)["armed"], Value::Null, "{err}");
}

#[test]
fn without_a_server_it_is_one_for_as_long_as_it_takes() {
    let asana = Asana::start(Mood::Well);
    let folder = folder(&asana);
    let serve = ["register", "asana-captured", "--set", "resource=12345", "--serve"];
    let (code, out, err) = run(&folder, &serve);
    assert_eq!((code, out.as_str()), (0, ""), "{err}");
    let steps: Vec<_> = err.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(steps, ["serve", "expect", "call", "keep", "verify"], "{err}");
    // What it has learnt is known to the server that comes after it.
    let server = Tympan::start_in(&folder);
    assert_eq!((deliver(&server, SECRET), deliver(&server, "a stranger's secret")), (200, 401));
    assert_eq!(captured(&folder)["armed"], Value::Null);
    // Where one runs already there is no place for another.
    let path = folder.path("listeners.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    folder.write("other.yaml", text.replace("127.0.0.1:0", &server.address().to_string()));
    let (code, _, err) = run(
        &folder,
        &["register", "asana-captured", "other.yaml", "--set", "resource=12345", "--serve"],
    );
    assert!(code == 74 && err.contains("nothing is served"), "{code}: {err}");
}

#[test]
fn which_there_are_and_one_less() {
    let asana = Asana::start(Mood::Well);
    let folder = folder(&asana);
    let _server = Tympan::start_in(&folder);
    assert_eq!(register(&folder).0, 0);
    let list =
        |folder| run(folder, &["register", "asana-captured", "--list", "--set", "workspace=7"]);
    let (code, out, err) = list(&folder);
    assert_eq!((code, err.as_str()), (0, ""));
    let known: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&known["data"][0]["gid"], &known["data"][1]), (&json!("4711"), &Value::Null));
    let delete = |id: &str| run(&folder, &["register", "asana-captured", "--delete", id]);
    let (code, _, err) = delete("1/../4711");
    assert!(code == 76 && err.contains("Unknown object: 1%2F..%2F4711"), "{err}");
    assert_eq!(delete("4711"), (0, String::new(), "delete  the webhook 4711\n".to_owned()));
    assert_eq!(asana.webhooks().len(), 0);
    let wrong = [
        (&["--list"][..], "it has to be told workspace"),
        (&["--list", "--set", "other=1"], "it has no input other, but workspace"),
        (&["--delete", "4711", "--serve"], "cannot be used with"),
    ];
    for (arguments, why) in wrong {
        let (code, _, err) = run(&folder, &[&["register", "asana-captured"], arguments].concat());
        assert!(code == 2 && err.contains(why), "{arguments:?}: {err}");
    }
}

/// A listener that cannot verify says so in a way that the provider comes again, as long as it does.
#[test]
fn deliveries_that_fail_come_again_and_at_last_no_more() {
    let asana = Asana::start(Mood::Well);
    let folder = folder(&asana);
    let server = Tympan::start_in(&folder);
    assert_eq!(register(&folder).0, 0);
    let event =
        |action: &str| json!({"action": action, "resource": {"gid": "1", "resource_type": "task"}});
    assert_eq!(asana.deliver(&json!([event("added"), event("changed")])), Some(200));
    for kind in ["task.added", "task.changed"] {
        server.wait_for_event_that(|event| event["type"] == kind);
    }

    let retries = || {
        let list = ["register", "asana-captured", "--list", "--set", "workspace=7"];
        let (_, out, _) = run(&folder, &list);
        serde_json::from_str::<Value>(&out).unwrap()["data"][0]["delivery_retry_count"].clone()
    };
    let forget = || run(&folder, &["secrets", "forget", "asana_captured"]);
    assert_eq!((forget().0, asana.deliver(&json!([event("removed")]))), (0, Some(503)));
    assert_eq!(retries(), 1);
    folder.write("secret", SECRET);
    let mut rotate = tympan();
    rotate.args(["secrets", "rotate", "asana_captured"]).current_dir(folder.path("."));
    rotate.stdin(std::fs::File::open(folder.path("secret")).unwrap());
    assert!(rotate.output().unwrap().status.success());
    assert_eq!(asana.deliver(&json!([event("removed")])), Some(200));
    server.wait_for_event_that(|event| event["type"] == "task.removed");
    assert_eq!(retries(), 0);

    forget();
    while !asana.webhooks().is_empty() {
        assert_eq!(asana.deliver(&json!([])), Some(503), "it never says that it is gone");
    }
    assert_eq!(retries(), Value::Null);
}

/// Some systems answer everything with 200.
#[test]
fn a_webhook_that_is_deleted_is_said_to_be() {
    let stub = Stub::start(|asked| {
        let is_known = asked.body.contains("4711");
        let done = json!({"data": {"delete_webhook": {"id": "4711"}}});
        let failed =
            json!({"data": {"delete_webhook": null}, "errors": [{"message": "There is none"}]});
        Reply::json(200, if is_known { &done } else { &failed })
    });
    let address = stub.address;
    let folder = Folder::new(&format!(
        r"version: 1
secrets: {{key: {{file: key}}}}
connectors: {{api: {{base_url: 'http://{address}'}}}}
listeners:
  hook:
    preset: monday
    secret: key
    deliver: []
    registration: {{connector: api}}
"
    ));
    folder.write("key", "a key that is long enough for anyone");
    let delete = |id: &str| run(&folder, &["register", "hook", "--delete", id]);
    assert_eq!(delete("4711"), (0, String::new(), "delete  the webhook 4711\n".to_owned()));
    let (code, _, err) = delete("4712");
    let why = "it answers 200 OK, but it does not say that it is done: There is none";
    assert!(code == 76 && err.contains(why), "{code}: {err}");
}

#[test]
fn what_is_told_wrongly() {
    let asana = Asana::start(Mood::Well);
    let folder = folder(&asana);
    let set = |resource: &'static str| ["register", "asana-captured", "--set", resource];
    let (code, _, err) = run(&folder, &set("resource=12345"));
    assert!(code == 1 && err.contains("start `tympan run` first"), "{err}");
    let _server = Tympan::start_in(&folder);
    for (arguments, exit, why) in [
        (&set("resource=999")[..], 76, "it answers 404 Not Found: resource: Unknown object: 999"),
        (&["register", "asana-captured"], 2, "it has to be told resource"),
        (&set("other=1"), 2, "it has no input other, but resource"),
        (&["register", "asana"], 2, "has no `registration`"),
        (&["register", "nobody"], 2, "there is no listener nobody"),
        (&["call", "asana.you"], 2, "there is no action asana.you, but"),
    ] {
        let (code, _, err) = run(&folder, arguments);
        assert!(code == exit && err.contains(why), "{arguments:?}: {err}");
        assert_eq!(captured(&folder)["armed"], Value::Null);
    }
    folder.write("secrets/asana-pat", "another token");
    let (code, _, err) = register(&folder);
    assert!(code == 77 && err.contains("401 Unauthorized: Not Authorized"), "{err}");
    assert_eq!(captured(&folder)["armed"], Value::Null);
}

#[test]
fn calls() {
    let asana = Asana::start(Mood::Well);
    let folder = folder(&asana);
    let (code, out, err) = run(&folder, &["call", "asana.me"]);
    assert_eq!(code, 0, "{err}");
    assert!(err.starts_with("asana.me: 200 OK in "), "{err}");
    assert_eq!(serde_json::from_str::<Value>(&out).unwrap()["data"]["name"], "Ada");
    let (_, out, _) = run(&folder, &["call", "asana.me", "--format", "json"]);
    assert_eq!(serde_json::from_str::<Value>(&out).unwrap()["status"], 200);
    let (_, out, _) = run(&folder, &["call", "asana.me", "--curl"]);
    let expected = format!(
        "curl -sSg -X GET http://{}/api/1.0/users/me \\\n  \
         -H 'authorization: Bearer '\"${{ASANA_PAT}}\" \\\n  -H 'accept: application/json'\n",
        asana.address
    );
    assert_eq!(out, expected);

    // The first token has ended before its time, and is asked for once more.
    let (code, out, err) = run(&folder, &["call", "granted"]);
    assert_eq!((code, out.as_str()), (0, "Ada\n"), "{err}");
    let asked = asana.asked();
    let n_tokens = asked.iter().filter(|line| line.starts_with("POST /token")).count();
    assert_eq!(n_tokens, 2, "{asked:?}");
    folder.write("client", "wrong");
    let (code, _, err) = run(&folder, &["call", "granted"]);
    assert!(code == 77 && err.contains("no access token: 401 Who are you?"), "{err}");

    let asana = Asana::start(Mood::NoJson);
    let folder = self::folder(&asana);
    let (_, out, err) = run(&folder, &["call", "asana.me"]);
    assert_eq!(out, "<p>***</p>\n", "{err}");
}

#[test]
fn nothing_secret_is_told_of_what_a_system_says() {
    let asana = Asana::start(Mood::Echo);
    let folder = self::folder(&asana);
    let (code, _, err) = run(&folder, &["call", "granted"]);
    assert!(code == 77 && err.contains("xBearer ***"), "{err}");
    let path = folder.path("listeners.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    let client = "client_secret: client, scope: read";
    assert!(text.contains(client));
    folder.write("client", "secret-of-the-client");
    // Long enough for what follows to be cut, if it were cut before it is masked.
    let scope = "x"
        .repeat(300 - "grant_type=client_credentials&scope=&client_id=us&client_secret=".len() - 8);
    let text =
        text.replace(client, &format!("client_secret: client, client_in: body, scope: {scope}"));
    folder.write("listeners.yaml", text);
    let (code, _, err) = run(&folder, &["call", "granted"]);
    assert!(code == 77 && err.contains("client_secret=***") && !err.contains("secret-"), "{err}");

    let asana = Asana::start(Mood::BrokenToken);
    let (code, _, err) = run(&self::folder(&asana), &["call", "granted"]);
    assert!(
        code == 77 && err.contains("no access token: 200 it holds what cannot be sent"),
        "{err}"
    );
}

/// However it is written, the value arrives, and nobody is shown it.
#[test]
fn a_secret_that_an_action_sends_is_put_in_when_it_is_sent() {
    let stub = Stub::start(|asked| Reply::new(418, format!("{} {}", asked.line, asked.body)));
    let folder = Folder::new(&format!(
        r#"version: 1
secrets: {{key: {{file: key}}}}
connectors: {{api: {{base_url: 'http://{}'}}}}
actions:
  json: {{connector: api, method: POST, path: '/{{{{{{key}}}}}}', inputs: &in {{key: {{secret: key}}}}, query: {{a: inputs.key}},
         headers: {{X-Key: '$CONCAT(["k ", inputs.key])'}}, body: {{a: inputs.key, b: '$CONCAT([inputs.key, "."])'}}}}
  form: {{connector: api, method: POST, path: /, inputs: *in, form: {{a: inputs.key}}}}
  text: {{connector: api, method: POST, path: /, inputs: *in, text: inputs.key}}
listeners: {{}}
"#,
        stub.address
    ));
    let secret = "a \"b\"/%41+&=?";
    folder.write("key", secret);
    for name in ["json", "form", "text"] {
        let (code, _, err) = run(&folder, &["call", name]);
        assert_eq!(code, 76, "{err}");
        assert!(err.contains("***") && !err.contains("41+") && !err.contains("2541"), "{err}");
        let (code, _, err) = run(&folder, &["call", name, "--set", "key=mine"]);
        assert!(code == 2 && err.contains("it has no inputs, and so no key"), "{err}");
    }
    let asked = stub.asked();
    let encoded = "a+%22b%22%2F%2541%2B%26%3D%3F";
    let target = format!("POST /a%20%22b%22%2F%2541+&=%3F?a={encoded} HTTP/1.1");
    assert_eq!((&asked[0].line, asked[0].header("x-key")), (&target, &*format!("k {secret}")));
    let body: Value = serde_json::from_str(&asked[0].body).unwrap();
    assert_eq!(body, json!({"a": secret, "b": format!("{secret}.")}));
    assert_eq!((&*asked[1].body, &*asked[2].body), (&*format!("a={encoded}"), secret));
    let (_, out, _) = run(&folder, &["call", "json", "--curl"]);
    assert!(out.contains(r#"/"${KEY}"'?a='"${KEY}" "#), "{out}");
    assert!(out.contains(r#""a":"'"${KEY}"'""#), "{out}");
}
