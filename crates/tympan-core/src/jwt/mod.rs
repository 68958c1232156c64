//! JSON Web Tokens (RFC 7519): how one is signed, by which key, and what it then says.
//!
//! Nothing of a token chooses how it is judged: its algorithm has to be one of those that were
//! configured, and its claims can only be had of a token whose signature is good.

mod algorithm;
mod key;
mod key_set;
mod token;

pub use algorithm::Algorithm;
pub use key::TokenKey;
pub use key_set::KeySet;
pub use token::Fault;
pub use token::Token;
