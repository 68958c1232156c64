//! What the operator asks and orders, at addresses apart from those of the listeners.

use std::env;
use std::fs;
use std::io::Read;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

use serde_json::Value;
use serde_json::json;

use crate::process::Folder;
use crate::process::PATIENCE;
use crate::process::Tympan;
use crate::process::repository;
use crate::process::request;
use crate::process::tympan;
use crate::process::wait_until;
use crate::wire::WITH_TLS;
use crate::wire::certificate;

const TOKEN: &str = "a token that nobody guesses";

/// What one request was answered with.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    /// A header, by its name in lower case.
    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    #[track_caller]
    fn assert_problem(&self, status: u16) {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        let problem = self.json();
        assert_eq!(problem["status"], status);
        assert!(problem["title"].is_string() && problem["detail"].is_string(), "{problem}");
        self.assert_guarded();
    }

    /// What every answer says to a browser, and what none does.
    #[track_caller]
    fn assert_guarded(&self) {
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
            ("content-security-policy", "default-src 'none'"),
        ] {
            assert_eq!(self.header(name), Some(value), "{}", self.head);
        }
        assert!(!self.head.to_lowercase().contains("access-control"), "{}", self.head);
    }
}

/// Sends a request that closes its connection, and reads all that is answered.
fn exchange(mut stream: impl Read + Write, request: &[u8]) -> Answer {
    // Whoever is refused early may not be listened to.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer:?}"));
    let status = head.strip_prefix("HTTP/1.1 ").unwrap()[..3].parse().unwrap();
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

fn socket(server: &Tympan) -> PathBuf {
    server.folder().join("data/admin.sock")
}

/// An answer over the socket.
fn ask(server: &Tympan, method: &str, path: &str) -> Answer {
    ask_with(server, method, path, &[], "")
}

fn ask_with(
    server: &Tympan,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let stream = UnixStream::connect(socket(server)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let headers = [&[("Connection", "close")], headers].concat();
    exchange(stream, &request(method, path, &headers, body))
}

/// An answer over TCP, to exactly these headers.
fn ask_tcp(address: SocketAddr, headers: &[(&str, &str)]) -> Answer {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut text = "GET /healthz HTTP/1.1\r\nConnection: close\r\n".to_owned();
    for (name, value) in headers {
        text = format!("{text}{name}: {value}\r\n");
    }
    exchange(stream, format!("{text}\r\n").as_bytes())
}

/// The TCP admin addresses so far, with the ports that the system chose.
fn tcp_addresses(server: &Tympan) -> Vec<SocketAddr> {
    let log = server.log();
    let lines = log.iter().filter(|line| line["message"] == "admin address");
    lines.filter_map(|line| line["address"].as_str().unwrap().parse().ok()).collect()
}

/// One listener that takes everything, one that lacks its secret.
fn folder(sections: &str) -> Folder {
    let folder = Folder::new(&listeners(sections, "open"));
    folder.write("token", TOKEN);
    folder
}

fn listeners(sections: &str, name: &str) -> String {
    format!(
        r#"version: 1
server: {{listen: [127.0.0.1:0]}}
{sections}
secrets: {{gone: {{file: gone}}, token: {{file: token}}, orders: {{captured: true}}}}
destinations: {{out: {{stdout: {{}}}}}}
listeners:
  {name}: {{path: /{name}, verification: {{none: a test}}, deliver: [out]}}
  closed:
    path: /closed
    verification:
      - token: {{secret: gone, received_token: 'headers["X-Token"]'}}
      - token: {{secret: token, received_token: 'headers["X-Other"]'}}
      - token: {{secret: orders, received_token: 'headers["X-More"]'}}
    deliver: []
"#
    )
}

fn metric(server: &Tympan, series: &str) -> Option<f64> {
    let page = ask(server, "GET", "/metrics").body;
    let line = page
        .lines()
        .find(|line| line.strip_prefix(series).is_some_and(|rest| rest.starts_with(' ')));
    line.map(|line| line.rsplit_once(' ').unwrap().1.parse().unwrap())
}

/// What a server says that it can be asked.
pub(crate) fn description() -> String {
    ask(&Tympan::start(&listeners("", "open")), "GET", "/openapi.json").body
}

/// What a server measures, as a page for people.
pub(crate) fn page_of_metrics() -> String {
    let server = Tympan::start(&listeners("", "open"));
    let metrics = ask(&server, "GET", "/metrics").body;
    let mut page = "# Metrics\n\nWhat `/metrics` of the admin address tells. Generated: \
                    `BLESS=1 cargo test` writes this page.\n\n\
                    | name | kind | labels | what it is |\n| --- | --- | --- | --- |\n"
        .to_owned();
    for family in metrics.split("# HELP ").skip(1) {
        let mut lines = family.lines();
        let (name, help) = lines.next().unwrap().split_once(' ').unwrap();
        let kind = lines.next().unwrap().rsplit_once(' ').unwrap().1;
        let sample = lines.next().unwrap();
        let labels = sample.split_once('{').map_or("", |(_, rest)| rest.split_once('}').unwrap().0);
        let labels = labels.split(',').filter_map(|label| label.split_once('='));
        let labels: Vec<_> = labels.map(|(name, _)| format!("`{name}`")).collect();
        page = format!("{page}| `{name}` | {kind} | {} | {help} |\n", labels.join(", "));
    }
    page
}

// What can be asked.

#[test]
fn every_route_answers_as_it_is_described() {
    let server = Tympan::start(&listeners("", "open"));
    let event = request("POST", "/open", &[], "{}");
    assert_eq!(crate::process::Client::connect(server.address()).ask(&event).status, 200);
    let document = ask(&server, "GET", "/openapi.json").json();
    let mut n_routes = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            n_routes += 1;
            let method = method.to_uppercase();
            // Some want to be told which event is meant.
            let path = &match path.as_str() {
                "/v1/events/show" => format!("{path}?number=1"),
                "/v1/events/drop" => format!("{path}?number=2"),
                "/v1/events/replay" => format!("{path}?all=true"),
                _ => path.clone(),
            };
            let body = &operation["requestBody"]["content"]["application/json"]["example"];
            let (headers, body) = match body {
                Value::Null => (&[][..], String::new()),
                body => (&[("Content-Type", "application/json")][..], body.to_string()),
            };
            let answer = ask_with(&server, &method, path, headers, &body);
            answer.assert_guarded();
            assert_eq!(answer.status, 200, "{method} {path}: {}", answer.body);
            let media_type = answer.header("content-type").unwrap();
            let described = &operation["responses"]["200"]["content"][media_type]["schema"];
            assert!(described.is_object(), "{method} {path} answers {media_type}");
            if media_type == "application/json" {
                let schema = json!({"allOf": [described], "components": document["components"]});
                let validator = jsonschema::draft202012::new(&schema).unwrap();
                let found = answer.json();
                let wrong: Vec<_> =
                    validator.iter_errors(&found).map(|it| it.to_string()).collect();
                assert!(wrong.is_empty(), "{method} {path}: {wrong:?}");
            }
            if method == "GET" {
                let head = ask(&server, "HEAD", path);
                assert_eq!((head.status, head.body.as_str()), (200, ""), "{path}");
                ask(&server, "POST", path).assert_problem(405);
            }
        }
    }
    assert_eq!(n_routes, 18);
}

