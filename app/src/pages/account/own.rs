//! One's own password, and where one is signed in.

use leptos::prelude::*;
use protocol::model::{SessionInfo, UnixMicros};

use super::{AccountSection, Frame};
use crate::api::{self, AccountPage};
use crate::components::Confirm;
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
        <Frame user current=AccountSection::Own reply>
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
                        question="Every browser in which you are signed in is signed out at once, this one too. API tokens go on working."
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
            <label class="form-field">
                <span>"E-mail"</span>
                <input type="email" name="email" autocomplete="username" readonly=true value=email />
            </label>
            <label class="form-field">
                <span>"Password now"</span>
                <input type="password" name="current" autocomplete="current-password" required />
            </label>
            <label class="form-field">
                <span>"New password"</span>
                <input
                    type="password"
                    name="new"
                    autocomplete="new-password"
                    minlength="8"
                    required
                    aria-describedby="password-hint"
                />
            </label>
            <p class="meta" id="password-hint">
                "At least 8 characters, and none that is easy to guess. Your other browsers are signed out."
            </p>
            <label class="form-check">
                <input type="checkbox" name="tokens" value="end" checked=true />
                <span>"Also delete my API tokens and the invitations that I made"</span>
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
            "This account has no e-mail and no password: only browsers that are signed in already can open it. \
             Start observerio again for a set-up link, and give both there."
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
