//! A connection to a server of AMQP that many messages are on their way on at once.

use std::collections::BTreeMap;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::BufMut;
use tokio::sync::mpsc;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::frame;
use super::frame::CHANNEL;
use super::frame::Cause;
use super::frame::Message;
use super::frame::Method;
use super::frame::Said;
use crate::delivery::remote::Remote;
use crate::delivery::wire::Lost;
use crate::delivery::wire::Wire;

const PORT: u16 = 5672;
const PORT_OF_TLS: u16 = 5671;

/// How many messages may wait until they are sent.
const QUEUE: usize = 64;

/// As long as frames may be in any case (`frame-min-size` of the protocol).
const LEAST: u32 = 4096;

/// Whoever says nothing for so long is gone, in seconds.
const HEARTBEAT: u16 = 30;

/// How long it may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(1);

/// A connection, which ends with the last of its clones.
#[derive(Clone)]
pub(super) struct Client {
    /// The longest frame that the server listens to.
    most_bytes: usize,
    orders: mpsc::Sender<Order>,
    /// Why it has ended, once it has.
    ended: Arc<OnceLock<Lost>>,
}

/// What became of a message.
#[derive(Debug)]
pub(super) enum Answer {
    /// The server has confirmed it, and a queue takes it.
    Kept,
    /// Either is not so.
    Refused(String),
}

/// Something to be sent.
struct Order {
    frames: Vec<u8>,
    waiting: Waiting,
}

/// Who wants to know what became of a message.
struct Waiting {
    routing_key: String,
    /// How long it is, in bytes.
    size: usize,
    /// Why no queue takes it, which is told before it is confirmed.
    returned: Option<String>,
    answer: oneshot::Sender<Result<Answer, Lost>>,
}

/// What keeps a connection going.
struct Driver {
    wire: Wire,
    /// After how much silence somebody is gone.
    heartbeat: Duration,
    heard: Instant,
    /// How many messages there were: by that number each is confirmed.
    number: u64,
    waiting: BTreeMap<u64, Waiting>,
    ended: Arc<OnceLock<Lost>>,
}

impl Client {
    pub(super) async fn connect(remote: &Remote, host: &str) -> Result<Self, String> {
        let is_tls = remote.url.scheme_str() == Some("amqps");
        let port = if is_tls { PORT_OF_TLS } else { PORT };
        let mut wire = Wire::new(remote.open(port, is_tls).await?);
        wire.say(&frame::PROTOCOL);
        let start_ok = hello(remote)?;
        let Said::Start { mechanisms } = next(&mut wire).await? else { return Err(unexpected()) };
        if !mechanisms.split_whitespace().any(|mechanism| mechanism == "PLAIN") {
            return Err("the server takes no passwords".to_owned());
        }
        wire.say(&start_ok);
        let Said::Tune { most_bytes, heartbeat } = next(&mut wire).await? else {
            return Err(unexpected());
        };
        let most_bytes = longest(most_bytes)?;
        let heartbeat = if heartbeat == 0 { HEARTBEAT } else { heartbeat.min(HEARTBEAT) };
        wire.say(&frame::method(0, frame::TUNE_OK, |out| {
            out.put_u16(CHANNEL);
            out.put_u32(most_bytes);
            out.put_u16(heartbeat);
        }));
        if !frame::is_short(host) {
            return Err("the virtual host's name has more than 255 bytes".to_owned());
        }
        let open = frame::method(0, frame::OPEN, |out| {
            frame::put_short(out, host);
            out.put_u16(0);
        });
        done(&mut wire, &open, frame::OPEN_OK).await?;
        let open = frame::method(CHANNEL, frame::CHANNEL_OPEN, |out| out.put_u8(0));
        done(&mut wire, &open, frame::CHANNEL_OPEN_OK).await?;
        let confirm = frame::method(CHANNEL, frame::CONFIRM, |out| out.put_u8(0));
        done(&mut wire, &confirm, frame::CONFIRM_OK).await?;

        let heartbeat = Duration::from_secs(heartbeat.into());
        Ok(Self::over(wire, heartbeat, most_bytes.try_into().unwrap_or(usize::MAX)))
    }

