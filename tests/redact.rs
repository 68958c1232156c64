//! What `redact` names shows nowhere.

use crate::process::Folder;
use crate::process::Tympan;
use crate::process::request;

const LISTENERS: &str = "version: 1
server: {listen: [127.0.0.1:0]}
log: {headers: [x-token, x-other, user-agent]}
secrets: {key: {file: key}}
defaults: {deliver: [], redact: ['headers[\"X-Token\"]', client_ip]}
listeners:
  hook:
    path: /in/{customer}/{token}
    verification: {token: {secret: key, received_token: path_params.token}}
    redact: ['headers[\"X-Token\"]', path_params.token, parsed_body.phones]
    payload_schema: {name: string, phones: {home: string}}
  other:
    path: /other
    verification: {token: {secret: key, received_token: 'headers[\"X-Token\"]'}}
";

const VALUES: [&str; 4] = ["HEADER-VALUE", "PATH-VALUE", "BODY-VALUE", "BODY-KEY"];

#[test]
fn nothing_of_it_is_in_a_log() {
    let folder = Folder::new(LISTENERS);
    folder.write("key", "a-long-enough-key");
    let server = Tympan::start_in(&folder);
    let headers = [("X-Token", "HEADER-VALUE"), ("X-Other", "shown")];
    let schema = r#"{"name": "BODY-VALUE", "phones": {"home": {"BODY-KEY": "BODY-VALUE"}}}"#;
    for (path, body, status) in [
        ("/in/me/PATH-VALUE", "{}", 401),
        ("/in/me/a-long-enough-key", schema, 200),
        ("/other", "{}", 401),
    ] {
        let mark = server.log_mark();
        assert_eq!(server.ask(&request("POST", path, &headers, body)).status, status);
        let line = server.wait_for_log_since(mark, |line| line["status"] == status);
        assert_eq!(line["headers"], "x-token: ***; x-other: shown");
        let is_other = path == "/other";
        assert_eq!(line["path"], if is_other { "/other" } else { "/in/me/***" });
        assert_eq!(line["client"], if is_other { "***" } else { "127.0.0.1" });
    }
    let log = server.log_text();
    for value in VALUES {
        assert!(!log.contains(value), "{value} shows:\n{log}");
    }
}
