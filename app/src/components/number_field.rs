//! Whole numbers and floats: a field, with a slider where the range is known and a grip where not.

use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::prelude::*;
use protocol::model::{Value, VarSpec};
use wasm_bindgen::JsCast;

use super::drag::Drag;
use super::slider::Slider;
use super::text_entry::TextEntry;
use super::{Binding, scale};
use crate::gesture::GestureSession;

/// Pixels of a drag on the grip that make one step.
const PIXELS_PER_STEP: f64 = 3.0;

/// A number. Dragging sends values continuously; arrow keys move by a step.
#[component]
pub fn NumberField(
    /// The accessible name.
    label: String,
    /// The declaration.
    spec: VarSpec,
    /// The variable.
    binding: Binding,
) -> impl IntoView {
    let range = scale::range(&spec);
    let number = Number {
        spec: StoredValue::new(spec),
        binding,
        gesture: GestureSession::default(),
        step: StoredValue::new(None),
    };
    let text = binding.text();
    // Home, End and sideways arrows move the caret in the field
    let on_field_key = Callback::new(move |event: KeyboardEvent| {
        let key = event.key();
        let vertical = matches!(key.as_str(), "ArrowUp" | "ArrowDown" | "PageUp" | "PageDown");
        let steps = scale::steps_of_key(&key, event.shift_key(), event.alt_key()).filter(|_| vertical);
        steps.is_some_and(|steps| number.step(steps))
    });
    let on_commit = Callback::new(move |value| {
        binding.on_edit.run((value, number.gesture.current()));
        number.end();
    });
    let field_label = match range {
        Some(_) => format!("{label} value"),
        None => label.clone(),
    };
    view! {
        <div class="number" class:number--ranged=range.is_some() on:focusout=move |_| number.end()>
            {match range {
                Some(range) => view! { <Ranged label range text number /> }.into_any(),
                None => view! { <Grip number /> }.into_any(),
            }}
            <TextEntry label=field_label text binding on_commit on_key=on_field_key numeric=true />
        </div>
    }
    .into_any()
}

/// What the parts of the control share.
#[derive(Clone, Copy)]
struct Number {
    spec: StoredValue<VarSpec>,
    binding: Binding,
    gesture: GestureSession,
    /// The step, for as long as a hand is in the control.
    step: StoredValue<Option<f64>>,
}

impl Number {
    /// Moves by so many steps from what the field shows; `false` when that is not a number.
    fn step(self, steps: f64) -> bool {
        let Binding { value, draft, parse, locked, .. } = self.binding;
        if locked.get_untracked() {
            return false;
        }
        let from = match draft.typed.get_untracked() {
            Some(typed) => parse.run(typed).ok(),
            None => value.get_untracked(),
        };
        let Some(from) = from else { return false };
        let next = self.spec.with_value(|spec| scale::stepped(&from, spec, self.step_from(&from), steps));
        self.set(next);
        true
    }

    /// The step, which keeps its size until the hand leaves.
    fn step_from(self, from: &Value) -> f64 {
        let begin = || self.spec.with_value(|spec| scale::step_from(from, spec));
        self.step.try_update_value(|step| *step.get_or_insert_with(begin)).unwrap_or(1.0)
    }

    fn set(self, next: Option<Value>) {
        let Binding { value, on_edit, .. } = self.binding;
        if let Some(next) = next.filter(|next| value.with_untracked(|v| v.as_ref() != Some(next))) {
            on_edit.run((next, self.gesture.current()));
        }
    }

    /// The hand has left or committed.
    fn end(self) {
        self.gesture.end();
        self.step.set_value(None);
    }
}

#[component]
fn Ranged(label: String, range: (f64, f64), text: Signal<String>, number: Number) -> impl IntoView {
    let Number { spec, binding: Binding { value, locked, .. }, .. } = number;
    let place = Signal::derive(move || value.with(|v| v.as_ref().map_or(0.0, |v| scale::fraction(v, range))));
    let with_value = move |read: &dyn Fn(&Value, &VarSpec) -> Option<Value>| {
        value.with_untracked(|v| spec.with_value(|spec| read(v.as_ref()?, spec)))
    };
    let on_drag = Callback::new(move |(place, fine)| {
        number.set(with_value(&|value, spec| scale::at_fraction(value, spec, place, fine)));
    });
    let on_set = Callback::new(move |place| {
        number.set(with_value(&|value, spec| scale::at_place(value, spec, place)));
    });
    // a key moves the slider's value; what is typed in the field stays
    let on_step = Callback::new(move |steps| {
        if locked.get_untracked() {
            return;
        }
        number.set(with_value(&|value, spec| scale::stepped(value, spec, number.step_from(value), steps)));
    });
    let on_end = Callback::new(move |()| number.gesture.end());
    view! { <Slider label range place text locked on_drag on_set on_step on_end /> }
}

/// A handle to drag where no range is known. Keyboard users have the field's arrow keys.
#[component]
fn Grip(number: Number) -> impl IntoView {
    let Number { spec, binding: Binding { value, locked, .. }, .. } = number;
    let drag = StoredValue::new(None::<(Drag, Value)>);
    let down = move |event: PointerEvent| {
        let Some(from) = value.get_untracked() else { return };
        if event.button() != 0 || drag.with_value(Option::is_some) {
            return;
        }
        let is_touch = event.pointer_type() == "touch";
        if !is_touch {
            if let Some(grip) = event.current_target().and_then(|t| t.dyn_into::<web_sys::Element>().ok()) {
                // without capture the drag would end at the grip's edge
                let _ = grip.set_pointer_capture(event.pointer_id());
            }
            event.prevent_default();
        }
        let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
        drag.set_value(Some((Drag::begin(event.pointer_id(), x, y, is_touch), from)));
    };
    let moved = move |event: PointerEvent| {
        if locked.get_untracked() {
            return;
        }
        let factor = scale::drag_factor(event.shift_key(), event.alt_key());
        let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
        let next = drag.try_update_value(|drag| {
            let (drag, from) = drag.as_mut()?;
            let steps = drag.moved(event.pointer_id(), x, y, factor)? / PIXELS_PER_STEP;
            // whole steps; tenths in a fine drag
            let steps = if factor < 1.0 { (steps * 10.0).trunc() / 10.0 } else { steps.trunc() };
            spec.with_value(|spec| scale::moved(from, spec, number.step_from(from), steps))
        });
        number.set(next.flatten());
    };
    let up = move |event: PointerEvent| {
        if drag.with_value(|drag| drag.as_ref().is_some_and(|(drag, _)| drag.is_by(event.pointer_id()))) {
            drag.set_value(None);
            number.end();
        }
    };
    view! {
        <span
            class="grip"
            class:grip--locked=locked
            aria-hidden="true"
            title="Drag sideways to change; hold Shift and Alt for fine steps"
            on:pointerdown=down
            on:pointermove=moved
            on:pointerup=up
            on:pointercancel=up
        >
            "↔"
        </span>
    }
}
