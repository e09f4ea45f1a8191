//! Signing in with a password, and with the code of a second factor.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::frame::FormPage;
use super::{Problem, loaded};
use crate::api::{self, Reply};
use crate::components::{EmailField, forget_form};

/// `/sign-in`: plain forms, which the server answers.
#[component]
pub fn SignIn() -> impl IntoView {
    loaded("Sign in", || (), |()| api::get_sign_in(), content)
}

fn content(reply: Reply) -> AnyView {
    let form = match reply.token.clone() {
        Some(begun) => view! { <Code begun reply /> }.into_any(),
        None => view! { <Password reply /> }.into_any(),
    };
    view! { <FormPage title="Sign in">{form}</FormPage> }.into_any()
}

#[component]
fn Password(reply: Reply) -> impl IntoView {
    // the server accepts only its own addresses
    let next = use_query_map().read_untracked().get("next");
    view! {
        <h1>"Sign in"</h1>
        <Problem reply />
        <form class="form" method="post" action="/sign-in">
            {next.map(|next| view! { <input type="hidden" name="next" value=next /> })}
            <EmailField />
            <label class="form-field">
                <span>"Password"</span>
                <input type="password" name="password" autocomplete="current-password" required />
            </label>
            <button class="button button--primary" type="submit">
                "Sign in"
            </button>
        </form>
        <p class="meta">
            "First time here? The terminal where observerio was started shows a set-up link that creates the owner's \
             account. Restart observerio for a new link."
        </p>
        <p class="meta">
            "Everyone else joins through an invitation from a project's admin. Forgot your password? Ask the owner for \
             a reset link."
        </p>
    }
    .into_any()
}

#[component]
fn Code(begun: String, reply: Reply) -> impl IntoView {
    // this answer alone holds what stands for the password
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
                "Six digits from your app, or one of your recovery codes. Each works once."
            </p>
            <button class="button button--primary" type="submit">
                "Sign in"
            </button>
        </form>
        <p class="meta">
            "Lost both the app and the recovery codes? The owner of this instance can remove your second factor."
        </p>
    }
    .into_any()
}
