//! What a step of a clean-up did.

use std::time::Duration;

/// What a step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgot {
    /// Rows that it was done with, from the first one given to it.
    pub rows: usize,
    /// How long other writers had to wait.
    pub blocked: Duration,
}
