//! Every account of the instance, for its owner.

use leptos::prelude::*;
use protocol::model::{Account, Role, UserId};

use super::{AccountSection, Frame};
use crate::api::{self, AccountsPage};
use crate::components::{Confirm, Issued};
use crate::format;
use crate::pages::loaded;

/// `/accounts`.
#[component]
pub fn Accounts() -> impl IntoView {
    loaded("All accounts", || (), |()| api::list_accounts(), |page| view! { <Content page /> }.into_any())
}

#[component]
fn Content(page: AccountsPage) -> impl IntoView {
    let AccountsPage { user, accounts, reply, .. } = page;
    let issued = reply.issued.clone().map(|link| {
        let hint = format!(
            "It sets a new password for {}. It works once, for a day, and is shown only now.",
            reply.subject
        );
        view! { <Issued label="Reset link" hint secret=link /> }
    });
    view! {
        <Frame user current=AccountSection::All reply>
            {issued}
            <ul class="rows">{accounts.into_iter().map(|account| view! { <Row account /> }).collect_view()}</ul>
            <p class="meta">
                "People come by the invitations of a project's admins. Who has forgotten the password gets a link from \
                 you that sets a new one; give it to nobody else."
            </p>
        </Frame>
    }
    .into_any()
}

#[component]
fn Row(account: Account) -> impl IntoView {
    let Account { id, name, role, created_at, projects, .. } = account;
    let is_owner = role == Role::Owner;
    let about =
        format!("since {} · {}", format::day(created_at), format::count(projects as usize, "project"));
    view! {
        <li class="row">
            <span class="row-main">
                <strong dir="auto">{name.clone()}</strong>
                {is_owner.then(|| view! { <span class="pill">"owner"</span> })}
                <span class="meta">{about}</span>
            </span>
            {(!is_owner).then(|| view! { <Manage id name /> })}
        </li>
    }
    .into_any()
}

#[component]
fn Manage(id: UserId, name: String) -> impl IntoView {
    view! {
        <span class="row-buttons">
            <form method="post" action="/accounts">
                <input type="hidden" name="user" value=id.to_string() />
                <button class="button" type="submit">
                    "Make a reset link"
                    <span class="sr-only">{format!(" for {name}")}</span>
                </button>
            </form>
            <Confirm
                id=format!("delete-{id}")
                label="Delete…"
                subject=name.clone()
                question=format!(
                    "{name} is signed out everywhere and no longer a member of any project; tokens and open links are gone. \
                     What was done stays in histories and audit trails.",
                )
                action="/accounts/delete"
                fields=vec![("user", id.to_string())]
                button="Delete the account"
            />
        </span>
    }
    .into_any()
}
