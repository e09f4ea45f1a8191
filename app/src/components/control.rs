//! The control that fits a declaration.

use leptos::prelude::*;
use protocol::model::{Value, VarSpec, VarType};

use super::{Binding, ColorField, NumberField, OptionField, TextEntry, Toggle};
use crate::gesture::new_gesture;

/// One control. A value that does not fit its declared type is edited as text.
#[component]
pub fn Control(
    /// The accessible name.
    label: String,
    /// Unique among the controls on the page.
    id: String,
    /// The declaration that it was made for.
    spec: VarSpec,
    /// The variable.
    binding: Binding,
) -> impl IntoView {
    let is = |fits: fn(&Value) -> bool| binding.value.with_untracked(|v| v.as_ref().is_some_and(fits));
    if spec.readonly {
        return view! { <ReadOnly value=binding.value /> }.into_any();
    }
    match spec.var_type {
        VarType::Boolean => view! { <Toggle label binding /> }.into_any(),
        VarType::Integer if is(|v| matches!(v, Value::Int(_))) => {
            view! { <NumberField label spec binding /> }.into_any()
        }
        VarType::Float if is(|v| matches!(v, Value::Float(_))) => {
            view! { <NumberField label spec binding /> }.into_any()
        }
        VarType::Enum if !spec.options.is_empty() => {
            view! { <OptionField label id options=spec.options binding /> }.into_any()
        }
        VarType::Color => view! { <ColorField label binding /> }.into_any(),
        _ => view! { <AsText label spec binding /> }.into_any(),
    }
}

/// Text, JSON, and types that this version doesn't know.
#[component]
fn AsText(label: String, spec: VarSpec, binding: Binding) -> impl IntoView {
    let is_json = spec.var_type == VarType::Json;
    let text = Signal::derive(move || {
        binding.value.with(|v| match v {
            // in quotes, as JSON is typed: without them a text could not be told from an object
            Some(value) if is_json => value.to_json(),
            Some(value) => value.to_string(),
            None => String::new(),
        })
    });
    let on_commit = Callback::new(move |value| binding.on_edit.run((value, new_gesture())));
    view! { <TextEntry label text binding on_commit multiline=true /> }
}

/// A measurement: shown, never edited.
#[component]
fn ReadOnly(value: Signal<Option<Value>>) -> impl IntoView {
    view! {
        <span class="readonly">
            <output class="value" dir="auto">{move || value.with(|v| v.as_ref().map(ToString::to_string))}</output>
            <span class="meta">"read-only"</span>
        </span>
    }
}
