//! What this server's dashboards were told of a project, and what is being gathered for them.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use protocol::{
    live::{Event, Full, Seq},
    model::{Applied, DeviceId, Revision, VarName},
};

#[derive(Default)]
pub(super) struct Feed {
    /// The number of the newest delta.
    pub(super) seq: Seq,
    pub(super) storing: bool,
    pub(super) lost: u64,
    full: Option<Full>,
    gathered: Gathered,
    /// Of whom something was refused that dashboards are still to be told of.
    refused: BTreeSet<Option<DeviceId>>,
    /// Dashboards are still to be told how many declarations wait.
    is_waiting_news: bool,
}

/// What devices did since dashboards were told: of each device and variable the newest.
#[derive(Debug, Default)]
struct Gathered {
    devices: IndexMap<DeviceId, Revision>,
    vars: IndexMap<VarName, IndexMap<DeviceId, Applied>>,
    /// Somebody will tell them.
    is_announced: bool,
}

impl Feed {
    pub(super) fn new(storing: bool) -> Self {
        Self { storing, ..Self::default() }
    }

    pub(super) fn next_seq(&mut self) -> Seq {
        self.seq += 1;
        self.seq
    }

    /// Whether it is news.
    pub(super) fn set_storing(&mut self, storing: bool) -> bool {
        std::mem::replace(&mut self.storing, storing) != storing
    }

    /// Whether it is news.
    pub(super) fn set_full(&mut self, full: Option<Full>) -> bool {
        std::mem::replace(&mut self.full, full) != full
    }

    /// Returns how many records were lost by now.
    pub(super) fn add_lost(&mut self, records: u64) -> u64 {
        self.lost += records;
        self.lost
    }

    /// How far a device is.
    pub(super) fn gather_device(&mut self, device: DeviceId, revision: Revision) {
        self.gathered.devices.insert(device, revision);
    }

    /// What a device did with a variable.
    pub(super) fn gather_mark(&mut self, name: VarName, mark: Applied) {
        self.gathered.vars.entry(name).or_default().insert(mark.device, mark);
    }

    /// Whether dashboards are to be told soon, and nobody else is about to.
    pub(super) fn begin_gathering(&mut self) -> bool {
        !std::mem::replace(&mut self.gathered.is_announced, true)
    }

    /// Everything that was said since the last time.
    pub(super) fn take_gathered(&mut self) -> Option<Event> {
        let Gathered { devices, vars, .. } = std::mem::take(&mut self.gathered);
        if devices.is_empty() && vars.is_empty() {
            return None;
        }
        let vars = vars.into_iter().map(|(name, marks)| (name, marks.into_values().collect())).collect();
        Some(Event::Applied { devices: devices.into_iter().collect(), vars })
    }

    /// Whether dashboards are to be told soon, and nobody else is about to.
    pub(super) fn note_refusal(&mut self, device: Option<DeviceId>) -> bool {
        let is_first = self.refused.is_empty();
        self.refused.insert(device);
        is_first
    }

    /// Whether dashboards are to be told soon, and nobody else is about to.
    pub(super) fn note_waiting(&mut self) -> bool {
        !std::mem::replace(&mut self.is_waiting_news, true)
    }

    /// They are told now.
    pub(super) fn end_waiting(&mut self) {
        self.is_waiting_news = false;
    }

    /// Of whom something was refused since the last time.
    pub(super) fn take_refused(&mut self) -> BTreeSet<Option<DeviceId>> {
        std::mem::take(&mut self.refused)
    }
}
