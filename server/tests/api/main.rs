//! Version 1 of the HTTP API, told by scripts to the real server.

#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]

#[path = "../support/mod.rs"]
mod support;
mod world;

mod audit;
mod contract;
mod exports;
mod forget;
mod history;
mod idempotency;
mod let_go;
mod limits;
mod live;
mod log_range;
mod logs;
mod patterns;
mod people;
mod projects;
mod refusals;
mod retention;
mod schema;
mod tool;
mod variables;
