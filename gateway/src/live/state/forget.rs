//! Variables and devices that a person forgets: whether they are in use.

use std::collections::BTreeSet;

use protocol::model::{DeviceId, VarName};

use super::State;
use crate::GatewayError;

/// Variables of one project that were forgotten and had been set: games that were away are told of each of them.
const MAX_REMOVED: usize = 10_000;
/// Devices that a sentence names.
const NAMED_DEVICES: usize = 3;

impl State {
    /// A person forgets a variable, which nobody edits from now on, and which games that report it from now on declare anew.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::InUse`] when a connected game has reported it,
    /// [`GatewayError::Invalid`] when very many were forgotten.
    pub(crate) fn begin_forget_var(&mut self, name: &VarName) -> Result<(), GatewayError> {
        let Self { picture, connections, .. } = self;
        let Some(var) = picture.vars.get(name) else {
            // a game may still have it: then the game declares it again, and that declaration counts
            if !picture.left_out.vars.contains(name) {
                return Err(GatewayError::NotFound);
            }
            connections.forgetting.insert(name.clone());
            return Ok(());
        };
        let users = connections.speakers.of(name);
        if !users.is_empty() {
            return Err(GatewayError::InUse(self.reported_by(name, &users)));
        }
        if var.desired.is_some() && picture.removed.len() >= MAX_REMOVED {
            let text =
                format!("{MAX_REMOVED} variables that had been set were forgotten, which is the limit");
            return Err(GatewayError::Invalid(text));
        }
        connections.forgetting.insert(name.clone());
        Ok(())
    }

    fn reported_by(&self, name: &VarName, users: &BTreeSet<DeviceId>) -> String {
        let named = users.iter().take(NAMED_DEVICES).filter_map(|id| self.picture.devices.get(id));
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
        self.connections.forgetting.remove(name);
    }

    /// A person forgets a device; no game comes back as it until [`State::end_forget_device`]. Its name.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::InUse`] when it is connected, or about to be.
    pub(crate) fn begin_forget_device(&mut self, id: DeviceId) -> Result<String, GatewayError> {
        let Self { picture, connections, .. } = self;
        let device = picture.devices.get(&id).ok_or(GatewayError::NotFound)?;
        if connections.presence.is_online(id) || connections.arrivals.is_expected(id, &device.identity) {
            let text = format!("{} is connected: forget it when its game has ended", device.name);
            return Err(GatewayError::InUse(text));
        }
        if connections.arrivals.leave(id) { Ok(device.name.clone()) } else { Err(GatewayError::NotFound) }
    }

    /// The device stays, or is gone already.
    pub(crate) fn end_forget_device(&mut self, id: DeviceId) {
        self.connections.arrivals.let_go(id);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use protocol::{
        line::parse_report,
        model::{Change, Desired, ProjectId, UnixMicros, Value, VarRevision, VarSpec, VarType},
    };

    use super::*;
    use crate::{
        live::{Seen, Speaker, lock_seen, test_live},
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
    fn a_connection_that_has_said_it_holds_it_also_after_a_loss() {
        with_speed(|state| {
            let seen = Arc::default();
            state.begin_speaking(4, DeviceId(1), &seen);
            assert!(state.connections.speakers.of(&name("speed")).is_empty());
            let reports = parse_report(br#"{"speed":5}"#).unwrap();
            state.news(speaker(), &mut lock_seen(&seen), reports, 0);
            for losses in [0, 1] {
                state.news(speaker(), &mut lock_seen(&seen), Vec::new(), losses);
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
            state.picture.removed = (1..MAX_REMOVED).map(|n| (name(&format!("n{n}")), edit(1))).collect();
            state.picture.vars[&name("speed")].desired = Some(edit(2));
            assert!(state.begin_forget_var(&name("speed")).is_ok());
            state.picture.removed.insert(name("one more"), edit(1));
            let refused = state.begin_forget_var(&name("speed"));
            assert!(matches!(refused, Err(GatewayError::Invalid(_))), "{refused:?}");
            // of one that nobody has set there is nothing to tell
            state.picture.vars[&name("speed")].desired = None;
            assert!(state.begin_forget_var(&name("speed")).is_ok());
        });
    }
}
