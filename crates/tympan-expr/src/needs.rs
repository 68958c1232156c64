//! What an expression reads of its roots.

use crate::vocabulary::RootId;

/// How many keys of a path are told apart; what is deeper is read as a whole.
const DEPTH: usize = 32;

/// What is read of one root or one of its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Paths {
    /// All of it.
    Whole,
    /// Only the values under these keys, which are sorted. Nearly always one: a map would be twenty
    /// times as large, and there are some of these in every listener.
    Keys(Vec<(Box<str>, Paths)>),
}

impl Paths {
    /// Reads what `other` reads, too.
    pub fn merge(&mut self, other: &Self) {
        match (&mut *self, other) {
            (Self::Keys(keys), Self::Keys(others)) => merge(keys, others),
            _ => *self = Self::Whole,
        }
    }
}

/// What an expression reads, by root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Sorted.
    roots: Vec<(RootId, Paths)>,
}

impl Needs {
    /// Whether anything of `root` is read.
    #[must_use]
    pub fn reads(&self, root: RootId) -> bool {
        self.paths(root).is_some()
    }

    /// Every root of which something is read.
    pub fn roots(&self) -> impl Iterator<Item = RootId> {
        self.roots.iter().map(|(root, _)| *root)
    }

    /// What is read of `root`.
    #[must_use]
    pub fn paths(&self, root: RootId) -> Option<&Paths> {
        let index = self.roots.binary_search_by_key(&root, |(root, _)| *root).ok()?;
        Some(&self.roots[index].1)
    }

    /// Reads what `other` reads, too.
    pub fn merge(&mut self, other: &Self) {
        merge(&mut self.roots, &other.roots);
    }

    /// Reads the value under `keys` of `root`; no keys stand for the whole root.
    pub(crate) fn read<'k>(&mut self, root: RootId, keys: impl Iterator<Item = &'k str>) {
        let keys = keys.take(DEPTH).collect::<Vec<_>>();
        let paths = keys
            .into_iter()
            .rev()
            .fold(Paths::Whole, |paths, key| Paths::Keys(vec![(key.into(), paths)]));
        self.merge(&Self { roots: vec![(root, paths)] });
    }
}

/// Puts sorted entries into sorted entries.
fn merge<K: Ord + Clone>(known: &mut Vec<(K, Paths)>, others: &[(K, Paths)]) {
    for (key, paths) in others {
        match known.binary_search_by(|(known, _)| known.cmp(key)) {
            Ok(index) => known[index].1.merge(paths),
            Err(index) => known.insert(index, (key.clone(), paths.clone())),
        }
    }
    known.shrink_to_fit();
}

#[cfg(test)]
mod tests {
    use super::Needs;
    use super::Paths;
    use crate::vocabulary::RootId;

    #[test]
    fn the_whole_swallows_its_parts() {
        let mut needs = Needs::default();
        needs.read(RootId(1), ["a", "b"].into_iter());
        needs.read(RootId(1), ["a", "c"].into_iter());
        let Some(Paths::Keys(keys)) = needs.paths(RootId(1)) else { panic!("keys") };
        let [(_, Paths::Keys(inner))] = &keys[..] else { panic!("inner keys") };
        assert_eq!(
            inner.iter().map(|(key, _)| key).collect::<Vec<_>>(),
            [&Box::from("b"), &Box::from("c")]
        );

        needs.read(RootId(1), ["a"].into_iter());
        let whole = Paths::Keys(vec![("a".into(), Paths::Whole)]);
        assert_eq!(needs.paths(RootId(1)), Some(&whole));
        assert!(!needs.reads(RootId(2)));
    }
}
