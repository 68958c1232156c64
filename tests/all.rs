//! Black-box tests and golden folders, in one binary.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod cli;
mod example;
mod floods;
mod framing;
mod fresh;
mod golden;
mod http2;
mod limits;
mod process;
mod properties;
mod proxies;
mod reload;
mod requests;
mod schema;
mod server;
mod sockets;
mod tidy;
mod tls;
mod wire;
