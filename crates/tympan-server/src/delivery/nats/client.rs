//! A connection to a server of NATS that many messages are on their way on at once.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use serde_json::Value;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::sync::oneshot;

use super::INBOX;
use super::line::Said;
use crate::delivery::remote::Remote;
use crate::delivery::remote::nonce;
use crate::delivery::wire::Lost;
use crate::delivery::wire::Wire;

const PORT: u16 = 4222;

/// How many messages may wait until they are sent.
const QUEUE: usize = 64;

/// A connection, which ends with the last of its clones.
#[derive(Clone)]
pub(super) struct Client {
    /// How many bytes a message may have with its headers, if the server says so.
    pub(super) most_bytes: Option<usize>,
    /// What the subjects begin with at which answers come.
    inbox: Arc<str>,
    number: Arc<AtomicU64>,
    orders: mpsc::Sender<Order>,
    /// Why it has ended, once it has.
    ended: Arc<OnceLock<Lost>>,
}

/// An event on its way.
pub(super) struct Message<'m> {
    pub(super) subject: &'m str,
    /// By which a stream knows what comes again.
    pub(super) id: &'m str,
    pub(super) body: &'m [u8],
}

/// What became of a message.
#[derive(Debug)]
pub(super) enum Answer {
    /// The server has it.
    Passed,
    /// The server does not let us.
    Refused(String),
    /// Whoever took it has answered.
    Said { status: Option<u16>, body: Bytes },
}

/// Something to be sent.
struct Order {
    bytes: Vec<u8>,
    /// Of the answer; without one, whoever has sent it waits until the server has heard it.
    number: Option<u64>,
    waiting: Waiting,
}

/// Who wants to know what became of a message.
struct Waiting {
    /// The subject in quotes, as the server names it.
    subject: String,
    /// Whether it does so sign by sign, in any case.
    is_literal: bool,
    answer: oneshot::Sender<Result<Answer, Lost>>,
}

/// What keeps a connection going.
struct Driver {
    wire: Wire,
    /// Those who wait for an answer, by its number.
    asking: HashMap<u64, Waiting>,
    /// Those who wait until the server has heard them, with what it has said of their messages.
    telling: VecDeque<(Waiting, Answer)>,
    ended: Arc<OnceLock<Lost>>,
}

impl Client {
    /// Connects, to wait for answers or not: for those we need to be allowed to subscribe.
    pub(super) async fn connect(remote: &Remote, is_answered: bool) -> Result<Self, String> {
        let is_tls = remote.url.scheme_str() == Some("tls");
        let mut wire = Wire::new(remote.open(PORT, false).await?);
        let Said::Info(info) = wire.next(Said::read).await? else {
            return Err("what answers is no server of NATS".to_owned());
        };
        let is = |name: &str| info[name] == Value::Bool(true);
        match (is_tls, is("tls_required"), is("tls_available")) {
            (true, false, false) => return Err("the server speaks no TLS".to_owned()),
            (true, ..) => wire = Wire::new(remote.secure(wire.into_stream()?).await?),
            (false, true, _) => return Err("the server wants TLS: a URL with `tls://`".to_owned()),
            (false, ..) => {}
        }
        if !is("headers") {
            return Err("the server is too old: it takes no headers".to_owned());
        }
        // Subjects that nobody else uses.
        let inbox = format!("{INBOX}.{}.", nonce()?);
        let hello = hello(remote, is_tls)?;
        wire.say(format!("CONNECT {hello}\r\n").as_bytes());
        if is_answered {
            wire.say(format!("SUB {inbox}* 1\r\n").as_bytes());
        }
        wire.say(b"PING\r\n");
        loop {
            match wire.next(Said::read).await? {
                Said::Pong => break,
                Said::Ping => wire.say(b"PONG\r\n"),
                Said::Error(why) => return Err(why),
                Said::Info(_) | Said::Fine | Said::Message { .. } => {}
            }
        }
        let (orders, wanted) = mpsc::channel(QUEUE);
        let (asking, telling, ended) = Default::default();
        let driver = Driver { wire, asking, telling, ended: Arc::clone(&ended) };
        tokio::spawn(driver.run(wanted));
        let most_bytes = info["max_payload"].as_u64().and_then(|most| most.try_into().ok());
        let (inbox, number) = (inbox.into(), Arc::default());
        Ok(Self { most_bytes, inbox, number, orders, ended })
    }

    /// Publishes a message, and waits for whoever takes it. An error says nothing about what became
    /// of it.
    pub(super) async fn ask(&self, message: &Message<'_>) -> Result<Answer, Lost> {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let reply_to = format!(" {}{number}", self.inbox);
        self.send(message.bytes(&reply_to), Some(number), message.subject).await
    }

    /// Publishes a message, and waits until the server has heard it.
    pub(super) async fn tell(&self, message: &Message<'_>) -> Result<Answer, Lost> {
        let mut bytes = message.bytes("");
        bytes.extend_from_slice(b"PING\r\n");
        self.send(bytes, None, message.subject).await
    }

