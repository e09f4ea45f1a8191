//! The audit trail: of the whole instance here, and the list that a project's own page shares.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use leptos_router::params::ParamsMap;
use protocol::model::AuditEntry;

use super::account::{AUDIT, Frame};
use super::loaded;
use crate::api::{self, AuditPart, AuditQuery};
use crate::format;
use crate::zone::use_zone;

/// The beginning of an action's code, and what such actions are about.
const KINDS: [(&str, &str); 8] = [
    ("", "Everything"),
    ("value.", "Value edits"),
    ("member.", "Members"),
    ("key.", "Keys"),
    ("token.", "API tokens"),
    ("project.", "Projects"),
    ("account.", "Accounts"),
    ("session.", "Sign-ins"),
];

/// `/audit`, for the owner.
#[component]
pub fn InstanceAudit() -> impl IntoView {
    let query = use_query_map();
    loaded(
        "Audit trail",
        move || query_of(&query.read()),
        |query| async move { Ok((query.clone(), api::list_audit(query).await?)) },
        |(query, part): (AuditQuery, AuditPart)| {
            view! {
                <Title text="Audit trail" />
                <Frame user=part.user current=AUDIT>
                    <p class="meta">
                        "Who did what on this instance. Value edits are in each project's own trail. "
                        <Clock />
                        <Exports path="/api/v1/audit/export".to_owned() />
                    </p>
                    <Trail query entries=part.entries next=part.next of_project=false />
                </Frame>
            }
            .into_any()
        },
    )
}

/// The query in the address.
pub(super) fn query_of(params: &ParamsMap) -> AuditQuery {
    let text = |name: &str| params.get(name).unwrap_or_default();
    let after = params.get("after").filter(|cursor| !cursor.is_empty());
    AuditQuery { project: None, after, person: text("person"), action: text("action") }
}

/// A form that filters, the entries, and the way to older ones.
#[component]
pub(super) fn Trail(
    /// The query.
    query: AuditQuery,
    /// The newest first.
    entries: Vec<AuditEntry>,
    /// Where older ones begin.
    next: Option<String>,
    /// Of one project, which then need not be named.
    of_project: bool,
) -> impl IntoView {
    let AuditQuery { person, action, after, .. } = query;
    let is_filtered = !(person.is_empty() && action.is_empty());
    let empty = entries.is_empty().then_some(match (is_filtered, &next) {
        (true, Some(_)) => "No matches so far: try older entries.",
        (true, None) => "No entries match.",
        (false, _) => "Nothing has happened yet.",
    });
    let older = next.map(|next| {
        let (person, action) = (person.clone(), action.clone());
        view! {
            <form method="get" class="older">
                <input type="hidden" name="person" value=person />
                <input type="hidden" name="action" value=action />
                <input type="hidden" name="after" value=next />
                <button class="button" type="submit">
                    "Older entries"
                </button>
            </form>
        }
    });
    view! {
        <Filter person action is_narrowed=is_filtered || after.is_some() />
        <ol class="trail">{entries.into_iter().map(|entry| view! { <Entry entry of_project /> }).collect_view()}</ol>
        {empty.map(|text| view! { <p class="empty">{text}</p> })}
        {older}
    }
    .into_any()
}

/// The time zone of the page.
#[component]
pub(super) fn Clock() -> impl IntoView {
    let zone = use_zone();
    view! { {move || format!("Times are in {}. ", zone.get().name())} }
}

/// Links to export all of it.
#[component]
pub(super) fn Exports(
    /// Of the HTTP API.
    path: String,
) -> impl IntoView {
    view! {
        <a href=format!("{path}?format=csv") rel="external" download="">
            "Export all as CSV"
        </a>
        " · "
        <a href=format!("{path}?format=ndjson") rel="external" download="">
            "as NDJSON"
        </a>
    }
    .into_any()
}

#[component]
fn Filter(person: String, action: String, is_narrowed: bool) -> impl IntoView {
    let option = |(code, name): (&'static str, &'static str)| {
        view! {
            <option value=code selected=code == action>
                {name}
            </option>
        }
    };
    view! {
        <form class="form form--inline" method="get">
            <label class="form-field form-field--grow">
                <span>"Person"</span>
                <input type="search" name="person" autocomplete="off" value=person />
            </label>
            <label class="form-field">
                <span>"Event"</span>
                <select name="action">{KINDS.map(option)}</select>
            </label>
            <button class="button" type="submit">
                "Filter"
            </button>
            {is_narrowed
                .then(|| {
                    view! {
                        <a class="button" href="?">
                            "Show all"
                        </a>
                    }
                })}
        </form>
    }
    .into_any()
}

#[component]
fn Entry(entry: AuditEntry, of_project: bool) -> impl IntoView {
    let zone = use_zone();
    let AuditEntry { at, actor, by, address, project, action, subject, old, new } = entry;
    let by = match by.as_str() {
        // the usual way needs no mention
        "" | "session" => None,
        other => Some(format!("via {other}")),
    };
    let change = match (old, new) {
        (Some(old), Some(new)) => Some(format!("{} → {}", format::isolated(&old), format::isolated(&new))),
        (Some(old), None) => Some(format!("was {}", format::isolated(&old))),
        (None, Some(new)) => Some(new),
        (None, None) => None,
    };
    let place = project.filter(|_| !of_project).map(|project| format!("project {project}"));
    view! {
        <li class="trail-entry">
            <time class="meta" datetime=at.to_rfc3339() title=at.to_rfc3339()>
                {move || format::moment(at, zone.get().minutes_east(at))}
            </time>
            <span class="trail-who">
                <bdi>{actor}</bdi>
                {by.map(|by| view! { <span class="meta">{by}</span> })}
            </span>
            <span class="trail-what">
                <span>{words(&action).map_or(action.clone(), str::to_owned)}" " <bdi><strong>{subject}</strong></bdi></span>
                {change.map(|change| view! { <span class="value" dir="auto">{change}</span> })}
                {place.map(|place| view! { <span class="meta">{place}</span> })}
            </span>
            <span class="meta trail-where">{address}</span>
        </li>
    }
    .into_any()
}

/// What was done, in words that go before a name. A code that this page doesn't know stays a code.
fn words(action: &str) -> Option<&'static str> {
    Some(match action {
        "value.edit" => "set",
        "value.let_go" => "let go of",
        "variable.forget" => "forgot the variable",
        "device.forget" => "forgot the device",
        "member.invite" => "invited",
        "member.uninvite" => "revoked the invitation of",
        "member.join" => "joined:",
        "member.role" => "changed the role of",
        "member.remove" => "removed",
        "key.create" => "created the key",
        "key.rotate" => "rotated the key",
        "key.revoke" => "revoked the key",
        "token.create" => "created the API token",
        "token.delete" => "deleted the API token",
        "project.create" => "created the project",
        "project.rename" => "renamed the project to",
        "project.delete" => "deleted the project",
        "session.begin" => "signed in:",
        "session.end" => "signed out:",
        "session.end_all" => "signed out everywhere:",
        "account.set_up" => "set up the instance as",
        "account.register" => "created the account",
        "account.password" => "set a new password for",
        "account.reset_link" => "created a reset link for",
        "account.delete" => "deleted the account",
        _ => return None,
    })
}
