//! What a provider's key may be, made of the secret that it shows.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use base64::engine::general_purpose::URL_SAFE;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::scheme::Derivation;
use crate::scheme::Encoding;
use crate::scheme::HashMode;

/// A key, and how a listener says that it is made.
#[derive(Clone)]
pub(super) struct KeyForm {
    pub(super) key: Vec<u8>,
    /// What `key:` holds; `None` is the secret as it stands.
    pub(super) written: Option<String>,
}

/// The longest prefix that a secret is likely to begin with, in bytes.
const MOST_PREFIX: usize = 16;

/// Every form, the plainest first.
pub(super) fn forms(secret: &[u8]) -> Vec<KeyForm> {
    let mut forms = vec![KeyForm { key: secret.to_vec(), written: None }];
    let Ok(text) = std::str::from_utf8(secret) else { return forms };
    // A prefix says what follows: `whsec_`, `key-`.
    let ends = text.char_indices().filter(|(_, char)| "_-:".contains(*char));
    let ends = ends.map(|(at, _)| at + 1).take_while(|end| *end <= MOST_PREFIX);
    for end in std::iter::once(0).chain(ends) {
        let (prefix, rest) = text.split_at(end);
        if rest.is_empty() {
            continue;
        }
        let prefix =
            if prefix.is_empty() { Vec::new() } else { vec![format!("prefix: {prefix:?}")] };
        let mut add = |key: Vec<u8>, encoding: Option<&str>| {
            let mut keys = prefix.clone();
            keys.extend(encoding.map(|encoding| format!("encoding: {encoding}")));
            if !keys.is_empty() && !key.is_empty() {
                forms.push(KeyForm { key, written: Some(format!("{{{}}}", keys.join(", "))) });
            }
        };
        let engines = [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD];
        if let Some(key) = engines.iter().find_map(|engine| engine.decode(rest).ok()) {
            add(key, Some("base64"));
        }
        if let Ok(key) = const_hex::decode(rest) {
            add(key, Some("hex"));
        }
        add(rest.as_bytes().to_vec(), None);
    }
    let plain = Derivation::default;
    let normalized = Derivation { normalized: true, ..plain() };
    forms.extend(derived(secret, "normalize: NFKD", &normalized));
    for mode in [HashMode::Sha256, HashMode::Sha1, HashMode::Sha512] {
        for encoding in [None, Some(Encoding::Hex)] {
            let as_text = encoding.map(|it| format!(", digest_encoding: {}", it.name()));
            let written = format!("digest: {}{}", mode.name(), as_text.unwrap_or_default());
            let digest = Derivation { digest: Some((mode, encoding)), ..plain() };
            forms.extend(derived(secret, &written, &digest));
        }
    }
    forms
}

/// The form of a key that is made in another way than by taking a text apart, if it is another then.
fn derived(secret: &[u8], written: &str, how: &Derivation) -> Option<KeyForm> {
    let key = how.key(secret).ok()?.to_vec();
    (key != secret).then(|| KeyForm { key, written: Some(format!("{{{written}}}")) })
}

#[cfg(test)]
mod tests {
    use super::forms;

    #[test]
    fn the_plainest_comes_first() {
        let found: Vec<_> = forms(b"whx_c2VjcmV0").into_iter().map(|it| it.written).collect();
        let expected =
            [None, Some("{prefix: \"whx_\", encoding: base64}"), Some("{prefix: \"whx_\"}")];
        // The whole is base64 of the other alphabet as well.
        let found: Vec<_> = found.iter().map(Option::as_deref).collect();
        assert_eq!(found.first(), expected.first());
        assert!(expected.iter().all(|form| found.contains(form)), "{found:?}");
        assert_eq!(forms(b"\xff").len(), 1);
    }

    #[test]
    fn a_key_may_be_made_of_a_secret() {
        let written = |secret: &str| {
            let found = forms(secret.as_bytes()).into_iter().filter_map(|it| it.written);
            found.collect::<Vec<_>>()
        };
        assert!(written("s\u{e9}cret").contains(&"{normalize: NFKD}".to_owned()));
        assert!(!written("secret").contains(&"{normalize: NFKD}".to_owned()));
        let digest = "{digest: SHA-256, digest_encoding: hex}".to_owned();
        assert!(written("secret").contains(&digest));
    }
}