#[test]
fn what_is_served() {
    let folder = folder("");
    let server = Tympan::start_in(&folder);
    assert_eq!(ask(&server, "GET", "/healthz").json(), json!({"alive": true}));

    let ready = ask(&server, "GET", "/readyz").json();
    assert_eq!(ready["ready"], true);
    assert_eq!(ready["generation"], 1);
    assert_eq!(ready["listeners"], json!({"serving": 1, "not_ready": 1}));
    assert_eq!(ready["last_reload"]["successful"], true);

    let listeners = ask(&server, "GET", "/v1/listeners").json();
    let origin = format!("http://{}", server.address());
    let expected = json!({"items": [
        {"name": "open", "path": "/open", "url": format!("{origin}/open"), "state": "serving",
         "reason": null, "verified": 0},
        {"name": "closed", "path": "/closed", "url": format!("{origin}/closed"),
         "state": "not_ready", "reason": "its secret gone gives no key: gone does not exist",
         "verified": 0},
    ]});
    assert_eq!(listeners, expected);

    let configuration = ask(&server, "GET", "/v1/configuration");
    let text = fs::read_to_string(folder.path("listeners.yaml")).unwrap();
    let files = &configuration.json()["files"];
    assert_eq!(files, &json!([{"name": "listeners.yaml", "text": text}]));
    assert_eq!(configuration.json()["fingerprint"], ready["fingerprint"]);
    assert!(!configuration.body.contains(TOKEN));
}

