//! Events are records of topics of Kafka: all of them, whatever becomes of the broker.
//!
//! The broker keeps its records in an object store, which is not what is killed.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::process::Command;

use bytes::Bytes;
use bytes::BytesMut;
use kafka_protocol::messages::CreateTopicsRequest;
use kafka_protocol::messages::FetchRequest;
use kafka_protocol::messages::RequestHeader;
use kafka_protocol::messages::ResponseHeader;
use kafka_protocol::messages::TopicName;
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::fetch_request::FetchPartition;
use kafka_protocol::messages::fetch_request::FetchTopic;
use kafka_protocol::protocol::Decodable;
use kafka_protocol::protocol::Encodable;
use kafka_protocol::protocol::HeaderVersion;
use kafka_protocol::protocol::Request;
use kafka_protocol::protocol::StrBytes;
use kafka_protocol::records::RecordBatchDecoder;
use serde_json::Value;
use serde_json::json;

use crate::backend::Backend;
use crate::backend::assert_whole;
use crate::backend::folder;
use crate::backend::free_port;
use crate::backend::listens;
use crate::backend::send;
use crate::backend::send_while_killed;
use crate::backend::tool;
use crate::backend::why_not;
use crate::broker::Broker;
use crate::broker::Nature;
use crate::broker::SCRAMS;
use crate::process::PATIENCE;
use crate::process::Tympan;
use crate::process::repository;
use crate::process::request;
use crate::process::wait_until;

const PARTITIONS: i32 = 3;

/// A broker, and where it keeps its records.
struct Kafka {
    backend: Backend,
    _objects: Backend,
}

/// A record as a consumer gets it.
struct Record {
    partition: i32,
    key: Option<Bytes>,
    event: Value,
}

impl Kafka {
    fn start() -> Self {
        let (port, objects) = (free_port(), free_port());
        let start_objects = move || {
            let mut command = Command::new("python3");
            command.arg(repository().join("tests/objects.py")).arg(objects.to_string());
            command
        };
        let start = move || {
            let mut command = Command::new(tool("tansu"));
            let url = format!("tcp://127.0.0.1:{port}");
            let advertised = format!("tcp://localhost:{port}");
            command.args(["broker", "--storage-engine", "s3://events/", "--listener-url", &url]);
            command.args(["--advertised-listener-url", &advertised]);
            for (name, value) in [
                ("AWS_ENDPOINT", format!("http://127.0.0.1:{objects}").as_str()),
                ("AWS_ALLOW_HTTP", "true"),
                ("AWS_ACCESS_KEY_ID", "a"),
                ("AWS_SECRET_ACCESS_KEY", "b"),
                ("AWS_REGION", "us-east-1"),
                ("AWS_CONDITIONAL_PUT", "etag"),
            ] {
                command.env(name, value);
            }
            command
        };
        let objects = Backend::start(objects, start_objects, move || listens(objects));
        let backend = Backend::start(port, start, move || listens(port));
        Self { backend, _objects: objects }
    }

    fn url(&self) -> String {
        format!("kafka://127.0.0.1:{}", self.backend.port)
    }

