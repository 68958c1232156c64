//! What expressions of a listener see of a request that nobody has sent yet.

use tympan_expr::Paths;

use super::Generation;
use super::Head;
use super::Scope;
use super::body;
use super::scope::PathParams;

impl Generation {
    /// What `ask` finds in a request to the listener at this place.
    pub(crate) fn preview<T>(
        &self,
        listener: usize,
        head: &Head,
        body: &[u8],
        ask: impl FnOnce(&Scope<'_, '_>) -> T,
    ) -> T {
        let pipeline = &self.pipelines[listener];
        let routed = self.route(head.uri.path());
        let path_params = routed.map_or_else(PathParams::new, |(_, params)| params);
        let parsed = body::parse(pipeline.accept, &Paths::Whole, head, body);
        ask(&Scope {
            head,
            path_params: &path_params,
            listener: Some(pipeline),
            public_url: self.public_url.as_deref(),
            body: Some(body),
            parsed: parsed.ok(),
            tokens: &[],
            timestamp: None,
            item: None,
            lets: &[],
            reply: &[],
            keys: None,
            fetched: None,
            watch: None,
        })
    }
}
