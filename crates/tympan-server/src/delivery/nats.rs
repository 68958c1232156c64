//! A subject of NATS: with JetStream, it has an event once a stream has acknowledged it.

mod client;
mod line;

use bytes::Bytes;
use serde_json::Value;
use tympan_core::config;
use tympan_core::outgoing;
use tympan_expr::Expression;
use tympan_journal::Later;
use tympan_journal::Leased;

use self::client::Answer;
use self::client::Client;
use self::client::Message;
use super::Deliver;
use super::Failure;
use super::each;
use super::kept;
use super::link::Link;
use super::remote::Remote;

/// The longest subject, in bytes: a server gives up connections whose lines are longer than 4 KiB.
const MOST_SUBJECT: usize = 2048;

/// What the subjects begin with at which clients wait for answers.
const INBOX: &str = "_INBOX";

/// What a server answers where nobody takes what was published (no responders).
const NOBODY: u16 = 503;

/// A subject of NATS.
#[derive(Debug)]
pub(super) struct NatsOut {
    remote: Remote,
    link: Link<Client>,
    name: String,
    subject: Expression,
    jetstream: bool,
}

impl NatsOut {
    pub(super) fn new(name: &str, nats: &config::Nats, remote: Remote) -> Self {
        let (subject, jetstream) = (nats.subject.clone(), nats.jetstream);
        Self { remote, link: Link::new(name), name: name.to_owned(), subject, jetstream }
    }

    async fn connect(&self) -> Result<Client, String> {
        let made = Client::connect(&self.remote, self.jetstream).await;
        made.map_err(|why| self.remote.said(why))
    }

    async fn publish(&self, event: &Leased) -> Result<(), Failure> {
        let kept = kept(event);
        let subject = outgoing::text(&self.subject, kept, "the subject");
        let subject = subject.map_err(Failure::lasting)?.unwrap_or_default();
        if !is_subject(&subject) {
            let why = format!("nothing can be published to the subject `{subject}`");
            return Err(Failure::lasting(self.remote.said(why)));
        }
        // A stream may be what several destinations publish to: to each, the event is another.
        let id = format!("{}/{}", self.name, outgoing::identity(kept));
        let message = Message { subject: &subject, id: &id, body: &event.body };
        let lent = self.link.get(self.connect()).await?;
        if let Some(most) = lent.connection.most_bytes.filter(|most| *most < message.len()) {
            lent.keep();
            // Before TLS anybody may have said so.
            let is_final = self.remote.url.scheme_str() != Some("tls");
            let why = format!("the server takes {most} bytes at most");
            return Err(Failure { is_final, ..Failure::passing(why) });
        }
        let published = if self.jetstream {
            lent.connection.ask(&message).await
        } else {
            lent.connection.tell(&message).await
        };
        // Whatever the server says of one message says nothing about the connection.
        if published.is_ok() {
            lent.keep();
        }
        let answer = published.map_err(|lost| lost.failure(&self.remote))?;
        taken(answer).map_err(|why| Failure::passing(self.remote.said(why)))
    }
}

impl Deliver for NatsOut {
    fn deliver<'d>(
        &'d self,
        events: &'d [Leased],
        taken: &'d mut Vec<usize>,
    ) -> Later<'d, Result<(), Failure>> {
        each(events, taken, move |event| self.publish(event))
    }

    fn concurrency(&self) -> usize {
        64
    }
}

/// Whether something was taken, or why not.
fn taken(answer: Answer) -> Result<(), String> {
    match answer {
        Answer::Passed => Ok(()),
        Answer::Refused(why) => Err(why),
        Answer::Said { status: Some(NOBODY), .. } => Err("no stream takes this subject".to_owned()),
        Answer::Said { body, .. } => acknowledged(&body),
    }
}

/// What a stream of JetStream answers: <https://docs.nats.io/reference/reference-protocols/nats_api_reference>.
fn acknowledged(answer: &Bytes) -> Result<(), String> {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    if let Some(why) = answer["error"]["description"].as_str() {
        return Err(why.to_owned());
    }
    if answer["stream"].is_string() && answer["seq"].is_u64() && answer["error"].is_null() {
        return Ok(());
    }
    Err("what has answered is no stream".to_owned())
}

/// Whether something can be published to a subject: what an event says may be no pattern, no order to
/// the server (`$JS.API.STREAM.PURGE`), and no answer to what others have asked.
fn is_subject(subject: &str) -> bool {
    let is_of_server = subject.starts_with('$') || subject.split('.').next() == Some(INBOX);
    let is_plain =
        |sign: char| !sign.is_whitespace() && !sign.is_control() && !matches!(sign, '"' | '\\');
    let is_token = |token: &str| !matches!(token, "" | "*" | ">") && token.chars().all(is_plain);
    !is_of_server && subject.len() <= MOST_SUBJECT && subject.split('.').all(is_token)
}

#[cfg(test)]
mod tests {
    use super::acknowledged;
    use super::is_subject;

    #[test]
    fn a_subject_is_no_pattern_no_order_and_no_two_lines() {
        for subject in ["events", "events.in", "a.b-c.ä", "a*.b", "a.$b", "_INBOX_b.c"] {
            assert!(is_subject(subject), "{subject}");
        }
        let long = "a".repeat(2049);
        for subject in
            ["", ".", "a.", "a..b", "*", "a.>", "a.*.b", "a b", "a\r\nPUB b", "a\0", &long]
        {
            assert!(!is_subject(subject), "{subject}");
        }
        for subject in ["$JS.API.STREAM.PURGE.EVENTS", "$SYS", "_INBOX.b.c", "a\"b", "a\\b"] {
            assert!(!is_subject(subject), "{subject}");
        }
    }

    #[test]
    fn only_a_stream_acknowledges() {
        for (answer, expected) in [
            (r#"{"stream": "EVENTS", "seq": 1}"#, Ok(())),
            (r#"{"stream": "EVENTS", "seq": 1, "duplicate": true}"#, Ok(())),
            (
                r#"{"error": {"code": 503, "description": "insufficient resources"}, "stream": "EVENTS", "seq": 0}"#,
                Err("insufficient resources"),
            ),
            (r#"{"error": {"code": 503}, "stream": "EVENTS", "seq": 0}"#, Err("no stream")),
            ("thanks", Err("no stream")),
            ("", Err("no stream")),
        ] {
            let found = acknowledged(&answer.into());
            match expected {
                Ok(()) => assert_eq!(found, Ok(()), "{answer}"),
                Err(why) => assert!(found.unwrap_err().contains(why), "{answer}"),
            }
        }
    }
}
