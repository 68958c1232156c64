//! A request that is being built.

use std::net::IpAddr;
use std::net::Ipv4Addr;

use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::Method;
use http::Uri;
use http::Version;
use http::header;

use crate::config::Accept;
use crate::config::Changed;
use crate::config::Listener;
use crate::pipeline::Head;
use crate::pipeline::RequestId;

/// A request that is being built.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The method.
    pub method: Method,
    /// The path, in which `{parameters}` may still stand.
    pub path: String,
    /// The parameters of the query, decoded.
    pub query: Vec<(String, String)>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
    /// When it is sent, in seconds since 1970.
    pub now: f64,
    /// Who sends it.
    pub client: IpAddr,
    /// Whether it holds a secret itself, not only what was computed with one.
    pub holds_secret: bool,
}

/// What stands for every parameter of a path that nothing else is said about.
const ANY: &str = "x";

impl Draft {
    pub(super) fn new(listener: &Listener, now: f64) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("localhost"));
        let media_type = match listener.accept {
            Accept::Form => "application/x-www-form-urlencoded",
            Accept::Text => "text/plain",
            _ => "application/json",
        };
        let own = listener.content_types.first().and_then(|it| HeaderValue::from_str(it).ok());
        let media_type = own.unwrap_or(HeaderValue::from_static(media_type));
        headers.insert(header::CONTENT_TYPE, media_type);
        Self {
            method: listener.methods.first().cloned().unwrap_or(Method::POST),
            path: listener.path.clone(),
            query: Vec::new(),
            headers,
            body: Vec::new(),
            now,
            client: IpAddr::V4(Ipv4Addr::LOCALHOST),
            holds_secret: false,
        }
    }

    /// The path and the query.
    #[must_use]
    pub fn target(&self) -> String {
        let path = self.path.split('/').map(|part| if part.starts_with('{') { ANY } else { part });
        let path = path.collect::<Vec<_>>().join("/");
        if self.query.is_empty() {
            return path;
        }
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.query);
        format!("{path}?{}", query.finish())
    }

    /// Sets a header, or takes it out.
    pub fn set_header(&mut self, name: &str, value: Option<&str>) {
        let Ok(name) = name.parse::<HeaderName>() else { return };
        match value.map(HeaderValue::from_str) {
            Some(Ok(value)) => {
                self.headers.insert(name, value);
            }
            Some(Err(_)) => {}
            None => {
                self.headers.remove(&name);
            }
        }
    }

    /// Sets a parameter of the query, or takes it out.
    pub fn set_query(&mut self, name: &str, value: Option<&str>) {
        self.query.retain(|(known, _)| known != name);
        self.query.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    }

    /// Changes what is to be changed.
    pub(super) fn change(&mut self, changed: &Changed, body_file: Option<Vec<u8>>) {
        if let Some(method) = &changed.method {
            self.method.clone_from(method);
        }
        if let Some(path) = &changed.path {
            self.path.clone_from(path);
        }
        for (name, value) in &changed.query {
            self.set_query(name, value.as_deref());
        }
        for (name, value) in &changed.headers {
            self.set_header(name, value.as_deref());
        }
        if let Some(body) = body_file.or_else(|| changed.body.clone()) {
            self.body = body;
        }
        self.now = changed.now.unwrap_or(self.now);
    }

    /// What comes before the body.
    pub(super) fn head(&self) -> Head {
        Head {
            method: self.method.clone(),
            uri: self.target().parse().unwrap_or(Uri::from_static("/")),
            version: Version::HTTP_11,
            headers: self.headers.clone(),
            client: Some(self.client),
            certificate: None,
            now: self.now,
            id: RequestId(0),
        }
    }
}
