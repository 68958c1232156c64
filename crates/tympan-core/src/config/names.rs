//! Names: what is defined under them, who mentions them, and which of them clash.

use std::collections::BTreeSet;
use std::collections::HashMap;

use matchit::Router;

use crate::diagnostic::Diagnostics;
use crate::diagnostic::Problem;
use crate::span::Span;

/// A secret of one configuration: its place in [`super::Config::secrets`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretId(pub usize);

/// A client of one configuration: its place in [`super::Config::clients`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub usize);

/// A connector of one configuration: its place in [`super::Config::connectors`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectorId(pub usize);

/// A destination of one configuration: its place in [`super::Config::destinations`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DestinationId(pub usize);

/// The names of one kind of thing. They may be mentioned before they are defined.
#[derive(Debug)]
pub(super) struct Names {
    kind: &'static str,
    ids: HashMap<String, usize>,
    list: Vec<Name>,
}

#[derive(Debug)]
struct Name {
    text: String,
    defined: Option<Span>,
    /// Each place once: that of a default is read for every listener.
    mentioned: BTreeSet<Span>,
}

impl Names {
    pub(super) fn new(kind: &'static str) -> Self {
        Self { kind, ids: HashMap::new(), list: Vec::new() }
    }

    /// The id of a name that is mentioned at a place.
    pub(super) fn mention(&mut self, name: String, at: Span) -> usize {
        let id = self.id(name);
        self.list[id].mentioned.insert(at);
        id
    }

    /// The id of a name that is defined at a place.
    pub(super) fn define(&mut self, name: String, at: Span) -> usize {
        let id = self.id(name);
        self.list[id].defined = Some(at);
        id
    }

    /// Reports what was mentioned and never defined, and the reverse.
    pub(super) fn end(&self, found: &mut Diagnostics) {
        let known = || {
            let defined = self.list.iter().filter(|name| name.defined.is_some());
            let mut known: Vec<String> = defined.map(|name| name.text.clone()).collect();
            known.sort();
            known
        };
        for Name { text, defined, mentioned } in &self.list {
            match defined {
                None => {
                    for at in mentioned {
                        let (kind, name) = (self.kind, text.clone());
                        found.report(*at, Problem::UnknownName { kind, name, known: known() });
                    }
                }
                // Beside other mistakes it may only seem unused: whoever uses it could not be read.
                Some(at) if mentioned.is_empty() && !found.refuse(false) => {
                    found.report(*at, Problem::Unused { kind: self.kind, name: text.clone() });
                }
                Some(_) => {}
            }
        }
    }

    fn id(&mut self, name: String) -> usize {
        if let Some(id) = self.ids.get(&name) {
            return *id;
        }
        let id = self.list.len();
        self.ids.insert(name.clone(), id);
        self.list.push(Name { text: name, defined: None, mentioned: BTreeSet::new() });
        id
    }
}

/// The place of an id in a list that grows as names come up.
pub(super) fn slot<T: Default>(list: &mut Vec<T>, id: usize) -> &mut T {
    if list.len() <= id {
        list.resize_with(id + 1, T::default);
    }
    &mut list[id]
}

/// The paths of listeners, with their places.
#[derive(Default)]
pub(super) struct Routes {
    router: Router<usize>,
    taken: Vec<(String, Span)>,
}

impl Routes {
    /// Takes a path for a listener.
    pub(super) fn take(&mut self, path: &str, listener: &str, at: Span) -> Result<(), Problem> {
        match self.router.insert(path, self.taken.len()) {
            Ok(()) => {
                self.taken.push((listener.to_owned(), at));
                Ok(())
            }
            Err(matchit::InsertError::Conflict { with }) => {
                let index = self.router.at(&with).map_or(0, |taken| *taken.value);
                let (by, first) = self.taken[index].clone();
                Err(Problem::PathTaken { path: with, by, first })
            }
            Err(_) => {
                let why = "a parameter is a name in braces, one between two `/`".to_owned();
                Err(Problem::BadPath { path: path.to_owned(), why })
            }
        }
    }

    /// Where a listener has its path.
    pub(super) fn place(&self, listener: &str) -> Option<Span> {
        self.taken.iter().find(|(name, _)| name == listener).map(|(_, at)| *at)
    }
}