    /// Keeps a connection going on which messages can be sent.
    fn over(wire: Wire, heartbeat: Duration, most_bytes: usize) -> Self {
        let (orders, wanted) = mpsc::channel(QUEUE);
        let (waiting, ended) = (BTreeMap::new(), Arc::default());
        let (heard, number) = (Instant::now(), 0);
        let driver = Driver { wire, heartbeat, heard, number, waiting, ended: Arc::clone(&ended) };
        tokio::spawn(driver.run(wanted));
        Self { most_bytes, orders, ended }
    }

    /// Publishes a message, and waits until it is confirmed. An error says nothing about what became
    /// of it.
    pub(super) async fn publish(&self, message: &Message<'_>) -> Result<Answer, Lost> {
        let (answer, answered) = oneshot::channel();
        let (routing_key, size) = (message.routing_key.to_owned(), message.body.len());
        let waiting = Waiting { routing_key, size, returned: None, answer };
        let ended = || {
            let why = self.ended.get().cloned();
            why.unwrap_or_else(|| Lost::from("the connection ended".to_owned()))
        };
        let order = Order { frames: message.frames(self.most_bytes), waiting };
        self.orders.send(order).await.map_err(|_| ended())?;
        answered.await.unwrap_or_else(|_| Err(ended()))
    }
}

impl Driver {
    async fn run(mut self, mut wanted: mpsc::Receiver<Order>) {
        let mut beat = tokio::time::interval(self.heartbeat / 2);
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
                    None => return self.leave().await,
                },
                _ = beat.tick() => {
                    if self.heard.elapsed() > 2 * self.heartbeat {
                        break Lost::from("the server is silent".to_owned());
                    }
                    self.wire.say(&frame::heartbeat());
                }
            }
        };
        let ended = self.ended.get_or_init(|| ended);
        wanted.close();
        let unsent = std::iter::from_fn(|| wanted.try_recv().ok()).map(|order| order.waiting);
        for waiting in self.waiting.into_values().chain(unsent) {
            // Who has given up needs no answer.
            let _ = waiting.answer.send(Err(ended.clone()));
        }
    }

    fn send(&mut self, Order { frames, waiting }: Order) {
        self.wire.say(&frames);
        self.number += 1;
        self.waiting.insert(self.number, waiting);
    }

    /// An error is the end of the connection.
    fn hear(&mut self, said: Said) -> Result<(), Lost> {
        self.heard = Instant::now();
        match said {
            Said::Ack { number, up_to } => {
                for waiting in self.of(number, up_to) {
                    let answer = waiting.returned.map_or(Answer::Kept, Answer::Refused);
                    // Who has given up needs no answer.
                    let _ = waiting.answer.send(Ok(answer));
                }
            }
            Said::Nack { number, up_to } => {
                for waiting in self.of(number, up_to) {
                    let why = "the server could not keep it".to_owned();
                    let _ = waiting.answer.send(Ok(Answer::Refused(why)));
                }
            }
            // It comes without a number: who has the same routing key goes the same way.
            Said::Returned { why, routing_key } => {
                for waiting in self.waiting.values_mut() {
                    if waiting.routing_key == routing_key {
                        waiting.returned = Some(why.clone());
                    }
                }
            }
            Said::Over { why, of } => {
                let to_blame = match of {
                    Cause::Large => self.largest(),
                    Cause::Refused => self.named(&why),
                    Cause::Other => Vec::new(),
                };
                // If nobody is, all are.
                let is_of_another = !to_blame.is_empty();
                for waiting in to_blame {
                    // Who has given up needs no answer.
                    let _ = waiting.answer.send(Err(Lost::from(why.clone())));
                }
                return Err(Lost { why, is_of_another });
            }
            Said::Start { .. } | Said::Tune { .. } | Said::Other(_) | Said::Nothing => {}
        }
        Ok(())
    }

    /// Those whom a confirmation is for.
    fn of(&mut self, number: u64, up_to: bool) -> Vec<Waiting> {
        if !up_to {
            return self.waiting.remove(&number).into_iter().collect();
        }
        // All that there are, if there is no number.
        let later = match number.checked_add(1) {
            Some(next) if number > 0 => self.waiting.split_off(&next),
            _ => BTreeMap::new(),
        };
        std::mem::replace(&mut self.waiting, later).into_values().collect()
    }

    /// What is too large: if one is, then the largest is, and the server does not say which.
    fn largest(&mut self) -> Vec<Waiting> {
        let largest = self.waiting.iter().max_by_key(|(_, waiting)| waiting.size);
        let largest = largest.map(|(number, _)| *number);
        largest.and_then(|number| self.waiting.remove(&number)).into_iter().collect()
    }

    /// What we may not publish, if that is for its routing key; each with the same would be refused.
    fn named(&mut self, why: &str) -> Vec<Waiting> {
        let keys = self.waiting.values().map(|waiting| &waiting.routing_key);
        let named: HashSet<_> = named(why, keys).into_iter().cloned().collect();
        let is_named = |_: &u64, waiting: &mut Waiting| named.contains(&waiting.routing_key);
        self.waiting.extract_if(.., is_named).map(|(_, waiting)| waiting).collect()
    }

    /// So that the server does not write into its log that we were lost.
    async fn leave(mut self) {
        let close = frame::method(0, frame::CLOSE, |out| {
            out.put_u16(200);
            frame::put_short(out, "");
            out.put_u32(0);
        });
        // It is over in any case.
        let _ = tokio::time::timeout(GOODBYE, done(&mut self.wire, &close, frame::CLOSE_OK)).await;
    }
}

