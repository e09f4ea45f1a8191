//! The server's stories in one program: each links the whole server, and thirty of them would take minutes to build.

#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]

#[path = "../support/mod.rs"]
mod support;

mod access;
mod accounts;
mod admission;
mod answers;
#[cfg(unix)]
mod backups;
mod bad_input;
mod browser_games;
mod command_line;
mod conversation;
mod corpus;
mod dashboard;
mod demo;
mod documents;
mod entries;
mod grammar;
mod hostile_names;
mod hostile_web;
mod http_api;
mod metrics;
mod one_server;
mod outputs;
mod program;
mod proxies;
mod readiness;
mod refusals;
mod restart;
mod routes;
mod sdk;
mod second_factor;
mod teams;
mod tls;
mod tls_program;
mod version_2;
