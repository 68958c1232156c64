//! Connections that are used again.

use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use bytes::Bytes;
use http::Request;
use http::Response;
use http::Uri;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;

use super::Egress;
use super::Fault;
use super::Host;
use super::connect;
use super::to_host;
use super::whole;

/// How many connections wait for the next request.
const MOST_IDLE: usize = 64;

/// Connections to one host, by the rules of when they were made.
pub(crate) struct Pool {
    idle: Mutex<Vec<SendRequest<Full<Bytes>>>>,
    egress: Arc<Egress>,
}

impl Pool {
    pub(crate) fn new(egress: Arc<Egress>) -> Self {
        Self { idle: Mutex::default(), egress }
    }

    /// Whether these are its rules.
    pub(crate) fn obeys(&self, egress: &Egress) -> bool {
        *self.egress == *egress
    }

    /// Sends a request, and gives the whole answer, whatever its status. Whoever gives up ends the
    /// connection.
    pub(crate) async fn send(
        &self,
        request: Request<Bytes>,
        host: Host,
        most_bytes: usize,
    ) -> Result<Response<Bytes>, Fault> {
        let uri = request.uri().clone();
        let request = to_host(request)?;
        // One that has waited may have been closed meanwhile, which shows before anything is sent.
        while let Some(mut sender) = self.take() {
            if sender.ready().await.is_err() {
                continue;
            }
            match sender.try_send_request(request.clone()).await {
                Ok(answer) => return self.finish(sender, answer, most_bytes).await,
                Err(mut error) => {
                    if error.take_message().is_none() {
                        return Err(Fault::Broken(error.into_error().to_string()));
                    }
                }
            }
        }
        let mut sender = self.connect(&uri, host).await?;
        let answer = sender.send_request(request).await;
        let answer = answer.map_err(|error| Fault::Broken(error.to_string()))?;
        self.finish(sender, answer, most_bytes).await
    }

    async fn connect(&self, uri: &Uri, host: Host) -> Result<SendRequest<Full<Bytes>>, Fault> {
        let stream = connect::connect(uri, host, &self.egress).await?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| Fault::Broken(error.to_string()))?;
        tokio::spawn(async move {
            // How it ended is told by the answers.
            let _ = connection.await;
        });
        Ok(sender)
    }

    async fn finish(
        &self,
        sender: SendRequest<Full<Bytes>>,
        answer: Response<Incoming>,
        most_bytes: usize,
    ) -> Result<Response<Bytes>, Fault> {
        let answer = whole(answer, most_bytes).await?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if !sender.is_closed() && idle.len() < MOST_IDLE {
            idle.push(sender);
        }
        Ok(answer)
    }

    fn take(&self) -> Option<SendRequest<Full<Bytes>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}
