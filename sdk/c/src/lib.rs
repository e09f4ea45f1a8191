//! The C interface of the crate `observerio`. `include/observerio.h` is made from these files: their comments are written for
//! people who read C.
#![allow(non_camel_case_types, reason = "the types have the names that they have in C")]

pub mod action;
pub mod arguments;
pub mod connection;
pub mod failure;
pub mod game;
pub mod kind;
pub mod log;
pub mod spec;
pub mod value;
pub mod variable;
pub mod version;

#[cfg(test)]
mod tests;
