//! HTTP: pages, forms, the WebSockets of the dashboard and of games, and the API for scripts.

mod api;
mod auth;
mod body;
mod client;
mod demo;
mod device;
mod echo;
mod encryption;
mod forms;
mod game;
mod guard;
mod live;
mod metrics;
mod next;
mod outage;
mod pace;
mod pages;
mod rates;
mod readers;
mod readiness;
mod router;
mod serve;
mod site;
mod state;

pub(crate) use device::DeviceKey;
pub(crate) use readers::Readers;
pub(crate) use router::router;
pub use router::{Route, RouteClass, routes, server_functions};
pub(crate) use serve::{HttpPort, serve};
pub(crate) use state::{Web, WebOptions};
