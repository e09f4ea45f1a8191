//! Builds the library for a platform.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::platform::{Linker, Platform};
use crate::{setup, shell};

/// Its files, in `place`.
pub(super) fn build(platform: &Platform, place: &Path) -> Result<Vec<PathBuf>> {
    shell::run(&mut command(platform)?)?;
    let made = shell::target_dir().join(platform.target).join("sdk");
    let mut files = Vec::new();
    for name in platform.files {
        let (from, to) = (made.join(name), place.join(name));
        fs::copy(&from, &to).with_context(|| format!("cannot copy {}", shell::relative(&from)))?;
        files.push(to);
    }
    // the objects of one platform help no other
    fs::remove_dir_all(&made).with_context(|| format!("cannot remove {}", made.display()))?;
    Ok(files)
}

fn command(platform: &Platform) -> Result<Command> {
    let verb: &[&str] = match platform.linker {
        Linker::Own => &["build"],
        Linker::Zig => &["zigbuild"],
        Linker::None => &["rustc", "--crate-type", "staticlib"],
    };
    let mut cargo = shell::cargo(verb);
    cargo.args(["--profile", "sdk", "--package", "observerio-c", "--target"]);
    cargo.arg(match platform.glibc {
        Some(version) => format!("{}.{version}", platform.target),
        None => platform.target.to_owned(),
    });
    if !platform.features.is_empty() {
        cargo.args(["--features", platform.features]);
    }
    if platform.linker == Linker::Zig {
        cargo.env("PATH", setup::zig()?.path);
    }
    if !platform.rustflags.is_empty() {
        // only for what is built for this target, not for what runs on this machine
        let name = platform.target.to_uppercase().replace('-', "_");
        cargo.env(format!("CARGO_TARGET_{name}_RUSTFLAGS"), platform.rustflags);
    }
    // Rust's default is newer than what players have
    cargo.env("MACOSX_DEPLOYMENT_TARGET", "11.0");
    Ok(cargo)
}
