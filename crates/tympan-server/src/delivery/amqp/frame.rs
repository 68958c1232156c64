//! What is said in AMQP 0-9-1, as bytes: as much of it as publishing takes
//! (<https://www.rabbitmq.com/resources/specs/amqp0-9-1.pdf>, chapters 1.4 and 4.2).

use bytes::Buf;
use bytes::BufMut;
use bytes::Bytes;
use bytes::BytesMut;

/// What a client begins with.
pub(super) const PROTOCOL: [u8; 8] = *b"AMQP\0\0\x09\x01";

/// The one channel beside that of the connection itself, which is 0.
pub(super) const CHANNEL: u16 = 1;

/// The longest frames, in bytes: as long as we ask for. A message that is returned comes in such frames, too.
pub(super) const MOST: u32 = 128 << 10;

/// What stands around the payload of a frame, in bytes.
const AROUND: usize = 8;

const METHOD: u8 = 1;
const HEADER: u8 = 2;
const BODY: u8 = 3;
const HEARTBEAT: u8 = 8;
const END: u8 = 0xce;

/// A method by its class and its own number.
pub(super) type Method = (u16, u16);

pub(super) const START_OK: Method = (10, 11);
pub(super) const TUNE_OK: Method = (10, 31);
pub(super) const OPEN: Method = (10, 40);
pub(super) const OPEN_OK: Method = (10, 41);
pub(super) const CLOSE: Method = (10, 50);
pub(super) const CLOSE_OK: Method = (10, 51);
pub(super) const CHANNEL_OPEN: Method = (20, 10);
pub(super) const CHANNEL_OPEN_OK: Method = (20, 11);
pub(super) const CONFIRM: Method = (85, 10);
pub(super) const CONFIRM_OK: Method = (85, 11);
const START: Method = (10, 10);
const TUNE: Method = (10, 30);
const BLOCKED: Method = (10, 60);
const CHANNEL_CLOSE: Method = (20, 40);
const PUBLISH: Method = (60, 40);
const RETURN: Method = (60, 50);
const ACK: Method = (60, 80);
const NACK: Method = (60, 120);

/// What a server says of a message that is too large, as the protocol has it (content too large) and as
/// `RabbitMQ` says it (precondition failed).
const TOO_LARGE: [u16; 2] = [311, 406];

/// What it says of one that we may not publish (access refused).
const REFUSED: u16 = 403;

/// A message goes to a queue or comes back.
const MANDATORY: u8 = 1;

/// Which properties a message has: its media type, whether it is persistent, its id.
const CONTENT_TYPE: u16 = 1 << 15;
const DELIVERY_MODE: u16 = 1 << 12;
const MESSAGE_ID: u16 = 1 << 7;
const PERSISTENT: u8 = 2;

/// One thing that a server says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// It is there, and knows these ways to prove who one is.
    Start { mechanisms: String },
    /// How long frames may be, in bytes, and after how many seconds of silence somebody is gone; 0 for
    /// any.
    Tune { most_bytes: u32, heartbeat: u16 },
    /// It has a message, or all up to it.
    Ack { number: u64, up_to: bool },
    /// It could not keep a message, or all up to it.
    Nack { number: u64, up_to: bool },
    /// No queue takes a message.
    Returned { why: String, routing_key: String },
    /// It takes nothing any more.
    Over { why: String, of: Cause },
    /// Anything else, such as that it has done what it was told.
    Other(Method),
    /// It is still there, or says what nothing follows from.
    Nothing,
}

/// Why a server takes nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// A message is too large.
    Large,
    /// We may not publish a message.
    Refused,
    /// Anything else.
    Other,
}

/// An event on its way.
pub(super) struct Message<'m> {
    pub(super) exchange: &'m str,
    pub(super) routing_key: &'m str,
    pub(super) id: Option<&'m str>,
    pub(super) body: &'m [u8],
}

impl Said {
    /// Takes the next thing off what came, if all of it is there.
    pub(super) fn read(incoming: &mut BytesMut) -> Result<Option<Self>, String> {
        let mut head = &incoming[..];
        let Ok(kind) = head.try_get_u8() else { return Ok(None) };
        if !matches!(kind, METHOD | HEADER | BODY | HEARTBEAT) {
            return Err("what answers is no server of AMQP 0-9-1".to_owned());
        }
        let (Ok(_), Ok(length)) = (head.try_get_u16(), head.try_get_u32()) else { return Ok(None) };
        if length > MOST {
            return Err("the server says more at once than anybody listens to".to_owned());
        }
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if incoming.len() < length + AROUND {
            return Ok(None);
        }
        incoming.advance(AROUND - 1);
        let mut payload = incoming.split_to(length).freeze();
        if incoming.get_u8() != END {
            return Err("the server says what nobody understands".to_owned());
        }
        if kind != METHOD {
            return Ok(Some(Self::Nothing));
        }
        let said = Self::method(&mut payload);
        said.map(Some).ok_or_else(|| "the server says what nobody understands".to_owned())
    }

