//! Which events a request makes now that was verified when it came, and of which none could be made then.

use std::sync::Arc;

use http::header;
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
use crate::pipeline::saved::OF_BODY;
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
    let headers = saved.headers.iter().filter(|(_, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        // What was no UTF-8 is kept with a sign that stands for it.
        value.contains(HIDDEN) || value.contains('\u{fffd}')
    });
    let headers: Vec<_> = headers.map(|(name, _)| name.as_str().to_owned()).collect();
    if OF_BODY.iter().any(|name| headers.iter().any(|lost| lost == name.as_str())) {
        return Some("header");
    }
    let (path, query) = (saved.uri.path(), saved.uri.query().unwrap_or_default());
    let is_other_path = path.contains(HIDDEN) && path_params.is_empty();
    let is_other_host = headers.iter().any(|name| name == header::HOST.as_str());
    let params = path_params.iter().filter(|(_, value)| value == HIDDEN);
    let params = params.map(|(name, _)| name.clone()).collect();
    let is_other_query = query.split('&').any(|pair| pair == HIDDEN);
    let pairs = form_urlencoded::parse(query.as_bytes()).filter(|(_, value)| value == HIDDEN);
    let pairs = pairs.map(|(name, _)| name.into_owned()).collect();
    let is_other_url = is_other_host || path.contains(HIDDEN) || query.contains(HIDDEN);
    let all = [
        (roots::HEADERS, "header", Lost { all: false, names: headers }),
        (roots::QUERY_PARAMS, "query", Lost { all: is_other_query, names: pairs }),
        (roots::PATH_PARAMS, "path", Lost { all: is_other_path, names: params }),
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

impl Lost {
    /// Whether anything of it is read. It may be less than that, but never more.
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
