//! What all files have in common: how they are read and replaced, and what becomes of faults.

use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// A disk that failed is left alone for so long.
const RETRY_EVERY: Duration = Duration::from_secs(30);

#[derive(Default)]
pub(super) struct Faults {
    pub(super) count: u64,
    pub(super) last: Option<String>,
}

impl Faults {
    /// `what` names the file.
    pub(super) fn note(&mut self, what: &Path, why: impl std::fmt::Display) {
        self.count += 1;
        let name = what.file_name().unwrap_or(what.as_os_str());
        self.last = Some(format!("{}: {why}", name.display()));
    }
}

/// When something is due again after it failed.
#[derive(Default)]
pub(super) struct Retry(Option<Instant>);

impl Retry {
    pub(super) fn is_waiting(&self) -> bool {
        self.0.is_some_and(|at| Instant::now() < at)
    }

    pub(super) fn later(&mut self) {
        self.0 = Some(Instant::now() + RETRY_EVERY);
    }
}

/// All of a file; `None` where there is none.
pub(super) fn read(path: &Path, max_bytes: u64) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(max_bytes + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max_bytes {
        let why = format!("it has more than {max_bytes} bytes, which none of ours has");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    Ok(Some(bytes))
}

/// Replaces a file, so that at any time it is the old one or the new one. Returns the new one, to be continued.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<File> {
    let mut new = path.to_path_buf().into_os_string();
    new.push(".new");
    let new = PathBuf::from(new);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = File::create(&new)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_data()).and_then(|()| fs::rename(&new, path));
    if let Err(error) = written {
        // half a file takes room on a full disk
        let _ = fs::remove_file(&new);
        return Err(error);
    }
    Ok(file)
}
