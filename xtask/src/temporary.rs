//! A folder in memory for what tests store and throw away: most of their time would go by waiting for a disk to confirm that
//! it keeps data which nobody wants.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command};

use crate::shell;

/// Where Linux keeps files in memory.
const MEMORY: &str = "/dev/shm";
/// What tests may need of it at once, in KiB, with room for others.
const NEEDED_KIB: u64 = 4 << 20;

/// Removed when this is dropped.
pub(crate) struct Temporary(Option<PathBuf>);

impl Temporary {
    /// Makes it, if there is memory for it and nobody has named another folder with `TMPDIR`.
    pub(crate) fn new() -> Self {
        let folder = Path::new(MEMORY).join(format!("observerio-tests-{}", process::id()));
        let is_wanted = std::env::var_os("TMPDIR").is_none() && free_kib(MEMORY) >= NEEDED_KIB;
        Self((is_wanted && fs::create_dir(&folder).is_ok()).then_some(folder))
    }

    /// Tells a command to use it.
    pub(crate) fn give(&self, command: &mut Command) {
        if let Some(folder) = &self.0 {
            command.env("TMPDIR", folder);
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(folder) = &self.0
            && let Err(error) = fs::remove_dir_all(folder)
        {
            println!("cannot remove {}: {error}", folder.display());
        }
    }
}

/// 0 if there is no such folder.
fn free_kib(folder: &str) -> u64 {
    let listed = shell::output(&mut shell::program("df", &["-k", "--output=avail", folder]));
    listed.ok().and_then(|listed| listed.lines().last()?.trim().parse().ok()).unwrap_or(0)
}
