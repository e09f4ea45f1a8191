//! What the gateway promises, told on both databases.

#![expect(clippy::unwrap_used, reason = "a story that meets an error has failed")]

mod actions;
mod clock;
mod counts;
mod declarations;
mod deleted;
mod edits;
mod forget;
mod house;
mod let_go;
mod limits;
mod patterns;
mod reads;
mod retention;
mod search;
#[path = "../support/mod.rs"]
mod support;
