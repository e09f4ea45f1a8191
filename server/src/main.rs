//! The program: parses the command line, and runs the server or another command until it is told to stop.

use std::{
    fmt,
    io::{self, IsTerminal as _, Write as _},
    process::{ExitCode, exit},
};

use client::Unfinished;
use fleet::FleetSettings;
use server::{
    Certificates, RunError, Server,
    command::{Task, command_line},
    config::{ConfigError, Database, Demo},
    copies::{self, Copy, CopyError},
    demo::{self, DemoError, DemoServer},
    recovery, telemetry,
};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

/// The output can't be written.
const EXIT_OUTPUT: u8 = 1;
/// The command line is invalid.
const EXIT_USAGE: u8 = 2;
/// A setting is invalid: `EX_CONFIG` of sysexits.h, which service managers know.
const EXIT_CONFIG: u8 = 78;
/// A part of the server has failed: `EX_SOFTWARE` of sysexits.h. Service managers restart it.
const EXIT_DIED: u8 = 70;
/// The server does not answer: `EX_UNAVAILABLE`, as in the commands that talk to one.
const EXIT_UNAVAILABLE: u8 = 69;
/// The server refuses: `EX_NOPERM`, likewise.
const EXIT_REFUSED: u8 = 77;
/// Interrupted; by convention 128 plus the number of SIGINT.
const EXIT_INTERRUPTED: i32 = 130;

#[tokio::main]
async fn main() -> ExitCode {
    let (config, filter) = match Task::parse(std::env::args_os()) {
        Ok(Task::Serve(settings)) => *settings,
        Ok(Task::Demo(demo)) => return show(*demo).await,
        Ok(Task::Copy(what, database)) => return copy(&what, &database).await,
        Ok(Task::RemoveSecondFactor(email, database)) => {
            return said(recovery::remove_second_factor(&email, &database).await);
        }
        Ok(Task::Talk(command)) => return talk(*command).await,
        Err(ConfigError::Help(text)) => return say(&text),
        Err(ConfigError::Usage(sentence)) => {
            return fail(EXIT_USAGE, &format!("{sentence}; `observerio --help` lists the options"));
        }
        Err(ConfigError::Setting(sentence)) => return fail(EXIT_CONFIG, &sentence),
    };
    telemetry::start(filter);
    let (mut signals, hangups) = match listen() {
        Ok(listening) => listening,
        Err(status) => return status,
    };
    let bound = tokio::select! {
        bound = Server::bind(config) => bound,
        // checking a large database takes a while, and there is nothing to save yet
        () = signals.next() => return ExitCode::SUCCESS,
    };
    let server = match bound {
        Ok(server) => server,
        Err(error) => return fail(EXIT_CONFIG, &error.to_string()),
    };
    let banner = server.banner();
    serve(server, &banner, signals, hangups).await
}

/// Right at the start, because unhandled signals kill the process.
fn listen() -> Result<(Signals, Hangups), ExitCode> {
    let listening = Signals::listen().and_then(|signals| Ok((signals, Hangups::listen()?)));
    listening.map_err(|error| fail(EXIT_CONFIG, &format!("cannot listen for signals: {error}")))
}

/// Serves until a signal stops it, and handles the other signals.
async fn serve(server: Server, banner: &impl fmt::Display, signals: Signals, hangups: Hangups) -> ExitCode {
    let stop = CancellationToken::new();
    let (vitals, never) = (server.gateway().vitals().clone(), CancellationToken::new());
    let listening = stop_on_signal(signals, stop.clone());
    tokio::spawn(vitals.guard("the signal handler", never.clone(), listening));
    let reloading = reload_on_hangup(hangups, server.certificates());
    tokio::spawn(vitals.guard("the certificate reloader", never, reloading));
    say(&if io::stdout().is_terminal() { format!("{banner:#}") } else { banner.to_string() });
    match server.run(stop).await {
        Ok(_drained) => ExitCode::SUCCESS,
        Err(error) => fail(status_of(&error), &error.to_string()),
    }
}

