//! Variables and devices that a person forgets: whether they are in use, and what is left of them.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard},
};

use protocol::model::{Desired, DeviceId, Revision, VarName, VarRevision, VarSpec};

use super::{Restored, Seen, State, held::Weight};
use crate::{GatewayError, store::AuditRow};

/// Variables of one project that were forgotten and had been set: games that were away are told of each of them.
const MAX_REMOVED: usize = 10_000;
/// Devices that a sentence names.
const NAMED_DEVICES: usize = 3;

/// What each connection has said, by its number: whoever has said a variable uses it.
#[derive(Debug, Default)]
pub(super) struct Speakers(HashMap<u64, (DeviceId, Arc<Mutex<Seen>>)>);

impl Speakers {
    /// The devices whose connections have said a variable.
    fn of(&self, name: &VarName) -> BTreeSet<DeviceId> {
        let said = |(_, seen): &&(DeviceId, Arc<Mutex<Seen>>)| lock(seen).has(name);
        self.0.values().filter(said).map(|(device, _)| *device).collect()
    }
}

/// What a connection has said. Whoever takes this holds the project's state.
pub(crate) fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().expect("no holder of this lock panics")
}

impl State {
    /// Which connections have said a variable of theirs by this very declaration: one of them.
    pub(super) fn one_who_claims(&self, name: &VarName, spec: &Arc<VarSpec>) -> Option<DeviceId> {
        /// So many are looked at.
        const MOST: usize = 64;
        let stands_by = |(_, seen): &&(DeviceId, Arc<Mutex<Seen>>)| lock(seen).stands_by(name, spec);
        self.speakers.0.values().take(MOST).find(stands_by).map(|(device, _)| *device)
    }

    /// A connection may report variables from now on.
    pub(crate) fn begin_speaking(&mut self, line: u64, device: DeviceId, seen: &Arc<Mutex<Seen>>) {
        self.speakers.0.insert(line, (device, Arc::clone(seen)));
    }

    /// It is gone. What others have declared and counts again by that.
    pub(crate) fn end_speaking(&mut self, line: u64) -> Vec<Restored> {
        let Some((_, seen)) = self.speakers.0.remove(&line) else { return Vec::new() };
        let mut seen = lock(&seen);
        self.held.change_said(seen.held(), Weight::default());
        self.release(&mut seen)
    }

    /// A person forgets a variable, which nobody edits from now on, and which games that report it from now on declare anew.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::InUse`] when a connected game has reported it,
    /// [`GatewayError::Invalid`] when very many were forgotten.
    pub(crate) fn begin_forget_var(&mut self, name: &VarName) -> Result<(), GatewayError> {
        let var = self.vars.get(name).ok_or(GatewayError::NotFound)?;
        let users = self.speakers.of(name);
        if !users.is_empty() {
            return Err(GatewayError::InUse(self.reported_by(name, &users)));
        }
        if var.desired.is_some() && self.removed.len() >= MAX_REMOVED {
            let text = format!(
                "{MAX_REMOVED} variables that had been set were forgotten, which is as many as may be"
            );
            return Err(GatewayError::Invalid(text));
        }
        self.forgetting.insert(name.clone());
        Ok(())
    }

    fn reported_by(&self, name: &VarName, users: &BTreeSet<DeviceId>) -> String {
        let named = users.iter().take(NAMED_DEVICES).filter_map(|id| self.devices.get(id));
        let mut who = named.map(|device| device.name.as_str()).collect::<Vec<_>>().join(", ");
        if users.len() > NAMED_DEVICES {
            who.push_str(&format!(" and {} more", users.len() - NAMED_DEVICES));
        }
        let verb = if users.len() == 1 { "is" } else { "are" };
        format!(
            "{who} {verb} connected and reported {name}: forget it when no connected game has it any more"
        )
    }

    /// The variable stays, or is gone already.
    pub(crate) fn end_forget_var(&mut self, name: &VarName) {
        self.forgetting.remove(name);
    }

    /// A variable is not there any more. Games that lack the edit that let go of it are still told.
    pub(super) fn forget_var(&mut self, name: &VarName, let_go: Option<VarRevision>, note: AuditRow) {
        self.forgetting.remove(name);
        let Some(var) = self.vars.shift_remove(name) else { return };
        self.held.change(var.held(), Weight::default());
        for device in var.reported.keys() {
            if let Some(device) = self.devices.get_mut(device) {
                device.values -= 1;
            }
        }
        if let Some(edit) = &var.desired {
            self.revised.remove(name, edit.revision);
        }
        let newest = match let_go {
            Some(revision) => {
                self.revision = self.revision.max(Revision(revision.0));
                Some(Desired { value: None, revision, author: note.actor, at: note.at })
            }
            None => var.desired.clone(),
        };
        if let Some(edit) = newest {
            self.removed.insert(name.clone(), edit);
        }
        self.pushes.forget();
    }

