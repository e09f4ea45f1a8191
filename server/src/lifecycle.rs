//! Start, drain, stop.

use std::{
    fs::{File, TryLockError},
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use gateway::{
    Clock, Gateway, GatewayError,
    store::{PostgresStore, SqliteStore, Store, StoreError, make_folder, open_private},
};
use tokio::{net::TcpListener, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Banner,
    config::{Config, Database},
    ingest::{Admission, GameLimits, GamePort, GameThreads, RECEIVE_BYTES, accept_games},
    metrics::Metrics,
    net::{self, Port},
    tls::{Certificates, Offer, TlsError},
    web::{self, HttpPort},
};

/// How long connections get to finish when the server goes down. What is queued then gets a little more
/// ([`Gateway::close`]), and all of it is over within ten seconds.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(7);

/// Why the server did not start: a sentence that says what to do, without secrets.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port can't be listened on.
    #[error("cannot listen on {address} ({variable}): {cause}; {hint}")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// The setting that says so.
        variable: &'static str,
        /// What the system said.
        cause: io::Error,
        /// What to do.
        hint: &'static str,
    },
    /// The data directory can't be used.
    #[error(
        "cannot use the data directory {path} ({cause}); name one that can be written to in OBSERVERIO_DATA_DIR"
    )]
    DataDir {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// Another server is at work there.
    #[error(
        "another observerio uses the data directory {0}; stop it, or name another one in OBSERVERIO_DATA_DIR"
    )]
    InUse(PathBuf),
    /// The database can't be used.
    #[error("cannot use the database {database}: {cause}")]
    Database {
        /// Which, without its password.
        database: String,
        /// What it said.
        cause: String,
    },
    /// The TLS certificate can't be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Anything else.
    #[error("cannot start: {0}")]
    Other(#[from] anyhow::Error),
}

/// A server that listens and does not accept yet.
pub struct Server {
    gateway: Gateway,
    http: TcpListener,
    tcp: TcpListener,
    certificates: Option<Certificates>,
    game_threads: GameThreads,
    config: Config,
    addresses: (SocketAddr, SocketAddr),
    set_up: Option<String>,
    /// Held while the server lives.
    _claim: File,
}

impl Server {
    /// Reads the TLS certificate, takes both ports, claims the data directory and opens the database.
    ///
    /// # Errors
    /// [`StartError`], after which nothing is left behind but an empty data directory.
    pub async fn bind(config: Config) -> Result<Self, StartError> {
        let certificates = config.tls.clone().map(|tls| Certificates::load(tls.files)).transpose()?;
        let http = listen(config.http, "OBSERVERIO_HTTP", None)?;
        let game_threads = GameThreads::start().map_err(anyhow::Error::from)?;
        let tcp = game_threads.enter(|| listen(config.tcp, "OBSERVERIO_TCP", Some(RECEIVE_BYTES)))?;
        let address_of = |listener: &TcpListener| listener.local_addr().map_err(anyhow::Error::from);
        let addresses = (address_of(&http)?, address_of(&tcp)?);
        let claim = claim(&config.data_dir)?;
        let store = open_store(&config.database).await?;
        let gateway = Gateway::open(store, Clock::system())
            .await
            .map_err(|error| database_error(&config.database, explain_gateway(&error)))?;
        let set_up = match gateway.needs_setup_link().await {
            Ok(true) => Some(gateway.issue_setup_token().reveal().to_owned()),
            Ok(false) => None,
            Err(error) => return Err(database_error(&config.database, explain_gateway(&error))),
        };
        Ok(Self { gateway, http, tcp, certificates, game_threads, config, addresses, set_up, _claim: claim })
    }

    /// Where browsers and scripts connect, with the real port.
    pub fn http_address(&self) -> SocketAddr {
        self.addresses.0
    }

    /// Where games connect, with the real port.
    pub fn tcp_address(&self) -> SocketAddr {
        self.addresses.1
    }

    /// What clients get when they encrypt, if they can; to be read again while the server runs.
    pub fn certificates(&self) -> Option<Certificates> {
        self.certificates.clone()
    }

    /// What it does, for programs that hold a server inside.
    pub fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// What the terminal shows. The only place where the one-time link is ever written.
    pub fn banner(&self) -> Banner {
        let dashboard = match &self.config.public_url {
            Some(url) => url.origin().to_owned(),
            None => {
                let scheme = if self.certificates.is_some() { "https" } else { "http" };
                format!("{scheme}://{}", reachable(self.http_address()))
            }
        };
        Banner {
            games: reachable(self.tcp_address()),
            data: self.config.storage(),
            set_up: self.set_up.as_ref().map(|token| format!("{dashboard}/setup?token={token}")),
            dashboard,
        }
    }

