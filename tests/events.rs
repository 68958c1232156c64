//! What the operator asks of the journal: of a server that runs, and of one that does not.

use std::fs;

use serde_json::Value;
use serde_json::json;

use crate::jwt::hs256;
use crate::process::Folder;
use crate::process::Tympan;
use crate::process::request;
use crate::process::tympan;
use crate::process::wait_until;

/// A listener whose events go to a file and to another that cannot be written.
fn folder() -> Folder {
    let folder = Folder::new(
        "version: 1
server: {listen: [127.0.0.1:0]}
destinations:
  good: {file: {path: good.jsonl}}
  bad: {file: {path: bad.jsonl}, retry: {attempts: 2, first: 10ms}}
listeners:
  in:
    path: /in
    verification: {none: a test}
    payload_schema: {id: string}
    events: {id: parsed_body.id, data: parsed_body}
    deliver: [good, {to: bad, when: 'parsed_body.id == \"2\"'}]
",
    );
    fs::create_dir(folder.path("bad.jsonl")).unwrap();
    folder
}

/// What `tympan events` answers: its code, and what it says.
pub(crate) fn events(folder: &Folder, arguments: &[&str]) -> (i32, String, String) {
    let output =
        tympan().arg("events").args(arguments).arg(folder.path("listeners.yaml")).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// The ids of a list, with their states.
pub(crate) fn list(folder: &Folder, arguments: &[&str]) -> Vec<(String, String)> {
    let arguments = [&["list", "--format", "json"], arguments].concat();
    let (code, lines, errors) = events(folder, &arguments);
    assert_eq!((code, errors.as_str()), (0, ""));
    let items = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    items.map(|item| (word(&item["id"]), word(&item["state"]))).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(id, state)| ((*id).to_owned(), (*state).to_owned())).collect()
}

