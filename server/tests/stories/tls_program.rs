//! The program and its certificate: files that can't be used, and new ones while it runs.

use std::{
    net::SocketAddr,
    path::Path,
    process::{Output, Stdio},
};

use crate::support::{
    line::Game,
    soon,
    tls::{self, Identity},
};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStderr, Command},
};

/// Without any variable of the machine that runs the tests.
fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_observerio"));
    command.env_clear().current_dir(folder).kill_on_drop(true);
    command.env("OBSERVERIO_HTTP", "127.0.0.1:0").env("OBSERVERIO_TCP", "127.0.0.1:0");
    command
}

/// A running program, of which everything that it logs is read.
struct Running {
    child: Child,
    log: Lines<BufReader<ChildStderr>>,
    http: SocketAddr,
    tcp: SocketAddr,
}

impl Running {
    async fn start(folder: &Path, flags: &[String]) -> Self {
        let mut child =
            program(folder).args(flags).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut banner = BufReader::new(child.stdout.take().unwrap()).lines();
        let log = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut value = async |label: &str| loop {
            let line = soon("the banner", banner.next_line()).await.unwrap().expect("a banner");
            if let Some(value) = line.trim().strip_prefix(label) {
                return value.trim().rsplit('/').next().unwrap().parse().unwrap();
            }
        };
        let http = value("Dashboard").await;
        let tcp = value("Games").await;
        Self { child, log, http, tcp }
    }

    async fn signal(&self, signal: &str) {
        let id = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().await.unwrap().success());
    }

    /// The next line of the log that says so.
    async fn says(&mut self, what: &str) -> String {
        loop {
            let line = soon(what, self.log.next_line()).await.unwrap();
            let line = line.unwrap_or_else(|| panic!("it ended and did not say {what}"));
            if line.contains(what) {
                return line;
            }
        }
    }

    /// Whether a client that trusts this certificate alone is served on both ports.
    async fn presents(&self, identity: &Identity) -> bool {
        let client = identity.client();
        let http = tls::connect(self.http, &client).await.is_ok();
        let tcp = tls::connect(self.tcp, &client).await.is_ok();
        assert_eq!(http, tcp, "both ports present the same");
        tcp
    }

    async fn stop(mut self) {
        self.signal("-TERM").await;
        assert_eq!(soon("the end", self.child.wait()).await.unwrap().code(), Some(0));
    }
}

#[tokio::test]
async fn a_hang_up_reads_the_certificate_anew_and_keeps_the_old_one_if_it_can_not() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (Identity::new(), Identity::new());
    let flags = first.write(folder.path());
    let mut running = Running::start(folder.path(), &flags).await;
    assert!(running.presents(&first).await && !running.presents(&second).await);
    let mut game = Game::over(tls::connect(running.tcp, &first.client()).await.unwrap());

    second.write(folder.path());
    running.signal("-HUP").await;
    running.says("reloaded the TLS certificate").await;
    assert!(running.presents(&second).await && !running.presents(&first).await);
    // who is connected stays so
    game.send("v:short\n").await;
    assert_eq!(game.error().await, "bad_key");

    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, "-----BEGIN CERTIFICATE-----\nhunter2\n").unwrap();
    running.signal("-HUP").await;
    let refusal = running.says("ERROR").await;
    assert!(refusal.contains("cert.pem") && !refusal.contains("hunter2"), "{refusal}");
    assert!(running.presents(&second).await);
    std::fs::write(&certificate, &second.certificate_pem).unwrap();
    std::fs::write(&key, &first.key_pem).unwrap();
    running.signal("-HUP").await;
    let refusal = running.says("ERROR").await;
    assert!(refusal.contains("key.pem") && refusal.contains("does not match"), "{refusal}");
    assert!(running.presents(&second).await);
    std::fs::remove_file(&certificate).unwrap();
    running.signal("-HUP").await;
    running.says("ERROR").await;
    assert!(running.presents(&second).await);

    first.write(folder.path());
    running.signal("-HUP").await;
    running.says("reloaded the TLS certificate").await;
    assert!(running.presents(&first).await);
    running.stop().await;
}

