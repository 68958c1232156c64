//! Calls of what challenges name: each once, and not too many.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use tympan_core::anchor::Anchored;
use tympan_core::config::RateLimit;

use super::Asker;
use super::Bounds;
use super::Host;
use super::rates::Rates;
use crate::outbound;

/// What an answer may take, of which only the status counts: a request waits for it.
const BOUNDS: Bounds = Bounds { within: Duration::from_secs(5), most_bytes: 64 << 10 };

/// How often one listener calls at most.
const OFTEN: RateLimit = RateLimit { requests: 10, per: Duration::from_mins(1) };

/// What listeners have called. It lives longer than a generation.
#[derive(Debug, Default)]
pub(crate) struct Calls(Rates);

impl Calls {
    /// Calls a URL once, with GET; why it was not answered with a status of success, if it was not.
    pub(crate) async fn call(&self, url: Anchored, asker: Asker) -> Result<(), String> {
        self.0.admit(&asker, OFTEN)?;
        let called = try_call(&url, &asker).await;
        // What stands in a URL may be a token.
        let (host, listener) = (url.host(), &asker.listener);
        match &called {
            Ok(()) => tracing::info!(host, listener, "called for a challenge"),
            Err(why) => tracing::warn!(host, listener, why, "a challenge's call failed"),
        }
        called
    }
}

async fn try_call(url: &Anchored, asker: &Asker) -> Result<(), String> {
    let request = Request::get(url.url()).body(Bytes::new());
    let request = request.map_err(|error| error.to_string())?;
    let host = Host::of(url.is_written());
    let answer = outbound::send(request, host, BOUNDS, &asker.egress).await;
    let status = answer.map_err(|fault| fault.to_string())?.status();
    match status.as_u16() {
        200..300 => Ok(()),
        code @ 300..400 => Err(format!("it answers {code}, and redirects are not followed")),
        code => Err(format!("it answers {code}")),
    }
}
