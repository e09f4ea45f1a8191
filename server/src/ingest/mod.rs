//! The games' side: line protocol over TCP.
//!
//! [`listener`] accepts and limits, [`connection`] moves bytes and waits, [`conversation`] knows what a line
//! means and touches no socket.

mod admission;
mod bytes;
mod connection;
mod conversation;
mod limits;
mod listener;
mod outbox;
mod refusals;
mod threads;

pub(crate) use admission::{AddressLimit, AddressLimits, Admission};
#[cfg(test)]
pub(crate) use connection::Connection;
pub(crate) use limits::{GameLimits, GameTimes, RECEIVE_BYTES};
pub(crate) use listener::{GamePort, accept_games};
pub(crate) use threads::GameThreads;
