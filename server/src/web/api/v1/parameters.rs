//! Query parameters: only those that the document has for an operation are accepted, so that a typo in a filter does not go
//! unnoticed.

use axum::{
    extract::{MatchedPath, Query, Request},
    http::Method,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use utoipa::openapi::{
    RefOr,
    path::{Operation, ParameterIn},
};

use super::{
    document::{document, operations_of},
    error::{ApiResult, Problem},
};

/// Longest name that is repeated in a response, in bytes.
const MAX_NAME_CHARS: usize = 32;

/// Refuses unknown query parameters.
pub(super) async fn check(request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>();
    let operation = path.and_then(|path| operation(request.method(), path.as_str()));
    let checked = operation.map_or(Ok(()), |operation| check_names(&request, operation));
    match checked {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// The operation of a request; `None` if the method is refused anyway.
fn operation(method: &Method, path: &str) -> Option<&'static Operation> {
    let method = if method == Method::HEAD { &Method::GET } else { method };
    let mut operations = operations_of(document().paths.paths.get(path)?);
    operations.find(|(known, _)| known == method).map(|(_, operation)| operation)
}

fn check_names(request: &Request, operation: &Operation) -> ApiResult<()> {
    if request.uri().query().is_none_or(str::is_empty) {
        return Ok(());
    }
    let Ok(Query(said)) = Query::<Vec<(String, String)>>::try_from_uri(request.uri()) else {
        return Err(Problem::invalid("a parameter is invalid; see /docs/api"));
    };
    let known = names(operation);
    match said.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        Some((name, _)) => Err(unknown(name, &known)),
        None => Ok(()),
    }
}

fn names(operation: &Operation) -> Vec<&str> {
    let described = operation.parameters.iter().flatten().filter_map(|one| match one {
        RefOr::T(one) => Some(one),
        // ours describe themselves where they are
        RefOr::Ref(_) => None,
    });
    described.filter(|one| one.parameter_in == ParameterIn::Query).map(|one| one.name.as_str()).collect()
}

fn unknown(name: &str, known: &[&str]) -> Problem {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let is_told = !name.is_empty() && name.len() <= MAX_NAME_CHARS && name.chars().all(is_plain);
    let what = if is_told { format!("`{name}`") } else { "one of the parameters".to_owned() };
    let takes = match known {
        [] => "this endpoint takes none".to_owned(),
        known => format!("this endpoint takes {}", known.join(", ")),
    };
    Problem::invalid(format!("{what} is unknown; {takes}"))
}
