//! What a key press means, whichever field has the focus.

use leptos::ev::KeyboardEvent;

/// Whether the key belongs to an input method, whose Enter chooses a word and commits nothing. Safari ends the composition
/// before it reports the key, which then has the code 229.
pub fn is_composing(event: &KeyboardEvent) -> bool {
    const PROCESSED: u32 = 229;
    event.is_composing() || event.key_code() == PROCESSED
}

/// Whether it is Ctrl+Z or ⌘Z.
pub fn is_undo(event: &KeyboardEvent) -> bool {
    let is_modified = event.ctrl_key() != event.meta_key() && !event.shift_key() && !event.alt_key();
    is_modified && event.key().eq_ignore_ascii_case("z")
}
