//! Signing in with a password.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::Problem;
use crate::components::Header;

/// `/sign-in`: a plain form, which the server answers.
#[component]
pub fn SignIn() -> impl IntoView {
    let query = use_query_map();
    // the server reads it as an address of its own or not at all
    let next = query.read_untracked().get("next");
    view! {
        <Title text="Sign in" />
        <Header />
        <main id="main" class="page page--narrow">
            <h1>"Sign in"</h1>
            <Problem />
            <form class="form" method="post" action="/sign-in">
                {next.map(|next| view! { <input type="hidden" name="next" value=next /> })}
                <label class="form-field">
                    <span>"E-mail"</span>
                    <input type="email" name="email" autocomplete="username" required />
                </label>
                <label class="form-field">
                    <span>"Password"</span>
                    <input type="password" name="password" autocomplete="current-password" required />
                </label>
                <button class="button button--primary" type="submit">
                    "Sign in"
                </button>
            </form>
            <p class="meta">
                "First time here? The terminal in which observerio was started shows a set-up link. \
                 It makes the owner's account; start observerio again for a new link."
            </p>
            <p class="meta">
                "Others come by an invitation of a project's admin. Who has forgotten the password asks the owner \
                 for a link that sets a new one."
            </p>
        </main>
    }
}
