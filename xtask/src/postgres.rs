//! A Postgres for one test run: a new, empty cluster in a temporary directory, on 127.0.0.1 only.

use std::io::{PipeWriter, pipe};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::shell;

/// How long a cluster may take to start on a busy machine.
const START_LIMIT: Duration = Duration::from_secs(60);

/// Creates a cluster and serves it until standard input ends, which happens even if this process is killed. Then it stops and
/// leaves nothing behind. Arguments: data directory, program directory, port.
const KEEPER: &str = r#"
set -e
data=$1 bin=$2 port=$3
trap : INT TERM
umask 077
mkdir "$data"
"$bin/initdb" -D "$data/db" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$data/initdb.log" 2>&1 || {
  cat "$data/initdb.log" >&2; rm -rf "$data"; exit 1
}
# fsync off: no test pulls the plug on this one
"$bin/postgres" -D "$data/db" -p "$port" -c listen_addresses=127.0.0.1 -c "unix_socket_directories=$data" \
  -c fsync=off -c max_connections=200 >"$data/postgres.log" 2>&1 &
server=$!
read -r _ || :
kill -QUIT "$server" 2>/dev/null || :
wait "$server" || :
rm -rf "$data"
"#;

/// A running cluster. Dropping it stops it and removes its files.
pub(crate) struct Postgres {
    keeper: Child,
    /// Closing it tells the keeper to end.
    leash: Option<PipeWriter>,
    port: u16,
}

impl Postgres {
    /// Starts a cluster and waits until it answers.
    pub(crate) fn start() -> Result<Self> {
        let bin = bin_dir().context("no Postgres server is installed (Debian: postgresql-15)")?;
        let port = free_port()?;
        // not below the repository: Postgres' user may not be allowed to look in there
        let data = PathBuf::from(format!("/var/tmp/observerio-postgres-{}", std::process::id()));
        let (end, leash) = pipe()?;
        let mut keeper = as_postgres_user("sh")?;
        keeper.args(["-c", KEEPER, "postgres-keeper"]).arg(&data).arg(&bin).arg(port.to_string());
        let keeper = keeper.current_dir("/").stdin(end).stdout(Stdio::null()).spawn()?;
        let mut postgres = Self { keeper, leash: Some(leash), port };
        postgres.wait_until_ready(&bin)?;
        Ok(postgres)
    }

    /// Where tests find it; they make databases of their own.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}", self.port)
    }

    fn wait_until_ready(&mut self, bin: &Path) -> Result<()> {
        let started = Instant::now();
        loop {
            let mut ready = Command::new(bin.join("pg_isready"));
            ready.args(["-q", "-h", "127.0.0.1", "-U", "postgres", "-p", &self.port.to_string()]);
            if shell::succeeds(&mut ready) {
                return Ok(());
            }
            if let Some(status) = self.keeper.try_wait()? {
                bail!("Postgres did not start ({status}); its output is above");
            }
            if started.elapsed() > START_LIMIT {
                bail!("Postgres did not respond within {} seconds", START_LIMIT.as_secs());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.leash.take();
        if let Err(error) = self.keeper.wait() {
            eprintln!("cargo xtask: Postgres may still be running: {error}");
        }
    }
}

/// Where the server's programs are: Debian keeps them out of the path. The newest one.
pub(crate) fn bin_dir() -> Option<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, bin)| bin.join("initdb").is_file())
        .collect();
    found.sort();
    let elsewhere = || {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).find(|dir| dir.join("initdb").is_file())
    };
    found.pop().map(|(_, bin)| bin).or_else(elsewhere)
}

/// Postgres refuses to run as root; Debian's package brings a user for it.
fn as_postgres_user(name: &str) -> Result<Command> {
    if !shell::is_root()? {
        return Ok(Command::new(name));
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--", name]);
    Ok(command)
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
