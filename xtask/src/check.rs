//! What each step of `cargo xtask test` does.

use std::path::PathBuf;
use std::thread;

use anyhow::{Result, anyhow, bail};

use crate::counts::Counts;
use crate::postgres::Postgres;
use crate::site::{self, Flavour};
use crate::temporary::Temporary;
use crate::{fuzz, setup, shell};

/// Those that take the one database they are given; the stories of faults choose theirs. Not `-p server`: another choice of
/// packages would build them all anew.
const SERVER_STORIES: [&str; 8] =
    ["--test", "stories", "--test", "crowds", "--test", "api", "--test", "matrix"];

/// Checks the formatting.
pub(crate) fn fmt() -> Result<()> {
    setup::rust_components()?;
    shell::run(&mut shell::cargo(&["fmt", "--all", "--check"]))?;
    for manifest in ["fuzz/Cargo.toml", "sdk/bevy/Cargo.toml"] {
        shell::run(&mut shell::cargo(&["fmt", "--manifest-path", manifest, "--check"]))?;
    }
    Ok(())
}

/// Runs all lints on the host, for games, for the browser and in the fuzz targets. A single call would unify their features.
pub(crate) fn clippy() -> Result<()> {
    setup::rust_components()?;
    setup::wasm_target()?;
    shell::run(&mut shell::cargo(&["clippy", "--all-targets", "--", "-D", "warnings"]))?;
    shell::run(&mut shell::cargo(&["clippy", "-p", "observerio", "--", "-D", "warnings"]))?;
    let browser = ["clippy", "-p", "frontend", "--target", "wasm32-unknown-unknown", "--", "-D", "warnings"];
    shell::run(&mut shell::cargo(&browser))?;
    fuzz::clippy()
}

/// Checks the links in the documentation.
pub(crate) fn docs() -> Result<()> {
    shell::run(shell::cargo(&["doc", "--no-deps"]).env("RUSTDOCFLAGS", "-Dwarnings"))
}

/// Dependencies: licences, duplicates, sources, and known holes where a database of them is at hand.
pub(crate) fn deny() -> Result<()> {
    let deny = setup::cargo_deny()?;
    let deny = deny.to_str().expect("the path was written by us as UTF-8");
    // the last one is built only when it is named, but its licences and its lock file hold always
    for manifest in ["Cargo.toml", "fuzz/Cargo.toml", "sdk/bevy/Cargo.toml"] {
        // it wants the crates of every platform; a build has only fetched ours
        shell::run(&mut shell::cargo(&["fetch", "--quiet", "--locked", "--manifest-path", manifest]))?;
        let common =
            ["--manifest-path", manifest, "--config", "deny.toml", "--offline", "--all-features", "check"];
        shell::run(shell::program(deny, &common).args(["bans", "licenses", "sources"]))?;
        if has_advisories() {
            shell::run(shell::program(deny, &common).arg("advisories"))?;
        } else {
            println!(
                "advisories: skipped, because their database is not here (`cargo deny fetch` downloads it)"
            );
        }
    }
    Ok(())
}

