//! How long things are kept: policies of projects, pins, and the task that forgets what is too old or too much.
//!
//! What a policy would remove is told before it is saved ([`estimate`]), and removed in small steps ([`pass`]).

mod disk;
mod estimate;
mod others;
mod pass;
mod retained;
mod rule;
mod sizes;
mod task;
mod verbs;

pub use self::{
    disk::Disk,
    verbs::{NewPin, PinRange},
};
pub(crate) use self::{
    retained::{Retained, Sizes},
    task::run,
};
