//! Of which lines the patterns are wanted.

use protocol::{
    filter::Filter,
    model::{Level, UnixMicros},
};

/// Lines of this level and above are counted in the background.
pub(super) const COUNTED: Level = Level::Warn;

/// Of which lines the patterns are wanted.
#[derive(Clone, Debug)]
pub struct PatternQuery {
    /// Those that pass.
    pub filter: Filter,
    /// Of this level or a higher one.
    pub at_least: Level,
    /// Received at this time or later.
    pub from: Option<UnixMicros>,
    /// Received before this time.
    pub to: Option<UnixMicros>,
}
