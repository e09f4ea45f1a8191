//! The owner's management of accounts.

use axum::{extract::State, http::request::Parts, response::Response};
use protocol::model::UserId;
use serde::Deserialize;

use super::{back, confirmed::Confirmed, reveal, settle};
use crate::web::{Web, client::Scheme, guard};

const PAGE: &str = "/accounts";

#[derive(Deserialize)]
pub(in crate::web) struct Whose {
    user: UserId,
}

/// `POST /accounts`: the answer shows a link that sets a new password, once.
pub(in crate::web) async fn issue_reset_link(
    State(web): State<Web>,
    scheme: Scheme,
    parts: Parts,
    Confirmed { caller, form }: Confirmed<Whose>,
) -> Response {
    let name = match web.gateway.list_accounts(&caller).await {
        Ok(accounts) => accounts.into_iter().find(|account| account.id == form.user).map(|found| found.name),
        Err(error) => return back(PAGE, '?', &error),
    };
    match web.gateway.issue_reset_link(&caller, form.user).await {
        Ok(token) => {
            let link = format!(
                "{}/reset#token={}",
                web.own_origin(scheme, guard::plain_host(&parts.headers)),
                token.reveal()
            );
            reveal(&web, caller, parts, link, name.unwrap_or_default()).await
        }
        Err(error) => back(PAGE, '?', &error),
    }
}

/// `POST /accounts/delete`.
pub(in crate::web) async fn delete(
    State(web): State<Web>,
    Confirmed { caller, form }: Confirmed<Whose>,
) -> Response {
    settle(PAGE, web.gateway.delete_account(&caller, form.user).await)
}

/// `POST /accounts/second-factor/remove`.
pub(in crate::web) async fn remove_second_factor(
    State(web): State<Web>,
    Confirmed { caller, form }: Confirmed<Whose>,
) -> Response {
    settle(PAGE, web.gateway.remove_second_factor_of(&caller, form.user).await)
}
