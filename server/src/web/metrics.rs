//! `GET /metrics`, and who may read it.

use axum::{
    extract::State,
    http::{
        HeaderMap, StatusCode,
        header::{AUTHORIZATION, CONTENT_TYPE},
    },
    response::{IntoResponse as _, Response},
};

use super::{Web, guard};
use crate::{config::MetricsAccess, metrics};

/// Whether a request with these headers may read the metrics; otherwise, what to do.
fn check(access: &MetricsAccess, headers: &HeaderMap) -> Result<(), &'static str> {
    match access {
        MetricsAccess::Everybody => Ok(()),
        MetricsAccess::Nobody => {
            Err("metrics are disabled: set OBSERVERIO_METRICS_TOKEN, restart, and send it as \
                                      `Authorization: Bearer <token>`\n")
        }
        MetricsAccess::Token(token) => {
            let sent = guard::text(headers, &AUTHORIZATION).and_then(bearer);
            if sent.is_some_and(|sent| token.is(sent)) {
                Ok(())
            } else {
                Err("send the token of OBSERVERIO_METRICS_TOKEN as `Authorization: Bearer <token>`\n")
            }
        }
    }
}

/// The token of `Bearer <token>`; the scheme's case does not matter (RFC 9110, section 11.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start_matches(' '))
}

/// `GET /metrics`: OpenMetrics text.
pub(super) async fn metrics(State(web): State<Web>, headers: HeaderMap) -> Response {
    match check(&web.settings.metrics, &headers) {
        Ok(()) => ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], web.metrics.encode()).into_response(),
        Err(sentence) => (StatusCode::FORBIDDEN, sentence).into_response(),
    }
}
