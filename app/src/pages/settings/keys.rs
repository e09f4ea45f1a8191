//! The keys with which games connect to the project.

use leptos::prelude::*;
use protocol::model::{GameKey, KeyId, ProjectId, ProjectRole, UnixMicros};

use super::{Frame, KEYS};
use crate::api::{self, AppError, KeysPage};
use crate::components::{Confirm, Copy, PasswordAgain};
use crate::format;
use crate::pages::{loaded, project_in_address};

/// How long games can still use a key that was replaced, in days, as the form offers it.
const OVERLAPS: [(u32, &str); 4] = [
    (7, "Old key works for 7 more days"),
    (30, "Old key works for 30 more days"),
    (1, "Old key works for 1 more day"),
    (0, "Old key stops working at once"),
];

/// `/p/:id/settings/keys`.
#[component]
pub fn Keys() -> impl IntoView {
    loaded(
        "Keys",
        project_in_address(),
        |id| async move { api::list_keys(id.ok_or(AppError::NotFound)?).await },
        |page| view! { <Content page /> }.into_any(),
    )
}

#[component]
fn Content(page: KeysPage) -> impl IntoView {
    let KeysPage { head, keys, now, reply } = page;
    let (id, manages) = (head.id, head.role == ProjectRole::Admin);
    let (good, past): (Vec<_>, Vec<_>) = keys.into_iter().partition(|key| key.is_in_force(now));
    let (asks_password, email) = (head.asks_password, head.user.email.clone());
    let row = move |key| view! { <Row project=id key now manages asks_password email=email.clone() /> };
    let none = good.is_empty();
    let past = (!past.is_empty()).then(|| {
        let title = format!("No longer active: {}", format::count(past.len(), "key"));
        view! {
            <details class="past">
                <summary>{title}</summary>
                <ul class="rows">{past.into_iter().map(row.clone()).collect_view()}</ul>
            </details>
        }
    });
    view! {
        <Frame head current=KEYS reply>
            <p>
                "A game sends a key when it connects. Anyone who unpacks the game can read it, so it gives no access to pages \
                 or logs: all it can do is connect as a game of this project, and receive the values that are set."
            </p>
            {none.then(|| view! { <p class="notice">"No key is active: no game can connect."</p> })}
            <ul class="rows">{good.into_iter().map(row).collect_view()}</ul>
            {past}
            {if manages {
                view! { <NewKey project=id /> }.into_any()
            } else {
                view! { <p class="meta">"Only admins can create, rotate and revoke keys."</p> }.into_any()
            }}
        </Frame>
    }
    .into_any()
}

#[component]
fn Row(
    project: ProjectId,
    key: GameKey,
    now: UnixMicros,
    manages: bool,
    asks_password: bool,
    email: Option<String>,
) -> impl IntoView {
    let in_force = key.is_in_force(now);
    let (state, live) = state(&key, now);
    let made = match &key.created_by {
        Some(name) => format!("created by {} on {}", format::isolated(name), format::day(key.created_at)),
        None => format!("created on {}", format::day(key.created_at)),
    };
    let used =
        key.last_used_at.map_or("never used".to_owned(), |at| format!("used {}", format::ago(at, now)));
    let whole = key.key.as_str().to_owned();
    view! {
        <li class="row">
            <span class="row-main">
                <strong dir="auto">{key.name.clone()}</strong>
                <span class="pill">
                    <span class="dot" class:dot--on=live aria-hidden="true"></span>
                    {state}
                </span>
                {key.report_only.then(|| view! { <span class="pill">"report-only"</span> })}
                {(!key.origins.is_empty()).then(|| {
                    let pages = format!("only from {}", format::count(key.origins.iter().len(), "web page"));
                    view! { <span class="pill" title=key.origins.to_string()>{pages}</span> }
                })}
                <span class="meta">{format!("{made} · {used}")}</span>
            </span>
            <span class="key">
                <details class="reveal">
                    <summary>
                        <span class="value">{key.key.shortened()}</span>
                        <span class="reveal-show">"Show"</span>
                        <span class="reveal-hide">"Hide"</span>
                        <span class="sr-only">{format!(" the key {}", key.name)}</span>
                    </summary>
                    <code class="value">{whole.clone()}</code>
                </details>
                <Copy text=Signal::stored(whole) what=format!("the key {}", key.name) />
            </span>
            {(manages && in_force).then(|| view! { <Manage project key asks_password email /> })}
        </li>
    }
    .into_any()
}

/// The state in words, and whether games can go on using it.
fn state(key: &GameKey, now: UnixMicros) -> (String, bool) {
    match (key.revoked_at, key.expires_at) {
        (Some(at), _) => (format!("revoked on {}", format::day(at)), false),
        (None, Some(end)) if end <= now => (format!("expired on {}", format::day(end)), false),
        (None, Some(end)) => (format!("expires on {} UTC", format::moment(end, 0)), false),
        (None, None) => ("active".to_owned(), true),
    }
}

