//! The first run: making the owner's account.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::sentence;
use crate::components::Header;

/// `/setup?token=…`: one click makes the owner's account and signs in.
#[component]
pub fn SetUp() -> impl IntoView {
    let query = use_query_map();
    let token = query.read_untracked().get("token").filter(|token| !token.is_empty());
    let error = query.read_untracked().get("error");
    let spent = token.is_none() || error.as_deref() == Some("setup_link_spent");
    view! {
        <Title text="Set up" />
        <Header />
        <main id="main" class="page page--narrow">
            {match token.filter(|_| !spent) {
                Some(token) => view! { <SetUpForm token error /> }.into_any(),
                None => view! { <Spent /> }.into_any(),
            }}
        </main>
    }
}

#[component]
fn SetUpForm(token: String, error: Option<String>) -> impl IntoView {
    view! {
        <h1>"Welcome to observerio"</h1>
        <p>"You are the first one here. Make the owner's account, which sees and may do everything."</p>
        {error.map(|code| view! { <p class="notice notice--error" role="alert">{sentence(&code)}</p> })}
        <form class="form" method="post" action="/setup">
            <input type="hidden" name="token" value=token />
            <button class="button button--primary button--large" type="submit">
                "Create owner account and sign in"
            </button>
            <fieldset class="form-optional">
                <legend>"Optional: sign in from other browsers too"</legend>
                <label class="form-field">
                    <span>"E-mail"</span>
                    <input type="email" name="email" autocomplete="username" />
                </label>
                <label class="form-field">
                    <span>"Password"</span>
                    <input
                        type="password"
                        name="password"
                        autocomplete="new-password"
                        minlength="8"
                        aria-describedby="password-hint"
                    />
                </label>
                <p class="meta" id="password-hint">
                    "At least 8 characters, and none that is easy to guess. Without a password this browser stays signed in for 30 days."
                </p>
            </fieldset>
        </form>
    }
}

#[component]
fn Spent() -> impl IntoView {
    view! {
        <h1>"This set-up link does not work any more"</h1>
        <p>"It works once, for 30 minutes, and only the newest one does."</p>
        <p>
            "For a new link, stop observerio in its terminal (Ctrl+C) and start it again: \
             it prints one as long as there is no owner."
        </p>
        <p>
            <a href="/sign-in">"The owner's account exists? Sign in"</a>
        </p>
    }
}
