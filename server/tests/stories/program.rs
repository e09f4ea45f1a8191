//! The program itself: its banner, its exit statuses, its signals.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    net::TcpListener,
    process::{Child, Command, Output, Stdio},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_observerio");

/// Without any variable of the machine that runs the tests.
fn program(folder: &std::path::Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.env_clear().current_dir(folder);
    command
}

fn run(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn help_and_version_go_to_standard_output() {
    let folder = tempfile::tempdir().unwrap();
    for flag in ["--help", "--version"] {
        let (status, stdout, stderr) = run(program(folder.path()).arg(flag));
        assert_eq!((status, stderr.as_str()), (Some(0), ""));
        assert!(stdout.contains("observerio") || stdout.contains("OBSERVERIO_HTTP"));
    }
}

#[test]
fn a_wrong_command_line_is_one_sentence_and_status_2() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["--nonsense"][..], &["serve", "--http", "nonsense"], &["--http"], &["frobnicate"]] {
        let (status, stdout, stderr) = run(program(folder.path()).args(arguments));
        assert_eq!(
            (status, stdout.as_str(), stderr.lines().count()),
            (Some(2), "", 1),
            "{arguments:?}: {stderr}"
        );
    }
}

#[test]
fn a_setting_that_cannot_work_is_one_sentence_and_status_78() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let file = folder.path().join("a-file");
    std::fs::write(&file, "not a directory, and not a database either, but rather long text; ".repeat(100))
        .unwrap();
    let (in_file, foreign) = (file.join("data"), format!("sqlite:{}", file.display()));
    for (variable, value, says) in [
        ("OBSERVERIO_HTTP", "nonsense", "OBSERVERIO_HTTP"),
        ("OBSERVERIO_TCP", "127.0.0.1:99999", "OBSERVERIO_TCP"),
        ("OBSERVERIO_HTTP", &taken, "another program is using this port"),
        ("OBSERVERIO_TCP", &taken, "another program is using this port"),
        ("OBSERVERIO_REGISTRATION", "maybe", "open or closed"),
        ("OBSERVERIO_PUBLIC_URL", "tune.example.org", "https://"),
        ("OBSERVERIO_MAX_GAMES", "many", "OBSERVERIO_MAX_GAMES"),
        ("OBSERVERIO_DATA_DIR", in_file.to_str().unwrap(), "OBSERVERIO_DATA_DIR"),
        ("DATABASE_URL", "mysql://u:hunter2@127.0.0.1/db", "mysql"),
        ("DATABASE_URL", "postgres://u:hunter2@127.0.0.1:1/db", "DATABASE_URL"),
        ("DATABASE_URL", &foreign, "a-file"),
    ] {
        let mut command = program(folder.path());
        command.env("OBSERVERIO_HTTP", "127.0.0.1:0").env("OBSERVERIO_TCP", "127.0.0.1:0");
        command.env("OBSERVERIO_LOG", "error").env(variable, value);
        let (status, stdout, stderr) = run(&mut command);
        assert_eq!(
            (status, stdout.as_str(), stderr.lines().count()),
            (Some(78), "", 1),
            "{variable}={value}: {stderr}"
        );
        assert!(stderr.contains(says), "{variable}={value}: {stderr}");
        assert!(!stderr.contains("hunter2"), "{stderr}");
    }
    let kept = std::fs::read_to_string(&file).unwrap();
    assert!(kept.starts_with("not a directory"), "a foreign file is left as it was");
}

struct Running {
    child: Child,
    banner: Vec<String>,
    output: BufReader<std::process::ChildStdout>,
}

impl Running {
    fn start(folder: &std::path::Path) -> Self {
        let mut command = program(folder);
        command.env("OBSERVERIO_HTTP", "127.0.0.1:0").env("OBSERVERIO_TCP", "127.0.0.1:0");
        command.env("OBSERVERIO_LOG", "trace").stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut banner = Vec::new();
        for _ in 0..6 {
            let mut line = String::new();
            output.read_line(&mut line).unwrap();
            banner.push(line);
        }
        Self { child, banner, output }
    }

    fn value(&self, label: &str) -> &str {
        let line = self.banner.iter().find_map(|line| line.trim().strip_prefix(label));
        line.unwrap_or_else(|| panic!("no {label} in {:?}", self.banner)).trim()
    }

    /// Status and what was logged.
    fn signal(mut self, signal: &str) -> (Option<i32>, String) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "", "nothing follows the banner");
        (self.child.wait().unwrap().code(), log)
    }
}

#[test]
fn the_banner_says_where_and_the_log_keeps_the_link_secret() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path());
    let dashboard = running.value("Dashboard").to_owned();
    let link = running.value("Set up").to_owned();
    assert!(dashboard.starts_with("http://127.0.0.1:"), "{dashboard}");
    assert!(link.starts_with(&format!("{dashboard}/setup#token=")), "{link}");
    assert!(running.value("Data").contains("observerio-data"));
    assert!(std::net::TcpStream::connect(running.value("Games")).is_ok());
    let token = link.split_once("token=").unwrap().1.to_owned();
    // asking for the page must not put the token into the log either
    let mut page = std::net::TcpStream::connect(dashboard.strip_prefix("http://").unwrap()).unwrap();
    let request =
        format!("GET /setup?token={token} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    std::io::Write::write_all(&mut page, request.as_bytes()).unwrap();
    let mut answer = String::new();
    page.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    let (status, log) = running.signal("-TERM");
    assert_eq!(status, Some(0), "{log}");
    assert!(!log.contains(&token), "{log}");
}

#[test]
fn a_second_server_keeps_out_of_the_same_data() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path());
    let mut second = program(folder.path());
    second.env("OBSERVERIO_HTTP", "127.0.0.1:0").env("OBSERVERIO_TCP", "127.0.0.1:0");
    let (status, _, stderr) = run(&mut second);
    assert_eq!(status, Some(78));
    assert!(stderr.contains("another observerio"), "{stderr}");
    assert_eq!(running.signal("-INT").0, Some(0));
}
