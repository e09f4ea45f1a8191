//! In which order log lines are searched.

use serde::{Deserialize, Serialize};

/// From which end log lines are searched and listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogOrder {
    /// The line with the highest number first.
    #[default]
    NewestFirst,
    /// The line with the lowest number first.
    OldestFirst,
}

impl LogOrder {
    /// Whether a line's number comes behind another one in this order.
    pub fn is_beyond(self, seq: u64, other: u64) -> bool {
        match self {
            Self::NewestFirst => seq < other,
            Self::OldestFirst => seq > other,
        }
    }
}
