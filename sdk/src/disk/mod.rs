//! What a game keeps on disk, if it is asked to: the last good values, and what is not stored yet. A disk that is full or
//! broken is counted, and the game goes on without it.

mod files;
mod journal;
mod values;

use self::{files::Faults, journal::Journal, values::Values};
use crate::{
    Settings,
    checksum::crc32,
    session::{Session, Stats},
};

/// The files of a game.
pub(crate) struct Disk {
    values: Option<Values>,
    journal: Option<Journal>,
    faults: Faults,
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

#[cfg(test)]
mod tests;
