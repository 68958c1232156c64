//! What a leader of partitions is handed, and what it says of it.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::ProduceRequest;
use kafka_protocol::messages::TopicName;
use kafka_protocol::messages::produce_request::PartitionProduceData;
use kafka_protocol::messages::produce_request::TopicProduceData;
use kafka_protocol::messages::produce_response::PartitionProduceResponse;
use kafka_protocol::protocol::StrBytes;
use tokio::sync::mpsc::UnboundedSender;

use super::broker::Broker;
use super::broker::told;
use crate::delivery::Blame;

/// The version of the question, which brokers have known since Kafka 2.4.
pub(super) const PRODUCE: i16 = 8;

/// Every replica that is in sync.
const ALL: i16 = -1;

/// How many batches are on their way at most: as many as a leader remembers of a producer. What comes again after
/// more than that it would not know (`max.in.flight.requests.per.connection` of other clients).
const MOST_ON_THE_WAY: usize = 5;

/// Events that go to a partition at once, as bytes, which are the same however often they are sent.
pub(super) struct Packed {
    pub(super) topic: String,
    pub(super) partition: usize,
    /// Which of all events these are.
    pub(super) places: Vec<usize>,
    pub(super) bytes: Bytes,
}

/// Why events were not taken, or not all of them.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) why: String,
    pub(super) blame: Blame,
    /// Whether a broker has said so, of one topic.
    pub(super) is_answer: bool,
    /// Whether it would say so every time.
    pub(super) is_final: bool,
    /// Whether it may be over in a moment.
    pub(super) is_short: bool,
}

/// What became of what a leader was handed.
pub(super) struct Handed {
    /// What is to be sent again, and why.
    pub(super) left: Vec<Packed>,
    pub(super) refused: Option<Refused>,
    /// Why something is not to be sent again.
    pub(super) lasting: Option<Refused>,
    /// If it can be used again.
    pub(super) connection: Option<Broker>,
}

/// What a leader is being handed.
struct Handing {
    /// What was not sent yet.
    next: VecDeque<Packed>,
    /// What was sent, and is not answered yet.
    on_the_way: VecDeque<Packed>,
    /// What was refused and may be sent again, and what would come after that.
    left: Vec<Packed>,
    held: Vec<Packed>,
    /// The partitions of what was refused.
    refusing: Vec<(String, usize)>,
    refused: Option<Refused>,
    lasting: Option<Refused>,
}

/// Hands a leader what is for it, in that order, and tells the places of what it has as soon as it has said so. It
/// waits so long for the replicas.
pub(super) async fn hand(
    connecting: impl Future<Output = Result<Broker, String>>,
    batches: Vec<Packed>,
    patience: Duration,
    taken: UnboundedSender<Vec<usize>>,
) -> Handed {
    let (on_the_way, left, held, refusing) = Default::default();
    let (next, refused, lasting) = (batches.into(), None, None);
    let mut handing = Handing { next, on_the_way, left, held, refusing, refused, lasting };
    let handed = async {
        let mut broker = connecting.await?;
        handing.hand(&mut broker, patience, &taken).await.map(|()| broker)
    };
    let (connection, ended) = match handed.await {
        Ok(broker) => (Some(broker), None),
        Err(why) => (None, Some(Refused::broken(why))),
    };
    let Handing { next, on_the_way, mut left, held, refused, lasting, .. } = handing;
    // To each partition in the order in which it was.
    left.extend(on_the_way.into_iter().chain(held).chain(next));
    Handed { left, refused: ended.or(refused), lasting, connection }
}

