//! How long things are kept: policies and pins, what is counted of the log, and forgetting in steps.
//!
//! A step deletes what its caller chose, in one transaction that ends after so many rows or so much time. Each file has one
//! noun: its trait, its rows, and its SQL.

mod blocks;
mod forgot;
mod lines;
mod others;
mod pins;
mod policies;

pub use blocks::{BlockCounts, LevelCount, LogCounts};
pub use forgot::Forgot;
pub use lines::{ForgetLines, LineMark};
pub use others::{ForgetOthers, OldEdit};
pub use pins::Pins;
pub use policies::Policies;

/// The part of a store that forgets what is too old or too much.
pub trait Retaining: ForgetLines + ForgetOthers + LogCounts + Pins + Policies {}

impl<T> Retaining for T where T: ForgetLines + ForgetOthers + LogCounts + Pins + Policies {}
