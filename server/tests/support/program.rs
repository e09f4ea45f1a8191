//! The program itself, in a process of its own: its memory can be measured, and all that it says is kept.

use std::{
    net::SocketAddr,
    path::Path,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex},
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader},
    process::{Child, Command},
    task::JoinHandle,
};

use super::{PostgresDatabase, http::Browser, memory::Memory, secrets, soon};

const PROGRAM: &str = env!("CARGO_BIN_EXE_observerio");

/// A running program with data of its own, on the database of these tests, at its most talkative.
pub struct Program {
    pub http: SocketAddr,
    pub tcp: SocketAddr,
    /// The token of the one-time link.
    pub set_up_token: String,
    child: Child,
    said: [Said; 2],
    folder: TempDir,
    database: Option<PostgresDatabase>,
}

/// What came out of one pipe so far. It is searched for secrets in the end.
struct Said {
    text: Arc<Mutex<Vec<u8>>>,
    task: JoinHandle<()>,
}

impl Drop for Said {
    fn drop(&mut self) {
        secrets::search(&self.text.lock().unwrap());
    }
}

impl Program {
    /// Starts it with these flags and variables.
    pub async fn start(flags: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::start_on(flags, variables, |url| url.to_owned()).await
    }

    /// The same; `adapt` may add to the URL of a Postgres database, if that is where the tests run.
    pub async fn start_on(
        flags: &[&str],
        variables: &[(&str, &str)],
        adapt: impl Fn(&str) -> String,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = PostgresDatabase::create().await;
        let mut command = command(folder.path());
        command.args(flags).envs(variables.iter().copied());
        if let Some(database) = &database {
            command.env("DATABASE_URL", adapt(&database.url));
        }
        let (child, said, (http, tcp, set_up_token)) = launch(&mut command).await;
        Self { http, tcp, set_up_token, child, said, folder, database }
    }

    /// Starts a demo with these flags and variables.
    pub async fn demo(flags: &[&str], variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = command_in(folder.path());
        command.arg("demo").args(flags).envs(variables.iter().copied());
        let (child, said, (http, tcp, set_up_token)) = launch(&mut command).await;
        Self { http, tcp, set_up_token, child, said, folder, database: None }
    }

    /// Starts it again on the same data, when it has ended.
    pub async fn restart(&mut self) {
        let mut command = command(self.folder.path());
        command.env("DATABASE_URL", self.database_url());
        let (child, said, (http, tcp, set_up_token)) = launch(&mut command).await;
        (self.http, self.tcp, self.set_up_token, self.child, self.said) =
            (http, tcp, set_up_token, child, said);
    }

    /// The same, on the same ports, too: games and browsers come back by themselves.
    pub async fn restart_in_place(&mut self) {
        let mut command = command_at(self.folder.path(), &self.http.to_string(), &self.tcp.to_string());
        command.env("DATABASE_URL", self.database_url());
        let (child, said, (_, _, set_up_token)) = launch(&mut command).await;
        (self.set_up_token, self.child, self.said) = (set_up_token, child, said);
    }

    /// Starts another one on the same database, with a data directory of its own, which must not come up: its status and what
    /// it says.
    pub async fn beside(&self, database_url: &str) -> (Option<i32>, String) {
        let mut command = command(self.folder.path());
        command.env("DATABASE_URL", database_url).env("OBSERVERIO_LOG", "error");
        command.args(["--data-dir", "beside"]);
        let output = soon("the second program to end", command.output()).await.unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }

    /// `kill -9`, and waits until it is gone.
    pub async fn kill(&mut self) {
        self.child.start_kill().unwrap();
        soon("the program to be gone", self.child.wait()).await.unwrap();
    }

    /// Waits until it ends by itself; its status and standard error.
    pub async fn ended(mut self) -> (Option<i32>, String) {
        let status = soon("the program to end", self.child.wait()).await.unwrap();
        soon("the end of its output", &mut self.said[1].task).await.unwrap();
        (status.code(), String::from_utf8_lossy(&self.said[1].text.lock().unwrap()).into_owned())
    }

