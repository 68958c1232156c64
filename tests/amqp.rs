//! Events are messages of queues of `RabbitMQ`: all of them, whatever becomes of the server.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use serde_json::Value;
use serde_json::json;

use crate::backend::Backend;
use crate::backend::assert_whole;
use crate::backend::data;
use crate::backend::folder;
use crate::backend::free_port;
use crate::backend::listens;
use crate::backend::send;
use crate::backend::send_while_killed;
use crate::backend::try_once;
use crate::backend::why_not;
use crate::host::authority;
use crate::host::signed;
use crate::process::Folder;
use crate::process::Tympan;
use crate::process::wait_until;

/// How many messages are asked for: more than there are.
const ALL: usize = 100_000;

/// A server with a folder of its own, and what it needs to find itself.
struct Rabbit {
    backend: Backend,
    /// Where it is asked and told things by HTTP.
    management: u16,
    _names: Backend,
    _data: tempfile::TempDir,
}

impl Rabbit {
    fn start(settings: &str) -> Self {
        let (data, port, management) = (data(), free_port(), free_port());
        let (names, nodes) = (free_port(), free_port());
        let folder = data.path().to_owned();
        fs::write(folder.join("plugins"), "[rabbitmq_management].").unwrap();
        let listens_at = format!("listeners.tcp.1 = 127.0.0.1:{port}\n");
        let management_at =
            format!("management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {management}\n");
        fs::write(folder.join("rabbit.conf"), listens_at + &management_at + settings).unwrap();
        let names_at = names.to_string();
        let start_names = move || {
            let mut command = Command::new("epmd");
            command.args(["-address", "127.0.0.1", "-port", &names_at]);
            command
        };
        let start = move || {
            // Past the script of the package, which knows one server a machine.
            let mut command = Command::new("/usr/lib/rabbitmq/bin/rabbitmq-server");
            for (name, file) in [
                ("HOME", "."),
                ("RABBITMQ_CONF_ENV_FILE", "none"),
                ("RABBITMQ_CONFIG_FILE", "rabbit.conf"),
                ("RABBITMQ_ENABLED_PLUGINS_FILE", "plugins"),
                ("RABBITMQ_LOG_BASE", "log"),
                ("RABBITMQ_MNESIA_BASE", "data"),
                ("RABBITMQ_PID_FILE", "pid"),
            ] {
                command.env(name, folder.join(file));
            }
            command.env("ERL_EPMD_PORT", names.to_string());
            command.env("RABBITMQ_NODENAME", format!("at{port}@localhost"));
            command.env("RABBITMQ_DIST_PORT", nodes.to_string());
            // Heard by nobody else, and on no more than its share of this machine.
            let modest = "+S 1:1 +sbwt none -kernel inet_dist_use_interface {127,0,0,1}";
            command.env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", modest);
            command
        };
        let names = Backend::start(names, start_names, move || listens(names));
        let is_up = move || listens(port) && listens(management);
        let backend = Backend::start(port, start, is_up);
        Self { backend, management, _names: names, _data: data }
    }

    fn url(&self) -> String {
        format!("amqp://127.0.0.1:{}", self.backend.port)
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let url = format!("http://127.0.0.1:{}/api/{path}", self.management);
        let mut command = Command::new("curl");
        command.args(["-s", "--fail-with-body", "-u", "guest:guest", "-X", method, &url]);
        let output = command.args(["-d", &body.to_string()]).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{method} {path}: {said}");
        serde_json::from_str(&said).unwrap_or_default()
    }

    fn make_queue(&self, name: &str) {
        self.ask("PUT", &format!("queues/%2F/{name}"), &json!({"durable": true}));
    }

    /// All messages of a queue, which keeps them.
    fn messages(&self, queue: &str) -> Vec<Value> {
        let all = json!({"count": ALL, "ackmode": "reject_requeue_true", "encoding": "auto"});
        let Value::Array(all) = self.ask("POST", &format!("queues/%2F/{queue}/get"), &all) else {
            panic!("no messages");
        };
        all
    }
}

fn event(message: &Value) -> Value {
    serde_json::from_str(message["payload"].as_str().unwrap()).unwrap()
}

