//! The first run: creating the owner's account.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::Problem;
use super::frame::link_page;
use crate::api::{self, LinkPage, Reply};
use crate::components::{EmailField, NewPasswordField, OpenLink};

/// `/setup`: one click creates the owner's account and signs in.
#[component]
pub fn SetUp() -> impl IntoView {
    link_page("Set up", api::get_set_up, content)
}

fn content(page: LinkPage<()>) -> AnyView {
    let LinkPage { token, good_for, reply, .. } = page;
    // a form that was sent with a link that is no longer valid leads here too
    let was_spent =
        use_query_map().read_untracked().get("error").is_some_and(|error| error == "setup_link_spent");
    match good_for {
        Some(()) => view! { <SetUpForm token reply /> }.into_any(),
        None if token.is_empty() && !was_spent => view! {
            <Problem reply />
            <OpenLink path="/setup" title="Open the set-up link" />
            <NewLink />
        }
        .into_any(),
        None => view! {
            <h1>"This set-up link no longer works"</h1>
            <p>"Set-up links work once, within 30 minutes, and only the newest one is valid."</p>
            <NewLink />
        }
        .into_any(),
    }
}

#[component]
fn SetUpForm(token: String, reply: Reply) -> impl IntoView {
    let email = reply.email.clone();
    view! {
        <h1>"Welcome to observerio"</h1>
        <p>"You are the first one here. Create the owner's account, which can see and do everything."</p>
        <Problem reply />
        <form class="form" method="post" action="/setup">
            <input type="hidden" name="token" value=token />
            <button class="button button--primary button--large" type="submit">
                "Create owner account and sign in"
            </button>
            <fieldset class="form-optional">
                <legend>"Optional: sign in from other browsers too"</legend>
                <EmailField value=email optional=true />
                <NewPasswordField
                    label="Password"
                    optional=true
                    hint="At least 8 characters, and hard to guess. Without a password, only this browser is signed in, for 30 days at most."
                />
            </fieldset>
        </form>
    }
    .into_any()
}

/// How to get one.
#[component]
fn NewLink() -> impl IntoView {
    view! {
        <p>
            "For a new link, stop observerio in its terminal (Ctrl+C) and start it again: \
             it prints one as long as there is no owner."
        </p>
        <p>
            <a href="/sign-in">"Already have an account? Sign in"</a>
        </p>
    }
}
