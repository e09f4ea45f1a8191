//! The server that is measured: a process of its own, with a new database.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context as _, anyhow, bail};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

use crate::system;

const START_TIMEOUT: Duration = Duration::from_secs(30);

/// A running server. Dropping it ends the process and removes its data.
pub(crate) struct Server {
    place: Place,
    process: Child,
    /// From the start of the process to its banner.
    pub(crate) start_time: Duration,
    /// `host:port` of the dashboard.
    pub(crate) http: String,
    /// `host:port` for games.
    pub(crate) games: String,
    /// The one-time token of the set-up link.
    pub(crate) setup_token: String,
}

/// What is there before the process and stays when it ends.
struct Place {
    program: PathBuf,
    database_url: Option<String>,
    data: TempDir,
}

impl Server {
    /// A new one on free ports.
    pub(crate) async fn start(program: &Path, database_url: Option<&str>) -> anyhow::Result<Self> {
        let data = tempfile::tempdir().context("a temporary folder")?;
        let place =
            Place { program: program.to_owned(), database_url: database_url.map(str::to_owned), data };
        let (process, start_time, banner) = place.run("127.0.0.1:0", "127.0.0.1:0").await?;
        let Banner { http, games, setup_token } = banner;
        Ok(Self { place, process, start_time, http, games, setup_token })
    }

    /// Ends the process as a crash would (SIGKILL): it writes, answers and closes nothing more.
    pub(crate) async fn kill(&mut self) -> anyhow::Result<()> {
        self.process.kill().await.context("can't end the server")
    }

    /// Starts it again after [`Server::kill`]: the same ports, the same data.
    pub(crate) async fn restart(&mut self) -> anyhow::Result<()> {
        (self.process, self.start_time, _) = self.place.run(&self.http, &self.games).await?;
        Ok(())
    }

    /// The number of the process; `None` when it has ended.
    pub(crate) fn process(&self) -> Option<u32> {
        self.process.id()
    }

    /// Resident memory in KiB, where the system tells (Linux).
    pub(crate) fn resident_kib(&self) -> Option<u64> {
        system::resident_kib(self.process.id()?)
    }

    /// The most resident memory since the start of the process, in KiB.
    pub(crate) fn peak_resident_kib(&self) -> Option<u64> {
        system::peak_resident_kib(self.process.id()?)
    }

    /// The URL of its Postgres database, if it has one.
    pub(crate) fn database_url(&self) -> Option<&str> {
        self.place.database_url.as_deref()
    }

    /// The file of its SQLite database.
    pub(crate) fn sqlite_file(&self) -> PathBuf {
        self.place.data.path().join("observerio.db")
    }
}

impl Place {
    async fn run(&self, http: &str, games: &str) -> anyhow::Result<(Child, Duration, Banner)> {
        let mut command = Command::new(&self.program);
        command
            .args(["serve", "--http", http, "--tcp", games, "--registration", "open"])
            .args(["--max-games", "100000", "--api-requests-per-second", "1000000"])
            .arg("--data-dir")
            .arg(self.data.path())
            .env_remove("DATABASE_URL")
            .env_remove("OBSERVERIO_PUBLIC_URL")
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        if let Some(url) = &self.database_url {
            command.env("DATABASE_URL", url);
        }
        let started = Instant::now();
        let mut process =
            command.spawn().with_context(|| format!("can't start {}", self.program.display()))?;
        let stdout = process.stdout.take().context("standard output is piped")?;
        let mut lines = BufReader::new(stdout).lines();
        let banner =
            timeout(START_TIMEOUT, Banner::read(&mut lines)).await.context("the banner takes too long")??;
        let start_time = started.elapsed();
        // keeps the pipe open and empty for as long as the server lives
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok((process, start_time, banner))
    }
}

struct Banner {
    http: String,
    games: String,
    setup_token: String,
}

impl Banner {
    /// Reads up to the set-up link: these servers have an owner without a password, so it is always there.
    async fn read(lines: &mut Lines<BufReader<ChildStdout>>) -> anyhow::Result<Self> {
        let (mut http, mut games) = (None, None);
        while let Some(line) = lines.next_line().await? {
            if let Some(url) = field(&line, "Dashboard") {
                http = url.strip_prefix("http://").map(|rest| rest.trim_end_matches('/').to_owned());
            } else if let Some(address) = field(&line, "Games") {
                games = Some(address.to_owned());
            } else if let Some(url) = field(&line, "Set up") {
                let token = url.split_once("token=").map(|(_, token)| token.to_owned());
                let missing = || anyhow!("the banner lacks a line in front of the set-up link");
                return Ok(Self {
                    http: http.ok_or_else(missing)?,
                    games: games.ok_or_else(missing)?,
                    setup_token: token.context("the set-up link has no token")?,
                });
            }
        }
        bail!("the server ended, or its database has an owner already: no set-up link")
    }
}

fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    line.trim_start().strip_prefix(name).map(str::trim)
}
