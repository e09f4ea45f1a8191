//! A page that can't be shown.

use leptos::prelude::*;

/// A heading, a sentence and a way back.
#[component]
pub fn Failure(
    /// The page's heading.
    #[prop(into)]
    title: String,
    /// What happened.
    text: String,
) -> impl IntoView {
    view! {
        <h1>{title}</h1>
        <p>{text}</p>
        <p>
            <a href="/">"Go to projects"</a>
        </p>
    }
}
