//! A slider: the browser's own for keys and screen readers, with pointer handling of our own.
//!
//! The browser's own would jump to wherever a touch begins, even one that is about to scroll, and has no fine drag.

use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::html::Input;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::drag::Drag;
use super::{scale, typed_before};

/// The same as in the style sheet.
const THUMB_PX: f64 = 16.0;

/// Moves between two ends. It deals in positions; its owner knows their values, and how to write them.
#[component]
pub fn Slider(
    /// The accessible name.
    #[prop(into)]
    label: String,
    /// Minimum and maximum, for screen readers.
    range: (f64, f64),
    /// Where the value is, from 0 to 1.
    #[prop(into)]
    place: Signal<f64>,
    /// The value as a person reads it.
    #[prop(into)]
    text: Signal<String>,
    /// Whether the person may not change it.
    locked: Signal<bool>,
    /// Called during a drag, with the position and whether it is a fine drag.
    on_drag: Callback<(f64, bool)>,
    /// Called with a number that was set in any other way, such as by a screen reader.
    on_set: Callback<f64>,
    /// Called with the number of steps of a key press.
    on_step: Callback<f64>,
    /// Called when the drag has ended, or the key is up.
    on_end: Callback<()>,
) -> impl IntoView {
    let input = NodeRef::<Input>::new();
    // while it is dragged, the thumb is the person's
    let dragged = RwSignal::new(None::<f64>);
    let number = move |place: f64| range.0 + (range.1 - range.0) * place;
    let shown = move || number(dragged.get().unwrap_or_else(|| place.get())).to_string();
    // in the middle of a drag, too: the thumb returns to the value
    Effect::new(move || {
        if locked.get() && dragged.with_untracked(Option::is_some) {
            dragged.set(None);
            on_end.run(());
        }
    });
    Effect::new(move || {
        if let Some(moved) = input.get().and_then(|input| typed_before(&input)?.parse().ok()) {
            on_set.run(moved);
            on_end.run(());
        }
    });
    let keydown = move |event: KeyboardEvent| {
        if let Some(steps) = scale::steps_of_key(&event.key(), event.shift_key(), event.alt_key()) {
            event.prevent_default();
            on_step.run(steps);
        }
    };
    let set = move |_| {
        if let Some(number) = input.get_untracked().map(|input| input.value_as_number())
            && !locked.get_untracked()
        {
            on_set.run(number);
        }
    };
    let track = Track { input, dragged, place, locked, on_drag, on_end, drag: StoredValue::new(None) };
    view! {
        <span
            class="slider-track"
            on:pointerdown=move |event| track.down(&event)
            on:pointermove=move |event| track.moved(&event)
            on:pointerup=move |event| track.up(&event)
            on:pointercancel=move |event| track.up(&event)
        >
            <input
                type="range"
                class="slider"
                aria-label=label
                aria-valuetext=move || text.get()
                min=range.0
                max=range.1
                step="any"
                value=number(place.get_untracked())
                prop:value=shown
                disabled=locked
                node_ref=input
                on:input=set
                on:change=move |_| on_end.run(())
                on:keydown=keydown
            />
        </span>
    }
    .into_any()
}

/// The pointer's side of a slider.
#[derive(Clone, Copy)]
struct Track {
    input: NodeRef<Input>,
    dragged: RwSignal<Option<f64>>,
    place: Signal<f64>,
    locked: Signal<bool>,
    on_drag: Callback<(f64, bool)>,
    on_end: Callback<()>,
    drag: StoredValue<Option<(Drag, f64)>>,
}

impl Track {
    fn down(self, event: &PointerEvent) {
        if self.locked.get_untracked() || event.button() != 0 || self.drag.with_value(Option::is_some) {
            return;
        }
        let Some(track) = event.current_target().and_then(|target| target.dyn_into::<Element>().ok()) else {
            return;
        };
        let is_touch = event.pointer_type() == "touch";
        let x = f64::from(event.client_x());
        let mut start = self.place.get_untracked();
        if !is_touch {
            // without capture the drag would end at the slider's edge
            let _ = track.set_pointer_capture(event.pointer_id());
            // don't select text; that also prevents focusing, so it is done here
            event.prevent_default();
            if let Some(input) = self.input.get_untracked() {
                // it fails for elements that can't have the focus
                let _ = input.focus();
            }
            let bounds = track.get_bounding_client_rect();
            let way = (bounds.width() - THUMB_PX).max(1.0);
            let thumb = bounds.x() + THUMB_PX / 2.0 + start * way;
            if (x - thumb).abs() > THUMB_PX / 2.0 {
                start = (x - bounds.x() - THUMB_PX / 2.0) / way;
                self.go(start, false);
            }
        }
        let drag = Drag::begin(event.pointer_id(), x, f64::from(event.client_y()), is_touch);
        self.drag.set_value(Some((drag, start)));
    }

    fn moved(self, event: &PointerEvent) {
        let factor = match scale::drag_factor(event.shift_key(), event.alt_key()) {
            fine if fine < 1.0 => fine,
            // a slider follows the pointer, and never overtakes it
            _ => 1.0,
        };
        let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
        let moved = self.drag.try_update_value(|drag| {
            let (drag, start) = drag.as_mut()?;
            Some((drag.moved(event.pointer_id(), x, y, factor)?, *start))
        });
        let Some((travelled, start)) = moved.flatten() else { return };
        let Some(track) = event.current_target().and_then(|target| target.dyn_into::<Element>().ok()) else {
            return;
        };
        // a touch is captured by itself
        let way = (track.get_bounding_client_rect().width() - THUMB_PX).max(1.0);
        self.go(start + travelled / way, factor < 1.0);
    }

    fn up(self, event: &PointerEvent) {
        if self.drag.with_value(|drag| drag.is_some_and(|(drag, _)| drag.is_by(event.pointer_id()))) {
            self.drag.set_value(None);
            self.dragged.set(None);
            self.on_end.run(());
        }
    }

    fn go(self, place: f64, fine: bool) {
        if self.locked.get_untracked() {
            return;
        }
        let place = place.clamp(0.0, 1.0);
        self.dragged.set(Some(place));
        self.on_drag.run((place, fine));
    }
}
