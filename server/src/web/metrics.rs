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
use crate::{config::MetricsToken, metrics};

/// Who may read the metrics.
pub(super) enum MetricsAccess {
    /// Whoever reaches the port, which is this machine only.
    Everybody,
    /// Who knows the token.
    Token(MetricsToken),
    /// Nobody: others reach the port, and there is no token.
    Nobody,
}

impl MetricsAccess {
    /// A token is asked for wherever there is one. Without one, `is_private` says whether only this machine
    /// reaches the ports.
    pub(super) fn new(token: Option<MetricsToken>, is_private: bool) -> Self {
        match token {
            Some(token) => Self::Token(token),
            None if is_private => Self::Everybody,
            None => Self::Nobody,
        }
    }

    fn check(&self, headers: &HeaderMap) -> Result<(), &'static str> {
        match self {
            Self::Everybody => Ok(()),
            Self::Nobody => {
                Err("metrics are closed here: set OBSERVERIO_METRICS_TOKEN, restart, and send it as \
                                 `Authorization: Bearer <token>`\n")
            }
            Self::Token(token) => {
                let sent = guard::text(headers, &AUTHORIZATION).and_then(bearer);
                match sent.is_some_and(|sent| token.is(sent)) {
                    true => Ok(()),
                    false => {
                        Err("send the token of OBSERVERIO_METRICS_TOKEN as `Authorization: Bearer <token>`\n")
                    }
                }
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
    match web.settings.metrics.check(&headers) {
        Ok(()) => ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], web.metrics.encode()).into_response(),
        Err(sentence) => (StatusCode::FORBIDDEN, sentence).into_response(),
    }
}
