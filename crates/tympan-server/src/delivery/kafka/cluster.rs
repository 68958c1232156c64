//! Which broker leads which partition of a topic, and the connections to them.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use kafka_protocol::messages::MetadataRequest;
use kafka_protocol::messages::MetadataResponse;
use kafka_protocol::messages::TopicName;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::protocol::Request;
use kafka_protocol::protocol::StrBytes;
use tokio::time::Instant;
use tympan_core::config::Sasl;

use super::broker::Broker;
use super::broker::told;
use crate::delivery::remote::Remote;

/// The version of the question, which brokers have known since Kafka 2.3.
pub(super) const METADATA: i16 = 8;

/// How long an answer is believed, as other clients do.
const FRESH: Duration = Duration::from_mins(5);

/// A cluster as far as it is known.
pub(super) struct Cluster {
    remote: Arc<Remote>,
    sasl: Sasl,
    /// Whoever is asked about the others.
    first: Broker,
    brokers: HashMap<i32, (String, u16)>,
    connections: HashMap<i32, Broker>,
    topics: HashMap<String, Topic>,
}

struct Topic {
    /// The broker that leads each partition, if one does.
    leaders: Vec<Option<i32>>,
    since: Instant,
}

impl Cluster {
    pub(super) async fn connect(remote: Arc<Remote>, sasl: Sasl) -> Result<Self, String> {
        let first = Broker::connect(&remote, sasl, None).await?;
        let (brokers, connections, topics) = Default::default();
        Ok(Self { remote, sasl, first, brokers, connections, topics })
    }

    /// Asks what every broker can answer, and what nothing changes by: a connection that was not used
    /// for long may be no more.
    pub(super) async fn ask<R: Request>(
        &mut self,
        question: &R,
        version: i16,
    ) -> Result<R::Response, String> {
        if let Ok(answer) = self.first.ask(question, version).await {
            return Ok(answer);
        }
        self.first = Broker::connect(&self.remote, self.sasl, None).await?;
        self.first.ask(question, version).await
    }

    /// Learns about topics that nothing is known of. In it is what the cluster says of one that it
    /// does not let us have.
    pub(super) async fn learn(
        &mut self,
        topics: &BTreeSet<&str>,
    ) -> Result<Result<(), String>, String> {
        let is_known = |name: &&&str| {
            self.topics.get(**name).is_some_and(|topic| topic.since.elapsed() < FRESH)
        };
        if topics.iter().all(|name| is_known(&name)) {
            return Ok(Ok(()));
        }
        let asked = topics.iter().map(|name| {
            let name = TopicName(StrBytes::from_string((*name).to_owned()));
            MetadataRequestTopic::default().with_name(Some(name))
        });
        // A topic that an event names is not made for that.
        let question = MetadataRequest::default()
            .with_topics(Some(asked.collect()))
            .with_allow_auto_topic_creation(false);
        let answer = self.ask(&question, METADATA).await?;
        Ok(self.understand(answer, topics))
    }

    /// Takes what was asked for: these topics, and all brokers that there are.
    fn understand(
        &mut self,
        answer: MetadataResponse,
        asked: &BTreeSet<&str>,
    ) -> Result<(), String> {
        let brokers = answer.brokers.into_iter().filter_map(|broker| {
            let place = (broker.host.to_string(), broker.port.try_into().ok()?);
            Some((broker.node_id.0, place))
        });
        let before = std::mem::replace(&mut self.brokers, brokers.collect());
        let brokers = &self.brokers;
        self.connections.retain(|number, _| {
            brokers.get(number).is_some_and(|place| before.get(number) == Some(place))
        });
        for topic in answer.topics {
            let name = topic.name.map(|name| name.0.to_string()).unwrap_or_default();
            if !asked.contains(name.as_str()) {
                continue;
            }
            if let Some(error) = told(topic.error_code) {
                return Err(format!("the topic `{name}`: {error}"));
            }
            let mut leaders = vec![None; topic.partitions.len()];
            for partition in topic.partitions {
                let index = usize::try_from(partition.partition_index).unwrap_or(usize::MAX);
                if let Some(leader) = leaders.get_mut(index) {
                    *leader = Some(partition.leader_id.0).filter(|broker| *broker >= 0);
                }
            }
            if leaders.is_empty() {
                return Err(format!("the topic `{name}` has no partitions"));
            }
            self.topics.insert(name, Topic { leaders, since: Instant::now() });
        }
        Ok(())
    }

    /// How many partitions a topic has that is known.
    pub(super) fn partitions(&self, topic: &str) -> usize {
        self.topics.get(topic).map_or(0, |topic| topic.leaders.len())
    }

    /// The broker that leads a partition, if one does.
    pub(super) fn leader(&self, topic: &str, partition: usize) -> Option<i32> {
        *self.topics.get(topic)?.leaders.get(partition)?
    }

    /// The connection to a broker, which is made if there is none. Whoever has it gives it back, if it can be
    /// used again.
    pub(super) fn lend(
        &mut self,
        number: i32,
    ) -> impl Future<Output = Result<Broker, String>> + Send + use<> {
        let open = self.connections.remove(&number);
        let place = self.brokers.get(&number).cloned();
        let (remote, sasl) = (Arc::clone(&self.remote), self.sasl);
        async move {
            if let Some(open) = open {
                return Ok(open);
            }
            let place = place.ok_or_else(|| format!("nothing is known of the broker {number}"));
            let (host, port) = place?;
            Broker::connect(&remote, sasl, Some((&host, port))).await
        }
    }

    /// Takes back a connection that was lent.
    pub(super) fn keep(&mut self, number: i32, connection: Broker) {
        self.connections.insert(number, connection);
    }

    /// What was known may be wrong.
    pub(super) fn forget(&mut self, topic: &str) {
        self.topics.remove(topic);
    }
}
