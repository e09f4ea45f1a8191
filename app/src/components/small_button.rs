//! A small button beside what it acts on: a draft, a conflict, an edit.

use leptos::prelude::*;

/// A small button in a row.
#[component]
pub fn SmallButton(
    /// What it says.
    text: &'static str,
    /// The accessible name, if it says more than the text.
    #[prop(optional, into)]
    label: MaybeProp<String>,
    /// What a tooltip adds.
    #[prop(optional)]
    title: Option<&'static str>,
    /// Called when it is pressed.
    #[prop(into)]
    on_press: Callback<()>,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class="button button--small"
            aria-label=move || label.get()
            title=title
            on:click=move |_| on_press.run(())
        >
            {text}
        </button>
    }
    .into_any()
}
