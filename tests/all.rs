//! Black-box tests and golden folders, in one binary.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod admin;
mod calls;
mod catalogue;
mod certificates;
mod cli;
mod credentials;
mod encrypted;
mod example;
mod explain;
mod floods;
mod framing;
mod fresh;
mod golden;
mod host;
mod http2;
mod import;
mod include;
mod infer;
mod jwt;
mod last_good;
mod limits;
mod mapper;
mod oracle;
mod packaging;
mod plan;
mod presets;
mod process;
mod proofs;
mod properties;
mod proxies;
mod redact;
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
