//! Where a one-time link leads whose secret did not come along.

use leptos::prelude::*;

/// A field for the link. Where scripts run, the page has taken the secret out of the address and gone on by itself
/// ([`crate::document`]), so this is for those who run none, and for who comes back.
#[component]
pub fn OpenLink(
    /// The page that the link leads to.
    path: &'static str,
    /// What it is, such as `Open your invitation`.
    title: &'static str,
) -> impl IntoView {
    view! {
        <h1>{title}</h1>
        <p>
            "Open the whole link again, or paste it here. What stands behind its # is a secret: no server is told of it, and this page forgets it."
        </p>
        <form class="form" method="post" action=path>
            <input type="hidden" name="open" value="1" />
            <label class="form-field">
                <span>"The link"</span>
                <input type="text" name="token" required autocomplete="off" spellcheck="false" />
            </label>
            <button class="button button--primary" type="submit">
                "Go on"
            </button>
        </form>
    }
    .into_any()
}
