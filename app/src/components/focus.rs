//! The focus, over changes that move and rebuild rows: browsers take it from an element that is moved.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement, HtmlInputElement, HtmlTextAreaElement};

use crate::live::Forgettable;

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
        if is_lost() {
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

fn row_of(var: &str) -> Option<Element> {
    let rows = document().query_selector_all("[data-var]").ok()?;
    (0..rows.length())
        .filter_map(|nth| rows.get(nth)?.dyn_into::<Element>().ok())
        .find(|row| row.get_attribute("data-var").as_deref() == Some(var))
}

/// Where the focus goes when a row is taken away.
pub(super) struct Neighbour {
    /// The rows behind it and before it, the nearest first.
    rows: Vec<Element>,
    /// What is there in any case: above the rows.
    head: Option<HtmlElement>,
}

impl Neighbour {
    /// Of the row of this, as it stands now; the row itself comes first if it `stays`.
    pub(super) fn of(what: &Forgettable, stays: bool) -> Self {
        let (row, head) = match what {
            Forgettable::Var(name) => (row_of(name.as_str()), ".pane--vars .filter"),
            Forgettable::Device(device) => {
                let tick = document().get_element_by_id(&format!("device-{device}"));
                (tick.and_then(|tick| tick.closest("li").ok().flatten()), ".device--all")
            }
        };
        let sides = |row: Element| {
            let (next, previous) = (row.next_element_sibling(), row.previous_element_sibling());
            [Some(row).filter(|_| stays), next, previous]
        };
        let sides = row.map(sides);
        let head = document().query_selector(head).ok().flatten().and_then(|head| head.dyn_into().ok());
        Self { rows: sides.into_iter().flatten().flatten().collect(), head }
    }

    fn focusable(&self) -> Option<HtmlElement> {
        let can = |row: &Element| {
            let all = row.query_selector_all("button, input, select, textarea").ok()?;
            let mut elements =
                (0..all.length()).filter_map(|nth| all.get(nth)?.dyn_into::<HtmlElement>().ok());
            // one that is hidden has no box
            elements.find(|element| element.offset_width() > 0 && !element.has_attribute("disabled"))
        };
        let beside = self.rows.iter().filter(|row| row.is_connected()).find_map(can);
        beside.or_else(|| self.head.clone().filter(|head| head.is_connected()))
    }
}

/// Whether nothing has the focus.
pub(super) fn is_lost() -> bool {
    document().active_element().is_none_or(|active| active.tag_name() == "BODY")
}

/// Puts the focus there; when nothing is left of the list, on what the page is about.
pub(super) fn focus_beside(neighbour: Neighbour) {
    let main = || {
        let main = document().get_element_by_id("main")?.dyn_into::<HtmlElement>().ok()?;
        main.set_tab_index(-1);
        Some(main)
    };
    if let Some(element) = neighbour.focusable().or_else(main) {
        // it fails for elements that can't have the focus
        let _ = element.focus();
    }
}

fn restore(place: &Place) -> Option<()> {
    let row = row_of(&place.row)?;
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
