//! Stories of the live state.