/// Shows a demo until a signal stops it.
async fn show((demo, filter): (Demo, EnvFilter)) -> ExitCode {
    telemetry::start(filter);
    let (mut signals, hangups) = match listen() {
        Ok(listening) => listening,
        Err(status) => return status,
    };
    match demo {
        Demo::Here(settings) => {
            let opened = tokio::select! {
                opened = DemoServer::open(settings) => opened,
                () = signals.next() => return ExitCode::SUCCESS,
            };
            match opened {
                Ok(DemoServer { server, banner, devices }) => {
                    let status = serve(server, &banner, signals, hangups).await;
                    drop(devices);
                    status
                }
                Err(error) => fail(EXIT_CONFIG, &error.to_string()),
            }
        }
        Demo::Elsewhere(fleet) => visit(fleet, signals).await,
    }
}

/// Lets simulated devices play on another server until a signal stops them.
async fn visit(settings: FleetSettings, mut signals: Signals) -> ExitCode {
    let text = format!("{} simulated devices play on {}\n", settings.devices, settings.address);
    let visiting = tokio::select! {
        visiting = demo::visit(settings) => visiting,
        () = signals.next() => return ExitCode::SUCCESS,
    };
    let _fleet = match visiting {
        Ok(fleet) => fleet,
        Err(error @ DemoError::Unreachable { .. }) => return fail(EXIT_UNAVAILABLE, &error.to_string()),
        Err(error @ DemoError::Refused(_)) => return fail(EXIT_REFUSED, &error.to_string()),
        Err(error) => return fail(EXIT_CONFIG, &error.to_string()),
    };
    say(&text);
    signals.next().await;
    ExitCode::SUCCESS
}

fn status_of(error: &RunError) -> u8 {
    match error {
        RunError::Start(_) => EXIT_CONFIG,
        RunError::Died(_) => EXIT_DIED,
    }
}

/// Backs up or restores. A signal cancels it, and incomplete work is cleaned up before the process exits.
async fn copy(what: &Copy, database: &Database) -> ExitCode {
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => return fail(EXIT_CONFIG, &format!("cannot listen for signals: {error}")),
    };
    let done = tokio::select! {
        done = copies::run(what, database) => Some(done),
        () = signals.next() => None,
    };
    match done {
        Some(done) => said(done),
        // not by returning, which would wait for a thread in the middle of the copy
        None => exit(EXIT_INTERRUPTED),
    }
}

fn said(done: Result<String, CopyError>) -> ExitCode {
    match done {
        Ok(text) => say(&text),
        Err(CopyError::Usage(sentence)) => fail(EXIT_USAGE, &sentence),
        Err(CopyError::Unusable(sentence)) => fail(EXIT_CONFIG, &sentence),
        Err(CopyError::Output(sentence)) => fail(EXIT_OUTPUT, &sentence),
    }
}

/// Runs a command against a server. It blocks, so a signal exits the process.
async fn talk(command: client::Command) -> ExitCode {
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => return fail(EXIT_CONFIG, &format!("cannot listen for signals: {error}")),
    };
    let unfinished = Unfinished::default();
    let seen = unfinished.clone();
    let done = tokio::task::spawn_blocking(move || client::run(command, command_line(), &seen));
    tokio::select! {
        status = done => status.unwrap_or(ExitCode::FAILURE),
        () = signals.next() => {
            unfinished.delete();
            exit(EXIT_INTERRUPTED)
        }
    }
}

/// Prints to standard output. If that is closed, the server continues.
fn say(text: &str) -> ExitCode {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn fail(status: u8, sentence: &str) -> ExitCode {
    eprintln!("observerio: {sentence}");
    ExitCode::from(status)
}

/// The first signal asks the server to shut down, the second one exits immediately; what is saved stays saved.
async fn stop_on_signal(mut signals: Signals, stop: CancellationToken) {
    signals.next().await;
    tracing::info!("shutting down; a second signal stops immediately");
    stop.cancel();
    signals.next().await;
    exit(EXIT_INTERRUPTED);
}

/// SIGHUP reloads the certificate.
async fn reload_on_hangup(mut hangups: Hangups, certificates: Option<Certificates>) {
    loop {
        hangups.next().await;
        match &certificates {
            Some(certificates) => certificates.reload().await,
            None => tracing::info!("SIGHUP ignored: there is no TLS certificate to reload"),
        }
    }
}

#[cfg(unix)]
struct Hangups(tokio::signal::unix::Signal);

#[cfg(unix)]
impl Hangups {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        signal(SignalKind::hangup()).map(Self)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}

#[cfg(not(unix))]
struct Hangups;

#[cfg(not(unix))]
impl Hangups {
    fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        std::future::pending().await
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}
