//! What happens while the page is open, for the lines between those of the log.

use protocol::model::{Desired, Device, Revision, VarName};

use super::LiveState;
use crate::api::LogEdit;
use crate::live::log_events::{Happened, LogEvent};

impl LiveState {
    /// What happened at the times of the lines that are shown, of the selected devices.
    pub fn log_events(&self) -> impl Iterator<Item = &LogEvent> {
        self.logs.shown_events().map(AsRef::as_ref).filter(|event| match &event.what {
            Happened::Edited(_) => true,
            Happened::Connected(device, _) | Happened::Left(device, _) => self.scope.covers(*device),
        })
    }

    pub(super) fn witness_edit(&mut self, desired: &[(VarName, Desired)]) {
        // all of one revision, author and time
        let Some((_, Desired { revision, author, at, .. })) = desired.first() else { return };
        let changes = desired.iter().map(|(name, desired)| (name.clone(), desired.value.clone())).collect();
        let edit = LogEdit { revision: Revision(revision.0), at: *at, author: author.clone(), changes };
        self.logs.events.witness(*at, Happened::Edited(edit));
    }

    /// Whether it connected or left.
    pub(super) fn witness_device(&mut self, device: &Device) -> bool {
        let was_online = self.devices.get(device.id).is_some_and(|known| known.online);
        if device.online == was_online {
            return false;
        }
        let name = device.name.clone();
        let what = if device.online {
            Happened::Connected(device.id, name)
        } else {
            Happened::Left(device.id, name)
        };
        self.logs.events.witness(self.now.max(device.last_seen), what);
        true
    }
}

#[cfg(test)]
mod tests {
    use protocol::live::Event;
    use protocol::model::DeviceId;

    use super::*;
    use crate::live::fixture::*;
    use crate::live::scope::Scope;

    #[test]
    fn edits_and_devices_that_come_and_go_are_between_the_lines() {
        let mut state = state();
        assert!(state.apply(delta(11, edited(int(5), 4))).logs);
        assert!(state.apply(delta(12, Event::Device(device(2, false)))).logs);
        assert!(!state.apply(delta(13, Event::Device(device(2, false)))).logs, "it was gone before");
        assert!(state.apply(delta(14, Event::Device(device(3, true)))).logs);
        let said = |state: &LiveState| -> Vec<String> {
            let text = |event: &LogEvent| match &event.what {
                Happened::Edited(edit) => format!("r{} {}", edit.revision.0, edit.author),
                Happened::Connected(_, name) => format!("+{name}"),
                Happened::Left(_, name) => format!("-{name}"),
            };
            state.log_events().map(text).collect()
        };
        assert_eq!(said(&state), ["r4 ann", "-device-2", "+device-3"]);
        state.set_scope(Scope::of([DeviceId(2)]));
        assert_eq!(said(&state), ["r4 ann", "-device-2"]);
        state.logs.pause();
        state.apply(delta(15, Event::Device(device(2, true))));
        assert_eq!(said(&state).len(), 2, "a view that somebody reads does not change");
        state.logs.resume_following();
        assert_eq!(said(&state).len(), 3);
    }
}
