//! Starts a real observerio, plays its games and its dashboard, and says how fast they hear of each other.
//!
//! Everything runs on one machine and shares its cores, so the figures hold the load generator's own
//! work too: they are upper bounds. `docs/benchmarks.md` says what each of them means.

mod dashboard;
mod game;
mod http;
mod report;
mod scenario;
mod server;

use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use clap::Parser;

/// What to measure.
#[derive(Debug, Parser)]
#[command(name = "observerio-bench", version)]
struct Options {
    /// The program to measure; build it with `cargo xtask build`
    #[arg(long, value_name = "FILE", default_value = "target/release/observerio")]
    server: PathBuf,
    /// Connected games, one run for each number
    #[arg(long, value_name = "COUNT,…", value_delimiter = ',', default_value = "1,1000")]
    games: Vec<usize>,
    /// Edits of each run, one after another
    #[arg(long, value_name = "COUNT", default_value_t = 1000)]
    edits: usize,
    /// Log entries of each run, one after another
    #[arg(long, value_name = "COUNT", default_value_t = 1000)]
    logs: usize,
    /// postgres://… to measure instead of SQLite in a temporary folder; it is written to
    #[arg(long, value_name = "URL", env = "OBSERVERIO_BENCH_DATABASE", hide_env_values = true)]
    database_url: Option<String>,
    /// Also write the figures as JSON (`-`: to standard output, instead of the table)
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    ensure!(
        options.server.is_file(),
        "{} is missing; build it with `cargo xtask build`",
        options.server.display()
    );
    ensure!(!options.games.contains(&0), "an edit needs at least one game to arrive at");
    // both ends of every game's connection may be limited: ours here, the server's because it inherits ours
    let most = options.games.iter().max().copied().unwrap_or_default() as u64 + 200;
    let allowed = rlimit::increase_nofile_limit(most).context("the limit of open files")?;
    ensure!(allowed >= most, "{most} open files are needed and {allowed} allowed; raise it with `ulimit -n`");

    let mut figures = Vec::new();
    for games in &options.games {
        figures.push(scenario::run(&options, *games).await.with_context(|| format!("with {games} games"))?);
    }
    let to_stdout = options.json.as_ref().is_some_and(|path| path.as_os_str() == "-");
    if !to_stdout {
        print!("{}", report::table(&figures));
    }
    match &options.json {
        Some(_) if to_stdout => println!("{:#}", report::json(&figures)),
        Some(path) => std::fs::write(path, format!("{:#}\n", report::json(&figures)))
            .with_context(|| format!("can't write {}", path.display()))?,
        None => {}
    }
    Ok(())
}
