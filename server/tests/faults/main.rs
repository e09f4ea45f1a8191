//! Faults that must be survived: the real program, real databases, real processes that are killed, starved and cut off.
//!
//! `README.md` beside this file lists the stories, what each takes, and the commands of the long runs.

#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]

#[path = "../support/mod.rs"]
mod support;
mod world;

mod answers;
mod database;
mod disk_error;
mod disk_full;
mod half_open;
mod kill;
mod mobile;
mod slow;
mod soak;
mod stop;