#[test]
fn what_cannot_be_asked() {
    let server = Tympan::start(&listeners("", "open"));
    ask(&server, "GET", "/").assert_problem(404);
    ask(&server, "GET", "/open").assert_problem(404);
    let wrong = ask(&server, "GET", "/-/reload");
    wrong.assert_problem(405);
    assert_eq!(wrong.header("allow"), Some("POST"));
    let wrong = ask(&server, "OPTIONS", "/metrics");
    wrong.assert_problem(405);
    assert_eq!(wrong.header("allow"), Some("GET, HEAD"));

    let json = ("Content-Type", "application/json; charset=utf-8");
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let reload = |headers: &[_], body: &str| ask_with(&server, "POST", "/-/reload", headers, body);
    assert_eq!(reload(&[], "").status, 200);
    assert_eq!(reload(&[form], "").status, 200);
    assert_eq!(reload(&[json], "{}").status, 200);
    reload(&[form], "a=b").assert_problem(415);
    reload(&[("Content-Type", "text/plain")], "{}").assert_problem(415);
    reload(&[], "{}").assert_problem(415);
    reload(&[json], r#"{"force": true}"#).assert_problem(400);
    reload(&[json], "[]").assert_problem(400);
    reload(&[json], &format!("{{}}{}", " ".repeat(64 << 10))).assert_problem(413);
    reload(&[("Origin", "https://evil.example")], "").assert_problem(403);
    reload(&[("Sec-Fetch-Site", "cross-site")], "").assert_problem(403);
}

#[test]
fn a_network_address_needs_a_token_and_its_own_name() {
    let folder = folder("admin: {listen: [127.0.0.1:0, 'unix:data/admin.sock'], token: token}");
    let server = Tympan::start_in(&folder);
    let [address] = tcp_addresses(&server)[..] else { panic!("{}", server.log_text()) };
    let bearer = format!("Bearer {TOKEN}");
    let (host, token) = (("Host", "localhost"), ("Authorization", bearer.as_str()));
    assert_eq!(ask_tcp(address, &[host, token]).status, 200);
    let refused = ask_tcp(address, &[host]);
    refused.assert_problem(401);
    assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
    ask_tcp(address, &[host, ("Authorization", "Bearer other")]).assert_problem(401);
    ask_tcp(address, &[("Host", "evil.example"), token]).assert_problem(421);
    ask_tcp(address, &[host, token, ("Origin", "http://evil.example")]).assert_problem(403);
    let told = server.wait_for_log(|line| line["message"] == "admin request refused");
    assert_eq!(told["status"], 401);
    // The socket is its owner's alone.
    assert_eq!(ask(&server, "GET", "/healthz").status, 200);

    // A new token counts at once, and the old one no more.
    folder.write("token", "another token, just as long");
    assert_eq!(ask(&server, "POST", "/-/reload").status, 200);
    ask_tcp(address, &[host, token]).assert_problem(401);
    let token = ("Authorization", "Bearer another token, just as long");
    assert_eq!(ask_tcp(address, &[host, token]).status, 200);
}

#[test]
fn without_a_known_token_nobody_is_let_in() {
    let folder = folder("admin: {listen: [127.0.0.1:0], token: gone}");
    let server = Tympan::start_in(&folder);
    let [address] = tcp_addresses(&server)[..] else { panic!("{}", server.log_text()) };
    assert!(!socket(&server).exists());
    for value in ["", "Bearer ", "Bearer gone"] {
        let answer = ask_tcp(address, &[("Host", "localhost"), ("Authorization", value)]);
        assert!([401, 503].contains(&answer.status), "{value}: {}", answer.body);
    }
}

// Sockets.

#[test]
fn the_socket_is_its_owners_and_goes_with_the_server() {
    let folder = folder("");
    let mut server = Tympan::start_in(&folder);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&socket(&server)), 0o600);
    assert_eq!(mode(&folder.path("data")), 0o700);

    // One that nobody serves any more is replaced.
    server.signal("KILL");
    server.wait();
    assert!(socket(&server).exists());
    let mut server = Tympan::start_in(&folder);
    assert_eq!(ask(&server, "GET", "/healthz").status, 200);
    server.signal("TERM");
    assert!(server.wait().success());
    assert!(!socket(&server).exists());
}

