//! What a game did with a value that it was sent.

use serde::{Deserialize, Serialize};

use super::Value;

/// What a game did with a value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    /// Took it.
    Applied,
    /// Took another one that is as near as it can.
    Clamped {
        /// The value that is in force.
        value: Option<Value>,
        /// Why, in the game's words.
        reason: Option<String>,
    },
    /// Did not take it.
    Rejected {
        /// Why, in the game's words.
        reason: Option<String>,
    },
}
