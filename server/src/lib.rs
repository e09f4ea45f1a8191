//! The edges of observerio: sockets, HTTP, pages, startup and shutdown.
//!
//! Both edges do the same four things: decode, call the gateway, select on a subscription, encode.
//! `ingest` speaks the line protocol with games, `web` speaks HTTP and the dashboard's WebSocket with
//! browsers. What any of it means is decided in the `gateway` crate.
//!
//! The program is [`command`] (the command line), [`config`] (the settings), then [`lifecycle`] (start, drain, stop).
// the type of a Leptos page is nested as deeply as the page
#![recursion_limit = "256"]
#![deny(missing_docs)]

mod banner;
mod claim;
mod clock;
pub mod command;
pub mod config;
pub mod copies;
pub mod demo;
mod ingest;
pub mod lifecycle;
mod metrics;
mod net;
mod process;
mod rate;
pub mod recovery;
mod share;
#[cfg(test)]
mod simulation;
pub mod telemetry;
mod tls;
mod web;

pub use banner::Banner;
pub use lifecycle::{RunError, Server, StartError};
pub use tls::{Certificates, TlsError};
pub use web::{Route, RouteClass, routes, server_functions};