#[test]
fn a_socket_of_somebody_else_is_left_to_them() {
    let folder = folder("");
    fs::create_dir(folder.path("data")).unwrap();
    let theirs = UnixListener::bind(folder.path("data/admin.sock")).unwrap();
    // Nobody has asked for an admin address: the listeners serve without one.
    let mut server = Tympan::start_in(&folder);
    let warning = server.wait_for_log(|line| line["level"] == "WARN");
    assert_eq!(warning["error"], "another process serves it");
    server.signal("TERM");
    assert!(server.wait().success());
    assert!(folder.path("data/admin.sock").exists());

    // Who asks for one has to get it.
    folder.write("listeners.yaml", listeners("admin: {listen: 'unix:data/admin.sock'}", "open"));
    let output = folder.run().output().unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(74), "{log}");
    assert!(log.contains("another process serves it"), "{log}");
    drop(theirs);
    Tympan::start_in(&folder);

    // What is no socket is nobody's to remove.
    fs::remove_file(folder.path("data/admin.sock")).unwrap();
    folder.write("data/admin.sock", "dear diary");
    assert_eq!(folder.run().output().unwrap().status.code(), Some(74));
    assert_eq!(fs::read_to_string(folder.path("data/admin.sock")).unwrap(), "dear diary");
}

#[test]
fn a_reload_moves_the_admin_address() {
    let folder = folder("admin: {listen: ['unix:data/admin.sock', '127.0.0.1:0'], token: token}");
    let server = Tympan::start_in(&folder);
    let [old] = tcp_addresses(&server)[..] else { panic!("{}", server.log_text()) };

    // What cannot be bound changes nothing.
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let other_address = other.local_addr().unwrap();
    let wanted = format!("admin: {{listen: ['unix:a.sock', '{other_address}'], token: token}}");
    folder.write("listeners.yaml", listeners(&wanted, "open"));
    let answer = ask(&server, "POST", "/-/reload");
    answer.assert_problem(409);
    let detail = answer.json()["detail"].to_string();
    assert!(detail.contains(&other_address.to_string()), "{detail}");
    assert_eq!(ask(&server, "GET", "/readyz").json()["last_reload"]["successful"], false);
    assert!(!folder.path("a.sock").exists());

    // Asked at the old address, which has to hold out for its answer.
    drop(other);
    assert_eq!(ask(&server, "POST", "/-/reload").json()["generation"], 2);
    wait_until("the old addresses are closed", || {
        let is_closed = TcpStream::connect(old).is_err() && !socket(&server).exists();
        is_closed.then_some(())
    });
    let stream = UnixStream::connect(folder.path("a.sock")).unwrap();
    let healthz = request("GET", "/healthz", &[("Connection", "close")], "");
    assert_eq!(exchange(stream, &healthz).status, 200);
    let token = format!("Bearer {TOKEN}");
    let headers = [("Host", "localhost"), ("Authorization", token.as_str())];
    assert_eq!(ask_tcp(other_address, &headers).status, 200);
}

