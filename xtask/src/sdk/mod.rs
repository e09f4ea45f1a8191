//! `cargo xtask sdk`: the C library for every platform in one folder, with headers, checksums and a manifest, and the stories
//! of `sdk/stories` in C wherever the library can be run.
//!
//! A platform that can't be built or run here does not stop the others: the manifest says what stood in the way, and how it is
//! done elsewhere.

mod build;
mod inspect;
mod manifest;
mod platform;
mod story;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use self::manifest::{Built, Entry, Tested};
use self::platform::{PLATFORMS, Platform};
use crate::{setup, shell};

/// The names of all platforms.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    PLATFORMS.iter().map(|platform| platform.name)
}

/// Builds, plays and writes everything, or only these platforms.
pub(crate) fn run(only: &[String]) -> Result<()> {
    let folder = shell::target_dir().join("sdk/dist");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    copy_texts(&folder)?;
    let wanted = |platform: &&Platform| only.is_empty() || only.iter().any(|name| name == platform.name);
    let mut entries = Vec::new();
    for platform in PLATFORMS.iter().filter(wanted) {
        println!("\n=== {} ===", platform.name);
        entries.push(make(platform, &folder)?);
        // after each: what is there counts, even if a later one is interrupted
        manifest::write(&folder, &entries)?;
    }
    println!("\n=== {} ===", shell::relative(&folder));
    entries.iter().for_each(|entry| println!("{entry}"));
    let failed: Vec<&str> =
        entries.iter().filter(|entry| entry.has_failed()).map(|entry| entry.platform.name).collect();
    if !failed.is_empty() {
        bail!("failed: {}; manifest.json says why", failed.join(", "));
    }
    Ok(())
}

/// Headers and licences, which are the same for all.
fn copy_texts(folder: &Path) -> Result<()> {
    let include = folder.join("include");
    fs::create_dir_all(&include)?;
    for (from, to) in [
        ("sdk/c/include/observerio.h", include.join("observerio.h")),
        ("sdk/cpp/include/observerio.hpp", include.join("observerio.hpp")),
        ("LICENSE-APACHE", folder.join("LICENSE-APACHE")),
        ("LICENSE-MIT", folder.join("LICENSE-MIT")),
    ] {
        fs::copy(shell::root().join(from), to).with_context(|| format!("cannot copy {from}"))?;
    }
    Ok(())
}

/// One platform, as far as this machine gets with it.
fn make(platform: &'static Platform, folder: &Path) -> Result<Entry> {
    let place = folder.join(platform.name);
    fs::create_dir_all(&place)?;
    let built = match build_one(platform, &place) {
        Ok(files) => Built::Yes(files),
        Err(error) => Built::No(format!("{error:#}")),
    };
    let tested = match (&built, platform.elsewhere) {
        (Built::No(_), _) => Tested::No("it was not built".to_owned()),
        (Built::Yes(_), Some(why)) => Tested::Elsewhere(why),
        (Built::Yes(_), None) => match setup::debian_packages(platform.to_run) {
            Err(missing) => Tested::No(format!("{missing:#}")),
            Ok(()) => match story::play(platform, &place) {
                Ok(how) => Tested::Yes(how),
                Err(error) => Tested::Failed(format!("{error:#}")),
            },
        },
    };
    if let Tested::Failed(why) | Tested::No(why) = &tested {
        println!("{}: {why}", platform.name);
    }
    Ok(Entry { platform, built, tested })
}

fn build_one(platform: &Platform, place: &Path) -> Result<Vec<PathBuf>> {
    setup::debian_packages(platform.to_build)?;
    setup::rust_target(platform.target)?;
    let files = build::build(platform, place)?;
    for file in &files {
        inspect::check(platform, file)?;
    }
    Ok(files)
}
