//! One file a command.

pub(crate) mod call;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod eval;
pub(crate) mod events;
pub(crate) mod explain;
pub(crate) mod health;
pub(crate) mod import;
pub(crate) mod infer;
pub(crate) mod new;
pub(crate) mod plan;
pub(crate) mod presets;
pub(crate) mod promises;
pub(crate) mod register;
pub(crate) mod reload;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod secrets;
pub(crate) mod simulate;
pub(crate) mod test;
