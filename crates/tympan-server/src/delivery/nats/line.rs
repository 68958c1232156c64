//! What a server of NATS says: lines, and messages after some of them
//! (<https://docs.nats.io/reference/reference-protocols/nats-protocol>).

use bytes::Buf;
use bytes::Bytes;
use bytes::BytesMut;
use memchr::memmem;
use serde_json::Value;

/// The longest line and the longest message that are listened to, in bytes. Nobody sends us more than
/// an acknowledgement, and a server with all of its cluster.
const MOST: usize = 64 << 10;

/// One thing that a server says.
#[derive(Debug, PartialEq)]
pub(super) enum Said {
    /// What it is.
    Info(Value),
    /// It wants to know whether we are there.
    Ping,
    /// It has heard everything up to our last question.
    Pong,
    /// It has understood.
    Fine,
    /// It has not, or does not want to.
    Error(String),
    /// Somebody has sent something.
    Message {
        subject: String,
        /// What its headers begin with, if it has some.
        status: Option<u16>,
        body: Bytes,
    },
}

impl Said {
    /// Takes the next thing off what came, if all of it is there.
    pub(super) fn read(incoming: &mut BytesMut) -> Result<Option<Self>, String> {
        let Some(length) = memmem::find(incoming, b"\r\n") else {
            return if incoming.len() > MOST { Err(unknown()) } else { Ok(None) };
        };
        let line = std::str::from_utf8(&incoming[..length]).map_err(|_| unknown())?;
        let (verb, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
        let said = match verb.to_ascii_uppercase().as_str() {
            "PING" => Self::Ping,
            "PONG" => Self::Pong,
            "+OK" => Self::Fine,
            "-ERR" => Self::Error(rest.trim().trim_matches('\'').to_owned()),
            "INFO" => Self::Info(serde_json::from_str(rest).map_err(|_| unknown())?),
            verb @ ("MSG" | "HMSG") => {
                let Head { subject, headers, all } = Head::read(rest, verb == "HMSG")?;
                let end = length + 2 + all;
                if incoming.len() < end + 2 {
                    return Ok(None);
                }
                incoming.advance(length + 2);
                let mut body = incoming.split_to(all).freeze();
                incoming.advance(2);
                let head = body.split_to(headers);
                return Ok(Some(Self::Message { subject, status: status(&head), body }));
            }
            _ => return Err(unknown()),
        };
        incoming.advance(length + 2);
        Ok(Some(said))
    }
}

/// What the line before a message says.
struct Head {
    subject: String,
    /// How long its headers are, in bytes, and how long it is with them.
    headers: usize,
    all: usize,
}

impl Head {
    fn read(line: &str, has_headers: bool) -> Result<Self, String> {
        let words: Vec<_> = line.split_whitespace().collect();
        let (subject, lengths) = match (words.as_slice(), has_headers) {
            ([subject, _, all] | [subject, _, _, all], false) => (subject, ["0", all]),
            ([subject, _, head, all] | [subject, _, _, head, all], true) => (subject, [*head, all]),
            _ => return Err(unknown()),
        };
        let [headers, all] = lengths.map(|length| length.parse().ok());
        match (headers, all) {
            (Some(headers), Some(all)) if headers <= all && all <= MOST => {
                Ok(Self { subject: (*subject).to_owned(), headers, all })
            }
            _ => Err(unknown()),
        }
    }
}

/// `NATS/1.0 503`
fn status(head: &[u8]) -> Option<u16> {
    let line = std::str::from_utf8(head.strip_prefix(b"NATS/1.0")?).ok()?.lines().next()?;
    line.split_whitespace().next()?.parse().ok()
}

fn unknown() -> String {
    "what answers is no server of NATS, or says what nobody understands".to_owned()
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;
    use proptest::prelude::any;
    use proptest::proptest;
    use serde_json::json;

    use super::Said;

    fn message(subject: &str, status: Option<u16>, body: &str) -> Said {
        Said::Message { subject: subject.to_owned(), status, body: body.to_owned().into() }
    }

    #[test]
    fn what_a_server_says() {
        let said = "INFO {\"headers\":true} \r\nPING\r\npong\r\n+OK\r\n-ERR 'Authorization Violation'\r\n\
            MSG a.1 1 3\r\n\r\nx\r\nMSG a.2 1 reply 0\r\n\r\nHMSG a.3 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n\
            HMSG a.4 1 reply 18 20\r\nNATS/1.0\r\nA: b\r\n\r\n{}\r\n";
        let expected = [
            Said::Info(json!({"headers": true})),
            Said::Ping,
            Said::Pong,
            Said::Fine,
            Said::Error("Authorization Violation".to_owned()),
            message("a.1", None, "\r\nx"),
            message("a.2", None, ""),
            message("a.3", Some(503), ""),
            message("a.4", None, "{}"),
        ];
        // However it comes in.
        for piece in [1, 7, said.len()] {
            let (mut incoming, mut found) = (BytesMut::new(), Vec::new());
            for bytes in said.as_bytes().chunks(piece) {
                incoming.extend_from_slice(bytes);
                while let Some(said) = Said::read(&mut incoming).unwrap() {
                    found.push(said);
                }
            }
            assert_eq!(found, expected);
            assert!(incoming.is_empty());
        }
    }

    #[test]
    fn what_nobody_understands_is_the_end() {
        let long = "x".repeat(70_000);
        for said in [
            "HTTP/1.1 400 Bad Request\r\n",
            "INFO {\r\n",
            "MSG a 1\r\n",
            "MSG a 1 -1\r\n",
            "MSG a 1 99999999999\r\n",
            "HMSG a 1 4 3\r\nabcd\r\n",
            &long,
        ] {
            assert!(Said::read(&mut said.into()).is_err(), "{said}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(bytes in any::<Vec<u8>>(), head in "(MSG|HMSG) a 1 [0-9]{1,2}( [0-9]{1,2})?\r\n") {
            let mut incoming = BytesMut::from(head.as_bytes());
            incoming.extend_from_slice(&bytes);
            while let Ok(Some(_)) = Said::read(&mut incoming) {}
        }
    }
}
