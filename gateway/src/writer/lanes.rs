//! What the connections of one project sent: they take turns.

use std::collections::{HashMap, VecDeque};

use protocol::model::DeviceId;

use super::{
    Lane, Room,
    batch::{Batch, Item},
    notes::{Note, Notes},
};

/// Records that one connection may write before the next one of its project has its turn.
const LANE_TURN_RECORDS: usize = 16;

/// What the connections of one project sent, in the order of each.
#[derive(Default)]
pub(super) struct Lanes {
    items: HashMap<u64, VecDeque<Item>>,
    /// Lanes that have something in `items`, whose turn is next first.
    turns: VecDeque<u64>,
    /// Of each device for which there is an [`Item::Notes`].
    notes: HashMap<DeviceId, Notes>,
}

impl Lanes {
    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }

    /// Whether something of that device waits to be noted.
    pub(super) fn has_notes(&self, device: DeviceId) -> bool {
        self.notes.contains_key(&device)
    }

    pub(super) fn push(&mut self, lane: u64, item: Item) {
        let items = self.items.entry(lane).or_default();
        if items.is_empty() {
            self.turns.push_back(lane);
        }
        items.push_back(item);
    }

    pub(super) fn push_flush(&mut self, flush: impl Fn() -> Item) {
        self.items.values_mut().for_each(|items| items.push_back(flush()));
    }

    /// Notes something of a device, with what is noted of it already. What comes of that is no more than one write of each kind.
    pub(super) fn note(&mut self, Lane { number, .. }: Lane, device: DeviceId, note: Note) -> Option<Room> {
        match self.notes.get_mut(&device) {
            Some(notes) => notes.add(note),
            None => {
                self.notes.insert(device, Notes::new(device, note));
                self.push(number, Item::Notes(device));
                None
            }
        }
    }

    /// One lane's turn.
    pub(super) fn take_turn(&mut self, until_records: usize, batch: &mut Batch) {
        let Some(lane) = self.turns.pop_front() else { return };
        let Some(items) = self.items.get_mut(&lane) else { return };
        let until = until_records.min(batch.records + LANE_TURN_RECORDS);
        while batch.records < until
            && let Some(item) = items.pop_front()
        {
            match item {
                Item::Notes(device) => {
                    let notes = self.notes.remove(&device);
                    notes.into_iter().flat_map(Notes::into_jobs).for_each(|job| batch.push_job(job));
                }
                item => batch.push(item),
            }
        }
        if items.is_empty() {
            self.items.remove(&lane);
        } else {
            self.turns.push_back(lane);
        }
    }
}
