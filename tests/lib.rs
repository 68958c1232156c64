//! Black-box tests of Tympan; see `all.rs`.
