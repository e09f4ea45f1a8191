//! One route a file: load, compose.

mod account;
mod audit;
mod errors;
mod frame;
mod join;
mod live;
mod not_found;
mod projects;
mod reset;
mod set_up;
mod settings;
mod sign_in;

use std::future::Future;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use protocol::model::{ProjectId, User};

pub use account::{Accounts, OwnAccount, SecondFactor, Tokens};
pub use audit::InstanceAudit;
pub use errors::Errors;
pub use join::Join;
pub use live::{Live, Logs};
pub use not_found::NotFound;
pub use projects::Projects;
pub use reset::Reset;
pub use set_up::SetUp;
pub use settings::{General, Keys, Members, ProjectAudit, Retention, Schema};
pub use sign_in::SignIn;

use crate::api::{self, AppError, Reply};
use crate::components::{Failure, Header, forget_form};

/// A page whose data comes from the server: it is shown, or the reason why it can't be.
fn loaded<S, T, F>(
    title: &'static str,
    source: impl Fn() -> S + Send + Sync + 'static,
    fetch: impl Fn(S) -> F + Clone + Send + Sync + 'static,
    show: impl Fn(T) -> AnyView + Clone + Send + Sync + 'static,
) -> AnyView
where
    S: Clone + PartialEq + Send + Sync + 'static,
    T: Clone + Send + Sync + serde::Serialize + serde::de::DeserializeOwned + 'static,
    F: Future<Output = Result<T, AppError>> + Send + 'static,
{
    let fetch = move |source: S| {
        let fetched = fetch(source);
        async move {
            match fetched.await {
                Ok(page) => Ok(page),
                // a person without access is still signed in
                Err(error) => Err((api::get_session().await.ok().flatten(), error)),
            }
        }
    };
    let page = api::Page::new_with_options(source, fetch, true);
    view! {
        <Suspense>
            {move || {
                let show = show.clone();
                Suspend::new(async move {
                    match page.await {
                        Ok(page) => show(page),
                        Err((user, error)) => view! { <Failed title user error /> }.into_any(),
                    }
                })
            }}
        </Suspense>
    }
    .into_any()
}

#[component]
fn Failed(title: &'static str, user: Option<User>, error: AppError) -> impl IntoView {
    let (heading, status, link) = match error {
        AppError::NotFound => ("Page not found", Some(404), None),
        AppError::Forbidden => ("You can't open this page", Some(403), None),
        AppError::SecondFactorNeeded => (
            "This page requires a second factor",
            Some(403),
            Some(("/account/second-factor", None, "Set up a second factor")),
        ),
        AppError::SignedOut => ("You are signed out", None, Some(("/sign-in", Some("external"), "Sign in"))),
        AppError::Failed(_) => ("This page can't be shown", None, None),
    };
    if let Some(status) = status {
        set_status(status);
    }
    let link = link.map(|(href, rel, text)| {
        view! {
            <p>
                <a href=href rel=rel>
                    {text}
                </a>
            </p>
        }
    });
    view! {
        <Title text=title />
        <Header user />
        <main id="main" class="page">
            <Failure title=heading text=error.to_string() />
            {link}
        </main>
    }
    .into_any()
}

/// Sets the status of the answer. Does nothing in the browser.
fn set_status(status: u16) {
    #[cfg(feature = "ssr")]
    if let (Some(response), Ok(status)) =
        (use_context::<leptos_axum::ResponseOptions>(), axum::http::StatusCode::from_u16(status))
    {
        response.set_status(status);
    }
    #[cfg(not(feature = "ssr"))]
    let _ = status;
}

/// The project in the address.
fn project_in_address() -> impl Fn() -> Option<ProjectId> + Clone + Send + Sync + 'static {
    let params = use_params_map();
    move || params.with(|params| params.get("id").and_then(|id| id.parse().ok()))
}

/// What went wrong with the form that led here, by the code in the address or in the server's own words.
#[component]
fn Problem(#[prop(optional)] reply: Option<Reply>) -> impl IntoView {
    let told = reply.and_then(|reply| reply.problem);
    if told.is_some() {
        forget_form();
    }
    let query = use_query_map();
    let problem = told.or_else(|| Some(sentence(&query.read_untracked().get("error")?).to_owned()));
    let done = query.read_untracked().get("done").as_deref().and_then(done);
    match (problem, done) {
        (Some(text), _) => view! {
            <p class="notice notice--error" role="alert">
                {text}
            </p>
        }
        .into_any(),
        (None, Some(text)) => view! {
            <p class="notice" role="status">
                {text}
            </p>
        }
        .into_any(),
        (None, None) => ().into_any(),
    }
}

/// The sentence for a code in `?done=`.
fn done(code: &str) -> Option<&'static str> {
    Some(match code {
        "password" => "Password changed. Every other browser is signed out.",
        "renamed" => "Project renamed.",
        "reset" => "Your new password is set. Sign in with it and your second factor.",
        "factor_removed" => "Your account no longer has a second factor.",
        "guard" => "Saved.",
        "retention" => "Policy saved. It takes effect within ten minutes.",
        _ => return None,
    })
}

/// The sentence for a code in `?error=`.
fn sentence(code: &str) -> &'static str {
    match code {
        "wrong_password" => "E-mail and password do not match.",
        "setup_link_spent" => "This set-up link has already been used, or a newer one has replaced it.",
        "rate" => "Too many tries. Wait a few minutes, then try again.",
        "busy" => "Many people are signing in right now. Try again in a few seconds.",
        "email_exists" => "An account with this e-mail already exists.",
        "invalid" => {
            "Something in the form is missing or not allowed. Passwords need at least 8 characters and must be hard to \
             guess."
        }
        "unavailable" => "The server can't store anything right now. Try again in a moment.",
        "removed" => {
            "You are no longer a member of that project, or it now requires a second factor and you have none."
        }
        "sign_in_expired" => "That took too long, or too many codes were wrong. Sign in again.",
        "second_factor_needed" => "This requires a second factor. Set one up under Your account.",
        "own_factor" => "Set up your own second factor first, or this would lock you out too.",
        "forbidden" => "You don't have permission to do this. Ask an admin of the project.",
        "confirmation_needed" => {
            "Nothing was changed: you signed in more than ten minutes ago. Try again, and confirm your password."
        }
        "wrong_confirmation" => "Nothing was changed: that is not your password.",
        "not_found" => "This no longer exists. Somebody else may have just removed it.",
        "link_spent" => "This link has already been used, was revoked or has expired. Ask for a new one.",
        "signed_out" => "You were signed out.",
        "bad_pin" => {
            "Give the pin a name, and the numbers of its first and last line, which must exist. A project has at most 100 pins."
        }
        "wrong_name" => "That is not the project's name. Nothing was deleted.",
        _ => "That did not work. Try again.",
    }
}
