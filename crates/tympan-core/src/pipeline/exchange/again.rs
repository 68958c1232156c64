//! Which events a request makes now that was verified when it came, and of which none could be made then.

use std::sync::Arc;

use http::HeaderName;
use http::HeaderValue;
use http::header;
use tympan_expr::Paths;

use super::Exchange;
use crate::config::Accept;
use crate::config::HIDDEN;
use crate::pipeline::Ask;
use crate::pipeline::EventRecord;
use crate::pipeline::Head;
use crate::pipeline::Live;
use crate::pipeline::Pipeline;
use crate::pipeline::RequestId;
use crate::pipeline::decrypt::Plain;
use crate::pipeline::next::Next;
use crate::pipeline::route::Routes;
use crate::pipeline::saved::OF_BODY;
use crate::pipeline::scope::PathParams;
use crate::pipeline::sealed::Verified;
use crate::request;
use crate::request::Kept;
use crate::request::Saved;
use crate::roots;

/// A request of which no event could be made when it came.
#[derive(Clone, Copy, Debug)]
pub struct Again<'r> {
    /// The listener that has verified it.
    pub listener: &'r str,
    /// Its id.
    pub id: &'r str,
    /// When it came, in seconds since 1970.
    pub received: f64,
    /// What was kept of it.
    pub request: &'r [u8],
}

/// What of a root was hidden.
struct Lost {
    all: bool,
    /// The keys of what was, if it was not all.
    names: Vec<String>,
}

impl Again<'_> {
    /// The events that it makes now; nothing if it is one now that makes none.
    ///
    /// # Errors
    ///
    /// Why it still gives no event.
    pub fn make(&self, live: &Arc<Live>) -> Result<Option<Box<EventRecord>>, String> {
        let (index, pipeline) = self.pipeline(live)?;
        let kept = request::kept(self.request).map_err(|_| "what was kept of it cannot be read")?;
        let path_params = path_params(pipeline, &kept.request);
        if let Some(what) = lost(pipeline, &kept, path_params.as_ref()) {
            return Err(format!("its {what} was not kept, and its events depend on it"));
        }
        let Saved { client, ref body, .. } = kept.request;
        let head = self.head(&kept.request)?;
        let mut exchange = Exchange::new(Arc::clone(live), head);
        // Behind our proxies it was found when the request came.
        exchange.head.client = client;
        (exchange.listener, exchange.path_params) = (Some(index), path_params.unwrap_or_default());
        let plain = pipeline.decrypt.as_ref().map(|decrypt| (decrypt, Plain::kept(body)));
        let said = match &plain {
            Some((decrypt, plain)) => {
                let said = decrypt.parse(plain, &exchange.head);
                Some(Ok(said.ok_or("its body cannot be read")?))
            }
            None => None,
        };
        let verified = Verified::kept(body);
        match exchange.make_events(pipeline, &verified, said, None) {
            Ok(Next { ask: Ask::Append(record), .. }) => Ok(Some(record)),
            Ok(_) => Ok(None),
            Err(stop) => Err(format!("it is still {}: {}", stop.outcome(), stop.reason())),
        }
    }

    /// Its listener as it is now.
    pub(super) fn pipeline<'l>(&self, live: &'l Live) -> Result<(usize, &'l Pipeline), String> {
        let mut pipelines = live.generation.pipelines.iter().enumerate();
        let found = pipelines.find(|(_, pipeline)| pipeline.name == self.listener);
        found.ok_or_else(|| format!("there is no listener {} now", self.listener))
    }

    /// Its head as it came, but for what was not kept.
    pub(super) fn head(&self, saved: &Saved) -> Result<Head, String> {
        let id = self.id.parse::<RequestId>().map_err(|()| "its id is none of a request")?;
        Ok(Head {
            method: saved.method.clone(),
            uri: saved.uri.clone(),
            headers: saved.headers.clone(),
            version: saved.version,
            client: saved.client,
            certificate: None,
            now: self.received,
            id,
        })
    }
}

