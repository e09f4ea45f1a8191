//! What an invitation's link leads to.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use protocol::model::{Invitation, ProjectRole};

use super::{Problem, loaded};
use crate::api::{self, LinkPage};
use crate::components::{Header, OpenLink, forget_form};
use crate::format;

/// `/join#token=…`; also `/join?token=…`, as links once were.
#[component]
pub fn Join() -> impl IntoView {
    let query = use_query_map();
    loaded(
        "Invitation",
        move || query.read().get("token").unwrap_or_default(),
        api::get_invitation,
        |page| view! { <Content page /> }.into_any(),
    )
}

#[component]
fn Content(page: LinkPage<Invitation>) -> impl IntoView {
    let LinkPage { user, token, good_for, reply, .. } = page;
    // the page may answer a form that brought the token
    forget_form();
    let name = user.as_ref().map(|user| user.name.clone());
    let content = match good_for {
        None if token.is_empty() => view! {
            <Problem reply />
            <OpenLink path="/join" title="Open your invitation" />
        }
        .into_any(),
        None => view! { <Spent /> }.into_any(),
        Some(invitation) => {
            let Invitation { project_name, role, invited_by, .. } = invitation;
            let form = match name {
                Some(name) => view! { <Accept token project_name=project_name.clone() name /> }.into_any(),
                None => view! { <SignUp token email=reply.email.clone() /> }.into_any(),
            };
            view! {
                <h1>"Join " {project_name.clone()}</h1>
                <p>
                    <bdi><strong>{invited_by}</strong></bdi>
                    " invites you to "
                    <bdi><strong>{project_name}</strong></bdi>
                    {format!(" as {}: you can {}.", with_article(role), may(role))}
                </p>
                <Problem reply />
                {form}
            }
            .into_any()
        }
    };
    view! {
        <Title text="Invitation" />
        <Header user />
        <main id="main" class="page page--narrow">
            {content}
        </main>
    }
    .into_any()
}

fn with_article(role: ProjectRole) -> &'static str {
    match role {
        ProjectRole::Viewer => "a viewer",
        ProjectRole::Designer => "a designer",
        ProjectRole::Admin => "an admin",
    }
}

fn may(role: ProjectRole) -> &'static str {
    match role {
        ProjectRole::Viewer => "see its values and its log",
        ProjectRole::Designer => "see and change its values",
        ProjectRole::Admin => "change its values, and manage its keys and members",
    }
}

#[component]
fn Accept(token: String, project_name: String, name: String) -> impl IntoView {
    view! {
        <form class="form" method="post" action="/join">
            <input type="hidden" name="token" value=token />
            <button class="button button--primary button--large" type="submit">
                {format!("Join {}", format::isolated(&project_name))}
            </button>
        </form>
        <p class="meta">{format!("You are signed in as {}.", format::isolated(&name))}</p>
    }
    .into_any()
}

#[component]
fn SignUp(token: String, email: String) -> impl IntoView {
    view! {
        <form class="form" method="post" action="/join">
            <input type="hidden" name="token" value=token />
            <label class="form-field">
                <span>"E-mail"</span>
                <input type="email" name="email" autocomplete="username" required value=email />
            </label>
            <label class="form-field">
                <span>"Password"</span>
                <input
                    type="password"
                    name="password"
                    autocomplete="current-password"
                    minlength="8"
                    required
                    aria-describedby="password-hint"
                />
            </label>
            <p class="meta" id="password-hint">
                "Of your account here, if you have one. If not, this makes one: take a password of at least 8 characters that is not easy to guess."
            </p>
            <button class="button button--primary button--large" type="submit">
                "Sign in or make an account, and join"
            </button>
        </form>
    }
    .into_any()
}

#[component]
fn Spent() -> impl IntoView {
    view! {
        <h1>"This invitation does not work any more"</h1>
        <p>"It works once and for seven days, and whoever made it can take it back. Ask for a new one."</p>
        <p>
            <a href="/">"To the projects"</a>
        </p>
    }
}
