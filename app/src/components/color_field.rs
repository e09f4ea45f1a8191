//! A colour: the browser's picker over a checkerboard, how opaque it is, and its text.

use leptos::prelude::*;
use protocol::model::Value;

use super::slider::Slider;
use super::text_entry::TextEntry;
use super::{Binding, Parse};
use crate::color::{Colour, read_typed};
use crate::gesture::GestureSession;

/// How much one key press changes the opacity.
const ALPHA_STEP: f64 = 0.01;

/// A colour in any CSS notation, or as a number. What is picked keeps the game's notation.
#[component]
pub fn ColorField(
    /// The accessible name.
    label: String,
    /// The variable.
    binding: Binding,
) -> impl IntoView {
    let Binding { value, locked, on_edit, .. } = binding;
    let gesture = GestureSession::default();
    let text = binding.text();
    let colour = Memo::new(move |_| value.with(|v| v.as_ref().and_then(Colour::of)));
    let pick = move |event| {
        let picked = event_target_value(&event);
        match colour.get_untracked() {
            Some(colour) => {
                if let Some(colour) = colour.with_rgb(&picked) {
                    on_edit.run((colour.to_value(), gesture.current()));
                }
            }
            // a value that is not a colour is replaced by one
            None => on_edit.run((Value::Text(picked), gesture.current())),
        }
    };
    let parse = Parse::new(move |typed: String| value.with_untracked(|v| read_typed(&typed, v.as_ref())));
    let typed = Binding { parse, ..binding };
    let on_commit = Callback::new(move |value| {
        gesture.end();
        on_edit.run((value, gesture.current()));
        gesture.end();
    });
    let hex = move |colour: &Option<Colour>| colour.as_ref().map_or("#000000".to_owned(), Colour::opaque_hex);
    let first = colour.with_untracked(hex);
    let has_alpha = Memo::new(move |_| colour.with(|c| c.as_ref().is_some_and(Colour::may_have_alpha)));
    let opacity_label = format!("{label} opacity");
    view! {
        <div class="color" class:color--alpha=has_alpha on:focusout=move |_| gesture.end()>
            <span class="swatch-place" class:swatch-place--none=move || colour.with(Option::is_none)>
                <svg class="swatch-fill" aria-hidden="true">
                    <rect
                        width="100%"
                        height="100%"
                        fill=move || colour.with(hex)
                        fill-opacity=move || alpha(colour).to_string()
                    ></rect>
                </svg>
                <input
                    type="color"
                    class="swatch"
                    aria-label=label.clone()
                    value=first
                    prop:value=move || colour.with(hex)
                    disabled=locked
                    on:input=pick
                    on:change=move |_| gesture.end()
                />
            </span>
            {move || {
                let label = opacity_label.clone();
                has_alpha.get().then(|| view! { <Opacity label colour gesture binding /> })
            }}
            <TextEntry label=format!("{label} as text") text binding=typed on_commit />
        </div>
    }
    .into_any()
}

#[component]
fn Opacity(
    label: String,
    colour: Memo<Option<Colour>>,
    gesture: GestureSession,
    binding: Binding,
) -> impl IntoView {
    let Binding { locked, on_edit, .. } = binding;
    let place = Signal::derive(move || alpha(colour));
    let text = Signal::derive(move || format!("{:.0} %", place.get() * 100.0));
    let set = move |alpha: f64, digits: f64| {
        let alpha = (alpha.clamp(0.0, 1.0) * digits).round() / digits;
        if let Some(colour) = colour.get_untracked() {
            on_edit.run((colour.with_alpha(alpha).to_value(), gesture.current()));
        }
    };
    let on_drag = Callback::new(move |(place, fine)| set(place, if fine { 1_000.0 } else { 100.0 }));
    let on_set = Callback::new(move |place| set(place, 100.0));
    let on_step = Callback::new(move |steps: f64| {
        if !locked.get_untracked() {
            set(place.get_untracked() + ALPHA_STEP * steps, 1_000.0);
        }
    });
    let on_end = Callback::new(move |()| gesture.end());
    view! { <Slider label range=(0.0, 1.0) place text locked on_drag on_set on_step on_end /> }
}

fn alpha(colour: Memo<Option<Colour>>) -> f64 {
    colour.with(|colour| colour.as_ref().map_or(1.0, Colour::alpha))
}
