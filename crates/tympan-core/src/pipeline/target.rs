//! The target of a request as it may be kept, and what is hidden of it, and who sent it, wherever else they stand.

use std::borrow::Cow;
use std::collections::BTreeSet;

use http::Uri;
use http::header;
use http::uri::Authority;

use super::Head;
use super::Pipeline;
use super::scope::PathParams;
use super::scope::decode;
use crate::config::HIDDEN;
use crate::config::Redact;
use crate::encode;
use crate::roots;

/// The shortest text that is looked for elsewhere, in bytes: what is shorter stands everywhere, and is
/// nobody's secret.
const LEAST: usize = 4;

/// How many pieces are looked for elsewhere: a target may have as many as strangers like.
const MOST: usize = 64;

/// The target of a request as it may be kept.
pub(super) struct KeptTarget {
    pub(super) url: String,
    /// What is hidden of it, the pieces as they are meant.
    pieces: BTreeSet<String>,
    /// The same, in every way in which it may be written, the longest first.
    hidden: Vec<String>,
}

impl KeptTarget {
    pub(super) fn new(
        head: &Head,
        path_params: &PathParams,
        pipeline: &Pipeline,
        redact: &Redact,
    ) -> Self {
        let mut target = Self { url: String::new(), pieces: BTreeSet::new(), hidden: Vec::new() };
        target.add_host(head);
        let (path, query) = (head.uri.path(), head.uri.query());
        if redact.hides(roots::REQUEST_URL, None) {
            target.url.push('/');
            target.url.push_str(HIDDEN);
            // What the file says of it is nothing that anybody has sent.
            let mut templates = pipeline.path.split('/');
            path.split('/')
                .filter(|part| templates.next() != Some(part))
                .for_each(|part| target.hide(part));
        } else {
            let shown = redact.shown_path(&pipeline.path, path);
            let parts = path.split('/').zip(shown.split('/'));
            parts.filter(|(_, shown)| *shown == HIDDEN).for_each(|(part, _)| target.hide(part));
            target.url.push_str(&shown);
        }
        // A parameter may be less than a part of the path.
        for (name, value) in path_params {
            if redact.hides(roots::PATH_PARAMS, Some(name)) {
                target.hide(value);
            }
        }
        if let Some(query) = query {
            target.add_query(query, redact);
        }
        if let Some(client) = head.client.filter(|_| redact.hides(roots::CLIENT_IP, None)) {
            target.hide(&client.to_string());
        }
        if target.pieces.len() <= MOST {
            let ways = target.pieces.iter().flat_map(|piece| encode::ways(piece));
            target.hidden.extend(ways.filter(|way| way.len() >= LEAST));
        }
        target.hidden.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        target.hidden.dedup();
        target
    }

    /// A text without what is hidden of the target, which proxies and browsers write into headers. Of too
    /// many pieces none is looked for, and nothing is left.
    pub(super) fn masked<'t>(&self, text: Cow<'t, str>) -> Cow<'t, str> {
        if self.pieces.len() > MOST {
            return Cow::Borrowed(HIDDEN);
        }
        self.hidden.iter().fold(text, |text, hidden| {
            if text.contains(hidden) { Cow::Owned(text.replace(hidden, HIDDEN)) } else { text }
        })
    }

    /// Scheme and host, without anybody whom the request names before its host.
    fn add_host(&mut self, head: &Head) {
        let named = head.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let authority = head.uri.authority().map(Authority::as_str);
        for (user, _) in [authority, named].iter().flatten().filter_map(|it| it.rsplit_once('@')) {
            self.hide(user);
            user.split(':').for_each(|part| self.hide(part));
        }
        if let Some(host) = authority.or(named) {
            let host = host.rsplit('@').next().unwrap_or_default();
            let url = format!("http://{host}");
            // More is taken for a host than a URL may have, and its header has it as it came.
            if url.parse::<Uri>().is_ok() {
                self.url = url;
            }
        }
    }

    fn add_query(&mut self, query: &str, redact: &Redact) {
        let hides_all = redact.hides(roots::REQUEST_URL, None);
        let hides_each = hides_all || redact.hides(roots::QUERY_PARAMS, None);
        if hides_all {
            self.hide(query);
        }
        let pairs = query.split('&').map(|pair| {
            let (name, value) = form_urlencoded::parse(pair.as_bytes()).next().unwrap_or_default();
            if !hides_each && !redact.hides(roots::QUERY_PARAMS, Some(&name)) {
                return Cow::Borrowed(pair);
            }
            self.hide(&value);
            let Some((name, value)) = pair.split_once('=') else {
                self.hide(pair);
                return Cow::Borrowed(HIDDEN);
            };
            self.hide(value);
            Cow::Owned(format!("{name}={HIDDEN}"))
        });
        let pairs = pairs.collect::<Vec<_>>().join("&");
        self.url.push('?');
        self.url.push_str(if hides_all { HIDDEN } else { &pairs });
    }

    /// Hides a piece of the target, as it stands there and as it is meant.
    fn hide(&mut self, piece: &str) {
        let pieces = [piece.to_owned(), decode(piece)];
        self.pieces.extend(pieces.into_iter().filter(|piece| piece.len() >= LEAST));
    }
}