#[test]
fn every_event_arrives_while_rabbitmq_is_killed() {
    let mut rabbit = Rabbit::start("");
    rabbit.make_queue("q");
    rabbit.ask("PUT", "exchanges/%2F/hooks", &json!({"type": "topic", "durable": true}));
    rabbit.ask("POST", "bindings/%2F/e/hooks/q/q", &json!({"routing_key": "events.#"}));
    let url = rabbit.url();
    let app = format!(
        "amqp: {{url: '{url}', exchange: hooks, routing_key: '$CONCAT([\"events.\", listener.name])'}}"
    );
    let folder = folder(&app, "");
    let server = Tympan::start_in(&folder);
    let ids = send_while_killed(&server, &mut rabbit.backend, 2000, 10);
    let found = wait_until("all have arrived", || {
        let mut found = BTreeSet::new();
        let messages = rabbit.messages("q");
        for message in &messages {
            let event = event(message);
            assert_whole(&event);
            let properties = &message["properties"];
            assert_eq!(message["routing_key"], "events.in");
            assert_eq!(properties["message_id"], event["id"]);
            assert_eq!(properties["content_type"], "application/cloudevents+json");
            assert_eq!(properties["delivery_mode"], 2);
            found.insert(event["id"].as_str().unwrap().to_owned());
        }
        (found.len() == ids.len()).then_some((found, messages.len()))
    });
    assert_eq!(found.0, ids);
    // What was on its way when the server died may be there twice.
    assert!(found.1 <= ids.len() + 10 * 64, "{}", found.1);
}

/// One server for all of these, as it takes its time to start.
#[test]
fn what_it_does_not_take_is_told_and_comes_again() {
    let keys = Folder::new("");
    authority(&keys, "ca");
    signed(&keys, "host", "ca", "-addext subjectAltName=DNS:localhost");
    let (port, file) = (free_port(), |name: &str| keys.path(name).display().to_string());
    let rabbit = Rabbit::start(&format!(
        "max_message_size = 20000\nlisteners.ssl.1 = 127.0.0.1:{port}\nssl_options.cacertfile = {}\n\
         ssl_options.certfile = {}\nssl_options.keyfile = {}\n",
        file("ca.crt"),
        file("host.crt"),
        file("host.key"),
    ));
    what_no_queue_takes_comes_again_until_one_does(&rabbit);
    an_exchange_that_is_missing_is_told(&rabbit);
    what_is_too_large_takes_nothing_along(&rabbit);
    a_routing_key_that_is_refused_takes_nothing_along(&rabbit);
    over_tls_with_a_password_that_is_never_told(&rabbit, &keys, port);
}

fn what_no_queue_takes_comes_again_until_one_does(rabbit: &Rabbit) {
    rabbit.make_queue("there");
    let app = format!("amqp: {{url: '{}', routing_key: event.subject}}", rabbit.url());
    let folder = folder(&app, "");
    let text = fs::read_to_string(folder.path("listeners.yaml")).unwrap();
    let subject = "subject: '$SPLIT(parsed_body.id, \"/\")[0]'";
    let text = text.replace("id: parsed_body.id,", &format!("id: parsed_body.id, {subject},"));
    folder.write("listeners.yaml", text);
    let server = Tympan::start_in(&folder);
    let numbers = 0..50;
    // Each of them is told apart, however many are on their way.
    for number in numbers.clone() {
        send(&server, &format!("there/{number}"));
        send(&server, &format!("nowhere/{number}"));
    }
    let why = why_not(&server, "nowhere/49");
    assert_eq!(why, "no queue takes it: NO_ROUTE (312)");
    let ids = |queue: &str| -> BTreeSet<String> {
        let messages = rabbit.messages(queue);
        messages.iter().map(|it| event(it)["id"].as_str().unwrap().to_owned()).collect()
    };
    let of = |queue: &str| -> BTreeSet<String> {
        numbers.clone().map(|number| format!("{queue}/{number}")).collect()
    };
    wait_until("those with a queue are there", || (ids("there") == of("there")).then_some(()));
    // Each exactly once: no other is to blame.
    assert_eq!(rabbit.messages("there").len(), 50);
    rabbit.make_queue("nowhere");
    wait_until("the others are there", || (ids("nowhere") == of("nowhere")).then_some(()));
    let log = server.log_text();
    assert!(!log.contains("the connection is given up"), "{log}");
    // What nothing can be called is a dead letter.
    send(&server, &"x".repeat(256));
    let told = server.wait_for_log(|line| line["message"] == "a dead letter");
    assert_eq!(told["why"], "the routing key has more than 255 bytes");
}

fn an_exchange_that_is_missing_is_told(rabbit: &Rabbit) {
    rabbit.make_queue("q");
    let app = format!("amqp: {{url: '{}', exchange: e, routing_key: '\"a\"'}}", rabbit.url());
    let folder = folder(&app, "");
    let server = Tympan::start_in(&folder);
    send(&server, "1");
    let why = why_not(&server, "1");
    assert_eq!(why, "NOT_FOUND - no exchange 'e' in vhost '/' (404)");
    rabbit.ask("PUT", "exchanges/%2F/e", &json!({"type": "fanout"}));
    rabbit.ask("POST", "bindings/%2F/e/e/q/q", &json!({}));
    wait_until("it is there", || (rabbit.messages("q").len() == 1).then_some(()));
}

