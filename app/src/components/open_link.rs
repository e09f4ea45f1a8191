//! The page of a one-time link that arrived without its secret.

use leptos::prelude::*;

/// A field for the link. Where scripts run, the page takes the secret out of the address and continues by itself
/// ([`crate::document`]), so this is for browsers without scripts, and for people who come back.
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
            "Open the whole link again, or paste it here. The part after the # is a secret: browsers leave it out of the request, and this page doesn't keep it."
        </p>
        <form class="form" method="post" action=path>
            <input type="hidden" name="open" value="1" />
            <label class="form-field">
                <span>"Link"</span>
                <input type="text" name="token" required autocomplete="off" spellcheck="false" />
            </label>
            <button class="button button--primary" type="submit">
                "Continue"
            </button>
        </form>
    }
    .into_any()
}