#[test]
fn a_crowd_at_the_listeners_does_not_lock_the_operator_out() {
    let sections = "admin: {}\nlog: {level: debug}";
    let text = listeners(sections, "open").replace(
        "server: {listen: [127.0.0.1:0]}",
        "server: {listen: [127.0.0.1:0], limits: {connections: 1, first_byte_timeout: 1m}}",
    );
    let folder = Folder::new(&text);
    let server = Tympan::start_in(&folder);
    let _crowd: Vec<_> = (0..10).map(|_| server.connect()).collect();
    wait_until("the only place is taken", || {
        (metric(&server, "tympan_connections") == Some(1.0)).then_some(())
    });
    assert_eq!(ask(&server, "POST", "/-/reload").status, 200);
}

/// Both hold the port for a moment, and nobody else may.
#[test]
fn an_admin_address_that_overlaps_with_the_old_one() {
    let folder = folder("admin: {listen: ['unix:data/admin.sock', '127.0.0.1:0'], token: token}");
    let server = Tympan::start_in(&folder);
    let [chosen] = tcp_addresses(&server)[..] else { panic!("{}", server.log_text()) };
    let token = format!("Bearer {TOKEN}");
    let headers = [("Connection", "close"), ("Authorization", token.as_str())];
    for (generation, host) in [(2, "127.0.0.1"), (3, "0.0.0.0"), (4, "127.0.0.1")] {
        // The port is another's as soon as it is let go of.
        let address = format!("{host}:{}", chosen.port());
        let admin =
            format!("admin: {{listen: ['unix:data/admin.sock', '{address}'], token: token}}");
        folder.write("listeners.yaml", listeners(&admin, "open"));
        server.wait_for_log(|line| line["generation"] == generation);
        wait_until("the new address answers", || {
            // Whoever still came to the old one is not heard any more.
            let mut stream = TcpStream::connect(chosen).ok()?;
            stream.set_read_timeout(Some(PATIENCE)).ok()?;
            stream.write_all(&request("GET", "/healthz", &headers, "")).ok()?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).ok()?;
            answer.starts_with("HTTP/1.1 200 ").then_some(())
        });
        assert!(TcpListener::bind(chosen).is_err(), "{host}");
    }
}

#[test]
fn who_says_nothing_is_cut() {
    let server = Tympan::start(&listeners("", "open"));
    let mut silent = UnixStream::connect(socket(&server)).unwrap();
    silent.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(silent.read(&mut [0; 8]).unwrap_or_default(), 0);
}

#[test]
fn who_stops_is_alive_and_not_ready() {
    let folder = folder("");
    let mut server = Tympan::start_in(&folder);
    // A request that is not finished keeps the server from ending.
    let mut slow = server.connect();
    slow.send(request("POST", "/open", &[("Expect", "100-continue"), ("Content-Length", "2")], ""));
    assert_eq!(slow.response().status, 100);
    server.signal("TERM");
    let ready = wait_until("it is no longer ready", || {
        let answer = ask(&server, "GET", "/readyz");
        (answer.status == 503).then_some(answer)
    });
    assert_eq!(ready.json()["ready"], false);
    assert_eq!(ask(&server, "GET", "/healthz").status, 200);
    ask(&server, "POST", "/-/reload").assert_problem(503);
    slow.send("{}");
    assert_eq!(slow.response().status, 200);
    assert!(server.wait().success());
}

// Orders.

