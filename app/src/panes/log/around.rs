//! The lines around one: on their way, here, or not to be had.

use std::sync::Arc;

use protocol::model::LogLine;

/// What is shown in place of the log.
#[derive(Clone, PartialEq)]
pub(super) enum Context {
    /// The lines are on their way.
    Asked(u64),
    /// The lines around that one, the oldest first.
    Around(u64, Vec<Arc<LogLine>>),
    /// They could not be loaded.
    Failed(u64, String),
}
