//! The HTTP port's accept loop. `axum::serve` has neither a time-out for request heads nor a limit on
//! connections: half a request would be held for ever.

use std::{
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc, Once,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
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
use tokio::{net::TcpListener, sync::OwnedSemaphorePermit};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    client::{self, Scheme},
    pace::{Pace, Paced},
};
use crate::{
    config::TrustedProxies,
    net::{self, Port},
    tls::{Offer, Transport},
};

/// The HTTP port, and what is asked of those who connect.
pub(crate) struct HttpPort {
    pub(crate) listener: TcpListener,
    pub(crate) port: Arc<Port>,
    pub(crate) offer: Offer,
    pub(crate) proxies: Arc<TrustedProxies>,
    /// For a request's head, that of the first one with the handshake of TLS before it; also for the pause between two
    /// requests of a connection.
    pub(crate) head_timeout: Duration,
    /// For a client who has to keep up with what he is sent.
    pub(crate) write_timeout: Duration,
}

/// Accepts browsers and scripts until `stop`, each in a task of `tasks`, which ends after its request.
pub(crate) async fn serve(http_port: HttpPort, router: Router, tasks: TaskTracker, stop: CancellationToken) {
    loop {
        let (stream, peer) = tokio::select! {
            () = stop.cancelled() => return,
            accepted = net::accept(&http_port.listener) => accepted,
        };
        let Ok(place) = http_port.port.take_place() else {
            if let Some(count) = http_port.port.complaint(Instant::now()) {
                tracing::warn!(%peer, count, "as many HTTP connections are open as may be; some were refused, this one last");
            }
            continue;
        };
        let connection = Connection {
            peer,
            place: Place(Arc::new(place)),
            proxies: Arc::clone(&http_port.proxies),
            head_timeout: http_port.head_timeout,
            write_timeout: http_port.write_timeout,
        };
        let (stream, encrypted) = Transport::observed(stream, http_port.offer.clone());
        tasks.spawn(connection.serve(stream, encrypted, router.clone(), stop.clone()));
    }
}

/// One such line in a run is enough: it is about the installation.
static PROXY_NOTICED: Once = Once::new();

fn warn_of_proxy(peer: SocketAddr) {
    tracing::warn!(
        peer = %peer.ip(),
        "a request says that a proxy passed it on, but this address is not a trusted proxy, so all who come through it count \
         as one; if it is your proxy, name it in OBSERVERIO_TRUSTED_PROXIES"
    );
}

/// A connection's place at the port, in the extensions of its requests. A WebSocket outlives the HTTP
/// connection that it came in as, and keeps the place.
#[derive(Clone)]
pub(super) struct Place(#[expect(dead_code, reason = "it is held, not read")] Arc<OwnedSemaphorePermit>);

struct Connection {
    peer: SocketAddr,
    place: Place,
    proxies: Arc<TrustedProxies>,
    head_timeout: Duration,
    write_timeout: Duration,
}

impl Connection {
    async fn serve(
        self,
        stream: Transport,
        encrypted: Arc<AtomicBool>,
        router: Router,
        stop: CancellationToken,
    ) {
        let Self { peer, place, proxies, head_timeout, write_timeout } = self;
        let pace = Pace::default();
        let stream = Paced::new(stream, pace.clone(), write_timeout);
        let router = TowerToHyperService::new(router);
        let service = service_fn(move |mut request: Request<Incoming>| {
            let scheme = if encrypted.load(Relaxed) { Scheme::Https } else { Scheme::Http };
            let (address, scheme) = client::trace(peer.ip(), scheme, request.headers(), &proxies);
            if client::seems_forwarded(peer.ip(), request.headers(), &proxies) {
                PROXY_NOTICED.call_once(|| warn_of_proxy(peer));
            }
            let extensions = request.extensions_mut();
            extensions.insert(place.clone());
            extensions.insert(pace.clone());
            extensions.insert(address);
            extensions.insert(scheme);
            router.call(request)
        });
        // HTTP/1.1 only: HTTP/2 would need limits of its own (streams, resets, pings), and every page loads as fast without
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(head_timeout)
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
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpStream,
        time::timeout,
    };

    use super::*;
    use crate::web::client::ClientAddress;

    /// What a handler behind the port takes for the client's address and scheme.
    async fn told(trusted: &str, headers: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let http_port = HttpPort {
            listener,
            port: Arc::new(Port::new(1)),
            offer: Offer::http(None),
            proxies: Arc::new(TrustedProxies::parse(trusted).unwrap()),
            head_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(10),
        };
        let tell = async |ClientAddress(address): ClientAddress, scheme: Scheme| {
            format!("{}://{address}", scheme.as_str())
        };
        let router = Router::new().route("/", get(tell));
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        tasks.spawn(serve(http_port, router, tasks.clone(), stop.clone()));
        let conversation = async {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let request = format!("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            answer.split_once("\r\n\r\n").unwrap().1.to_owned()
        };
        let told = timeout(Duration::from_secs(20), conversation).await.unwrap();
        stop.cancel();
        told
    }

    #[tokio::test]
    async fn a_spoofed_address_changes_nothing_unless_a_trusted_proxy_says_it() {
        let spoofed =
            "x-forwarded-for: 203.0.113.9\r\nx-forwarded-proto: https\r\nforwarded: for=203.0.113.9\r\n";
        assert_eq!(told("", "").await, "http://127.0.0.1");
        assert_eq!(told("", spoofed).await, "http://127.0.0.1");
        assert_eq!(told("10.0.0.0/8", spoofed).await, "http://127.0.0.1");
        assert_eq!(told("127.0.0.1", spoofed).await, "https://203.0.113.9");
        assert_eq!(told("127.0.0.1", "").await, "http://127.0.0.1");
    }
}
