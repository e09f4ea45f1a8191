//! The games' side: line protocol over TCP and, for browsers, over WebSockets.
//!
//! [`listener`] accepts TCP connections and the HTTP port hands over WebSockets, [`door`] limits how many there are,
//! [`connection`] moves bytes and waits, [`conversation`] knows what a line means and touches no socket.

mod admission;
mod bytes;
mod connection;
mod conversation;
mod door;
mod limits;
mod listener;
mod outbox;
mod refusals;
mod threads;
mod websocket;

pub(crate) use admission::{AddressLimit, AddressLimits, Admission};
#[cfg(test)]
pub(crate) use connection::Connection;
pub(crate) use door::{Door, reason};
pub(crate) use limits::{GameLimits, GameTimes, RECEIVE_BYTES};
pub(crate) use listener::{GamePort, accept_games};
pub(crate) use threads::GameThreads;
pub(crate) use websocket::GameSocket;
