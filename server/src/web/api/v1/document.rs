//! The OpenAPI document, generated from the handlers.

use std::sync::OnceLock;

use axum::{
    http::{HeaderValue, Method, header},
    response::IntoResponse,
};
use utoipa::{
    OpenApi,
    openapi::{
        ContentBuilder, HttpMethod, Ref, RefOr, ResponseBuilder,
        path::{Operation, PathItem},
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{endpoints, error::BASE};
use crate::web::Web;

/// What all operations share.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "observerio",
        description = "Everything the dashboard can do with a project, for scripts. You create an API token in the \
            dashboard; it acts for the person who created it, within its scope: `read`, `write` or `admin`.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    servers((url = "/", description = "This instance")),
    tags(
        (name = "me", description = "The caller"),
        (name = "projects", description = "Projects"),
        (name = "variables", description = "Variables and actions"),
        (name = "devices", description = "Devices"),
        (name = "history", description = "What was set before"),
        (name = "logs", description = "The log"),
        (name = "retention", description = "How long things are kept"),
        (name = "keys", description = "Game keys"),
        (name = "members", description = "Members and invitations"),
        (name = "audit", description = "Who did what"),
        (name = "document", description = "This document")
    )
)]
struct Shared;

/// Errors that any operation may return.
const REFUSALS: [(&str, &str); 7] = [
    ("400", "The request is invalid; the message says what is wrong."),
    ("401", "The token is missing or not valid."),
    ("403", "You may not do this, or the token's scope does not allow it."),
    ("404", "It does not exist, or you may not see it."),
    ("413", "The body is longer than 65,536 bytes."),
    ("429", "Too many requests; `Retry-After` says how many seconds to wait."),
    (
        "503",
        "The database is unavailable, or there is no memory for the response; `Retry-After` says when to try again.",
    ),
];

/// Operations with complete responses, this document among them.
pub(super) fn answers() -> OpenApiRouter<Web> {
    endpoints::answers().routes(routes!(openapi))
}

/// The document, built once.
pub(in crate::web::api) fn document() -> &'static utoipa::openapi::OpenApi {
    static DOCUMENT: OnceLock<utoipa::openapi::OpenApi> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        let described = answers().merge(endpoints::streams());
        let mut document =
            OpenApiRouter::with_openapi(Shared::openapi()).nest(BASE, described).into_openapi();
        let token = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        document.components.get_or_insert_default().add_security_scheme("token", token);
        for item in document.paths.paths.values_mut() {
            for (_, operation) in operations_mut(item) {
                complete(operation);
            }
        }
        document
    })
}

/// Adds what all operations share.
fn complete(operation: &mut Operation) {
    if operation.operation_id.as_deref() == Some("get_document") {
        operation.security = Some(Vec::new());
        return;
    }
    operation.security = Some(vec![SecurityRequirement::new("token", [""; 0])]);
    let mut refusals = REFUSALS.to_vec();
    if operation.request_body.is_some() {
        refusals.push(("415", "The Content-Type is not JSON."));
    } else {
        refusals.retain(|(status, _)| *status != "413");
    }
    for (status, description) in refusals {
        let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Error"))).build();
        let response =
            ResponseBuilder::new().description(description).content("application/json", problem).build();
        operation.responses.responses.entry(status.to_owned()).or_insert(RefOr::T(response));
    }
}

fn operations_mut(item: &mut PathItem) -> impl Iterator<Item = (HttpMethod, &mut Operation)> {
    [
        (HttpMethod::Get, &mut item.get),
        (HttpMethod::Post, &mut item.post),
        (HttpMethod::Put, &mut item.put),
        (HttpMethod::Patch, &mut item.patch),
        (HttpMethod::Delete, &mut item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// The operations of a path, in the order in which people read them.
pub(in crate::web::api) fn operations_of(item: &PathItem) -> impl Iterator<Item = (Method, &Operation)> {
    [
        (Method::GET, &item.get),
        (Method::POST, &item.post),
        (Method::PUT, &item.put),
        (Method::PATCH, &item.patch),
        (Method::DELETE, &item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}

/// Every operation of the API, for tests that check them all. The router is built from the same handlers.
pub(in crate::web) fn operations() -> Vec<(Method, &'static str)> {
    let paths = document().paths.paths.iter();
    paths.flat_map(|(path, item)| operations_of(item).map(|(method, _)| (method, path.as_str()))).collect()
}

/// This document
///
/// OpenAPI 3.1, for tools that generate clients or tests.
#[utoipa::path(get, operation_id = "get_document", path = "/openapi.json", tag = "document", responses((status = 200, description = "The document.", body = Object)))]
pub(super) async fn openapi() -> impl IntoResponse {
    static TEXT: OnceLock<String> = OnceLock::new();
    let text = TEXT.get_or_init(|| document().to_pretty_json().expect("the document is plain data"));
    let kept = [(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
    (kept, [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], text.as_str())
}
