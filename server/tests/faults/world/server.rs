//! The program itself, which is killed and comes back on the same data and the same ports.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    sync::RwLockReadGuard,
};

use super::{beside_others, soon};
use crate::support::{http::Browser, memory::Memory, secrets};

const PROGRAM: &str = env!("CARGO_BIN_EXE_observerio");
/// The log's last bytes, shown when a story fails.
const LAST_WORDS_BYTES: usize = 4_000;

/// One installation of observerio: data, ports, and the program when it runs.
pub struct Server {
    /// Of the dashboard.
    pub http: SocketAddr,
    /// Of the games.
    pub tcp: SocketAddr,
    /// The newest one-time token.
    set_up_token: Option<String>,
    how: How,
    program: Option<Child>,
    folder: TempDir,
    _beside_others: Option<RwLockReadGuard<'static, ()>>,
}

/// How the program is started.
#[derive(Clone, Debug, Default)]
pub struct How {
    /// A Postgres URL; none for SQLite.
    pub database_url: Option<String>,
    /// Where its data is, when not in a folder that goes with the story.
    pub data_dir: Option<PathBuf>,
    /// More flags.
    pub flags: Vec<String>,
    /// What runs the program, such as `strace … --`.
    pub wrapper: Vec<String>,
    /// Where it listens for people, when not on 127.0.0.1.
    pub http_host: Option<Ipv4Addr>,
    /// Where it listens for games, when not on 127.0.0.1.
    pub tcp_host: Option<Ipv4Addr>,
}

impl Server {
    /// A fresh one on SQLite.
    pub async fn start() -> Self {
        Self::start_with(How::default()).await
    }

    /// A fresh one.
    pub async fn start_with(how: How) -> Self {
        let mut server = Self::install().await;
        // after the first start these are the real addresses
        server.http.set_ip(how.http_host.unwrap_or(Ipv4Addr::LOCALHOST).into());
        server.tcp.set_ip(how.tcp_host.unwrap_or(Ipv4Addr::LOCALHOST).into());
        server.how = how;
        server.restart().await;
        server
    }

    /// A fresh one that is yet to be started, on SQLite.
    pub async fn install() -> Self {
        let mut server = Self::new();
        server._beside_others = Some(beside_others().await);
        server
    }

    /// A fresh one on SQLite, for a story that is told [`alone`](super::alone).
    pub async fn start_alone() -> Self {
        let mut server = Self::new();
        server.restart().await;
        server
    }

    fn new() -> Self {
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let folder = tempfile::tempdir().unwrap();
        Self {
            http: nowhere,
            tcp: nowhere,
            set_up_token: None,
            how: How::default(),
            program: None,
            folder,
            _beside_others: None,
        }
    }

    /// Starts the program again, on the same data and ports.
    pub async fn restart(&mut self) {
        soon("the banner", self.launch())
            .await
            .unwrap_or_else(|why| panic!("{why}; its log: {}", self.log()));
    }

    /// Starts the program; gives its status instead when it ends before its banner.
    pub async fn try_restart(&mut self) -> Result<(), ExitStatus> {
        let Err(_ended) = soon("the banner or the end", self.launch()).await else { return Ok(()) };
        Err(self.ended().await)
    }

    /// From now on the program is run by `wrapper`; none runs it by itself.
    pub fn wrap(&mut self, wrapper: Vec<String>) {
        self.how.wrapper = wrapper;
    }

    async fn launch(&mut self) -> Result<(), String> {
        assert!(self.program.is_none(), "it runs already");
        let log = File::options().create(true).append(true).open(self.log_file()).unwrap();
        let mut words = self.how.wrapper.clone();
        words.push(PROGRAM.to_owned());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).args(self.arguments()).args(&self.how.flags);
        // nothing of the machine that runs the tests, but where programs are
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("OBSERVERIO_LOG", "trace");
        if let Some(url) = &self.how.database_url {
            command.env("DATABASE_URL", url);
        }
        command.current_dir(self.folder.path()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let mut program = command.kill_on_drop(true).spawn().unwrap();
        let mut output = BufReader::new(program.stdout.take().unwrap()).lines();
        self.program = Some(program);
        self.read_banner(&mut output).await.ok_or("the program ended before its banner")?;
        // keeps the pipe open and empty for as long as the program lives
        tokio::spawn(async move { while let Ok(Some(_)) = output.next_line().await {} });
        Ok(())
    }

