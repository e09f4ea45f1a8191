//! Every account of the instance, for its owner.

use leptos::prelude::*;
use protocol::model::{Account, Role, UserId};

use super::{ALL, Frame};
use crate::api::{self, AccountsPage};
use crate::components::{Confirm, Issued, PasswordAgain};
use crate::format;
use crate::pages::loaded;

/// `/accounts`.
#[component]
pub fn Accounts() -> impl IntoView {
    loaded("All accounts", || (), |()| api::list_accounts(), |page| view! { <Content page /> }.into_any())
}

#[component]
fn Content(page: AccountsPage) -> impl IntoView {
    let AccountsPage { user, accounts, asks_password, reply, .. } = page;
    let email = user.email.clone();
    let issued = reply.issued.clone().map(|link| {
        let hint = format!(
            "It sets a new password for {}. It works once, within a day, and is shown only now.",
            reply.subject
        );
        view! { <Issued label="Reset link" hint secret=link /> }
    });
    view! {
        <Frame user current=ALL reply>
            {issued}
            <ul class="rows">{accounts.into_iter().map(|account| view! { <Row account asks_password email=email.clone() /> }).collect_view()}</ul>
            <p class="meta">
                "People join through invitations from a project's admins. If someone forgets their password, create a reset \
                 link for them, and give it to nobody else."
            </p>
        </Frame>
    }
    .into_any()
}

#[component]
fn Row(account: Account, asks_password: bool, email: Option<String>) -> impl IntoView {
    let Account { id, name, role, created_at, projects, has_second_factor, .. } = account;
    let is_owner = role == Role::Owner;
    let about =
        format!("since {} · {}", format::day(created_at), format::count(projects as usize, "project"));
    view! {
        <li class="row">
            <span class="row-main">
                <strong dir="auto">{name.clone()}</strong>
                {is_owner.then(|| view! { <span class="pill">"owner"</span> })}
                {has_second_factor.then(|| view! { <span class="pill">"second factor"</span> })}
                <span class="meta">{about}</span>
            </span>
            {(!is_owner).then(|| view! { <Manage id name has_second_factor asks_password email /> })}
        </li>
    }
    .into_any()
}

#[component]
fn Manage(
    id: UserId,
    name: String,
    has_second_factor: bool,
    asks_password: bool,
    email: Option<String>,
) -> impl IntoView {
    // each dialog is a closure of its own
    let (of_factor, of_reset) = (email.clone(), email.clone());
    let factor = has_second_factor
        .then(|| view! { <RemoveFactor id name=name.clone() asks_password email=of_factor /> });
    view! {
        <span class="row-buttons">
            <ResetLink id name=name.clone() asks_password email=of_reset />
            {factor}
            <Confirm
                id=format!("delete-{id}")
                label="Delete…"
                subject=name.clone()
                question=format!(
                    "{} is signed out everywhere and removed from every project; their tokens and unused links are deleted. \
                     What they did stays in histories and audit trails.",
                    format::isolated(&name),
                )
                action="/accounts/delete"
                fields=vec![("user", id.to_string())]
                button="Delete the account"
            >
                <PasswordAgain asked=asks_password email />
            </Confirm>
        </span>
    }
    .into_any()
}

#[component]
fn RemoveFactor(id: UserId, name: String, asks_password: bool, email: Option<String>) -> impl IntoView {
    view! {
        <Confirm
            id=format!("factor-{id}")
            label="Remove second factor…"
            subject=format!("of {name}")
            question=format!(
                "{} will sign in with their password alone, and is signed out everywhere. Do this only for \
                 someone you know has lost both the app and the recovery codes.",
                format::isolated(&name),
            )
            action="/accounts/second-factor/remove"
            fields=vec![("user", id.to_string())]
            button="Remove it"
        >
            <PasswordAgain asked=asks_password email />
        </Confirm>
    }
}

/// A plain button, or a dialog if it takes the password.
#[component]
fn ResetLink(id: UserId, name: String, asks_password: bool, email: Option<String>) -> impl IntoView {
    if !asks_password {
        return view! {
            <form method="post" action="/accounts">
                <input type="hidden" name="user" value=id.to_string() />
                <button class="button" type="submit">
                    "Create reset link"
                    <span class="sr-only">{format!(" for {name}")}</span>
                </button>
            </form>
        }
        .into_any();
    }
    view! {
        <Confirm
            id=format!("reset-{id}")
            label="Create reset link…"
            subject=format!("for {name}")
            question=format!("Anyone with the link can set a new password for {}.", format::isolated(&name))
            action="/accounts"
            fields=vec![("user", id.to_string())]
            button="Create link"
            harmless=true
        >
            <PasswordAgain asked=true email />
        </Confirm>
    }
    .into_any()
}
