//! What the project's games declare: whether it is frozen, and what waits for consent.

use leptos::prelude::*;
use protocol::model::{Difference, ProjectId, Schema as Declared, UnixMicros, WaitingDeclaration};

use super::{Frame, SCHEMA};
use crate::api::{self, AppError, SchemaPage};
use crate::format;
use crate::pages::{loaded, project_in_address};

/// `/p/:id/settings/schema`.
#[component]
pub fn Schema() -> impl IntoView {
    loaded(
        "Declarations",
        project_in_address(),
        |id| async move { api::get_schema(id.ok_or(AppError::NotFound)?).await },
        |page| view! { <Content page /> }.into_any(),
    )
}

#[component]
fn Content(page: SchemaPage) -> impl IntoView {
    let SchemaPage { head, schema, now, reply } = page;
    let id = head.id;
    let Declared { is_frozen, waiting, gave_way } = schema;
    let (state, button) = if is_frozen {
        ("The declarations of this project are frozen.", "Unfreeze")
    } else {
        ("Declarations take effect at once.", "Freeze")
    };
    let count = waiting.len();
    let list = (is_frozen || count > 0).then(|| {
        let rows = waiting.into_iter().map(move |waiting| view! { <Row project=id waiting now /> });
        view! {
            <section class="section" aria-labelledby="waiting">
                <h2 id="waiting">{format!("Waiting for consent: {count}")}</h2>
                <ul class="rows">{rows.collect_view()}</ul>
                {(count == 0).then(|| view! { <p class="meta">"Nothing is waiting."</p> })}
                {(gave_way > 0).then(|| view! { <p class="meta">{words_of_overflow(gave_way)}</p> })}
            </section>
        }
    });
    view! {
        <Frame head current=SCHEMA reply>
            <p>
                "A game declares its variables: their types, ranges and texts. So can anyone who has a game key. While \
                 declarations are frozen, new and changed ones wait here until an admin consents; games still report values \
                 of the variables that are known."
            </p>
            <form class="form form--inline" method="post" action=format!("/p/{id}/settings/schema")>
                <p>
                    <strong>{state}</strong>
                </p>
                <input type="hidden" name="frozen" value=(!is_frozen).to_string() />
                <button class="button" class:button--primary=!is_frozen type="submit">
                    {button}
                </button>
            </form>
            {list}
        </Frame>
    }
    .into_any()
}

fn words_of_overflow(gave_way: u64) -> String {
    let count = usize::try_from(gave_way).unwrap_or(usize::MAX);
    format!(
        "{} made room for others: only so many can wait. Games declare them again when they connect.",
        format::count(count, "declaration")
    )
}

#[component]
fn Row(project: ProjectId, waiting: WaitingDeclaration, now: UnixMicros) -> impl IntoView {
    let WaitingDeclaration { name, device, device_name, is_online, at, is_new, differences } = waiting;
    let kind = if is_new { "new" } else { "changed" };
    let away = if is_online { "" } else { ", offline" };
    let from = format!("from {}{away} · {}", format::isolated(&device_name), format::ago(at, now));
    let button = |class: &'static str, what: &'static str, text: &'static str, to: &'static str| {
        let action = format!("/p/{project}/settings/schema/{what}");
        view! {
            <form method="post" action=action>
                <input type="hidden" name="device" value=device.to_string() />
                <input type="hidden" name="name" value=name.to_string() />
                <button class=class type="submit">
                    {text}
                    <span class="sr-only">{format!(" {to}{name}")}</span>
                </button>
            </form>
        }
    };
    view! {
        <li class="row">
            <span class="row-main">
                <strong dir="auto">{name.to_string()}</strong>
                <span class="pill">{kind}</span>
                <span class="meta">{from}</span>
            </span>
            <ul class="differences">
                {differences.into_iter().map(|one| view! { <li dir="auto">{words(&one)}</li> }).collect_view()}
            </ul>
            <span class="row-buttons">
                {button("button button--primary", "consent", "Consent", "to ")}
                {button("button", "dismiss", "Dismiss", "")}
            </span>
        </li>
    }
    .into_any()
}

/// `max: 10 → 20`.
fn words(difference: &Difference) -> String {
    let Difference { field, old, new } = difference;
    let shown = |text: &Option<String>| match text {
        Some(text) => format::isolated(text).into_owned(),
        None => "none".to_owned(),
    };
    match (old, new) {
        (None, new) => format!("{field}: {}", shown(new)),
        (old, new) => format!("{field}: {} → {}", shown(old), shown(new)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_told_in_words() {
        let difference = |old: Option<&str>, new: Option<&str>| Difference {
            field: "max".to_owned(),
            old: old.map(str::to_owned),
            new: new.map(str::to_owned),
        };
        let isolated = |text: &'static str| format::isolated(text);
        assert_eq!(words(&difference(None, Some("9"))), format!("max: {}", isolated("9")));
        let changed = format!("max: {} → {}", isolated("9"), isolated("10"));
        assert_eq!(words(&difference(Some("9"), Some("10"))), changed);
        assert_eq!(words(&difference(Some("9"), None)), format!("max: {} → none", isolated("9")));
    }
}