#[component]
fn Manage(project: ProjectId, key: GameKey, asks_password: bool, email: Option<String>) -> impl IntoView {
    let (id, name) = (key.id, key.name);
    // a key that was replaced expires already
    let rotate = key.expires_at.is_none().then(|| view! { <Rotate project id name=name.clone() /> });
    view! {
        <span class="row-buttons">
            {rotate}
            <Rights project id name=name.clone() report_only=key.report_only />
            <Origins project id name=name.clone() origins=key.origins.to_string() />
            <Confirm
                id=format!("revoke-{id}")
                label="Revoke…"
                subject=name.clone()
                question=format!("Games connected with “{}” are disconnected at once, and refused from then on. A revoked key can't be restored.", format::isolated(&name))
                action=format!("/p/{project}/settings/keys/revoke")
                fields=vec![("key", id.to_string())]
                button="Revoke the key"
            >
                <PasswordAgain asked=asks_password email />
            </Confirm>
        </span>
    }
    .into_any()
}

#[component]
fn Rotate(project: ProjectId, id: KeyId, name: String) -> impl IntoView {
    let options = OVERLAPS.map(|(days, text)| view! { <option value=days.to_string()>{text}</option> });
    view! {
        <Confirm
            id=format!("rotate-{id}")
            label="Rotate…"
            subject=name.clone()
            question=format!("A new key replaces “{}”. Give it to your games while the old one still works.", format::isolated(&name))
            action=format!("/p/{project}/settings/keys/rotate")
            fields=vec![("key", id.to_string())]
            button="Create new key"
            harmless=true
        >
            <label class="form-field">
                <span>"Overlap"</span>
                <select name="days">{options}</select>
            </label>
        </Confirm>
    }
}

/// Whether games can declare with it.
#[component]
fn Rights(project: ProjectId, id: KeyId, name: String, report_only: bool) -> impl IntoView {
    let isolated = format::isolated(&name);
    let (label, question, button) = if report_only {
        (
            "Allow declaring…",
            format!("Games that connect with “{isolated}” can declare variables again."),
            "Allow declaring",
        )
    } else {
        (
            "Make report-only…",
            format!(
                "Games that connect with “{isolated}” can report values, log and answer, but declare nothing new. \
                 What they have declared stays."
            ),
            "Make report-only",
        )
    };
    view! {
        <Confirm
            id=format!("rights-{id}")
            label
            subject=name.clone()
            question
            action=format!("/p/{project}/settings/keys/rights")
            fields=vec![("key", id.to_string()), ("report_only", (!report_only).to_string())]
            button
            harmless=true
        />
    }
}

/// The web pages whose games may connect with it.
#[component]
fn Origins(project: ProjectId, id: KeyId, name: String, origins: String) -> impl IntoView {
    view! {
        <Confirm
            id=format!("origins-{id}")
            label="Web pages…"
            subject=name.clone()
            question=format!(
                "Games in a browser can connect with “{}” only from these pages. Games that are connected stay connected.",
                format::isolated(&name),
            )
            action=format!("/p/{project}/settings/keys/origins")
            fields=vec![("key", id.to_string())]
            button="Save"
            harmless=true
        >
            <label class="form-field">
                <span>"Origins, with spaces between them; empty for any page"</span>
                <input
                    type="text"
                    name="origins"
                    value=origins
                    maxlength="4096"
                    placeholder="https://games.example.org"
                    autocomplete="off"
                    spellcheck="false"
                />
            </label>
        </Confirm>
    }
}

#[component]
fn NewKey(project: ProjectId) -> impl IntoView {
    view! {
        <section class="section" aria-labelledby="new-key">
            <h2 id="new-key">"New key"</h2>
            <p class="meta">
                "With a key for each platform, store or studio, you can rotate or revoke one without affecting the others."
            </p>
            <form class="form form--inline" method="post" action=format!("/p/{project}/settings/keys")>
                <label class="form-field form-field--grow">
                    <span>"Name"</span>
                    <input type="text" name="name" maxlength="80" required autocomplete="off" />
                </label>
                <label class="form-check">
                    <input type="checkbox" name="report_only" />
                    <span>"Report-only: games can't declare anything with it"</span>
                </label>
                <button class="button button--primary" type="submit">
                    "Create key"
                </button>
            </form>
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use protocol::model::{AllowedOrigins, Key};

    use super::*;

    #[test]
    fn a_key_says_whether_it_works() {
        let day = |days: i64| UnixMicros(days * 86_400_000_000);
        let key = GameKey {
            id: KeyId(1),
            key: Key::parse(b"0123456789ab").unwrap(),
            name: "store".to_owned(),
            report_only: false,
            origins: AllowedOrigins::default(),
            created_at: day(0),
            created_by: None,
            last_used_at: None,
            expires_at: None,
            revoked_at: None,
        };
        let said = |key: &GameKey| state(key, day(10)).0;
        assert_eq!(said(&key), "active");
        let replaced = GameKey { expires_at: Some(day(12)), ..key.clone() };
        assert_eq!(said(&replaced), "expires on 13 Jan 1970, 00:00:00 UTC");
        assert_eq!(said(&GameKey { expires_at: Some(day(10)), ..key.clone() }), "expired on 11 Jan 1970");
        assert_eq!(said(&GameKey { revoked_at: Some(day(3)), ..replaced }), "revoked on 4 Jan 1970");
    }
}
