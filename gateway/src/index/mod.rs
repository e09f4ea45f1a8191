//! The index of the log: which lines of a block may have some words. It has no database and no clock.
//!
//! A block is up to [`SPAN`] consecutive lines of a project. It holds each different word of their text once, and for each word the lines that have
//! it. So a search reads one block where it would have read thousands of lines, and writing a block appends to the database
//! in one piece. A word is also found inside longer ones, because all words of a block are searched, not looked up. What a
//! block names are candidates: the filter itself decides, so all that matters here is that no line is missing.

mod block;
mod gram_set;
mod words;

pub(crate) use self::{
    block::{BlockBuilder, BlockWords, Places, SPAN, has_room},
    gram_set::may_contain,
    words::{pieces, tag_of_device, tag_of_level},
};
