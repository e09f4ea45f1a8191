//! The person's own second factor.

use leptos::prelude::*;
use protocol::model::UnixMicros;

use super::{FACTOR, Frame};
use crate::api::{self, FactorPage};
use crate::components::{Confirm, Copy, PasswordAgain, forget_form};
use crate::format;
use crate::pages::loaded;

const FORM: &str = "/account/second-factor";

/// `/account/second-factor`.
#[component]
pub fn SecondFactor() -> impl IntoView {
    loaded(
        "Second factor",
        || (),
        |()| api::get_second_factor(),
        |page| view! { <Content page /> }.into_any(),
    )
}

#[component]
fn Content(page: FactorPage) -> impl IntoView {
    let FactorPage { user, state, enrolment, asks_password, reply } = page;
    let email = user.email.clone();
    let codes = reply.issued.clone().map(|codes| view! { <RecoveryCodes codes /> });
    let content = match (state, enrolment) {
        (Some((since, left)), _) => view! { <On since left asks_password email /> }.into_any(),
        (None, Some((secret, size, picture))) => view! { <Enrol secret size picture /> }.into_any(),
        (None, None) => view! { <Off asks_password email /> }.into_any(),
    };
    view! {
        <Frame user current=FACTOR reply>
            {codes}
            {content}
        </Frame>
    }
    .into_any()
}

#[component]
fn Off(asks_password: bool, email: Option<String>) -> impl IntoView {
    view! {
        <p>
            "With a second factor, you sign in with your password and a code from an app on your phone, so a stolen password \
             is not enough. Any authenticator app (TOTP) works."
        </p>
        <form class="form form--short" method="post" action=FORM>
            <input type="hidden" name="step" value="begin" />
            <PasswordAgain asked=asks_password email />
            <div>
                <button class="button button--primary" type="submit">
                    "Set it up"
                </button>
            </div>
        </form>
    }
    .into_any()
}

#[component]
fn Enrol(secret: String, size: u32, picture: String) -> impl IntoView {
    forget_form();
    // scanners need a light margin around it
    let frame = format!("-4 -4 {0} {0}", size + 8);
    let groups = secret.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ");
    view! {
        <p>"Scan this with the app, or type the secret into it. Then enter the code that it shows."</p>
        <div class="enrolment">
            <svg class="qr" viewBox=frame role="img" aria-label="The secret as a QR code" shape-rendering="crispEdges">
                <path d=picture />
            </svg>
            <div class="enrolment-secret">
                <code class="value">{groups}</code>
                <Copy text=Signal::stored(secret) what="the secret" />
            </div>
        </div>
        <form class="form form--short" method="post" action=FORM>
            <input type="hidden" name="step" value="confirm" />
            <label class="form-field">
                <span>"Code"</span>
                <input
                    type="text"
                    name="code"
                    inputmode="numeric"
                    autocomplete="one-time-code"
                    maxlength="12"
                    required
                    aria-describedby="code-hint"
                />
            </label>
            <p class="meta" id="code-hint">
                "Your other browsers are signed out. Recovery codes come next: have a safe place ready for them."
            </p>
            <div>
                <button class="button button--primary" type="submit">
                    "Turn it on"
                </button>
            </div>
        </form>
    }
    .into_any()
}

/// Shown only once.
#[component]
fn RecoveryCodes(codes: String) -> impl IntoView {
    forget_form();
    let rows = codes.lines().map(|code| view! { <li class="value">{code.to_owned()}</li> }).collect_view();
    view! {
        <section class="issued" aria-labelledby="recovery-codes">
            <h2 id="recovery-codes">"Your recovery codes"</h2>
            <ul class="recovery-codes">{rows}</ul>
            <div>
                <Copy text=Signal::stored(codes) what="the codes" />
            </div>
            <p class="meta">
                "Each one signs you in once when you don't have the app. Keep them somewhere other than your phone: they are never shown again."
            </p>
        </section>
    }
    .into_any()
}

#[component]
fn On(since: UnixMicros, left: u32, asks_password: bool, email: Option<String>) -> impl IntoView {
    let state =
        format!("On since {} · {} left", format::day(since), format::count(left as usize, "recovery code"));
    // each dialog is a closure of its own
    let of_codes = email.clone();
    view! {
        <p>{state}</p>
        <div class="row-buttons">
            <Confirm
                id="codes"
                label="New recovery codes…"
                subject=""
                question="Ten new codes replace the ones that are left, which stop working."
                action=FORM
                fields=vec![("step", "codes".to_owned())]
                button="Create new codes"
                harmless=true
            >
                <PasswordAgain asked=asks_password email=of_codes />
            </Confirm>
            <Confirm
                id="remove"
                label="Turn it off…"
                subject=""
                question="Your password alone then signs you in. You lose access to projects that require a second factor, and your other browsers are signed out."
                action=FORM
                fields=vec![("step", "remove".to_owned())]
                button="Turn it off"
            >
                <PasswordAgain asked=asks_password email />
            </Confirm>
        </div>
    }
    .into_any()
}
