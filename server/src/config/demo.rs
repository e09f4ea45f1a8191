//! `observerio demo`: a server of its own with simulated devices, or simulated devices for a server that runs already.

use std::path::PathBuf;

use clap::Args;
use fleet::{FleetSettings, MAX_DEVICES};
use protocol::model::Key;
use tracing_subscriber::EnvFilter;

use super::{ConfigError, source::Sources};
use crate::telemetry;

/// As given. There is no address to set: a demo's one-time link signs in without a question, which is for this machine only.
#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// How many devices are simulated: 0 to 200
    #[arg(long, value_name = "N", default_value_t = 12)]
    devices: usize,
    /// The same seed gives the same devices, which do the same
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Port for browsers, on 127.0.0.1 [default: a free one]
    #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true)]
    port: u16,
    /// Port for games, on 127.0.0.1 [default: a free one]
    #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true)]
    game_port: u16,
    /// Keep the demo's data in this directory [default: a temporary one, deleted at the end]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Start no server: the devices play on this one, whose address for games this is
    #[arg(long, value_name = "HOST:PORT", requires = "key")]
    #[arg(conflicts_with_all = ["port", "game_port", "data_dir"])]
    server: Option<String>,
    /// The game key of the project on that server
    #[arg(long, value_name = "KEY", requires = "server")]
    key: Option<String>,
    /// What to log on standard error, such as debug or warn,gateway=trace
    #[arg(long, env = "OBSERVERIO_LOG", value_name = "FILTER", default_value = "warn")]
    log: String,
}

/// A checked demo.
#[derive(Debug)]
pub enum Demo {
    /// A server of its own.
    Here(DemoSettings),
    /// The devices alone, on a server that runs already.
    Elsewhere(FleetSettings),
}

/// A server of its own, reachable from this machine alone.
#[derive(Debug)]
pub struct DemoSettings {
    /// For browsers; 0 picks a free one.
    pub port: u16,
    /// For games; 0 picks a free one.
    pub game_port: u16,
    /// `None`: a temporary one.
    pub data_dir: Option<PathBuf>,
    /// How many devices play.
    pub devices: usize,
    /// What they are like.
    pub seed: u64,
}

impl DemoArguments {
    pub(crate) fn check(self, sources: Sources<'_>) -> Result<(Demo, EnvFilter), ConfigError> {
        let Self { devices, seed, port, game_port, data_dir, server, key, log } = self;
        if devices > MAX_DEVICES {
            return Err(sources.of("devices").refuse(format!("use 0 to {MAX_DEVICES}")));
        }
        let filter = telemetry::parse_filter(&log).map_err(|why| sources.of("log").refuse(why))?;
        let Some((address, key)) = server.zip(key) else {
            return Ok((Demo::Here(DemoSettings { port, game_port, data_dir, devices, seed }), filter));
        };
        if devices == 0 {
            return Err(sources.of("devices").refuse("use 1 or more with --server"));
        }
        if address.rsplit_once(':').is_none_or(|(_, port)| port.parse::<u16>().is_err()) {
            let why = "use the server's address for games, such as 127.0.0.1:6667";
            return Err(sources.of("server").refuse(why));
        }
        let key = key.parse::<Key>().map_err(|why| sources.of("key").refuse(why))?;
        Ok((Demo::Elsewhere(FleetSettings { address, key, devices, seed }), filter))
    }
}
