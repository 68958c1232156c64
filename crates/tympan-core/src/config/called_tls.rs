//! Reading `tls:` of connectors and destinations: TLS where we are the client.

use crate::config::Reader;
use crate::config::keys;
use crate::diagnostic::Problem;
use crate::span::Span;
use crate::yaml::Key;
use crate::yaml::Node;

/// How a system that we call proves who it is, and we do. Files are relative to the configuration's
/// folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CalledTls {
    /// Authorities beside those that are trusted anyway.
    pub ca: Option<(String, Span)>,
    /// Our certificate, and its private key.
    pub own: Option<[(String, Span); 2]>,
    /// Whether nothing older than TLS 1.3 is spoken.
    pub newest_only: bool,
}

impl CalledTls {
    /// The files, and where they are named.
    pub fn files(&self) -> impl Iterator<Item = &(String, Span)> {
        self.ca.iter().chain(self.own.iter().flatten())
    }
}

impl Reader<'_> {
    pub(super) fn called_tls(&mut self, key: &Key, node: Node) -> Option<CalledTls> {
        let mut fields = self.fields(&keys::CALLED_TLS, key.span, node)?;
        let file = |reader: &mut Self, node: Node| Some((reader.text(&node)?, node.span));
        let ca = fields.take("ca").and_then(|(_, node)| file(self, node));
        let certificate = fields.take("certificate").map(|(key, node)| (key, file(self, node)));
        let private = fields.take("key").map(|(key, node)| (key, file(self, node)));
        let oldest = match fields.take("oldest") {
            Some((_, node)) => self.choice(&node, &["TLS-1.2", "TLS-1.3"]),
            None => Some("TLS-1.2"),
        };
        fields.end();
        let section = "`tls` with a certificate of our own";
        let own = match (certificate, private) {
            (Some((_, certificate)), Some((_, private))) => Some([certificate?, private?]),
            (Some((at, _)), None) => {
                let (key, example) = ("key", "key: tls/client.key");
                self.report(at.span, Problem::MissingKey { key, section, example });
                None
            }
            (None, Some((at, _))) => {
                let (key, example) = ("certificate", "certificate: tls/client.crt");
                self.report(at.span, Problem::MissingKey { key, section, example });
                None
            }
            (None, None) => None,
        };
        Some(CalledTls { ca, own, newest_only: oldest? == "TLS-1.3" })
    }
}
