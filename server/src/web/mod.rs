//! The people's side: pages, forms, the dashboard's WebSocket, and the HTTP API for scripts.

mod api;
mod auth;
mod forms;
mod guard;
mod live;
mod metrics;
mod outage;
mod pages;
mod readiness;
mod router;
mod serve;
mod site;
mod state;

pub(crate) use router::router;
pub(crate) use serve::serve;
pub(crate) use state::{Access, Web};
