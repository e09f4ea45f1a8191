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
    store::{SqlStore, Store, StoreError, make_folder},
};
use protocol::model::ProjectId;
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

/// How long connections get to finish on shutdown. What is queued gets a little more ([`Gateway::close`]); all of it is over
/// within ten seconds.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(7);

/// How long probes can learn that a part of the server has failed, before it exits.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Why the server did not start: a sentence that says what to do, without secrets.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port can't be listened on.
    #[error("cannot listen on {address} ({variable}): {cause}; {hint}")]
    Listen {
        /// The configured address.
        address: SocketAddr,
        /// The setting's name.
        variable: &'static str,
        /// The operating system's error.
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
        /// The operating system's error.
        cause: io::Error,
    },
    /// Another server uses the data directory.
    #[error(
        "another observerio uses the data directory {path}: {holder}; stop it, or set OBSERVERIO_DATA_DIR to another directory"
    )]
    InUse {
        /// The directory.
        path: PathBuf,
        /// The other server's description.
        holder: String,
    },
    /// The database can't be used.
    #[error("cannot use the database {database}: {cause}")]
    Database {
        /// The database, without its password.
        database: String,
        /// The database's error.
        cause: String,
    },
    /// The TLS certificate can't be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Anything else.
    #[error("cannot start: {0}")]
    Other(#[from] anyhow::Error),
}

/// Why the server stopped before it was told to.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It could not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// An essential part has failed. What was acknowledged is saved, and a restart can continue.
    #[error("{0}; the server has stopped and can be restarted")]
    Died(Death),
}

/// A server that listens but does not accept connections yet.
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
    /// Loads the TLS certificate, binds both ports, locks the data directory and opens the database.
    ///
    /// # Errors
    /// [`StartError`], after which nothing is left behind but an empty data directory.
    pub async fn bind(config: Config) -> Result<Self, StartError> {
        Self::bind_over(config, |store| store).await
    }

    /// The same with a store that `wrap` makes of the configured one, for tests that observe it.
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

    /// The HTTP address, with the actual port.
    pub fn http_address(&self) -> SocketAddr {
        self.addresses.0
    }

    /// The game port's address, with the actual port.
    pub fn tcp_address(&self) -> SocketAddr {
        self.addresses.1
    }

    /// The TLS certificates, if there are any, for reloading them.
    pub fn certificates(&self) -> Option<Certificates> {
        self.certificates.clone()
    }

    /// The gateway, for programs that embed a server.
    pub fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// Makes this server a demo of the project: its one-time link signs in at once, and leads to the project's live page. Returns
    /// the link, which replaces the one that the banner shows.
    ///
    /// # Errors
    /// Another machine could reach the server: such a link is for the person at this machine.
    pub fn lead_to(&mut self, project: ProjectId) -> Result<String, StartError> {
        if !self.addresses.0.ip().is_loopback() || !self.addresses.1.ip().is_loopback() {
            return Err(anyhow::anyhow!("a demo is for this machine only").into());
        }
        self.config.demo = Some(project);
        self.set_up = Some(self.gateway.issue_setup_token().reveal().to_owned());
        Ok(self.banner().set_up.expect("there is a token"))
    }

    /// The banner for the terminal. The one-time link is not written anywhere else.
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

    /// Serves until `stop`, then stops accepting, lets connections finish and saves everything that was accepted, within ten
    /// seconds. Returns whether every connection finished.
    ///
    /// # Errors
    /// [`RunError::Start`] if the server can't start; [`RunError::Died`] if an essential part fails, after it has shut down as far
    /// as possible.
    pub async fn run(self, stop: CancellationToken) -> Result<bool, RunError> {
        let Self { gateway, http, tcp, certificates, game_threads, config, addresses, set_up: _, _claims } =
            self;
        warn_if_exposed(&config, addresses);
        let tasks = TaskTracker::new();
        let ports = Ports::new(&config);
        let door = ports.door(&config, &gateway, game_threads.handle(), &stop, &tasks);
        let web = ports.web(&config, addresses, &door).await;
        let router = web::router(&web).map_err(StartError::from)?;
        let games = Ports::games(tcp, &config, certificates.clone(), door);
        let http = ports.http(http, config, certificates);

        let vitals = gateway.vitals();
        let games = vitals.guard("the game port", stop.clone(), accept_games(games));
        tasks.spawn_on(games, game_threads.handle());
        let pages = web::serve(http, router, tasks.clone(), stop.clone());
        tasks.spawn(vitals.guard("the HTTP port", stop.clone(), pages));
        tracing::info!(http = %addresses.0, tcp = %addresses.1, "serving");

        tokio::select! {
            death = vitals.died() => {
                tracing::error!(%death, "ending");
                // so that probes learn about it, unless a signal arrives
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

/// Lets connections finish and saves what was accepted. Returns whether all finished.
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

/// Creates the data directory, and locks it while the claim lives.
fn claim(data_dir: &Path, holder: &Holder) -> Result<Claim, StartError> {
    let path = || data_dir.to_owned();
    let claim = make_folder(data_dir).map_err(ClaimError::from);
    claim.and_then(|()| Claim::take(&data_dir.join("observerio.lock"), holder)).map_err(|error| match error {
        ClaimError::InUse(holder) => StartError::InUse { path: path(), holder },
        ClaimError::Unusable(cause) => StartError::DataDir { path: path(), cause },
    })
}

/// Has no timeout, because checking a large file and migrating a large schema take a while. A database has one server: a file
/// is locked here, a Postgres database by the store.
async fn open_store(
    database: &Database,
    holder: &Holder,
) -> Result<(Arc<dyn Store>, Option<Claim>), StartError> {
    let opened: Result<(Arc<dyn Store>, _), StoreError> = match database {
        Database::Sqlite(path) => {
            let claim = claim_file(database, path, holder)?;
            match SqlStore::open(path).await {
                Ok(store) => Ok((Arc::new(store) as _, Some(claim))),
                Err(error) => {
                    claim.withdraw();
                    Err(error)
                }
            }
        }
        Database::Postgres(url) => {
            SqlStore::connect_alone(url, &holder.to_string()).await.map(|store| (Arc::new(store) as _, None))
        }
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
    // one line, whatever the database's message looks like
    let cause = cause.split_whitespace().collect::<Vec<_>>().join(" ");
    StartError::Database { database: database.to_string(), cause }
}

fn explain_gateway(error: &GatewayError) -> String {
    match error {
        GatewayError::Unavailable(cause) => cause.to_string(),
        other => other.to_string(),
    }
}

/// An address for the banner: `localhost` if the port is bound to all addresses.
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
