//! Start, drain, stop.

mod ports;

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use gateway::{
    Clock, Death, Gateway, GatewayError,
    store::{PostgresStore, SqliteStore, Store, StoreError, make_folder},
};
use tokio::{net::TcpListener, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::ports::Ports;
use crate::{
    Banner,
    claim::{Claim, ClaimError, Holder},
    config::{Config, Database},
    ingest::{GameThreads, RECEIVE_BYTES, accept_games},
    net,
    tls::{Certificates, TlsError},
    web,
};

/// How long connections get to finish when the server goes down. What is queued then gets a little more
/// ([`Gateway::close`]), and all of it is over within ten seconds.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(7);

/// How long the server that has lost a part of itself says so to whoever asks, before it ends.
const LAST_WORDS: Duration = Duration::from_secs(1);

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
        "cannot use the data directory {path} ({cause}); set OBSERVERIO_DATA_DIR to a writable directory"
    )]
    DataDir {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// Another server is at work there.
    #[error(
        "another observerio uses the data directory {path}: {holder}; stop it, or set OBSERVERIO_DATA_DIR to another directory"
    )]
    InUse {
        /// The directory.
        path: PathBuf,
        /// What the other server says of itself.
        holder: String,
    },
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

/// Why the server did not go on until it was told to stop.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It could not begin.
    #[error(transparent)]
    Start(#[from] StartError),
    /// Something has died that it can't be without. What was acknowledged is saved; another process can go on.
    #[error("{0}; the server has stopped and can be restarted")]
    Died(Death),
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
    _claims: Claims,
}

/// The data directory, and the database if it is a file.
type Claims = (Claim, Option<Claim>);

impl Server {
    /// Reads the TLS certificate, takes both ports, claims the data directory and opens the database.
    ///
    /// # Errors
    /// [`StartError`], after which nothing is left behind but an empty data directory.
    pub async fn bind(config: Config) -> Result<Self, StartError> {
        Self::bind_over(config, |store| store).await
    }

    /// The same with a store that `wrap` makes of the one that the settings name, for programs that watch what it does.
    ///
    /// # Errors
    /// Those of [`Server::bind`].
    pub async fn bind_over(
        config: Config,
        wrap: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>,
    ) -> Result<Self, StartError> {
        let certificates = config.tls.clone().map(|tls| Certificates::load(tls.files)).transpose()?;
        let http = listen(config.http, "OBSERVERIO_HTTP", None)?;
        let game_threads = GameThreads::start().map_err(anyhow::Error::from)?;
        let tcp = game_threads.enter(|| listen(config.tcp, "OBSERVERIO_TCP", Some(RECEIVE_BYTES)))?;
        let address_of = |listener: &TcpListener| listener.local_addr().map_err(anyhow::Error::from);
        let addresses = (address_of(&http)?, address_of(&tcp)?);
        let clock = Clock::system();
        let holder = Holder { data_dir: config.data_dir.clone(), http: addresses.0, since: clock.now() };
        let claim = claim(&config.data_dir, &holder)?;
        let (store, file) = open_store(&config.database, &holder).await?;
        let budgets = config.memory.budgets();
        let gateway = Gateway::open_within(wrap(store), clock, budgets, config.gateway_limits)
            .await
            .map_err(|error| database_error(&config.database, explain_gateway(&error)))?;
        gateway.end_idle_sessions_after(config.session_idle);
        if config.require_second_factor {
            gateway.require_second_factors();
        }
        let set_up = match gateway.needs_setup_link().await {
            Ok(true) => Some(gateway.issue_setup_token().reveal().to_owned()),
            Ok(false) => None,
            Err(error) => return Err(database_error(&config.database, explain_gateway(&error))),
        };
        let _claims = (claim, file);
        Ok(Self { gateway, http, tcp, certificates, game_threads, config, addresses, set_up, _claims })
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
            set_up: self.set_up.as_ref().map(|token| format!("{dashboard}/setup#token={token}")),
            dashboard,
        }
    }

    /// Serves until `stop`; then stops accepting, lets connections finish and saves everything that was taken in, within
    /// ten seconds. Returns whether every connection had finished.
    ///
    /// # Errors
    /// [`RunError::Start`] when the server can't begin; [`RunError::Died`] when something has died, after which it has stopped
    /// as far as that was possible.
    pub async fn run(self, stop: CancellationToken) -> Result<bool, RunError> {
        let Self { gateway, http, tcp, certificates, game_threads, config, addresses, set_up: _, _claims } =
            self;
        warn_if_exposed(&config, addresses);
        let tasks = TaskTracker::new();
        let ports = Ports::new(&config);
        let web = ports.web(&config, &gateway, addresses, &stop, &tasks).await;
        let router = web::router(&web).map_err(StartError::from)?;
        let games = ports.games(tcp, &config, certificates.clone());
        let http = ports.http(http, config, certificates);

        let vitals = gateway.vitals();
        let games = accept_games(games, gateway.clone(), tasks.clone(), stop.clone());
        tasks.spawn_on(vitals.guard("the game port", stop.clone(), games), game_threads.handle());
        let pages = web::serve(http, router, tasks.clone(), stop.clone());
        tasks.spawn(vitals.guard("the HTTP port", stop.clone(), pages));
        tracing::info!(http = %addresses.0, tcp = %addresses.1, "serving");

        tokio::select! {
            death = vitals.died() => {
                tracing::error!(%death, "ending");
                // probes are told; a signal is no reason to wait
                let _over = timeout(LAST_WORDS, stop.cancelled()).await;
                stop.cancel();
            }
            () = stop.cancelled() => {}
        }
        let drained = drain(&tasks, &gateway).await;
        match vitals.death() {
            Some(death) => Err(RunError::Died(death)),
            None => Ok(drained),
        }
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
            io::ErrorKind::AddrInUse => "another program is using this port; stop it or choose another port",
            io::ErrorKind::PermissionDenied => "ports below 1024 require privileges; choose another port",
            io::ErrorKind::AddrNotAvailable => {
                "this machine does not have this address; choose one of its own"
            }
            _ => "choose another address",
        };
        StartError::Listen { address, variable, cause, hint }
    })
}

