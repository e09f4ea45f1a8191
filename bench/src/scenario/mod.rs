//! What can be measured, one scenario a file.

pub(crate) mod acks;
mod ingest;
pub(crate) mod latency;
pub(crate) mod lockstep;
pub(crate) mod logins;
pub(crate) mod overload;
mod project;
pub(crate) mod reconnect;
pub(crate) mod search;

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, ensure};
use clap::Args;

use crate::{report::Report, server::Server};

/// Files and sockets of the generator beside one socket for each game.
const OTHER_FILES: u64 = 200;

/// Which server is measured, and where the figures go.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// The program to measure; build it with `cargo xtask build`
    #[arg(long, value_name = "FILE", default_value = "target/release/observerio")]
    server: PathBuf,
    /// postgres://… to measure instead of SQLite in a temporary folder; it is written to
    #[arg(long, value_name = "URL", env = "OBSERVERIO_BENCH_DATABASE", hide_env_values = true)]
    database_url: Option<String>,
    /// Also write the figures as JSON (`-`: to standard output, instead of the table)
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

impl Common {
    /// Says what is missing before anything is started.
    fn prepare(&self, games: usize) -> anyhow::Result<()> {
        let server = self.server.display();
        ensure!(self.server.is_file(), "{server} is missing; build it with `cargo xtask build`");
        // both ends of every game's connection may be limited: ours here, the server's because it inherits ours
        let most = games as u64 + OTHER_FILES;
        let allowed = rlimit::increase_nofile_limit(most).context("the limit of open files")?;
        ensure!(
            allowed >= most,
            "{most} open files are needed and {allowed} allowed; raise it with `ulimit -n`"
        );
        Ok(())
    }

    fn has_database_url(&self) -> bool {
        self.database_url.is_some()
    }

    async fn start(&self) -> anyhow::Result<Server> {
        Server::start(&self.server, self.database_url.as_deref()).await
    }

    fn publish(&self, report: &Report) -> anyhow::Result<()> {
        report.publish(self.json.as_deref())
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn mebibytes(kib: u64) -> f64 {
    kib as f64 / 1024.0
}
