//! The HTTP port's accept loop. `axum::serve` has neither a time-out for request heads nor a limit on
//! connections: half a request would be held for ever.

use std::{
    net::SocketAddr,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::Router;
use hyper::{
    Request,
    body::Incoming,
    server::conn::http1,
    service::{Service as _, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::OwnedSemaphorePermit,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::client::ClientAddress;
use crate::net::{self, Port};

/// For a request's head; also for the pause between two requests of a connection.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// Accepts browsers and scripts until `stop`, each in a task of `tasks`, which ends after its request.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    port: Arc<Port>,
    tasks: TaskTracker,
    stop: CancellationToken,
) {
    loop {
        let (stream, peer) = tokio::select! {
            () = stop.cancelled() => return,
            accepted = net::accept(&listener) => accepted,
        };
        let Ok(place) = port.take_place() else {
            if let Some(count) = port.complaint(Instant::now()) {
                tracing::warn!(%peer, count, "as many HTTP connections are open as may be; some were refused, this one last");
            }
            continue;
        };
        let (router, stop) = (router.clone(), stop.clone());
        tasks.spawn(serve_connection(stream, peer, router, Place(Arc::new(place)), stop));
    }
}

/// A connection's place at the port, in the extensions of its requests. A WebSocket outlives the HTTP
/// connection that it came in as, and keeps the place.
#[derive(Clone)]
pub(super) struct Place(#[expect(dead_code, reason = "it is held, not read")] Arc<OwnedSemaphorePermit>);

async fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    place: Place,
    stop: CancellationToken,
) {
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(place.clone());
        request.extensions_mut().insert(ClientAddress(peer.ip().to_canonical()));
        router.call(request)
    });
    // HTTP/1.1 only: browsers speak HTTP/2 through TLS alone, and a proxy that does TLS speaks 1.1 to us
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let outcome = tokio::select! {
        outcome = connection.as_mut() => outcome,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(%peer, %error, "an HTTP connection ended early");
    }
}
