//! A host that is called by HTTP: it has an event once it has answered with 2xx.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use http::StatusCode;
use http::header;
use tympan_core::config;
use tympan_core::outgoing::Outgoing;
use tympan_core::secret::Secret;
use tympan_journal::Later;
use tympan_journal::Leased;

use super::Deliver;
use super::Failure;
use super::each;
use super::kept;
use crate::clock;
use crate::outbound::Host;
use crate::outbound::pool::Pool;

/// How much of an answer is read.
const MOST_BYTES: usize = 64 << 10;

/// The longest that a destination can ask to be left alone.
const MOST_WAIT: Duration = Duration::from_hours(24);

/// A host that is called by HTTP.
#[derive(Debug)]
pub(super) struct HttpOut {
    outgoing: Result<Outgoing, String>,
    /// What every request is signed with, or why it cannot be.
    secrets: Result<Vec<Secret>, String>,
    pool: Arc<Pool>,
}

impl HttpOut {
    pub(super) fn new(
        http: &config::Http,
        secrets: Result<Vec<Secret>, String>,
        pool: Arc<Pool>,
    ) -> Self {
        let outgoing = Outgoing::compile(http).map_err(|error| error.to_string());
        Self { outgoing, secrets, pool }
    }

    async fn call(&self, event: &Leased) -> Result<(), Failure> {
        let secrets = self.secrets.as_ref().map_err(Failure::passing)?;
        let outgoing = self.outgoing.as_ref().map_err(Failure::passing)?;
        let request = outgoing.render(kept(event), secrets).map_err(Failure::lasting)?;
        let answer = self.pool.send(request, Host::Written, MOST_BYTES).await;
        let answer = answer.map_err(|fault| Failure::passing(fault.to_string()))?;
        judge(answer.status(), answer.headers())
    }
}

impl Deliver for HttpOut {
    fn deliver<'d>(
        &'d self,
        events: &'d [Leased],
        taken: &'d mut Vec<usize>,
    ) -> Later<'d, Result<(), Failure>> {
        each(events, taken, move |event| self.call(event))
    }

    fn concurrency(&self) -> usize {
        16
    }
}

/// What an answer means. A redirect is none: nobody but the operator says where events go.
fn judge(status: StatusCode, headers: &HeaderMap) -> Result<(), Failure> {
    if status.is_success() {
        return Ok(());
    }
    Err(Failure {
        retry_after: retry_after(headers),
        // It says that it will never take any again.
        pauses: status == StatusCode::GONE,
        ..Failure::passing(format!("answered {}", status.as_u16()))
    })
}

/// RFC 9110, section 10.2.3: seconds, or a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if let Ok(seconds) = value.parse() {
        Duration::from_secs(seconds)
    } else {
        let at = jiff::fmt::rfc2822::parse(value).ok()?.timestamp().as_millisecond();
        Duration::from_millis(u64::try_from(at).ok()?).saturating_sub(clock::since_1970())
    };
    Some(wait.min(MOST_WAIT))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::HeaderMap;
    use http::StatusCode;
    use http::header;

    use super::judge;

    #[test]
    fn only_success_is_success() {
        let judge = |status: u16| judge(StatusCode::from_u16(status).unwrap(), &HeaderMap::new());
        for status in [200, 202, 204] {
            assert!(judge(status).is_ok());
        }
        for status in [301, 302, 304, 307, 400, 404, 410, 429, 500, 503] {
            let failure = judge(status).unwrap_err();
            assert_eq!((failure.is_final, failure.pauses), (false, status == 410));
        }
    }

    #[test]
    fn when_to_come_again() {
        let wait = |value: &str| {
            let headers = HeaderMap::from_iter([(header::RETRY_AFTER, value.parse().unwrap())]);
            judge(StatusCode::TOO_MANY_REQUESTS, &headers).unwrap_err().retry_after
        };
        assert_eq!(wait("120"), Some(Duration::from_mins(2)));
        assert_eq!(wait("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
        assert_eq!(wait("99999999999"), Some(Duration::from_hours(24)));
        assert_eq!(wait("soon"), None);
    }
}
