//! Black-box tests and golden folders, in one binary.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod admin;
mod cli;
mod example;
mod explain;
mod fresh;
mod golden;
mod include;
mod last_good;
mod packaging;
mod plan;
mod process;
mod properties;
mod redact;
mod reload;
mod requests;
mod schema;
mod server;
mod tidy;
