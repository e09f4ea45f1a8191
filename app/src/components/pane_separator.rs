//! The edge of a pane, which resizes it.

use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

use crate::storage::{remember, remembered};

const STEP: f64 = 24.0;

/// Which edge it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// The left one: it changes the width.
    Left,
    /// The right one: it changes the width, too.
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

    /// By how many pixels the pane grows when the edge moves so far to the right or down.
    const fn growth(self, moved: f64) -> f64 {
        match self {
            Self::Right => moved,
            Self::Left | Self::Top => -moved,
        }
    }

    /// By how many steps a key enlarges the pane.
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

/// A handle at the edge of its parent. The size is a CSS property, `--NAME`, and an attribute, `data-NAME`, of the root element;
/// the browser remembers it for each project. Enter or a double click restores the original size.
#[component]
pub fn PaneSeparator(
    /// Which edge.
    edge: Edge,
    /// Name of the property.
    name: &'static str,
    /// What it resizes, for screen readers.
    label: &'static str,
    /// The key under which it is remembered.
    key: String,
    /// Smallest size, in pixels.
    least: f64,
    /// How much of the total is reserved for the neighbours, in pixels.
    spare: fn(f64) -> f64,
) -> impl IntoView {
    let separator = Separator {
        edge,
        name,
        key: StoredValue::new(key),
        least,
        spare,
        handle: NodeRef::new(),
        size: RwSignal::new(None),
        now: RwSignal::new(0.0),
        grip: StoredValue::new(None),
    };
    Effect::new(move || separator.restore());
    let now = separator.now;
    view! {
        <div
            class=format!("separator separator--{}", edge.class())
            node_ref=separator.handle
            role="separator"
            tabindex="0"
            aria-orientation=edge.orientation()
            aria-label=label
            aria-valuemin=least
            aria-valuenow=move || now.get()
            aria-valuetext=move || format!("{} pixels", now.get())
            title="Drag, or use the arrow keys; double-click resets"
            on:pointerdown=move |event| separator.down(&event)
            on:pointermove=move |event| separator.moved(&event)
            on:pointerup=move |_| separator.up()
            on:pointercancel=move |_| separator.up()
            on:dblclick=move |_| separator.reset()
            on:keydown=move |event| separator.keydown(&event)
        ></div>
    }
    .into_any()
}

/// What the handle does.
#[derive(Clone, Copy)]
struct Separator {
    edge: Edge,
    name: &'static str,
    key: StoredValue<String>,
    least: f64,
    spare: fn(f64) -> f64,
    handle: NodeRef<Div>,
    /// What the person has chosen.
    size: RwSignal<Option<f64>>,
    /// What the pane measures.
    now: RwSignal<f64>,
    /// Where the pointer went down, and the size then.
    grip: StoredValue<Option<(f64, f64)>>,
}

impl Separator {
    /// The pane's size, and the largest that it may have.
    fn sizes(self) -> Option<(f64, f64)> {
        let pane = self.handle.get_untracked()?.parent_element()?;
        let around = pane.parent_element()?;
        let of = |element: web_sys::Element| {
            let element = element.dyn_into::<web_sys::HtmlElement>().ok()?;
            Some(f64::from(match self.edge {
                Edge::Left | Edge::Right => element.offset_width(),
                Edge::Top => element.offset_height(),
            }))
        };
        let around = of(around)?;
        Some((of(pane)?, (around - (self.spare)(around)).max(self.least)))
    }

    fn show(self, wanted: Option<f64>) {
        self.size.set(wanted);
        style(self.name, wanted);
    }

    /// Shows the size that the browser remembers, if any.
    fn restore(self) {
        let known = self.key.with_value(|key| remembered(key)).and_then(|text| text.parse().ok());
        // reset it too: another project may have set one
        self.show(known.filter(|size: &f64| size.is_finite()).map(|size| size.max(self.least)));
        if let Some((size, _)) = self.sizes() {
            self.now.set(size);
        }
    }

    fn resize(self, wanted: f64) {
        let Some((_, most)) = self.sizes() else { return };
        let wanted = wanted.clamp(self.least, most).round();
        self.now.set(wanted);
        self.show(Some(wanted));
    }

    fn keep(self) {
        let text = self.size.get_untracked().map(|size| size.to_string());
        self.key.with_value(|key| remember(key, text.as_deref()));
    }

    fn reset(self) {
        self.show(None);
        self.keep();
    }

    fn down(self, event: &PointerEvent) {
        if event.button() != 0 {
            return;
        }
        event.prevent_default();
        if let (Some(handle), Some((size, _))) = (self.handle.get_untracked(), self.sizes()) {
            // it fails when the pointer is already up
            let _ = handle.set_pointer_capture(event.pointer_id());
            self.grip.set_value(Some((self.edge.place(event), size)));
        }
    }

    fn moved(self, event: &PointerEvent) {
        if let Some((from, size)) = self.grip.get_value() {
            self.resize(size + self.edge.growth(self.edge.place(event) - from));
        }
    }

    fn up(self) {
        if self.grip.try_update_value(Option::take).flatten().is_some() {
            self.keep();
        }
    }

    fn keydown(self, event: &KeyboardEvent) {
        let pressed = event.key();
        if pressed == "Enter" {
            event.prevent_default();
            return self.reset();
        }
        if let (Some(steps), Some((size, _))) = (self.edge.steps(&pressed), self.sizes()) {
            event.prevent_default();
            self.resize(size + steps * STEP);
            self.keep();
        }
    }
}

/// Sets or removes the property. The page's policy forbids styles in its HTML, but not those set by its script.
fn style(name: &str, size: Option<f64>) {
    #[cfg(feature = "hydrate")]
    {
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
