//! What is noted of a device: when it was there, and what it did with values. Of each only the newest counts, so it
//! takes the place of what still waits.

use std::{mem::size_of, sync::Arc};

use indexmap::IndexMap;
use protocol::model::{DeviceId, Outcome, Revision, UnixMicros, Value, VarName, VarRevision};

use super::{
    Room,
    job::{Job, Reply, Target},
};
use crate::{bus::Topic, store::Write};

/// What a device's notes take beside its outcomes.
pub(super) const NOTES_BYTES: usize = 512;
/// What one outcome takes beside its texts.
const OUTCOME_BYTES: usize = size_of::<(VarName, (VarRevision, Outcome))>() + 64;

/// Something to be noted of a device.
pub(super) struct Note {
    pub(super) topic: Arc<dyn Topic>,
    /// When it was there, and how far it is, if it says so.
    pub(super) seen: Option<(UnixMicros, Option<Revision>)>,
    pub(super) outcomes: Vec<(VarName, VarRevision, Outcome)>,
    /// Whose room it is kept in.
    pub(super) room: Room,
}

/// The newest of what is noted of one device.
pub(super) struct Notes {
    device: DeviceId,
    topic: Arc<dyn Topic>,
    seen: Option<(UnixMicros, Option<Revision>)>,
    outcomes: IndexMap<VarName, (VarRevision, Outcome)>,
    /// For all of it.
    room: Room,
    bytes: usize,
}

impl Notes {
    pub(super) fn new(device: DeviceId, Note { topic, seen, outcomes, room }: Note) -> Self {
        let mut notes = Self { device, topic, seen, outcomes: IndexMap::new(), room, bytes: NOTES_BYTES };
        notes.replace(outcomes);
        notes
    }

    /// Returns the room that was held: the newest note holds all of it.
    pub(super) fn add(&mut self, Note { topic, seen, outcomes, room }: Note) -> Option<Room> {
        if topic.epoch() != self.topic.epoch() {
            // of a history that counts no longer
            (self.seen, self.bytes) = (None, NOTES_BYTES);
            self.outcomes.clear();
        }
        self.topic = topic;
        if let Some((at, applied)) = seen {
            let known = self.seen.and_then(|(_, applied)| applied);
            self.seen = Some((at, applied.or(known)));
        }
        let before = std::mem::replace(&mut self.room, room);
        self.replace(outcomes);
        Some(before)
    }

    fn replace(&mut self, outcomes: Vec<(VarName, VarRevision, Outcome)>) {
        for (name, revision, outcome) in outcomes {
            let name_bytes = name.as_str().len();
            self.bytes += name_bytes + weight(&outcome);
            if let Some((_, old)) = self.outcomes.insert(name, (revision, outcome)) {
                self.bytes -= name_bytes + weight(&old);
            }
        }
        self.room.resize(self.bytes);
    }

    /// What is to be written.
    pub(super) fn into_jobs(self) -> impl Iterator<Item = Job> {
        let Self { device, topic, seen, outcomes, room, .. } = self;
        let seen = seen.map(|(at, applied)| Write::Seen { device, at, applied });
        let outcomes = (!outcomes.is_empty()).then(|| Write::Outcomes {
            project: topic.project(),
            device,
            outcomes: outcomes
                .into_iter()
                .map(|(name, (revision, outcome))| (name, revision, outcome))
                .collect(),
        });
        let mut room = Some(room);
        // the larger one first: it holds the room
        outcomes.into_iter().chain(seen).map(move |write| Job {
            write,
            target: Target { topic: Arc::clone(&topic), reply: Reply::None, room: room.take() },
        })
    }
}

fn weight(outcome: &Outcome) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    OUTCOME_BYTES
        + match outcome {
            Outcome::Applied => 0,
            Outcome::Clamped { value, reason } => value.as_ref().map_or(0, Value::weight) + text(reason),
            Outcome::Rejected { reason } => text(reason),
        }
}