/// Unit, story and documentation tests, on SQLite and on Postgres.
pub(crate) fn tests(counts: &mut Counts) -> Result<()> {
    setup::debian_packages(&[setup::POSTGRES])?;
    setup::debian_packages(&setup::FAULTS)?;
    setup::debian_packages(&setup::PROXIES)?;
    setup::debian_packages(&setup::BINDINGS)?;
    setup::debian_packages(&[setup::PYTHON])?;
    let schemathesis = setup::schemathesis()?;
    let postgres = Postgres::start()?;
    let temporary = Temporary::new();
    let mut all = shell::cargo(&["test", "--no-fail-fast"]);
    all.env("OBSERVERIO_TEST_POSTGRES", postgres.url()).env("OBSERVERIO_REQUIRE_POSTGRES", "1");
    all.env("OBSERVERIO_TEST_SCHEMATHESIS", &schemathesis).env("OBSERVERIO_REQUIRE_PROXIES", "1");
    all.env("OBSERVERIO_REQUIRE_BINDINGS", "1");
    // the gateway's stories run on both; the server's take the one database that they are given
    let mut on_sqlite = shell::cargo(&["test", "--no-fail-fast"]);
    on_sqlite.args(SERVER_STORIES).env_remove("OBSERVERIO_TEST_POSTGRES");
    on_sqlite.env("OBSERVERIO_TEST_SCHEMATHESIS", &schemathesis).env("OBSERVERIO_REQUIRE_PROXIES", "1");
    temporary.give(&mut all);
    temporary.give(&mut on_sqlite);
    // both at once, because each of them waits half the time
    let (all, aside) = thread::scope(|scope| {
        let aside = scope.spawn(|| shell::run_aside(&mut on_sqlite));
        let all = shell::run_watched(&mut all, |line| counts.see_cargo(line));
        (all, aside.join())
    });
    let (on_sqlite, said) = aside.map_err(|_| anyhow!("the thread for SQLite's stories panicked"))??;
    println!("\nThe server's stories on SQLite, which ran at the same time:\n{said}");
    said.lines().for_each(|line| counts.see_cargo(line));
    let all = all?;
    if !(all && on_sqlite) {
        bail!("a test failed; run it alone with `cargo test -p CRATE NAME`");
    }
    Ok(())
}

/// The website as it is shipped, the program around it, and its tests.
pub(crate) fn build() -> Result<()> {
    setup::wasm_target()?;
    site::build(Flavour::Release)?;
    shell::run(&mut shell::cargo(&["test", "--no-run", "--quiet"]))
}

/// The program for the browser and the WebSocket cases: the one that the tests ran, because a release build takes many minutes.
/// `OBSERVERIO_PROGRAM` names another one.
pub(crate) fn program() -> Result<PathBuf> {
    if let Some(program) = std::env::var_os("OBSERVERIO_PROGRAM") {
        return Ok(std::path::absolute(program)?);
    }
    setup::wasm_target()?;
    site::build(Flavour::Release)?;
    shell::run(&mut shell::cargo(&["test", "--no-run", "--quiet", "--test", "stories"]))?;
    Ok(Flavour::Dev.program())
}

/// Stories in a browser.
pub(crate) fn e2e(counts: &mut Counts) -> Result<()> {
    setup::debian_packages(&setup::BROWSER)?;
    setup::node()?;
    setup::npm_packages()?;
    setup::python_venv()?;
    // they are large: without the variable, their stories are skipped
    if std::env::var("OBSERVERIO_GAMES").is_ok_and(|games| games == "all") {
        setup::debian_packages(&setup::GAMES)?;
    }
    let program = program()?;
    // for games that somebody else wrote; the stories of the bindings build it in the same way
    shell::run(&mut shell::cargo(&["build", "--quiet", "--profile", "sdk", "--package", "observerio-c"]))?;
    let end2end = shell::root().join("end2end");
    shell::run(shell::program("npm", &["run", "--silent", "check"]).current_dir(&end2end))?;
    // the file by name: newer versions of Node.js take no folder
    let world = ["--test", "demo/test/world.test.js"];
    shell::run(shell::program("node", &world).current_dir(shell::root()))?;
    let mut playwright = shell::program("npx", &["--no-install", "playwright", "test"]);
    playwright.current_dir(&end2end).env("FORCE_COLOR", "0").env("OBSERVERIO_PROGRAM", program);
    playwright.env("OBSERVERIO_LIBRARY", shell::target_dir().join("sdk/libobserverio.so"));
    let temporary = Temporary::new();
    temporary.give(&mut playwright);
    let passed = shell::run_watched(&mut playwright, |line| counts.see_playwright(line))?;
    println!("screenshots and traces: end2end/artifacts");
    if !passed {
        bail!("a browser story failed; run it alone with `npx playwright test -g \"its name\"` in end2end/");
    }
    Ok(())
}

fn has_advisories() -> bool {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    home.is_some_and(|home| ["advisory-dbs", "advisory-db"].iter().any(|name| home.join(name).is_dir()))
}
