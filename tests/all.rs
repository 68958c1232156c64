//! Black-box tests and golden folders, in one binary.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod admin;
mod asana;
mod captured;
mod cli;
mod credentials;
mod example;
mod explain;
mod floods;
mod framing;
mod fresh;
mod golden;
mod http2;
mod include;
mod infer;
mod jwt;
mod last_good;
mod limits;
mod mapper;
mod oracle;
mod packaging;
mod plan;
mod process;
mod proofs;
mod properties;
mod proxies;
mod redact;
mod register;
mod reload;
mod requests;
mod schema;
mod server;
mod simulate;
mod slow;
mod sockets;
mod threats;
mod tidy;
mod tls;
mod vectors;
mod wire;
