//! What was made, for people and for programs.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::platform::Platform;
use crate::{setup, shell};

pub(super) enum Built {
    Yes(Vec<PathBuf>),
    /// What stood in the way.
    No(String),
}

pub(super) enum Tested {
    /// How.
    Yes(String),
    /// It can't be on this machine: why, and how it is elsewhere.
    Elsewhere(&'static str),
    /// What was missing here.
    No(String),
    /// What went wrong.
    Failed(String),
}

pub(super) struct Entry {
    pub(super) platform: &'static Platform,
    pub(super) built: Built,
    pub(super) tested: Tested,
}

impl Entry {
    pub(super) fn has_failed(&self) -> bool {
        matches!(self.built, Built::No(_)) || matches!(self.tested, Tested::Failed(_))
    }

    fn to_json(&self, folder: &Path) -> Result<Json> {
        let Self { platform, built, tested } = self;
        let mut json = json!({ "name": platform.name, "target": platform.target, "note": platform.note });
        if let Some(glibc) = platform.glibc {
            json["glibc"] = glibc.into();
        }
        match built {
            Built::No(why) => json["not_built"] = why.as_str().into(),
            Built::Yes(files) => {
                let files: Result<Vec<Json>> = files.iter().map(|file| file_json(file, folder)).collect();
                json["files"] = files?.into();
            }
        }
        match tested {
            Tested::Yes(how) => json["tested"] = how.as_str().into(),
            Tested::Elsewhere(why) => json["untested"] = (*why).into(),
            Tested::No(why) => json["untested"] = why.as_str().into(),
            Tested::Failed(why) => json["failed"] = why.as_str().into(),
        }
        Ok(json)
    }
}

/// A line of the table at the end.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<16}", self.platform.name)?;
        match &self.built {
            Built::No(why) => return write!(f, "NOT BUILT: {why}"),
            Built::Yes(files) => {
                let first = files.first().and_then(|file| fs::metadata(file).ok());
                let bytes = first.map_or(0, |file| file.len());
                write!(f, "{:<22}{bytes:>10} bytes  ", self.platform.files[0])?;
            }
        }
        match &self.tested {
            Tested::Yes(how) => write!(f, "{how}"),
            Tested::Elsewhere(why) => write!(f, "untested: {why}"),
            Tested::No(why) => write!(f, "untested: {why}"),
            Tested::Failed(why) => write!(f, "FAILED: {why}"),
        }
    }
}

fn file_json(file: &Path, folder: &Path) -> Result<Json> {
    let bytes = read(file)?;
    let path = file.strip_prefix(folder).context("it lies in the folder")?;
    Ok(json!({ "path": path, "bytes": bytes.len(), "sha256": setup::hex(Sha256::new_with_prefix(&bytes)) }))
}

fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

/// `manifest.json`, and `SHA256SUMS` as `sha256sum --check` reads it.
pub(super) fn write(folder: &Path, entries: &[Entry]) -> Result<()> {
    let platforms: Result<Vec<Json>> = entries.iter().map(|entry| entry.to_json(folder)).collect();
    let rustc = shell::output(&mut shell::program("rustc", &["--version"]))?;
    let manifest = json!({
        "name": "libobserverio",
        "version": env!("CARGO_PKG_VERSION"),
        "compiler": rustc,
        "platforms": platforms?,
    });
    fs::write(folder.join("manifest.json"), format!("{manifest:#}\n"))?;
    let mut sums = Vec::new();
    add_sums(folder, folder, &mut sums)?;
    sums.sort_by(|a, b| a.1.cmp(&b.1));
    let lines: String = sums.iter().map(|(sum, path)| format!("{sum}  {path}\n")).collect();
    fs::write(folder.join("SHA256SUMS"), lines)?;
    Ok(())
}

fn add_sums(inside: &Path, folder: &Path, sums: &mut Vec<(String, String)>) -> Result<()> {
    for file in fs::read_dir(inside)? {
        let path = file?.path();
        if path.is_dir() {
            add_sums(&path, folder, sums)?;
        } else if path.file_name().is_some_and(|name| name != "SHA256SUMS") {
            let sum = setup::hex(Sha256::new_with_prefix(read(&path)?));
            sums.push((sum, path.strip_prefix(folder)?.display().to_string()));
        }
    }
    Ok(())
}