/// Who we are. Without a user, we are the guest that servers let in from their own machine.
fn hello(remote: &Remote) -> Result<Vec<u8>, String> {
    let (user, password) = match (remote.user.as_deref(), remote.password()?) {
        (None, None) => ("guest", "guest"),
        (user, password) => (user.unwrap_or("guest"), password.unwrap_or_default()),
    };
    // So that it says why it lets us not in, and that it takes nothing.
    let mut can = Vec::new();
    for name in ["authentication_failure_close", "connection.blocked", "publisher_confirms"] {
        frame::put_short(&mut can, name);
        can.put_slice(b"t\x01");
    }
    let mut about = Vec::new();
    frame::put_short(&mut about, "product");
    about.put_u8(b'S');
    frame::put_long(&mut about, b"tympan");
    frame::put_short(&mut about, "capabilities");
    about.put_u8(b'F');
    frame::put_long(&mut about, &can);
    Ok(frame::method(0, frame::START_OK, |out| {
        frame::put_long(out, &about);
        frame::put_short(out, "PLAIN");
        frame::put_long(out, format!("\0{user}\0{password}").as_bytes());
        frame::put_short(out, "en_US");
    }))
}

/// How long frames may be, of a server that takes so many bytes; 0 is as much as one likes.
fn longest(most_bytes: u32) -> Result<u32, String> {
    match most_bytes {
        0 => Ok(frame::MOST),
        1..LEAST => Err(format!("the server takes frames of {most_bytes} bytes at most")),
        _ => Ok(most_bytes.min(frame::MOST)),
    }
}

/// Which routing key a server does not let us publish with, as `RabbitMQ` says it (`check_topic_access` of its
/// `rabbit_access_control`): the longest that it may be, as one may go on as the words do after a shorter one. What
/// is too long is cut off, with dots: then it may be any that begins so.
fn named<'k>(why: &str, keys: impl Iterator<Item = &'k String> + Clone) -> Vec<&'k String> {
    let said = why.split_once("access to topic '").map_or("", |(_, said)| said);
    let begins = |key: &&String| said.starts_with(&format!("{key}' in "));
    let cut = said.strip_suffix("... (403)").map(|said| said.trim_end_matches('\u{fffd}'));
    let goes_on = |key: &&String| cut.is_some_and(|cut| format!("{key}' in ").starts_with(cut));
    let longest = keys.clone().filter(begins).max_by_key(|key| key.len());
    longest.into_iter().chain(keys.filter(goes_on)).collect()
}

