//! A stream of Redis: it has an event once the server has answered with the id of the entry.

use redis::AsyncConnectionConfig;
use redis::RedisConnectionInfo;
use redis::RedisError;
use redis::aio::MultiplexedConnection;
use tokio::sync::watch;
use tympan_core::config;
use tympan_core::outgoing;
use tympan_expr::Expression;
use tympan_journal::Later;
use tympan_journal::Leased;

use super::Deliver;
use super::Failure;
use super::each;
use super::kept;
use super::link::Link;
use super::remote::Remote;

const PORT: u16 = 6379;

/// A stream of Redis.
#[derive(Debug)]
pub(super) struct RedisOut {
    remote: Remote,
    link: Link<Open>,
    stream: Expression,
    most: Option<usize>,
}

/// A connection, and whether it has ended: who hands it a command at that moment may never hear of it.
#[derive(Clone)]
struct Open {
    commands: MultiplexedConnection,
    end: watch::Receiver<()>,
}

impl RedisOut {
    pub(super) fn new(name: &str, redis: &config::Redis, remote: Remote) -> Self {
        let (stream, most) = (redis.stream.clone(), redis.most);
        Self { remote, link: Link::new(name), stream, most }
    }

    async fn connect(&self) -> Result<Open, String> {
        let mut info = RedisConnectionInfo::default().set_skip_set_lib_name();
        if let Some(user) = &self.remote.user {
            info = info.set_username(user);
        }
        if let Some(password) = self.remote.password()? {
            info = info.set_password(password);
        }
        if let Ok(database) = self.remote.path().parse() {
            info = info.set_db(database);
        }
        let is_tls = self.remote.url.scheme_str() == Some("rediss");
        let stream = self.remote.open(PORT, is_tls).await?;
        // How long is waited is for the destination to say.
        let settings = AsyncConnectionConfig::new().set_response_timeout(None);
        let made = MultiplexedConnection::new_with_config(&info, stream, settings).await;
        let (commands, driver) = made.map_err(|error| self.said(&error))?;
        let (running, end) = watch::channel(());
        // Ends with the last of those who use the connection, if not before.
        tokio::spawn(async move {
            driver.await;
            drop(running);
        });
        Ok(Open { commands, end })
    }

    async fn add(&self, event: &Leased) -> Result<(), Failure> {
        let stream = outgoing::text(&self.stream, kept(event), "the stream");
        let stream = stream.map_err(Failure::lasting)?;
        let stream = stream.ok_or_else(|| Failure::lasting("the stream is null"))?;
        let mut command = redis::cmd("XADD");
        command.arg(stream);
        if let Some(most) = self.most {
            command.arg("MAXLEN").arg("~").arg(most);
        }
        command.arg("*").arg("id").arg(&event.id).arg("listener").arg(&*event.listener);
        command.arg("event").arg(&*event.body);
        let mut lent = self.link.get(self.connect()).await?;
        let Open { commands, end } = &mut lent.connection;
        let answer = tokio::select! {
            answer = command.query_async::<String>(commands) => answer,
            _ = end.changed() => return Err(Failure::passing("the connection ended")),
        };
        let failure = answer.err();
        if failure.as_ref().is_none_or(is_of_command) {
            lent.keep();
        }
        failure.map_or(Ok(()), |error| Err(Failure::passing(self.said(&error))))
    }

    /// What went wrong, in the server's own words where it has some.
    fn said(&self, error: &RedisError) -> String {
        let words = match (error.code(), error.detail()) {
            (Some(code), Some(detail)) => format!("{code} {detail}"),
            _ => error.to_string(),
        };
        self.remote.said(words)
    }
}

impl Deliver for RedisOut {
    fn deliver<'d>(
        &'d self,
        events: &'d [Leased],
        taken: &'d mut Vec<usize>,
    ) -> Later<'d, Result<(), Failure>> {
        each(events, taken, move |event| self.add(event))
    }

    fn concurrency(&self) -> usize {
        64
    }
}

/// Whether a failure says nothing about the connection. A replica that became of the server we knew
/// takes nothing, and its name may lead to another by now.
fn is_of_command(error: &RedisError) -> bool {
    !error.is_unrecoverable_error() && error.code() != Some("READONLY")
}