impl Handing {
    /// An error is the end of the connection.
    async fn hand(
        &mut self,
        broker: &mut Broker,
        patience: Duration,
        taken: &UnboundedSender<Vec<usize>>,
    ) -> Result<(), String> {
        loop {
            while self.on_the_way.len() < MOST_ON_THE_WAY {
                let Some(batch) = self.next.pop_front() else { break };
                if self.is_held(&batch) {
                    self.held.push(batch);
                    continue;
                }
                let question = batch.question(patience);
                // It may have it, however this ends.
                self.on_the_way.push_back(batch);
                broker.send(&question, PRODUCE).await?;
            }
            if self.on_the_way.is_empty() {
                return Ok(());
            }
            let answer = broker.hear::<ProduceRequest>(PRODUCE).await?;
            let topic = answer.responses.into_iter().next();
            let partition = topic.and_then(|topic| topic.partition_responses.into_iter().next());
            let partition = partition.ok_or("the broker says nothing of what it was sent")?;
            let Some(batch) = self.on_the_way.pop_front() else { return Ok(()) };
            match judge(partition) {
                // Who has given up needs no answer.
                Ok(()) => drop(taken.send(batch.places)),
                Err(refused) => self.refuse(batch, refused),
            }
        }
    }

    /// Whether something was refused that comes before this: a leader forgets what it has when too much follows.
    fn is_held(&self, batch: &Packed) -> bool {
        let is_its = |(topic, partition): &(String, usize)| {
            *topic == batch.topic && *partition == batch.partition
        };
        self.refusing.iter().any(is_its)
    }

    fn refuse(&mut self, batch: Packed, refused: Refused) {
        self.refusing.push((batch.topic.clone(), batch.partition));
        if refused.is_short {
            self.refused = Some(refused);
            self.left.push(batch);
        } else {
            self.lasting.get_or_insert(refused);
        }
    }
}

impl Packed {
    fn question(&self, patience: Duration) -> ProduceRequest {
        let partition = PartitionProduceData::default()
            .with_index(self.partition.try_into().unwrap_or(i32::MAX))
            .with_records(Some(self.bytes.clone()));
        let topic = TopicProduceData::default()
            .with_name(TopicName(StrBytes::from_string(self.topic.clone())))
            .with_partition_data(vec![partition]);
        ProduceRequest::default()
            .with_transactional_id(None)
            .with_acks(ALL)
            .with_timeout_ms(patience.as_millis().try_into().unwrap_or(i32::MAX))
            .with_topic_data(vec![topic])
    }
}

impl Refused {
    /// What becomes of the events is not known.
    pub(super) fn broken(why: impl Into<String>) -> Self {
        Self { is_answer: false, blame: Blame::All, ..Self::answer(why.into()) }
    }

    /// A broker has said so.
    pub(super) fn answer(why: String) -> Self {
        Self { why, blame: Blame::One, is_answer: true, is_final: false, is_short: true }
    }
}

