//! What a reset link leads to.

use leptos::prelude::*;

use super::Problem;
use super::frame::link_page;
use crate::api::{self, LinkPage};
use crate::components::{EmailField, NewPasswordField, OpenLink};

/// `/reset`.
#[component]
pub fn Reset() -> impl IntoView {
    link_page("New password", api::get_reset, content)
}

fn content(page: LinkPage<String>) -> AnyView {
    let LinkPage { token, good_for, reply, .. } = page;
    match good_for {
        Some(name) => view! {
            <h1>"Set a new password"</h1>
            <Problem reply />
            <Form token name />
        }
        .into_any(),
        None if token.is_empty() => view! {
            <Problem reply />
            <OpenLink path="/reset" title="Open your link" />
        }
        .into_any(),
        None => view! { <Spent /> }.into_any(),
    }
}

#[component]
fn Form(token: String, name: String) -> impl IntoView {
    view! {
        <form class="form" method="post" action="/reset">
            <input type="hidden" name="token" value=token />
            <EmailField value=name readonly=true />
            <NewPasswordField hint="At least 8 characters, and hard to guess. Every browser signed in to this account is signed out, and this one is signed in." />
            <button class="button button--primary" type="submit">
                "Set password and sign in"
            </button>
        </form>
    }
    .into_any()
}

#[component]
fn Spent() -> impl IntoView {
    view! {
        <h1>"This link no longer works"</h1>
        <p>"Reset links work once, within a day. Ask the owner of this instance for a new one."</p>
        <p>
            <a href="/sign-in">"Sign in"</a>
        </p>
    }
}