    /// Serves until `stop`; then stops accepting, lets connections finish and saves everything that was taken in, within
    /// ten seconds. Returns whether every connection had finished.
    ///
    /// # Errors
    /// When the server can't begin.
    pub async fn run(self, stop: CancellationToken) -> Result<bool, StartError> {
        let Self { gateway, http, tcp, certificates, game_threads, config, addresses, set_up: _, _claim } =
            self;
        warn_if_exposed(&config, addresses);
        let tasks = TaskTracker::new();
        let game_port = Arc::new(Port::new(config.max_games));
        let http_port = Arc::new(Port::new(config.max_http));
        let metrics = Metrics::new(gateway.clone(), Arc::clone(&game_port), Arc::clone(&http_port));
        let is_tls_required = config.tls.as_ref().is_some_and(|tls| tls.is_required);
        let access = web::Access {
            public_url: config.public_url,
            registration: config.registration,
            metrics_token: config.metrics_token,
            is_tls_required,
            echo: config.echo,
            api_requests_per_second: config.api_requests_per_second,
        };
        let web = web::Web::new(gateway.clone(), addresses, access, metrics, stop.clone(), tasks.clone());
        let router = web::router(&web)?;
        let game_port = GamePort {
            listener: tcp,
            port: game_port,
            admission: Arc::new(Admission::new(config.address_limits)),
            offer: Offer::games(certificates.clone(), !is_tls_required),
            limits: GameLimits::new(config.game_times),
        };
        let http_port = HttpPort {
            listener: http,
            port: http_port,
            offer: Offer::http(certificates),
            proxies: Arc::new(config.trusted_proxies),
            head_timeout: config.head_timeout,
            write_timeout: config.game_times.write,
        };
        let games = accept_games(game_port, gateway.clone(), tasks.clone(), stop.clone());
        tasks.spawn_on(games, game_threads.handle());
        tasks.spawn(web::serve(http_port, router, tasks.clone(), stop.clone()));
        tracing::info!(http = %addresses.0, tcp = %addresses.1, "serving");

        stop.cancelled().await;
        Ok(drain(&tasks, &gateway).await)
    }
}

/// Lets connections finish and saves what was taken in; whether all had finished.
async fn drain(tasks: &TaskTracker, gateway: &Gateway) -> bool {
    tasks.close();
    let drained = timeout(DRAIN_TIMEOUT, tasks.wait()).await.is_ok();
    if !drained {
        tracing::warn!(left = tasks.len(), "some connections did not finish in time and were dropped");
    }
    gateway.close().await;
    tracing::info!(drained, "stopped");
    drained
}

fn listen(
    address: SocketAddr,
    variable: &'static str,
    receive_bytes: Option<u32>,
) -> Result<TcpListener, StartError> {
    net::listen(address, receive_bytes).map_err(|cause| {
        let hint = match cause.kind() {
            io::ErrorKind::AddrInUse => "another program has this port; stop it or choose another port",
            io::ErrorKind::PermissionDenied => "ports below 1024 need privileges; choose another port",
            io::ErrorKind::AddrNotAvailable => "this machine has no such address; choose one of its own",
            _ => "choose another address",
        };
        StartError::Listen { address, variable, cause, hint }
    })
}

/// Makes the data directory, and keeps a second server out of it as long as the file lives.
fn claim(data_dir: &Path) -> Result<File, StartError> {
    let unusable = |cause| StartError::DataDir { path: data_dir.to_owned(), cause };
    make_folder(data_dir).map_err(unusable)?;
    let file = open_private(&data_dir.join("observerio.lock")).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StartError::InUse(data_dir.to_owned())),
        Err(TryLockError::Error(cause)) => Err(unusable(cause)),
    }
}

/// Takes as long as it takes: a large file is checked, and a new step of a large schema is made.
async fn open_store(database: &Database) -> Result<Arc<dyn Store>, StartError> {
    let opened: Result<Arc<dyn Store>, StoreError> = match database {
        Database::Sqlite(path) => SqliteStore::open(path).await.map(|store| Arc::new(store) as _),
        Database::Postgres(url) => PostgresStore::connect(url).await.map(|store| Arc::new(store) as _),
    };
    opened.map_err(|error| match error {
        StoreError::Foreign(sentence) => database_error(database, sentence),
        other => database_error(database, format!("{other}; look at DATABASE_URL")),
    })
}

fn database_error(database: &Database, cause: String) -> StartError {
    // one sentence on one line, whatever the database said
    let cause = cause.split_whitespace().collect::<Vec<_>>().join(" ");
    StartError::Database { database: database.to_string(), cause }
}

fn explain_gateway(error: &GatewayError) -> String {
    match error {
        GatewayError::Unavailable(cause) => cause.to_string(),
        other => other.to_string(),
    }
}

/// A port on every address of the machine is shown under the one that surely works on the machine itself.
fn reachable(address: SocketAddr) -> String {
    match address.ip().is_unspecified() {
        true => format!("localhost:{}", address.port()),
        false => address.to_string(),
    }
}

fn warn_if_exposed(config: &Config, (http, tcp): (SocketAddr, SocketAddr)) {
    if let Some(tls) = &config.tls {
        let is_private = http.ip().is_loopback() && tcp.ip().is_loopback();
        if !tls.is_required && !is_private {
            tracing::info!("plaintext is taken too; `--tls required` (OBSERVERIO_TLS) turns it away");
        }
        return;
    }
    let behind_tls = config.public_url.as_ref().is_some_and(|url| url.is_https());
    let behind_proxy = behind_tls || !config.trusted_proxies.is_empty();
    if !http.ip().is_loopback() && !behind_proxy {
        tracing::warn!(
            %http,
            "the dashboard is reachable from other machines without encryption; name a certificate in OBSERVERIO_TLS_CERT, or \
             put a proxy with TLS in front and name its address in OBSERVERIO_PUBLIC_URL"
        );
    }
    if !tcp.ip().is_loopback() {
        tracing::warn!(
            %tcp,
            "games are reachable from other machines without encryption; name a certificate in OBSERVERIO_TLS_CERT, or use a \
             network you trust"
        );
    }
}
