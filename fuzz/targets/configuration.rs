//! Any bytes as a configuration: read, told about, compiled.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = tympan_fuzz::load(bytes);
});
