//! The last good values: with them a game starts where it has no server.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use protocol::{
    limits,
    line::parse_edits,
    model::{Key, Value, VarName},
};

use super::files::{Faults, Retry, read, replace};
use crate::{
    checksum::crc32,
    session::{Good, Session},
};

/// Somebody who drags a slider changes a value sixty times a second.
const SAVE_EVERY: Duration = Duration::from_secs(1);
/// All values of a project, with room for how they are written.
const MAX_FILE_BYTES: u64 = 4 * limits::MAX_PROJECT_BYTES as u64;
/// The first line, before the checksum of all that follows it.
const TITLE: &str = "observerio values 2 ";
const VALUES_PER_LINE: usize = 500;

/// A text file: the title with a checksum, the project's key, and lines that are arrays of names and
/// values, as in `v:`.
pub(super) struct Values {
    path: PathBuf,
    key: Key,
    /// The change that the file has.
    saved: u64,
    saved_at: Option<Instant>,
    retry: Retry,
}

impl Values {
    /// Reads what there is.
    pub(super) fn open(path: PathBuf, key: Key, session: &mut Session, faults: &mut Faults) -> Self {
        match read(&path, MAX_FILE_BYTES) {
            Ok(None) => {}
            Ok(Some(bytes)) => match parse(&bytes, key) {
                Ok(values) => session.recall(values),
                Err(why) => faults.note(&path, why),
            },
            Err(error) => faults.note(&path, error),
        }
        let saved = session.good().changes();
        Self { path, key, saved, saved_at: None, retry: Retry::default() }
    }

    /// Saves what has changed, if it is time.
    pub(super) fn save_at_times(&mut self, session: &Session, faults: &mut Faults) {
        let is_new = session.good().changes() != self.saved;
        if is_new && self.saved_at.is_none_or(|at| at.elapsed() >= SAVE_EVERY) {
            self.save(session, faults);
        }
    }

    /// Saves what has changed.
    pub(super) fn save(&mut self, session: &Session, faults: &mut Faults) {
        let good = session.good();
        if good.changes() == self.saved || self.retry.is_waiting() {
            return;
        }
        match replace(&self.path, &encode(good, self.key)) {
            Ok(_) => {
                self.saved = good.changes();
                self.saved_at = Some(Instant::now());
            }
            Err(error) => {
                self.retry.later();
                faults.note(&self.path, error);
            }
        }
    }
}

fn encode(good: &Good, key: Key) -> Vec<u8> {
    let values: Vec<String> = good.values().iter().map(|(name, value)| entry(name, value)).collect();
    let lines = values.chunks(VALUES_PER_LINE).map(|values| format!("[{}]", values.join(",")));
    let body: String =
        std::iter::once(key.as_str().to_owned()).chain(lines).map(|line| line + "\n").collect();
    format!("{TITLE}{:08x}\n{body}", crc32(body.as_bytes())).into_bytes()
}

fn entry(name: &VarName, value: &Value) -> String {
    let name = Value::Text(name.as_str().to_owned()).to_json();
    format!("{{\"name\":{name},\"value\":{}}}", value.to_json())
}

fn parse(bytes: &[u8], key: Key) -> Result<Vec<(VarName, Value)>, &'static str> {
    let foreign = "it is none of ours, or of another version";
    let text = str::from_utf8(bytes).map_err(|_| foreign)?;
    let (title, body) = text.split_once('\n').ok_or(foreign)?;
    let sum = title.strip_prefix(TITLE).ok_or(foreign)?;
    if sum != format!("{:08x}", crc32(body.as_bytes())) {
        return Err("it is damaged");
    }
    let mut lines = body.lines();
    if lines.next() != Some(key.as_str()) {
        return Err("it belongs to another project");
    }
    let mut values = Vec::new();
    for line in lines {
        let edits = parse_edits(line.as_bytes()).map_err(|_| "it is damaged")?;
        values.extend(edits.into_iter().map(|edit| (edit.name, edit.value)));
    }
    Ok(values)
}
