//! What a value of a line can be used for: only the lines with it, only those without it, copy it, give it a column.

use std::sync::Arc;

use leptos::ev::MouseEvent;
use leptos::html::Div;
use leptos::prelude::*;
use protocol::filter::Facet;
use protocol::model::{Level, LogLine};
use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlElement};

use super::menu::{Menu, SHOWN_CHARS};
use super::pane::LogPane;
use crate::components::Copy;
use crate::format;
use crate::live::MAX_PINS;

/// Least room to the right of the menu's corner and below it, in pixels.
const ROOM_PX: (f64, f64) = (220.0, 280.0);

/// The value of a line that was clicked on: its level, its device, or a field that has a column.
pub(super) fn clicked(line: &Arc<LogLine>, device: &str, event: &MouseEvent) -> Option<Menu> {
    let target: Element = event.target()?.dyn_into().ok()?;
    let is_in = |class: &str| target.closest(class).ok().flatten();
    let facet = if is_in(".log-level").is_some() {
        Facet::Level(line.level)
    } else if is_in(".log-device").is_some() {
        Facet::Device(device.to_owned())
    } else {
        let cell = is_in(".log-pin")?;
        Facet::Field { path: cell.get_attribute("data-path")?, value: cell.text_content()? }
    };
    Some(Menu::new(facet, line, device, event))
}

/// Changes the filter so that only lines with the value are shown, or only those without it.
pub(super) fn narrow(pane: LogPane, facet: &Facet, is_wanted: bool) {
    let live = pane.live;
    let typed = live.read(|state| state.logs.query().text.clone());
    let Some(filter) = facet.narrow(&typed, is_wanted) else { return };
    if let (Facet::Level(level), true) = (facet, is_wanted)
        && *level < live.log_level.get_untracked()
    {
        live.log_level.set(Level::Trace);
    }
    live.announce(format!("The filter is now {filter}"));
    live.log_filter.set(filter);
}

/// The menu, while it is open.
#[component]
pub(super) fn LogMenu(pane: LogPane) -> impl IntoView {
    move || pane.menu.get().map(|menu| view! { <OpenMenu menu pane /> })
}

#[component]
fn OpenMenu(menu: Menu, pane: LogPane) -> impl IntoView {
    let before = StoredValue::new_local(
        document().active_element().and_then(|element| element.dyn_into::<HtmlElement>().ok()),
    );
    let close = move || {
        pane.menu.set(None);
        // it fails for elements that can't have the focus, and this one had it
        before.with_value(|before| before.as_ref().map(HtmlElement::focus));
    };
    let place = NodeRef::<Div>::new();
    Effect::new(move || {
        let first = place.get().and_then(|menu| menu.query_selector("button:enabled").ok().flatten());
        if let Some(first) = first.and_then(|first| first.dyn_into::<HtmlElement>().ok()) {
            // it fails for elements that can't have the focus, and a button can
            let _ = first.focus();
        }
    });
    let (x, y) = inside(menu.at);
    let (heading, value, is_findable) = (menu.heading(), menu.value.clone(), menu.is_findable);
    let facet = StoredValue::new(menu.facet.clone());
    let narrow_to = move |is_wanted: bool| {
        facet.with_value(|facet| narrow(pane, facet, is_wanted));
        close();
    };
    view! {
        <div class="log-menu-behind" on:click=move |_| close()></div>
        <div
            class="log-menu"
            role="group"
            aria-label=format!("Filter by {heading}")
            node_ref=place
            style:left=format!("{x}px")
            style:top=format!("{y}px")
            on:keydown=move |event| {
                if event.key() == "Escape" {
                    event.stop_propagation();
                    close();
                }
            }
        >
            <p class="value" dir="auto">
                {heading.clone()}
            </p>
            <button type="button" class="button" disabled=!is_findable on:click=move |_| narrow_to(true)>
                "Only these lines"
            </button>
            <button type="button" class="button" disabled=!is_findable on:click=move |_| narrow_to(false)>
                "Not these lines"
            </button>
            {(!is_findable).then(|| view! { <p class="meta">"The filter has no term for this value."</p> })}
            <Copy text=value what="the value" />
            {menu.path().map(|path| view! { <PinButton path pane close=Callback::new(move |()| close()) /> })}
        </div>
    }
    .into_any()
}

#[component]
fn PinButton(path: String, pane: LogPane, close: Callback<()>) -> impl IntoView {
    let look = pane.live.log_look;
    let is_pinned = look.with_untracked(|look| look.pins.contains(&path));
    let has_room = look.with_untracked(|look| look.pins.len() < MAX_PINS);
    let words = match (is_pinned, has_room) {
        (true, _) => "Remove its column",
        (false, true) => "Show as a column",
        (false, false) => "No room for a column",
    };
    let toggle = move |_| {
        look.update(|look| if is_pinned { look.unpin(&path) } else { look.pin(path.clone()) });
        close.run(());
    };
    view! {
        <button type="button" class="button" disabled=!is_pinned && !has_room on:click=toggle>
            {words}
        </button>
    }
    .into_any()
}

/// So that all of it is in the window.
fn inside((x, y): (f64, f64)) -> (f64, f64) {
    let size =
        |size: Result<wasm_bindgen::JsValue, _>| size.ok().and_then(|size| size.as_f64()).unwrap_or(f64::MAX);
    let (width, height) = (size(window().inner_width()), size(window().inner_height()));
    (x.min(width - ROOM_PX.0).max(0.0), y.min(height - ROOM_PX.1).max(0.0))
}

/// Words of a message that are selected.
#[component]
pub(super) fn PickedBar(pane: LogPane) -> impl IntoView {
    move || {
        let picked = pane.picked.get()?;
        let facet = StoredValue::new(Facet::Text(picked.clone()));
        let button = move |words: &'static str, is_wanted: bool| {
            view! {
                <button
                    type="button"
                    class="button button--small"
                    // the selection stays while it is pressed
                    on:mousedown=move |event| event.prevent_default()
                    on:click=move |_| {
                        facet.with_value(|facet| narrow(pane, facet, is_wanted));
                        super::selection::forget();
                    }
                >
                    {words}
                </button>
            }
        };
        Some(view! {
            <div class="log-picked" role="group" aria-label="Filter by the selected words">
                <q dir="auto">{format::shortened(&picked, SHOWN_CHARS).into_owned()}</q>
                {button("Only", true)}
                {button("Not", false)}
            </div>
        })
    }
}