    fn arguments(&self) -> Vec<String> {
        let data = self.data_dir().to_str().unwrap().to_owned();
        let (http, tcp) = (self.http.to_string(), self.tcp.to_string());
        ["--http", &http, "--tcp", &tcp, "--data-dir", &data, "--registration", "open"]
            .map(str::to_owned)
            .to_vec()
    }

    async fn read_banner(&mut self, output: &mut Lines<BufReader<ChildStdout>>) -> Option<()> {
        let mut games = None;
        while let Some(line) = output.next_line().await.ok()? {
            let Some((label, value)) = line.trim().split_once("  ") else { continue };
            let value = value.trim();
            match label {
                "Dashboard" => self.http = value.strip_prefix("http://")?.parse().ok()?,
                "Games" => games = Some(value.parse().ok()?),
                // comes last, and always: the owner of these stories has no password
                "Set up" => {
                    secrets::note_address(value);
                    self.set_up_token = Some(value.split_once("token=")?.1.to_owned());
                    break;
                }
                _ => {}
            }
        }
        self.tcp = games?;
        Some(())
    }

    /// `kill -9`, and waits until it is gone.
    pub async fn kill(&mut self) {
        let mut program = self.program.take().expect("it runs");
        // it may have ended by itself in this very moment
        let _ = program.start_kill();
        soon("the program to be gone", program.wait()).await.unwrap();
    }

    /// Sends a signal such as `TERM`.
    pub async fn signal(&self, signal: &str) {
        send_signal(self.pid(), signal).await;
    }

    /// Waits until the program has ended.
    pub async fn ended(&mut self) -> ExitStatus {
        let mut program = self.program.take().expect("it ran");
        soon("the program to end", program.wait()).await.unwrap()
    }

    /// The process, or what wraps it.
    pub fn pid(&self) -> u32 {
        self.program.as_ref().and_then(Child::id).expect("it runs")
    }

    /// A browser that is signed in as the owner, by the one-time link.
    pub async fn owner(&self) -> Browser {
        let mut browser = Browser::new(self.http);
        let token = self.set_up_token.as_ref().expect("it was started");
        let answer = browser.post_form("/setup", &[("token", token)]).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        browser
    }

    /// Makes a project with this key, as scripts do it.
    pub async fn register(&self, key: &str) {
        let body = format!("{{\"token\": \"{key}\"}}");
        let answer = Browser::new(self.http).post_json("/users/tokens", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    /// The folder of its data.
    pub fn data_dir(&self) -> PathBuf {
        self.how.data_dir.clone().unwrap_or_else(|| self.folder.path().join("data"))
    }

    /// A folder that goes with the story.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The Postgres URL, if it is on Postgres.
    pub fn database_url(&self) -> Option<&str> {
        self.how.database_url.as_deref()
    }

    /// Everything that it has written to standard error so far, over all its lives.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.log_file()).unwrap_or_default()).into_owned()
    }

    /// Waits until the log has said this so often, over all its lives.
    pub async fn log_says(&self, words: &str, times: usize) {
        let mut follow = Command::new("tail");
        follow
            .args(["--lines=+1", "--follow"])
            .arg(self.log_file())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        let mut follow = follow.spawn().unwrap();
        let mut lines = BufReader::new(follow.stdout.take().unwrap()).lines();
        let mut seen = 0;
        while seen < times {
            let line = soon(words, lines.next_line()).await.unwrap().unwrap_or_default();
            seen += usize::from(line.contains(words));
        }
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("observerio.log")
    }

    /// What it holds.
    pub fn memory(&self) -> Memory {
        Memory(self.pid())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let log = self.log();
        if std::thread::panicking() {
            let from = log.len().saturating_sub(LAST_WORDS_BYTES);
            let last_words = log.get(from..).unwrap_or(&log);
            eprintln!("the last words of the program's log:\n{last_words}");
        } else {
            assert!(!log.contains("panicked at"), "the program panicked:\n{log}");
            secrets::search(log.as_bytes());
        }
    }
}

/// `kill -SIGNAL`.
pub async fn send_signal(pid: u32, signal: &str) {
    let sent = Command::new("kill").args([&format!("-{signal}"), &pid.to_string()]).status().await.unwrap();
    assert!(sent.success(), "kill -{signal} {pid}");
}
