//! The HTTP port's accept loop. `axum::serve` has neither a timeout for request headers nor a connection limit: half a request
//! would hold a connection forever.

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    pin::{Pin, pin},
    sync::{
        Arc, Once,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{Body, Bytes, HttpBody},
    response::Response,
};
use hyper::{
    Request,
    body::{Frame, Incoming, SizeHint},
    server::conn::http1,
    service::{Service as _, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    api::Overload,
    client::{self, Scheme},
    guard,
    pace::{Pace, Paced},
    readers::{self, Inside, Readers, Unread},
};
use crate::{
    config::TrustedProxies,
    net::{self, Permit, Port, Refusal},
    rate::Network,
    share::Share,
    tls::{Offer, Transport},
};

/// The HTTP port, and the limits of its connections.
pub(crate) struct HttpPort {
    pub(crate) listener: TcpListener,
    pub(crate) port: Arc<Port>,
    pub(crate) offer: Offer,
    pub(crate) proxies: Arc<TrustedProxies>,
    pub(crate) readers: Arc<Readers>,
    /// Timeout for a request's headers, including the TLS handshake for the first one; also for the pause between two requests.
    pub(crate) head_timeout: Duration,
    /// Timeout for a client that has to keep up.
    pub(crate) write_timeout: Duration,
    /// Silence after which TCP keep-alive probes a client: a WebSocket may be silent for hours.
    pub(crate) keep_alive: Duration,
}

impl HttpPort {
    /// A permit for a connection. A trusted proxy's connections are not counted by address, because each request may come from
    /// another client.
    fn take_permit(&self, peer: IpAddr) -> Result<Permit, Refusal> {
        if self.proxies.contains(peer) { self.port.take_permit() } else { self.port.take_permit_of(peer) }
    }
}

/// Accepts connections until `stop`, each in a task of `tasks`, which then ends after its current request.
pub(crate) async fn serve(http_port: HttpPort, router: Router, tasks: TaskTracker, stop: CancellationToken) {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = net::accept(&http_port.listener) => accepted,
        };
        let Some((stream, peer)) = accepted else { return };
        let permit = match http_port.take_permit(peer.ip()) {
            Ok(permit) => permit,
            Err(reason) => {
                if let Some(count) = http_port.port.complaint(Instant::now()) {
                    let reason = reason.as_str();
                    tracing::warn!(%peer, count, reason, "refused HTTP connections; this is the latest");
                }
                continue;
            }
        };
        net::detect_dead_peer(&stream, peer, http_port.keep_alive);
        let connection = Connection {
            peer,
            permit: Arc::new(permit),
            proxies: Arc::clone(&http_port.proxies),
            readers: Arc::clone(&http_port.readers),
            port: Arc::clone(&http_port.port),
            head_timeout: http_port.head_timeout,
            write_timeout: http_port.write_timeout,
        };
        let (stream, encrypted) = Transport::observed(stream, http_port.offer.clone());
        tasks.spawn(connection.serve(stream, encrypted, router.clone(), stop.clone()));
    }
}

/// Logged once per run, because it is about the installation.
static PROXY_NOTICED: Once = Once::new();

fn warn_of_proxy(peer: SocketAddr) {
    tracing::warn!(
        peer = %peer.ip(),
        "a request says that a proxy passed it on, but this address is not a trusted proxy, so all who come through it count \
         as one; if it is your proxy, name it in OBSERVERIO_TRUSTED_PROXIES"
    );
}

/// A connection's permit and the client's share, in the extensions of its requests. A WebSocket outlives its HTTP connection, and
/// keeps them.
#[derive(Clone)]
pub(super) struct HeldPermit {
    _permit: Arc<Permit>,
    _share: Option<Arc<Share<Network>>>,
}

