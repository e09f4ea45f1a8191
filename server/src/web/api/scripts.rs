//! The HTTP API of the first observerio, and the endpoints for an operator's probes.

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use gateway::GatewayError;
use protocol::model::Key;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::super::{Web, auth::Visitor, outage::Outage, readiness::Readiness};
use crate::config::Registration;

/// A response with a status and `{"error": …}`.
pub(in crate::web) struct ApiError(StatusCode, String);

static OUTAGE: Outage = Outage::new();

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

impl From<GatewayError> for ApiError {
    fn from(error: GatewayError) -> Self {
        let status = match &error {
            GatewayError::Unavailable(cause) => {
                OUTAGE.log(cause, "an API request could not be served");
                StatusCode::SERVICE_UNAVAILABLE
            }
            GatewayError::Busy | GatewayError::Undecided | GatewayError::Closed => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            GatewayError::Conflict { .. } => StatusCode::CONFLICT,
            _ => StatusCode::BAD_REQUEST,
        };
        Self(status, error.to_string())
    }
}

type Answer = Result<Json<Value>, ApiError>;

/// `GET /alive`.
pub(in crate::web) async fn alive() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// `GET /readyz`: whether data can be stored now.
pub(in crate::web) async fn ready(State(web): State<Web>) -> Response {
    let (reason, error) = match web.probe.readiness().await {
        _ if web.gateway.vitals().death().is_some() => {
            ("died", "a part of the server has failed, so it is stopping; the log says which")
        }
        _ if web.stop.is_cancelled() => ("draining", "the server is going down"),
        // the probe's own small write may succeed where games' data does not
        Readiness::Ready if !web.gateway.is_storing() => {
            ("database_failed", "data can't be stored right now; the log says why")
        }
        Readiness::Ready => return Json(json!({ "status": "ok" })).into_response(),
        Readiness::Silent => ("database_silent", "the database does not answer"),
        Readiness::Full => ("disk_full", "the disk is full; free some space, or delete a project"),
        Readiness::Failed => ("database_failed", "the database can't store data; the log says why"),
    };
    let body = json!({ "status": "unavailable", "reason": reason, "error": error });
    (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
}

/// `GET /users/tokens`: a new key, which belongs to no project until it is registered.
pub(in crate::web) async fn generate_key(State(web): State<Web>) -> Json<Value> {
    Json(json!({ "token": web.gateway.generate_key() }))
}

#[derive(Deserialize)]
struct RegisterKey {
    token: String,
}

/// `POST /users/tokens`: creates a project with that key.
pub(in crate::web) async fn register_key(
    State(web): State<Web>,
    Visitor(origin): Visitor,
    body: Bytes,
) -> Answer {
    web.check_registration()?;
    let RegisterKey { token } = parse(&body, r#"{"token": "<12 bytes>"}"#)?;
    let key = Key::parse(token.as_bytes()).map_err(|error| ApiError(StatusCode::BAD_REQUEST, error.text))?;
    let project = web.gateway.register_key(key, &origin).await?;
    Ok(Json(json!({ "token": project.key })))
}

#[derive(Deserialize)]
struct RegisterUser {
    email: String,
    password: String,
}

/// `POST /users`: creates an account with a first project, and returns its key.
pub(in crate::web) async fn register_user(
    State(web): State<Web>,
    Visitor(origin): Visitor,
    body: Bytes,
) -> Answer {
    web.check_registration()?;
    let RegisterUser { email, password } = parse(&body, r#"{"email": "…", "password": "…"}"#)?;
    let key = web.gateway.register_user(&email, &password, &origin).await?;
    Ok(Json(json!({ "token": key })))
}

/// Scripts send all kinds of content types, so only the JSON matters.
fn parse<T: DeserializeOwned>(body: &[u8], shape: &str) -> Result<T, ApiError> {
    // the parser's own message could quote a password
    serde_json::from_slice(body)
        .map_err(|_| ApiError(StatusCode::BAD_REQUEST, format!("the body must be JSON such as {shape}")))
}

impl Web {
    fn check_registration(&self) -> Result<(), ApiError> {
        match self.settings.registration {
            Registration::Open => Ok(()),
            Registration::Closed => Err(ApiError(
                StatusCode::FORBIDDEN,
                "registration is closed; ask the operator to start observerio with --registration open"
                    .into(),
            )),
        }
    }
}
