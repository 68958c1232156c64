//! Fields that are read of a local which has no such field.

use super::Node;
use super::Step;
use crate::vocabulary::Local;
use crate::vocabulary::Vocabulary;

impl Node {
    /// The first local of which a field is read that it cannot have, and the field.
    pub(crate) fn unknown_field<'n, 'v>(
        &'n self,
        vocabulary: &'v Vocabulary,
    ) -> Option<(&'v Local, &'n str)> {
        if let Self::Path(base, steps) = self
            && let Self::Local(slot) = **base
            && let Some(local) = vocabulary.locals.get(slot)
            && let Some(Step::Key(key)) = steps.first()
            && !local.fields.is_empty()
            && !local.fields.contains(&&**key)
        {
            return Some((local, key));
        }
        let mut found = None;
        self.each_part(&mut |part, _| found = found.or_else(|| part.unknown_field(vocabulary)));
        found
    }
}
