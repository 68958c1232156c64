//! Whether an answer of a broker has all that it counts, before anything is made of it.
//!
//! The library makes room for as many items as an answer says that it has, and four bytes can say that they are
//! two thousand millions.

use bytes::Buf;
use kafka_protocol::messages::ApiKey;

use self::Part::Bytes;
use self::Part::Items;
use self::Part::Text;
use super::broker::AUTHENTICATE;
use super::broker::HANDSHAKE;
use super::cluster::METADATA;
use super::leader::PRODUCE;
use super::producer::START;

/// A part of an answer.
enum Part {
    /// So many bytes.
    Bytes(usize),
    /// A text after its length, or none.
    Text,
    /// Items after their count, or none.
    Items(&'static [Part]),
}

/// Version 8: what it takes, brokers, the cluster with its controller, topics with their partitions.
const METADATA_8: &[Part] = &[
    Bytes(4),
    Items(&[Bytes(4), Text, Bytes(4), Text]),
    Text,
    Bytes(4),
    Items(&[Bytes(2), Text, Bytes(1), Items(PARTITION), Bytes(4)]),
    Bytes(4),
];
const PARTITION: &[Part] = &[Bytes(14), Items(&[Bytes(4)]), Items(&[Bytes(4)]), Items(&[Bytes(4)])];

/// Version 8: topics with their partitions, and what is wrong with records.
const PRODUCE_8: &[Part] =
    &[Items(&[Text, Items(&[Bytes(30), Items(&[Bytes(4), Text]), Text])]), Bytes(4)];

/// Version 1: an error, and the ways to prove who one is.
const HANDSHAKE_1: &[Part] = &[Bytes(2), Items(&[Text])];

/// Whether an answer to a question has everything that it counts, in the version in which we ask it
/// (<https://kafka.apache.org/protocol>). Of any other nobody knows.
pub(super) fn is_whole(question: i16, version: i16, mut answer: &[u8]) -> bool {
    let Ok(question) = ApiKey::try_from(question) else { return false };
    let parts = match (question, version) {
        (ApiKey::Metadata, METADATA) => METADATA_8,
        (ApiKey::Produce, PRODUCE) => PRODUCE_8,
        (ApiKey::SaslHandshake, HANDSHAKE) => HANDSHAKE_1,
        // Nothing is counted in these.
        (ApiKey::InitProducerId, START) | (ApiKey::SaslAuthenticate, AUTHENTICATE) => &[],
        _ => return false,
    };
    skip(parts, &mut answer).is_some()
}

/// Each item has a byte at least, so that this takes no longer than an answer is long.
fn skip(parts: &[Part], answer: &mut &[u8]) -> Option<()> {
    for part in parts {
        match part {
            Bytes(count) => *answer = answer.get(*count..)?,
            Text => {
                let length = usize::try_from(answer.try_get_i16().ok()?).unwrap_or_default();
                *answer = answer.get(length..)?;
            }
            Items(item) => {
                for _ in 0..answer.try_get_i32().ok()? {
                    skip(item, answer)?;
                }
            }
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;
    use kafka_protocol::messages::ApiKey;
    use kafka_protocol::messages::BrokerId;
    use kafka_protocol::messages::MetadataResponse;
    use kafka_protocol::messages::ProduceResponse;
    use kafka_protocol::messages::SaslHandshakeResponse;
    use kafka_protocol::messages::TopicName;
    use kafka_protocol::messages::metadata_response::MetadataResponseBroker;
    use kafka_protocol::messages::metadata_response::MetadataResponsePartition;
    use kafka_protocol::messages::metadata_response::MetadataResponseTopic;
    use kafka_protocol::messages::produce_response::BatchIndexAndErrorMessage;
    use kafka_protocol::messages::produce_response::PartitionProduceResponse;
    use kafka_protocol::messages::produce_response::TopicProduceResponse;
    use kafka_protocol::protocol::Encodable;
    use kafka_protocol::protocol::StrBytes;

    use super::is_whole;

    fn bytes(answer: &impl Encodable, version: i16) -> BytesMut {
        let mut bytes = BytesMut::new();
        answer.encode(&mut bytes, version).unwrap();
        bytes
    }

    #[test]
    fn what_ends_where_it_should_is_whole() {
        let text = StrBytes::from_static_str("a");
        let broker = MetadataResponseBroker::default().with_host(text.clone());
        let partition = MetadataResponsePartition::default().with_isr_nodes(vec![BrokerId(1)]);
        let topic = MetadataResponseTopic::default()
            .with_name(Some(TopicName::default()))
            .with_partitions(vec![partition; 2]);
        let metadata = MetadataResponse::default()
            .with_brokers(vec![broker.clone(), broker.with_rack(Some(text.clone()))])
            .with_topics(vec![topic; 2]);
        let wrong = BatchIndexAndErrorMessage::default().with_batch_index_error_message(None);
        let partition = PartitionProduceResponse::default()
            .with_record_errors(vec![wrong; 2])
            .with_error_message(Some(text.clone()));
        let topic = TopicProduceResponse::default().with_partition_responses(vec![partition; 2]);
        let produce = ProduceResponse::default().with_responses(vec![topic]);
        let handshake = SaslHandshakeResponse::default().with_mechanisms(vec![text; 2]);
        for (question, version, answer) in [
            (ApiKey::Metadata, 8, bytes(&metadata, 8)),
            (ApiKey::Produce, 8, bytes(&produce, 8)),
            (ApiKey::SaslHandshake, 1, bytes(&handshake, 1)),
        ] {
            assert!(is_whole(question as i16, version, &answer), "{question:?}");
            // Not a byte less, and in no other version.
            for end in 0..answer.len() {
                assert!(!is_whole(question as i16, version, &answer[..end]), "{question:?} {end}");
            }
            assert!(!is_whole(question as i16, version + 1, &answer), "{question:?}");
        }
    }
}