    fn ask<R: Request>(&self, request: &R, version: i16) -> R::Response {
        let header =
            RequestHeader::default().with_request_api_key(R::KEY).with_request_api_version(version);
        let mut bytes = BytesMut::new();
        header.encode(&mut bytes, R::header_version(version)).unwrap();
        request.encode(&mut bytes, version).unwrap();
        let mut stream = TcpStream::connect(("127.0.0.1", self.backend.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(&u32::try_from(bytes.len()).unwrap().to_be_bytes()).unwrap();
        stream.write_all(&bytes).unwrap();
        let mut length = [0; 4];
        stream.read_exact(&mut length).unwrap();
        let mut answer = vec![0; u32::from_be_bytes(length).try_into().unwrap()];
        stream.read_exact(&mut answer).unwrap();
        let mut answer = Bytes::from(answer);
        ResponseHeader::decode(&mut answer, R::Response::header_version(version)).unwrap();
        R::Response::decode(&mut answer, version).unwrap()
    }

    fn make_topic(&self, name: &'static str) {
        let topic = CreatableTopic::default()
            .with_name(TopicName(StrBytes::from_static_str(name)))
            .with_num_partitions(PARTITIONS)
            .with_replication_factor(1);
        let request = CreateTopicsRequest::default().with_topics(vec![topic]).with_timeout_ms(5000);
        let answer = self.ask(&request, 7);
        assert_eq!(answer.topics[0].error_code, 0, "{answer:?}");
    }

    /// Every record of a topic.
    fn records(&self, topic: &'static str) -> Vec<Record> {
        let mut records = Vec::new();
        for partition in 0..PARTITIONS {
            let mut offset = 0;
            while let Some(last) = self.fetch(topic, partition, offset, &mut records) {
                offset = last + 1;
            }
        }
        records
    }

    /// Takes what follows an offset, and gives the last one of that.
    fn fetch(
        &self,
        topic: &'static str,
        partition: i32,
        offset: i64,
        records: &mut Vec<Record>,
    ) -> Option<i64> {
        let asked = FetchPartition::default()
            .with_partition(partition)
            .with_fetch_offset(offset)
            .with_partition_max_bytes(1 << 20);
        let asked = FetchTopic::default()
            .with_topic(TopicName(StrBytes::from_static_str(topic)))
            .with_partitions(vec![asked]);
        let request = FetchRequest::default()
            .with_max_wait_ms(500)
            .with_min_bytes(1)
            .with_max_bytes(8 << 20)
            .with_topics(vec![asked]);
        let answer = self.ask(&request, 12);
        let found = answer.responses.first()?.partitions.first()?.records.clone()?;
        let found = RecordBatchDecoder::decode_all(&mut found.clone()).unwrap();
        let mut last = None;
        for record in found.into_iter().flat_map(|set| set.records) {
            if record.offset < offset {
                continue;
            }
            last = Some(record.offset);
            let media_type = record.headers.get("content-type".as_bytes()).cloned().flatten();
            assert_eq!(media_type.unwrap(), "application/cloudevents+json");
            let event = serde_json::from_slice(&record.value.unwrap()).unwrap();
            records.push(Record { partition, key: record.key, event });
        }
        last
    }
}

fn id(record: &Record) -> String {
    record.event["id"].as_str().unwrap().to_owned()
}

#[test]
fn every_event_arrives_while_kafka_is_killed() {
    let mut kafka = Kafka::start();
    kafka.make_topic("of.in");
    let app = format!(
        "kafka: {{url: '{}', topic: '$CONCAT([\"of.\", listener.name])', key: event.id}}",
        kafka.url()
    );
    let folder = folder(&app, "");
    let server = Tympan::start_in(&folder);
    let ids = send_while_killed(&server, &mut kafka.backend, 1000, 10);
    let found = wait_until("all have arrived", || {
        let found = kafka.records("of.in");
        let arrived: BTreeSet<_> = found.iter().map(id).collect();
        (arrived.len() == ids.len()).then_some(found)
    });
    let (mut partitions, mut used) = (BTreeMap::new(), BTreeSet::new());
    for record in &found {
        assert_whole(&record.event);
        assert_eq!(record.key.as_deref(), Some(id(record).as_bytes()));
        // What comes again goes the same way.
        assert_eq!(*partitions.entry(id(record)).or_insert(record.partition), record.partition);
        used.insert(record.partition);
    }
    assert!(partitions.keys().eq(&ids));
    assert_eq!(used, (0..PARTITIONS).collect());
    // What was on its way when the broker died may be there twice.
    assert!(found.len() <= ids.len() + 10 * 256, "{}", found.len());
}

#[test]
fn a_topic_that_is_missing_is_told_and_holds_up_no_other() {
    let kafka = Kafka::start();
    kafka.make_topic("there");
    let app = format!("kafka: {{url: '{}', topic: event.subject}}", kafka.url());
    let folder = folder(&app, "");
    let text = fs::read_to_string(folder.path("listeners.yaml")).unwrap();
    let subject = "subject: '$SPLIT(parsed_body.id, \"/\")[0]'";
    let text = text.replace("id: parsed_body.id,", &format!("id: parsed_body.id, {subject},"));
    folder.write("listeners.yaml", text);
    let server = Tympan::start_in(&folder);
    for number in 0..20 {
        send(&server, &format!("there/{number}"));
        send(&server, &format!("nowhere/{number}"));
    }
    let why = why_not(&server, "nowhere/19");
    assert_eq!(why, "the topic `nowhere`: UnknownTopicOrPartition (3)");
    wait_until("the others are there", || (kafka.records("there").len() == 20).then_some(()));
    kafka.make_topic("nowhere");
    wait_until("they are there as well", || (kafka.records("nowhere").len() == 20).then_some(()));
    // Each once, and without a key in every partition.
    let there = kafka.records("there");
    assert_eq!(there.iter().map(id).collect::<BTreeSet<_>>().len(), there.len());
    assert!(there.iter().all(|record| record.key.is_none()));
    let log = server.log_text();
    assert!(!log.contains("the connection is given up"), "{log}");
    send(&server, "no topic!/1");
    let told = server.wait_for_log(|line| line["message"] == "a dead letter");
    assert_eq!(told["why"], "no topic can be called `no topic!`");
    // However long it is.
    let mark = server.log_mark();
    send(&server, &format!("{}!/1", "t".repeat(1000)));
    let told = server.wait_for_log_since(mark, |line| line["message"] == "a dead letter");
    assert_eq!(told["why"].as_str().unwrap().len(), 200);
}

#[test]
fn what_is_too_large_brings_nothing_twice() {
    let port = free_port();
    let app = format!("kafka: {{url: 'kafka://127.0.0.1:{port}', topic: '\"a\"', key: event.id}}");
    let server = Tympan::start_in(&folder(&app, ""));
    let ids: BTreeSet<_> = (0..200).map(|number| number.to_string()).collect();
    for (before, id) in ids.iter().enumerate() {
        if before == ids.len() / 2 {
            let large = json!({"id": "large", "text": "x".repeat(100_000)}).to_string();
            assert_eq!(server.ask(&request("POST", "/in", &[], large)).status, 200);
        }
        send(&server, id);
    }
    // All of them wait by now, and come together.
    let broker = Broker::start(port, Nature::default());
    let told = server.wait_for_log(|line| line["message"] == "a dead letter");
    assert_eq!((&told["id"], &told["why"]), (&json!("large"), &json!("MessageTooLarge (10)")));
    wait_until("the others are there", || (broker.taken().len() >= ids.len()).then_some(()));
    let taken = broker.taken();
    let found: Vec<_> = taken.iter().map(|event| event["id"].as_str().unwrap()).collect();
    assert_eq!(found.len(), ids.len());
    assert_eq!(found.into_iter().map(str::to_owned).collect::<BTreeSet<_>>(), ids);
}

#[test]
fn what_one_leader_has_taken_comes_no_second_time_while_another_is_silent() {
    let port = free_port();
    let app = format!(
        "kafka: {{url: 'kafka://127.0.0.1:{port}', topic: '\"a\"', key: event.id}}, timeout: 2s"
    );
    let server = Tympan::start_in(&folder(&app, ""));
    let ids: BTreeSet<_> = (0..100).map(|number| number.to_string()).collect();
    for id in &ids {
        send(&server, id);
    }
    // It takes every connection and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let other = Some(silent.local_addr().unwrap().port());
    let broker = Broker::start(port, Nature { other, ..Nature::default() });
    let found = wait_until("all were handed over", || {
        let taken = broker.taken();
        let id = |event: &Value| event["id"].as_str().unwrap().to_owned();
        let taken: Vec<_> = taken.iter().map(id).collect();
        let log = server.log();
        let untaken = log.iter().filter(|line| line["why"] == "no answer within 2 s");
        let untaken: BTreeSet<_> = untaken.map(id).collect();
        let is_all = ids.iter().all(|id| taken.contains(id) || untaken.contains(id));
        is_all.then_some((taken, untaken))
    });
    let (taken, untaken) = found;
    let once: BTreeSet<_> = taken.iter().cloned().collect();
    assert_eq!(once.len(), taken.len());
    assert!(once.is_disjoint(&untaken), "{once:?} {untaken:?}");
    // What is told to have failed is what only the other would have taken.
    assert!(!once.is_empty() && !untaken.is_empty());
}

#[test]
fn who_does_not_prove_to_know_the_password_gets_nothing() {
    let port = free_port();
    let (password, is_impostor) = (Some("the-password"), true);
    let broker = Broker::start(port, Nature { password, is_impostor, ..Nature::default() });
    let app = format!(
        "kafka: {{url: 'kafka://127.0.0.1:{port}', topic: '\"a\"', user: u, password: k, sasl: SCRAM-SHA-256}}"
    );
    let folder = folder(&app, "secrets: {k: {file: k}}");
    folder.write("k", "the-password");
    let server = Tympan::start_in(&folder);
    send(&server, "1");
    assert_eq!(why_not(&server, "1"), "the broker does not prove that it knows the password");
    assert_eq!(broker.taken(), [] as [Value; 0]);
}

#[test]
fn a_way_to_prove_it_that_the_broker_does_not_know_is_told_with_those_that_it_knows() {
    let port = free_port();
    let password = Some("the-password");
    let broker = Broker::start(port, Nature { password, ..Nature::default() });
    let app =
        format!("kafka: {{url: 'kafka://127.0.0.1:{port}', topic: '\"a\"', user: u, password: k}}");
    let folder = folder(&app, "secrets: {k: {file: k}}");
    folder.write("k", "the-password");
    let server = Tympan::start_in(&folder);
    send(&server, "1");
    assert_eq!(
        why_not(&server, "1"),
        "the broker takes no passwords by PLAIN: UnsupportedSaslMechanism (33); \
         it knows SCRAM-SHA-256, SCRAM-SHA-512"
    );
    assert_eq!(broker.taken(), [] as [Value; 0]);
}

#[test]
fn by_scram_with_a_password_that_is_never_told() {
    let port = free_port();
    let password = Some("the-password");
    let broker = Broker::start(port, Nature { password, ..Nature::default() });
    for (before, sasl) in SCRAMS.into_iter().enumerate() {
        let app = format!(
            "kafka: {{url: 'kafka://127.0.0.1:{port}', topic: '\"a\"', user: 'a,b', password: k, sasl: {sasl}}}"
        );
        let folder = folder(&app, "secrets: {k: {file: k}}");
        folder.write("k", "another-password");
        let server = Tympan::start_in(&folder);
        send(&server, sasl);
        assert_eq!(why_not(&server, sasl), "the proof is wrong");
        folder.write("k", "the-password");
        wait_until("it is there", || (broker.taken().len() == before + 1).then_some(()));
        assert_eq!(broker.taken()[before]["id"], sasl);
        for password in ["the-password", "another-password"] {
            assert!(!server.log_text().contains(password));
        }
    }
}
