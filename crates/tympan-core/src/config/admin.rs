//! Reading `admin:`.

use crate::config::Address;
use crate::config::Reader;
use crate::config::SecretId;
use crate::config::keys;
use crate::diagnostic::Problem;
use crate::span::Span;
use crate::yaml::Key;
use crate::yaml::Node;

/// Where the operator is answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Admin {
    /// The addresses, with the places that name them; `None` is a socket in the state folder.
    pub listen: Option<Vec<(Address, Span)>>,
    /// What TCP clients have to know. There is one wherever there is a TCP address.
    pub token: Option<SecretId>,
}

impl Reader<'_> {
    pub(super) fn admin(&mut self, key: &Key, node: Node) -> Option<Admin> {
        let mut fields = self.fields(&keys::ADMIN, key.span, node)?;
        let mut admin = Admin::default();
        if let Some(listen) = fields.take("listen") {
            admin.listen = Some(self.some("listen", listen, |reader, _, node| {
                let address = reader.address(&node)?;
                if matches!(address, Address::Systemd(_)) {
                    let what = "an IP address and a port or unix:PATH";
                    let (found, example) = (address.to_string(), "unix:data/admin.sock");
                    let problem = Problem::BadValue { what, found, example, why: None };
                    reader.report(node.span, problem);
                    return None;
                }
                Some((address, node.span))
            }));
        }
        let has_token = if let Some((_, node)) = fields.take("token") {
            admin.token = self.secret_name(&node);
            true
        } else {
            false
        };
        fields.end();
        for (address, at) in admin.listen.iter().flatten() {
            let Address::Tcp(socket) = address else { continue };
            let address = address.to_string();
            if !has_token {
                self.report(*at, Problem::AdminOpen { address });
            } else if !socket.ip().is_loopback() {
                self.report(*at, Problem::AdminPlain { address });
            }
        }
        Some(admin)
    }
}