/// Says something, and waits until the server has done it.
async fn done(wire: &mut Wire, said: &[u8], expected: Method) -> Result<(), String> {
    wire.say(said);
    while next(wire).await? != Said::Other(expected) {}
    Ok(())
}

/// What follows from something, before there are messages.
async fn next(wire: &mut Wire) -> Result<Said, String> {
    loop {
        match wire.next(Said::read).await? {
            Said::Nothing => {}
            Said::Over { why, .. } => return Err(why),
            said => return Ok(said),
        }
    }
}

fn unexpected() -> String {
    "the server says what nobody has asked".to_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::BufMut;
    use bytes::BytesMut;
    use tokio::io::AsyncReadExt;
    use tokio::io::AsyncWriteExt;

    use super::Client;
    use super::Lost;
    use super::frame;
    use super::frame::CHANNEL;
    use super::frame::Message;
    use crate::delivery::wire::Wire;

    #[test]
    fn no_frame_is_shorter_than_the_protocol_has_it() {
        assert_eq!(
            [0, 4096, 1 << 20].map(super::longest),
            [Ok(128 << 10), Ok(4096), Ok(128 << 10)]
        );
        assert!([1, 8, 4095].map(super::longest).iter().all(Result::is_err));
    }

    #[test]
    fn whose_routing_key_is_named() {
        let said = |key: &str| {
            let said = format!(
                "ACCESS_REFUSED - access to topic '{key}' in exchange 'e' in vhost '/' refused for user 'u'"
            );
            // As long as texts of the protocol are.
            match said.get(..252).filter(|_| said.len() > 255) {
                Some(cut) => format!("{cut}... (403)"),
                None => format!("{said} (403)"),
            }
        };
        let long = "x".repeat(250);
        let keys = ["a", "a.b", "", "a' in b", "a ... (403)", &long].map(str::to_owned);
        for key in &keys {
            assert_eq!(super::named(&said(key), keys.iter()), [key]);
        }
        assert_eq!(super::named(&said("b"), keys.iter()).len(), 0);
        // What is cut off may be either.
        let both = ["y", "z"].map(|end| long.clone() + end);
        assert_eq!(super::named(&said(&both[0]), both.iter()).len(), 2);
        let of_exchange = "ACCESS_REFUSED - access to exchange 'a' in vhost '/' refused (403)";
        assert_eq!(super::named(of_exchange, keys.iter()).len(), 0);
    }

    #[tokio::test]
    async fn what_is_too_large_is_to_blame_for_all_that_go_down_with_it() {
        let (ours, mut theirs) = tokio::io::duplex(1 << 10);
        let client = Client::over(Wire::new(Box::pin(ours)), Duration::from_mins(1), 4096);
        let message = |body| Message { exchange: "", routing_key: "q", id: None, body };
        let messages = [&[0; 10][..], &[0; 5000], &[0; 20]].map(message);
        let length = messages.iter().map(|it| it.frames(4096).len()).sum::<usize>();
        let close = frame::method(CHANNEL, (20, 40), |out| {
            out.put_u16(406);
            frame::put_short(out, "PRECONDITION_FAILED");
            out.put_u16(60);
            out.put_u16(40);
        });
        let server = async {
            let mut said = BytesMut::new();
            while said.len() < length + frame::heartbeat().len() {
                theirs.read_buf(&mut said).await.unwrap();
            }
            theirs.write_all(&close).await.unwrap();
        };
        let [first, second, third] = messages.each_ref().map(|it| client.publish(it));
        let (first, second, third, ()) = tokio::join!(first, second, third, server);
        let why = "PRECONDITION_FAILED (406)".to_owned();
        let lost = |is_of_another| Lost { why: why.clone(), is_of_another };
        let found = [first, second, third].map(Result::unwrap_err);
        assert_eq!(found, [lost(true), lost(false), lost(true)]);
        // Who comes too late is not to blame, either.
        assert_eq!(client.publish(&messages[0]).await.unwrap_err(), lost(true));
    }
}