/// What stands in place of the parameters of its listener's path, if it came to one like that.
pub(super) fn path_params(pipeline: &Pipeline, saved: &Saved) -> Option<PathParams> {
    let mut routes = Routes::default();
    routes.add(&pipeline.path, 0);
    routes.find(saved.uri.path()).map(|(_, params)| params)
}

/// What its events depend on, and was hidden when it was kept. Without its body it is another request,
/// whatever they read.
fn lost(
    pipeline: &Pipeline,
    kept: &Kept,
    path_params: Option<&PathParams>,
) -> Option<&'static str> {
    let Kept { request: saved, has_body } = kept;
    if !has_body {
        return Some("body");
    }
    let headers = saved.headers.iter().filter(|(name, value)| is_lost(name, value));
    let headers: Vec<_> = headers.map(|(name, _)| name.as_str().to_owned()).collect();
    let is_any = |name: HeaderName| headers.iter().any(|lost| lost == name.as_str());
    let accept = pipeline.decrypt.as_ref().map_or(pipeline.accept, |it| it.accept());
    let reads_type = accept == Accept::Any || !pipeline.content_types.is_empty();
    if is_any(header::CONTENT_ENCODING) || (reads_type && is_any(header::CONTENT_TYPE)) {
        return Some("header");
    }
    let (path, query) = (saved.uri.path(), saved.uri.query().unwrap_or_default());
    let is_other_host = is_any(header::HOST);
    let params = path_params.into_iter().flatten().filter(|(_, value)| value == HIDDEN);
    let params = params.map(|(name, _)| name.clone()).collect();
    let is_other_query = query.split('&').any(|pair| pair == HIDDEN);
    let pairs = form_urlencoded::parse(query.as_bytes()).filter(|(_, value)| value == HIDDEN);
    let pairs = pairs.map(|(name, _)| name.into_owned()).collect();
    let is_other_url = is_other_host || path.contains(HIDDEN) || query.contains(HIDDEN);
    let all = [
        (roots::HEADERS, "header", Lost { all: false, names: headers }),
        (roots::QUERY_PARAMS, "query", Lost { all: is_other_query, names: pairs }),
        // Of a path that is hidden, or that its listener had before, nobody knows what they were.
        (roots::PATH_PARAMS, "path", Lost { all: path_params.is_none(), names: params }),
        (roots::REQUEST_URL, "URL", Lost { all: is_other_url, names: Vec::new() }),
        (roots::CLIENT_IP, "client", Lost { all: saved.client.is_none(), names: Vec::new() }),
    ];
    pipeline.of_events().find_map(|expression| {
        let needs = expression.needs();
        let is_read = |root, lost: &Lost| needs.paths(root).is_some_and(|it| lost.is_read(it));
        let lost = all.iter().find(|(root, _, lost)| is_read(*root, lost));
        lost.map(|(_, what, _)| *what)
    })
}

/// Whether anything of a header was hidden, or was no UTF-8, which is kept with a sign that stands for it.
fn is_lost(name: &HeaderName, value: &HeaderValue) -> bool {
    let value = String::from_utf8_lossy(value.as_bytes());
    // Of what says how a body is to be read, all is hidden or nothing, and senders draw lines of stars.
    let is_hidden = if OF_BODY.contains(name) { value == HIDDEN } else { value.contains(HIDDEN) };
    is_hidden || value.contains('\u{fffd}')
}

impl Lost {
    /// Whether anything of it is read. It may say so where nothing is lost, never the other way round.
    fn is_read(&self, paths: &Paths) -> bool {
        match paths {
            _ if self.all => true,
            Paths::Whole => !self.names.is_empty(),
            Paths::Keys(keys) => keys
                .iter()
                .any(|(key, _)| self.names.iter().any(|name| name.eq_ignore_ascii_case(key))),
        }
    }
}
