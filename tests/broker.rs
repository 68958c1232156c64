//! A broker of Kafka that is as a test says, and remembers what it took.

use std::io::ErrorKind;
use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::process::Command;
use std::sync::Arc;
use std::sync::Mutex;
use std::thread;

use bytes::BufMut;
use bytes::Bytes;
use bytes::BytesMut;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::ApiKey;
use kafka_protocol::messages::BrokerId;
use kafka_protocol::messages::InitProducerIdResponse;
use kafka_protocol::messages::MetadataRequest;
use kafka_protocol::messages::MetadataResponse;
use kafka_protocol::messages::ProduceRequest;
use kafka_protocol::messages::ProduceResponse;
use kafka_protocol::messages::RequestHeader;
use kafka_protocol::messages::ResponseHeader;
use kafka_protocol::messages::SaslAuthenticateRequest;
use kafka_protocol::messages::SaslAuthenticateResponse;
use kafka_protocol::messages::SaslHandshakeRequest;
use kafka_protocol::messages::SaslHandshakeResponse;
use kafka_protocol::messages::TopicName;
use kafka_protocol::messages::metadata_response::MetadataResponseBroker;
use kafka_protocol::messages::metadata_response::MetadataResponsePartition;
use kafka_protocol::messages::metadata_response::MetadataResponseTopic;
use kafka_protocol::messages::produce_response::PartitionProduceResponse;
use kafka_protocol::messages::produce_response::TopicProduceResponse;
use kafka_protocol::protocol::Decodable;
use kafka_protocol::protocol::Encodable;
use kafka_protocol::protocol::StrBytes;
use kafka_protocol::records::RecordBatchDecoder;
use serde_json::Value;

const PARTITIONS: i32 = 3;

/// How it can be proved who one is.
pub(crate) const SCRAMS: [&str; 2] = ["SCRAM-SHA-256", "SCRAM-SHA-512"];

/// What is last remembered of who has proved that he knows the password.
const PROVED: &str = "proved";

/// The proof that somebody knows a password, and the one that we do.
const SCRAM: &str = "
import base64, hashlib, hmac, sys
hash, password, said = sys.argv[1:]
sign = lambda key, said: hmac.new(key, said, hash).digest()
salted = hashlib.pbkdf2_hmac(hash, password.encode(), b'salt', 8192)
key = sign(salted, b'Client Key')
signed = sign(hashlib.new(hash, key).digest(), said.encode())
proof = bytes(a ^ b for a, b in zip(key, signed))
ours = sign(sign(salted, b'Server Key'), said.encode())
print(base64.b64encode(proof).decode(), base64.b64encode(ours).decode())
";

/// A running one, which has every topic.
#[derive(Clone)]
pub(crate) struct Broker {
    port: u16,
    nature: Nature,
    taken: Arc<Mutex<Vec<Value>>>,
    /// What it was asked by who had not proved that he knows the password.
    unproved: Arc<Mutex<Vec<ApiKey>>>,
}

/// What a broker is like.
#[derive(Clone, Copy)]
pub(crate) struct Nature {
    /// How much it takes at once.
    pub(crate) most_bytes: usize,
    /// What everybody has to know by SCRAM, if anything.
    pub(crate) password: Option<&'static str>,
    /// Whether it takes every proof, and has none of its own.
    pub(crate) is_impostor: bool,
    /// Where the leader of the first partition is, if that is another.
    pub(crate) other: Option<u16>,
}

impl Default for Nature {
    fn default() -> Self {
        Self { most_bytes: 64 << 10, password: None, is_impostor: false, other: None }
    }
}

