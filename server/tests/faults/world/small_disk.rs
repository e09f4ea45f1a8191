//! A disk of a few megabytes, which is soon full.

use std::{fs, io::Write as _, path::PathBuf, process::Stdio};

use tempfile::TempDir;
use tokio::process::Command;

use super::skip;

/// Bytes of one piece of what fills it.
const PIECE: [u8; 16 * 1024] = [0; 16 * 1024];

/// A mounted file system in memory. Dropping it takes it away.
pub struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// `None`, said aloud, where mounting is not allowed.
    pub async fn mount(story: &str, megabytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", &format!("size={megabytes}m,mode=0777"), "tmpfs"])
            .arg(folder.path());
        if mount.stderr(Stdio::null()).status().await.is_ok_and(|status| status.success()) {
            return Some(Self { folder });
        }
        skip(story, "nothing can be mounted here without root", "OBSERVERIO_REQUIRE_MOUNT");
        None
    }

    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn filler(&self) -> PathBuf {
        self.folder.path().join("filler")
    }

    /// Leaves no byte free.
    pub fn fill(&self) {
        let mut filler = fs::File::options().create(true).append(true).open(self.filler()).unwrap();
        while filler.write_all(&PIECE).is_ok() {}
        while filler.write_all(&[0]).is_ok() {}
    }

    /// Gives back what [`Self::fill`] took.
    pub fn free(&self) {
        fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let gone = std::process::Command::new("umount").arg("--lazy").arg(self.folder.path()).status();
        assert!(
            gone.is_ok_and(|status| status.success()),
            "{} is still mounted",
            self.folder.path().display()
        );
    }
}
