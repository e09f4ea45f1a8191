//! The shape of patterns.

/// What stands for a part that differs.
pub const HOLE: &str = "<*>";
/// Longest pattern, in bytes. A longer one is cut and ends with `…`.
pub const MAX_BYTES: usize = 400;
