//! A program that others would use for the same work, started for comparison beside the server.

use std::{net::TcpListener, process::Stdio, time::Duration};

use anyhow::{Context as _, bail};
use clap::ValueEnum;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    process::{Child, Command},
    time::timeout,
};

use crate::client::STREAM;

const START_TIMEOUT: Duration = Duration::from_secs(30);

/// Programs to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Peer {
    /// Redis with an append-only file and an fsync before each answer
    Redis,
}

/// A running Redis. Dropping it ends the process and removes its data.
pub(crate) struct RedisServer {
    process: Child,
    _data: TempDir,
    pub(crate) address: String,
}

impl RedisServer {
    /// A new one on a free port. It makes everything durable that it acknowledges, and is spared the work of
    /// snapshots and of rewriting its file.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let data = tempfile::tempdir().context("a temporary folder")?;
        // it takes no port 0: one that was free just now
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut process = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--tcp-backlog", "4096"])
            .args(["--appendonly", "yes", "--appendfsync", "always", "--save", ""])
            .args(["--auto-aof-rewrite-percentage", "0", "--dir"])
            .arg(data.path())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("can't start redis-server; on Debian `apt-get install redis-server` installs it")?;
        let stdout = process.stdout.take().context("standard output is piped")?;
        let mut lines = BufReader::new(stdout).lines();
        let is_up = async {
            while let Some(line) = lines.next_line().await? {
                if line.contains("Ready to accept connections") {
                    return Ok(());
                }
            }
            bail!("redis-server ended")
        };
        timeout(START_TIMEOUT, is_up).await.context("redis-server takes too long")??;
        // keeps the pipe open and empty for as long as it lives
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { process, _data: data, address: format!("127.0.0.1:{port}") })
    }

    /// The number of the process; `None` when it has ended.
    pub(crate) fn process(&self) -> Option<u32> {
        self.process.id()
    }

    /// How many entries it has.
    pub(crate) async fn entry_count(&self) -> anyhow::Result<u64> {
        let mut stream = TcpStream::connect(&self.address).await?;
        stream.write_all(format!("XLEN {STREAM}\r\nQUIT\r\n").as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        let count = answer.lines().next().and_then(|line| line.strip_prefix(':'));
        count.with_context(|| format!("Redis said {answer}"))?.parse().context("a number of entries")
    }
}
