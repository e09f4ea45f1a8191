//! What a store promises: one story for each promise, on both databases.

mod accounts;
mod batches;
mod contents;
mod house;
mod opening;
mod projects;
#[path = "../support/mod.rs"]
mod support;
