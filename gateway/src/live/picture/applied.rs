//! What devices did with desired values. They say it and say it again: only what differs from just taking a value is committed.

use std::{collections::HashMap, time::Duration};

use protocol::{
    limits::{MAX_PROJECT_BYTES, SMALL_VALUE_BYTES},
    model::{Applied, DeviceId, Outcome, Revision, VarName, VarRevision},
};

use super::{
    super::weight::{Weight, text_of_outcome, weight_of_mark},
    Picture,
};

/// What a device did with one variable, as it is noted.
pub(in crate::live) struct Noted {
    pub(in crate::live) name: VarName,
    pub(in crate::live) mark: Applied,
    /// What is worth keeping of it: whatever differs from just taking the value, or takes that back.
    pub(in crate::live) kept: Option<Outcome>,
}

impl Picture {
    /// How far a device is; `None` when it does not say.
    pub(crate) fn applied_by(&self, device: DeviceId) -> Option<Revision> {
        self.devices.get(&device)?.applied
    }

    /// Takes in what a device did with everything up to `revision`: how far it is with that, and what it did with each
    /// variable. `None`: it is not there any more. `promised` is text that is on its way to the database.
    pub(in crate::live) fn record_applied(
        &mut self,
        device: DeviceId,
        revision: Revision,
        outcomes: Vec<(VarName, Outcome)>,
        round_trip: Option<Duration>,
        promised: usize,
    ) -> Option<(Revision, Vec<Noted>)> {
        let state = self.devices.get_mut(&device)?;
        let before = state.applied.unwrap_or(Revision(0));
        let now = before.max(revision);
        state.applied = Some(now);
        let round_trip_micros = round_trip.map(|time| u32::try_from(time.as_micros()).unwrap_or(u32::MAX));
        // of two outcomes for one variable the last one counts
        let mut said: HashMap<VarName, Outcome> = outcomes.into_iter().collect();
        let mut news: Vec<(VarName, VarRevision, Outcome)> = Vec::new();
        for (set_by, name) in self.edits_between(before, revision) {
            news.push((name.clone(), set_by, said.remove(name).unwrap_or(Outcome::Applied)));
        }
        // said again, or later than its revision
        for (name, outcome) in said {
            if let Some(set_by) = self.edit_within(&name, revision) {
                news.push((name, set_by, outcome));
            }
        }
        let note = |(name, revision, outcome): (VarName, VarRevision, Outcome)| {
            let mark = Applied { device, revision, outcome, round_trip_micros };
            self.mark(name, mark, promised)
        };
        Some((now, news.into_iter().filter_map(note).collect()))
    }

    fn mark(&mut self, name: VarName, mut mark: Applied, promised: usize) -> Option<Noted> {
        let var = self.vars.get_mut(&name)?;
        let said = mark.outcome.clone();
        let text = text_of_outcome(&mark.outcome);
        if text > SMALL_VALUE_BYTES && self.held.weight().text + promised + text > MAX_PROJECT_BYTES {
            mark.outcome = without_words(mark.outcome);
        }
        let old = var.applied.set(mark.clone());
        self.held.change(old.as_ref().map_or(Weight::default(), weight_of_mark), weight_of_mark(&mark));
        let was_plain = old.is_none_or(|old| old.outcome == Outcome::Applied);
        let is_plain = said == Outcome::Applied && was_plain;
        Some(Noted { name, mark, kept: (!is_plain).then_some(said) })
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
