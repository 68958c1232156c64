//! Reading `connectors:`, how external systems are called.

use std::time::Duration;

use http::HeaderName;
use http::Uri;
use http::header;

use crate::config::Assertion;
use crate::config::CalledTls;
use crate::config::ConnectorId;
use crate::config::OAuth;
use crate::config::Reader;
use crate::config::SecretId;
use crate::config::fields::Fields;
use crate::config::keys;
use crate::config::names::slot;
use crate::diagnostic::Problem;
use crate::span::Span;
use crate::yaml::Key;
use crate::yaml::Node;
use crate::yaml::Value;

/// How long a call may take unless its connector says otherwise.
const TIMEOUT: Duration = Duration::from_secs(15);

/// What stands around a token or key unless something else does.
const PATTERN: &str = "Bearer %s";

/// An external system, and what we prove ourselves with there.
#[derive(Clone, Debug, Default)]
pub struct Connector {
    /// What actions call it.
    pub name: String,
    /// Where the name is defined.
    pub at: Span,
    /// What the path of every action is appended to.
    pub base_url: String,
    /// What we prove ourselves with.
    pub auth: Auth,
    /// How long a call may take.
    pub timeout: Duration,
    /// How it proves who it is, and we do.
    pub tls: CalledTls,
    /// The proxy that it is called through.
    pub proxy: Option<Proxy>,
}

/// A proxy.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// Its URL.
    pub url: String,
    /// Who we are there, and what proves it.
    pub user: Option<(String, SecretId)>,
}

/// What we prove ourselves with.
#[derive(Clone, Debug, Default)]
pub enum Auth {
    /// Nothing.
    #[default]
    None,
    /// A header, with the secret in the place of `%s`.
    Header {
        /// Its name.
        name: HeaderName,
        /// Its value.
        pattern: String,
        /// The secret.
        key: SecretId,
    },
    /// A parameter of the query.
    Query {
        /// Its name.
        name: String,
        /// The secret.
        key: SecretId,
    },
    /// The beginning of every path, with the secret in the place of `%s`.
    Path {
        /// The beginning.
        pattern: String,
        /// The secret.
        key: SecretId,
    },
    /// A user and a password.
    Basic {
        /// The user.
        username: String,
        /// The password.
        password: SecretId,
    },
    /// An access token, which is asked for.
    OAuth(Box<OAuth>),
    /// A token that we sign ourselves.
    Jwt(Box<Assertion>),
}

impl Connector {
    /// The secrets that it takes to call it.
    #[must_use]
    pub fn secrets(&self) -> Vec<SecretId> {
        let proxy = self.proxy.as_ref().and_then(|proxy| proxy.user.as_ref());
        self.auth.secrets().into_iter().chain(proxy.map(|(_, password)| *password)).collect()
    }
}

impl Auth {
    /// The secrets that it is made of.
    #[must_use]
    pub fn secrets(&self) -> Vec<SecretId> {
        match self {
            Self::None => Vec::new(),
            Self::Header { key, .. } | Self::Query { key, .. } | Self::Path { key, .. } => {
                vec![*key]
            }
            Self::Basic { password, .. } => vec![*password],
            Self::OAuth(oauth) => oauth.secrets(),
            Self::Jwt(assertion) => vec![assertion.key],
        }
    }
}

