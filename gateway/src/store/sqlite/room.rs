//! Whether the disk has room. A commit that fits into the space that the files have already says nothing of that: SQLite
//! writes its log over and over, so the small ones go through long after the disk is full.

use std::{
    io::{self, ErrorKind, Write as _},
    path::{Path, PathBuf},
};

use super::SqliteEngine;
use crate::store::error::{Result, StoreError};

/// As much as the longest line of a game; with less, whether it can be stored is chance.
const ROOM_BYTES: usize = 1 << 20;

impl SqliteEngine {
    /// Takes as much room as a commit may need, and gives it back.
    pub(in crate::store) async fn check_room(&self) -> Result<()> {
        check(&self.folder).await
    }
}

impl SqliteEngine {
    /// Bytes that this user can still write to the disk; `None` where the system does not tell.
    pub(in crate::store) async fn free_bytes(&self) -> Option<u64> {
        let folder =
            if self.folder.as_os_str().is_empty() { PathBuf::from(".") } else { self.folder.clone() };
        // a file system of a network may take its time
        tokio::task::spawn_blocking(move || free_bytes(&folder)).await.ok().flatten()
    }
}

#[cfg(target_os = "linux")]
fn free_bytes(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(target_os = "linux"))]
fn free_bytes(_folder: &Path) -> Option<u64> {
    None
}

async fn check(folder: &Path) -> Result<()> {
    let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.to_owned() };
    let taken = tokio::task::spawn_blocking(move || take(&folder)).await;
    match taken.expect("writing bytes does not panic") {
        // of all that can go wrong with a new file, this is what a commit would meet too
        Err(fault) if is_full(&fault) || fault.kind() == ErrorKind::ReadOnlyFilesystem => {
            Err(StoreError::NoRoom(fault))
        }
        _ => Ok(()),
    }
}

fn take(folder: &Path) -> io::Result<()> {
    // a file without a name: whatever happens, nothing of it stays
    let mut file = tempfile::tempfile_in(folder)?;
    let piece = [0; 64 << 10];
    (0..ROOM_BYTES / piece.len()).try_for_each(|_| file.write_all(&piece))
}

/// Whether the disk, or what this user may have of it, is used up.
fn is_full(fault: &io::Error) -> bool {
    matches!(fault.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        check(folder.path()).await.unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn free_space_is_that_of_the_file_system() {
        let folder = tempfile::tempdir().unwrap();
        assert!(free_bytes(folder.path()).is_some_and(|free| free > 0));
        assert_eq!(free_bytes(Path::new("/nowhere/at/all")), None);
        assert_eq!(free_bytes(Path::new("/proc")), Some(0));
    }

    #[tokio::test]
    async fn what_says_nothing_of_the_disk_is_no_fault() {
        check(Path::new("/nowhere/at/all")).await.unwrap();
    }

    // a device that answers every write with "no space left"
    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_told_apart() {
        let mut full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        assert!(is_full(&full.write_all(b"x").unwrap_err()));
        assert!(!is_full(&io::Error::from(ErrorKind::PermissionDenied)));
    }
}
