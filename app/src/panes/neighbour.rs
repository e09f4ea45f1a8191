//! Where the focus goes when a row is taken away: to the one beside it.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use crate::components::row_of;
use crate::live::Forgettable;

/// Where the focus goes when a row is taken away.
pub(super) struct Neighbour {
    /// The rows after and before it.
    rows: Vec<Element>,
    /// What is always there, above the rows.
    head: Option<HtmlElement>,
}

impl Neighbour {
    /// The neighbours of its row as they are now; the row itself comes first if it `stays`.
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
            // hidden elements have no box
            elements.find(|element| element.offset_width() > 0 && !element.has_attribute("disabled"))
        };
        let beside = self.rows.iter().filter(|row| row.is_connected()).find_map(can);
        beside.or_else(|| self.head.clone().filter(|head| head.is_connected()))
    }
}

/// Moves the focus there; when nothing is left of the list, to the page's main part.
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
