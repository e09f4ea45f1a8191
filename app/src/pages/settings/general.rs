//! The project's name, whom it lets in, and its deletion.

use leptos::prelude::*;
use protocol::model::ProjectId;

use super::{Frame, GENERAL};
use crate::api::{self, AppError, SettingsPage};
use crate::components::PasswordAgain;
use crate::pages::{loaded, project_in_address};

/// `/p/:id/settings`.
#[component]
pub fn General() -> impl IntoView {
    loaded(
        "Settings",
        project_in_address(),
        |id| async move { api::get_settings(id.ok_or(AppError::NotFound)?).await },
        |page| view! { <Content page /> }.into_any(),
    )
}

#[component]
fn Content(page: SettingsPage) -> impl IntoView {
    let SettingsPage { head, is_guarded, reply } = page;
    let (id, name) = (head.id, head.name.clone());
    let (asked, email) = (head.asks_password, head.user.email.clone());
    view! {
        <Frame head current=GENERAL reply>
            <form class="form form--inline" method="post" action=format!("/p/{id}/settings")>
                <label class="form-field">
                    <span>"Project name"</span>
                    <input type="text" name="name" maxlength="80" required autocomplete="off" value=name.clone() />
                </label>
                <button class="button button--primary" type="submit">
                    "Rename"
                </button>
            </form>
            <Guard project=id is_guarded asked email=email.clone() />
            <section class="danger" aria-labelledby="delete">
                <h2 id="delete">"Delete this project"</h2>
                <p>
                    "Its values, history, log, keys and members are deleted for good, and its games are disconnected at \
                     once. Earlier backups of the server still contain them."
                </p>
                <form class="form form--inline" method="post" action=format!("/p/{id}/settings/delete")>
                    <label class="form-field">
                        <span>"To confirm, type its name: " <bdi><strong>{name}</strong></bdi></span>
                        <input type="text" name="name" required autocomplete="off" spellcheck="false" />
                    </label>
                    <PasswordAgain asked email />
                    <button class="button button--danger" type="submit">
                        "Delete for good"
                    </button>
                </form>
            </section>
        </Frame>
    }
    .into_any()
}

/// Whether people without a second factor are kept out.
#[component]
fn Guard(project: ProjectId, is_guarded: bool, asked: bool, email: Option<String>) -> impl IntoView {
    let (says, button) = if is_guarded {
        ("Only people with a second factor can open this project.", "Stop requiring it")
    } else {
        (
            "People without a second factor can open this project. Once it requires one, the pages they have open close \
             until they set one up under Your account. API tokens and games are not affected.",
            "Require a second factor",
        )
    };
    view! {
        <section class="section" aria-labelledby="guard">
            <h2 id="guard">"Second factor"</h2>
            <p>{says}</p>
            <form class="form form--short" method="post" action=format!("/p/{project}/settings/second-factor")>
                <input type="hidden" name="required" value=(!is_guarded).to_string() />
                <PasswordAgain asked=asked && is_guarded email />
                <div>
                    <button class="button" type="submit">
                        {button}
                    </button>
                </div>
            </form>
        </section>
    }
    .into_any()
}
