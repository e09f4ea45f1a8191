//! The first run: making the owner's account.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::{Problem, loaded};
use crate::api::{self, LinkPage, Reply};
use crate::components::{Header, OpenLink, forget_form};

/// `/setup#token=…`: one click makes the owner's account and signs in. Also `/setup?token=…`, as links once were.
#[component]
pub fn SetUp() -> impl IntoView {
    let query = use_query_map();
    loaded(
        "Set up",
        move || query.read().get("token").unwrap_or_default(),
        api::get_set_up,
        |page| view! { <Content page /> }.into_any(),
    )
}

#[component]
fn Content(page: LinkPage<()>) -> impl IntoView {
    let LinkPage { user, token, good_for, reply, .. } = page;
    // the page may answer a form that brought the token
    forget_form();
    // a form that was sent with a link that is good no more leads here too
    let was_spent =
        use_query_map().read_untracked().get("error").is_some_and(|error| error == "setup_link_spent");
    let content = match good_for {
        Some(()) => view! { <SetUpForm token reply /> }.into_any(),
        None if token.is_empty() && !was_spent => view! {
            <Problem reply />
            <OpenLink path="/setup" title="Open the set-up link" />
            <NewLink />
        }
        .into_any(),
        None => view! {
            <h1>"This set-up link does not work any more"</h1>
            <p>"It works once, for 30 minutes, and only the newest one does."</p>
            <NewLink />
        }
        .into_any(),
    };
    view! {
        <Title text="Set up" />
        <Header user />
        <main id="main" class="page page--narrow">
            {content}
        </main>
    }
    .into_any()
}

#[component]
fn SetUpForm(token: String, reply: Reply) -> impl IntoView {
    let email = reply.email.clone();
    view! {
        <h1>"Welcome to observerio"</h1>
        <p>"You are the first one here. Make the owner's account, which sees and may do everything."</p>
        <Problem reply />
        <form class="form" method="post" action="/setup">
            <input type="hidden" name="token" value=token />
            <button class="button button--primary button--large" type="submit">
                "Create owner account and sign in"
            </button>
            <fieldset class="form-optional">
                <legend>"Optional: sign in from other browsers too"</legend>
                <label class="form-field">
                    <span>"E-mail"</span>
                    <input type="email" name="email" autocomplete="username" value=email />
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
                    "At least 8 characters, and none that is easy to guess. Without a password only this browser is signed in, for 30 days at most."
                </p>
            </fieldset>
        </form>
    }
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
            <a href="/sign-in">"The owner's account exists? Sign in"</a>
        </p>
    }
}
