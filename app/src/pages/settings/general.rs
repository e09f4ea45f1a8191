//! The project's name, and its end.

use leptos::prelude::*;

use super::{Frame, Section};
use crate::api::{self, AppError, SettingsPage};
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
    let SettingsPage { head, reply } = page;
    let (id, name) = (head.id, head.name.clone());
    view! {
        <Frame head current=Section::General reply>
            <form class="form form--inline" method="post" action=format!("/p/{id}/settings")>
                <label class="form-field">
                    <span>"Name of the project"</span>
                    <input type="text" name="name" maxlength="80" required autocomplete="off" value=name.clone() />
                </label>
                <button class="button button--primary" type="submit">
                    "Rename"
                </button>
            </form>
            <section class="danger" aria-labelledby="delete">
                <h2 id="delete">"Delete this project"</h2>
                <p>
                    "Its values, history, log, keys and members are gone for good, and its games are let go at once. \
                     A backup of the server has what it had until then."
                </p>
                <form class="form form--inline" method="post" action=format!("/p/{id}/settings/delete")>
                    <label class="form-field">
                        <span>"To go on, type its name: " <bdi><strong>{name}</strong></bdi></span>
                        <input type="text" name="name" required autocomplete="off" spellcheck="false" />
                    </label>
                    <button class="button button--danger" type="submit">
                        "Delete for good"
                    </button>
                </form>
            </section>
        </Frame>
    }
    .into_any()
}
