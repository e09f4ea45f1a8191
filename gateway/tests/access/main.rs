//! Who may do what: one story for each promise, on both databases.
#![expect(clippy::unwrap_used, reason = "a story that meets an error has failed")]

mod accounts;
mod audit;
mod confirm;
mod house;
mod keys;
mod members;
mod permissions;
mod projects;
mod searches;
mod second_factor;
#[path = "../support/mod.rs"]
mod support;
mod tokens;
