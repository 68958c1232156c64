//! The target of a request as it may be kept, and what is hidden of it wherever else it stands.

use std::borrow::Cow;

use http::header;
use http::uri::Authority;

use super::Head;
use super::Pipeline;
use super::scope::PathParams;
use super::scope::decode;
use crate::action;
use crate::config::HIDDEN;
use crate::config::Redact;
use crate::encode;
use crate::roots;

/// The shortest text that is looked for elsewhere, in bytes: what is shorter stands everywhere, and is
/// nobody's secret.
const LEAST: usize = 4;

/// The target of a request as it may be kept.
pub(super) struct KeptTarget {
    pub(super) url: String,
    /// What is hidden of it, in every way in which it may be written, the longest first.
    hidden: Vec<String>,
}

impl KeptTarget {
    pub(super) fn new(
        head: &Head,
        path_params: &PathParams,
        pipeline: &Pipeline,
        redact: &Redact,
    ) -> Self {
        let mut target = Self { url: String::new(), hidden: Vec::new() };
        target.add_host(head);
        let (path, query) = (head.uri.path(), head.uri.query());
        if redact.hides(roots::REQUEST_URL, None) {
            target.url.push('/');
            target.url.push_str(HIDDEN);
            target.hide(path);
            path.split('/').for_each(|part| target.hide(part));
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
        target.hidden.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        target.hidden.dedup();
        target
    }

    /// A text without what is hidden of the target, which proxies and browsers write into headers.
    pub(super) fn masked<'t>(&self, text: Cow<'t, str>) -> Cow<'t, str> {
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
            self.url = format!("http://{host}");
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

    /// Hides a piece of the target, in every way in which it may be written.
    fn hide(&mut self, piece: &str) {
        let meant = decode(piece);
        let form = encode::form(&[("", &meant)]);
        let forms = [piece, &form[1..], &action::in_path(&meant), &action::in_url(&meant), &meant];
        let forms = forms.into_iter().filter(|form| form.len() >= LEAST);
        self.hidden.extend(forms.map(str::to_owned));
    }
}
