//! On or off.

use leptos::prelude::*;
use protocol::model::Value;

use super::Binding;
use crate::gesture::new_gesture;

/// A switch, with its state as a word beside it. Any value but `true` is off.
#[component]
pub fn Toggle(
    /// The accessible name.
    label: String,
    /// The variable.
    binding: Binding,
) -> impl IntoView {
    let Binding { value, locked, on_edit, .. } = binding;
    let on = Memo::new(move |_| value.with(|v| *v == Some(Value::Bool(true))));
    view! {
        <span class="toggle">
            <button
                type="button"
                class="switch"
                role="switch"
                aria-label=label
                aria-checked=move || on.get().to_string()
                disabled=locked
                on:click=move |_| on_edit.run((Value::Bool(!on.get_untracked()), new_gesture()))
            ></button>
            <span class="toggle-word" aria-hidden="true">
                {move || if on.get() { "on" } else { "off" }}
            </span>
        </span>
    }
}