fn what_is_too_large_takes_nothing_along(rabbit: &Rabbit) {
    rabbit.make_queue("small");
    let folder =
        folder(&format!("amqp: {{url: '{}', routing_key: '\"small\"'}}", rabbit.url()), "");
    try_once(&folder);
    let server = Tympan::start_in(&folder);
    for number in 0..50 {
        send(&server, &format!("{number}"));
        if number % 10 == 5 {
            send(&server, &format!("large{number}{}", "x".repeat(20000)));
        }
    }
    wait_until("the others are there", || {
        let messages = rabbit.messages("small");
        let ids = messages.iter().map(|it| event(it)["id"].as_str().unwrap().to_owned());
        (ids.collect::<BTreeSet<_>>().len() == 50).then_some(())
    });
    let told = server.wait_for_log(|line| line["message"] == "a dead letter");
    let why = told["why"].as_str().unwrap();
    assert!(why.starts_with("PRECONDITION_FAILED - message size "), "{why}");
    let is_of_small = |line: &str| line.contains("a dead letter") && !line.contains("large");
    assert!(!server.log_text().lines().any(is_of_small), "{}", server.log_text());
}

fn a_routing_key_that_is_refused_takes_nothing_along(rabbit: &Rabbit) {
    rabbit.ask("PUT", "users/picky", &json!({"password": "p", "tags": ""}));
    let may = json!({"configure": "", "write": ".*", "read": ""});
    rabbit.ask("PUT", "permissions/%2F/picky", &may);
    rabbit.ask("PUT", "exchanges/%2F/topics", &json!({"type": "topic"}));
    let may = json!({"exchange": "topics", "write": "^ours[.]", "read": ""});
    rabbit.ask("PUT", "topic-permissions/%2F/picky", &may);
    rabbit.make_queue("ours");
    rabbit.ask("POST", "bindings/%2F/e/topics/q/ours", &json!({"routing_key": "#"}));
    let app = format!(
        "amqp: {{url: '{}', exchange: topics, routing_key: event.id, user: picky, password: k}}",
        rabbit.url()
    );
    let folder = folder(&app, "secrets: {k: {file: k}}");
    folder.write("k", "p");
    try_once(&folder);
    let server = Tympan::start_in(&folder);
    for number in 0..50 {
        send(&server, &format!("ours.{number}"));
        if number % 10 == 5 {
            send(&server, &format!("theirs.{number}"));
        }
    }
    wait_until("the others are there", || {
        let messages = rabbit.messages("ours");
        let ids = messages.iter().map(|it| event(it)["id"].as_str().unwrap().to_owned());
        (ids.collect::<BTreeSet<_>>().len() == 50).then_some(())
    });
    let told = server.wait_for_log(|line| line["message"] == "a dead letter");
    let why = told["why"].as_str().unwrap();
    assert!(why.starts_with("ACCESS_REFUSED - "), "{why}");
    let is_of_ours = |line: &Value| {
        line["message"] == "a dead letter" && line["id"].as_str().unwrap().starts_with("ours")
    };
    assert!(!server.log().iter().any(is_of_ours), "{}", server.log_text());
    // Whose fault it was is told to nobody as theirs.
    let is_told = |line: &Value| {
        let why = line["why"].as_str().unwrap_or_default();
        line["id"].as_str().is_some_and(|id| id.starts_with("ours")) && why.starts_with("ACCESS")
    };
    assert!(!server.log().iter().any(is_told), "{}", server.log_text());
}

fn over_tls_with_a_password_that_is_never_told(rabbit: &Rabbit, keys: &Folder, port: u16) {
    let user = json!({"password": "the-password", "tags": ""});
    rabbit.ask("PUT", "users/tympan", &user);
    rabbit.ask("PUT", "vhosts/a%2Fb", &json!({}));
    let may = json!({"configure": "", "write": ".*", "read": ""});
    rabbit.ask("PUT", "permissions/a%2Fb/tympan", &may);
    rabbit.ask("PUT", "queues/a%2Fb/q", &json!({"durable": true}));
    let app = format!(
        "amqp: {{url: 'amqps://localhost:{port}/a%2Fb', routing_key: '\"q\"', user: tympan, password: k}}"
    );
    let folder = folder(&app, "secrets: {k: {file: k}}\negress: {ca: ca.crt}");
    folder.write("k", "another-password");
    folder.write("ca.crt", fs::read(keys.path("ca.crt")).unwrap());
    let server = Tympan::start_in(&folder);
    send(&server, "1");
    let why = why_not(&server, "1");
    assert!(why.starts_with("ACCESS_REFUSED"), "{why}");
    let mark = server.log_mark();
    folder.write("k", "the-password");
    server.wait_for_log_since(mark, |line| line["message"] == "connected");
    wait_until("it is there", || {
        let queue = rabbit.ask("GET", "queues/a%2Fb/q", &Value::Null);
        (queue["messages"] == 1).then_some(())
    });
    for password in ["the-password", "another-password"] {
        assert!(!server.log_text().contains(password));
    }
}
