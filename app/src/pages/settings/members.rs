//! Who is in the project, and who is invited.

use leptos::prelude::*;
use protocol::model::{Invitation, Member, ProjectId, ProjectRole, UserId};

use super::{Frame, MEMBERS};
use crate::api::{self, AppError, MembersPage};
use crate::components::{Confirm, Issued, PasswordAgain};
use crate::format;
use crate::pages::{loaded, project_in_address};

/// `/p/:id/settings/members`.
#[component]
pub fn Members() -> impl IntoView {
    loaded(
        "Members",
        project_in_address(),
        |id| async move { api::list_members(id.ok_or(AppError::NotFound)?).await },
        |page| view! { <Content page /> }.into_any(),
    )
}

#[component]
fn Content(page: MembersPage) -> impl IntoView {
    let MembersPage { head, members, invitations, reply, .. } = page;
    let (id, role, me) = (head.id, head.role, head.user.id);
    let (asks_password, email) = (head.asks_password, head.user.email.clone());
    let admins = members.iter().filter(|member| member.role == ProjectRole::Admin).count();
    let nobody = members.is_empty();
    let rows = members.into_iter().map(move |member| {
        let is_last_admin = member.role == ProjectRole::Admin && admins == 1;
        view! { <Row project=id role me member is_last_admin asks_password email=email.clone() /> }
    });
    let issued = reply.issued.clone().map(|link| {
        let hint =
            "It works once, within seven days. Send it to the person you are inviting; it is shown only now.";
        view! { <Issued label="Invitation link" hint secret=link /> }
    });
    view! {
        <Frame head current=MEMBERS reply>
            {issued}
            <ul class="rows">{rows.collect_view()}</ul>
            {nobody.then(|| view! { <p class="meta">"There are no members yet; the owner of this instance sees every project."</p> })}
            <p class="meta">
                "Viewers see everything and change nothing. Designers also set values, run actions and see the keys. \
                 Admins also manage members and keys, see the audit trail, rename and delete the project."
            </p>
            {(role == ProjectRole::Admin).then(|| view! { <Invite project=id /><Invitations project=id invitations /> })}
        </Frame>
    }
    .into_any()
}

#[component]
fn Row(
    project: ProjectId,
    role: ProjectRole,
    me: UserId,
    member: Member,
    is_last_admin: bool,
    asks_password: bool,
    email: Option<String>,
) -> impl IntoView {
    let is_me = member.user == me;
    // leaving affects nobody else, and they can be invited again
    let asked = asks_password && !is_me;
    let end = (is_me || role == ProjectRole::Admin)
        .then(|| view! { <End project member=member.clone() is_me is_last_admin asked email /> });
    let Member { user, name, added_at, .. } = member;
    view! {
        <li class="row">
            <span class="row-main">
                <strong dir="auto">{name.clone()}</strong>
                {is_me.then(|| view! { <span class="pill">"you"</span> })}
                <span class="meta">{format!("since {}", format::day(added_at))}</span>
            </span>
            {match role {
                ProjectRole::Admin => view! { <RoleForm project user name role=member.role /> }.into_any(),
                _ => view! { <span class="pill">{member.role.to_string()}</span> }.into_any(),
            }}
            {end}
        </li>
    }
    .into_any()
}

#[component]
fn RoleForm(project: ProjectId, user: UserId, name: String, role: ProjectRole) -> impl IntoView {
    view! {
        <form class="row-form" method="post" action=format!("/p/{project}/settings/members/role")>
            <input type="hidden" name="user" value=user.to_string() />
            <select class="choice" name="role" aria-label=format!("Role of {name}")>
                <Roles chosen=role />
            </select>
            <button class="button" type="submit">
                "Change"
                <span class="sr-only">{format!(" the role of {name}")}</span>
            </button>
        </form>
    }
    .into_any()
}

#[component]
fn Roles(chosen: ProjectRole) -> impl IntoView {
    let option = |role: &ProjectRole| {
        view! {
            <option value=role.as_str() selected=*role == chosen>
                {role.as_str()}
            </option>
        }
    };
    ProjectRole::ALL.iter().map(option).collect_view()
}

/// Leaving, or being removed.
#[component]
fn End(
    project: ProjectId,
    member: Member,
    is_me: bool,
    is_last_admin: bool,
    asked: bool,
    email: Option<String>,
) -> impl IntoView {
    let Member { user, name, .. } = member;
    let (label, subject, mut question, button) = if is_me {
        (
            "Leave…",
            "the project".to_owned(),
            "You lose access to this project until somebody invites you again.".to_owned(),
            "Leave the project".to_owned(),
        )
    } else {
        (
            "Remove…",
            name.clone(),
            format!(
                "{} loses access to this project; pages they have open close at once.",
                format::isolated(&name)
            ),
            format!("Remove {}", format::isolated(&name)),
        )
    };
    if is_last_admin {
        question.push_str(" That leaves no admin: only the owner of this instance can appoint one.");
    }
    view! {
        <Confirm
            id=format!("remove-{user}")
            label
            subject
            question
            action=format!("/p/{project}/settings/members/remove")
            fields=vec![("user", user.to_string())]
            button
        >
            <PasswordAgain asked email />
        </Confirm>
    }
}

#[component]
fn Invite(project: ProjectId) -> impl IntoView {
    view! {
        <section class="section" aria-labelledby="invite">
            <h2 id="invite">"Invite someone"</h2>
            <form class="form form--inline" method="post" action=format!("/p/{project}/settings/members")>
                <label class="form-field">
                    <span>"Role"</span>
                    <select name="role">
                        <Roles chosen=ProjectRole::Designer />
                    </select>
                </label>
                <label class="form-field form-field--grow">
                    <span>"Note (for this list)"</span>
                    <input type="text" name="note" maxlength="200" autocomplete="off" />
                </label>
                <button class="button button--primary" type="submit">
                    "Create link"
                </button>
            </form>
        </section>
    }
    .into_any()
}

#[component]
fn Invitations(project: ProjectId, invitations: Vec<Invitation>) -> impl IntoView {
    if invitations.is_empty() {
        return ().into_any();
    }
    let rows = invitations.into_iter().map(move |invitation| {
        let Invitation { id, role, note, invited_by, expires_at, .. } = invitation;
        let note = if note.is_empty() { "no note".to_owned() } else { note };
        view! {
            <li class="row">
                <span class="row-main">
                    <strong dir="auto">{note.clone()}</strong>
                    <span class="meta">{format!("by {}, until {}", format::isolated(&invited_by), format::day(expires_at))}</span>
                </span>
                <span class="pill">{role.to_string()}</span>
                <form method="post" action=format!("/p/{project}/settings/members/uninvite")>
                    <input type="hidden" name="invitation" value=id.to_string() />
                    <button class="button" type="submit">
                        "Revoke"
                        <span class="sr-only">{format!(" the invitation {note}")}</span>
                    </button>
                </form>
            </li>
        }
    });
    view! {
        <section class="section" aria-labelledby="invitations">
            <h2 id="invitations">"Pending invitations"</h2>
            <ul class="rows">{rows.collect_view()}</ul>
        </section>
    }
    .into_any()
}