struct Connection {
    peer: SocketAddr,
    permit: Arc<Permit>,
    port: Arc<Port>,
    proxies: Arc<TrustedProxies>,
    readers: Arc<Readers>,
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
        let Self { peer, permit, port, proxies, readers, head_timeout, write_timeout } = self;
        let pace = Pace::default();
        let stream = Paced::new(stream, pace.clone(), write_timeout);
        let router = TowerToHyperService::new(router);
        let handler = Handler { peer, encrypted, permit, port, proxies, readers, pace, router };
        let service = service_fn(move |request| handler.answer(request));
        // HTTP/1.1 only: HTTP/2 would need its own limits (streams, resets, pings), and pages load as fast without it
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

/// What answers the requests of one connection.
struct Handler {
    peer: SocketAddr,
    encrypted: Arc<AtomicBool>,
    permit: Arc<Permit>,
    port: Arc<Port>,
    proxies: Arc<TrustedProxies>,
    readers: Arc<Readers>,
    pace: Pace,
    router: TowerToHyperService<Router>,
}

impl Handler {
    fn answer(
        &self,
        mut request: Request<Incoming>,
    ) -> impl Future<Output = Result<Response, Infallible>> + use<> {
        let Self { peer, proxies, .. } = self;
        let path = request.uri().path().to_owned();
        let scheme = if self.encrypted.load(Relaxed) { Scheme::Https } else { Scheme::Http };
        let (address, scheme) = client::trace(peer.ip(), scheme, request.headers(), proxies);
        if client::seems_forwarded(peer.ip(), request.headers(), proxies) {
            PROXY_NOTICED.call_once(|| warn_of_proxy(*peer));
        }
        // the proxy's connections are nobody's, so each request counts for the client that it speaks for
        let share = proxies.contains(peer.ip()).then(|| self.port.share(address.0)).transpose();
        let answer = share.map(|share| {
            let held = HeldPermit { _permit: Arc::clone(&self.permit), _share: share.map(Arc::new) };
            let extensions = request.extensions_mut();
            extensions.insert(held.clone());
            extensions.insert(self.pace.clone());
            extensions.insert(address);
            extensions.insert(scheme);
            (self.router.call(request), held)
        });
        let readers = Arc::clone(&self.readers);
        async move {
            match answer {
                Ok((answer, held)) => {
                    let counted = counted(answer.await?, &readers, address.0, held);
                    Ok(counted.unwrap_or_else(|| refuse(Overload::Memory, &path)))
                }
                Err(_) => Ok(refuse(Overload::Requests, &path)),
            }
        }
    }
}

/// In place of a response, with the headers that every response has.
fn refuse(overload: Overload, path: &str) -> Response {
    let mut response = overload.answer(path);
    guard::add_headers(response.headers_mut());
    response
}

/// The response, if there is room for it until it is read.
fn counted(answer: Response, readers: &Arc<Readers>, of: IpAddr, held: HeldPermit) -> Option<Response> {
    let cost = match answer.extensions().get::<Inside>() {
        Some(Inside) => 0,
        None => readers::cost(answer.body()),
    };
    let unread = match cost {
        0 => None,
        bytes => Some(readers.take(of, bytes)?),
    };
    Some(answer.map(|body| Body::new(HeldBody { body, _held: held, _unread: unread })))
}

/// A response that holds the client's share until it is read or dropped.
struct HeldBody {
    body: Body,
    _held: HeldPermit,
    _unread: Option<Unread>,
}

impl HttpBody for HeldBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
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
    use crate::{net::PerAddress, web::client::ClientAddress};

    /// A port with nothing behind it yet.
    async fn http_port(trusted: &str, port: Port, readers: Readers) -> HttpPort {
        HttpPort {
            listener: TcpListener::bind("127.0.0.1:0").await.unwrap(),
            port: Arc::new(port),
            offer: Offer::http(None),
            proxies: Arc::new(TrustedProxies::parse(trusted).unwrap()),
            readers: Arc::new(readers),
            head_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(10),
            keep_alive: Duration::from_secs(30),
        }
    }

    /// Head and body of the response to one request.
    async fn ask(http_port: HttpPort, router: Router, path: &str, headers: &str) -> (String, String) {
        let address = http_port.listener.local_addr().unwrap();
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        tasks.spawn(serve(http_port, router, tasks.clone(), stop.clone()));
        let conversation = async {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            (head.to_owned(), body.to_owned())
        };
        let told = timeout(Duration::from_secs(20), conversation).await.unwrap();
        stop.cancel();
        told
    }

    /// What a handler behind the port takes for the client's address and scheme.
    async fn told(trusted: &str, headers: &str) -> String {
        let tell = async |ClientAddress(address): ClientAddress, scheme: Scheme| {
            format!("{}://{address}", scheme.as_str())
        };
        let http_port = http_port(trusted, Port::new(1), Readers::new(1 << 20)).await;
        ask(http_port, Router::new().route("/", get(tell)), "/", headers).await.1
    }

    const SCRIPT: &str = "/api/v1/projects";
    const PAGE: &str = "/p/1/live";

    /// A long response on every path.
    fn long() -> Router {
        Router::new().fallback(get(async || "x".repeat(100 * 1024)))
    }

    /// Checks a refusal: an error of the API or a sentence, and when to retry.
    fn assert_refused((head, body): (String, String), path: &str, status: u16, code: &str) {
        let head = head.to_ascii_lowercase();
        assert!(head.starts_with(&format!("http/1.1 {status} ")), "{head}");
        for line in ["retry-after: 2", "x-content-type-options: nosniff", "cache-control: no-store"] {
            assert!(head.lines().any(|found| found == line), "{line}: {head}");
        }
        if path == SCRIPT {
            assert!(head.contains("content-type: application/json"), "{head}");
            let body: serde_json::Value = serde_json::from_str(&body).unwrap();
            assert_eq!(body["code"], code);
            assert!(body["message"].as_str().unwrap().contains("again"), "{body}");
        } else {
            assert!(head.contains("content-type: text/plain") && body.ends_with("\n"), "{head} {body}");
        }
    }

    #[tokio::test]
    async fn without_memory_for_a_response_scripts_get_an_error_of_the_api() {
        for path in [SCRIPT, PAGE] {
            let readers = Readers::new(100 * 1024);
            let http_port = http_port("", Port::new(1), readers).await;
            let _held = http_port.readers.take([192, 0, 2, 1].into(), 50 * 1024).unwrap();
            assert_refused(ask(http_port, long(), path, "").await, path, 503, "busy");
        }
    }

    #[tokio::test]
    async fn with_too_many_requests_of_an_address_scripts_get_an_error_of_the_api() {
        for path in [SCRIPT, PAGE] {
            let port = Port::shared(16, PerAddress::of_games(16, Some(0)));
            let http_port = http_port("127.0.0.1", port, Readers::new(1 << 20)).await;
            let answer = ask(http_port, long(), path, "x-forwarded-for: 203.0.113.9\r\n").await;
            assert_refused(answer, path, 429, "rate");
        }
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
