//! A Postgres of the story's own, which can be stopped, killed, frozen and started again. Unlike that of the other tests it
//! writes through to the disk, as it does where it matters.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use super::{skip, soon};

/// Obeys line by line and says `done`; cleans up when its input ends, which happens even when the tests are killed. Every process of
/// Postgres works in the data folder, and nothing else does: that is how they are found. Arguments: folder, programs' folder, port.
const KEEPER: &str = r#"
data=$1 bin=$2 port=$3
trap : INT TERM
umask 077
mkdir "$data"
everybody() {
  found=
  for process in /proc/[0-9]*; do
    [ "$(readlink "$process/cwd" 2>/dev/null)" = "$data/db" ] && found=1 && kill "$1" "${process#/proc/}" 2>/dev/null
  done
  :
}
kill_all() {
  everybody -KILL
  while [ "$found" ]; do everybody -KILL; done
}
start() {
  "$bin/pg_ctl" -D "$data/db" -w -t 60 -l "$data/postgres.log" start -o "-p $port -c listen_addresses=127.0.0.1 \
    -c unix_socket_directories= -c max_connections=100 -c fsync=on"
}
"$bin/initdb" -D "$data/db" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$data/initdb.log" 2>&1
while read -r order; do
  case $order in
    start) start ;;
    stop) "$bin/pg_ctl" -D "$data/db" -w -t 60 -m fast stop ;;
    # nobody is left, but where nobody buries the dead its file would look like that of a live one
    crash) kill_all && rm -f "$data/db/postmaster.pid" ;;
    freeze) everybody -STOP ;;
    thaw) everybody -CONT ;;
  esac >>"$data/keeper.log" 2>&1 </dev/null && echo done || echo "failed to $order: $(tail -n 5 "$data"/*.log | tr '\n' ' ')"
done
kill_all
rm -rf "$data"
"#;

/// A running cluster. Dropping it removes it.
pub struct Cluster {
    _keeper: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    port: u16,
}

impl Cluster {
    /// Makes and starts one; `None`, said aloud, where Postgres is not installed.
    pub async fn start(story: &str) -> Option<Self> {
        let Some(bin) = bin_dir() else {
            skip(
                story,
                "no Postgres server is installed (Debian: postgresql-15)",
                "OBSERVERIO_REQUIRE_POSTGRES",
            );
            return None;
        };
        // another user's programs must be able to get there
        let data = PathBuf::from(format!("/var/tmp/observerio-fault-{:016x}", fastrand::u64(..)));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = as_postgres_user("sh").await;
        command.args(["-c", KEEPER, "postgres-keeper"]).arg(&data).arg(&bin).arg(port.to_string());
        command.current_dir("/").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut keeper = command.spawn().unwrap();
        let orders = keeper.stdin.take().unwrap();
        let answers = BufReader::new(keeper.stdout.take().unwrap()).lines();
        let mut cluster = Self { _keeper: keeper, orders, answers, port };
        cluster.order("start").await;
        Some(cluster)
    }

    /// Its one database.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// `start`, `stop`, `crash` (kill -9 of all of it), `freeze` or `thaw`.
    pub async fn order(&mut self, order: &str) {
        soon("the keeper to listen", self.orders.write_all(format!("{order}\n").as_bytes())).await.unwrap();
        let answer = soon(order, self.answers.next_line()).await.unwrap();
        assert_eq!(answer.as_deref(), Some("done"), "Postgres did not {order}");
    }
}

/// Where Debian keeps the server's programs, of the newest version; or else the path.
fn bin_dir() -> Option<PathBuf> {
    let version = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = installed.map(|entry| entry.path()).filter(|path| path.join("bin/initdb").is_file());
    let newest = debian.max_by_key(|path| version(path)).map(|path| path.join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    newest.or_else(|| std::env::split_paths(&path).find(|dir| dir.join("initdb").is_file()))
}

/// Postgres refuses to run as root; Debian's package brings a user for it.
async fn as_postgres_user(program: &str) -> Command {
    let id = Command::new("id").arg("-u").output().await.unwrap();
    if id.stdout.trim_ascii() != b"0" {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--", program]);
    command
}
