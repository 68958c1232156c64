//! The presets that come with the program: a table of texts, of which only those are read that
//! are named.

use crate::diagnostic;

/// Name and text of each, sorted by name (`build.rs`).
static BUILT_IN: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/presets.rs"));

/// The names of all of them, sorted.
#[must_use]
pub fn built_in() -> impl ExactSizeIterator<Item = &'static str> {
    BUILT_IN.iter().map(|(name, _)| *name)
}

/// The text of one.
#[must_use]
pub fn text(name: &str) -> Option<&'static str> {
    let index = BUILT_IN.binary_search_by_key(&name, |(name, _)| name).ok()?;
    Some(BUILT_IN[index].1)
}

/// The one whose name is nearest, if one is near enough to have been meant.
#[must_use]
pub fn nearest(name: &str) -> Option<&'static str> {
    diagnostic::nearest(name, &built_in().collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::BUILT_IN;
    use super::text;

    #[test]
    fn every_name_is_found() {
        assert!(!BUILT_IN.is_empty());
        for (name, written) in BUILT_IN {
            assert_eq!(text(name), Some(*written));
        }
        assert_eq!(text("nobody"), None);
    }
}
