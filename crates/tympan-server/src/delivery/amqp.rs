//! An exchange of AMQP 0-9-1: it has an event once the server has confirmed it, and a queue takes it.

mod client;
mod frame;

use tympan_core::config;
use tympan_core::outgoing;
use tympan_expr::Expression;
use tympan_journal::Later;
use tympan_journal::Leased;

use self::client::Answer;
use self::client::Client;
use self::frame::Message;
use super::Deliver;
use super::Failure;
use super::each;
use super::kept;
use super::link::Link;
use super::remote::Remote;

/// An exchange.
#[derive(Debug)]
pub(super) struct AmqpOut {
    remote: Remote,
    link: Link<Client>,
    host: String,
    exchange: String,
    routing_key: Expression,
}

impl AmqpOut {
    pub(super) fn new(name: &str, amqp: &config::Amqp, remote: Remote) -> Self {
        let config::Amqp { host, exchange, routing_key, .. } = amqp.clone();
        Self { remote, link: Link::new(name), host, exchange, routing_key }
    }

    async fn connect(&self) -> Result<Client, String> {
        let made = Client::connect(&self.remote, &self.host).await;
        made.map_err(|why| self.remote.said(why))
    }

    async fn publish(&self, event: &Leased) -> Result<(), Failure> {
        let routing_key = outgoing::text(&self.routing_key, kept(event), "the routing key");
        let routing_key = routing_key.map_err(Failure::lasting)?;
        let routing_key = routing_key.ok_or_else(|| Failure::lasting("the routing key is null"))?;
        if !frame::is_short(&routing_key) {
            return Err(Failure::lasting("the routing key has more than 255 bytes"));
        }
        let message = Message {
            exchange: &self.exchange,
            routing_key: &routing_key,
            id: Some(event.id.as_str()).filter(|id| frame::is_short(id)),
            body: &event.body,
        };
        let lent = self.link.get(self.connect()).await?;
        let published = lent.connection.publish(&message).await;
        // Whatever the server says of one message says nothing about the connection.
        if published.is_ok() {
            lent.keep();
        }
        match published {
            Ok(Answer::Kept) => Ok(()),
            Ok(Answer::Refused(why)) => Err(Failure::passing(self.remote.said(why))),
            Err(lost) => Err(lost.failure(&self.remote)),
        }
    }
}

impl Deliver for AmqpOut {
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
