//! A server with a protocol of its own: how it is reached, and what of its words can be told.

use std::fmt;
use std::fmt::Write;
use std::pin::Pin;
use std::sync::Arc;

use http::Uri;
#[cfg(any(feature = "kafka", feature = "nats"))]
use ring::rand::SecureRandom;
#[cfg(any(feature = "kafka", feature = "nats"))]
use ring::rand::SystemRandom;
use tympan_core::config;
use tympan_core::secret::Secret;

use crate::outbound::Egress;
use crate::outbound::Host;
use crate::outbound::connect;
use crate::outbound::connect::Stream;

/// How much of what a server says is told.
const MOST_SAID: usize = 200;

/// A server, and who we are to it.
pub(super) struct Remote {
    pub(super) url: Uri,
    pub(super) user: Option<String>,
    /// What proves it, or why it cannot be had.
    password: Result<Option<Secret>, String>,
    egress: Arc<Egress>,
}

impl Remote {
    pub(super) fn new(
        server: &config::Remote,
        password: Result<Option<Secret>, String>,
        egress: &Arc<Egress>,
    ) -> Self {
        let config::Remote { url, user, .. } = server;
        Self { url: url.clone(), user: user.clone(), password, egress: Arc::clone(egress) }
    }

    /// The password, if there is one.
    pub(super) fn password(&self) -> Result<Option<&str>, String> {
        let Some(password) = self.password.as_ref().map_err(Clone::clone)? else { return Ok(None) };
        let text = std::str::from_utf8(password.expose());
        text.map(Some).map_err(|_| "the password is no text".to_owned())
    }

    /// Bytes both ways, encrypted if asked for.
    pub(super) async fn open(
        &self,
        usual_port: u16,
        is_tls: bool,
    ) -> Result<Pin<Box<dyn Stream>>, String> {
        let open = connect::open(&self.url, usual_port, is_tls, Host::Written, &self.egress);
        open.await.map_err(|fault| fault.to_string())
    }

    /// The same to another server, which this one has told of.
    #[cfg(feature = "kafka")]
    pub(super) async fn open_other(
        &self,
        host: &str,
        port: u16,
        is_tls: bool,
    ) -> Result<Pin<Box<dyn Stream>>, String> {
        let at =
            if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        let url = Uri::builder().scheme("kafka").authority(at).path_and_query("/").build();
        let url = url.map_err(|error| format!("the server tells of `{host}`: {error}"))?;
        let open = connect::open(&url, port, is_tls, Host::Told, &self.egress).await;
        open.map_err(|fault| format!("{host}:{port}: {fault}"))
    }

    /// Has the other end of a connection prove who it is, and encrypts what follows.
    #[cfg(any(feature = "nats", feature = "postgres"))]
    pub(super) async fn secure(
        &self,
        stream: Pin<Box<dyn Stream>>,
    ) -> Result<Pin<Box<dyn Stream>>, String> {
        let secured = connect::secure(stream, &self.url, &self.egress).await;
        secured.map_err(|fault| fault.to_string())
    }

    /// The path of the URL without its slash.
    #[cfg(any(feature = "postgres", feature = "redis"))]
    pub(super) fn path(&self) -> &str {
        self.url.path().trim_start_matches('/')
    }

    /// What a server or its client says, as far as it can be told: on one line, not too long, and
    /// without the password, wherever it may have come from.
    pub(super) fn said(&self, what: impl fmt::Display) -> String {
        let mut said = what.to_string();
        if let Ok(Some(password)) = self.password() {
            said = said.replace(password, "***");
        }
        let mut told = String::new();
        for sign in said.trim().chars().take(MOST_SAID) {
            match sign {
                '"' | '\'' => told.push(sign),
                // A text takes whatever is written to it.
                _ => drop(write!(told, "{}", sign.escape_debug())),
            }
        }
        told
    }
}

/// What nobody else says.
#[cfg(any(feature = "kafka", feature = "nats"))]
pub(super) fn nonce() -> Result<String, String> {
    let mut bytes = [0; 16];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| "the system gives no random numbers".to_owned())?;
    Ok(const_hex::encode(bytes))
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("url", &self.url).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tympan_core::config;
    use tympan_core::secret::Secret;

    use super::Remote;

    #[test]
    fn no_password_is_told() {
        let url = "redis://cache/0".parse().unwrap();
        let server = config::Remote { url, user: None, password: None };
        let password = Secret::new(b"s3cret".to_vec(), "file").unwrap();
        let remote = Remote::new(&server, Ok(Some(password)), &Arc::default());
        let said = remote.said("unknown command\n\"AUTH\" s3cret");
        assert_eq!(said, "unknown command\\n\"AUTH\" ***");
        assert!(!format!("{remote:?}").contains("s3cret"));
    }
}
