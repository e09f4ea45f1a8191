//! The keys by which games reach the project.

use leptos::prelude::*;
use protocol::model::{GameKey, ProjectId, ProjectRole, UnixMicros};

use super::{Frame, Section};
use crate::api::{self, AppError, KeysPage};
use crate::components::{Confirm, Copy, PasswordAgain};
use crate::format;
use crate::pages::{loaded, project_in_address};

/// How long games may still use a key that was replaced, in days, as it is offered.
const OVERLAPS: [(u32, &str); 4] = [
    (7, "The old key goes on for 7 days"),
    (30, "The old key goes on for 30 days"),
    (1, "The old key goes on for 1 day"),
    (0, "The old key ends at once"),
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
        let title = format!("No longer in force: {}", format::count(past.len(), "key"));
        view! {
            <details class="past">
                <summary>{title}</summary>
                <ul class="rows">{past.into_iter().map(row.clone()).collect_view()}</ul>
            </details>
        }
    });
    view! {
        <Frame head current=Section::Keys reply>
            <p>
                "A game says a key when it connects. Whoever unpacks the game can read it, so it opens no page and reads \
                 no log: with it one can only play a game of this project, which gets the values that are set."
            </p>
            {none.then(|| view! { <p class="notice">"No key is in force: no game can connect."</p> })}
            <ul class="rows">{good.into_iter().map(row).collect_view()}</ul>
            {past}
            {match manages {
                true => view! { <NewKey project=id /> }.into_any(),
                false => view! { <p class="meta">"Admins make, rotate and revoke keys."</p> }.into_any(),
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
        Some(name) => format!("made by {} on {}", format::isolated(name), format::day(key.created_at)),
        None => format!("made on {}", format::day(key.created_at)),
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
                {key.report_only.then(|| view! { <span class="pill">"only reports"</span> })}
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

/// The state in words, and whether it is all well.
fn state(key: &GameKey, now: UnixMicros) -> (String, bool) {
    match (key.revoked_at, key.expires_at) {
        (Some(at), _) => (format!("revoked on {}", format::day(at)), false),
        (None, Some(end)) if end <= now => (format!("ended on {}", format::day(end)), false),
        (None, Some(end)) => (format!("ends on {} UTC", format::moment(end, 0)), false),
        (None, None) => ("in force".to_owned(), true),
    }
}

#[component]
fn Manage(project: ProjectId, key: GameKey, asks_password: bool, email: Option<String>) -> impl IntoView {
    let (id, name) = (key.id, key.name.clone());
    let fields = || vec![("key", id.to_string())];
    let options = OVERLAPS.map(|(days, text)| view! { <option value=days.to_string()>{text}</option> });
    // what was replaced has an end already
    let rotate = key.expires_at.is_none().then(|| {
        view! {
            <Confirm
                id=format!("rotate-{id}")
                label="Rotate…"
                subject=name.clone()
                question=format!("A new key takes the place of “{}”. Give it to your games while the old one still works.", format::isolated(&name))
                action=format!("/p/{project}/settings/keys/rotate")
                fields=fields()
                button="Make the new key"
                harmless=true
            >
                <label class="form-field">
                    <span>"Overlap"</span>
                    <select name="days">{options}</select>
                </label>
            </Confirm>
        }
    });
    let (label, question, button) = match key.report_only {
        true => (
            "Let declare…",
            format!("Games that say “{}” may declare variables again.", format::isolated(&name)),
            "Let them declare",
        ),
        false => (
            "Only reports…",
            format!(
                "Games that say “{}” report values, log and answer, and declare nothing new. What they have declared stays.",
                format::isolated(&name)
            ),
            "Only reports",
        ),
    };
    let mut wanted = fields();
    wanted.push(("report_only", (!key.report_only).to_string()));
    view! {
        <span class="row-buttons">
            {rotate}
            <Confirm
                id=format!("rights-{id}")
                label
                subject=name.clone()
                question
                action=format!("/p/{project}/settings/keys/rights")
                fields=wanted
                button
                harmless=true
            />
            <Confirm
                id=format!("revoke-{id}")
                label="Revoke…"
                subject=name.clone()
                question=format!("Games that are connected with “{}” are let go at once, and refused from then on. A revoked key never comes back.", format::isolated(&name))
                action=format!("/p/{project}/settings/keys/revoke")
                fields=fields()
                button="Revoke the key"
            >
                <PasswordAgain asked=asks_password email />
            </Confirm>
        </span>
    }
    .into_any()
}

#[component]
fn NewKey(project: ProjectId) -> impl IntoView {
    view! {
        <section class="section" aria-labelledby="new-key">
            <h2 id="new-key">"Another key"</h2>
            <p class="meta">
                "A key for each platform, store or studio can be rotated or revoked without touching the others."
            </p>
            <form class="form form--inline" method="post" action=format!("/p/{project}/settings/keys")>
                <label class="form-field form-field--grow">
                    <span>"Name"</span>
                    <input type="text" name="name" maxlength="80" required autocomplete="off" />
                </label>
                <label class="form-check">
                    <input type="checkbox" name="report_only" />
                    <span>"Only reports: games declare nothing with it"</span>
                </label>
                <button class="button button--primary" type="submit">
                    "Make a key"
                </button>
            </form>
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use protocol::model::{Key, KeyId};

    use super::*;

    #[test]
    fn a_key_says_what_it_is_worth() {
        let day = |days: i64| UnixMicros(days * 86_400_000_000);
        let key = GameKey {
            id: KeyId(1),
            key: Key::parse(b"0123456789ab").unwrap(),
            name: "store".to_owned(),
            report_only: false,
            created_at: day(0),
            created_by: None,
            last_used_at: None,
            expires_at: None,
            revoked_at: None,
        };
        let said = |key: &GameKey| state(key, day(10)).0;
        assert_eq!(said(&key), "in force");
        let replaced = GameKey { expires_at: Some(day(12)), ..key.clone() };
        assert_eq!(said(&replaced), "ends on 13 Jan 1970, 00:00:00 UTC");
        assert_eq!(said(&GameKey { expires_at: Some(day(10)), ..key.clone() }), "ended on 11 Jan 1970");
        assert_eq!(said(&GameKey { revoked_at: Some(day(3)), ..replaced }), "revoked on 4 Jan 1970");
    }
}
