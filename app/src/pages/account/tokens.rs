//! API tokens: secrets with which scripts act on a person's behalf.

use leptos::prelude::*;
use protocol::model::{ApiToken, ProjectId, TokenScope, UnixMicros};

use super::{Frame, TOKENS};
use crate::api::{self, TokensPage};
use crate::components::{Confirm, Issued, PasswordAgain};
use crate::format;
use crate::pages::loaded;

/// How long a token can be valid, as the form offers it.
const LIVES_DAYS: [u32; 4] = [7, 30, 90, 365];
const USUAL_LIFE_DAYS: u32 = 90;

/// `/account/tokens`.
#[component]
pub fn Tokens() -> impl IntoView {
    loaded("API tokens", || (), |()| api::list_tokens(), |page| view! { <Content page /> }.into_any())
}

#[component]
fn Content(page: TokensPage) -> impl IntoView {
    let TokensPage { user, tokens, projects, asks_password, now, reply } = page;
    let email = user.email.clone();
    let issued = reply.issued.clone().map(|secret| {
        let hint = format!("This is the token “{}”. Copy it now: it is never shown again.", reply.subject);
        view! { <Issued label="New token" hint secret /> }
    });
    let names = projects.clone();
    let rows = tokens.into_iter().map(move |token| {
        let project = token.project.map(|id| {
            let known = names.iter().find(|(known, _)| *known == id);
            known.map_or_else(|| format!("project {id}"), |(_, name)| name.clone())
        });
        view! { <Row token project now /> }
    });
    let rows = rows.collect::<Vec<_>>();
    let list = if rows.is_empty() {
        view! { <p class="meta">"You have no API tokens."</p> }.into_any()
    } else {
        view! { <ul class="rows">{rows}</ul> }.into_any()
    };
    view! {
        <Frame user current=TOKENS reply>
            {issued}
            <p>"A script that sends a token acts on your behalf. It can do what the token's scope allows, and never more than you can."</p>
            {list}
            <NewToken projects asks_password email />
        </Frame>
    }
    .into_any()
}

#[component]
fn Row(token: ApiToken, project: Option<String>, now: UnixMicros) -> impl IntoView {
    let ApiToken { id, name, shown, scope, created_at, expires_at, last_used_at, .. } = token;
    let good = now < expires_at;
    let end = if good { "expires" } else { "expired" };
    let used = last_used_at.map_or("never used".to_owned(), |at| format!("used {}", format::ago(at, now)));
    let about = format!(
        "{} · created on {} · {end} on {} · {used}",
        project.unwrap_or_else(|| "all projects".to_owned()),
        format::day(created_at),
        format::day(expires_at)
    );
    view! {
        <li class="row">
            <span class="row-main">
                <strong dir="auto">{name.clone()}</strong>
                <span class="value">{shown}</span>
                <span class="meta">{about}</span>
            </span>
            <span class="pill">
                {if good { scope.as_str() } else { "expired" }}
            </span>
            <Confirm
                id=format!("delete-{id}")
                label="Delete…"
                subject=name.clone()
                question=format!("Scripts that use “{}” are refused at once.", format::isolated(&name))
                action="/account/tokens/delete"
                fields=vec![("token", id.to_string())]
                button="Delete the token"
            />
        </li>
    }
    .into_any()
}

fn about_scope(scope: TokenScope) -> &'static str {
    match scope {
        TokenScope::Read => "read: values, devices, log, history, members",
        TokenScope::Write => "write: also set values, run actions, see game keys",
        TokenScope::Admin => "admin: also projects, keys, members",
    }
}

#[component]
fn NewToken(projects: Vec<(ProjectId, String)>, asks_password: bool, email: Option<String>) -> impl IntoView {
    let scopes = TokenScope::ALL
        .iter()
        .map(|scope| view! { <option value=scope.as_str()>{about_scope(*scope)}</option> })
        .collect_view();
    let lives = LIVES_DAYS.map(|days| {
        view! {
            <option value=days.to_string() selected=days == USUAL_LIFE_DAYS>
                {format!("{days} days")}
            </option>
        }
    });
    let projects = projects
        .into_iter()
        .map(|(id, name)| view! { <option value=id.to_string() dir="auto">{name}</option> })
        .collect_view();
    view! {
        <section class="section" aria-labelledby="new-token">
            <h2 id="new-token">"New token"</h2>
            <form class="form form--short" method="post" action="/account/tokens">
                <label class="form-field">
                    <span>"Purpose"</span>
                    <input type="text" name="name" maxlength="80" required autocomplete="off" />
                </label>
                <label class="form-field">
                    <span>"Scope"</span>
                    <select name="scope">{scopes}</select>
                </label>
                <label class="form-field">
                    <span>"Project"</span>
                    <select name="project">
                        <option value="">"All my projects"</option>
                        {projects}
                    </select>
                </label>
                <label class="form-field">
                    <span>"Expires after"</span>
                    <select name="days">{lives}</select>
                </label>
                <PasswordAgain asked=asks_password email />
                <div>
                    <button class="button button--primary" type="submit">
                        "Create token"
                    </button>
                </div>
            </form>
        </section>
    }
    .into_any()
}