impl Reader<'_> {
    pub(super) fn connectors(&mut self, node: Node) {
        let Value::Map(entries) = node.value else {
            self.wrong_type::<()>(&node, "a map of names");
            return;
        };
        for entry in entries {
            self.check_name("connector", &entry.key);
            let id = ConnectorId(self.connectors.define(entry.key.name.clone(), entry.key.span));
            if let Some(connector) = self.connector(entry.key, entry.node) {
                *slot(&mut self.config.connectors, id.0) = connector;
            }
        }
    }

    /// The connector that a node names.
    pub(super) fn connector_name(&mut self, node: &Node) -> Option<ConnectorId> {
        let name = self.text(node)?;
        let id = ConnectorId(self.connectors.mention(name, node.span));
        slot(&mut self.config.connectors, id.0);
        Some(id)
    }

    fn connector(&mut self, key: Key, node: Node) -> Option<Connector> {
        let mut fields = self.fields(&keys::CONNECTOR, key.span, node)?;
        let base_url = fields.require(self, "base_url");
        let base_url = base_url.and_then(|(_, node)| self.called_url(&node));
        let auth = match fields.take("auth") {
            Some((key, node)) => self.auth(key.span, node),
            None => Some(Auth::None),
        };
        let timeout = match fields.take("timeout") {
            Some((_, node)) => self.timeout(&node),
            None => Some(TIMEOUT),
        };
        let tls = match fields.take("tls") {
            Some((key, node)) => self.called_tls(&key, node),
            None => Some(CalledTls::default()),
        };
        let proxy = self.proxy(&mut fields);
        fields.end();
        Some(Connector {
            name: key.name,
            at: key.span,
            base_url: base_url?,
            auth: auth?,
            timeout: timeout?,
            tls: tls?,
            proxy: proxy?,
        })
    }

    fn auth(&mut self, at: Span, node: Node) -> Option<Auth> {
        let mut fields = self.fields(&keys::AUTH, at, node)?;
        let api_key = fields.take("api_key");
        let bearer = fields.take("bearer");
        let basic = fields.take("basic");
        let oauth = fields.take("oauth");
        let jwt = fields.take("jwt");
        fields.end();
        if let Some((key, node)) = api_key {
            let fields = self.fields(&keys::SENT_KEY, key.span, node)?;
            return self.api_key(fields);
        }
        if let Some((_, node)) = bearer {
            let (name, pattern) = (header::AUTHORIZATION, PATTERN.to_owned());
            return Some(Auth::Header { name, pattern, key: self.secret_name(&node)? });
        }
        if let Some((key, node)) = basic {
            let (username, password) = self.user_and_password(&key, node)?;
            return Some(Auth::Basic { username, password });
        }
        if let Some((key, node)) = jwt {
            return self.assertion(&key, node).map(|assertion| Auth::Jwt(Box::new(assertion)));
        }
        let (key, node) = oauth?;
        self.oauth(&key, node).map(|oauth| Auth::OAuth(Box::new(oauth)))
    }

    fn api_key(&mut self, mut fields: Fields) -> Option<Auth> {
        let keys = ["header", "query", "path"];
        let places: Vec<_> = keys.iter().filter_map(|key| fields.place(key)).collect();
        if let Some(second) = places.get(1) {
            let (section, found) = (keys::SENT_KEY.name, places.len());
            self.report(*second, Problem::OneOf { section, found, keys: keys.to_vec() });
        }
        for with in ["query", "path"].into_iter().filter(|key| fields.place(key).is_some()) {
            if let Some(at) = fields.place("pattern") {
                self.report(at, Problem::KeyConflict { key: "pattern", with });
            }
        }
        let name = match fields.take("header") {
            Some((_, node)) => self.header(&node),
            None => Some(header::AUTHORIZATION),
        };
        let query = fields.take("query").map(|(_, node)| self.text(&node));
        let path = fields.take("path").map(|(_, node)| {
            let pattern = self.sent_pattern(&node)?;
            let is_path = pattern.starts_with('/') && !pattern.contains(['?', '#', ' ']);
            if !is_path {
                let (what, example) = ("the beginning of a path", "/key-%s");
                let problem =
                    Problem::BadValue { what, found: pattern.clone(), example, why: None };
                self.report(node.span, problem);
            }
            is_path.then_some(pattern)
        });
        let pattern = match fields.take("pattern") {
            Some((_, node)) => self.sent_pattern(&node),
            None => Some(PATTERN.to_owned()),
        };
        let key = fields.require(self, "key").and_then(|(_, node)| self.secret_name(&node));
        fields.end();
        match (query, path) {
            (Some(query), _) => Some(Auth::Query { name: query?, key: key? }),
            (None, Some(pattern)) => Some(Auth::Path { pattern: pattern?, key: key? }),
            (None, None) => Some(Auth::Header { name: name?, pattern: pattern?, key: key? }),
        }
    }

    /// What stands around a key or a signature: it has one place for it.
    pub(super) fn sent_pattern(&mut self, node: &Node) -> Option<String> {
        let pattern = self.text(node)?;
        let is_plain = pattern.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if pattern.matches("%s").count() == 1 && is_plain {
            return Some(pattern);
        }
        let (what, example) = ("a text with one `%s` for what stands there", "'Bearer %s'");
        self.report(node.span, Problem::BadValue { what, found: pattern, example, why: None });
        None
    }

    /// A user, who may have no colon (RFC 7617, section 2), and a password.
    fn user_and_password(&mut self, key: &Key, node: Node) -> Option<(String, SecretId)> {
        let mut fields = self.fields(&keys::USER, key.span, node)?;
        let username = fields.require(self, "username");
        let username = username.and_then(|(_, node)| self.user(&node));
        let password = fields.require(self, "password");
        let password = password.and_then(|(_, node)| self.secret_name(&node));
        fields.end();
        username.zip(password)
    }

    /// A proxy, which is a host and nothing else; `None` if there is a mistake.
    #[expect(clippy::option_option, reason = "none, one, or a mistake")]
    fn proxy(&mut self, fields: &mut Fields) -> Option<Option<Proxy>> {
        let proxy = fields.take("proxy");
        let user = fields.take("proxy_auth");
        if let (None, Some((key, _))) = (&proxy, &user) {
            let (section, example) =
                ("a connector with `proxy_auth`", "proxy: http://proxy.example.com:3128");
            self.report(key.span, Problem::MissingKey { key: "proxy", section, example });
        }
        let user = user.map(|(key, node)| self.user_and_password(&key, node));
        let Some((_, node)) = proxy else { return Some(None) };
        let url = self.called_url(&node)?;
        let is_host = |uri: Uri| uri.scheme_str() == Some("http") && uri.path() == "/";
        if !url.parse().is_ok_and(is_host) {
            self.bad_value(node.span, "a URL of a host", url, "http://proxy.example.com:3128");
            return None;
        }
        Some(Some(Proxy { url, user: user.map_or(Some(None), |user| user.map(Some))? }))
    }

    /// A URL that is called: of a host, with nothing behind its path.
    pub(super) fn called_url(&mut self, node: &Node) -> Option<String> {
        let found = self.text(node)?;
        let is_one = found.parse::<Uri>().is_ok_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.authority().is_some_and(|host| !host.as_str().contains('@'))
                && uri.query().is_none()
                && !found.contains('#')
        });
        if is_one {
            return Some(found.trim_end_matches('/').to_owned());
        }
        let what = "a URL without user, query and fragment";
        self.bad_value(node.span, what, found, "https://api.example.com");
        None
    }
}