    async fn send(
        &self,
        bytes: Vec<u8>,
        number: Option<u64>,
        subject: &str,
    ) -> Result<Answer, Lost> {
        let (answer, answered) = oneshot::channel();
        let is_literal = subject.bytes().all(|byte| byte.is_ascii_graphic());
        let waiting = Waiting { subject: format!("\"{subject}\""), is_literal, answer };
        let ended = || {
            let why = self.ended.get().cloned();
            why.unwrap_or_else(|| Lost::from("the connection ended".to_owned()))
        };
        self.orders.send(Order { bytes, number, waiting }).await.map_err(|_| ended())?;
        answered.await.unwrap_or_else(|_| Err(ended()))
    }
}

impl Message<'_> {
    /// How much of a server's bound it takes.
    pub(super) fn len(&self) -> usize {
        self.headers().len() + self.body.len()
    }

    fn headers(&self) -> String {
        let Self { id, .. } = self;
        format!(
            "NATS/1.0\r\nNats-Msg-Id: {id}\r\nContent-Type: application/cloudevents+json\r\n\r\n"
        )
    }

    fn bytes(&self, reply_to: &str) -> Vec<u8> {
        let (headers, subject) = (self.headers(), self.subject);
        let (head, all) = (headers.len(), headers.len() + self.body.len());
        let line = format!("HPUB {subject}{reply_to} {head} {all}\r\n");
        [line.as_bytes(), headers.as_bytes(), self.body, b"\r\n"].concat()
    }
}

impl Driver {
    async fn run(mut self, mut wanted: mpsc::Receiver<Order>) {
        let ended = loop {
            tokio::select! {
                said = self.wire.next(Said::read) => {
                    if let Err(lost) = said.map_err(Lost::from).and_then(|said| self.hear(said)) {
                        break lost;
                    }
                }
                order = wanted.recv() => match order {
                    Some(order) => self.send(order),
                    // Nobody is left who could wait for anything.
                    None => return,
                },
            }
        };
        let ended = self.ended.get_or_init(|| ended);
        wanted.close();
        let unsent = std::iter::from_fn(|| wanted.try_recv().ok()).map(|order| order.waiting);
        let telling = self.telling.into_iter().map(|(waiting, _)| waiting);
        for waiting in self.asking.into_values().chain(telling).chain(unsent) {
            waiting.hear(Err(ended.clone()));
        }
    }

    fn send(&mut self, Order { bytes, number, waiting }: Order) {
        self.wire.say(&bytes);
        match number {
            Some(number) => drop(self.asking.insert(number, waiting)),
            None => self.telling.push_back((waiting, Answer::Passed)),
        }
    }

    /// An error is the end of the connection.
    fn hear(&mut self, said: Said) -> Result<(), Lost> {
        match said {
            Said::Ping => self.wire.say(b"PONG\r\n"),
            Said::Info(_) | Said::Fine => {}
            Said::Pong => {
                if let Some((waiting, answer)) = self.telling.pop_front() {
                    waiting.hear(Ok(answer));
                }
            }
            Said::Message { subject, status, body } => {
                let number = subject.rsplit('.').next().and_then(|number| number.parse().ok());
                if let Some(waiting) = number.and_then(|number: u64| self.asking.remove(&number)) {
                    waiting.hear(Ok(Answer::Said { status, body }));
                }
            }
            // The only error that is of one message.
            Said::Error(why) if why.starts_with("Permissions Violation for Publish") => {
                return self.refuse(why);
            }
            Said::Error(why) => return Err(why.into()),
        }
        Ok(())
    }

    /// The server does not let us publish a message. Who waits until it has heard them is told in the
    /// order of what was sent. Who waits for an answer is known by the subject, if the server writes it as we do
    /// (it is Go's `%q`); if nobody is, all of it has to be tried again, and what was refused is one of those that it
    /// may write otherwise, or anybody's if there is none.
    fn refuse(&mut self, why: String) -> Result<(), Lost> {
        if let Some((_, answer)) = self.telling.front_mut() {
            *answer = Answer::Refused(why);
            return Ok(());
        }
        // Of several to one subject each is refused by itself.
        let named = self.asking.iter().filter(|(_, waiting)| why.contains(&waiting.subject));
        let first = named.map(|(number, _)| *number).min();
        if let Some(waiting) = first.and_then(|number| self.asking.remove(&number)) {
            waiting.hear(Ok(Answer::Refused(why)));
            return Ok(());
        }
        let mut is_of_another = false;
        for (_, waiting) in self.asking.extract_if(|_, waiting| !waiting.is_literal) {
            waiting.hear(Err(why.clone().into()));
            is_of_another = true;
        }
        Err(Lost { why, is_of_another })
    }
}

impl Waiting {
    fn hear(self, answer: Result<Answer, Lost>) {
        // Who has given up needs no answer.
        let _ = self.answer.send(answer);
    }
}

/// Who we are.
fn hello(remote: &Remote, is_tls: bool) -> Result<Value, String> {
    let mut hello = json!({
        "name": "tympan", "lang": "rust", "version": env!("CARGO_PKG_VERSION"), "protocol": 0,
        "verbose": false, "pedantic": false, "echo": false, "headers": true, "no_responders": true,
        "tls_required": is_tls,
    });
    match (&remote.user, remote.password()?) {
        (Some(user), password) => {
            hello["user"] = json!(user);
            hello["pass"] = json!(password.unwrap_or_default());
        }
        (None, Some(token)) => hello["auth_token"] = json!(token),
        (None, None) => {}
    }
    Ok(hello)
}
