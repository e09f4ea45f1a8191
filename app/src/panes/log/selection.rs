//! What is selected of the log in the browser, and the clipboard.

use std::ops::RangeInclusive;

use leptos::ev::ClipboardEvent;
use leptos::html::Div;
use leptos::prelude::*;

/// The numbers of the lines that the selection touches, first to last. `None`: nothing, or a part of one message, which the
/// browser copies as it is.
pub(super) fn marked(list: NodeRef<Div>) -> Option<RangeInclusive<u64>> {
    #[cfg(feature = "hydrate")]
    return browser::marked(&list.get_untracked()?);
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = list;
        None
    }
}

/// The selected words, if they are a part of one message.
pub(super) fn picked(list: NodeRef<Div>) -> Option<String> {
    #[cfg(feature = "hydrate")]
    return browser::picked(&list.get_untracked()?);
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = list;
        None
    }
}

/// Calls `changed` with whether any text of the list is selected, when that may have changed.
pub(super) fn watch(list: NodeRef<Div>, changed: Callback<bool>) {
    #[cfg(feature = "hydrate")]
    {
        // it lives as long as the component
        StoredValue::new_local(Listener::new("selectionchange", move || {
            if let Some(list) = list.try_get_untracked().flatten() {
                changed.run(browser::is_any_in(&list));
            }
        }));
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = (list, changed);
}

/// Selects what is drawn of the list: browsers fire no copy event without a selection.
pub(super) fn mark(list: NodeRef<Div>) {
    #[cfg(feature = "hydrate")]
    if let (Some(selection), Some(list)) = (browser::selection(), list.get_untracked()) {
        // it fails for nodes of other documents only
        let _ = selection.select_all_children(&list);
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = list;
}

/// Clears the selection.
pub(super) fn forget() {
    #[cfg(feature = "hydrate")]
    if let Some(selection) = browser::selection() {
        // it fails when there is none
        let _ = selection.remove_all_ranges();
    }
}

/// Puts text on the clipboard instead of what the browser would; whether it could.
pub(super) fn put(event: &ClipboardEvent, text: &str) -> bool {
    event.clipboard_data().is_some_and(|data| data.set_data("text/plain", text).is_ok())
}

/// On the document: `selectionchange` does not bubble to the window.
#[cfg(feature = "hydrate")]
struct Listener {
    event: &'static str,
    run: wasm_bindgen::prelude::Closure<dyn Fn()>,
}

#[cfg(feature = "hydrate")]
impl Listener {
    fn new(event: &'static str, run: impl Fn() + 'static) -> Self {
        use wasm_bindgen::JsCast as _;
        let run = wasm_bindgen::prelude::Closure::<dyn Fn()>::new(run);
        // it fails for malformed names only
        let _ = document().add_event_listener_with_callback(event, run.as_ref().unchecked_ref());
        Self { event, run }
    }
}

#[cfg(feature = "hydrate")]
impl Drop for Listener {
    fn drop(&mut self) {
        use wasm_bindgen::JsCast as _;
        // it fails when there is none
        let _ = document().remove_event_listener_with_callback(self.event, self.run.as_ref().unchecked_ref());
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    use std::ops::RangeInclusive;

    use leptos::prelude::window;
    use wasm_bindgen::JsCast as _;
    use web_sys::{Element, HtmlDivElement, Node, Range, Selection};

    pub(super) fn selection() -> Option<Selection> {
        window().get_selection().ok().flatten()
    }

    fn range() -> Option<Range> {
        let selection = selection()?;
        (!selection.is_collapsed() && selection.range_count() > 0).then(|| selection.get_range_at(0).ok())?
    }

    pub(super) fn is_any_in(list: &HtmlDivElement) -> bool {
        range().is_some_and(|range| range.intersects_node(list).unwrap_or(false) && starts_in(&range, list))
    }

    /// A selection of the whole page is not one of the log.
    fn starts_in(range: &Range, list: &HtmlDivElement) -> bool {
        [range.start_container(), range.end_container()]
            .into_iter()
            .flatten()
            .any(|node| list.contains(Some(&node)))
    }

    pub(super) fn marked(list: &HtmlDivElement) -> Option<RangeInclusive<u64>> {
        let range = range()?;
        if !starts_in(&range, list) || is_in_one_cell(&range) {
            return None;
        }
        let rows = list.query_selector_all(".log-line").ok()?;
        let touched = (0..rows.length())
            .filter_map(|index| rows.get(index))
            .filter(|row| range.intersects_node(row).unwrap_or(false))
            .filter_map(|row| row.dyn_into::<Element>().ok()?.get_attribute("data-seq")?.parse().ok());
        let (first, last) =
            touched.fold((u64::MAX, 0), |(first, last), seq: u64| (first.min(seq), last.max(seq)));
        (first <= last).then_some(first..=last)
    }

    /// A line break is shown as another character in a row, and so is not part of words to look for.
    pub(super) fn picked(list: &HtmlDivElement) -> Option<String> {
        const MAX_CHARS: usize = 200;
        let range = range()?;
        if !starts_in(&range, list) || !is_in(&range, ".log-text") {
            return None;
        }
        let text = String::from(range.to_string());
        let words = text.trim();
        let is_plain = !words.contains(|c: char| c == '⏎' || c.is_control());
        (is_plain && (1..=MAX_CHARS).contains(&words.chars().count())).then(|| words.to_owned())
    }

    fn is_in_one_cell(range: &Range) -> bool {
        is_in(range, ".log-line > *")
    }

    fn is_in(range: &Range, selector: &str) -> bool {
        let element =
            |node: Node| node.dyn_into::<Element>().or_else(|node| node.parent_element().ok_or(node));
        let around = range.common_ancestor_container().ok().and_then(|node| element(node).ok());
        around.is_some_and(|around| around.closest(selector).ok().flatten().is_some())
    }
}
