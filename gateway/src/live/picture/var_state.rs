//! One variable: what it is declared as, what people want it to be and what devices report.

use std::sync::Arc;

use indexmap::IndexMap;
use protocol::model::{Desired, DeviceId, UnixMicros, Value, VarName, VarSpec};

use super::{
    super::weight::{Weight, weight_of_mark},
    marks::Marks,
};
use crate::store::StoredVar;

#[derive(Clone, Debug)]
pub(in crate::live) struct VarState {
    pub(in crate::live) spec: Arc<VarSpec>,
    /// Whose declaration that is, if it is known.
    pub(in crate::live) declared_by: Option<DeviceId>,
    pub(in crate::live) desired: Option<Desired>,
    pub(in crate::live) reported: IndexMap<DeviceId, (Value, UnixMicros)>,
    /// What devices did with `desired`.
    pub(in crate::live) applied: Marks,
}

impl VarState {
    pub(super) fn stored(stored: StoredVar) -> (VarName, Self) {
        let StoredVar { name, spec, declared_by, desired, reported, applied } = stored;
        let reported = reported.into_iter().map(|r| (r.device, (r.value, r.at))).collect();
        let set_by = desired.as_ref().map(|desired| desired.revision);
        let applied = applied.into_iter().filter(|mark| Some(mark.revision) == set_by).collect();
        let mut var = Self { spec: Arc::new(spec), declared_by, desired, reported, applied };
        var.fit();
        (name, var)
    }

    /// What people want it to be.
    pub(in crate::live) fn wanted(&self) -> Option<&Value> {
        self.desired.as_ref()?.value.as_ref()
    }

    /// A type that no game has declared holds what people want, whatever games report; values are read by the type.
    pub(super) fn fit(&mut self) {
        if let Some(wider) = self.wanted().and_then(|wanted| self.spec.widened(wanted)) {
            self.spec = Arc::new(wider);
        }
        let var_type = &self.spec.var_type;
        let wanted = self.desired.as_mut().and_then(|desired| desired.value.as_mut());
        wanted.into_iter().for_each(|value| var_type.refit(value));
        self.reported.values_mut().for_each(|(value, _)| var_type.refit(value));
    }

    /// What it counts for. Looks at each device's value: where one changes, say only that.
    pub(in crate::live) fn held(&self) -> Weight {
        let text = self.spec.weight() + self.values_bytes();
        let mut held = Weight { text, entries: 1 + self.reported.len() };
        self.applied.iter().for_each(|mark| held += weight_of_mark(mark));
        held
    }

    /// Size of the values in bytes.
    fn values_bytes(&self) -> usize {
        let desired = self.wanted().map_or(0, Value::weight);
        desired + self.reported.values().map(|(value, _)| value.weight()).sum::<usize>()
    }

    /// About what it takes in memory, in bytes, with its place in a table.
    pub(super) fn footprint(&self) -> usize {
        /// A value of a device, with its place in a table.
        const REPORTED: usize = size_of::<(DeviceId, (Value, UnixMicros))>() + 24;
        let author = self.desired.as_ref().map_or(0, |desired| desired.author.len());
        let values = self.values_bytes() + REPORTED * self.reported.len();
        2 * size_of::<Self>() + self.spec.weight() + author + values
    }
}
