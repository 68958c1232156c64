//! Any bytes as a saved request: a raw message, a command line of curl, or a HAR file.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = tympan_core::request::read(bytes, &|name| Ok(name.into()));
});
