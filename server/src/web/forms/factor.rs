//! The caller's own second factor: setting it up, recovery codes, turning it off.

use app::api::Reply;
use axum::{
    extract::State,
    http::request::Parts,
    response::{IntoResponse as _, Redirect, Response},
};
use gateway::GatewayError;
use serde::Deserialize;

use super::{back, confirmed::Confirmed, explain};
use crate::web::{Web, pages};

const PAGE: &str = "/account/second-factor";

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Step {
    Begin,
    Confirm,
    Codes,
    Remove,
}

#[derive(Deserialize)]
pub(in crate::web) struct Change {
    step: Step,
    /// Of the app, with [`Step::Confirm`].
    #[serde(default)]
    code: String,
}

/// `POST /account/second-factor`: secrets are only in the response.
pub(in crate::web) async fn change(
    State(web): State<Web>,
    parts: Parts,
    Confirmed { caller, form }: Confirmed<Change>,
) -> Response {
    let gateway = &web.gateway;
    let is_first_code = matches!(form.step, Step::Confirm);
    let done = match form.step {
        Step::Begin => gateway.begin_second_factor(&caller).await.map(|_| enrolling()),
        Step::Confirm => gateway.confirm_second_factor(&caller, &form.code).await.map(shown),
        Step::Codes => gateway.replace_recovery_codes(&caller).await.map(shown),
        Step::Remove => match gateway.remove_second_factor(&caller).await {
            Ok(()) => return Redirect::to("/account/second-factor?done=factor_removed").into_response(),
            Err(error) => Err(error),
        },
    };
    match done {
        Ok(reply) => pages::answer(&web, Some(caller), parts, reply).await,
        Err(error @ GatewayError::WrongCode) => explain(&web, Some(caller), parts, enrolling(), &error).await,
        Err(error @ GatewayError::Invalid(_)) => {
            let reply = if is_first_code { enrolling() } else { Reply::default() };
            explain(&web, Some(caller), parts, reply, &error).await
        }
        Err(error) => back(PAGE, '?', &error),
    }
}

/// The page shows what was begun.
fn enrolling() -> Reply {
    Reply { subject: "enrolment".to_owned(), ..Reply::default() }
}

/// The page shows the recovery codes, this once.
fn shown(codes: Vec<String>) -> Reply {
    Reply { issued: Some(codes.join("\n")), ..Reply::default() }
}
