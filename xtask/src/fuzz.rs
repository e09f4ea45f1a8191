//! Fuzzing on the stable compiler, with nothing to install but a C++ compiler: libFuzzer comes as the source of a
//! crate, and the instrumentation that it wants is a pass of LLVM that every rustc has. `fuzz/` is in cargo-fuzz's
//! layout all the same, for those who have that and a nightly (it brings AddressSanitizer along).

use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::counts::Counts;
use crate::{setup, shell};

/// What cargo-fuzz hands to rustc, without the sanitizer that needs a nightly.
const INSTRUMENTED: [&str; 7] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "--cfg",
    "fuzzing",
];
/// Longest input, in bytes: longer ones are slower and reach nothing new.
const MAX_INPUT_BYTES: usize = 4096;
/// What `cargo xtask test` spends on each target.
const CHECK: Extent = Extent { runs: Some(100_000), time: Some(Duration::from_secs(6)), seed: Some(1) };
/// How many last lines of a target's output tell why it fell.
const LAST_LINES: usize = 80;

/// When a target has had enough; whatever comes first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    runs: Option<u64>,
    time: Option<Duration>,
    /// The same seed and corpus give the same inputs; `None` = others every time.
    seed: Option<u32>,
}

impl Extent {
    /// So many inputs, or else so many seconds, for each target; a minute when neither is said.
    pub(crate) fn new(runs: Option<u64>, seconds: Option<u64>) -> Self {
        let seconds = if runs.is_none() { seconds.or(Some(60)) } else { seconds };
        Self { runs, time: seconds.map(Duration::from_secs), seed: None }
    }
}

/// Every target, or one, on new inputs. What is found stays in `target/fuzz/found` and is gone on from next time.
pub(crate) fn run(only: Option<&str>, extent: Extent) -> Result<()> {
    let targets = chosen(only)?;
    build()?;
    let mut total = 0;
    for target in &targets {
        println!("=== {target} ===");
        total += feed(target, extent, &folder("found", target), true)?;
    }
    println!("{total} runs of {} targets, no failures", targets.len());
    Ok(())
}

/// One target on one input: repeats a find.
pub(crate) fn repeat(target: &str, input: &Path) -> Result<()> {
    chosen(Some(target))?;
    build()?;
    shell::run(Command::new(program(target)?).arg(input).env("RUST_BACKTRACE", "1"))
}

/// The short run of `cargo xtask test`: the kept corpus, then the same new inputs every time.
pub(crate) fn check(counts: &mut Counts) -> Result<()> {
    let targets = chosen(None)?;
    build()?;
    for target in &targets {
        let found = folder("check", target);
        if found.exists() {
            fs::remove_dir_all(&found).with_context(|| format!("cannot empty {}", found.display()))?;
        }
        feed(target, CHECK, &found, false).inspect_err(|_| counts.failed += 1)?;
        counts.passed += 1;
    }
    Ok(())
}

/// No lint speaks up in the targets. With the flags and the folder of [`build`], so that the two share libFuzzer.
pub(crate) fn clippy() -> Result<()> {
    shell::run(cargo("clippy")?.args(["--", "-D", "warnings"]))
}

fn build() -> Result<()> {
    shell::run(&mut cargo("build")?)
}

/// `cargo WHAT` for the fuzz crate. `--target` keeps the flags away from build scripts, which have no counters;
/// a folder of its own keeps the other crates from being built anew for other flags.
fn cargo(what: &str) -> Result<Command> {
    setup::debian_packages(&[setup::CXX])?;
    let mut command = shell::cargo(&[what, "--manifest-path", "fuzz/Cargo.toml", "--locked", "--release"]);
    command.args(["--target", &host()?]);
    command.env("CARGO_TARGET_DIR", target_dir()).env("CARGO_ENCODED_RUSTFLAGS", INSTRUMENTED.join("\u{1f}"));
    Ok(command)
}

