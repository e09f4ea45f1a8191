//! Searches of the log that people keep.

use serde::{Deserialize, Serialize};

/// A search of a project's log, under a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedSearch {
    /// Its number.
    pub id: i64,
    /// What it is called.
    pub name: String,
    /// What stands in the address of the log page: filter, range, columns; with the question mark.
    pub search: String,
    /// Whether everybody in the project has it.
    pub is_shared: bool,
    /// Whose it is.
    pub author: String,
    /// Whether that is who asks.
    pub is_own: bool,
}
