//! Forms for actions that outlast a session or can't be undone, which may include the password again. The gateway decides
//! whether it is needed.

use axum::{
    Form,
    body::{Body, to_bytes},
    extract::{FromRequest, FromRequestParts as _, Request},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use gateway::{Caller, GatewayError};
use serde::{Deserialize, de::DeserializeOwned};

use super::note;
use crate::web::{Web, auth::SignedIn, body::MAX_BODY_BYTES};

/// The caller and the form. If it includes a password, that was correct, and confirms the session from now on.
pub(in crate::web) struct Confirmed<T> {
    pub(in crate::web) caller: Caller,
    pub(in crate::web) form: T,
}

#[derive(Deserialize)]
struct Again {
    #[serde(default)]
    password_again: String,
}

impl<T: DeserializeOwned + Send> FromRequest<Web> for Confirmed<T> {
    type Rejection = Response;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let SignedIn(caller) = SignedIn::from_request_parts(&mut parts, web).await?;
        let unread = |_| StatusCode::BAD_REQUEST.into_response();
        let bytes = to_bytes(body, MAX_BODY_BYTES).await.map_err(unread)?;
        let again = || Request::from_parts(parts.clone(), Body::from(bytes.clone()));
        let Form(Again { password_again }) =
            Form::from_request(again(), web).await.map_err(|wrong| wrong.into_response())?;
        let Form(form) = Form::from_request(again(), web).await.map_err(|wrong| wrong.into_response())?;
        if !password_again.is_empty()
            && let Err(code) = confirm(web, &caller, &password_again).await
        {
            let page = page_of(parts.uri.path());
            return Err(Redirect::to(&format!("{page}?error={code}")).into_response());
        }
        Ok(Self { caller, form })
    }
}

/// # Errors
/// The code of the message that the page shows.
async fn confirm(web: &Web, caller: &Caller, password: &str) -> Result<(), &'static str> {
    // limited like signing in, because someone may have found an open browser
    let attempt = web.rates.own_password(caller).map_err(|_| "rate")?;
    match web.gateway.confirm(caller, password).await {
        Ok(()) => {
            attempt.was_right();
            Ok(())
        }
        Err(GatewayError::WrongPassword) => Err("wrong_confirmation"),
        Err(error) => {
            attempt.was_right();
            note(&error);
            Err(error.code())
        }
    }
}

/// The page of a form's path: without its last segment, if the page has several forms.
fn page_of(path: &str) -> &str {
    match path.rsplit_once('/') {
        _ if path == "/accounts/second-factor/remove" => "/accounts",
        Some((page, "delete" | "remove" | "revoke")) => page,
        Some((page, "second-factor")) if page.ends_with("/settings") => page,
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_leads_back_to_its_page() {
        for (form, page) in [
            ("/account/tokens", "/account/tokens"),
            ("/account/second-factor", "/account/second-factor"),
            ("/accounts", "/accounts"),
            ("/accounts/second-factor/remove", "/accounts"),
            ("/p/3/settings/second-factor", "/p/3/settings"),
            ("/accounts/delete", "/accounts"),
            ("/p/3/settings/delete", "/p/3/settings"),
            ("/p/3/settings/members/remove", "/p/3/settings/members"),
            ("/p/3/settings/keys/revoke", "/p/3/settings/keys"),
        ] {
            assert_eq!(page_of(form), page);
        }
    }
}
