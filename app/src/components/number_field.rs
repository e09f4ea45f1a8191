//! Whole numbers and floats: a field, with a slider where the range is known and a grip where not.

use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::html::Input;
use leptos::prelude::*;
use protocol::model::{Value, VarSpec};
use wasm_bindgen::JsCast;

use super::text_entry::{Parse, TextEntry};
use super::{GestureSession, OnEdit, scale, typed_before};

/// So many pixels of a drag on the grip are one step.
const PIXELS_PER_STEP: i32 = 3;

/// A number. Dragging sends values as it goes, arrows move by a step.
#[component]
pub fn NumberField(
    /// The accessible name.
    #[prop(into)]
    label: String,
    /// The declaration.
    spec: VarSpec,
    /// The value.
    #[prop(into)]
    value: Signal<Option<Value>>,
    /// Whether the person may not change it.
    #[prop(into)]
    locked: Signal<bool>,
    /// Called with each new value.
    on_edit: OnEdit,
) -> impl IntoView {
    let gesture = GestureSession::new();
    let range = scale::range(&spec);
    let spec = StoredValue::new(spec);
    let text =
        Signal::derive(move || value.with(|v| v.as_ref().map(ToString::to_string).unwrap_or_default()));
    let step = move |steps: f64| {
        if locked.get_untracked() {
            return;
        }
        let next = value.with_untracked(|v| spec.with_value(|spec| scale::stepped(v.as_ref()?, spec, steps)));
        if let Some(next) = next.filter(|next| value.with_untracked(|v| v.as_ref() != Some(next))) {
            on_edit.run((next, gesture.current()));
        }
    };
    // Home, End and sideways arrows move the caret in the field
    let on_field_key = Callback::new(move |event: KeyboardEvent| {
        let key = event.key();
        let vertical = matches!(key.as_str(), "ArrowUp" | "ArrowDown" | "PageUp" | "PageDown");
        let steps = scale::steps_of_key(&key, event.shift_key(), event.alt_key()).filter(|_| vertical);
        steps.map(step).is_some()
    });
    let parse = Parse::new(move |typed: String| {
        value.with_untracked(|v| spec.with_value(|spec| read(&typed, v.as_ref(), spec)))
    });
    let on_commit = Callback::new(move |value| {
        on_edit.run((value, gesture.current()));
        gesture.end();
    });
    let field_label = match range {
        Some(_) => format!("{label} value"),
        None => label.clone(),
    };
    view! {
        <div class="number" class:number--ranged=range.is_some() on:focusout=move |_| gesture.end()>
            {match range {
                Some(range) => view! { <Slider label spec range value gesture locked on_edit step=Callback::new(step) /> }.into_any(),
                None => view! { <Grip gesture locked step=Callback::new(step) /> }.into_any(),
            }}
            <TextEntry label=field_label text parse locked on_commit on_key=on_field_key numeric=true />
        </div>
    }
    .into_any()
}

fn read(typed: &str, like: Option<&Value>, spec: &VarSpec) -> Result<Value, String> {
    let value = spec.parse_text(typed, like).map_err(|error| error.text)?;
    spec.check_edit(&value).map_err(|error| error.text)?;
    Ok(value)
}

/// A native slider, whose keys move by the declared step.
#[component]
fn Slider(
    label: String,
    spec: StoredValue<VarSpec>,
    range: (f64, f64),
    value: Signal<Option<Value>>,
    gesture: GestureSession,
    locked: Signal<bool>,
    on_edit: OnEdit,
    step: Callback<f64>,
) -> impl IntoView {
    let input = NodeRef::<Input>::new();
    // while it is dragged, the thumb is the person's
    let dragged = RwSignal::new(None::<f64>);
    let place = move || {
        dragged.get().or_else(|| value.with(|v| v.as_ref().and_then(Value::as_f64))).unwrap_or(range.0)
    };
    let drag = move |_| {
        if locked.get_untracked() {
            return;
        }
        let Some(place) = input.get_untracked().map(|input| input.value_as_number()) else { return };
        dragged.set(Some(place));
        let next = value
            .with_untracked(|v| spec.with_value(|spec| v.as_ref().map(|v| scale::at_place(v, spec, place))));
        if let Some(next) = next {
            on_edit.run((next, gesture.current()));
        }
    };
    let release = move || {
        dragged.set(None);
        gesture.end();
    };
    // also under the hand: what was dragged so far shows as what it came to
    Effect::new(move || {
        if locked.get() {
            release();
        }
    });
    Effect::new(move || {
        let moved = input.get().and_then(|input| typed_before(&input)?.parse().ok());
        let next = moved.and_then(|place: f64| {
            value.with_untracked(|v| {
                spec.with_value(|spec| v.as_ref().map(|v| scale::at_place(v, spec, place)))
            })
        });
        if let Some(next) = next {
            on_edit.run((next, gesture.current()));
            gesture.end();
        }
    });
    let keydown = move |event: KeyboardEvent| {
        if let Some(steps) = scale::steps_of_key(&event.key(), event.shift_key(), event.alt_key()) {
            event.prevent_default();
            step.run(steps);
        }
    };
    let first = place_untracked(value, range.0);
    view! {
        <input
            type="range"
            class="slider"
            aria-label=label
            aria-valuetext=move || value.with(|v| v.as_ref().map(ToString::to_string))
            min=range.0
            max=range.1
            step=spec.with_value(scale::slider_step)
            value=first
            prop:value=move || place().to_string()
            disabled=locked
            node_ref=input
            on:input=drag
            on:change=move |_| release()
            on:pointercancel=move |_| release()
            on:keydown=keydown
        />
    }
    .into_any()
}

fn place_untracked(value: Signal<Option<Value>>, lowest: f64) -> f64 {
    value.with_untracked(|v| v.as_ref().and_then(Value::as_f64)).unwrap_or(lowest)
}

/// The part to drag where no range is known. The keyboard has the field's arrows.
#[component]
fn Grip(gesture: GestureSession, locked: Signal<bool>, step: Callback<f64>) -> impl IntoView {
    let from = StoredValue::new(None::<i32>);
    let down = move |event: PointerEvent| {
        if let Some(grip) = event.current_target().and_then(|t| t.dyn_into::<web_sys::Element>().ok()) {
            // without capture the drag only ends at the grip's edge
            let _ = grip.set_pointer_capture(event.pointer_id());
        }
        event.prevent_default();
        from.set_value(Some(event.client_x()));
    };
    let moved = move |event: PointerEvent| {
        let Some(start) = from.get_value() else { return };
        let steps = (event.client_x() - start) / PIXELS_PER_STEP;
        if steps != 0 {
            from.set_value(Some(start + steps * PIXELS_PER_STEP));
            let factor = if event.shift_key() { 10.0 } else { 1.0 };
            step.run(f64::from(steps) * factor);
        }
    };
    let up = move |_| {
        from.set_value(None);
        gesture.end();
    };
    view! {
        <span
            class="grip"
            class:grip--locked=locked
            aria-hidden="true"
            title="Drag sideways to change"
            on:pointerdown=down
            on:pointermove=moved
            on:pointerup=up
            on:pointercancel=up
        >
            "↔"
        </span>
    }
}
