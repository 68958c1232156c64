//! Who hands events to a cluster of Kafka, none of them twice because an answer was lost.
//!
//! A producer has a number of its own and counts what it sends to a partition; a leader takes nothing
//! twice that says the same of itself (`enable.idempotence` of other clients). What comes with another
//! number is another thing: what nobody has said to be taken by the time that somebody gives up, and comes again,
//! may arrive twice.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use bytes::BytesMut;
use kafka_protocol::indexmap::IndexMap;
use kafka_protocol::messages::InitProducerIdRequest;
use kafka_protocol::protocol::StrBytes;
use kafka_protocol::records::Compression;
use kafka_protocol::records::Record;
use kafka_protocol::records::RecordBatchEncoder;
use kafka_protocol::records::RecordEncodeOptions;
use kafka_protocol::records::TimestampType;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tympan_core::config::Sasl;

use super::broker::told;
use super::cluster::Cluster;
use super::leader;
use super::leader::Packed;
use super::leader::Refused;
use super::partition;
use crate::delivery::Blame;
use crate::delivery::remote::Remote;

/// The version of the question for a number, which brokers have known since Kafka 2.5.
pub(super) const START: i16 = 3;

/// About how many bytes go to a partition at once: brokers usually take a megabyte.
const MOST_BYTES: usize = 512 << 10;

/// How often a broker is asked to take something, and how long is waited after the first time; then
/// twice as long each.
const TRIES: u32 = 4;
const PAUSE: Duration = Duration::from_millis(100);

/// A producer, and the cluster that it produces to.
pub(super) struct Producer {
    cluster: Cluster,
    number: Option<Number>,
    /// How many events were sent to a partition under that number.
    counts: HashMap<(String, usize), i32>,
    /// How long leaders wait until all replicas have something before they say that these have not.
    patience: Duration,
    /// Where events without a key go next.
    turn: usize,
    /// Whether nothing is half done: somebody gave up while an answer was still to come.
    is_whole: bool,
}

/// Who somebody is to the leaders.
#[derive(Clone, Copy)]
struct Number {
    id: i64,
    epoch: i16,
}

/// An event as it is sent.
pub(super) struct Sent {
    pub(super) topic: String,
    pub(super) key: Option<Bytes>,
    pub(super) body: Bytes,
    /// In milliseconds since 1970.
    pub(super) received: i64,
}

/// Events that go to a partition at once.
struct Batch {
    topic: String,
    partition: usize,
    records: Vec<Record>,
    /// Which of all events these are.
    places: Vec<usize>,
    size: usize,
}

impl Producer {
    pub(super) async fn start(
        remote: Arc<Remote>,
        sasl: Sasl,
        timeout: Duration,
    ) -> Result<Self, String> {
        let cluster = Cluster::connect(remote, sasl).await?;
        let counts = HashMap::new();
        // So that we hear of it as often as we ask.
        let patience = timeout / (TRIES + 1);
        let mut producer =
            Self { cluster, number: None, counts, patience, turn: 0, is_whole: true };
        producer.number().await?;
        Ok(producer)
    }

    /// Hands events over, which all replicas that are in sync have in the end. The places of those that they
    /// have are added to `taken`, whatever becomes of the others.
    pub(super) async fn produce(
        &mut self,
        events: &[Sent],
        taken: &mut Vec<usize>,
    ) -> Result<(), Refused> {
        if !std::mem::replace(&mut self.is_whole, false) {
            let why = "another delivery gave up the connection";
            return Err(Refused { blame: Blame::Another, ..Refused::broken(why) });
        }
        let produced = self.produce_all(events, taken).await;
        self.is_whole = !matches!(produced, Err(Refused { is_answer: false, .. }));
        produced
    }

    async fn produce_all(
        &mut self,
        events: &[Sent],
        taken: &mut Vec<usize>,
    ) -> Result<(), Refused> {
        let topics: BTreeSet<_> = events.iter().map(|event| event.topic.as_str()).collect();
        let learnt = self.cluster.learn(&topics).await.map_err(Refused::broken)?;
        learnt.map_err(Refused::answer)?;
        let number = self.number().await.map_err(Refused::broken)?;
        let batches = self.batches(events, number);
        let sent = self.send_all(batches, number, &topics, taken).await;
        if sent.is_err() {
            // What has become of some of the counts is not known.
            self.number = None;
        }
        sent
    }

    async fn send_all(
        &mut self,
        batches: Vec<Batch>,
        number: Number,
        topics: &BTreeSet<&str>,
        taken: &mut Vec<usize>,
    ) -> Result<(), Refused> {
        let packed = batches.into_iter().map(|batch| self.pack(batch, number));
        let mut left = packed.collect::<Result<Vec<_>, _>>().map_err(Refused::broken)?;
        for tried in 0.. {
            let refused;
            (left, refused) = self.send(left, taken).await?;
            if left.is_empty() {
                return Ok(());
            }
            let refused = refused.unwrap_or_else(|| Refused::broken("nobody says why not"));
            if tried + 1 == TRIES {
                // It was said of each of them by itself.
                return Err(Refused { blame: Blame::All, ..refused });
            }
            tokio::time::sleep(PAUSE * 2_u32.pow(tried)).await;
            for batch in &left {
                self.cluster.forget(&batch.topic);
            }
            let learnt = self.cluster.learn(topics).await.map_err(Refused::broken)?;
            learnt.map_err(Refused::answer)?;
        }
        Ok(())
    }

