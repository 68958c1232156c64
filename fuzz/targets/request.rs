//! Any request, of any media type, against listeners that read every part of it. What needs a
//! proof makes no event.

#![no_main]

use std::sync::Arc;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tympan_core::outcome::Outcome;
use tympan_core::pipeline::Live;

static LIVE: LazyLock<Arc<Live>> =
    LazyLock::new(|| tympan_fuzz::load(include_bytes!("../listeners.yaml")).unwrap());

fuzz_target!(|bytes: &[u8]| {
    let Some((head, body)) = tympan_fuzz::request(bytes) else { return };
    let needs_proof = head.uri.path().starts_with("/signed");
    let (answer, has_event) = tympan_fuzz::exchange(&LIVE, head, body);
    assert!(!(needs_proof && has_event), "{answer:?}");
    assert_ne!(answer.outcome, Outcome::Failed);
});