/// Makes the data directory, and keeps a second server out of it as long as the claim lives.
fn claim(data_dir: &Path, holder: &Holder) -> Result<Claim, StartError> {
    let path = || data_dir.to_owned();
    let claim = make_folder(data_dir).map_err(ClaimError::from);
    claim.and_then(|()| Claim::take(&data_dir.join("observerio.lock"), holder)).map_err(|error| match error {
        ClaimError::InUse(holder) => StartError::InUse { path: path(), holder },
        ClaimError::Unusable(cause) => StartError::DataDir { path: path(), cause },
    })
}

/// Takes as long as it takes: a large file is checked, and a new step of a large schema is made. A database has one server: a
/// file is locked, and a Postgres database is asked who else is there.
async fn open_store(
    database: &Database,
    holder: &Holder,
) -> Result<(Arc<dyn Store>, Option<Claim>), StartError> {
    let opened: Result<(Arc<dyn Store>, _), StoreError> = match database {
        Database::Sqlite(path) => {
            let claim = claim_file(database, path, holder)?;
            match SqliteStore::open(path).await {
                Ok(store) => Ok((Arc::new(store) as _, Some(claim))),
                Err(error) => {
                    claim.withdraw();
                    Err(error)
                }
            }
        }
        Database::Postgres(url) => PostgresStore::connect_alone(url, &holder.to_string())
            .await
            .map(|store| (Arc::new(store) as _, None)),
    };
    opened.map_err(|error| match error {
        StoreError::Foreign(sentence) => database_error(database, sentence),
        StoreError::InUse(sentence) => in_use(database, &sentence),
        other => database_error(database, format!("{other}; check DATABASE_URL")),
    })
}

fn claim_file(database: &Database, path: &Path, holder: &Holder) -> Result<Claim, StartError> {
    Claim::take_database(path, holder).map_err(|error| match error {
        ClaimError::InUse(words) => in_use(database, &format!("another observerio uses it: {words}")),
        ClaimError::Unusable(cause) => database_error(database, format!("{cause}; check DATABASE_URL")),
    })
}

fn in_use(database: &Database, sentence: &str) -> StartError {
    database_error(database, format!("{sentence}; stop it, or set DATABASE_URL to another database"))
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
    if address.ip().is_unspecified() { format!("localhost:{}", address.port()) } else { address.to_string() }
}

fn warn_if_exposed(config: &Config, (http, tcp): (SocketAddr, SocketAddr)) {
    if let Some(tls) = &config.tls {
        let is_private = http.ip().is_loopback() && tcp.ip().is_loopback();
        if !tls.is_required && !is_private {
            tracing::info!(
                "plaintext connections are accepted too; set `--tls required` (OBSERVERIO_TLS) to refuse them"
            );
        }
        return;
    }
    let behind_tls = config.public_url.as_ref().is_some_and(|url| url.is_https());
    let behind_proxy = behind_tls || !config.trusted_proxies.is_empty();
    if !http.ip().is_loopback() && !behind_proxy {
        tracing::warn!(
            %http,
            "the dashboard is reachable from other machines without encryption; set OBSERVERIO_TLS_CERT to a certificate, or put \
             a TLS proxy in front and set OBSERVERIO_PUBLIC_URL to its address"
        );
    }
    if !tcp.ip().is_loopback() {
        tracing::warn!(
            %tcp,
            "the game port is reachable from other machines without encryption; set OBSERVERIO_TLS_CERT to a certificate, or use \
             a network you trust"
        );
    }
}

#[cfg(test)]
mod tests;
