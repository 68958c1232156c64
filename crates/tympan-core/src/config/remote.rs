//! Reading destinations that are servers with a protocol of their own.

use http::Uri;
use tympan_expr::Expression;

use crate::config::Reader;
use crate::config::SecretId;
use crate::config::fields::Fields;
use crate::config::keys;
use crate::roots::Place;
use crate::yaml::Key;
use crate::yaml::Node;

/// Where a server is, and who we are to it.
#[derive(Clone, Debug)]
pub struct Remote {
    /// Where.
    pub url: Uri,
    /// Who, if it wants to know.
    pub user: Option<String>,
    /// What proves it.
    pub password: Option<SecretId>,
}

/// A stream of Redis.
#[cfg(feature = "redis")]
#[derive(Clone, Debug)]
pub struct Redis {
    /// The server.
    pub server: Remote,
    /// The key of the stream.
    pub stream: Expression,
    /// About how many entries it keeps.
    pub most: Option<usize>,
}

impl Reader<'_> {
    #[cfg(feature = "redis")]
    pub(super) fn redis(&mut self, key: &Key, node: Node) -> Option<Redis> {
        let mut fields = self.fields(&keys::REDIS, key.span, node)?;
        let schemes = &["redis", "rediss"];
        let server = self.remote(&mut fields, schemes, "redis://127.0.0.1:6379");
        let stream = self.required_expression(&mut fields, "stream");
        let most = fields.take("max_length").and_then(|(_, node)| self.count(&node));
        fields.end();
        Some(Redis { server: server?, stream: stream?, most })
    }

    /// Where a server is, and who we are to it.
    fn remote(
        &mut self,
        fields: &mut Fields,
        schemes: &'static [&'static str],
        example: &'static str,
    ) -> Option<Remote> {
        let url = fields.require(self, "url");
        let url = url.and_then(|(_, node)| self.endpoint(&node, schemes, example));
        let user = fields.take("user").and_then(|(_, node)| self.text(&node));
        let password = fields.take("password").and_then(|(_, node)| self.secret_name(&node));
        Some(Remote { url: url?, user, password })
    }

    /// An expression that says for each event where it goes.
    fn required_expression(
        &mut self,
        fields: &mut Fields,
        name: &'static str,
    ) -> Option<Expression> {
        let found = fields.require(self, name);
        found.and_then(|(_, node)| self.expression(Place::Delivery, &node))
    }
}