/// What a leader says of a batch.
fn judge(answer: PartitionProduceResponse) -> Result<(), Refused> {
    let error = ResponseError::try_from_code(answer.error_code);
    let Some(code) = told(answer.error_code) else { return Ok(()) };
    // It has it from before, and we have not heard that.
    if matches!(error, Some(ResponseError::DuplicateSequenceNumber)) {
        return Ok(());
    }
    let why = answer.error_message.map_or(code.clone(), |why| format!("{why}: {code}"));
    let is_final = matches!(
        error,
        Some(
            ResponseError::MessageTooLarge
                | ResponseError::RecordListTooLarge
                | ResponseError::InvalidRecord
        )
    );
    // What comes after something that was not taken is taken no sooner.
    let is_short = error.is_some_and(|error| {
        error.is_retriable() || matches!(error, ResponseError::OutOfOrderSequenceNumber)
    });
    Err(Refused { is_final, is_short, ..Refused::answer(why) })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::BufMut;
    use bytes::BytesMut;
    use kafka_protocol::ResponseError;
    use kafka_protocol::messages::ProduceResponse;
    use kafka_protocol::messages::produce_response::PartitionProduceResponse;
    use kafka_protocol::messages::produce_response::TopicProduceResponse;
    use kafka_protocol::protocol::Encodable;
    use tokio::io::AsyncReadExt;
    use tokio::io::AsyncWriteExt;
    use tokio::io::DuplexStream;
    use tokio::sync::mpsc;
    use tokio::time::timeout;

    use super::Broker;
    use super::Handed;
    use super::PRODUCE;
    use super::Packed;
    use super::hand;

    /// A leader at the other end of a connection.
    struct Leader {
        stream: DuplexStream,
        n_answered: i32,
    }

    impl Leader {
        /// Hears what comes until nothing more does, and gives how much that was.
        async fn hear(&mut self) -> usize {
            let mut count = 0;
            while let Ok(length) = timeout(Duration::from_secs(1), self.stream.read_u32()).await {
                let mut asked = vec![0; length.unwrap().try_into().unwrap()];
                self.stream.read_exact(&mut asked).await.unwrap();
                count += 1;
            }
            count
        }

        async fn say(&mut self, error: Option<ResponseError>) {
            let code = error.map_or(0, |error| error.code());
            let partition = PartitionProduceResponse::default().with_error_code(code);
            let topic = TopicProduceResponse::default().with_partition_responses(vec![partition]);
            self.n_answered += 1;
            let mut answer = BytesMut::new();
            answer.put_i32(self.n_answered);
            let said = ProduceResponse::default().with_responses(vec![topic]);
            said.encode(&mut answer, PRODUCE).unwrap();
            self.stream.write_u32(answer.len().try_into().unwrap()).await.unwrap();
            self.stream.write_all(&answer).await.unwrap();
        }
    }

    /// Hands batches of one event each for these partitions to a leader. Gives what is left, and what was taken.
    async fn handed(
        partitions: &[usize],
        leader: impl AsyncFnOnce(Leader),
    ) -> (Handed, Vec<usize>) {
        let (ours, stream) = tokio::io::duplex(1 << 16);
        let batches = partitions.iter().enumerate().map(|(place, partition)| Packed {
            topic: "a".to_owned(),
            partition: *partition,
            places: vec![place],
            bytes: "records".into(),
        });
        let (tell, mut told) = mpsc::unbounded_channel();
        let connecting = async { Ok(Broker::over(Box::pin(ours))) };
        let patience = Duration::from_secs(3);
        let handing = hand(connecting, batches.collect(), patience, tell);
        let (handed, ()) = tokio::join!(handing, leader(Leader { stream, n_answered: 0 }));
        let taken = std::iter::from_fn(|| told.try_recv().ok()).flatten().collect();
        (handed, taken)
    }

    fn places(left: &[Packed]) -> Vec<usize> {
        left.iter().flat_map(|batch| batch.places.iter().copied()).collect()
    }

    /// Nothing but the clock tells that nothing more comes.
    #[tokio::test(start_paused = true)]
    async fn no_more_is_on_its_way_than_a_leader_remembers() {
        let (handed, taken) = handed(&[0; 8], async |mut leader| {
            assert_eq!(leader.hear().await, 5);
            leader.say(None).await;
            assert_eq!(leader.hear().await, 1);
            for _ in 0..7 {
                leader.say(None).await;
            }
            assert_eq!(leader.hear().await, 2);
        })
        .await;
        assert_eq!((taken, handed.left.len()), ((0..8).collect(), 0));
        assert!(handed.connection.is_some() && handed.refused.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_after_a_refusal_waits_with_it() {
        let (handed, taken) = handed(&[0, 1, 0, 0, 0, 0, 1, 0], async |mut leader| {
            assert_eq!(leader.hear().await, 5);
            leader.say(Some(ResponseError::RequestTimedOut)).await;
            // That of the other partition.
            assert_eq!(leader.hear().await, 1);
            for _ in 0..5 {
                leader.say(None).await;
            }
        })
        .await;
        assert_eq!((taken, places(&handed.left)), (vec![1, 2, 3, 4, 6], vec![0, 5, 7]));
        assert_eq!(handed.refused.unwrap().why, "RequestTimedOut (7)");
        assert!(handed.connection.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_taken_before_the_end_is_told() {
        let (handed, taken) = handed(&[0; 8], async |mut leader| {
            assert_eq!(leader.hear().await, 5);
            leader.say(None).await;
            assert_eq!(leader.hear().await, 1);
        })
        .await;
        assert_eq!((taken, places(&handed.left)), (vec![0], (1..8).collect()));
        assert!(handed.connection.is_none() && handed.refused.is_some());
    }
}
