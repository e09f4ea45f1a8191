//! The outbox on disk: what a killed process left, the next one sends.
//!
//! Records are added at the end of one file. When it has become long, what is still to be stored begins a new file, which
//! takes the place of the old one. Nothing is flushed to the medium on the way: what was written survives the process, and
//! a loss of power costs the newest records, or has a few of them stored twice.

use std::{
    fs::{self, File, TryLockError},
    io::Write as _,
    path::{Path, PathBuf},
};

use super::files::{Faults, Retry, read, replace};
use crate::session::Session;

/// Shorter files are not worth replacing.
const MIN_FILE_BYTES: u64 = 256 * 1024;

pub(super) struct Journal {
    path: PathBuf,
    /// To its end records are added; `None` after a fault.
    file: Option<File>,
    bytes: u64,
    /// From this length on it is replaced.
    max_bytes: u64,
    retry: Retry,
    /// Held as long as this process goes: two of them would be one session.
    _lock: File,
}

impl Journal {
    /// Goes on with what is there. `None`: another process of the game has it, and this one keeps what it logs in memory.
    pub(super) fn open(
        path: PathBuf,
        outbox_bytes: usize,
        session: &mut Session,
        faults: &mut Faults,
    ) -> Option<Self> {
        let lock = match lock(&path) {
            Ok(lock) => lock,
            Err(why) => {
                faults.note(&path, why);
                return None;
            }
        };
        // twice what waits, written in the longest way that JSON has
        match read(&path, 16 * outbox_bytes as u64 + 2 * MIN_FILE_BYTES) {
            Ok(None) => {}
            Ok(Some(bytes)) => match session.resume(&bytes) {
                Ok(0) => {}
                Ok(torn) => {
                    faults.note(&path, format!("{torn} bytes at the end are incomplete, and left out"))
                }
                Err(why) => faults.note(&path, why),
            },
            Err(error) => faults.note(&path, error),
        }
        let mut journal =
            Self { path, file: None, bytes: 0, max_bytes: 0, retry: Retry::default(), _lock: lock };
        journal.begin(false, session, faults);
        Some(journal)
    }

    /// Adds what happened. What the session says next may be sent after this.
    pub(super) fn save(&mut self, session: &mut Session, faults: &mut Faults) {
        let records = session.take_records();
        if self.file.is_none() {
            return self.do_without(records.is_about_lines, session, faults);
        }
        if records.bytes.is_empty() {
            return;
        }
        if self.bytes + records.bytes.len() as u64 > self.max_bytes {
            return self.begin(records.is_about_lines, session, faults);
        }
        match self.file.as_mut().map(|file| file.write_all(&records.bytes)) {
            Some(Err(error)) => {
                faults.note(&self.path, error);
                self.fail(records.is_about_lines);
            }
            _ => self.bytes += records.bytes.len() as u64,
        }
    }

    /// A new file, with everything that is to be stored now. `has_moved`: lines that the old file does not know of are on
    /// their way or stored.
    fn begin(&mut self, has_moved: bool, session: &mut Session, faults: &mut Faults) {
        let records = session.checkpoint();
        self.file = None;
        match replace(&self.path, &records) {
            Ok(file) => {
                self.bytes = records.len() as u64;
                self.max_bytes = MIN_FILE_BYTES.max(2 * self.bytes);
                self.file = Some(file);
            }
            Err(error) => {
                faults.note(&self.path, error);
                self.fail(has_moved);
            }
        }
    }

    fn do_without(&mut self, has_moved: bool, session: &mut Session, faults: &mut Faults) {
        if self.retry.is_waiting() {
            self.leave(has_moved);
        } else {
            self.begin(has_moved, session, faults);
        }
    }

    fn fail(&mut self, has_moved: bool) {
        self.file = None;
        self.retry.later();
        self.leave(has_moved);
    }

    /// An old file is better than none, until something has moved that it does not know of: it would be stored twice.
    fn leave(&self, has_moved: bool) {
        if has_moved {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
impl Journal {
    pub(super) fn write_to(&mut self, file: File) {
        self.file = Some(file);
    }

    pub(super) fn retry_now(&mut self) {
        self.retry = Retry::default();
    }
}

fn lock(path: &Path) -> Result<File, String> {
    let mut name = path.to_path_buf().into_os_string();
    name.push(".lock");
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    }
    let file = File::options().create(true).truncate(false).write(true).open(PathBuf::from(name));
    let file = file.map_err(|error| error.to_string())?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err("another process of the game has it; this one keeps its log in memory".to_owned())
        }
        Err(TryLockError::Error(error)) => Err(error.to_string()),
    }
}