    /// A person forgets a device; no game comes back as it until [`State::end_forget_device`]. Its name.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::InUse`] when it is connected, or about to be.
    pub(crate) fn begin_forget_device(&mut self, id: DeviceId) -> Result<String, GatewayError> {
        let device = self.devices.get(&id).ok_or(GatewayError::NotFound)?;
        if device.connections > 0 || self.arrivals.is_expected(id) {
            let text = format!("{} is connected: forget it when its game has ended", device.name);
            return Err(GatewayError::InUse(text));
        }
        match self.arrivals.leaving.insert(id) {
            true => Ok(device.name.clone()),
            // it is as good as gone
            false => Err(GatewayError::NotFound),
        }
    }

    /// The device stays, or is gone already.
    pub(crate) fn end_forget_device(&mut self, id: DeviceId) {
        self.arrivals.leaving.remove(&id);
    }
}

#[cfg(test)]
mod tests {
    use protocol::{
        line::parse_report,
        model::{Change, ProjectId, UnixMicros, Value, VarType},
    };

    use super::*;
    use crate::{
        live::{Speaker, test_live},
        store::{Write, Written},
    };

    fn name(text: &str) -> VarName {
        VarName::parse(text).unwrap()
    }

    fn edit(revision: i64) -> Desired {
        let (revision, author, at) = (VarRevision(revision), "ann".to_owned(), UnixMicros(0));
        Desired { value: None, revision, author, at }
    }

    /// With `speed`, which nobody has set or reported.
    fn with_speed(then: impl FnOnce(&mut State)) {
        let live = test_live(1);
        let mut state = live.state();
        let report = Write::Report {
            project: ProjectId(1),
            device: DeviceId(1),
            at: UnixMicros(0),
            declared: vec![(name("speed"), VarSpec::bare(VarType::Integer))],
            values: Vec::new(),
            line: None,
        };
        state.apply(report, Written::Done);
        then(&mut state);
    }

    fn speaker() -> Speaker {
        Speaker { device: DeviceId(1), at: UnixMicros(0), declares: true }
    }

    fn declared(state: &mut State) -> usize {
        let reports = parse_report(br#"[{"name":"speed","type":"integer","value":5}]"#).unwrap();
        state.news(speaker(), &mut Seen::default(), reports, 0).declared.len()
    }

    #[test]
    fn what_is_being_forgotten_is_declared_anew_and_not_edited() {
        with_speed(|state| {
            let set = || vec![Change::from((name("speed"), Value::Int(7_i64.into())))];
            assert_eq!(declared(state), 0, "it is known");
            assert!(state.check_edit(set()).is_ok());
            state.begin_forget_var(&name("speed")).unwrap();
            assert!(state.check_edit(set()).is_err());
            assert_eq!(declared(state), 1);
            // it came to nothing
            state.end_forget_var(&name("speed"));
            assert!(state.check_edit(set()).is_ok());
        });
    }

    #[test]
    fn whoever_has_said_it_holds_it_also_after_a_loss() {
        with_speed(|state| {
            let seen = Arc::default();
            state.begin_speaking(4, DeviceId(1), &seen);
            assert!(state.speakers.of(&name("speed")).is_empty());
            let reports = parse_report(br#"{"speed":5}"#).unwrap();
            state.news(speaker(), &mut lock(&seen), reports, 0);
            for losses in [0, 1] {
                state.news(speaker(), &mut lock(&seen), Vec::new(), losses);
                let refused = state.begin_forget_var(&name("speed"));
                assert!(matches!(refused, Err(GatewayError::InUse(_))), "{refused:?}");
            }
            state.end_speaking(4);
            assert!(state.begin_forget_var(&name("speed")).is_ok());
        });
    }

    #[test]
    fn up_to_the_limit_games_are_told_of_what_was_forgotten() {
        with_speed(|state| {
            state.removed = (1..MAX_REMOVED).map(|n| (name(&format!("n{n}")), edit(1))).collect();
            state.vars[&name("speed")].desired = Some(edit(2));
            assert!(state.begin_forget_var(&name("speed")).is_ok());
            state.removed.insert(name("one more"), edit(1));
            let refused = state.begin_forget_var(&name("speed"));
            assert!(matches!(refused, Err(GatewayError::Invalid(_))), "{refused:?}");
            // of one that nobody has set there is nothing to tell
            state.vars[&name("speed")].desired = None;
            assert!(state.begin_forget_var(&name("speed")).is_ok());
        });
    }
}
