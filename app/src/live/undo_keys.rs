//! Ctrl+Z, ⌘Z: takes back the newest edit, wherever the focus is, unless there is text to take back first.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use protocol::model::VarName;
use wasm_bindgen::JsCast as _;

use super::Live;

impl Live {
    /// Listens for as long as the page is there.
    pub fn listen_for_undo(self) {
        let listener = window_event_listener(leptos::ev::keydown, move |event| {
            if is_undo(&event) && !event.default_prevented() && !self.is_typed_into(&event) {
                event.prevent_default();
                self.undo();
            }
        });
        on_cleanup(move || listener.remove());
    }

    /// Whether it happens in a text of its own, or in one that differs from its variable: the browser takes back what was typed
    /// there.
    fn is_typed_into(&self, event: &KeyboardEvent) -> bool {
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let Some(field) = target.filter(holds_text) else { return false };
        let row = field.closest("[data-var]").ok().flatten();
        let name = row.and_then(|row| VarName::parse(&row.get_attribute("data-var")?).ok());
        name.is_none_or(|name| self.draft(&name).with_untracked(Option::is_some))
    }
}

/// Whether a key press takes something back.
pub fn is_undo(event: &KeyboardEvent) -> bool {
    let is_modified = event.ctrl_key() != event.meta_key() && !event.shift_key() && !event.alt_key();
    is_modified && event.key().eq_ignore_ascii_case("z")
}

fn holds_text(element: &web_sys::Element) -> bool {
    match &*element.tag_name() {
        "TEXTAREA" => true,
        "INPUT" => matches!(&*element.get_attribute("type").unwrap_or_default(), "" | "text" | "search"),
        _ => false,
    }
}
