//! A table of `PostgreSQL`: it has an event once its row is committed.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio_postgres::Client;
use tokio_postgres::Config;
use tokio_postgres::Error;
use tokio_postgres::NoTls;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::types::Type;
use tympan_core::config;
use tympan_journal::Later;
use tympan_journal::Leased;

use super::Blame;
use super::Deliver;
use super::Failure;
use super::link::Link;
use super::remote::Remote;
use crate::outbound::connect::Stream;

const PORT: u16 = 5432;

/// How many events are one statement, and so one commit.
const BATCH: usize = 256;

/// What asks a server to go on in TLS: a length and a number (`SSLRequest` of its protocol).
const MAY_WE_ENCRYPT: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// A table of `PostgreSQL`.
#[derive(Debug)]
pub(super) struct PostgresOut {
    remote: Remote,
    link: Link<Arc<Client>>,
    is_tls: bool,
    /// What makes the table, if anything does.
    create: Option<String>,
    insert: String,
}

impl PostgresOut {
    pub(super) fn new(name: &str, postgres: &config::Postgres, remote: Remote) -> Self {
        let table = postgres.table.iter().map(|part| quoted(part)).collect::<Vec<_>>().join(".");
        let create = format!(
            "CREATE TABLE IF NOT EXISTS {table} (listener text, id text, \
             received timestamptz NOT NULL, event jsonb NOT NULL, PRIMARY KEY (listener, id))"
        );
        let insert = format!(
            "INSERT INTO {table} (listener, id, received, event) \
             SELECT listener, id, to_timestamp(received), event::jsonb FROM \
             unnest($1, $2, $3, $4) AS it (listener, id, received, event) \
             ON CONFLICT (listener, id) DO NOTHING"
        );
        let (link, is_tls) = (Link::new(name), postgres.tls);
        Self { remote, link, is_tls, create: postgres.create.then_some(create), insert }
    }

    async fn connect(&self) -> Result<Arc<Client>, String> {
        let mut settings = Config::new();
        // What encrypts stands beneath.
        settings.ssl_mode(SslMode::Disable).application_name("tympan");
        if let Some(user) = &self.remote.user {
            settings.user(user);
        }
        if let Some(password) = self.remote.password()? {
            settings.password(password);
        }
        if !self.remote.path().is_empty() {
            settings.dbname(self.remote.path());
        }
        let stream = self.stream().await?;
        let made = settings.connect_raw(stream, NoTls).await;
        let (client, connection) = made.map_err(|error| self.said(&error))?;
        tokio::spawn(async move {
            // How it ended is told by the answers.
            let _ = connection.await;
        });
        if let Some(create) = &self.create {
            client.batch_execute(create).await.map_err(|error| self.said(&error))?;
        }
        Ok(Arc::new(client))
    }

    async fn stream(&self) -> Result<Pin<Box<dyn Stream>>, String> {
        let mut stream = self.remote.open(PORT, false).await?;
        if !self.is_tls {
            return Ok(stream);
        }
        let asked = async {
            stream.write_all(&MAY_WE_ENCRYPT).await?;
            stream.read_u8().await
        };
        match asked.await {
            Ok(b'S') => self.remote.secure(stream).await,
            Ok(_) => Err("the server speaks no TLS".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    async fn insert(&self, events: &[Leased]) -> Result<(), Failure> {
        let lent = self.link.get(self.connect()).await?;
        let listeners: Vec<&str> = events.iter().map(|event| &*event.listener).collect();
        let ids: Vec<&str> = events.iter().map(|event| event.id.as_str()).collect();
        let received = events.iter().map(|event| Duration::from_millis(event.received));
        let received: Vec<f64> = received.map(|it| it.as_secs_f64()).collect();
        let bodies: Vec<_> = events.iter().map(|it| String::from_utf8_lossy(&it.body)).collect();
        let bodies: Vec<&str> = bodies.iter().map(|body| &**body).collect();
        let columns: [(&(dyn ToSql + Sync), Type); 4] = [
            (&listeners, Type::TEXT_ARRAY),
            (&ids, Type::TEXT_ARRAY),
            (&received, Type::FLOAT8_ARRAY),
            (&bodies, Type::TEXT_ARRAY),
        ];
        let Err(error) = lent.connection.execute_typed(&self.insert, &columns).await else {
            lent.keep();
            return Ok(());
        };
        let failure = self.failure(&error);
        if is_of_statement(&error) && !lent.connection.is_closed() {
            lent.keep();
        }
        Err(failure)
    }

    fn failure(&self, error: &Error) -> Failure {
        let is_of = |class| error.code().is_some_and(|code| code.code().starts_with(class));
        // PostgreSQL, appendix A: data that no such column can hold, or that goes beyond a limit (such as
        // an id that no index takes), and data that this table wants to be otherwise.
        let (is_final, is_unwanted) = (is_of("22") || is_of("54"), is_of("23"));
        let blame = if is_final || is_unwanted { Blame::One } else { Blame::All };
        Failure { is_final, blame, ..Failure::passing(self.said(error)) }
    }

    /// What went wrong, in the server's own words where it has some.
    fn said(&self, error: &Error) -> String {
        match error.as_db_error() {
            Some(said) => self.remote.said(format!("{} ({})", said.message(), said.code().code())),
            None => match std::error::Error::source(error) {
                Some(cause) => self.remote.said(format!("{error}: {cause}")),
                None => self.remote.said(error),
            },
        }
    }
}

impl Deliver for PostgresOut {
    fn deliver<'d>(
        &'d self,
        events: &'d [Leased],
        _: &'d mut Vec<usize>,
    ) -> Later<'d, Result<(), Failure>> {
        Box::pin(self.insert(events))
    }

    fn batch(&self) -> usize {
        BATCH
    }

    fn concurrency(&self) -> usize {
        1
    }
}

/// Whether a failure says nothing about the connection. A server that only reads may no longer be the
/// one that its name leads to.
fn is_of_statement(error: &Error) -> bool {
    error.code().is_some_and(|code| *code != SqlState::READ_ONLY_SQL_TRANSACTION)
}

/// A name that means exactly itself.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_name_ends_where_it_ends() {
        assert_eq!(quoted("events"), "\"events\"");
        assert_eq!(quoted("a\"; DROP TABLE b; --"), "\"a\"\"; DROP TABLE b; --\"");
    }
}