/// Runs one target, its new finds into `found`. Returns how many inputs it was fed.
fn feed(target: &str, extent: Extent, found: &Path, is_long: bool) -> Result<u64> {
    let artifacts = folder("artifacts", target);
    for folder in [found, &artifacts] {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let mut command = Command::new(program(target)?);
    // the last separator tells libFuzzer that the prefix is a folder
    command.arg(format!("-artifact_prefix={}/", artifacts.display()));
    command.arg(format!("-max_len={MAX_INPUT_BYTES}")).args(["-timeout=10", "-rss_limit_mb=1024"]);
    command.arg("-print_final_stats=1").arg("-dict=fuzz/payload.dict");
    command.args(extent.runs.map(|runs| format!("-runs={runs}")));
    command.args(extent.time.map(|time| format!("-max_total_time={}", time.as_secs())));
    command.args(extent.seed.map(|seed| format!("-seed={seed}")));
    command.arg(found).arg(shell::root().join("fuzz/corpus").join(target));
    command.current_dir(shell::root()).env("RUST_BACKTRACE", "1");
    let started = Instant::now();
    let told = listen(&mut command, is_long)?;
    match (told.runs, told.artifact) {
        (Some(runs), None) if told.ended_well => {
            println!("{target:<14} {runs:>10} runs in {:>5.1} s", started.elapsed().as_secs_f64());
            Ok(runs)
        }
        (_, artifact) => {
            told.last.iter().for_each(|line| eprintln!("{line}"));
            let Some(artifact) = artifact else { bail!("{target} ended early; its output is above") };
            let artifact = shell::relative(Path::new(&artifact));
            bail!(
                "{target} failed on {artifact}; `cargo xtask fuzz {target} --input {artifact}` repeats it. Once it is \
                 fixed, move that file to fuzz/corpus/{target}"
            )
        }
    }
}

/// What libFuzzer told on its standard error.
#[derive(Default)]
struct Told {
    ended_well: bool,
    runs: Option<u64>,
    /// The input that made it fall.
    artifact: Option<String>,
    last: VecDeque<String>,
}

impl Told {
    fn see(&mut self, line: String) {
        if let Some(runs) = line.strip_prefix("stat::number_of_executed_units:") {
            self.runs = runs.trim().parse().ok();
        } else if let Some((_, path)) = line.split_once("Test unit written to ") {
            self.artifact = Some(path.to_owned());
        } else if line.starts_with('#') {
            return; // one more input that reaches something new
        }
        if self.last.len() == LAST_LINES {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }
}

/// Runs it to its end. A long run shows libFuzzer's pulse, which comes ever more rarely.
fn listen(command: &mut Command, shows_pulse: bool) -> Result<Told> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command.stderr(Stdio::piped()).spawn().with_context(|| format!("cannot start {name}"))?;
    let stderr = child.stderr.take().expect("stderr is piped just above");
    let mut told = Told::default();
    for line in BufReader::new(stderr).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        if shows_pulse && line.contains("pulse") {
            println!("{line}");
        }
        told.see(line);
    }
    told.ended_well = child.wait()?.success();
    Ok(told)
}

/// The targets by name: all, or the one that is asked for.
fn chosen(only: Option<&str>) -> Result<Vec<String>> {
    let folder = shell::root().join("fuzz/fuzz_targets");
    let entries = fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut targets = Vec::new();
    for entry in entries {
        let path = entry?.path();
        targets.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    targets.sort();
    match only {
        None => Ok(targets),
        Some(name) if targets.iter().any(|target| target == name) => Ok(vec![name.to_owned()]),
        Some(name) => bail!("there is no target {name}; the targets are {}", targets.join(", ")),
    }
}

fn program(target: &str) -> Result<PathBuf> {
    Ok(target_dir().join(host()?).join("release").join(target))
}

fn target_dir() -> PathBuf {
    shell::target_dir().join("fuzz")
}

fn folder(what: &str, target: &str) -> PathBuf {
    target_dir().join(what).join(target)
}

/// The triple that rustc builds for when nobody says another.
fn host() -> Result<String> {
    let version = shell::output(&mut shell::program("rustc", &["-vV"]))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("`rustc -vV` does not print a host")?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libfuzzers_last_words_are_understood() {
        let mut told = Told::default();
        for line in ["#12\tNEW    cov: 9", "stat::number_of_executed_units: 100000", "stat::peak_rss_mb: 30"]
        {
            told.see(line.to_owned());
        }
        assert_eq!((told.runs, told.artifact.as_deref()), (Some(100_000), None));
        told.see("artifact_prefix='target/'; Test unit written to target/crash-1f".to_owned());
        assert_eq!(told.artifact.as_deref(), Some("target/crash-1f"));
        assert!(!told.last.iter().any(|line| line.starts_with('#')));
        (0..2 * LAST_LINES).for_each(|n| told.see(n.to_string()));
        assert_eq!(told.last.len(), LAST_LINES);
    }

    #[test]
    fn a_run_without_an_end_in_sight_ends_after_a_minute() {
        let minute = Some(Duration::from_secs(60));
        assert_eq!(Extent::new(None, None).time, minute);
        assert_eq!(Extent::new(Some(5), None).time, None);
        assert_eq!(Extent::new(None, Some(60)).time, minute);
    }
}
