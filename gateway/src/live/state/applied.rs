//! What devices did with desired values.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use indexmap::IndexMap;
use protocol::{
    limits::SMALL_VALUE_BYTES,
    live::Event,
    model::{Applied, DeviceId, Outcome, Revision, VarName, VarRevision},
};

use super::{
    State,
    held::{Weight, weight_of_mark},
};

/// What devices did with the desired value of one variable: the newest of each.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks(IndexMap<DeviceId, Applied>);

impl FromIterator<Applied> for Marks {
    fn from_iter<I: IntoIterator<Item = Applied>>(marks: I) -> Self {
        Self(marks.into_iter().map(|mark| (mark.device, mark)).collect())
    }
}

impl Marks {
    pub(super) fn remove(&mut self, device: DeviceId) -> Option<Applied> {
        self.0.shift_remove(&device)
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &Applied> {
        self.0.values()
    }

    pub(super) fn to_vec(&self) -> Vec<Applied> {
        self.0.values().cloned().collect()
    }
}

/// Which variables each edit set or let go, of those that no newer one has changed again.
#[derive(Debug, Default)]
pub(super) struct Revised(BTreeMap<VarRevision, BTreeSet<VarName>>);

impl Revised {
    pub(super) fn set(&mut self, name: &VarName, old: Option<VarRevision>, new: VarRevision) {
        if let Some(old) = old {
            self.remove(name, old);
        }
        self.0.entry(new).or_default().insert(name.clone());
    }

    pub(super) fn remove(&mut self, name: &VarName, edit: VarRevision) {
        if let Some(names) = self.0.get_mut(&edit) {
            names.remove(name);
            if names.is_empty() {
                self.0.remove(&edit);
            }
        }
    }

    /// Set behind `from` and up to `to`.
    fn between(&self, from: Revision, to: Revision) -> impl Iterator<Item = (VarRevision, &VarName)> {
        let range = from.edits_until(to).map(|edits| self.0.range(edits));
        range.into_iter().flatten().flat_map(|(revision, names)| names.iter().map(|name| (*revision, name)))
    }
}

impl FromIterator<(VarName, VarRevision)> for Revised {
    fn from_iter<I: IntoIterator<Item = (VarName, VarRevision)>>(revisions: I) -> Self {
        let mut all = Self::default();
        for (name, revision) in revisions {
            all.set(&name, None, revision);
        }
        all
    }
}

/// What was said since dashboards were told: of each device and variable the newest.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    devices: IndexMap<DeviceId, Revision>,
    vars: IndexMap<VarName, IndexMap<DeviceId, Applied>>,
    /// Somebody will tell them.
    is_announced: bool,
}

impl State {
    /// How far a device is; `None` when it does not say.
    pub(crate) fn applied_by(&self, device: DeviceId) -> Option<Revision> {
        self.devices.get(&device)?.applied
    }

    /// Takes in what a device did with everything up to `revision`, and returns what is worth keeping.
    pub(crate) fn record_applied(
        &mut self,
        device: DeviceId,
        revision: Revision,
        outcomes: Vec<(VarName, Outcome)>,
        round_trip: Option<Duration>,
    ) -> Vec<(VarName, VarRevision, Outcome)> {
        let Some(state) = self.devices.get_mut(&device) else { return Vec::new() };
        let before = state.applied.unwrap_or(Revision(0));
        state.applied = Some(before.max(revision));
        let round_trip_micros = round_trip.map(|time| u32::try_from(time.as_micros()).unwrap_or(u32::MAX));
        // of two outcomes for one variable the last one counts
        let mut said: HashMap<VarName, Outcome> = outcomes.into_iter().collect();
        let mut news: Vec<(VarName, VarRevision, Outcome)> = Vec::new();
        for (set_by, name) in self.revised.between(before, revision) {
            news.push((name.clone(), set_by, said.remove(name).unwrap_or(Outcome::Applied)));
        }
        // said again, or later than its revision
        for (name, outcome) in said {
            let desired = self.vars.get(&name).and_then(|var| var.desired.as_ref());
            if let Some(set_by) =
                desired.map(|desired| desired.revision).filter(|edit| revision.includes(*edit))
            {
                news.push((name, set_by, outcome));
            }
        }
        self.gathered.devices.insert(device, before.max(revision));
        news.retain(|(name, set_by, outcome)| {
            let mark = Applied { device, revision: *set_by, outcome: outcome.clone(), round_trip_micros };
            self.mark(name, mark)
        });
        news
    }

    /// Notes what a device did with one variable. Whether it is worth keeping: only what differs from just
    /// taking the value is.
    fn mark(&mut self, name: &VarName, mut mark: Applied) -> bool {
        let Some(var) = self.vars.get_mut(name) else { return false };
        let is_plain = mark.outcome == Outcome::Applied;
        let now = weight_of_mark(&mark);
        if now.text > SMALL_VALUE_BYTES && !self.held.fits(now.text) {
            mark.outcome = without_words(mark.outcome);
        }
        let now = weight_of_mark(&mark);
        let old = var.applied.0.insert(mark.device, mark.clone());
        self.held.change(old.as_ref().map_or(Weight::default(), weight_of_mark), now);
        let was_plain = old.is_none_or(|old| old.outcome == Outcome::Applied);
        self.gathered.vars.entry(name.clone()).or_default().insert(mark.device, mark);
        !(is_plain && was_plain)
    }

    /// Whether dashboards are to be told soon, and nobody else is about to.
    pub(crate) fn begin_gathering(&mut self) -> bool {
        !std::mem::replace(&mut self.gathered.is_announced, true)
    }

    /// Everything that was said since the last time.
    pub(crate) fn take_gathered(&mut self) -> Option<Event> {
        let Gathered { devices, vars, .. } = std::mem::take(&mut self.gathered);
        if devices.is_empty() && vars.is_empty() {
            return None;
        }
        let vars = vars.into_iter().map(|(name, marks)| (name, marks.into_values().collect())).collect();
        Some(Event::Applied { devices: devices.into_iter().collect(), vars })
    }
}

/// What it did, where there is no room for what it says of that.
fn without_words(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Applied => Outcome::Applied,
        Outcome::Clamped { .. } => Outcome::Clamped { value: None, reason: None },
        Outcome::Rejected { .. } => Outcome::Rejected { reason: None },
    }
}
