//! Extractors for requests. No message repeats what was sent: it could be a secret.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::IntoResponse as _,
};
use protocol::model::{DeviceId, Handle, KeyId, ProjectId, UserId, VarName};
use serde::{Deserialize, de::DeserializeOwned};
use utoipa::IntoParams;

use super::error::{ApiResult, Problem};
use crate::web::{Web, guard};

/// Path parameters. If they are invalid, nothing has that path: 404.
pub(super) struct At<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Web> for At<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> ApiResult<Self> {
        match Path::from_request_parts(parts, web).await {
            Ok(Path(said)) => Ok(Self(said)),
            Err(_) => Err(Problem::not_found()),
        }
    }
}

/// Query parameters.
pub(super) struct Params<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<Web> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> ApiResult<Self> {
        match Query::try_from_uri(&parts.uri) {
            Ok(Query(said)) => Ok(Self(said)),
            Err(_) => Err(Problem::invalid("a parameter is invalid; see /docs/api")),
        }
    }
}

/// A JSON body: an object with known fields only, so that a typo in a field that protects something does not go unnoticed.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Web> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, web: &Web) -> ApiResult<Self> {
        let (is_json, bytes) = read(request, web).await?;
        if !is_json {
            return Err(Problem::unsupported_media_type());
        }
        parse(&bytes).map(Self)
    }
}

/// An optional body.
pub(super) struct BodyIfAny<T>(pub(super) T);

impl<T: DeserializeOwned + Default> FromRequest<Web> for BodyIfAny<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, web: &Web) -> ApiResult<Self> {
        let (is_json, bytes) = read(request, web).await?;
        match (bytes.is_empty(), is_json) {
            (true, _) => Ok(Self(T::default())),
            (false, true) => parse(&bytes).map(Self),
            (false, false) => Err(Problem::unsupported_media_type()),
        }
    }
}

async fn read(request: Request, web: &Web) -> ApiResult<(bool, Bytes)> {
    let is_json = is_json(request.headers());
    match Bytes::from_request(request, web).await {
        Ok(bytes) => Ok((is_json, bytes)),
        Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(Problem::too_large()),
        Err(rejection) => {
            tracing::debug!(status = %rejection.into_response().status(), "a request body was incomplete");
            Err(Problem::invalid("the body was incomplete; send it again"))
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let said = guard::text(headers, &header::CONTENT_TYPE).unwrap_or_default();
    let media_type = said.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/json")
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> ApiResult<T> {
    let json: serde_json::Value = serde_json::from_slice(bytes).map_err(|fault| {
        let (line, column) = (fault.line(), fault.column());
        Problem::invalid(format!("the body is not valid JSON at line {line}, column {column}"))
    })?;
    if !json.is_object() {
        return Err(Problem::invalid("the body must be a JSON object; see /docs/api"));
    }
    // from the text, because large numbers lose digits in a tree
    serde_json::from_slice(bytes).map_err(|fault| {
        let text = fault.to_string();
        let words = text.rsplit_once(" at line ").map_or(text.as_str(), |(words, _place)| words);
        Problem::invalid(explain(words))
    })
}

/// Explains serde's error without its Rust terms.
fn explain(fault: &str) -> String {
    if fault.starts_with("missing field") {
        return format!("the body is incomplete: {fault}");
    }
    if let Some((_, known)) =
        fault.strip_prefix("unknown field").and_then(|rest| rest.split_once(", expected "))
    {
        return format!("the body has an unknown field, expected {known}");
    }
    if fault.starts_with("duplicate field") {
        return "the body has a duplicate field".to_owned();
    }
    "a field of the body has the wrong type; see /docs/api".to_owned()
}

/// An integer in the sense of JSON Schema: 7.0 is one, too, and some programs write nothing else.
pub(super) fn whole<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: TryFrom<i64>,
{
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let number = serde_json::Number::deserialize(from)?;
    let float = || number.as_f64().filter(|f| f.fract() == 0.0 && f.abs() <= EXACT).map(|f| f as i64);
    let whole = number.as_i64().or_else(float).and_then(|number| T::try_from(number).ok());
    whole.ok_or_else(|| serde::de::Error::custom("no whole number of this size"))
}

/// A project's path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct InProject {
    /// The project's number.
    #[param(value_type = i64, example = 1)]
    #[serde(deserialize_with = "number")]
    pub(super) project: ProjectId,
}

/// A variable's path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct InVariable {
    /// The project's number.
    #[param(value_type = i64, example = 1)]
    #[serde(deserialize_with = "number")]
    pub(super) project: ProjectId,
    /// The variable's name, percent-encoded.
    #[param(value_type = String, example = "speed")]
    pub(super) name: VarName,
}

/// The path of a waiting declaration: a device's, of a variable.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct InDeclaration {
    /// The project's number.
    #[param(value_type = i64, example = 1)]
    #[serde(deserialize_with = "number")]
    pub(super) project: ProjectId,
    /// The device's number.
    #[param(value_type = i64, example = 4)]
    #[serde(deserialize_with = "number")]
    pub(super) device: DeviceId,
    /// The variable's name, percent-encoded.
    #[param(value_type = String, example = "speed")]
    pub(super) name: VarName,
}

/// A device's path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct InDevice {
    /// The project's number.
    #[param(value_type = i64, example = 1)]
    #[serde(deserialize_with = "number")]
    pub(super) project: ProjectId,
    /// The device's number.
    #[param(value_type = i64, example = 4)]
    #[serde(deserialize_with = "number")]
    pub(super) device: DeviceId,
}

/// A log line's path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct InLog {
    /// The project's number.
    #[param(value_type = i64, example = 1)]
    #[serde(deserialize_with = "number")]
    pub(super) project: ProjectId,
    /// The line's number.
    #[param(value_type = i64, minimum = 1, example = 1)]
    #[serde(deserialize_with = "number")]
    pub(super) seq: u64,
}

/// A game key's path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct InKey {
    /// The project's number.
    #[param(value_type = i64, example = 1)]
    #[serde(deserialize_with = "number")]
    pub(super) project: ProjectId,
    /// The key's number, not the key itself.
    #[param(value_type = i64, example = 3)]
    #[serde(deserialize_with = "number")]
    pub(super) key: KeyId,
}

/// A member's path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct InMember {
    /// The project's number.
    #[param(value_type = i64, example = 1)]
    #[serde(deserialize_with = "number")]
    pub(super) project: ProjectId,
    /// The account's number.
    #[param(value_type = i64, example = 2)]
    #[serde(deserialize_with = "number")]
    pub(super) user: UserId,
}

/// An invitation's path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct InInvitation {
    /// The project's number.
    #[param(value_type = i64, example = 1)]
    #[serde(deserialize_with = "number")]
    pub(super) project: ProjectId,
    /// The invitation's id.
    #[param(value_type = String, example = "0f3a9b2c4d5e6f70")]
    pub(super) invitation: Handle,
}

/// A pin's path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct InPin {
    /// The project's number.
    #[param(value_type = i64, example = 1)]
    #[serde(deserialize_with = "number")]
    pub(super) project: ProjectId,
    /// The pin's number.
    #[param(example = 1)]
    #[serde(deserialize_with = "number")]
    pub(super) pin: i64,
}

/// Parses a number from a path segment, which is text.
fn number<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: std::str::FromStr<Err = std::num::ParseIntError>,
{
    String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
}
