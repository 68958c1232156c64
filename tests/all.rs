//! Black-box tests and golden folders, in one binary.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod admin;
mod cli;
mod example;
mod fresh;
mod golden;
mod process;
mod properties;
mod reload;
mod requests;
mod schema;
mod server;
mod tidy;
