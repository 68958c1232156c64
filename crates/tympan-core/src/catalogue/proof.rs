//! How senders prove themselves, in few words.

use tympan_expr::Expression;

use crate::config::SignatureCheck;
use crate::config::Verification;
use crate::roots;
use crate::scheme::Algorithm;

/// What a verification wants: `HMAC-SHA256 (X-Signature) or token (X-Token)`.
pub(super) fn words(verification: &Verification) -> String {
    match verification {
        Verification::Signature(check) => at(algorithm(check), &check.received),
        Verification::Token(check) => at("token".to_owned(), &check.received),
        Verification::Basic(_) => "HTTP Basic".to_owned(),
        Verification::Credential(_) => "credential of ours".to_owned(),
        Verification::Jwt(check) => {
            let names = check.algorithms.iter().map(|it| it.name()).collect::<Vec<_>>();
            at(format!("JWT {}", names.join(" or ")), &check.token)
        }
        Verification::BodyDigest(_) => "digest of the body".to_owned(),
        Verification::IpAllowlist(_) => "address".to_owned(),
        Verification::ClientCertificate(_) => "client certificate".to_owned(),
        Verification::Rule(_) => String::new(),
        Verification::None(_) => "nothing".to_owned(),
        Verification::Any(list) => joined(list, " or "),
        Verification::All(list) => joined(list, " and "),
    }
}

/// What has something to say, once.
fn joined(list: &[Verification], between: &str) -> String {
    let mut said: Vec<String> = Vec::new();
    for words in list.iter().map(words).filter(|words| !words.is_empty()) {
        if !said.contains(&words) {
            said.push(words);
        }
    }
    said.join(between)
}

fn algorithm(check: &SignatureCheck) -> String {
    let hash = check.scheme.mode.word().replace('-', "").to_uppercase();
    match check.scheme.algorithm {
        Algorithm::Hmac => format!("HMAC-{hash}"),
        Algorithm::Digest(_) => format!("{hash} with secret"),
        Algorithm::Ed25519 => "Ed25519".to_owned(),
        Algorithm::EcdsaP256(_) => format!("ECDSA-{hash}"),
        Algorithm::RsaPkcs1 | Algorithm::RsaPss => format!("RSA-{hash}"),
    }
}

/// With the place where the sender puts it, if that is a single one.
fn at(what: String, received: &Expression) -> String {
    let Some((root, keys)) = received.as_path() else { return what };
    match root {
        roots::HEADERS => format!("{what} ({})", keys.join(".")),
        roots::QUERY_PARAMS => format!("{what} (query: {})", keys.join(".")),
        roots::PARSED_BODY | roots::ITEM => format!("{what} (body: {})", keys.join(".")),
        _ => what,
    }
}
