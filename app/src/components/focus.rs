//! Keeps the focus when rows move or are rebuilt, and when a button disappears on being pressed: browsers drop it then, and
//! keyboard users would start over at the top of the page.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement, HtmlInputElement, HtmlTextAreaElement};

/// Marks an element while its focus is being restored.
const KEPT: &str = "data-kept";
/// What can be focused in a row.
const FOCUSABLE: &str = "button, input, select, textarea, summary";

/// On an element whose buttons come and go: a selector, inside it, of what gets the focus after them.
const HEIR: &str = "data-heir";

/// Where the focus is: in which variable's row, and on which focusable element there.
struct Place {
    row: String,
    nth: u32,
    selection: Option<(u32, u32)>,
}

/// Call this before rows change. The focus returns to where it was, unless something else has taken it.
pub(crate) fn keep_focus() {
    let Some(place) = place() else { return };
    request_animation_frame(move || {
        if is_focus_lost() {
            restore(&place);
        }
    });
}

/// Whether a focus event only restores the focus that the element had before rows changed.
pub(crate) fn is_kept(event: &Event) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    target.is_some_and(|target| target.has_attribute(KEPT))
}

/// For as long as the page is open: when a button disappears on being pressed, its focus goes to the heir named by the nearest
/// element around it.
pub fn leave_focus_to_heirs() {
    let listener = window_event_listener(leptos::ev::click, |event| {
        // the event's path: the button may have been removed from the page by now
        let way: Vec<Element> =
            event.composed_path().iter().filter_map(|node| node.dyn_into::<Element>().ok()).collect();
        let Some(button) = way.iter().find(|element| element.tag_name() == "BUTTON").cloned() else { return };
        let is_touch = event.dyn_ref::<web_sys::PointerEvent>().is_some_and(|e| e.pointer_type() == "touch");
        // once the page shows the result of the press
        request_animation_frame(move || {
            let active = document().active_element();
            let is_lost =
                active.is_none_or(|active| active.tag_name() == "BODY" || active.is_same_node(Some(&button)));
            if is_lost && !can_have_focus(&button) {
                // if nothing can be found or focused, the focus stays where it is
                let _ =
                    way.iter().find_map(|element| heir_of(element, is_touch)).and_then(|heir| focus(&heir));
            }
        });
    });
    on_cleanup(move || listener.remove());
}

fn heir_of(element: &Element, is_touch: bool) -> Option<HtmlElement> {
    let heirs = element.query_selector_all(&element.get_attribute(HEIR)?).ok()?;
    let mut heirs = (0..heirs.length()).filter_map(|nth| heirs.get(nth)?.dyn_into::<HtmlElement>().ok());
    // on touch screens, focusing a text field opens a keyboard over half of the screen
    heirs.find(|heir| can_have_focus(heir) && !(is_touch && is_typed_into(heir)))
}

fn can_have_focus(element: &Element) -> bool {
    let is_off = element.has_attribute("disabled") || element.has_attribute("hidden");
    element.is_connected() && element.client_height() > 0 && !is_off
}

fn is_typed_into(element: &Element) -> bool {
    let is_text =
        element.dyn_ref::<HtmlInputElement>().is_some_and(|e| matches!(&*e.type_(), "text" | "search"));
    is_text || element.is_instance_of::<HtmlTextAreaElement>()
}

/// Focuses the element with this id.
pub(crate) fn focus_id(id: &str) {
    let element = document().get_element_by_id(id).and_then(|e| e.dyn_into::<HtmlElement>().ok());
    if let Some(element) = element {
        // it fails for elements that can't have the focus
        let _ = element.focus();
    }
}

/// Focuses it, marked as not the person's doing.
fn focus(element: &HtmlElement) -> Option<()> {
    element.set_attribute(KEPT, "").ok()?;
    let focused = element.focus();
    element.remove_attribute(KEPT).ok()?;
    focused.ok()
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

pub(crate) fn row_of(var: &str) -> Option<Element> {
    let rows = document().query_selector_all("[data-var]").ok()?;
    (0..rows.length())
        .filter_map(|nth| rows.get(nth)?.dyn_into::<Element>().ok())
        .find(|row| row.get_attribute("data-var").as_deref() == Some(var))
}

/// Whether nothing has the focus.
pub(crate) fn is_focus_lost() -> bool {
    document().active_element().is_none_or(|active| active.tag_name() == "BODY")
}

fn restore(place: &Place) -> Option<()> {
    let row = row_of(&place.row)?;
    let element: HtmlElement = row.query_selector_all(FOCUSABLE).ok()?.get(place.nth)?.dyn_into().ok()?;
    focus(&element)?;
    let (start, end) = place.selection?;
    match element.dyn_ref::<HtmlInputElement>() {
        Some(field) => field.set_selection_range(start, end),
        None => element.dyn_ref::<HtmlTextAreaElement>()?.set_selection_range(start, end),
    }
    .ok()
}
