//! Any bytes as JSON: what is read is what another reader reads, whatever of it is asked for.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tympan_expr::Paths;
use tympan_expr::read_json;

fuzz_target!(|bytes: &[u8]| {
    let nothing = Paths::Keys(Vec::new());
    let some = Paths::Keys(vec![("a".into(), Paths::Whole), ("b".into(), nothing.clone())]);
    let whole = read_json(bytes, &Paths::Whole).map_err(|error| error.to_string());
    for wanted in [&nothing, &some] {
        let read = read_json(bytes, wanted).map(drop).map_err(|error| error.to_string());
        assert_eq!(read, whole.as_ref().map(drop).map_err(String::clone));
    }
    if let Ok(value) = whole {
        let other: serde_json::Value = serde_json::from_slice(bytes).expect("it is JSON");
        assert_eq!(value.to_json(), other);
    }
});
