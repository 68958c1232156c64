//! Any text as what a sender put where its signature is: nothing but the right one verifies.

#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use tympan_core::scheme::Algorithm;
use tympan_core::scheme::Encoding;
use tympan_core::scheme::Format;
use tympan_core::scheme::HashMode;
use tympan_core::scheme::MacKey;
use tympan_core::scheme::Positional;
use tympan_core::scheme::PublicKey;
use tympan_core::scheme::Signature;
use tympan_core::scheme::Timestamp;
use tympan_core::scheme::Unit;

const PAYLOAD: &[u8] = b"what is signed";

fuzz_target!(|text: &str| {
    let key = MacKey::new(HashMode::Sha256, b"a secret that nobody knows");
    let pairs = Format::Pairs {
        signature: "v1".to_owned(),
        timestamp: Some("t".to_owned()),
        between: ",".to_owned(),
        equals: "=".to_owned(),
    };
    let positional = Format::Positional(Positional {
        between: "/".to_owned(),
        timestamp: Some(0),
        signature: 1,
        repeated: true,
        list: Some(",".to_owned()),
    });
    let named = Format::Named("=".to_owned(), vec![HashMode::Sha256]);
    let prefix = Format::Prefix("sha256=".to_owned());
    for format in [Format::Plain, prefix, pairs, positional, named] {
        for encoding in [None, Some(Encoding::Hex), Some(Encoding::Base64), Some(Encoding::Base64Url)] {
            let (algorithm, mode) = (Algorithm::Hmac, HashMode::Sha256);
            let scheme = Signature { algorithm, mode, encoding, format: format.clone() };
            if let Ok(received) = scheme.read(text)
                && scheme.verify(&received, [PAYLOAD].into_iter(), &[key.clone()]).is_ok()
            {
                let mac = key.sign(PAYLOAD);
                let is_in = |encoding: Encoding| {
                    let right = encoding.encode(&mac).to_lowercase();
                    text.to_lowercase().contains(right.trim_end_matches('='))
                };
                let all = [Encoding::Hex, Encoding::Base64, Encoding::Base64Url];
                assert!(all.into_iter().any(is_in), "{text:?}");
            }
        }
    }
    for unit in Unit::WORDS.iter().filter_map(|word| Unit::read(word)) {
        let scheme = Timestamp { unit, tolerance: Duration::from_mins(5) };
        if unit.is_well_formed(text) {
            let _ = scheme.too_far(text, 1_700_000_000.0);
        }
    }
    // A public key comes from the operator, and may be anything, too.
    for algorithm in Algorithm::WORDS.iter().filter_map(|word| Algorithm::read(word)) {
        if let Ok(key) = PublicKey::read(algorithm, HashMode::Sha256, text.as_bytes()) {
            assert!(!key.verifies(PAYLOAD, text.as_bytes()));
        }
    }
});
