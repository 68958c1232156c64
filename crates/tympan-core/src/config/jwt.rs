//! Reading `jwt:`.

use std::time::Duration;

use tympan_expr::Dialect;
use tympan_expr::Expression;
use tympan_expr::Types;

use crate::config::FetchedKey;
use crate::config::Reader;
use crate::config::SecretId;
use crate::config::Verification;
use crate::config::fields::Fields;
use crate::config::keys;
use crate::diagnostic::Credential;
use crate::diagnostic::Problem;
use crate::fetched::Source;
use crate::jwt::Algorithm;
use crate::jwt::TokenKey;
use crate::roots;
use crate::roots::Place;
use crate::span::Span;
use crate::yaml::Key;
use crate::yaml::Node;
use crate::yaml::Value;

/// How far two clocks may differ unless the file says otherwise.
const LEEWAY: Duration = Duration::from_mins(1);

/// The most that clocks which are set at all are apart.
const LONG_LEEWAY: Duration = Duration::from_mins(15);

/// A JSON Web Token.
#[derive(Clone, Debug)]
pub struct JwtCheck {
    /// Where it is written.
    pub at: Span,
    /// Where the token is.
    pub token: Expression,
    /// How it may be signed.
    pub algorithms: Vec<Algorithm>,
    /// Whose signature counts.
    pub keys: JwtKeys,
    /// Who may have issued it; anyone who has the key if there are none.
    pub issuers: Vec<String>,
    /// Whom it may be for; anybody if there are none.
    pub audiences: Vec<String>,
    /// What else it has to say.
    pub claims: Vec<(String, Expression)>,
    /// How far the clock of who signs may be from ours.
    pub leeway: Duration,
    /// How long ago it may have been issued.
    pub max_age: Option<Duration>,
    /// Whether it has to say when it ends, or when it was issued.
    pub ends: bool,
}

/// Whose signature counts.
#[derive(Clone, Debug)]
pub enum JwtKeys {
    /// That of both sides.
    Secret(SecretId),
    /// Those that stand in the file.
    Public(Vec<TokenKey>),
    /// Those that are fetched.
    Fetched(Source),
    /// That of one key, which is asked for.
    Asked(Box<FetchedKey>),
}

impl JwtCheck {
    /// The secret that it needs, if it does.
    #[must_use]
    pub fn secret(&self) -> Option<SecretId> {
        match self.keys {
            JwtKeys::Secret(secret) => Some(secret),
            JwtKeys::Public(_) | JwtKeys::Fetched(_) | JwtKeys::Asked(_) => None,
        }
    }
}

