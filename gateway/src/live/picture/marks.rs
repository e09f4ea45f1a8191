//! What devices did with one value.

use indexmap::IndexMap;
use protocol::model::{Applied, DeviceId};

/// What devices did with the desired value of one variable: the newest of each.
#[derive(Clone, Debug, Default)]
pub(in crate::live) struct Marks(IndexMap<DeviceId, Applied>);

impl FromIterator<Applied> for Marks {
    fn from_iter<I: IntoIterator<Item = Applied>>(marks: I) -> Self {
        Self(marks.into_iter().map(|mark| (mark.device, mark)).collect())
    }
}

impl Marks {
    /// In place of what the device did before, which is returned.
    pub(super) fn set(&mut self, mark: Applied) -> Option<Applied> {
        self.0.insert(mark.device, mark)
    }

    pub(super) fn remove(&mut self, device: DeviceId) -> Option<Applied> {
        self.0.shift_remove(&device)
    }

    pub(in crate::live) fn iter(&self) -> impl ExactSizeIterator<Item = &Applied> {
        self.0.values()
    }
}
