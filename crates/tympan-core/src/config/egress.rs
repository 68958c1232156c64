//! Reading `egress:`: whom we may call.

use ipnet::IpNet;

use crate::config::Reader;
use crate::config::keys;
use crate::span::Span;
use crate::yaml::Key;
use crate::yaml::Node;

/// Whom we may call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Egress {
    /// Networks that may be reached by hosts which a request could choose.
    pub allow: Vec<IpNet>,
    /// Networks that are never reached.
    pub deny: Vec<IpNet>,
    /// A file of authorities that are trusted beside those of browsers, relative to the
    /// configuration's folder, with its place.
    pub ca: Option<(String, Span)>,
}

impl Reader<'_> {
    pub(super) fn egress(&mut self, key: &Key, node: Node) -> Option<Egress> {
        let mut fields = self.fields(&keys::EGRESS, key.span, node)?;
        // An empty list says that nothing is meant.
        let mut networks = |name: &'static str| {
            fields.take(name).map_or_else(Vec::new, |(key, node)| {
                self.each(&key, node, |reader, _, node| reader.network(&node))
            })
        };
        let (allow, deny) = (networks("allow"), networks("deny"));
        let ca = fields.take("ca");
        let ca = ca.and_then(|(_, node)| self.text(&node).map(|file| (file, node.span)));
        fields.end();
        Some(Egress { allow, deny, ca })
    }
}
