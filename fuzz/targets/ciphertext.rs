//! Any text as an encrypted one, and as what is encrypted: the former says nothing but text, and the
//! latter is understood as it was meant.

#![no_main]

use std::sync::Arc;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tympan_core::outcome::Outcome;
use tympan_core::pipeline::Live;
use tympan_core::scheme::Cipher;
use tympan_core::scheme::CipherKey;
use tympan_core::scheme::Encoding;
use tympan_core::scheme::Framing;
use tympan_core::scheme::HashMode;
use tympan_core::scheme::Iv;
use tympan_core::scheme::Padding;
use tympan_expr::Paths;
use tympan_expr::read_json;

static LIVE: LazyLock<Arc<Live>> =
    LazyLock::new(|| tympan_fuzz::load(include_bytes!("../listeners.yaml")).unwrap());

/// SHA-256 of the secret of all listeners.
static KEY: LazyLock<CipherKey> = LazyLock::new(|| {
    let digest = HashMode::Sha256.digest([tympan_fuzz::SECRET]);
    CipherKey::new(&digest).unwrap()
});

fuzz_target!(|text: &str| {
    for cipher in ciphers() {
        let bytes = Encoding::ALL.map(|encoding| encoding.decode_body(text));
        for encrypted in bytes.iter().flatten().map(Vec::as_slice).chain([text.as_bytes()]) {
            if let Some(said) = cipher.decrypt(&KEY, encrypted) {
                assert!(str::from_utf8(&said).is_ok() && said.len() < encrypted.len());
            }
        }
        let encrypted = cipher.encrypt(&KEY, text.as_bytes(), KEY.salt(1));
        assert_eq!(cipher.decrypt(&KEY, &encrypted).as_deref(), Some(text.as_bytes()));
        // Bytes of a length that is none are no text of the cipher.
        assert_eq!(cipher.decrypt(&KEY, &encrypted[1..]), None);
    }
    let plain = Cipher { iv: Iv::Start, padding: Padding::Sixteen, framing: None };
    let encrypted = Encoding::Base64.encode(&plain.encrypt(&KEY, text.as_bytes(), KEY.salt(2)));
    for (what, is_whole) in [(text, false), (&encrypted, true)] {
        let said =
            [&b"POST /encrypted\ncontent-type: text/plain\n\n"[..], what.as_bytes()].concat();

        let Some((head, body)) = tympan_fuzz::request(&said) else { continue };
        let (answer, has_event) = tympan_fuzz::exchange(&LIVE, head, body);
        let is_json = text.is_empty() || read_json(text.as_bytes(), &Paths::Whole).is_ok();
        assert!(!(has_event && is_whole) || is_json, "{answer:?}");
        let expected = match answer.outcome {
            Outcome::Accepted => has_event,
            Outcome::Challenged | Outcome::Malformed => is_json || !is_whole,
            Outcome::Unauthorized => !(is_whole && is_json),
            _ => false,
        };
        assert!(expected, "{answer:?}");
    }
});

fn ciphers() -> impl Iterator<Item = Cipher> {
    let framings = || [None, Some(Framing { receiver: "corp".to_owned() })].into_iter();
    [Iv::Start, Iv::Key].into_iter().flat_map(move |iv| {
        [Padding::Sixteen, Padding::ThirtyTwo]
            .into_iter()
            .flat_map(move |padding| framings().map(move |framing| Cipher { iv, padding, framing }))
    })
}
