//! Signing in with a password, and with the code of a second factor.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::{Problem, loaded};
use crate::api::{self, Reply};
use crate::components::{Header, forget_form};

/// `/sign-in`: plain forms, which the server answers.
#[component]
pub fn SignIn() -> impl IntoView {
    loaded("Sign in", || (), |()| api::get_sign_in(), |reply| view! { <Content reply /> }.into_any())
}

#[component]
fn Content(reply: Reply) -> impl IntoView {
    let form = match reply.token.clone() {
        Some(begun) => view! { <Code begun reply /> }.into_any(),
        None => view! { <Password reply /> }.into_any(),
    };
    view! {
        <Title text="Sign in" />
        <Header />
        <main id="main" class="page page--narrow">
            {form}
        </main>
    }
    .into_any()
}

#[component]
fn Password(reply: Reply) -> impl IntoView {
    // the server reads it as an address of its own or not at all
    let next = use_query_map().read_untracked().get("next");
    view! {
        <h1>"Sign in"</h1>
        <Problem reply />
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
    }
    .into_any()
}

#[component]
fn Code(begun: String, reply: Reply) -> impl IntoView {
    // what stands for the password is in this answer alone
    forget_form();
    let next = reply.subject.clone();
    view! {
        <h1>"Enter your code"</h1>
        <Problem reply />
        <form class="form" method="post" action="/sign-in">
            <input type="hidden" name="begun" value=begun />
            <input type="hidden" name="next" value=next />
            <label class="form-field">
                <span>"Code"</span>
                <input
                    type="text"
                    name="code"
                    autocomplete="one-time-code"
                    autocapitalize="none"
                    spellcheck="false"
                    maxlength="64"
                    required
                    autofocus
                    aria-describedby="code-hint"
                />
            </label>
            <p class="meta" id="code-hint">
                "Six digits from your app, or one of your recovery codes. Each is taken once."
            </p>
            <button class="button button--primary" type="submit">
                "Sign in"
            </button>
        </form>
        <p class="meta">
            "You have lost the app and the recovery codes? The owner of this instance can remove the second factor of your account."
        </p>
    }
    .into_any()
}
