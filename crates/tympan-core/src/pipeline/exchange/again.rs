//! Which events a request makes now that was verified when it came, and of which none could be made then.

use std::sync::Arc;

use http::uri::PathAndQuery;
use tympan_expr::Paths;

use super::Exchange;
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
use crate::pipeline::scope::PathParams;
use crate::pipeline::sealed::Verified;
use crate::request;
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

impl Again<'_> {
    /// The events that it makes now; nothing if it is one now that makes none.
    ///
    /// # Errors
    ///
    /// Why it still gives no event.
    pub fn make(&self, live: &Arc<Live>) -> Result<Option<Box<EventRecord>>, String> {
        let pipelines = &live.generation.pipelines;
        let index = pipelines.iter().position(|pipeline| pipeline.name == self.listener);
        let index = index.ok_or_else(|| format!("there is no listener {} now", self.listener))?;
        let pipeline = &pipelines[index];
        let no_files = |_: &str| Err("nothing else was kept".to_owned());
        let read = request::read(self.request, &no_files).ok().and_then(|mut all| all.pop());
        let saved = read.ok_or("what was kept of it cannot be read")?;
        let routes = Routes::only(&pipeline.path, index);
        let path_params = routes.find(saved.uri.path()).map(|(_, params)| params);
        let path_params = path_params.unwrap_or_default();
        if let Some(what) = lost(pipeline, &saved, &path_params) {
            return Err(format!("its {what} was not kept, and its events depend on it"));
        }
        let id = self.id.parse::<RequestId>().map_err(|()| "its id is none of a request")?;
        let Saved { method, uri, version, headers, body, client, .. } = saved;
        let (certificate, now) = (None, self.received);
        let head = Head { method, uri, headers, version, client, certificate, now, id };
        let mut exchange = Exchange::new(Arc::clone(live), head);
        // Behind our proxies it was found when the request came.
        exchange.head.client = client;
        (exchange.listener, exchange.path_params) = (Some(index), path_params);
        let plain = pipeline.decrypt.as_ref().map(|decrypt| (decrypt, Plain::kept(&body)));
        let said = match &plain {
            Some((decrypt, plain)) => {
                let said = decrypt.parse(plain, &exchange.head);
                Some(Ok(said.ok_or("its body cannot be read")?))
            }
            None => None,
        };
        let verified = Verified::kept(&body);
        match exchange.make_events(pipeline, &verified, said, None) {
            Ok(Next { ask: Ask::Append(record), .. }) => Ok(Some(record)),
            Ok(_) => Ok(None),
            Err(stop) => Err(format!("it is still {}: {}", stop.outcome(), stop.reason())),
        }
    }
}

/// What its events depend on, and was hidden when it was kept. Without its body it is another request,
/// whatever they read.
fn lost(pipeline: &Pipeline, saved: &Saved, path_params: &PathParams) -> Option<&'static str> {
    if saved.is_bodiless {
        return Some("body");
    }
    let headers = saved.headers.iter().filter(|(_, value)| *value == HIDDEN);
    let headers = headers.map(|(name, _)| name.as_str().to_owned()).collect();
    let query = form_urlencoded::parse(saved.uri.query().unwrap_or_default().as_bytes());
    let query = query.filter(|(_, value)| value == HIDDEN).map(|(name, _)| name.into_owned());
    let path = path_params.iter().filter(|(_, value)| value == HIDDEN);
    let path = path.map(|(name, _)| name.clone()).collect();
    let target = saved.uri.path_and_query().map_or("", PathAndQuery::as_str);
    let whole = |is_hidden: bool| Vec::from_iter(is_hidden.then(String::new));
    let hidden: [(_, _, Vec<String>); 5] = [
        (roots::HEADERS, "header", headers),
        (roots::QUERY_PARAMS, "query", query.collect()),
        (roots::PATH_PARAMS, "path", path),
        (roots::REQUEST_URL, "URL", whole(target.contains(HIDDEN))),
        (roots::CLIENT_IP, "client", whole(saved.client.is_none())),
    ];
    pipeline.of_events().find_map(|expression| {
        let needs = expression.needs();
        let lost = hidden.iter().find(|(root, _, names)| match needs.paths(*root) {
            Some(Paths::Whole) => !names.is_empty(),
            Some(Paths::Keys(keys)) => keys.iter().any(|(key, _)| {
                // More may be lost than is, but never less.
                names.iter().any(|name| name.eq_ignore_ascii_case(key))
            }),
            None => false,
        });
        lost.map(|(_, what, _)| *what)
    })
}
