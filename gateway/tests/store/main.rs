//! What a store promises: one story for each promise, on both databases.
#![expect(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod access;
mod accounts;
mod batches;
mod blocks;
mod contents;
mod copies;
mod damage;
mod forget;
mod house;
mod interrupted;
mod let_go;
mod opening;
mod patterns;
mod projects;
mod retention;
mod sessions;
#[path = "../support/mod.rs"]
mod support;
mod sweeping;
mod times;
mod upgrade;
mod whole;