#[test]
fn listed_shown_replayed_and_dropped() {
    let folder = folder();
    let mut server = Tympan::start_in(&folder);
    for body in ["{\"id\":\"1\"}", "{\"id\":\"2\"}", "{\"id\":3}"] {
        assert_eq!(server.ask(&request("POST", "/in", &[], body)).status, 200);
    }
    wait_until("the bad one gives up", || {
        (list(&folder, &["--id", "2"]) == pairs(&[("2", "dead")])).then_some(())
    });
    wait_until("the good one has all", || {
        (list(&folder, &["--id", "1"]) == pairs(&[("1", "delivered")])).then_some(())
    });
    assert_eq!(list(&folder, &["--destination", "bad"]), pairs(&[("2", "dead")]));
    let delivered = list(&folder, &["--destination", "good", "--state", "delivered"]);
    assert_eq!(delivered, pairs(&[("1", "delivered"), ("2", "dead")]));
    assert_eq!(list(&folder, &["--listener", "other"]), []);
    assert_eq!(list(&folder, &["--until", "2020-01-01T00:00:00Z"]), []);
    assert_eq!(list(&folder, &["--limit", "1"]).len(), 1);
    let dead = list(&folder, &["--state", "dead"]);
    assert_eq!(dead.len(), 2, "a request that gave no event is a dead letter, too");

    let (_, text, _) = events(&folder, &["list", "--state", "dead"]);
    assert!(text.contains("bad dead after 2 tries: "), "{text}");
    assert!(text.contains(" invalid: `/id` of the body is a number"), "{text}");
    let (_, shown, _) = events(&folder, &["show", "--number", "3"]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let kept = &shown["body"]["log"]["entries"][0]["request"]["postData"]["text"];
    assert_eq!((kept, &shown["kind"]), (&"{\"id\":3}".into(), &"invalid".into()));
    let (code, _, errors) = events(&folder, &["show", "--number", "99"]);
    assert_eq!((code, errors.as_str()), (1, "error: there is no such event\n"));
    let (code, _, errors) = events(&folder, &["drop"]);
    assert!(code == 1 && errors.contains("say which"), "{errors}");

    fs::remove_dir(folder.path("bad.jsonl")).unwrap();
    let (code, said, _) = events(&folder, &["replay", "--destination", "bad", "--state", "dead"]);
    assert_eq!((code, said.as_str()), (0, "1 event to be delivered once more\n"));
    wait_until("it is delivered", || {
        let text = fs::read_to_string(folder.path("bad.jsonl")).unwrap_or_default();
        (text.lines().count() == 1 && text.contains("\"id\":\"2\"")).then_some(())
    });
    wait_until("it is known", || {
        (list(&folder, &["--id", "2"]) == pairs(&[("2", "delivered")])).then_some(())
    });
    server.signal("TERM");
    server.wait();

    let (code, said, errors) = events(&folder, &["drop", "--id", "1"]);
    assert_eq!((code, said.as_str(), errors.as_str()), (0, "1 event dropped\n", ""));
    assert_eq!(list(&folder, &[]).len(), 2);
    let (_, said, _) = events(&folder, &["replay", "--id", "2", "--destination", "good"]);
    assert_eq!(said, "1 event to be delivered once more\n");
    let _server = Tympan::start_in(&folder);
    wait_until("the next process delivers it", || {
        let text = fs::read_to_string(folder.path("good.jsonl")).unwrap();
        (text.lines().count() == 3).then_some(())
    });
}

#[test]
fn requests_that_gave_no_event_make_one_once_their_listener_is_mended() {
    let folder = folder();
    let text = fs::read_to_string(folder.path("listeners.yaml")).unwrap();
    let keys = "    deduplicate: {key: 'headers[\"X-Delivery\"]'}\n    deliver:";
    let strict = text.replace("    deliver:", keys);
    folder.write("listeners.yaml", &strict);
    let mut server = Tympan::start_in(&folder);
    let send = |server: &Tympan, delivery: &str, body: &str| {
        let headers = [("X-Delivery", delivery), ("Authorization", "Bearer hush-hush")];
        assert_eq!(server.ask(&request("POST", "/in?page=2", &headers, body)).status, 200);
    };
    for (delivery, body) in [("a", "{\"id\":7}"), ("b", "{\"id\":8}"), ("c", "[]")] {
        send(&server, delivery, body);
    }
    let replay = ["replay", "--state", "dead"];
    let (code, said, errors) = events(&folder, &replay);
    assert_eq!((code, said.as_str()), (1, "0 events to be delivered once more\n"));
    assert_eq!(errors.matches("stays a dead letter: it is still invalid: ").count(), 3, "{errors}");

    let mended = strict.replace("{id: string}", "{id: number}");
    let mended =
        mended.replace("{id: parsed_body.id,", "{id: parsed_body.id, subject: query_params.page,");
    folder.write("listeners.yaml", &mended);
    wait_until("the listener is mended", || {
        // This one is known under its key from now on.
        send(&server, "b", "{\"id\":8}");
        (list(&folder, &["--id", "8"]).len() == 1).then_some(())
    });
    let (code, said, errors) = events(&folder, &["replay", "--number", "1"]);
    assert_eq!(
        (code, said.as_str(), errors.as_str()),
        (0, "1 event to be delivered once more\n", "")
    );
    let event = wait_until("it is delivered", || {
        let text = fs::read_to_string(folder.path("good.jsonl")).unwrap_or_default();
        let mut events = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        events.find(|event| event["id"] == "7")
    });
    assert_eq!((&event["subject"], &event["data"]["id"]), (&"2".into(), &7.into()));
    server.signal("TERM");
    server.wait();

    // On a journal whose server does not run: one has come again, as often as it was sent before its
    // listener was mended, and one stays what it is.
    let n_again = list(&folder, &["--state", "dead"]).len() - 1;
    assert!(n_again > 0);
    let (code, said, errors) = events(&folder, &replay);
    assert!(said.starts_with(&format!("{n_again} event")), "{n_again}: {said}");
    assert!(code == 1 && errors.contains("stays a dead letter"), "{errors}");
    assert_eq!(list(&folder, &["--id", "8"]).len(), 1);
    let reads_proof = mended.replace("query_params.page", "headers.Authorization");
    folder.write("listeners.yaml", reads_proof);
    let (_, _, errors) = events(&folder, &replay);
    assert!(errors.contains("its header was not kept, and its events depend on it"), "{errors}");
}

#[test]
fn a_dead_letter_whose_body_proves_it_is_replayed_whole() {
    let folder = folder();
    folder.write("key", "a key that is long enough for anyone");
    let text = fs::read_to_string(folder.path("listeners.yaml")).unwrap();
    let proof = "{jwt: {token: raw_body, algorithms: HS256, secret: key, expiry: optional}}";
    let text = text
        .replace("destinations:", "secrets: {key: {file: key}}\ndestinations:")
        .replace("{none: a test}", proof)
        .replace("{id: parsed_body.id, data: parsed_body}", "{data: parsed_body}")
        .replace("[good, {to: bad, when: 'parsed_body.id == \"2\"'}]", "[good]\n    accept: text");
    folder.write("listeners.yaml", &text);
    let mut server = Tympan::start_in(&folder);
    let key = "a key that is long enough for anyone";
    let token = hs256(&json!({"alg": "HS256"}), &json!({"id": "1"}), key);
    assert_eq!(server.ask(&request("POST", "/in", &[], &token)).status, 200);
    // What proves it is shown to nobody, whoever answers.
    let is_shown = |why: &str| {
        for arguments in [&["show", "--number", "1"][..], &["show", "--number", "1", "--request"]] {
            let (code, said, errors) = events(&folder, arguments);
            assert_eq!((code, errors.as_str()), (0, ""));
            assert!(said.contains(why) && !said.contains(&token), "{said}");
        }
    };
    is_shown("its body is hidden, as it proves something");
    server.signal("TERM");
    server.wait();
    assert_eq!(list(&folder, &["--state", "dead"]).len(), 1);
    is_shown("its body is hidden, as it proves something");
    folder.write("listeners.yaml", text.replace("  in:", "  other:"));
    let not_shown = format!("its body of {} bytes is not shown", token.len());
    is_shown(&not_shown);
    folder.write("listeners.yaml", text.replace("accept: text", "accept: nothing"));
    is_shown(&not_shown);

    folder.write("listeners.yaml", text.replace("    payload_schema: {id: string}\n", ""));
    let (code, said, errors) = events(&folder, &["replay", "--state", "dead"]);
    let said = (code, said.as_str(), errors.as_str());
    assert_eq!(said, (0, "1 event to be delivered once more\n", ""));
    let _server = Tympan::start_in(&folder);
    let event = wait_until("it is delivered", || {
        let text = fs::read_to_string(folder.path("good.jsonl")).unwrap_or_default();
        text.lines().next().map(|line| serde_json::from_str::<Value>(line).unwrap())
    });
    assert_eq!(event["data"], token.as_str());
}

#[test]
fn what_is_promised() {
    let folder = folder();
    let promises = |arguments: &[&str]| {
        let output = tympan()
            .arg("promises")
            .arg(folder.path("listeners.yaml"))
            .args(arguments)
            .output()
            .unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, text) = promises(&["--listener", "in"]);
    assert_eq!(code, 0);
    for line in [
        "  no   only who proves itself makes events: `verification: {none: ...}` lets anybody in: a test",
        "  yes  what is acknowledged is on the disk",
        "  no   what fails is tried again for 72 hours: bad is tried 2 times at most",
        "  no   what comes again is kept once: `deduplicate` names no key, so nothing is known to come again",
    ] {
        assert!(text.lines().any(|it| it == line), "{line}\n{text}");
    }
    assert_eq!(promises(&["--listener", "out"]).0, 2);
}
