//! Request bodies: complete, small and in time.

use std::time::Duration;

use axum::{
    body::{Body, HttpBody as _, to_bytes},
    extract::Request,
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use tokio::time::timeout;

/// The largest request body.
pub(super) const MAX_BODY_BYTES: usize = 64 * 1024;
/// Timeout for the whole body: one byte at a time would otherwise hold a connection forever.
const BODY_TIMEOUT: Duration = Duration::from_secs(20);

/// Reads the whole body before the handler, or answers with what is wrong with it.
pub(super) async fn read(request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    if body.is_end_stream() {
        return next.run(Request::from_parts(head, body)).await;
    }
    if body.size_hint().lower() > MAX_BODY_BYTES as u64 {
        return too_large();
    }
    match timeout(BODY_TIMEOUT, to_bytes(body, MAX_BODY_BYTES)).await {
        Ok(Ok(bytes)) => next.run(Request::from_parts(head, Body::from(bytes))).await,
        Ok(Err(error)) if is_too_large(&error) => too_large(),
        Ok(Err(_)) => {
            (StatusCode::BAD_REQUEST, "the connection ended before the body was complete\n").into_response()
        }
        Err(_) => {
            let text = format!("the body of a request must arrive within {} s\n", BODY_TIMEOUT.as_secs());
            (StatusCode::REQUEST_TIMEOUT, text).into_response()
        }
    }
}

fn too_large() -> Response {
    let text = format!("a request must be at most {} KiB\n", MAX_BODY_BYTES / 1024);
    (StatusCode::PAYLOAD_TOO_LARGE, text).into_response()
}

fn is_too_large(error: &axum::Error) -> bool {
    let source = std::error::Error::source(error);
    source.is_some_and(|source| source.is::<http_body_util::LengthLimitError>())
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use axum::{Router, middleware::from_fn, routing::post};
    use futures_util::{StreamExt as _, stream};
    use hyper::service::Service as _;
    use hyper_util::service::TowerToHyperService;
    use tokio::time::{Instant, sleep};

    use super::*;

    async fn answer(body: Body) -> Response {
        let router = Router::new().route("/", post(async |body: String| body)).layer(from_fn(read));
        let request = hyper::Request::post("/").body(body).unwrap();
        TowerToHyperService::new(router).call(request).await.unwrap()
    }

    fn trickle(every: Duration, count: usize) -> Body {
        let pieces = stream::iter(0..count).then(move |_| async move {
            sleep(every).await;
            Ok::<_, Infallible>("x")
        });
        Body::from_stream(pieces)
    }

    #[tokio::test(start_paused = true)]
    async fn it_must_be_whole_by_a_deadline_however_often_a_piece_comes() {
        let begun = Instant::now();
        assert_eq!(answer(trickle(Duration::from_secs(1), 1_000)).await.status(), 408);
        assert_eq!(begun.elapsed(), BODY_TIMEOUT);
        let whole = answer(trickle(Duration::from_secs(1), 19)).await;
        assert_eq!(to_bytes(whole.into_body(), 100).await.unwrap(), "x".repeat(19));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_too_large_is_refused_whether_or_not_it_says_so() {
        let long = "x".repeat(MAX_BODY_BYTES + 1);
        assert_eq!(answer(Body::from(long)).await.status(), 413);
        assert_eq!(answer(trickle(Duration::ZERO, MAX_BODY_BYTES + 1)).await.status(), 413);
        assert_eq!(answer(Body::from("x".repeat(MAX_BODY_BYTES))).await.status(), 200);
        assert_eq!(answer(Body::empty()).await.status(), 200);
    }

    #[tokio::test]
    async fn what_breaks_off_is_no_body() {
        let broken = stream::iter([Ok("x"), Err(std::io::Error::other("gone"))]);
        assert_eq!(answer(Body::from_stream(broken)).await.status(), 400);
    }
}
