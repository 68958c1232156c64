//! A topic of Kafka: it has an event once every replica that is in sync has it.

mod broker;
mod cluster;
mod leader;
mod partition;
mod producer;
mod scram;
mod whole;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Mutex;
use tympan_core::config;
use tympan_core::config::Sasl;
use tympan_core::outgoing;
use tympan_expr::Expression;
use tympan_journal::Later;
use tympan_journal::Leased;

use self::leader::Refused;
use self::producer::Producer;
use self::producer::Sent;
use super::Blame;
use super::Deliver;
use super::Failure;
use super::kept;
use super::link::Link;
use super::remote::Remote;

/// How many events are handed over at once.
const BATCH: usize = 256;

/// The longest name of a topic.
const MOST_TOPIC: usize = 249;

/// A topic of Kafka, or one for each event.
#[derive(Debug)]
pub(super) struct KafkaOut {
    remote: Arc<Remote>,
    link: Link<Arc<Mutex<Producer>>>,
    sasl: Sasl,
    topic: Expression,
    key: Option<Expression>,
    timeout: Duration,
}

impl KafkaOut {
    pub(super) fn new(
        name: &str,
        kafka: &config::Kafka,
        remote: Remote,
        timeout: Duration,
    ) -> Self {
        let (remote, link) = (Arc::new(remote), Link::new(name));
        let (sasl, topic, key) = (kafka.sasl, kafka.topic.clone(), kafka.key.clone());
        Self { remote, link, sasl, topic, key, timeout }
    }

    async fn connect(&self) -> Result<Arc<Mutex<Producer>>, String> {
        let made = Producer::start(Arc::clone(&self.remote), self.sasl, self.timeout).await;
        made.map(|made| Arc::new(Mutex::new(made))).map_err(|why| self.remote.said(why))
    }

    async fn produce(&self, events: &[Leased], taken: &mut Vec<usize>) -> Result<(), Failure> {
        let sent = events.iter().map(|event| self.sent(event)).collect::<Result<Vec<_>, _>>();
        // One that cannot be made holds up none that it came with.
        let sent = sent.map_err(|why| Failure {
            blame: Blame::One,
            ..Failure::lasting(self.remote.said(why))
        })?;
        let lent = self.link.get(self.connect()).await?;
        let produced = lent.connection.lock().await.produce(&sent, taken).await;
        // Whatever brokers say of one topic says nothing about the others.
        if !matches!(produced, Err(Refused { is_answer: false, .. })) {
            lent.keep();
        }
        produced.map_err(|refused| Failure {
            is_final: refused.is_final,
            blame: refused.blame,
            ..Failure::passing(self.remote.said(refused.why))
        })
    }

    fn sent(&self, event: &Leased) -> Result<Sent, String> {
        let topic = outgoing::text(&self.topic, kept(event), "the topic")?;
        let topic = topic.ok_or("the topic is null")?;
        if !is_topic(&topic) {
            return Err(format!("no topic can be called `{topic}`"));
        }
        let key = match &self.key {
            Some(key) => outgoing::text(key, kept(event), "the key")?,
            None => None,
        };
        let received = event.received.try_into().unwrap_or(i64::MAX);
        Ok(Sent { topic, key: key.map(Bytes::from), body: event.body.clone(), received })
    }
}

impl Deliver for KafkaOut {
    fn deliver<'d>(
        &'d self,
        events: &'d [Leased],
        taken: &'d mut Vec<usize>,
    ) -> Later<'d, Result<(), Failure>> {
        Box::pin(self.produce(events, taken))
    }

    fn batch(&self) -> usize {
        BATCH
    }

    fn concurrency(&self) -> usize {
        1
    }
}

/// Whether a topic can be called so.
fn is_topic(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let is_other = !matches!(name, "" | "." | "..");
    is_other && name.len() <= MOST_TOPIC && name.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::is_topic;

    #[test]
    fn what_a_topic_can_be_called() {
        let long = "a".repeat(250);
        assert!(["events", "a.b_c-1", "...", &long[1..]].into_iter().all(is_topic));
        assert!(!["", ".", "..", "a b", "ä", "a/b", &long].into_iter().any(is_topic));
    }
}
