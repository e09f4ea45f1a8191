//! The focus, over changes that move and rebuild rows: browsers take it from an element that is moved.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement, HtmlInputElement, HtmlTextAreaElement};

/// On an element while it is given back the focus that it had.
const KEPT: &str = "data-kept";
/// What can have the focus in a row.
const FOCUSABLE: &str = "button, input, select, textarea, summary";

/// Where the focus is: the row of which variable, and on which of what can have it there.
struct Place {
    row: String,
    nth: u32,
    selection: Option<(u32, u32)>,
}

/// Call this before rows change. What had the focus has it again after they have, if nothing else has taken it.
pub(super) fn keep_focus() {
    let Some(place) = place() else { return };
    request_animation_frame(move || {
        let lost = document().active_element().is_none_or(|active| active.tag_name() == "BODY");
        if lost {
            restore(&place);
        }
    });
}

/// Whether a focus event is that of an element which had the focus before rows changed: nobody has come to it.
pub(super) fn is_kept(event: &Event) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    target.is_some_and(|target| target.has_attribute(KEPT))
}

fn place() -> Option<Place> {
    let active = document().active_element()?;
    let row = active.closest("[data-var]").ok()??;
    let all = row.query_selector_all(FOCUSABLE).ok()?;
    let nth =
        (0..all.length()).find(|nth| all.get(*nth).is_some_and(|node| node.is_same_node(Some(&active))))?;
    Some(Place { row: row.get_attribute("data-var")?, nth, selection: selection(&active) })
}

fn selection(active: &Element) -> Option<(u32, u32)> {
    let (start, end) = match active.dyn_ref::<HtmlInputElement>() {
        Some(field) => (field.selection_start(), field.selection_end()),
        None => {
            let field = active.dyn_ref::<HtmlTextAreaElement>()?;
            (field.selection_start(), field.selection_end())
        }
    };
    Some((start.ok()??, end.ok()??))
}

fn restore(place: &Place) -> Option<()> {
    let rows = document().query_selector_all("[data-var]").ok()?;
    let row = (0..rows.length())
        .filter_map(|nth| rows.get(nth)?.dyn_into::<Element>().ok())
        .find(|row| row.get_attribute("data-var").as_deref() == Some(&place.row))?;
    let element: HtmlElement = row.query_selector_all(FOCUSABLE).ok()?.get(place.nth)?.dyn_into().ok()?;
    element.set_attribute(KEPT, "").ok()?;
    let focused = element.focus();
    element.remove_attribute(KEPT).ok()?;
    focused.ok()?;
    let (start, end) = place.selection?;
    match element.dyn_ref::<HtmlInputElement>() {
        Some(field) => field.set_selection_range(start, end),
        None => element.dyn_ref::<HtmlTextAreaElement>()?.set_selection_range(start, end),
    }
    .ok()
}
