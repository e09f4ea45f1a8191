//! Placeholder until the real one lands.
/// Placeholder.
pub struct SqliteStore;