    /// `None` for what ends too early.
    fn method(bytes: &mut Bytes) -> Option<Self> {
        let method = (bytes.try_get_u16().ok()?, bytes.try_get_u16().ok()?);
        Some(match method {
            START => {
                let _version = bytes.try_get_u16().ok()?;
                let _properties = long(bytes)?;
                Self::Start { mechanisms: text(&long(bytes)?) }
            }
            TUNE => {
                let _most_channels = bytes.try_get_u16().ok()?;
                let most_bytes = bytes.try_get_u32().ok()?;
                Self::Tune { most_bytes, heartbeat: bytes.try_get_u16().ok()? }
            }
            ACK | NACK => {
                let number = bytes.try_get_u64().ok()?;
                let up_to = bytes.try_get_u8().ok()? & 1 == 1;
                if method == ACK {
                    Self::Ack { number, up_to }
                } else {
                    Self::Nack { number, up_to }
                }
            }
            RETURN => {
                let code = bytes.try_get_u16().ok()?;
                let (why, _exchange) = (short(bytes)?, short(bytes)?);
                let why = format!("no queue takes it: {why} ({code})");
                Self::Returned { why, routing_key: short(bytes)? }
            }
            CLOSE | CHANNEL_CLOSE => {
                let code = bytes.try_get_u16().ok()?;
                let why = format!("{} ({code})", short(bytes)?);
                let of = (bytes.try_get_u16().ok()?, bytes.try_get_u16().ok()?);
                let of = match (of, code) {
                    (PUBLISH, code) if TOO_LARGE.contains(&code) => Cause::Large,
                    (PUBLISH, REFUSED) => Cause::Refused,
                    _ => Cause::Other,
                };
                Self::Over { why, of }
            }
            BLOCKED => {
                let why = format!("the server takes nothing for now: {}", short(bytes)?);
                Self::Over { why, of: Cause::Other }
            }
            other => Self::Other(other),
        })
    }
}

impl Message<'_> {
    /// The message as frames of which none is too long.
    pub(super) fn frames(&self, most_bytes: usize) -> Vec<u8> {
        let mut frames = Vec::with_capacity(self.body.len() + 512);
        let publish = method(CHANNEL, PUBLISH, |arguments| {
            arguments.put_u16(0);
            put_short(arguments, self.exchange);
            put_short(arguments, self.routing_key);
            arguments.put_u8(MANDATORY);
        });
        frames.extend_from_slice(&publish);
        let mut header = Vec::new();
        header.put_u16(PUBLISH.0);
        header.put_u16(0);
        header.put_u64(self.body.len() as u64);
        let id = if self.id.is_some() { MESSAGE_ID } else { 0 };
        header.put_u16(CONTENT_TYPE | DELIVERY_MODE | id);
        put_short(&mut header, "application/cloudevents+json");
        header.put_u8(PERSISTENT);
        if let Some(id) = self.id {
            put_short(&mut header, id);
        }
        put_frame(&mut frames, HEADER, CHANNEL, &header);
        for part in self.body.chunks(most_bytes.saturating_sub(AROUND).max(1)) {
            put_frame(&mut frames, BODY, CHANNEL, part);
        }
        frames
    }
}

/// What says that we are still there.
pub(super) fn heartbeat() -> Vec<u8> {
    let mut frame = Vec::new();
    put_frame(&mut frame, HEARTBEAT, 0, &[]);
    frame
}

/// A method with its arguments, as a frame.
pub(super) fn method(channel: u16, method: Method, put: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut payload = Vec::new();
    payload.put_u16(method.0);
    payload.put_u16(method.1);
    put(&mut payload);
    let mut frame = Vec::with_capacity(payload.len() + AROUND);
    put_frame(&mut frame, METHOD, channel, &payload);
    frame
}

fn put_frame(frames: &mut Vec<u8>, kind: u8, channel: u16, payload: &[u8]) {
    frames.put_u8(kind);
    frames.put_u16(channel);
    frames.put_u32(length(payload));
    frames.put_slice(payload);
    frames.put_u8(END);
}

/// Whether a text fits where its length is one byte.
pub(super) fn is_short(text: &str) -> bool {
    u8::try_from(text.len()).is_ok()
}

