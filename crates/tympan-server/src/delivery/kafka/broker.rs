//! A connection to a broker of Kafka: one is asked, one answers, in that order.

use std::pin::Pin;

use bytes::BufMut;
use bytes::Bytes;
use bytes::BytesMut;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::RequestHeader;
use kafka_protocol::messages::ResponseHeader;
use kafka_protocol::messages::SaslAuthenticateRequest;
use kafka_protocol::messages::SaslHandshakeRequest;
use kafka_protocol::protocol::Decodable;
use kafka_protocol::protocol::Encodable;
use kafka_protocol::protocol::HeaderVersion;
use kafka_protocol::protocol::Request;
use kafka_protocol::protocol::StrBytes;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tympan_core::config::Sasl;

use super::scram::Hash;
use super::scram::Scram;
use super::whole::is_whole;
use crate::delivery::remote::Remote;
use crate::delivery::remote::nonce;
use crate::outbound::connect::Stream;

const PORT: u16 = 9092;

/// The versions of the questions that prove who we are, which brokers have known since Kafka 1.0 and 2.2.
pub(super) const HANDSHAKE: i16 = 1;
pub(super) const AUTHENTICATE: i16 = 1;

/// The longest answer that is listened to, in bytes.
const MOST_ANSWER: usize = 4 << 20;

/// A connection.
pub(super) struct Broker {
    stream: Pin<Box<dyn Stream>>,
    /// Of the last question, and of the last answer.
    asked: i32,
    answered: i32,
}

impl Broker {
    /// Connects to the broker that the operator named, or to one that the cluster has told of, and
    /// proves who we are.
    pub(super) async fn connect(
        remote: &Remote,
        sasl: Sasl,
        other: Option<(&str, u16)>,
    ) -> Result<Self, String> {
        let is_tls = remote.url.scheme_str() == Some("kafka+ssl");
        let stream = match other {
            None => remote.open(PORT, is_tls).await?,
            Some((host, port)) => remote.open_other(host, port, is_tls).await?,
        };
        let mut broker = Self::over(stream);
        if let Some(user) = &remote.user {
            let password = remote.password()?.unwrap_or_default();
            broker.prove(sasl, user, password).await?;
        }
        Ok(broker)
    }

    /// Asks over a connection that there is.
    pub(super) fn over(stream: Pin<Box<dyn Stream>>) -> Self {
        Self { stream, asked: 0, answered: 0 }
    }

    /// Proves who we are, by SCRAM or by the password as it is (RFC 4616).
    async fn prove(&mut self, sasl: Sasl, user: &str, password: &str) -> Result<(), String> {
        let mechanism = sasl.word();
        let handshake =
            SaslHandshakeRequest::default().with_mechanism(StrBytes::from_static_str(mechanism));
        let answer = self.ask(&handshake, HANDSHAKE).await?;
        if let Some(error) = told(answer.error_code) {
            let known: Vec<&str> = answer.mechanisms.iter().map(|word| &**word).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(format!(
                "the broker takes no passwords by {mechanism}: {error}; it knows {known}"
            ));
        }
        let Some(hash) = Hash::of(sasl) else {
            return self.tell(format!("\0{user}\0{password}")).await.map(drop);
        };
        let scram = Scram::new(hash, user, nonce()?);
        let answer = self.tell(scram.first()).await?;
        let (last, expected) = scram.last(&answer, password)?;
        expected.verify(&self.tell(last).await?)
    }

    /// Says something of what proves who we are, and gives what is said to that.
    async fn tell(&mut self, words: String) -> Result<Bytes, String> {
        let words = SaslAuthenticateRequest::default().with_auth_bytes(words.into());
        let answer = self.ask(&words, AUTHENTICATE).await?;
        match (told(answer.error_code), answer.error_message) {
            (None, _) => Ok(answer.auth_bytes),
            (Some(_), Some(why)) => Err(why.to_string()),
            (Some(error), None) => Err(error),
        }
    }

    /// Asks, and waits for the answer.
    pub(super) async fn ask<R: Request>(
        &mut self,
        request: &R,
        version: i16,
    ) -> Result<R::Response, String> {
        self.send(request, version).await?;
        self.hear::<R>(version).await
    }

    /// Asks, without waiting for the answer.
    pub(super) async fn send<R: Request>(
        &mut self,
        request: &R,
        version: i16,
    ) -> Result<(), String> {
        self.asked = self.asked.wrapping_add(1);
        let header = RequestHeader::default()
            .with_request_api_key(R::KEY)
            .with_request_api_version(version)
            .with_correlation_id(self.asked)
            .with_client_id(Some(StrBytes::from_static_str("tympan")));
        let mut bytes = BytesMut::new();
        bytes.put_u32(0);
        let encoded = header.encode(&mut bytes, R::header_version(version));
        let encoded = encoded.and_then(|()| request.encode(&mut bytes, version));
        encoded.map_err(|error| format!("a request that cannot be made: {error}"))?;
        let length = u32::try_from(bytes.len() - 4).map_err(|_| "a request that is too long")?;
        bytes[..4].copy_from_slice(&length.to_be_bytes());
        let sent = async {
            self.stream.write_all(&bytes).await?;
            self.stream.flush().await
        };
        sent.await.map_err(|error| format!("the connection ended: {error}"))
    }

    /// The next answer.
    pub(super) async fn hear<R: Request>(&mut self, version: i16) -> Result<R::Response, String> {
        let ended = |error: std::io::Error| format!("the connection ended: {error}");
        let length = self.stream.read_u32().await.map_err(ended)?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > MOST_ANSWER {
            return Err(unknown());
        }
        let mut answer = vec![0; length];
        self.stream.read_exact(&mut answer).await.map_err(ended)?;
        let mut answer = Bytes::from(answer);
        self.answered = self.answered.wrapping_add(1);
        let header = ResponseHeader::decode(&mut answer, R::Response::header_version(version));
        let is_next = header.is_ok_and(|header| header.correlation_id == self.answered);
        if is_next && is_whole(R::KEY, version, &answer) {
            return R::Response::decode(&mut answer, version).map_err(|_| unknown());
        }
        Err(unknown())
    }
}

/// What a code of an answer means, if it means that something is wrong.
pub(super) fn told(code: i16) -> Option<String> {
    if code == 0 {
        return None;
    }
    Some(match ResponseError::try_from_code(code) {
        Some(error) => format!("{error:?} ({code})"),
        None => format!("error {code}"),
    })
}

fn unknown() -> String {
    "what answers is no broker of Kafka, or says what nobody understands".to_owned()
}
