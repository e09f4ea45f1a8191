//! One of the declared options.

use leptos::prelude::*;
use protocol::model::{Value, VarOption};

use super::Binding;
use crate::gesture::new_gesture;

const MAX_SEGMENTS: usize = 4;
const MAX_SEGMENT_CHARS: usize = 10;

/// Up to four short options are shown side by side, more of them as a list to open.
#[component]
pub fn OptionField(
    /// The accessible name.
    label: String,
    /// Unique among the controls on the page.
    id: String,
    /// The choices.
    options: Vec<VarOption>,
    /// The variable.
    binding: Binding,
) -> impl IntoView {
    let Binding { value, locked, on_edit, .. } = binding;
    let short = options.len() <= MAX_SEGMENTS
        && options.iter().all(|option| option.label.chars().count() <= MAX_SEGMENT_CHARS);
    let options = StoredValue::new(options);
    let chosen = Memo::new(move |_| {
        value
            .with(|v| options.with_value(|options| options.iter().position(|o| v.as_ref() == Some(&o.value))))
    });
    let choose = Callback::new(move |index: usize| {
        if let Some(value) = options.with_value(|options| options.get(index).map(|o| o.value.clone())) {
            on_edit.run((value, new_gesture()));
        }
    });
    if short {
        view! { <Segments label id options chosen locked choose /> }.into_any()
    } else {
        view! { <Dropdown label options value chosen locked choose /> }.into_any()
    }
}

#[component]
fn Segments(
    label: String,
    id: String,
    options: StoredValue<Vec<VarOption>>,
    chosen: Memo<Option<usize>>,
    locked: Signal<bool>,
    choose: Callback<usize>,
) -> impl IntoView {
    let radios = labels(options)
        .into_iter()
        .enumerate()
        .map(|(index, text)| {
            let is_chosen = move || chosen.get() == Some(index);
            view! {
                <label class="segment">
                    <input
                        type="radio"
                        name=id.clone()
                        checked=chosen.get_untracked() == Some(index)
                        prop:checked=is_chosen
                        disabled=locked
                        on:change=move |_| choose.run(index)
                    />
                    <span dir="auto">{text}</span>
                </label>
            }
        })
        .collect_view();
    view! {
        <div class="segments" role="radiogroup" aria-label=label>
            {radios}
        </div>
    }
}

#[component]
fn Dropdown(
    label: String,
    options: StoredValue<Vec<VarOption>>,
    value: Signal<Option<Value>>,
    chosen: Memo<Option<usize>>,
    locked: Signal<bool>,
    choose: Callback<usize>,
) -> impl IntoView {
    // an older build of the game may report a value that is none of the options
    let unknown = move || match chosen.get() {
        Some(_) => None,
        None => Some(value.with(|v| v.as_ref().map_or("(none)".to_owned(), |v| format!("(unknown) {v}")))),
    };
    let items = labels(options)
        .into_iter()
        .enumerate()
        .map(|(index, text)| {
            let first = chosen.get_untracked() == Some(index);
            view! {
                <option value=index selected=first dir="auto">
                    {text}
                </option>
            }
        })
        .collect_view();
    view! {
        <select
            class="entry"
            aria-label=label
            disabled=locked
            prop:value=move || chosen.get().map_or(String::new(), |index| index.to_string())
            on:change=move |event| {
                if let Ok(index) = event_target_value(&event).parse() {
                    choose.run(index);
                }
            }
        >
            {move || {
                unknown()
                    .map(|text| {
                        view! {
                            <option value="" selected=true dir="auto">
                                {text}
                            </option>
                        }
                    })
            }}
            {items}
        </select>
    }
}

fn labels(options: StoredValue<Vec<VarOption>>) -> Vec<String> {
    options.with_value(|options| options.iter().map(|option| option.label.clone()).collect())
}
