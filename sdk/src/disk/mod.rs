//! What a game keeps on disk, if it is asked to: the last good values, and what is not stored yet. A disk that is full or
//! broken is counted, and the game goes on without it.

mod journal;
mod values;

use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use self::{journal::Journal, values::Values};
use crate::{
    Settings,
    checksum::crc32,
    session::{Session, Stats},
};

/// A disk that failed is left alone for so long.
const RETRY_EVERY: Duration = Duration::from_secs(30);

/// The files of a game.
pub(crate) struct Disk {
    values: Option<Values>,
    journal: Option<Journal>,
    faults: Faults,
}

#[derive(Default)]
struct Faults {
    count: u64,
    last: Option<String>,
}

impl Faults {
    /// `what` names the file.
    fn note(&mut self, what: &Path, why: impl std::fmt::Display) {
        self.count += 1;
        let name = what.file_name().unwrap_or(what.as_os_str());
        self.last = Some(format!("{}: {why}", name.display()));
    }
}

impl Disk {
    /// A session with what the last one left, and the files for this one.
    pub(crate) fn open(settings: Settings) -> (Session, Self) {
        let mut faults = Faults::default();
        let (in_values, in_outbox) = (settings.values_in.clone(), settings.outbox_in.clone());
        // one folder may serve several projects
        let tag = crc32(settings.key.as_str().as_bytes());
        let (key, outbox_bytes) = (settings.key, settings.outbox_bytes);
        let mut session = Session::new(settings);
        let journal = in_outbox.and_then(|folder| {
            let path = folder.join(format!("observerio-{tag:08x}.outbox"));
            Journal::open(path, outbox_bytes, &mut session, &mut faults)
        });
        let values = in_values.map(|folder| {
            let path = folder.join(format!("observerio-{tag:08x}.values"));
            Values::open(path, key, &mut session, &mut faults)
        });
        (session, Self { values, journal, faults })
    }

    /// Writes what has to be on disk before the session says any more.
    pub(crate) fn save(&mut self, session: &mut Session) {
        if let Some(journal) = &mut self.journal {
            journal.save(session, &mut self.faults);
        }
        if let Some(values) = &mut self.values {
            values.save_at_times(session, &mut self.faults);
        }
    }

    /// The last word: everything that is not on disk yet.
    pub(crate) fn finish(&mut self, session: &mut Session) {
        if let Some(journal) = &mut self.journal {
            journal.save(session, &mut self.faults);
        }
        if let Some(values) = &mut self.values {
            values.save(session, &mut self.faults);
        }
    }

    /// Adds what the session can't know.
    pub(crate) fn count(&self, stats: &mut Stats) {
        stats.disk_errors = self.faults.count;
        stats.last_disk_error.clone_from(&self.faults.last);
    }
}

/// When something is due again after it failed.
#[derive(Default)]
struct Retry(Option<Instant>);

impl Retry {
    fn is_waiting(&self) -> bool {
        self.0.is_some_and(|at| Instant::now() < at)
    }

    fn later(&mut self) {
        self.0 = Some(Instant::now() + RETRY_EVERY);
    }
}

/// All of a file; `None` where there is none.
fn read(path: &Path, max_bytes: u64) -> io::Result<Option<Vec<u8>>> {
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
fn replace(path: &Path, bytes: &[u8]) -> io::Result<File> {
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

#[cfg(test)]
mod tests;