#[test]
fn a_reload_tells_what_it_did() {
    let folder = folder("");
    let server = Tympan::start_in(&folder);
    let first = ask(&server, "POST", "/-/reload").json();
    assert_eq!((&first["is_new"], &first["generation"]), (&json!(false), &json!(1)));

    // Whoever asks first is told; who asks after the save was seen is told that nothing is new.
    let text = listeners("log: {accepted: true}", "other");
    fs::write(folder.path("listeners.yaml"), text).unwrap();
    let second = ask(&server, "POST", "/-/reload").json();
    assert_eq!(second["generation"], 2);
    assert_ne!(second["fingerprint"], first["fingerprint"]);
    if second["is_new"] == true {
        assert_eq!(
            second["changes"],
            json!(["- open", "+ other", "~ log (none -> {accepted: true})"])
        );
    }

    let broken = listeners("", "other").replace("headers[\"X-Token\"]", "heders[\"X-Token\"]");
    folder.write("listeners.yaml", broken);
    let refused = ask(&server, "POST", "/-/reload");
    refused.assert_problem(422);
    let found = &refused.json()["diagnostics"][0];
    assert_eq!((&found["code"], &found["file"]), (&json!("E108"), &json!("listeners.yaml")));
    assert_eq!((&found["line"], &found["column"]), (&json!(11), &json!(48)), "{found}");
    assert!(found["message"].is_string() && found["help"].is_string(), "{found}");
    assert_eq!(ask(&server, "GET", "/readyz").json()["generation"], 2);

    fs::remove_file(folder.path("listeners.yaml")).unwrap();
    ask(&server, "POST", "/-/reload").assert_problem(409);
    assert_eq!(ask(&server, "GET", "/readyz").status, 200);
}

// Metrics.

#[test]
fn requests_and_reloads_are_counted() {
    let folder = folder("");
    let server = Tympan::start_in(&folder);
    assert_eq!(
        metric(&server, "tympan_build_info{version=\"0.1.0\",revision=\"unknown\"}"),
        Some(1.0)
    );
    let requests = |listener: &str, outcome: &str| {
        let series =
            format!("tympan_requests_total{{listener=\"{listener}\",outcome=\"{outcome}\"}}");
        metric(&server, &series)
    };
    // A rate has to see the first failure.
    assert_eq!(requests("open", "failed"), Some(0.0));
    assert_eq!(requests("", "not_found"), Some(0.0));
    let body = "x".repeat(300);
    for _ in 0..3 {
        assert_eq!(server.ask(&request("POST", "/open", &[], "{}")).status, 200);
    }
    assert_eq!(server.ask(&request("POST", "/open", &[], &body)).status, 400);
    assert_eq!(server.ask(&request("POST", "/closed", &[], "{}")).status, 503);
    assert_eq!(server.ask(&request("POST", "/unknown/path", &[], "{}")).status, 404);
    assert_eq!(requests("open", "accepted"), Some(3.0));
    assert_eq!(requests("open", "malformed"), Some(1.0));
    assert_eq!(requests("closed", "not_ready"), Some(1.0));
    assert_eq!(requests("", "not_found"), Some(1.0));
    assert!(!ask(&server, "GET", "/metrics").body.contains("unknown/path"));

    let duration = "tympan_request_duration_seconds";
    assert_eq!(metric(&server, &format!("{duration}_count{{listener=\"open\"}}")), Some(4.0));
    let buckets = format!("{duration}_bucket{{listener=\"open\",le=\"+Inf\"}}");
    assert_eq!(metric(&server, &buckets), Some(4.0));
    let sum = metric(&server, &format!("{duration}_sum{{listener=\"open\"}}")).unwrap();
    assert!(sum > 0.0 && sum < PATIENCE.as_secs_f64(), "{sum}");
    let bytes = "tympan_request_body_bytes";
    let small = format!("{bytes}_bucket{{listener=\"open\",le=\"256.0\"}}");
    assert_eq!(metric(&server, &small), Some(3.0));
    assert_eq!(metric(&server, &format!("{bytes}_sum{{listener=\"open\"}}")), Some(306.0));

    let delivered = "tympan_deliveries_total{destination=\"out\",result=\"delivered\"}";
    assert_eq!(metric(&server, delivered), Some(3.0));
    assert_eq!(metric(&server, "tympan_listeners{state=\"not_ready\"}"), Some(1.0));
    assert_eq!(metric(&server, "tympan_listener_ready{listener=\"closed\"}"), Some(0.0));

    // What goes is forgotten, what stays goes on.
    folder.write("listeners.yaml", listeners("", "other"));
    assert_eq!(ask(&server, "POST", "/-/reload").status, 200);
    assert!(!ask(&server, "GET", "/metrics").body.contains("listener=\"open\""));
    assert_eq!(requests("closed", "not_ready"), Some(1.0));
    assert_eq!(metric(&server, delivered), Some(3.0));
    assert_eq!(metric(&server, "tympan_config_generation"), Some(2.0));
    assert_eq!(metric(&server, "tympan_config_last_reload_successful"), Some(1.0));
    folder.write("listeners.yaml", "listeners: [");
    ask(&server, "POST", "/-/reload").assert_problem(422);
    assert_eq!(metric(&server, "tympan_config_last_reload_successful"), Some(0.0));
    let succeeded = "tympan_config_last_reload_success_timestamp_seconds";
    assert!(metric(&server, succeeded).unwrap() > 1.7e9);
    for figure in [
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "process_open_fds",
        "process_max_fds",
        "process_threads",
        "process_start_time_seconds",
    ] {
        assert!(metric(&server, figure).is_some_and(|value| value >= 0.0), "{figure}");
    }
}

