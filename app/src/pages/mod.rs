//! One route a file: load, compose.

mod account;
mod audit;
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
pub use join::Join;
pub use live::Live;
pub use not_found::NotFound;
pub use projects::Projects;
pub use reset::Reset;
pub use set_up::SetUp;
pub use settings::{General, Keys, Members, ProjectAudit, Schema};
pub use sign_in::SignIn;

use crate::api::{self, AppError, Reply};
use crate::components::{Failure, Header, forget_form};

/// A page that begins with what the server knows: fetched there and shown, or the reason why not.
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
                // who may not see this is still signed in
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
    let heading = match error {
        AppError::NotFound => {
            set_status(404);
            "There is no such page"
        }
        AppError::Forbidden => {
            set_status(403);
            "This page is not for you"
        }
        AppError::SecondFactorNeeded => {
            set_status(403);
            "This page asks for a second factor"
        }
        AppError::SignedOut => "You are signed out",
        AppError::Failed(_) => "This page cannot be shown",
    };
    view! {
        <Title text=title />
        <Header user />
        <main id="main" class="page">
            <Failure title=heading text=error.to_string() />
            {(error == AppError::SecondFactorNeeded)
                .then(|| {
                    view! {
                        <p>
                            <a href="/account/second-factor">"Set up a second factor"</a>
                        </p>
                    }
                })}
            {(error == AppError::SignedOut)
                .then(|| {
                    view! {
                        <p>
                            <a href="/sign-in" rel="external">
                                "Sign in"
                            </a>
                        </p>
                    }
                })}
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
        "password" => "Your password is changed, and every other browser is signed out.",
        "renamed" => "The project has its new name.",
        "reset" => "Your new password is set. Sign in with it, and with your second factor.",
        "factor_removed" => "Your account has no second factor any more.",
        "guard" => "That is settled.",
        _ => return None,
    })
}

/// The sentence for a code in `?error=`.
fn sentence(code: &str) -> &'static str {
    match code {
        "wrong_password" => "E-mail and password do not match.",
        "setup_link_spent" => "This set-up link was used already, or a newer one replaced it.",
        "rate" => "Too many tries. Wait a few minutes, then try again.",
        "busy" => "Many people are signing in at the moment. Try again in a few seconds.",
        "email_exists" => "There is an account with this e-mail already.",
        "invalid" => {
            "Something in the form is missing or not allowed. A password has at least 8 characters and is none that \
             is easy to guess."
        }
        "unavailable" => "The server cannot store anything right now. Try again in a moment.",
        "removed" => {
            "You are no longer a member of that project, or it asks for a second factor now and you have none."
        }
        "sign_in_expired" => "That took too long, or too many codes were wrong. Sign in again.",
        "second_factor_needed" => "This is for people with a second factor. Set one up under Your account.",
        "own_factor" => "Set up your own second factor first; without it this would keep you out, too.",
        "forbidden" => "You may not do this. Ask an admin of the project.",
        "confirmation_needed" => {
            "Nothing was done yet: you signed in more than ten minutes ago. Do it again, and give your password with it."
        }
        "wrong_confirmation" => "Nothing was done: that is not your password.",
        "not_found" => "There is no such thing any more; somebody else may have been faster.",
        "link_spent" => "This link was used already, was taken back or has expired. Ask for a new one.",
        "signed_out" => "You were signed out.",
        "wrong_name" => "The name that you typed is not the project's. Nothing was deleted.",
        _ => "That did not work. Try again.",
    }
}