    /// Our number, which is asked for if there is none.
    async fn number(&mut self) -> Result<Number, String> {
        if let Some(number) = self.number {
            return Ok(number);
        }
        let question = InitProducerIdRequest::default().with_transactional_id(None);
        let answer = self.cluster.ask(&question, START).await?;
        if let Some(error) = told(answer.error_code) {
            return Err(format!("the broker gives no number: {error}"));
        }
        let number = Number { id: answer.producer_id.0, epoch: answer.producer_epoch };
        self.counts.clear();
        Ok(*self.number.insert(number))
    }

    /// What goes where, in the order in which it came.
    fn batches(&mut self, events: &[Sent], number: Number) -> Vec<Batch> {
        self.turn = self.turn.wrapping_add(1);
        let mut batches: Vec<Batch> = Vec::new();
        let mut open: HashMap<(&str, usize), usize> = HashMap::new();
        for (nth, event) in events.iter().enumerate() {
            let count = self.cluster.partitions(&event.topic);
            let partition = match &event.key {
                Some(key) => partition::of(key, count),
                None => self.turn % count.max(1),
            };
            let size = event.body.len() + event.key.as_ref().map_or(0, Bytes::len);
            let place = (event.topic.as_str(), partition);
            let fits = |at: &usize| batches[*at].size + size <= MOST_BYTES;
            let at = open.get(&place).copied().filter(fits).unwrap_or_else(|| {
                let topic = event.topic.clone();
                let (records, places) = Default::default();
                batches.push(Batch { topic, partition, records, places, size: 0 });
                batches.len() - 1
            });
            open.insert(place, at);
            batches[at].size += size;
            let before = batches[at].records.len();
            batches[at].records.push(record(event, number, before));
            batches[at].places.push(nth);
        }
        batches
    }

    fn pack(&mut self, batch: Batch, number: Number) -> Result<Packed, String> {
        let Batch { topic, partition, mut records, places, .. } = batch;
        let count = self.counts.entry((topic.clone(), partition)).or_default();
        for record in &mut records {
            debug_assert_eq!(record.producer_id, number.id);
            record.sequence = *count;
            // After the largest number comes 0.
            *count = count.checked_add(1).unwrap_or(0);
        }
        let mut bytes = BytesMut::new();
        let options = RecordEncodeOptions { version: 2, compression: Compression::None };
        let packed = RecordBatchEncoder::encode(&mut bytes, &records, &options);
        packed.map_err(|error| format!("events that cannot be packed: {error}"))?;
        Ok(Packed { topic, partition, places, bytes: bytes.freeze() })
    }

    /// Sends each batch to its leader once, to all leaders at the same time. Gives those that were not taken, and
    /// why one of them was not; an error is that of one which is not to be sent again.
    async fn send(
        &mut self,
        batches: Vec<Packed>,
        taken: &mut Vec<usize>,
    ) -> Result<(Vec<Packed>, Option<Refused>), Refused> {
        let (mut left, mut refused, mut lasting) = (Vec::new(), None, None);
        let mut by_leader: HashMap<i32, Vec<Packed>> = HashMap::new();
        for batch in batches {
            if let Some(leader) = self.cluster.leader(&batch.topic, batch.partition) {
                by_leader.entry(leader).or_default().push(batch);
                continue;
            }
            let Packed { topic, partition, .. } = &batch;
            let why = format!("nobody leads the partition {partition} of `{topic}`");
            refused = Some(Refused::answer(why));
            left.push(batch);
        }
        let (tell, mut told) = mpsc::unbounded_channel();
        let mut leaders = JoinSet::new();
        for (leader, batches) in by_leader {
            let connecting = self.cluster.lend(leader);
            let handed = leader::hand(connecting, batches, self.patience, tell.clone());
            leaders.spawn(async move { (leader, handed.await) });
        }
        drop(tell);
        // One that is silent keeps nobody from hearing what the others have.
        while let Some(places) = told.recv().await {
            taken.extend(places);
        }
        for (leader, handed) in leaders.join_all().await {
            left.extend(handed.left);
            refused = handed.refused.or(refused);
            lasting = lasting.or(handed.lasting);
            if let Some(connection) = handed.connection {
                self.cluster.keep(leader, connection);
            }
        }
        lasting.map_or(Ok((left, refused)), Err)
    }
}

fn record(event: &Sent, number: Number, before: usize) -> Record {
    let media_type = Bytes::from_static(b"application/cloudevents+json");
    let name = StrBytes::from_static_str("content-type");
    Record {
        transactional: false,
        control: false,
        delete_horizon: false,
        partition_leader_epoch: -1,
        producer_id: number.id,
        producer_epoch: number.epoch,
        timestamp_type: TimestampType::Creation,
        offset: before.try_into().unwrap_or(i64::MAX),
        sequence: 0,
        timestamp: event.received,
        key: event.key.clone(),
        value: Some(event.body.clone()),
        headers: IndexMap::from([(name, Some(media_type))]),
    }
}