#[test]
fn what_comes_to_no_request_is_counted() {
    let limits = "{listen: [127.0.0.1:0], proxy_protocol: true, trusted_proxies: [127.0.0.1], \
                  limits: {first_byte_timeout: 1s, header_timeout: 1s, connections_per_ip: 1}}";
    let text = listeners("", "open").replace("{listen: [127.0.0.1:0]}", limits);
    let server = Tympan::start(&text);
    let refused = |reason: &str| {
        metric(&server, &format!("tympan_requests_refused_total{{reason=\"{reason}\"}}"))
    };
    let named = |bytes: &[u8]| {
        let mut client = server.connect();
        let proxy = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x07\x0a\0\0\x01\0\x01\0\x50";
        client.send([proxy, bytes].concat());
        client
    };
    assert_eq!(refused("malformed"), Some(0.0));
    assert_eq!(named(b"no request\r\n\r\n").response().status, 400);
    wait_until("it is counted", || (refused("malformed") == Some(1.0)).then_some(()));
    // Of two connections of one address, one is too many.
    wait_until("one of two is turned away", || {
        let (mut first, mut second) = (named(b"GET"), named(b""));
        assert!(second.is_ended() && first.is_ended());
        (refused("connections") > Some(0.0)).then_some(())
    });
    for (begun, reason) in [(&b""[..], "first_byte_timeout"), (b"GET", "header_timeout")] {
        let before = refused(reason).unwrap();
        assert!(named(begun).is_ended());
        wait_until(reason, || (refused(reason) == Some(before + 1.0)).then_some(()));
    }
}

#[test]
fn who_does_not_come_to_speak_tls_is_counted() {
    let folder = Folder::new(&listeners("", "open").replace("{listen: [127.0.0.1:0]}", WITH_TLS));
    certificate(&folder, "site", "");
    let server = Tympan::start_in(&folder);
    let refused = || metric(&server, "tympan_requests_refused_total{reason=\"tls\"}");
    assert_eq!(refused(), Some(0.0));
    let mut client = server.connect();
    client.send(b"GET / HTTP/1.1\r\n\r\n");
    wait_until("it is counted", || (refused() == Some(1.0)).then_some(()));
}

