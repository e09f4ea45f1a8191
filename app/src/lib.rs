//! The dashboard: one Leptos application, rendered whole by the server and continued in the browser.
//!
//! `pages` load and compose, `components` take values and call back, `live` is the state of the live page and `panes` draw
//! it, `api` is what the pages ask the server. Every form works without JavaScript.

mod ansi;
pub mod api;
mod color;
pub mod components;
mod document;
pub mod format;
mod gesture;
mod keys;
pub mod live;
mod package;
pub mod pages;
mod panes;
mod raw_text;
mod storage;
mod zone;

use protocol::model::User;

pub use document::{App, shell};

/// Who is signed in; a context that the server provides with each request.
#[derive(Clone, Debug)]
pub struct Session(pub Option<User>);

/// Who asks and by what; a context that the server provides with each request.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug)]
pub struct Asking(pub Option<gateway::Caller>);

/// What pages show of the instance; a context that the server provides with each request.
#[derive(Clone, Debug)]
pub struct RequestInfo {
    /// Where games connect: `host:port`.
    pub game_address: String,
}
