//! Whether a request holds the secret itself, or a token that it has signed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header;

use super::Captured;
use super::Issued;
use super::Scheme;
use super::place;
use super::place::Place;
use crate::jwt::Algorithm;
use crate::jwt::Token;
use crate::jwt::TokenKey;
use crate::scheme::FoundKey;
use crate::scheme::MacKey;
use crate::scheme::equal;

/// The shortest secret that is looked for as it stands: less may be anywhere by chance.
const LEAST: usize = 8;

/// The longest text before it, in bytes.
const MOST_PREFIX: usize = 16;

pub(super) fn search(captured: Captured<'_>) -> Option<Scheme> {
    let places = place::texts(captured.request);
    let issued = places.iter().find_map(|place| issued(place, captured));
    issued.map(Scheme::Jwt).or_else(|| basic(captured)).or_else(|| token(&places, captured))
}

fn issued(place: &Place, captured: Captured<'_>) -> Option<Issued> {
    let secret = captured.secret.expose();
    let allowed: Vec<_> =
        Algorithm::WORDS.iter().filter_map(|word| Algorithm::read(word)).collect();
    let text = place.value.split_once(' ').map_or(place.value.as_str(), |(_, text)| text);
    let token = Token::read(text, &allowed).ok()?;
    let pem = FoundKey::from_pem(secret).ok().and_then(|key| TokenKey::bind(key).ok());
    let has_signed = |algorithm: Algorithm, signed: &[u8], tag: &[u8]| match algorithm.hmac() {
        Some(mode) => equal(&MacKey::new(mode, secret).sign(signed), tag),
        None => pem.as_ref().is_some_and(|key| key.has_signed(algorithm, signed, tag)),
    };
    let claims = token.claims(has_signed).ok()?;
    let public = token.algorithm.hmac().is_none().then(|| String::from_utf8_lossy(secret).into());
    Some(Issued { read: place.read.clone(), algorithm: token.algorithm, claims, public })
}

fn basic(captured: Captured<'_>) -> Option<Scheme> {
    let value = captured.request.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let both = STANDARD.decode(value.strip_prefix("Basic ")?.trim()).ok()?;
    let both = String::from_utf8(both).ok()?;
    let (username, password) = both.split_once(':')?;
    let is_it = password.as_bytes() == captured.secret.expose();
    is_it.then(|| Scheme::Basic { username: username.to_owned() })
}

fn token(places: &[Place], captured: Captured<'_>) -> Option<Scheme> {
    let secret = std::str::from_utf8(captured.secret.expose()).ok()?;
    places.iter().filter(|_| secret.len() >= LEAST).find_map(|place| {
        let prefix = place.value.strip_suffix(secret).filter(|it| it.len() <= MOST_PREFIX)?;
        Some(Scheme::Token { read: place.read.clone(), prefix: prefix.to_owned() })
    })
}