#[tokio::test]
async fn without_a_certificate_a_hang_up_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut running = Running::start(folder.path(), &[]).await;
    running.signal("-HUP").await;
    running.says("SIGHUP ignored").await;
    let mut game = Game::connect(running.tcp).await;
    game.send("v:short\n").await;
    assert_eq!(game.error().await, "bad_key");
    running.stop().await;
}

#[tokio::test]
async fn an_expired_certificate_is_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let expired = Identity::expired();
    let flags = expired.write(folder.path());
    let mut running = Running::start(folder.path(), &flags).await;
    let warning = running.says("has expired").await;
    assert!(warning.contains("WARN") && warning.contains("cert.pem"), "{warning}");
    // the client judges, and this one refuses
    assert!(!running.presents(&expired).await);
    running.stop().await;
}

#[tokio::test]
async fn files_that_can_not_be_used_are_one_sentence_and_status_78() {
    let folder = tempfile::tempdir().unwrap();
    let identity = Identity::new();
    identity.write(folder.path());
    let file = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let key = &identity.key_pem;
    file("other-key.pem", &Identity::new().key_pem);
    file("empty.pem", "");
    file("text.pem", "hunter2 is no certificate\n");
    file("half.pem", &identity.certificate_pem[..identity.certificate_pem.len() / 2]);
    file("garbage.pem", "-----BEGIN CERTIFICATE-----\naHVudGVyMg==\n-----END CERTIFICATE-----\n");
    file("garbage-key.pem", "-----BEGIN PRIVATE KEY-----\naHVudGVyMg==\n-----END PRIVATE KEY-----\n");
    file("locked-key.pem", &key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"));
    file("large.pem", &"x".repeat(1024 * 1024 + 1));
    std::fs::create_dir(folder.path().join("folder.pem")).unwrap();
    for (certificate, key, named, why) in [
        ("missing.pem", "key.pem", "missing.pem", "No such file"),
        ("cert.pem", "missing.pem", "missing.pem", "No such file"),
        ("folder.pem", "key.pem", "folder.pem", "directory"),
        ("large.pem", "key.pem", "large.pem", "larger than 1 MiB"),
        ("empty.pem", "key.pem", "empty.pem", "no certificate"),
        ("text.pem", "key.pem", "text.pem", "no certificate"),
        ("half.pem", "key.pem", "half.pem", "no certificate"),
        ("key.pem", "cert.pem", "key.pem", "no certificate"),
        ("garbage.pem", "key.pem", "garbage.pem", "damaged"),
        ("cert.pem", "empty.pem", "empty.pem", "no private key"),
        ("cert.pem", "cert.pem", "cert.pem", "no private key"),
        ("cert.pem", "locked-key.pem", "locked-key.pem", "unencrypted key"),
        ("cert.pem", "garbage-key.pem", "garbage-key.pem", "damaged"),
        ("cert.pem", "other-key.pem", "other-key.pem", "does not match"),
    ] {
        let mut command = program(folder.path());
        command.env("OBSERVERIO_TLS_CERT", certificate).env("OBSERVERIO_TLS_KEY", key);
        let output = soon("the program to end", command.stdin(Stdio::null()).output()).await.unwrap();
        let Output { status, stdout, stderr } = output;
        let stderr = String::from_utf8(stderr).unwrap();
        assert_eq!((status.code(), stdout.len(), stderr.lines().count()), (Some(78), 0, 1), "{stderr}");
        assert!(stderr.contains(named) && stderr.contains(why), "{certificate} {key}: {stderr}");
        let secret = identity.key_pem.lines().nth(1).unwrap();
        assert!(!stderr.contains("hunter2") && !stderr.contains(secret), "{stderr}");
    }
    assert!(!folder.path().join("observerio-data").exists(), "nothing is begun");
}
