//! The error format of the API.

use std::{borrow::Cow, time::Duration};

use axum::{
    Json,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use gateway::GatewayError;
use protocol::{ErrorCode, Remedy};
use serde::Serialize;
use utoipa::ToSchema;

use super::fields::DesiredValue;
use crate::web::{
    outage::Outage,
    rates::{MAX_DOWNLOADS, MAX_FOLLOWED, retry_after},
};

/// The base path of the API.
pub(in crate::web::api) const BASE: &str = "/api/v1";

/// When to retry what the server can't do right now.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// An error response.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    retry_after: Option<Duration>,
    body: Box<ErrorBody>,
}

/// An error.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Error)]
pub(super) struct ErrorBody {
    /// A stable code.
    #[schema(value_type = String, example = "not_found")]
    code: &'static str,
    /// A message for people, which says what to do.
    #[schema(value_type = String)]
    message: Cow<'static, str>,
    /// With `precondition_failed`: the current desired value; `null` if nobody has set it, or it was let go.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<DesiredValue>)]
    current: Option<Option<DesiredValue>>,
    /// With `conflict`: the variables that someone else has set since.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    conflicts: Vec<Conflict>,
}

/// A variable that someone else has set since.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Conflict {
    /// The variable's name.
    pub(super) name: String,
    /// The current desired value; `null` if nobody has set it, or it was let go.
    #[schema(required)]
    pub(super) current: Option<DesiredValue>,
}

pub(super) type ApiResult<T> = Result<T, Problem>;

impl Problem {
    fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        let body = ErrorBody { code, message: message.into(), current: None, conflicts: Vec::new() };
        Self { status, retry_after: None, body: Box::new(body) }
    }

    pub(super) fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid", message)
    }

    pub(super) fn unauthenticated(message: &'static str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", message)
    }

    pub(super) fn not_found() -> Self {
        GatewayError::NotFound.into()
    }

    pub(super) fn too_large() -> Self {
        Self::of_status(StatusCode::PAYLOAD_TOO_LARGE)
    }

    pub(super) fn unsupported_media_type() -> Self {
        Self::of_status(StatusCode::UNSUPPORTED_MEDIA_TYPE)
    }

    pub(super) fn idempotency_mismatch() -> Self {
        let text = "this Idempotency-Key was used for a different change; use a new key for each change";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_mismatch", text)
    }

    pub(super) fn rate(retry_after: Duration, message: &'static str) -> Self {
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "rate", message);
        Self { retry_after: Some(retry_after), ..problem }
    }

    pub(super) fn crowded() -> Self {
        let text = format!("you have {MAX_FOLLOWED} live pages and log streams open; close some");
        Self::new(StatusCode::TOO_MANY_REQUESTS, "crowded", text)
    }

    pub(super) fn many_downloads() -> Self {
        let text =
            format!("you have {MAX_DOWNLOADS} downloads in progress; cancel some, or wait until they finish");
        Self::new(StatusCode::TOO_MANY_REQUESTS, "crowded", text)
    }

    pub(super) fn precondition_failed(current: Option<DesiredValue>) -> Self {
        let text = "conflict: somebody else has set it; read it again, then decide";
        let mut problem = Self::new(StatusCode::PRECONDITION_FAILED, "precondition_failed", text);
        problem.body.current = Some(current);
        problem
    }

    pub(super) fn conflict(conflicts: Vec<Conflict>) -> Self {
        let text = "conflict: somebody else has set some of them; nothing was changed, read them again";
        let mut problem = Self::new(StatusCode::CONFLICT, "conflict", text);
        problem.body.conflicts = conflicts;
        problem
    }

    fn overloaded(overload: Overload) -> Self {
        match overload {
            Overload::Memory => {
                let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", overload.sentence());
                Self { retry_after: Some(RETRY_AFTER), ..problem }
            }
            Overload::Requests => Self::rate(RETRY_AFTER, overload.sentence()),
        }
    }

    /// For requests that are refused before they reach a handler.
    fn of_status(status: StatusCode) -> Self {
        let (code, message) = match status {
            StatusCode::FORBIDDEN => ("forbidden", "cross-origin requests are not allowed"),
            StatusCode::NOT_FOUND => return Self::not_found(),
            StatusCode::METHOD_NOT_ALLOWED => (
                "method_not_allowed",
                "this endpoint does not support this method; the Allow header lists those it does",
            ),
            StatusCode::REQUEST_TIMEOUT => ("timeout", "the body did not arrive in time; send it again"),
            StatusCode::PAYLOAD_TOO_LARGE => ("too_large", "the body must be at most 65,536 bytes"),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                ("unsupported_media_type", "the body must be JSON; send Content-Type: application/json")
            }
            StatusCode::MISDIRECTED_REQUEST => (
                "misdirected",
                "this server does not answer to this host name; use its own, or set --public-url",
            ),
            StatusCode::TOO_MANY_REQUESTS => return Self::overloaded(Overload::Requests),
            StatusCode::SERVICE_UNAVAILABLE => return Self::overloaded(Overload::Memory),
            status if status.is_client_error() => ("invalid", "the request is invalid; see /docs/api"),
            _ => ("internal", "internal server error; the server's log says more"),
        };
        Self::new(status, code, message)
    }
}

