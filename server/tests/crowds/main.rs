//! Stories that take thousands of sockets or hundreds of megabytes: a program of their own, so that no other story runs beside them.

#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]

#[path = "../support/mod.rs"]
mod support;

mod hostile_line;
mod memory;
mod shares;
mod strangers;