#[test]
fn monitors_can_read_the_metrics() {
    let server = Tympan::start(&listeners("", "open"));
    assert_eq!(server.ask(&request("POST", "/open", &[], "{}")).status, 200);
    let text = ask(&server, "GET", "/metrics");
    assert_eq!(text.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let mut promtool = Command::new(promtool())
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool is there: tests/run brings it");
    promtool.stdin.take().unwrap().write_all(text.body.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
    assert_eq!(String::from_utf8_lossy(&said), "");

    let accept = "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.4";
    let open = ask_with(&server, "GET", "/metrics", &[("Accept", accept)], "");
    let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(open.header("content-type"), Some(media_type));
    assert!(open.body.ends_with("\n# EOF\n"));
    // Every sample belongs to the family above it.
    let mut family = "";
    for line in open.body.lines().filter(|line| *line != "# EOF") {
        if let Some(named) = line.strip_prefix("# HELP ") {
            family = named.split(' ').next().unwrap();
            assert!(!family.ends_with("_total") && !family.ends_with("_info"), "{line}");
        } else if !line.starts_with('#') {
            assert!(line.starts_with(family), "{line} below {family}");
        }
    }
}

/// The tool of Debian's package `prometheus`, installed or only unpacked by `tests/run`.
fn promtool() -> PathBuf {
    let unpacked = repository().join("target/tools/bin/promtool");
    if unpacked.exists() { unpacked } else { "promtool".into() }
}

// The commands.

#[test]
fn the_command_reloads_and_tells() {
    let folder = folder("");
    let server = Tympan::start_in(&folder);
    let run = |arguments: &[&str]| {
        let output = tympan().args(arguments).current_dir(server.folder()).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    };
    let (code, out, err) = run(&["reload"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.starts_with("nothing has changed: generation 1 serves ("), "{out}");

    folder.write("listeners.yaml", listeners("", "other"));
    let (code, out, _) = run(&["reload", "listeners.yaml"]);
    assert_eq!(code, 0);
    assert!(out.contains("generation 2 serves ("), "{out}");

    // A file with mistakes still says where its server is.
    folder.write("listeners.yaml", listeners("", "other").replace("headers[", "heders["));
    let (code, out, err) = run(&["reload"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("error[E108]: `heders` stands for nothing here\n --> listeners.yaml:11:48\n  = help: did you mean `headers`?"), "{err}");
    assert!(err.ends_with("error: 3 mistakes; the old configuration goes on\n"), "{err}");

    assert_eq!(run(&["health"]), (0, String::new(), String::new()));
    assert_eq!(run(&["health", "--ready"]), (0, String::new(), String::new()));
    assert_eq!(run(&["health", "--admin", "unix:data/admin.sock", "no-such-file"]).0, 0);
    let (code, _, err) = run(&["health", "--admin", "unix:nobody.sock"]);
    assert_eq!(code, 1);
    assert!(err.starts_with("error: nobody answers at unix:nobody.sock: "), "{err}");
    assert_eq!(run(&["health", "no-such-file"]).0, 1);
    assert_eq!(run(&["reload", "no-such-file"]).0, 2);
    assert_eq!(run(&["reload", "--admin", "localhost"]).0, 2);
}

#[test]
fn the_command_finds_the_token() {
    let sections = "admin: {listen: [127.0.0.1:0], token: token}";
    let folder = folder(sections);
    let server = Tympan::start_in(&folder);
    let [address] = tcp_addresses(&server)[..] else { panic!("{}", server.log_text()) };
    let health = |token: Option<&str>| {
        let mut command = tympan();
        command.args(["health", "--admin", &address.to_string()]).current_dir(server.folder());
        command.envs(token.map(|token| ("TYMPAN_ADMIN_TOKEN", token)));
        command.output().unwrap()
    };
    assert!(health(None).status.success());
    assert!(health(Some(TOKEN)).status.success());
    let refused = health(Some("another"));
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("admin.token"), "{said}");
    assert!(env::var_os("TYMPAN_ADMIN_TOKEN").is_none(), "the tests' own environment");
}
