//! The person's own password, and where they are signed in.

use leptos::prelude::*;
use protocol::model::{SessionInfo, UnixMicros};

use super::{Frame, OWN};
use crate::api::{self, AccountPage};
use crate::components::{Confirm, EmailField, NewPasswordField};
use crate::format;
use crate::pages::loaded;

/// `/account`.
#[component]
pub fn OwnAccount() -> impl IntoView {
    loaded("Your account", || (), |()| api::get_account(), |page| view! { <Content page /> }.into_any())
}

#[component]
fn Content(page: AccountPage) -> impl IntoView {
    let AccountPage { user, sessions, now, reply } = page;
    let email = user.email.clone();
    let rows = sessions.into_iter().map(move |session| view! { <Session session now /> });
    view! {
        <Frame user current=OWN reply>
            <section class="section" aria-labelledby="password">
                <h2 id="password">"Password"</h2>
                {match email {
                    Some(email) => view! { <Password email /> }.into_any(),
                    None => view! { <NoPassword /> }.into_any(),
                }}
            </section>
            <section class="section" aria-labelledby="sessions">
                <h2 id="sessions">"Where you are signed in"</h2>
                <ul class="rows">{rows.collect_view()}</ul>
                <div>
                    <Confirm
                        id="sign-out-everywhere"
                        label="Sign out everywhere…"
                        subject=""
                        question="Every browser you are signed in with, this one included, is signed out at once. API tokens keep working."
                        action="/account/sign-out-everywhere"
                        fields=Vec::new()
                        button="Sign out everywhere"
                    />
                </div>
            </section>
        </Frame>
    }
    .into_any()
}

#[component]
fn Password(email: String) -> impl IntoView {
    view! {
        <form class="form form--short" method="post" action="/account">
            <EmailField value=email readonly=true />
            <label class="form-field">
                <span>"Current password"</span>
                <input type="password" name="current" autocomplete="current-password" required />
            </label>
            <NewPasswordField
                name="new"
                hint="At least 8 characters, and hard to guess. Your other browsers are signed out."
            />
            <label class="form-check">
                <input type="checkbox" name="tokens" value="end" checked=true />
                <span>"Also delete my API tokens and the invitations I created"</span>
            </label>
            <div>
                <button class="button button--primary" type="submit">
                    "Change password"
                </button>
            </div>
        </form>
    }
    .into_any()
}

#[component]
fn NoPassword() -> impl IntoView {
    view! {
        <p>
            "This account has no e-mail or password: only browsers that are already signed in can use it. \
             Restart observerio for a set-up link, and enter both there."
        </p>
    }
}

#[component]
fn Session(session: SessionInfo, now: UnixMicros) -> impl IntoView {
    let SessionInfo { id, created_at, last_used_at, expires_at, address, agent, is_current } = session;
    let browser = format::browser(&agent);
    let from = if address.is_empty() { String::new() } else { format!("from {address} · ") };
    let times = format!(
        "{from}since {}, until {} · used {}",
        format::day(created_at),
        format::day(expires_at),
        format::ago(last_used_at, now)
    );
    view! {
        <li class="row">
            <span class="row-main" title=agent>
                <strong>{browser.clone()}</strong>
                {is_current.then(|| view! { <span class="pill">"this browser"</span> })}
                <span class="meta">{times}</span>
            </span>
            {(!is_current)
                .then(|| {
                    view! {
                        <form method="post" action="/account/sessions/end">
                            <input type="hidden" name="session" value=id.to_string() />
                            <button class="button" type="submit">
                                "Sign out"
                                <span class="sr-only">{format!(" {browser}")}</span>
                            </button>
                        </form>
                    }
                })}
        </li>
    }
    .into_any()
}
