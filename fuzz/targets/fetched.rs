//! Any bytes as the certificates or keys that were fetched: nobody vouches for them, and whatever key
//! they hold has signed nothing that they hold.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tympan_core::fetched::Source;
use tympan_core::scheme::Algorithm;
use tympan_core::scheme::Certificate;
use tympan_core::scheme::HashMode;
use tympan_core::scheme::IssuedTo;
use tympan_core::scheme::PublicKey;
use tympan_core::scheme::authorities;

/// It has signed certificates for another name, and its key is gone.
static ISSUED_TO: LazyLock<IssuedTo> = LazyLock::new(|| IssuedTo {
    name: "hooks.example.com".to_owned(),
    authorities: authorities(include_str!("../authority.crt")).unwrap(),
});

const NOW: f64 = 1_900_000_000.0;

fuzz_target!(|bytes: &[u8]| {
    assert!(Certificate::read(bytes, Some(&ISSUED_TO), NOW).is_err());
    if let Ok(certificate) = Certificate::read(bytes, None, NOW) {
        let _ = certificate.counts_at(NOW);
        for algorithm in Algorithm::WORDS.iter().filter_map(|word| Algorithm::read(word)) {
            if let Ok(key) = PublicKey::bind(algorithm, HashMode::Sha256, certificate.key.clone()) {
                assert!(!key.verifies(b"what is signed", bytes));
            }
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = authorities(text);
    }
    let keys = Source::of_keys("https://keys.example.com/jwks").unwrap();
    let _ = keys.read(bytes, NOW);
});
