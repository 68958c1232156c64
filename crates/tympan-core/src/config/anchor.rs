//! Reading which URLs a request may name, where the request has a say in what we call.

use std::sync::Arc;

use tympan_expr::Expression;
use tympan_expr::Types;

use crate::anchor;
use crate::anchor::Anchor;
use crate::config::Reader;
use crate::config::fields::Fields;
use crate::config::keys;
use crate::config::whole_match;
use crate::diagnostic::Outward;
use crate::diagnostic::Problem;
use crate::roots::Place;
use crate::scheme;
use crate::scheme::IssuedTo;
use crate::span::Span;
use crate::yaml::Key;
use crate::yaml::Node;

/// What path and query of a certificate look like unless the file says otherwise: no query, which
/// could make an interface of the same host say what somebody else wants.
const PATH_OF_CERTIFICATE: &str = r"(/[A-Za-z0-9_.~-]+)+";

/// What those of a call look like.
const PATH_OF_CALL: &str = r"/.*";

/// Hosts that nobody means who writes a pattern.
const STRANGERS: [&str; 5] =
    ["stranger.example", "a.stranger.example", "stranger.example:8443", "127.0.0.1", "localhost"];

/// A URL that a request names, and which ones it may.
#[derive(Clone, Debug)]
pub struct NamedUrl {
    /// Where the URL is.
    pub url: Expression,
    /// Which ones may be called.
    pub anchor: Anchor,
}

/// A certificate that is fetched.
#[derive(Clone, Debug)]
pub struct FetchedCertificate {
    /// Where it is.
    pub at: NamedUrl,
    /// Whom it has to name, and who has to vouch for that.
    pub issued_to: Option<Arc<IssuedTo>>,
}

impl Reader<'_> {
    /// A certificate that a request names.
    pub(super) fn fetched_certificate(
        &mut self,
        key: &Key,
        node: Node,
    ) -> Option<FetchedCertificate> {
        let mut fields = self.fields(&keys::CERTIFICATE, key.span, node)?;
        let at = self.named_url(&mut fields, Place::Proof, PATH_OF_CERTIFICATE);
        let name = fields.take("issued_to").map(|(_, node)| self.certificate_name(&node));
        let authority = fields.take("authority");
        fields.end();
        let authorities = match authority {
            Some((key, _)) if name.is_none() => {
                let (key, at) = ("issued_to", key.span);
                let (section, example) = (keys::CERTIFICATE.name, "issued_to: hooks.example.com");
                self.report(at, Problem::MissingKey { key, section, example });
                None
            }
            Some((_, node)) => self.authorities(&node),
            None => Some(Vec::new()),
        };
        let issued_to = match name {
            Some(name) => Some(Arc::new(IssuedTo { name: name?, authorities: authorities? })),
            None => None,
        };
        Some(FetchedCertificate { at: at?, issued_to })
    }

    /// What a challenge has called.
    pub(super) fn called(&mut self, key: &Key, node: Node) -> Option<NamedUrl> {
        let mut fields = self.fields(&keys::CALL, key.span, node)?;
        let url = self.named_url(&mut fields, Place::Challenge, PATH_OF_CALL);
        fields.end();
        url
    }

    /// Where a key is: for all of them, or for one that a request names.
    pub(super) fn url_of_key(&mut self, fields: &mut Fields) -> Option<NamedUrl> {
        let url = fields.require(self, "url").and_then(|(_, node)| {
            let url = self.expression(Place::Proof, &node)?;
            self.check_type(node.span, &url, Types::TEXT, "a text");
            Some(url)
        });
        self.anchored(fields, url, PATH_OF_CERTIFICATE)
    }

    fn named_url(
        &mut self,
        fields: &mut Fields,
        place: Place,
        usual_path: &str,
    ) -> Option<NamedUrl> {
        let url = fields.require(self, "url").and_then(|(_, node)| {
            let url = self.expression(place, &node)?;
            if url.as_constant().is_some() {
                self.check_varies(&node, &url);
            } else {
                self.check_type(node.span, &url, Types::TEXT, "a text");
            }
            Some(url)
        });
        self.anchored(fields, url, usual_path)
    }

    /// A URL, if it is said which hosts it may name.
    fn anchored(
        &mut self,
        fields: &mut Fields,
        url: Option<Expression>,
        usual_path: &str,
    ) -> Option<NamedUrl> {
        let at = fields.at();
        let is_anchored = ["hosts", "host_pattern"].iter().any(|key| fields.place(key).is_some());
        let hosts = fields.take("hosts").map_or_else(Vec::new, |hosts| {
            self.some("hosts", hosts, |reader, _, node| reader.host(&node))
        });
        let pattern = fields.take("host_pattern").map(|(_, node)| {
            let pattern = self.pattern(&node)?;
            if STRANGERS.iter().any(|host| pattern.is_match(host)) {
                self.report(node.span, Problem::Outward(Outward::AnyHost));
            }
            Some(pattern)
        });
        let path = match fields.take("path") {
            Some((_, node)) => self.pattern(&node),
            None => whole_match(usual_path).ok(),
        };
        if !is_anchored {
            self.report(at, Problem::Outward(Outward::Unanchored));
            return None;
        }
        let pattern = match pattern {
            Some(pattern) => Some(pattern?),
            None => None,
        };
        Some(NamedUrl { url: url?, anchor: Anchor { hosts, pattern, path: path? } })
    }

    fn host(&mut self, node: &Node) -> Option<String> {
        let found = self.text(node)?;
        let host = anchor::host(&found);
        if host.is_none() {
            let (what, example) = ("a host, and a port if it is not 443", "keys.example.com");
            self.report(node.span, Problem::BadValue { what, found, example, why: None });
        }
        host
    }

    fn certificate_name(&mut self, node: &Node) -> Option<String> {
        let found = self.text(node)?;
        if scheme::is_name(&found) {
            return Some(found);
        }
        let (what, example) = ("the name of a host", "hooks.example.com");
        self.report(node.span, Problem::BadValue { what, found, example, why: None });
        None
    }

    fn authorities(&mut self, node: &Node) -> Option<Vec<Vec<u8>>> {
        let pem = self.text(node)?;
        let bad = |reader: &mut Self, at: Span, why| {
            reader.report(at, Problem::Outward(Outward::Authority { why }));
        };
        scheme::authorities(&pem).map_err(|why| bad(self, node.span, why)).ok()
    }
}
