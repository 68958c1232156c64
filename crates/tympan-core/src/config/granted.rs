//! Reading `oauth:` of connectors, how access tokens are asked for.

use crate::config::Assertion;
use crate::config::Reader;
use crate::config::SecretId;
use crate::config::fields::Fields;
use crate::config::keys;
use crate::diagnostic::Credential;
use crate::diagnostic::Problem;
use crate::yaml::Key;
use crate::yaml::Node;

/// The words for grants.
const GRANTS: [&str; 4] = ["client_credentials", "refresh_token", "password", "jwt_bearer"];

/// The keys that are for one grant alone.
const OF_ONE: [(&str, &str); 4] = [
    ("refresh_token", "refresh_token"),
    ("username", "password"),
    ("password", "password"),
    ("assertion", "jwt_bearer"),
];

/// How an access token is asked for (RFC 6749).
#[derive(Clone, Debug)]
pub struct OAuth {
    /// Where.
    pub token_url: String,
    /// What it is granted for.
    pub grant: Grant,
    /// Who we are there.
    pub client_id: Option<String>,
    /// What proves it.
    pub client_secret: Option<SecretId>,
    /// The token that we sign to prove it, in place of a secret (RFC 7523, section 2.2).
    pub client_assertion: Option<Box<Assertion>>,
    /// What the token is to be good for.
    pub scope: Option<String>,
    /// Whether id and secret are sent in the body, not in HTTP Basic.
    pub in_body: bool,
}

/// What an access token is granted for.
#[derive(Clone, Debug)]
pub enum Grant {
    /// The client's own credentials.
    ClientCredentials,
    /// A refresh token.
    RefreshToken(SecretId),
    /// The password of a user.
    Password {
        /// The user.
        username: String,
        /// The password.
        password: SecretId,
    },
    /// A token that we sign ourselves (RFC 7523).
    Jwt(Box<Assertion>),
}

impl OAuth {
    /// The secrets that prove who asks, and for whom.
    pub(super) fn secrets(&self) -> Vec<SecretId> {
        let granted = match &self.grant {
            Grant::ClientCredentials => None,
            Grant::RefreshToken(secret) | Grant::Password { password: secret, .. } => Some(*secret),
            Grant::Jwt(assertion) => Some(assertion.key),
        };
        let assertion = self.client_assertion.as_ref().map(|assertion| assertion.key);
        self.client_secret.into_iter().chain(assertion).chain(granted).collect()
    }
}

impl Reader<'_> {
    pub(super) fn oauth(&mut self, key: &Key, node: Node) -> Option<OAuth> {
        let mut fields = self.fields(&keys::GRANTED, key.span, node)?;
        let token_url = fields.require(self, "token_url");
        let token_url = token_url.and_then(|(_, node)| self.called_url(&node));
        let client_id = fields.take("client_id").map(|(_, node)| self.text(&node));
        let with_secret = fields.place("client_secret").is_some();
        let secret = fields.take("client_secret").map(|(_, node)| self.secret_name(&node));
        let client_assertion = fields.take("client_assertion");
        if let (Some((key, _)), true) = (&client_assertion, with_secret) {
            let (key, with) = (key.span, "client_secret");
            self.report(key, Problem::KeyConflict { key: "client_assertion", with });
        }
        let client_assertion =
            client_assertion.map(|(key, node)| self.assertion(&key, node)).map(|assertion| {
                // Who we are is said already.
                let mut assertion = assertion?;
                let id = client_id.clone().flatten();
                assertion.issuer = assertion.issuer.or_else(|| id.clone());
                assertion.subject = assertion.subject.or(id);
                Some(Box::new(assertion))
            });
        let in_body = match fields.take("client_in") {
            Some((_, node)) => self.choice(&node, &["header", "body"]),
            None => Some("header"),
        };
        let scope = fields.take("scope").map(|(_, node)| self.text(&node));
        let grant = self.grant(&mut fields, client_id.is_some());
        fields.end();
        Some(OAuth {
            token_url: token_url?,
            grant: grant?,
            client_id: client_id.map_or(Some(None), |it| it.map(Some))?,
            client_secret: secret.map_or(Some(None), |it| it.map(Some))?,
            client_assertion: client_assertion.map_or(Some(None), |it| it.map(Some))?,
            scope: scope.flatten(),
            in_body: in_body? == "body",
        })
    }

    fn grant(&mut self, fields: &mut Fields, has_client: bool) -> Option<Grant> {
        let at = fields.at();
        let word = match fields.take("grant") {
            Some((_, node)) => self.choice(&node, &GRANTS),
            None => Some(GRANTS[0]),
        };
        for (key, of) in OF_ONE {
            if let Some(at) = fields.place(key).filter(|_| word.is_some_and(|word| word != of)) {
                let problem = Credential::OfAnotherGrant { key, of };
                self.report(at, Problem::Credential(problem));
            }
        }
        let refresh = fields.take("refresh_token").map(|(_, node)| self.secret_name(&node));
        let username = fields.take("username").map(|(_, node)| self.text(&node));
        let password = fields.take("password").map(|(_, node)| self.secret_name(&node));
        let assertion = fields.take("assertion").map(|(key, node)| self.assertion(&key, node));
        let word = word?;
        let mut missing = |key: &'static str, example: &'static str| {
            let section = "this grant";
            self.report(at, Problem::MissingKey { key, section, example });
            None
        };
        if !has_client && word != "jwt_bearer" {
            return missing("client_id", "client_id: us");
        }
        match word {
            "refresh_token" => match refresh {
                Some(secret) => Some(Grant::RefreshToken(secret?)),
                None => missing("refresh_token", "refresh_token: crm_refresh"),
            },
            "password" => match (username, password) {
                (Some(username), Some(password)) => {
                    Some(Grant::Password { username: username?, password: password? })
                }
                (None, _) => missing("username", "username: robot"),
                (_, None) => missing("password", "password: robot_password"),
            },
            "jwt_bearer" => match assertion {
                Some(assertion) => Some(Grant::Jwt(Box::new(assertion?))),
                None => missing("assertion", "assertion: {key: crm_key, issuer: robot}"),
            },
            _ => Some(Grant::ClientCredentials),
        }
    }
}
