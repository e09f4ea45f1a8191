//! The focus, over changes that move and rebuild rows, and over buttons that disappear when they are pressed: browsers take it from
//! what is moved or gone, and whoever works with keys begins anew at the top of the page.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement, HtmlInputElement, HtmlTextAreaElement};

use crate::live::Forgettable;

/// On an element while it is given back the focus that it had.
const KEPT: &str = "data-kept";
/// What can have the focus in a row.
const FOCUSABLE: &str = "button, input, select, textarea, summary";

/// On an element that holds buttons which come and go: a selector of what has the focus after them. It is not looked for elsewhere.
const HEIR: &str = "data-heir";

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

/// Listens for as long as the page is there: the focus of a button that a press has taken away goes to the heir of the nearest element
/// around it that has one.
pub fn leave_focus_to_heirs() {
    let listener = window_event_listener(leptos::ev::click, |event| {
        // the way of the event: by now the button may have been taken out of the page
        let way: Vec<Element> =
            event.composed_path().iter().filter_map(|node| node.dyn_into::<Element>().ok()).collect();
        let Some(button) = way.iter().find(|element| element.tag_name() == "BUTTON").cloned() else { return };
        let is_touch = event.dyn_ref::<web_sys::PointerEvent>().is_some_and(|e| e.pointer_type() == "touch");
        // once the page shows what the press has done
        request_animation_frame(move || {
            let active = document().active_element();
            let is_lost =
                active.is_none_or(|active| active.tag_name() == "BODY" || active.is_same_node(Some(&button)));
            if is_lost && !can_have_focus(&button) {
                // whatever cannot be found or focused leaves the focus where it is
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
    // a finger that gets a text field gets a keyboard over half of its screen
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

/// Gives it the focus, which nobody has come to.
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
    focus(&element)?;
    let (start, end) = place.selection?;
    match element.dyn_ref::<HtmlInputElement>() {
        Some(field) => field.set_selection_range(start, end),
        None => element.dyn_ref::<HtmlTextAreaElement>()?.set_selection_range(start, end),
    }
    .ok()
}
