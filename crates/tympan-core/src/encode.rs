//! How texts are written where others read them: base64 and forms.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use form_urlencoded::Serializer;

/// Base64, with padding (RFC 4648, section 4).
#[must_use]
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Names and values as `application/x-www-form-urlencoded`.
#[must_use]
pub fn form(parts: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(parts).finish()
}
