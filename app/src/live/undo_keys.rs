//! Ctrl+Z or ⌘Z undoes the newest edit, wherever the focus is, unless there is typing to undo first.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use protocol::model::VarName;
use wasm_bindgen::JsCast as _;

use super::Live;
use crate::keys::is_undo;

impl Live {
    /// Listens for as long as the page is open.
    pub fn listen_for_undo(self) {
        let listener = window_event_listener(leptos::ev::keydown, move |event| {
            if is_undo(&event) && !event.default_prevented() && !self.is_typed_into(&event) {
                event.prevent_default();
                self.undo();
            }
        });
        on_cleanup(move || listener.remove());
    }

    /// Whether it happens in a field with a text of its own, or with a draft: there the browser undoes the typing.
    fn is_typed_into(&self, event: &KeyboardEvent) -> bool {
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let Some(field) = target.filter(holds_text) else { return false };
        let row = field.closest("[data-var]").ok().flatten();
        let name = row.and_then(|row| VarName::parse(&row.get_attribute("data-var")?).ok());
        name.is_none_or(|name| self.draft(&name).with_untracked(Option::is_some))
    }
}

fn holds_text(element: &web_sys::Element) -> bool {
    match &*element.tag_name() {
        "TEXTAREA" => true,
        "INPUT" => matches!(&*element.get_attribute("type").unwrap_or_default(), "" | "text" | "search"),
        _ => false,
    }
}
