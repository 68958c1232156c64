//! Which listener a path belongs to.

use matchit::Router;

use super::scope::PathParams;
use super::scope::decode;

/// The paths of a generation. A literal path beats one with parameters.
#[derive(Default)]
pub(crate) struct Routes {
    router: Router<usize>,
    /// The listener of every other path, where one is asked for by name.
    otherwise: Option<usize>,
}

impl Routes {
    /// Adds a path that the configuration's reader has checked.
    pub(crate) fn add(&mut self, path: &str, listener: usize) {
        // The reader has inserted all paths into a router like this one: nothing clashes.
        let _ = self.router.insert(path, listener);
    }

    /// The way of every path to one listener; its own still has its parameters.
    pub(crate) fn only(path: &str, listener: usize) -> Self {
        let mut routes = Self { otherwise: Some(listener), ..Self::default() };
        routes.add(path, listener);
        routes
    }

    /// The listener of a path as it arrived, and what stands in place of its parameters.
    pub(crate) fn find(&self, path: &str) -> Option<(usize, PathParams)> {
        let Ok(found) = self.router.at(path) else {
            return self.otherwise.map(|listener| (listener, PathParams::new()));
        };
        let params = found.params.iter().map(|(name, value)| (name.to_owned(), decode(value)));
        Some((*found.value, params.collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::Routes;

    #[test]
    fn a_literal_path_beats_a_parameter() {
        let mut routes = Routes::default();
        routes.add("/in/{who}", 1);
        routes.add("/in/me", 2);
        routes.add("/in/{who}/now", 3);
        assert_eq!(routes.find("/in/me"), Some((2, vec![])));
        assert_eq!(routes.find("/in/y%20ou"), Some((1, vec![("who".into(), "y ou".into())])));
        assert_eq!(routes.find("/in/me/now"), Some((3, vec![("who".into(), "me".into())])));
        assert_eq!(routes.find("/in/me/"), None);
        assert_eq!(routes.find("/in/"), None);
        assert_eq!(routes.find("/IN/me"), None);
    }
}