impl Reader<'_> {
    pub(super) fn jwt(&mut self, key: &Key, node: Node) -> Option<Verification> {
        let mut fields = self.fields(&keys::JWT, key.span, node)?;
        let token = match fields.take("token") {
            Some((_, node)) => self.token_place(&node),
            None => authorization(),
        };
        let algorithms_at = fields.place("algorithms");
        let algorithms = fields.require(self, "algorithms").map_or_else(Vec::new, |it| {
            self.some("algorithms", it, |reader, _, node| {
                reader.choice(&node, Algorithm::WORDS).and_then(Algorithm::read)
            })
        });
        let keys = self.jwt_keys(&mut fields, &algorithms);
        if let (Some(keys), Some(at)) = (&keys, algorithms_at) {
            self.check_fits(at, &algorithms, keys);
        }
        let issuers = self.names_in(&mut fields, "issuer");
        let audiences = self.names_in(&mut fields, "audience");
        let claims = self.claims(&mut fields);
        let leeway = fields.take("leeway").map(|(_, node)| self.leeway(&node));
        let max_age = fields.take("max_age").map(|(_, node)| self.timeout(&node));
        let expiry = fields.take("expiry");
        let expiry = expiry.and_then(|(_, node)| self.choice(&node, &["required", "optional"]));
        fields.end();
        if !matches!(keys, None | Some(JwtKeys::Secret(_))) {
            self.check_addressed(key.span, &issuers, &audiences, &claims);
        }
        let check = JwtCheck {
            at: key.span,
            token: token?,
            keys: keys?,
            issuers,
            audiences,
            claims,
            leeway: leeway.unwrap_or(Some(LEEWAY))?,
            max_age: match max_age {
                Some(max_age) => Some(max_age?),
                None => None,
            },
            ends: expiry != Some("optional"),
            algorithms,
        };
        (!check.algorithms.is_empty()).then(|| Verification::Jwt(Box::new(check)))
    }

    fn leeway(&mut self, node: &Node) -> Option<Duration> {
        let leeway = self.duration(node)?;
        if leeway > LONG_LEEWAY {
            let seconds = leeway.as_secs();
            self.report(node.span, Problem::Credential(Credential::Leeway { seconds }));
        }
        Some(leeway)
    }

    fn token_place(&mut self, node: &Node) -> Option<Expression> {
        let token = self.expression(Place::Proof, node)?;
        if token.as_constant().is_some() {
            self.check_varies(node, &token);
        } else {
            self.check_type(node.span, &token, Types::DATA.or(Types::LIST), "a text");
        }
        Some(token)
    }

    /// Exactly one of four.
    fn jwt_keys(&mut self, fields: &mut Fields, algorithms: &[Algorithm]) -> Option<JwtKeys> {
        let secret = fields.take("secret");
        let public = fields.take("public_key");
        let url = fields.take("jwks_url");
        let asked = fields.take("fetched_key");
        match (secret, public, url, asked) {
            (Some((_, node)), None, None, None) => self.secret_name(&node).map(JwtKeys::Secret),
            (None, Some(public), None, None) => {
                let keys = self.some("public_key", public, |reader, at, node| {
                    // Of algorithms that cannot be read, something was told already.
                    let means = |it| algorithms.is_empty() || algorithms.contains(&it);
                    reader.public_key(at, node, means, TokenKey::bind)
                });
                (!keys.is_empty()).then_some(JwtKeys::Public(keys))
            }
            (None, None, Some((_, node)), None) => self.source(&node).map(JwtKeys::Fetched),
            (None, None, None, Some((key, node))) => {
                self.fetched_key(&key, node).map(|key| JwtKeys::Asked(Box::new(key)))
            }
            (secret, public, url, asked) => {
                let written = [&secret, &public, &url, &asked];
                let written = written.into_iter().flatten().collect::<Vec<_>>();
                let at = written.get(1).map_or(fields.at(), |(second, _)| second.span);
                let (section, found) = ("the key of a `jwt`", written.len());
                let keys = vec!["secret", "public_key", "jwks_url", "fetched_key"];
                self.report(at, Problem::OneOf { section, found, keys });
                None
            }
        }
    }

    fn source(&mut self, node: &Node) -> Option<Source> {
        let found = self.text(node)?;
        match Source::of_keys(&found) {
            Ok(source) => Some(source),
            Err(why) => {
                let (what, example) = ("a URL of keys", "https://auth.example.com/keys.json");
                let why = Some(why.to_owned());
                self.report(node.span, Problem::BadValue { what, found, example, why });
                None
            }
        }
    }

    fn names_in(&mut self, fields: &mut Fields, name: &'static str) -> Vec<String> {
        fields
            .take(name)
            .map_or_else(Vec::new, |it| self.some(name, it, |reader, _, node| reader.text(&node)))
    }

    fn claims(&mut self, fields: &mut Fields) -> Vec<(String, Expression)> {
        let Some((_, node)) = fields.take("claims") else { return Vec::new() };
        let Value::Map(entries) = node.value else {
            self.wrong_type::<()>(&node, "a map");
            return Vec::new();
        };
        let claims = entries.into_iter().filter_map(|entry| {
            let expected = self.expression(Place::Proof, &entry.node)?;
            if expected.as_constant().is_some_and(tympan_expr::Value::is_null) {
                self.check_varies(&entry.node, &expected);
            }
            Some((entry.key.name, expected))
        });
        claims.collect()
    }

    /// A public key that an HMAC takes for a secret would let anyone sign.
    fn check_fits(&mut self, at: Span, algorithms: &[Algorithm], keys: &JwtKeys) {
        for algorithm in algorithms {
            let fits = match keys {
                JwtKeys::Secret(_) => algorithm.hmac().is_some(),
                JwtKeys::Public(keys) => keys.iter().any(|key| key.fits(*algorithm)),
                JwtKeys::Fetched(_) | JwtKeys::Asked(_) => algorithm.hmac().is_none(),
            };
            if !fits {
                let problem = Credential::AlgorithmMisfit { algorithm: algorithm.name() };
                self.report(at, Problem::Credential(problem));
            }
        }
    }

    /// Who signs for many signs for others, too.
    fn check_addressed(
        &mut self,
        at: Span,
        issuers: &[String],
        audiences: &[String],
        claims: &[(String, Expression)],
    ) {
        let says = |wanted: &str| claims.iter().any(|(claim, _)| claim == wanted);
        for (claim, is_known) in [
            ("issuer", !issuers.is_empty() || says("iss")),
            ("audience", {
                // What is bound to the request is for nobody else.
                let is_bound = claims.iter().any(|(_, it)| it.as_constant().is_none());
                !audiences.is_empty() || says("aud") || is_bound
            }),
        ] {
            if !is_known {
                self.report(at, Problem::Credential(Credential::AnyToken { claim }));
            }
        }
    }
}

/// The default place of a token.
fn authorization() -> Option<Expression> {
    let vocabulary = roots::vocabulary(Place::Proof, &[]);
    let text = r#"headers["Authorization"]"#;
    Expression::compile(Dialect::Moveworks, text, &vocabulary).ok().map(|it| it.expression)
}
