//! Running other programs: always shown, always with a sentence when they fail.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().expect("xtask lies in the repository's root").to_path_buf()
}

/// Where everything that is built goes. Fixed, because the server embeds `target/site`.
pub(crate) fn target_dir() -> PathBuf {
    root().join("target")
}

/// A path as a person at the root of the repository would write it.
pub(crate) fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// `cargo ARGS` in the root of the repository, as if it were typed there.
///
/// `cargo run`, which started us, left variables about *this* package behind. Build scripts that watch them
/// (ring's does) would run again at every change between `cargo build` and `cargo xtask`.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut command = program("cargo", args);
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name.as_ref());
        }
    }
    command.env("CARGO_TARGET_DIR", target_dir());
    // a machine that builds once and is thrown away has no use for what only a second build would read
    if std::env::var_os("CI").is_some() && std::env::var_os("CARGO_INCREMENTAL").is_none() {
        command.env("CARGO_INCREMENTAL", "0");
    }
    command
}

/// `name ARGS` in the root of the repository.
pub(crate) fn program(name: &str, args: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(args).current_dir(root());
    command
}

/// Runs it with its output on the screen.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    announce(command);
    let status = command.status().with_context(|| format!("cannot start `{}`", line(command)))?;
    if !status.success() {
        bail!("`{}` failed ({status})", line(command));
    }
    Ok(())
}

/// Runs it and hands every line of its standard output to `seen`, which also goes to the screen.
/// Returns whether it succeeded.
pub(crate) fn run_watched(command: &mut Command, mut seen: impl FnMut(&str)) -> Result<bool> {
    announce(command);
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{}`", line(command)))?;
    let stdout = child.stdout.take().expect("stdout is piped just above");
    for read in BufReader::new(stdout).split(b'\n') {
        let read = read?;
        let text = String::from_utf8_lossy(&read);
        println!("{text}");
        seen(&text);
    }
    Ok(child.wait()?.success())
}

/// Runs it beside something else: nothing is shown. Returns whether it succeeded, and all that it said.
pub(crate) fn run_aside(command: &mut Command) -> Result<(bool, String)> {
    let (mut said, writer) = std::io::pipe()?;
    let mut child = command
        .stdout(writer.try_clone()?)
        .stderr(writer)
        .spawn()
        .with_context(|| format!("cannot start `{}`", line(command)))?;
    // the pipe ends when nobody can write to it any more, and the command could start another one
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut bytes = Vec::new();
    said.read_to_end(&mut bytes)?;
    Ok((child.wait()?.success(), String::from_utf8_lossy(&bytes).into_owned()))
}

/// Runs it in silence and returns its standard output; its own error text becomes ours.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start `{}`", line(command)))?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` failed ({}): {}", line(command), output.status, why.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Whether it starts and ends well, without a word.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}

/// Whether a program of this name is on the path.
pub(crate) fn is_installed(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(name).is_file())
}

fn announce(command: &Command) {
    println!("$ {}", line(command));
}

fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Whether we may install packages and must leave Postgres to another user.
pub(crate) fn is_root() -> Result<bool> {
    Ok(output(&mut program("id", &["-u"]))? == "0")
}
