//! Why a filter can't be read.

use std::ops::Range;

/// Why a filter can't be read, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct FilterError {
    /// A sentence for the person who types.
    pub text: String,
    /// First byte of the part that is wrong.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
}

impl FilterError {
    pub(super) fn new(place: Range<usize>, text: impl Into<String>) -> Self {
        Self { text: text.into(), start: place.start, end: place.end }
    }
}
