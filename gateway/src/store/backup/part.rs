//! A copy in progress: it gets its name once it is complete; until then a cancelled call deletes it.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use crate::store::{
    error::{Result, StoreError},
    files,
    sqlite::inspect::beside,
};

/// A file that is being written. Dropping it deletes the file and everything that SQLite puts beside it.
pub(super) struct Part {
    path: PathBuf,
    /// Held while it is written: a file without a lock was left by a crash.
    _lock: File,
}

impl Part {
    /// Creates it, empty; what an earlier attempt left is deleted.
    ///
    /// # Errors
    /// [`StoreError::Foreign`] when another program is writing it, or it can't be written.
    pub(super) fn create(path: PathBuf) -> Result<Self> {
        if let Ok(left) = File::open(&path)
            && matches!(left.try_lock(), Err(TryLockError::WouldBlock))
        {
            let text = format!(
                "{} is being written by another observerio: wait for it, or name another file",
                path.display()
            );
            return Err(StoreError::Foreign(text));
        }
        let made = remove_all(&path).and_then(|()| files::create_private(&path));
        let lock = made.map_err(|fault| file_error(&path, "cannot be written", &fault))?;
        // on a file system without locks, two at once go unnoticed
        let _ = lock.try_lock();
        Ok(Self { path, _lock: lock })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Renames it over what is there, and syncs file and folder.
    pub(super) fn put_in_place(self, file: &Path) -> Result<()> {
        let done = File::open(&self.path)
            .and_then(|copy| copy.sync_all())
            .and_then(|()| fs::rename(&self.path, file))
            .and_then(|()| match file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                Some(folder) => File::open(folder)?.sync_all(),
                None => File::open(".")?.sync_all(),
            });
        done.map_err(|fault| file_error(file, "cannot be written", &fault))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if let Err(error) = remove_all(&self.path) {
            tracing::warn!(%error, file = %self.path.display(), "a copy that was given up could not be deleted");
        }
    }
}

fn remove_all(path: &Path) -> io::Result<()> {
    ["", "-journal", "-wal", "-shm"].into_iter().try_for_each(|suffix| files::remove(&beside(path, suffix)))
}

pub(super) fn file_error(path: &Path, what: &str, fault: &io::Error) -> StoreError {
    StoreError::Foreign(format!("{} {what}: {fault}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
        let mut names: Vec<String> = fs::read_dir(folder).unwrap().map(name).collect();
        names.sort();
        names
    }

    #[test]
    fn what_is_given_up_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let part = Part::create(folder.path().join("x.part")).unwrap();
        for suffix in ["-journal", "-wal", "-shm"] {
            fs::write(beside(part.path(), suffix), "beside").unwrap();
        }
        drop(part);
        assert_eq!(names(folder.path()), [""; 0]);
    }

    #[test]
    fn it_replaces_what_is_there_and_what_a_crash_left() {
        let folder = tempfile::tempdir().unwrap();
        let (path, file) = (folder.path().join("x.part"), folder.path().join("x"));
        fs::write(&path, "half").unwrap();
        fs::write(&file, "old").unwrap();
        let part = Part::create(path).unwrap();
        fs::write(part.path(), "new").unwrap();
        part.put_in_place(&file).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(names(folder.path()), ["x"]);
    }

    #[test]
    fn two_at_once_do_not_write_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.part");
        let first = Part::create(path.clone()).unwrap();
        let Err(StoreError::Foreign(sentence)) = Part::create(path.clone()) else { panic!("both write it") };
        assert!(sentence.contains("x.part") && sentence.contains("another observerio"), "{sentence}");
        drop(first);
        Part::create(path).unwrap();
    }
}