/// A text whose length is one byte; see [`is_short`].
pub(super) fn put_short(out: &mut Vec<u8>, text: &str) {
    out.put_u8(
        u8::try_from(text.len()).expect("nobody calls without having asked whether it is short"),
    );
    out.put_slice(text.as_bytes());
}

pub(super) fn put_long(out: &mut Vec<u8>, bytes: &[u8]) {
    out.put_u32(length(bytes));
    out.put_slice(bytes);
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("no event is as long as that")
}

fn short(bytes: &mut Bytes) -> Option<String> {
    let length = bytes.try_get_u8().ok()?;
    part(bytes, length.into()).map(|bytes| text(&bytes))
}

fn long(bytes: &mut Bytes) -> Option<Bytes> {
    let length = bytes.try_get_u32().ok()?;
    part(bytes, length.try_into().ok()?)
}

fn part(bytes: &mut Bytes, length: usize) -> Option<Bytes> {
    (length <= bytes.len()).then(|| bytes.split_to(length))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use bytes::BufMut;
    use bytes::BytesMut;
    use proptest::prelude::any;
    use proptest::proptest;

    use super::Cause;
    use super::Message;
    use super::Said;
    use super::method;
    use super::put_long;
    use super::put_short;

    #[test]
    fn what_a_server_says() {
        let start = method(0, super::START, |out| {
            out.put_u16(9);
            put_long(out, b"\x01aS\0\0\0\x01b");
            put_long(out, b"AMQPLAIN PLAIN");
            put_long(out, b"en_US");
        });
        let ack = method(1, super::ACK, |out| {
            out.put_u64(7);
            out.put_u8(1);
        });
        let returned = method(1, super::RETURN, |out| {
            out.put_u16(312);
            put_short(out, "NO_ROUTE");
            put_short(out, "");
            put_short(out, "orders");
        });
        let close = method(1, super::CHANNEL_CLOSE, |out| {
            out.put_u16(404);
            put_short(out, "NOT_FOUND - no exchange");
            out.put_u32(0);
        });
        let too_large = method(1, super::CHANNEL_CLOSE, |out| {
            out.put_u16(311);
            put_short(out, "TOO_LARGE");
            out.put_u16(60);
            out.put_u16(40);
        });
        let said = [start, super::heartbeat(), ack, returned, close, too_large].concat();
        let expected = [
            Said::Start { mechanisms: "AMQPLAIN PLAIN".to_owned() },
            Said::Nothing,
            Said::Ack { number: 7, up_to: true },
            Said::Returned {
                why: "no queue takes it: NO_ROUTE (312)".to_owned(),
                routing_key: "orders".to_owned(),
            },
            Said::Over { why: "NOT_FOUND - no exchange (404)".to_owned(), of: Cause::Other },
            Said::Over { why: "TOO_LARGE (311)".to_owned(), of: Cause::Large },
        ];
        // However it comes in.
        for piece in [1, 7, said.len()] {
            let (mut incoming, mut found) = (BytesMut::new(), Vec::new());
            for bytes in said.chunks(piece) {
                incoming.extend_from_slice(bytes);
                while let Some(said) = Said::read(&mut incoming).unwrap() {
                    found.push(said);
                }
            }
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_body_is_cut_into_frames() {
        let message = Message { exchange: "", routing_key: "q", id: Some("1"), body: &[0; 10] };
        let frames = message.frames(12);
        // A frame of four bytes at most, and what stands around them.
        let bodies = frames.windows(7).filter(|at| at[..3] == [3, 0, 1]).map(|at| at[6]);
        assert_eq!(bodies.collect::<Vec<_>>(), [4, 4, 2]);
        assert_eq!(frames.last(), Some(&0xce));
    }

    #[test]
    fn what_nobody_understands_is_the_end() {
        let long: &[u8] = b"\x01\0\0\x7f\0\0\0";
        let no_end: &[u8] = b"\x08\0\0\0\0\0\0\0";
        let too_short: &[u8] = b"\x01\0\0\0\0\0\x04\0\x0a\0\x0a\xce";
        let other: &[u8] = b"HTTP/1.1 400 \r\n\r\n";
        for said in [&super::PROTOCOL, other, long, no_end, too_short] {
            assert!(Said::read(&mut said.into()).is_err(), "{said:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(payload in any::<Vec<u8>>(), class in 0_u16..90, number in 0_u16..121) {
            let said = method(0, (class, number), |out| out.put_slice(&payload));
            let mut incoming = BytesMut::from(&said[..]);
            incoming.extend_from_slice(&payload);
            while let Ok(Some(_)) = Said::read(&mut incoming) {}
        }
    }
}
