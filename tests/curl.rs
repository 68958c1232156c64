//! Command lines that `tympan call --curl` prints, as a shell takes them.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::process::Folder;
use crate::process::tympan;

const FILE: &str = r#"version: 1
secrets: {api-key: {env: API_KEY}, 2nd: {env: SECOND}}
connectors:
  plain: {base_url: 'https://api.example.com/[v1]', auth: {api_key: {header: X-Key, pattern: "$(id) `id` \"%s\" it's", key: api-key}}}
  query: {base_url: 'https://[::1]:8443', auth: {api_key: {query: key, key: 2nd}}}
  path: {base_url: 'https://api.example.com', auth: {api_key: {path: '/$(id)%s', key: api-key}}}
  user:
    base_url: https://api.example.com
    auth: {basic: {username: '$(id)"''!', password: api-key}}
    tls: {ca: 'own ca.crt', certificate: us.crt, key: us.key, oldest: TLS-1.3}
    proxy: http://proxy.example.com:3128
    proxy_auth: {username: '$USER', password: 2nd}
  granted: {base_url: https://api.example.com, auth: {oauth: {token_url: https://api.example.com/token, client_id: us}}}
actions:
  plain:
    connector: plain
    method: POST
    path: /$(id)/'/{{{name}}}
    inputs: {name: {}, made_up: {secret: 2nd}}
    headers: {X-Empty: '""', X-Made-Up: '$CONCAT(["a''$HOME ", inputs.made_up])'}
    query: {a: inputs.name}
    body: {text: inputs.name, made_up: inputs.made_up, home: '"$HOME `id` $(id) \\"'}
  file: {connector: query, method: PUT, path: /, text: '"@/etc/passwd"'}
  head: {connector: path, method: HEAD, path: /a}
  user: {connector: user, path: /a}
  granted: {connector: granted, path: /a}
listeners: {}
"#;

/// The arguments that curl is given.
fn arguments(folder: &Folder, action: &str, set: &[&str]) -> Vec<String> {
    let mut printing = tympan();
    printing.args(["call", action, "--curl"]).current_dir(folder.path("."));
    for pair in set {
        printing.args(["--set", pair]);
    }
    let printed = printing.output().unwrap();
    assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    folder.write("line", printed.stdout);
    let mut shell = Command::new("sh");
    shell
        .arg(folder.path("line"))
        .env("PATH", format!("{}:/usr/bin:/bin", folder.path(".").display()));
    shell.env("API_KEY", "the \"$key\"").env("_2ND", "the second").env("TOKEN", "a token");
    let ran = shell.output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let text = String::from_utf8(ran.stdout).unwrap();
    text.split_terminator('\0').map(str::to_owned).collect()
}

fn folder() -> Folder {
    let folder = Folder::new(FILE);
    // What it is given, and nothing else.
    folder.write("curl", "#!/bin/sh\nprintf '%s\\0' \"$@\"\n");
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(folder.path("curl"), mode).unwrap();
    folder
}

#[test]
fn a_shell_takes_every_part_as_it_is_meant() {
    let folder = folder();
    let name = "it's \"$HOME\" `id` \\ \n!";
    assert_eq!(
        arguments(&folder, "plain", &[&format!("name={name}")]),
        [
            "-sSg",
            "-X",
            "POST",
            "https://api.example.com/[v1]/$(id)/'/it%27s%20%22%24HOME%22%20%60id%60%20%5C%20%0A%21?\
             a=it%27s+%22%24HOME%22+%60id%60+%5C+%0A%21",
            "-H",
            "x-key: $(id) `id` \"the \"$key\"\" it's",
            "-H",
            "x-empty;",
            "-H",
            "x-made-up: a'$HOME the second",
            "-H",
            "content-type: application/json",
            "-H",
            "accept: application/json",
            "--data-raw",
            r#"{"home":"$HOME `id` $(id) \\","made_up":"the second","text":"it's \"$HOME\" `id` \\ \n!"}"#,
        ]
    );
}

#[test]
fn whatever_proves_who_calls_is_a_variable() {
    let folder = folder();
    let accept = ["-H", "accept: application/json"];
    let text = ["-H", "content-type: text/plain; charset=utf-8"];
    let file = ["-sSg", "-X", "PUT", "https://[::1]:8443/?key=the second"];
    let body = ["--data-raw", "@/etc/passwd"];
    assert_eq!(
        arguments(&folder, "file", &[]),
        [&file[..], &text, &accept, &body].concat(),
        "no file is read"
    );
    let head = ["-sSg", "--head", "https://api.example.com/$(id)the \"$key\"/a"];
    assert_eq!(arguments(&folder, "head", &[]), [&head[..], &accept].concat());
    let get = ["-sSg", "-X", "GET", "https://api.example.com/a"];
    let proof = ["-u", "$(id)\"'!:the \"$key\""];
    let tls = ["--cacert", "own ca.crt", "--cert", "us.crt", "--key", "us.key", "--tlsv1.3"];
    let proxy = ["--proxytunnel", "-x", "http://proxy.example.com:3128", "-U", "$USER:the second"];
    let expected = [&get[..], &accept, &proof, &tls, &proxy].concat();
    assert_eq!(arguments(&folder, "user", &[]), expected);
    let token = ["-H", "authorization: Bearer a token"];
    assert_eq!(arguments(&folder, "granted", &[]), [&get[..], &token, &accept].concat());
}
