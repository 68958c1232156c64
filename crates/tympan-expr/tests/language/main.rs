//! The language from outside.

mod compliance;
mod corpus;
mod hostile;
mod manual;
mod mapper;
mod needs;
mod parts;
mod printed;
mod problems;
mod reference;
mod types;

mod host;
