//! What an expression reads of its roots.

use std::collections::BTreeMap;

use crate::vocabulary::RootId;

/// How many keys of a path are told apart; what is deeper is read as a whole.
const DEPTH: usize = 32;

/// What is read of one root or one of its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Paths {
    /// All of it.
    Whole,
    /// Only the values under these keys.
    Keys(BTreeMap<String, Paths>),
}

impl Paths {
    /// Reads what `other` reads, too.
    pub fn merge(&mut self, other: &Self) {
        let (Self::Keys(keys), Self::Keys(others)) = (&mut *self, other) else {
            *self = Self::Whole;
            return;
        };
        for (key, paths) in others {
            match keys.get_mut(key) {
                Some(known) => known.merge(paths),
                None => drop(keys.insert(key.clone(), paths.clone())),
            }
        }
    }
}

/// What an expression reads, by root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    roots: BTreeMap<RootId, Paths>,
}

impl Needs {
    /// Whether anything of `root` is read.
    #[must_use]
    pub fn reads(&self, root: RootId) -> bool {
        self.roots.contains_key(&root)
    }

    /// Every root of which something is read.
    pub fn roots(&self) -> impl Iterator<Item = RootId> {
        self.roots.keys().copied()
    }

    /// What is read of `root`.
    #[must_use]
    pub fn paths(&self, root: RootId) -> Option<&Paths> {
        self.roots.get(&root)
    }

    /// Reads what `other` reads, too.
    pub fn merge(&mut self, other: &Self) {
        for (root, paths) in &other.roots {
            match self.roots.get_mut(root) {
                Some(known) => known.merge(paths),
                None => drop(self.roots.insert(*root, paths.clone())),
            }
        }
    }

    /// Reads the value under `keys` of `root`; no keys stand for the whole root.
    pub(crate) fn read<'k>(&mut self, root: RootId, keys: impl Iterator<Item = &'k str>) {
        let keys = keys.take(DEPTH).collect::<Vec<_>>();
        let paths = keys.into_iter().rev().fold(Paths::Whole, |paths, key| {
            Paths::Keys(BTreeMap::from([(key.to_owned(), paths)]))
        });
        self.merge(&Self { roots: BTreeMap::from([(root, paths)]) });
    }
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
        let Paths::Keys(inner) = &keys["a"] else { panic!("inner keys") };
        assert_eq!(inner.keys().collect::<Vec<_>>(), ["b", "c"]);

        needs.read(RootId(1), ["a"].into_iter());
        assert_eq!(needs.paths(RootId(1)), Some(&Paths::Keys([("a".into(), Paths::Whole)].into())));
        assert!(!needs.reads(RootId(2)));
    }
}