/// Why a request is refused outside the router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Overload {
    /// There is no memory for the response.
    Memory,
    /// Too many requests of the client's address are in progress.
    Requests,
}

impl Overload {
    fn sentence(self) -> &'static str {
        match self {
            Self::Memory => {
                "the server's memory for responses that are not read yet is used up; try again in a moment"
            }
            Self::Requests => "too many requests in progress from this address; try again later",
        }
    }

    /// The response: an error of the API for its paths, a line of text for others.
    pub(in crate::web) fn answer(self, path: &str) -> Response {
        let problem = Problem::overloaded(self);
        if path.starts_with("/api/") {
            return problem.into_response();
        }
        let wait = [(header::RETRY_AFTER, retry_after(RETRY_AFTER))];
        (problem.status, wait, format!("{}\n", self.sentence())).into_response()
    }
}

static OUTAGE: Outage = Outage::new();

impl From<GatewayError> for Problem {
    fn from(error: GatewayError) -> Self {
        let status = match &error {
            GatewayError::NotFound => StatusCode::NOT_FOUND,
            GatewayError::Forbidden
            | GatewayError::ConfirmationNeeded
            | GatewayError::SecondFactorNeeded
            | GatewayError::CodeNeeded
            | GatewayError::WrongCode
            | GatewayError::SignInExpired
            | GatewayError::WrongPassword => StatusCode::FORBIDDEN,
            GatewayError::EmailExists | GatewayError::Conflict { .. } | GatewayError::InUse(_) => {
                StatusCode::CONFLICT
            }
            GatewayError::Refused(refused) => status_of(refused.code),
            GatewayError::Invalid(_) | GatewayError::SetupLinkSpent | GatewayError::LinkSpent => {
                StatusCode::BAD_REQUEST
            }
            GatewayError::Unavailable(cause) => {
                OUTAGE.log(cause, "an API request could not be served");
                StatusCode::SERVICE_UNAVAILABLE
            }
            GatewayError::Busy | GatewayError::Closed | GatewayError::Undecided => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        };
        let problem = Self::new(status, error.code(), error.to_string());
        let retry_after = (status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER);
        Self { retry_after, ..problem }
    }
}

fn status_of(code: ErrorCode) -> StatusCode {
    match code.remedy() {
        Remedy::Fix | Remedy::Never => StatusCode::BAD_REQUEST,
        Remedy::Retry => StatusCode::SERVICE_UNAVAILABLE,
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { status, retry_after: wait, body } = self;
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(wait) = wait {
            headers.insert(header::RETRY_AFTER, retry_after(wait));
        }
        response
    }
}

/// Gives errors from before the handlers (wrong method, body too long, cross-origin request) the API's format.
pub(in crate::web) async fn answer_in_json(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_ours = path.strip_prefix(BASE).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let response = next.run(request).await;
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let is_json = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|content_type| content_type.as_bytes().starts_with(b"application/json"));
    if !is_ours || !is_error || is_json {
        return response;
    }
    let mut said = Problem::of_status(status).into_response();
    if let Some(allowed) = response.headers().get(header::ALLOW) {
        said.headers_mut().insert(header::ALLOW, allowed.clone());
    }
    said
}