impl Broker {
    /// Answers every connection in a thread of its own.
    pub(crate) fn start(port: u16, nature: Nature) -> Self {
        let (taken, unproved) = Default::default();
        let broker = Self { port, nature, taken, unproved };
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let it = broker.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (it, mut stream) = (it.clone(), stream.unwrap());
                let mut said = Vec::new();
                thread::spawn(move || while it.answer(&mut stream, &mut said).is_ok() {});
            }
        });
        broker
    }

    /// The events that it took so far, as often as it took them; nobody has asked for more than he may.
    pub(crate) fn taken(&self) -> Vec<Value> {
        assert_eq!(*self.unproved.lock().unwrap(), []);
        self.taken.lock().unwrap().clone()
    }

    /// Answers a question, after what was said to prove who asks.
    fn answer(&self, stream: &mut TcpStream, said: &mut Vec<String>) -> std::io::Result<()> {
        let mut length = [0; 4];
        stream.read_exact(&mut length)?;
        let mut asked = vec![0; u32::from_be_bytes(length).try_into().unwrap()];
        stream.read_exact(&mut asked)?;
        let number = |at: usize| i16::from_be_bytes([asked[at], asked[at + 1]]);
        let (question, version) = (ApiKey::try_from(number(0)).unwrap(), number(2));
        let mut asked = Bytes::from(asked);
        let header = question.request_header_version(version);
        let header = RequestHeader::decode(&mut asked, header).unwrap();
        let mut answer = BytesMut::new();
        answer.put_u32(0);
        ResponseHeader::default()
            .with_correlation_id(header.correlation_id)
            .encode(&mut answer, question.response_header_version(version))
            .unwrap();
        match question {
            ApiKey::SaslHandshake => {
                let asked = SaslHandshakeRequest::decode(&mut asked, version).unwrap();
                said.push(asked.mechanism.to_string());
                let known = SCRAMS.map(StrBytes::from_static_str);
                let error = ResponseError::UnsupportedSaslMechanism.code();
                SaslHandshakeResponse::default()
                    .with_error_code(if known.contains(&asked.mechanism) { 0 } else { error })
                    .with_mechanisms(known.into())
                    .encode(&mut answer, version)
                    .unwrap();
            }
            ApiKey::SaslAuthenticate => {
                let asked = SaslAuthenticateRequest::decode(&mut asked, version).unwrap();
                let words = String::from_utf8(asked.auth_bytes.to_vec()).unwrap();
                self.hear(&words, said).encode(&mut answer, version).unwrap();
            }
            _ if self.nature.password.is_some() && said.last().is_none_or(|it| it != PROVED) => {
                self.unproved.lock().unwrap().push(question);
                return Err(ErrorKind::PermissionDenied.into());
            }
            ApiKey::InitProducerId => {
                InitProducerIdResponse::default().encode(&mut answer, version).unwrap();
            }
            ApiKey::Metadata => self.metadata(&mut asked).encode(&mut answer, version).unwrap(),
            ApiKey::Produce => {
                let asked = ProduceRequest::decode(&mut asked, version).unwrap();
                self.take(asked).encode(&mut answer, version).unwrap();
            }
            other => panic!("{other:?}"),
        }
        let length = u32::try_from(answer.len() - 4).unwrap();
        answer[..4].copy_from_slice(&length.to_be_bytes());
        stream.write_all(&answer)
    }

    fn metadata(&self, asked: &mut Bytes) -> MetadataResponse {
        let asked = MetadataRequest::decode(asked, 8).unwrap();
        let partition = |index| {
            let is_of_other = index == 0 && self.nature.other.is_some();
            MetadataResponsePartition::default()
                .with_partition_index(index)
                .with_leader_id(BrokerId(if is_of_other { 2 } else { 1 }))
        };
        let topics = asked.topics.unwrap().into_iter().map(|topic| {
            MetadataResponseTopic::default()
                .with_name(topic.name)
                .with_partitions((0..PARTITIONS).map(partition).collect())
        });
        // And one that nobody has asked about.
        let unasked = MetadataResponseTopic::default()
            .with_name(Some(TopicName(StrBytes::from_static_str("another"))))
            .with_error_code(ResponseError::TopicAuthorizationFailed.code());
        let broker = |(number, port): (i32, u16)| {
            MetadataResponseBroker::default()
                .with_node_id(BrokerId(number))
                .with_host(StrBytes::from_static_str("127.0.0.1"))
                .with_port(port.into())
        };
        let other = self.nature.other.map(|port| (2, port));
        MetadataResponse::default()
            .with_brokers([(1, self.port)].into_iter().chain(other).map(broker).collect())
            .with_topics(topics.chain([unasked]).collect())
    }

    /// RFC 5802, by what is no code of ours.
    fn hear(&self, words: &str, said: &mut Vec<String>) -> SaslAuthenticateResponse {
        let answer = SaslAuthenticateResponse::default();
        if let Some(first) = words.strip_prefix("n,,") {
            let nonce = first.rsplit_once("r=").unwrap().1;
            let ours = format!("r={nonce}more,s=c2FsdA==,i=8192");
            said.extend([first.to_owned(), ours.clone()]);
            return answer.with_auth_bytes(ours.into());
        }
        let (last, proof) = words.rsplit_once(",p=").unwrap();
        let hash = said[0].trim_start_matches("SCRAM-").replace('-', "").to_lowercase();
        let all = format!("{},{},{last}", said[1], said[2]);
        let mut python = Command::new("python3");
        python.args(["-c", SCRAM, &hash, self.nature.password.unwrap(), &all]);
        let expected = String::from_utf8(python.output().unwrap().stdout).unwrap();
        let (expected, ours) = expected.trim().split_once(' ').unwrap();
        if self.nature.is_impostor {
            // What anybody could say who has heard the other proof.
            return answer.with_auth_bytes(format!("v={proof}").into());
        }
        if proof != expected {
            let why = StrBytes::from_static_str("the proof is wrong");
            let code = ResponseError::SaslAuthenticationFailed.code();
            return answer.with_error_code(code).with_error_message(Some(why));
        }
        said.push(PROVED.to_owned());
        answer.with_auth_bytes(format!("v={ours}").into())
    }

    fn take(&self, asked: ProduceRequest) -> ProduceResponse {
        let topics = asked.topic_data.into_iter().map(|topic| {
            let partitions = topic.partition_data.into_iter().map(|partition| {
                let answer = PartitionProduceResponse::default().with_index(partition.index);
                let mut records = partition.records.unwrap();
                if records.len() > self.nature.most_bytes {
                    return answer.with_error_code(ResponseError::MessageTooLarge.code());
                }
                let found = RecordBatchDecoder::decode_all(&mut records).unwrap();
                let found = found.into_iter().flat_map(|set| set.records);
                let events = found.map(|it| serde_json::from_slice(&it.value.unwrap()).unwrap());
                self.taken.lock().unwrap().extend(events);
                answer
            });
            TopicProduceResponse::default()
                .with_name(topic.name)
                .with_partition_responses(partitions.collect())
        });
        ProduceResponse::default().with_responses(topics.collect())
    }
}
