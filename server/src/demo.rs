//! `observerio demo`: a server that only this machine can reach, with one project that simulated devices play; or the devices
//! alone, on a server that runs already.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    time::Duration,
};

use fleet::{Fleet, FleetSettings};
use gateway::{Caller, Gateway, GatewayError, Origin};
use protocol::model::{Key, ProjectId};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::{
    Server, StartError,
    config::{Config, DemoSettings},
};

/// The demo's project.
const PROJECT: &str = "Demo game";

/// How long a server that runs already gets to accept the first device.
const PATIENCE: Duration = Duration::from_secs(4);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Why there is no demo: a sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The server can't start.
    #[error("{}", in_words_of_the_demo(.0))]
    Start(#[from] StartError),
    /// The data directory has something else in it.
    #[error("{} has other data than a demo's; use another --data-dir, or start a server on it and use `observerio demo --server`", .0.display())]
    Foreign(PathBuf),
    /// The database can't be used.
    #[error("the demo's project can't be created: {0}")]
    Database(#[from] GatewayError),
    /// The system refuses what it needs.
    #[error("cannot start the devices: {0}")]
    System(#[from] io::Error),
    /// Nothing answers at the address.
    #[error("no server for games answers at {address}: {cause}; check --server")]
    Unreachable {
        /// The address.
        address: String,
        /// The last failure.
        cause: String,
    },
    /// The server does not accept the devices.
    #[error("the server refuses the devices: {0}")]
    Refused(String),
}

/// A server with a project, and the devices that play it.
pub struct DemoServer {
    /// The server, which does not accept connections yet.
    pub server: Server,
    /// What to print.
    pub banner: DemoBanner,
    /// The devices, which stop when this is dropped.
    pub devices: DemoDevices,
}

/// The devices, and the temporary directory: both are gone when this is dropped, which is when the server has ended.
pub struct DemoDevices {
    _fleet: Fleet,
    _folder: Option<TempDir>,
}

impl DemoServer {
    /// Binds the server, creates the project and starts the devices, which connect as soon as the server runs.
    ///
    /// # Errors
    /// [`DemoError`].
    pub async fn open(settings: DemoSettings) -> Result<Self, DemoError> {
        let DemoSettings { port, game_port, data_dir, devices, seed } = settings;
        let folder = match &data_dir {
            Some(_) => None,
            None => Some(tempfile::Builder::new().prefix("observerio-demo-").tempdir()?),
        };
        let place = folder.as_ref().map(|folder| folder.path().to_owned()).or(data_dir).unwrap_or_default();
        let mut server = Server::bind(Config::private(port, game_port, &place)).await?;
        let (project, key) = open_project(server.gateway(), &place).await?;
        let banner = DemoBanner {
            link: server.lead_to(project)?,
            games: server.tcp_address().to_string(),
            devices,
            data: folder.is_none().then(|| place.display().to_string()),
        };
        let address = server.tcp_address().to_string();
        let fleet = Fleet::start(FleetSettings { address, key, devices, seed })?;
        let devices = DemoDevices { _fleet: fleet, _folder: folder };
        Ok(Self { server, banner, devices })
    }
}

/// The demo's project and its key; created if the data is new.
async fn open_project(gateway: &Gateway, place: &Path) -> Result<(ProjectId, Key), DemoError> {
    let foreign = || DemoError::Foreign(place.to_owned());
    // somebody has signed up: this is more than a demo
    if !gateway.needs_setup_link().await? {
        return Err(foreign());
    }
    let owner = owner(gateway).await?;
    let projects = gateway.list_projects(&owner).await?;
    if projects.is_empty() {
        let project = gateway.create_project(&owner, PROJECT).await?;
        return Ok((project.id, project.key));
    }
    let known = projects.iter().find(|summary| summary.project.name == PROJECT).ok_or_else(foreign)?;
    let key = gateway.get_game_key(&owner, known.project.id).await?.ok_or_else(foreign)?;
    Ok((known.project.id, key))
}

/// The owner, who has no password. The session that set-up begins is of no use to anyone.
async fn owner(gateway: &Gateway) -> Result<Caller, GatewayError> {
    let token = gateway.issue_setup_token();
    let session = gateway.set_up(token.reveal(), None, None, &Origin::default()).await?;
    gateway.sign_out(&session.caller).await?;
    Ok(Caller::from(session.caller.user))
}

/// Starts devices on a server that runs already; returns when it has accepted one.
///
/// # Errors
/// [`DemoError::Unreachable`], [`DemoError::Refused`], [`DemoError::System`].
pub async fn visit(settings: FleetSettings) -> Result<Fleet, DemoError> {
    let (address, began) = (settings.address.clone(), Instant::now());
    let fleet = Fleet::start(settings)?;
    loop {
        let status = fleet.status();
        if status.online > 0 {
            return Ok(fleet);
        }
        if let Some(refused) = status.refused {
            return Err(DemoError::Refused(refused));
        }
        if began.elapsed() > PATIENCE {
            let cause = status.failure.unwrap_or_else(|| "it says nothing".to_owned());
            return Err(DemoError::Unreachable { address, cause });
        }
        sleep(LOOK_EVERY).await;
    }
}

/// The settings of a server have other names here.
fn in_words_of_the_demo(error: &StartError) -> String {
    let text = error.to_string();
    let names = [
        ("OBSERVERIO_HTTP", "--port"),
        ("OBSERVERIO_TCP", "--game-port"),
        ("OBSERVERIO_DATA_DIR", "--data-dir"),
    ];
    names.into_iter().fold(text, |text, (variable, flag)| text.replace(variable, flag))
}

/// What the terminal shows. `{:#}` adds colour.
#[derive(Debug)]
pub struct DemoBanner {
    link: String,
    games: String,
    devices: usize,
    /// `None`: a temporary directory.
    data: Option<String>,
}

impl fmt::Display for DemoBanner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (bold, dim, end) = if f.alternate() { ("\x1b[1m", "\x1b[2m", "\x1b[0m") } else { ("", "", "") };
        writeln!(f, "{bold}observerio{end} {}, demo", env!("CARGO_PKG_VERSION"))?;
        let mut line = |label: &str, value: &str| writeln!(f, "  {dim}{label:<10}{end} {value}");
        line("Games", &self.games)?;
        line("Devices", &format!("{} simulated", self.devices))?;
        line("Data", self.data.as_deref().unwrap_or("temporary, deleted at the end"))?;
        line("Open", &self.link)?;
        writeln!(f, "  {dim}open this link once, within 30 minutes, on this machine: it signs you in{end}")
    }
}
