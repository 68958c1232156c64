//! Black-box tests and golden folders, in one binary.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod cli;
mod example;
mod explain;
mod fresh;
mod golden;
mod packaging;
mod process;
mod properties;
mod reload;
mod requests;
mod schema;
mod server;
mod tidy;
