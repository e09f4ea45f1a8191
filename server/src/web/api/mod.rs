//! The HTTP API for scripts: version 1, and the four endpoints of the first observerio.

mod reference;
mod scripts;
mod v1;

pub(super) use reference::reference;
pub(super) use scripts::{alive, generate_key, ready, register_key, register_user};
pub(super) use v1::{EditLocks, Overload, answer_in_json, answers, operations, streams};
