//! The edge of a pane, by which it is made larger or smaller.

use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::html::Div;
use leptos::prelude::*;

use crate::storage::{remember, remembered};

const STEP: f64 = 24.0;

/// Which edge it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// The left one: it changes the width.
    Left,
    /// The right one: it does too.
    Right,
    /// The upper one: it changes the height.
    Top,
}

impl Edge {
    const fn orientation(self) -> &'static str {
        match self {
            Self::Left | Self::Right => "vertical",
            Self::Top => "horizontal",
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Right => "right",
            Self::Top => "top",
        }
    }

    fn place(self, event: &PointerEvent) -> f64 {
        f64::from(match self {
            Self::Left | Self::Right => event.client_x(),
            Self::Top => event.client_y(),
        })
    }

    /// By how many pixels the pane is larger when the edge has moved so far to the right or down.
    const fn growth(self, moved: f64) -> f64 {
        match self {
            Self::Right => moved,
            Self::Left | Self::Top => -moved,
        }
    }

    /// By how many steps a key makes the pane larger.
    fn steps(self, key: &str) -> Option<f64> {
        match (self, key) {
            (Self::Left, "ArrowLeft") | (Self::Right, "ArrowRight") | (Self::Top, "ArrowUp") => Some(1.0),
            (Self::Left, "ArrowRight") | (Self::Right, "ArrowLeft") | (Self::Top, "ArrowDown") => Some(-1.0),
            (_, "Home") => Some(f64::INFINITY),
            (_, "End") => Some(f64::NEG_INFINITY),
            _ => None,
        }
    }
}

/// A handle at the edge of the element that it is in. The size is a property of the style sheet, `--NAME`, and an
/// attribute, `data-NAME`, of the document; the browser remembers it for the project. Enter or a double click gives the
/// original size back.
#[component]
pub fn PaneSeparator(
    /// Which edge.
    edge: Edge,
    /// Name of the property.
    name: &'static str,
    /// What is resized, for whoever hears it.
    label: &'static str,
    /// Under which it is remembered.
    key: String,
    /// Smallest size, in pixels.
    least: f64,
    /// What the neighbours keep of so much for all, in pixels.
    spare: fn(f64) -> f64,
) -> impl IntoView {
    let handle = NodeRef::<Div>::new();
    let size = RwSignal::new(None::<f64>);
    let now = RwSignal::new(0.0);
    let grip = StoredValue::new(None::<(f64, f64)>);
    let key = StoredValue::new(key);
    let sizes = move || {
        use wasm_bindgen::JsCast as _;
        let pane = handle.get_untracked()?.parent_element()?;
        let around = pane.parent_element()?;
        let of = |element: web_sys::Element| {
            let element = element.dyn_into::<web_sys::HtmlElement>().ok()?;
            Some(f64::from(match edge {
                Edge::Left | Edge::Right => element.offset_width(),
                Edge::Top => element.offset_height(),
            }))
        };
        let around = of(around)?;
        Some((of(pane)?, (around - spare(around)).max(least)))
    };
    let show = move |wanted: Option<f64>| {
        size.set(wanted);
        style(name, wanted);
    };
    let resize = move |wanted: f64| {
        let Some((_, most)) = sizes() else { return };
        let wanted = wanted.clamp(least, most).round();
        now.set(wanted);
        show(Some(wanted));
    };
    let keep = move || {
        let text = size.get_untracked().map(|size| size.to_string());
        key.with_value(|key| remember(key, text.as_deref()));
    };
    let reset = move || {
        show(None);
        keep();
    };
    Effect::new(move || {
        let known = key.with_value(|key| remembered(key)).and_then(|text| text.parse().ok());
        // none is shown too: another project may have left one
        show(known.filter(|size: &f64| size.is_finite()).map(|size| size.max(least)));
        if let Some((width, _)) = sizes() {
            now.set(width);
        }
    });
    let down = move |event: PointerEvent| {
        if event.button() != 0 {
            return;
        }
        event.prevent_default();
        if let (Some(handle), Some((width, _))) = (handle.get_untracked(), sizes()) {
            // it fails when the pointer is gone already
            let _ = handle.set_pointer_capture(event.pointer_id());
            grip.set_value(Some((edge.place(&event), width)));
        }
    };
    let moved = move |event: PointerEvent| {
        if let Some((from, width)) = grip.get_value() {
            resize(width + edge.growth(edge.place(&event) - from));
        }
    };
    let up = move |_| {
        if grip.try_update_value(Option::take).flatten().is_some() {
            keep();
        }
    };
    let keydown = move |event: KeyboardEvent| {
        let pressed = event.key();
        if pressed == "Enter" {
            event.prevent_default();
            return reset();
        }
        if let (Some(steps), Some((width, _))) = (edge.steps(&pressed), sizes()) {
            event.prevent_default();
            resize(width + steps * STEP);
            keep();
        }
    };
    view! {
        <div
            class=format!("separator separator--{}", edge.class())
            node_ref=handle
            role="separator"
            tabindex="0"
            aria-orientation=edge.orientation()
            aria-label=label
            aria-valuemin=least
            aria-valuenow=move || now.get()
            aria-valuetext=move || format!("{} pixels", now.get())
            title="Drag, or use the arrow keys; double-click resets"
            on:pointerdown=down
            on:pointermove=moved
            on:pointerup=up
            on:pointercancel=up
            on:dblclick=move |_| reset()
            on:keydown=keydown
        ></div>
    }
    .into_any()
}

/// Sets or removes the property. The page's policy forbids styles in its text, not those of its script.
fn style(name: &str, size: Option<f64>) {
    #[cfg(feature = "hydrate")]
    {
        use wasm_bindgen::JsCast as _;
        let root = document().document_element();
        let Some(root) = root.and_then(|root| root.dyn_into::<web_sys::HtmlElement>().ok()) else { return };
        let (property, attribute) = (format!("--{name}"), format!("data-{name}"));
        // they fail for malformed names only
        let _ = match size {
            Some(size) => root
                .style()
                .set_property(&property, &format!("{size}px"))
                .and_then(|()| root.set_attribute(&attribute, "")),
            None => root.style().remove_property(&property).and_then(|_| root.remove_attribute(&attribute)),
        };
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = (name, size);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_move_the_edge_that_they_point_at() {
        assert_eq!(Edge::Left.steps("ArrowLeft"), Some(1.0));
        assert_eq!(Edge::Top.steps("ArrowDown"), Some(-1.0));
        assert_eq!(Edge::Right.steps("ArrowRight"), Some(1.0));
        assert_eq!(Edge::Left.steps("ArrowUp"), None);
        assert_eq!(Edge::Top.steps("End"), Some(f64::NEG_INFINITY));
    }

    #[test]
    fn a_pane_grows_when_its_edge_moves_away_from_it() {
        assert_eq!([Edge::Left, Edge::Right, Edge::Top].map(|edge| edge.growth(8.0)), [-8.0, 8.0, -8.0]);
    }
}
