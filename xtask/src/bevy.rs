//! The plugin for Bevy, which is a workspace of its own.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::counts::Counts;
use crate::{setup, shell};

const MANIFEST: &str = "sdk/bevy/Cargo.toml";

/// Lints and tests of the plugin, then the stories that every language plays, with its puppet.
pub(crate) fn check(counts: &mut Counts) -> Result<()> {
    setup::rust_components()?;
    shell::run(cargo("clippy").args(["--all-targets", "--", "-D", "warnings"]))?;
    let own = shell::run_watched(&mut cargo("test"), |line| counts.see_cargo(line))?;
    shell::run(cargo("build").args(["--examples", "--quiet"]))?;
    let examples = target_dir().join("debug/examples");
    // not `-p server`: selecting other packages would rebuild them all
    let mut stories = shell::cargo(&["test", "--test", "bindings", "bevy"]);
    stories.env("OBSERVERIO_TEST_BEVY", examples);
    let played = shell::run_watched(&mut stories, |line| counts.see_cargo(line))?;
    if !(own && played) {
        bail!("a test of the plugin for Bevy failed; run it alone with `cargo test` in sdk/bevy");
    }
    Ok(())
}

fn cargo(what: &str) -> Command {
    let mut command = shell::cargo(&[what, "--manifest-path", MANIFEST, "--locked"]);
    command.env("CARGO_TARGET_DIR", target_dir());
    command
}

fn target_dir() -> PathBuf {
    shell::target_dir().join("bevy")
}
