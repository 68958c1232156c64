//! Bytes to and from a server with a protocol of its own, both ways at once.

use std::io;
use std::pin::Pin;

use bytes::BytesMut;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::io::ReadHalf;
use tokio::io::WriteHalf;

use super::Blame;
use super::Failure;
use super::remote::Remote;
use crate::outbound::connect::Stream;

/// How much is read at once, in bytes.
const READ: usize = 4 << 10;

/// A connection, what has come of it and was not read yet, and what is to be sent.
pub(super) struct Wire {
    reader: ReadHalf<Pin<Box<dyn Stream>>>,
    writer: WriteHalf<Pin<Box<dyn Stream>>>,
    incoming: BytesMut,
    outgoing: BytesMut,
    is_sent: bool,
}

/// Why nobody knows what became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lost {
    pub(super) why: String,
    /// Whether another message is to blame.
    pub(super) is_of_another: bool,
}

impl Wire {
    pub(super) fn new(stream: Pin<Box<dyn Stream>>) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        let (incoming, outgoing) = Default::default();
        Self { reader, writer, incoming, outgoing, is_sent: true }
    }

    /// The connection again, of which nothing may have come that was not read: what follows is
    /// encrypted, and what stood before that may be anybody's.
    #[cfg(feature = "nats")]
    pub(super) fn into_stream(self) -> Result<Pin<Box<dyn Stream>>, String> {
        if !self.incoming.is_empty() {
            return Err("the server says more before TLS than it should".to_owned());
        }
        Ok(self.reader.unsplit(self.writer))
    }

    /// Sends this, as soon as somebody asks what is said next.
    pub(super) fn say(&mut self, bytes: &[u8]) {
        self.outgoing.extend_from_slice(bytes);
        self.is_sent = false;
    }

    /// What is said next, as somebody understands what came who takes it off that, or waits for more.
    /// Whoever asks may give up at any time, and ask again. How much may come before it is understood is for
    /// `read` to say.
    pub(super) async fn next<T>(
        &mut self,
        read: impl Fn(&mut BytesMut) -> Result<Option<T>, String>,
    ) -> Result<T, String> {
        loop {
            if let Some(said) = read(&mut self.incoming)? {
                return Ok(said);
            }
            self.incoming.reserve(READ);
            let moved = tokio::select! {
                read = self.reader.read_buf(&mut self.incoming) => match read {
                    Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
                    read => read.map(drop),
                },
                // What was sent of it is no longer in it, whenever this ends.
                sent = send(&mut self.writer, &mut self.outgoing), if !self.is_sent => {
                    self.is_sent = true;
                    // What was much takes no room any more.
                    self.outgoing = BytesMut::new();
                    sent
                }
            };
            moved.map_err(|error| format!("the connection ended: {error}"))?;
        }
    }
}

impl Lost {
    pub(super) fn failure(self, remote: &Remote) -> Failure {
        if !self.is_of_another {
            return Failure::passing(remote.said(self.why));
        }
        let why = remote.said(format!("another message ended the connection: {}", self.why));
        Failure { blame: Blame::Another, ..Failure::passing(why) }
    }
}

impl From<String> for Lost {
    fn from(why: String) -> Self {
        Self { why, is_of_another: false }
    }
}

async fn send(
    writer: &mut WriteHalf<Pin<Box<dyn Stream>>>,
    outgoing: &mut BytesMut,
) -> io::Result<()> {
    writer.write_all_buf(outgoing).await?;
    writer.flush().await
}

#[cfg(test)]
mod tests {
    use bytes::Buf;
    use bytes::BytesMut;
    use tokio::io::AsyncReadExt;
    use tokio::io::AsyncWriteExt;

    use super::READ;
    use super::Wire;

    #[tokio::test]
    async fn what_was_said_and_heard_takes_no_room() {
        const COUNT: usize = 1000;
        let (ours, mut theirs) = tokio::io::duplex(1 << 10);
        let mut wire = Wire::new(Box::pin(ours));
        for _ in 0..COUNT {
            wire.say(&[7; 1000]);
        }
        let server = async {
            let mut heard = vec![0; COUNT * 1000];
            theirs.read_exact(&mut heard).await.unwrap();
            assert!(heard.iter().all(|byte| *byte == 7));
            theirs.write_all(&heard).await.unwrap();
        };
        let one = |incoming: &mut BytesMut| Ok((!incoming.is_empty()).then(|| incoming.get_u8()));
        let client = async {
            for _ in 0..COUNT * 1000 {
                assert_eq!(wire.next(one).await, Ok(7));
            }
        };
        tokio::join!(server, client);
        assert_eq!(wire.outgoing.capacity(), 0);
        assert!(wire.incoming.capacity() <= 2 * READ, "{}", wire.incoming.capacity());
    }
}
