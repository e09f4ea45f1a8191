//! Requiring TLS, and HSTS.

use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode,
        header::{AUTHORIZATION, HOST, LOCATION, STRICT_TRANSPORT_SECURITY, UPGRADE},
    },
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use super::{Web, client::Scheme, guard};
use crate::config::without_port;

/// A year, as browsers' preload lists require.
const FOR_A_YEAR: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Redirects or refuses plaintext if TLS is required. The host was checked before.
pub(super) async fn enforce(
    State(web): State<Web>,
    scheme: Scheme,
    request: Request,
    next: Next,
) -> Response {
    if scheme == Scheme::Http {
        return if web.settings.is_tls_required {
            send_to_tls(&web, &request)
        } else {
            next.run(request).await
        };
    }
    let is_for_good = web.settings.is_tls_required || web.is_public_https();
    let is_for_good = is_for_good && !is_own_name_of_every_machine(request.headers());
    let mut response = next.run(request).await;
    if is_for_good {
        response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, FOR_A_YEAR);
    }
    response
}

/// Redirects pages. Everything else in plaintext is refused, so that someone notices: a script that followed a redirect would
/// keep exposing its secrets.
fn send_to_tls(web: &Web, request: &Request) -> Response {
    let headers = request.headers();
    let is_page = matches!(*request.method(), Method::GET | Method::HEAD)
        && !headers.contains_key(UPGRADE)
        && !headers.contains_key(AUTHORIZATION);
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let origin = match web.settings.public_url.as_ref().filter(|url| url.is_https()) {
        Some(url) => Some(url.origin().to_owned()),
        None => guard::plain_host(headers).map(|host| format!("https://{host}")),
    };
    let location = origin.filter(|_| is_page).map(|origin| HeaderValue::try_from(format!("{origin}{path}")));
    match location {
        Some(Ok(location)) => (StatusCode::PERMANENT_REDIRECT, [(LOCATION, location)]).into_response(),
        _ => {
            let text = "this server requires TLS; use https, and change any secret that was just sent in plaintext\n";
            (StatusCode::FORBIDDEN, text).into_response()
        }
    }
}

/// Host names that mean different servers on different machines or ports: HSTS would affect all of them.
fn is_own_name_of_every_machine(headers: &HeaderMap) -> bool {
    let host = guard::text(headers, &HOST).map(without_port).unwrap_or_default().to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}
