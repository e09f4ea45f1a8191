//! On or off.

use leptos::prelude::*;
use protocol::model::Value;

use super::OnEdit;
use crate::live::new_gesture;

/// A switch, with its state as a word beside it.
#[component]
pub fn Toggle(
    /// The accessible name.
    #[prop(into)]
    label: String,
    /// The value; anything but true is off.
    #[prop(into)]
    value: Signal<Option<Value>>,
    /// Whether the person may not change it.
    #[prop(into)]
    locked: Signal<bool>,
    /// Called with each new value.
    on_edit: OnEdit,
) -> impl IntoView {
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