    /// The folder in which it runs.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A browser that is signed in as the owner, by the one-time link.
    pub async fn owner(&self) -> Browser {
        let mut browser = Browser::new(self.http);
        let answer = browser.post_form("/setup", &[("token", &self.set_up_token)]).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        browser
    }

    /// Its database, for others who use it too.
    pub fn database_url(&self) -> String {
        match &self.database {
            Some(postgres) => postgres.url.clone(),
            None => format!("sqlite:{}", self.folder.path().join("observerio-data/observerio.db").display()),
        }
    }

    /// What it holds.
    pub fn memory(&self) -> Memory {
        Memory(self.pid())
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Asks it to end; its status, what standard output had after the banner, and standard error.
    pub async fn stop(mut self) -> (ExitStatus, String, String) {
        let asked = Command::new("kill").args(["-TERM", &self.pid().to_string()]).status().await.unwrap();
        assert!(asked.success());
        let status = soon("the program to end", self.child.wait()).await.unwrap();
        let mut texts = Vec::new();
        for said in &mut self.said {
            soon("the end of its output", &mut said.task).await.unwrap();
            texts.push(String::from_utf8_lossy(&said.text.lock().unwrap()).into_owned());
        }
        let errors = texts.pop().unwrap();
        (status, texts.pop().unwrap(), errors)
    }
}

/// On ports that are free.
fn command(folder: &Path) -> Command {
    command_at(folder, "127.0.0.1:0", "127.0.0.1:0")
}

fn command_at(folder: &Path, http: &str, tcp: &str) -> Command {
    let mut command = command_in(folder);
    command.args(["--http", http, "--tcp", tcp]);
    command
}

/// In this folder, at its most talkative, and without any variable of the machine that runs the tests.
fn command_in(folder: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.env_clear().current_dir(folder).env("OBSERVERIO_LOG", "trace");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// Starts it and reads its banner.
async fn launch(command: &mut Command) -> (Child, [Said; 2], (SocketAddr, SocketAddr, String)) {
    let mut child = command.spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let errors = keep(child.stderr.take().unwrap());
    let Some(banner) = soon("the banner", read_banner(&mut output)).await else {
        panic!("no banner: {}", String::from_utf8_lossy(&errors.text.lock().unwrap()))
    };
    secrets::note(&banner.2);
    (child, [keep(output), errors], banner)
}

fn keep(mut pipe: impl AsyncRead + Unpin + Send + 'static) -> Said {
    let text = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&text);
    let task = tokio::spawn(async move {
        let mut piece = [0; 64 * 1024];
        while let Ok(count @ 1..) = pipe.read(&mut piece).await {
            kept.lock().unwrap().extend_from_slice(&piece[..count]);
        }
    });
    Said { text, task }
}

/// Up to its last line, which comes after the one-time link. `None` when the program ended before.
async fn read_banner(
    output: &mut (impl tokio::io::AsyncBufRead + Unpin),
) -> Option<(SocketAddr, SocketAddr, String)> {
    let (mut http, mut tcp, mut token) = (None, None, None);
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).await.unwrap() == 0 {
            return None;
        }
        let (label, value) = line.trim().split_once("  ").unwrap_or((line.trim(), ""));
        let value = value.trim();
        match label {
            "Dashboard" => http = value.strip_prefix("http://").map(|address| address.parse().unwrap()),
            "Games" => tcp = Some(value.parse().unwrap()),
            "Set up" => token = value.split_once("token=").map(|(_, token)| token.to_owned()),
            // a demo's link, which is also its address
            "Open" => {
                let (address, end) = value.split_once("/setup#token=").unwrap();
                http = address.strip_prefix("http://").map(|address| address.parse().unwrap());
                token = Some(end.to_owned());
            }
            text if text.starts_with("open this link") => return Some((http?, tcp?, token?)),
            _ => {}
        }
    }
}
