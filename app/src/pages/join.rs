//! What an invitation's link leads to.

use leptos::prelude::*;
use protocol::model::{Invitation, ProjectRole};

use super::Problem;
use super::frame::link_page;
use crate::api::{self, LinkPage};
use crate::components::{EmailField, NewPasswordField, OpenLink};
use crate::format;

/// `/join`.
#[component]
pub fn Join() -> impl IntoView {
    link_page("Invitation", api::get_invitation, content)
}

fn content(page: LinkPage<Invitation>) -> AnyView {
    let LinkPage { user, token, good_for, reply, .. } = page;
    let Some(invitation) = good_for else {
        return if token.is_empty() {
            view! {
                <Problem reply />
                <OpenLink path="/join" title="Open your invitation" />
            }
            .into_any()
        } else {
            view! { <Spent /> }.into_any()
        };
    };
    let Invitation { project_name, role, invited_by, .. } = invitation;
    let form = match user {
        Some(user) => view! { <Accept token project_name=project_name.clone() name=user.name /> }.into_any(),
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
            <EmailField value=email />
            <NewPasswordField
                label="Password"
                autocomplete="current-password"
                hint="If you already have an account here, enter its password. Otherwise this creates one: choose a password of at least 8 characters that is hard to guess."
            />
            <button class="button button--primary button--large" type="submit">
                "Sign in or create an account, then join"
            </button>
        </form>
    }
    .into_any()
}

#[component]
fn Spent() -> impl IntoView {
    view! {
        <h1>"This invitation no longer works"</h1>
        <p>"Invitations work once, within seven days, and can be revoked. Ask for a new one."</p>
        <p>
            <a href="/">"Go to projects"</a>
        </p>
    }
}
