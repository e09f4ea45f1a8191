//! Keys that work while nothing else has the focus: on the log page everywhere, beside the variables in the list only, except
//! for Space.

use leptos::prelude::*;

use super::pane::LogPane;

/// Space pauses and resumes, `/` goes to the filter, `j` and `k` choose lines, `[` and `]` errors, Enter goes to the details.
pub(super) fn listen_for_keys(pane: LogPane, toggle: Callback<()>) {
    #[cfg(feature = "hydrate")]
    {
        use super::lines::{Wanted, choose};
        use crate::live::Place;

        let listener = window_event_listener(leptos::ev::keydown, move |event| {
            let focus = document().active_element();
            let in_list = focus.as_ref().is_some_and(|element| element.class_list().contains("log"));
            let is_idle = in_list || focus.is_none_or(|element| element.tag_name() == "BODY");
            let has_modifier = event.ctrl_key() || event.meta_key() || event.alt_key();
            if !is_idle || has_modifier || event.default_prevented() {
                return;
            }
            let key = event.key();
            let is_meant = in_list || pane.live.place == Place::Logs;
            let wanted = match key.as_str() {
                "j" => Some(Wanted::Below),
                "k" => Some(Wanted::Above),
                "[" => Some(Wanted::ErrorAbove),
                "]" => Some(Wanted::ErrorBelow),
                _ => None,
            };
            match (key.as_str(), wanted) {
                (" ", _) if !event.repeat() => toggle.run(()),
                ("/", _) if is_meant => focus_first(".log-filter input"),
                ("Enter", _) if is_meant && pane.chosen.with_untracked(Option::is_some) => {
                    focus_first(".log-detail-body");
                }
                (_, Some(wanted)) if is_meant => choose(pane, wanted),
                _ => return,
            }
            event.prevent_default();
        });
        on_cleanup(move || listener.remove());
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = (pane, toggle);
}

#[cfg(feature = "hydrate")]
fn focus_first(selector: &str) {
    use wasm_bindgen::JsCast as _;
    let found = document().query_selector(selector).ok().flatten();
    if let Some(element) = found.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
        // it fails for elements that can't have the focus
        let _ = element.focus();
    }
}
