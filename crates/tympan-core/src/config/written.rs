//! What tells one writing of a configuration from another.

use std::collections::BTreeMap;

use crate::config::keys;
use crate::yaml::Node;
use crate::yaml::Value;

/// A fingerprint of every key of one listener, sorted by key.
pub type WrittenKeys = Vec<(&'static str, u64)>;

/// A fingerprint of every key that was written, wherever it stood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Every section but `listeners`.
    pub sections: BTreeMap<String, u64>,
    /// Every key of every listener.
    pub listeners: BTreeMap<String, WrittenKeys>,
}

/// The fingerprints of the keys of a listener.
pub(super) fn keys(listener: &Node) -> WrittenKeys {
    let Value::Map(entries) = &listener.value else { return WrittenKeys::new() };
    let known = entries.iter().filter_map(|entry| {
        let key = keys::LISTENER.key(&entry.key.name)?;
        Some((key.name, entry.node.fingerprint()))
    });
    let mut written: WrittenKeys = known.collect();
    written.sort_unstable();
    written.shrink_to_fit();
    written
}
