//! Runs an action.

use leptos::prelude::*;
use protocol::model::{Value, VarType};

use crate::raw_text::raw_text;

/// A button, with a field for the argument if the declaration has one.
#[component]
pub fn ActionButton(
    /// The accessible name.
    #[prop(into)]
    label: String,
    /// The initial argument; `None` for an action that takes none.
    argument: Option<Value>,
    /// The argument as typed; it outlives the button.
    typed: RwSignal<Option<String>>,
    /// Why it can't be run now: a sentence, or an empty one while that is about to change.
    #[prop(into)]
    blocked: Signal<Option<&'static str>>,
    /// Called with the argument as JSON.
    on_run: Callback<Option<String>>,
) -> impl IntoView {
    let takes_argument = argument.is_some();
    let first = argument.map(|value| value.to_json()).unwrap_or_default();
    let argument = StoredValue::new(first.clone());
    let shown = move || typed.get().unwrap_or_else(|| argument.get_value());
    let error = RwSignal::new(None::<String>);
    let run = move |_| {
        if !takes_argument {
            return on_run.run(None);
        }
        match VarType::Json.parse_text(&untrack(shown), None) {
            Ok(value) => {
                error.set(None);
                on_run.run(Some(value.to_json()));
            }
            Err(fault) => error.set(Some(fault.text)),
        }
    };
    let field = takes_argument.then(|| {
        view! {
            <textarea
                class="entry entry--multiline"
                rows="1"
                dir="auto"
                aria-label=format!("Argument of {label}")
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                spellcheck="false"
                prop:value=shown
                on:input=move |event| {
                    error.set(None);
                    typed.set(Some(event_target_value(&event)));
                }
            >
                {raw_text(first)}
            </textarea>
        }
    });
    view! {
        <div class="action">
            <button
                type="button"
                class="button action-run"
                disabled=move || blocked.get().is_some()
                aria-label=format!("Run {label}")
                on:click=run
            >
                <span aria-hidden="true">"▶"</span>
                "Run"
            </button>
            {field}
            {move || error.get().map(|sentence| view! { <span class="entry-error" role="alert">{sentence}</span> })}
            {move || {
                blocked
                    .get()
                    .filter(|sentence| !sentence.is_empty())
                    .map(|sentence| view! { <span class="meta action-blocked">{sentence}</span> })
            }}
        </div>
    }
    .into_any()
}
