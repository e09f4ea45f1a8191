//! What a reset link leads to.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::{Problem, loaded};
use crate::api::{self, LinkPage};
use crate::components::{Header, OpenLink, forget_form};

/// `/reset#token=…`; also `/reset?token=…`, as links once were.
#[component]
pub fn Reset() -> impl IntoView {
    let query = use_query_map();
    loaded(
        "New password",
        move || query.read().get("token").unwrap_or_default(),
        api::get_reset,
        |page| view! { <Content page /> }.into_any(),
    )
}

#[component]
fn Content(page: LinkPage<String>) -> impl IntoView {
    let LinkPage { user, token, good_for, reply, .. } = page;
    // the page may answer a form that brought the token
    forget_form();
    let content = match good_for {
        None if token.is_empty() => view! {
            <Problem reply />
            <OpenLink path="/reset" title="Open your link" />
        }
        .into_any(),
        None => view! { <Spent /> }.into_any(),
        Some(name) => view! {
            <h1>"Set a new password"</h1>
            <Problem reply />
            <Form token name />
        }
        .into_any(),
    };
    view! {
        <Title text="New password" />
        <Header user />
        <main id="main" class="page page--narrow">
            {content}
        </main>
    }
    .into_any()
}

#[component]
fn Form(token: String, name: String) -> impl IntoView {
    view! {
        <form class="form" method="post" action="/reset">
            <input type="hidden" name="token" value=token />
            <label class="form-field">
                <span>"E-mail"</span>
                <input type="email" name="email" autocomplete="username" readonly=true value=name />
            </label>
            <label class="form-field">
                <span>"New password"</span>
                <input
                    type="password"
                    name="password"
                    autocomplete="new-password"
                    minlength="8"
                    required
                    aria-describedby="password-hint"
                />
            </label>
            <p class="meta" id="password-hint">
                "At least 8 characters, and none that is easy to guess. Every browser of this account is signed out, \
                 and this one is signed in."
            </p>
            <button class="button button--primary" type="submit">
                "Set the password and sign in"
            </button>
        </form>
    }
    .into_any()
}

#[component]
fn Spent() -> impl IntoView {
    view! {
        <h1>"This link does not work any more"</h1>
        <p>"It works once and for a day. Ask the owner of this instance for a new one."</p>
        <p>
            <a href="/sign-in">"Sign in"</a>
        </p>
    }
}
