//! The person's own edits and runs, from the control to the server's answer.

use std::collections::BTreeMap;

use protocol::limits;
use protocol::live::{ClientMessage, EditRefused, EditSaved, RunStarted};
use protocol::model::{Gesture, Value, VarName};

use super::{LiveState, Touched};
use crate::live::vars::{Stage, VarState};

/// Why nothing can be changed, and what to do about it.
pub const VIEWER: &str = "You are a viewer: ask an admin to let you edit.";

impl LiveState {
    /// Sets a variable, before the server knows. A value that is already desired is not sent again, unless the games have
    /// drifted from it.
    pub fn edit(&mut self, name: &VarName, value: Value, gesture: Gesture) -> Touched {
        self.remember(name, gesture);
        let (may_edit, has_drifted) = (self.may_edit(), self.has_drifted(name));
        let Some(var) = self.vars.get_mut(name) else { return Touched::default() };
        let is_wanted = var.wanted() == Some(&value);
        match var.spec.check_edit(&value) {
            _ if !may_edit => var.refused = Some(VIEWER.to_owned()),
            Ok(()) if is_wanted && !has_drifted => var.agree(),
            Ok(()) => var.begin(Some(value), gesture, is_wanted),
            Err(error) => var.refused = Some(error.text),
        }
        Touched::var(name)
    }

    /// Sends the desired value to the games again, as a new edit.
    pub fn push_again(&mut self, name: &VarName, gesture: Gesture) -> Touched {
        let may_edit = self.may_edit();
        let Some(var) = self.vars.get_mut(name) else { return Touched::default() };
        match var.wanted().cloned() {
            _ if !may_edit => var.refused = Some(VIEWER.to_owned()),
            Some(value) => var.begin(Some(value), gesture, true),
            None => {}
        }
        Touched::var(name)
    }

    /// Lets go of an edit: games go back to their own values.
    pub fn let_go(&mut self, name: &VarName, gesture: Gesture) -> Touched {
        self.remember(name, gesture);
        let may_edit = self.may_edit();
        let Some(var) = self.vars.get_mut(name) else { return Touched::default() };
        match var.wanted().is_some() {
            _ if !may_edit => var.refused = Some(VIEWER.to_owned()),
            true => var.begin(None, gesture, false),
            false => var.refused = None,
        }
        Touched::var(name)
    }

    /// Runs an action once, or, without a connection, not at all: nobody wants it to happen some time later.
    pub fn run(&mut self, name: &VarName, args: Option<String>) -> Touched {
        let may_edit = self.may_edit();
        let Some(var) = self.vars.get_mut(name) else { return Touched::default() };
        if !may_edit {
            var.runs.refuse(VIEWER.to_owned());
            return Touched::var(name);
        }
        if !self.open {
            var.runs.refuse("not run: the connection is lost".to_owned());
            return Touched::var(name);
        }
        let id = self.next_id;
        self.next_id = self.next_id.wrapping_add(1);
        var.runs.ask(id);
        self.runs.push(ClientMessage::Run { id, project: self.project, name: name.clone(), args });
        Touched::var(name)
    }

    /// Whether something waits to be sent.
    pub fn has_unsent(&self) -> bool {
        !self.runs.is_empty() || self.vars.values().any(VarState::is_unsent)
    }

    /// The messages with everything that waits to be sent: one for each gesture and each run, in a stable order.
    pub fn take_unsent(&mut self) -> Vec<ClientMessage> {
        let mut by_gesture: BTreeMap<Gesture, Vec<VarName>> = BTreeMap::new();
        for name in &self.order {
            if let Some(pending) =
                self.vars.get(name).filter(|v| v.is_unsent()).and_then(|v| v.pending.as_ref())
            {
                by_gesture.entry(pending.gesture).or_default().push(name.clone());
            }
        }
        let mut messages = Vec::new();
        for (gesture, names) in by_gesture {
            for names in names.chunks(limits::MAX_EDITS_PER_MESSAGE) {
                messages.push(self.send(gesture, names));
            }
        }
        // after the edits: a run finds the values that were set before it
        messages.append(&mut self.runs);
        messages
    }

    fn send(&mut self, gesture: Gesture, names: &[VarName]) -> ClientMessage {
        let id = self.next_id;
        self.next_id = self.next_id.wrapping_add(1);
        let mut changes = Vec::with_capacity(names.len());
        for name in names {
            changes.extend(self.vars.get_mut(name).and_then(|var| var.send(name, id)));
        }
        ClientMessage::Edit { id, project: self.project, gesture, changes }
    }

    /// The connection is open and this state up to date, or the connection is lost.
    ///
    /// Edits that were sent and not answered are sent again on reconnect: with the same value and gesture, twice does no harm.
    /// Edits that somebody else has overtaken are not. Runs are never sent again.
    pub fn set_open(&mut self, open: bool) -> Touched {
        self.open = open;
        if !open {
            self.runs.clear();
        }
        for var in self.vars.values_mut() {
            if open {
                var.check_stale();
                continue;
            }
            var.runs.lose();
            var.unanswered = None;
            if let Some(pending) = &mut var.pending
                && matches!(pending.stage, Stage::Sent(_))
            {
                pending.stage = Stage::Unsent;
            }
        }
        Touched { all_vars: true, ..Touched::default() }
    }

    /// The person may no longer edit: what the server has not confirmed is dropped and reported, not kept for later.
    pub(super) fn drop_edits(&mut self) {
        self.runs.clear();
        for var in self.vars.values_mut() {
            if let Some(pending) = var.pending.take_if(|pending| !matches!(pending.stage, Stage::Saved(_))) {
                var.refused = Some(match pending.value {
                    Some(value) => format!("{value} was not set. {VIEWER}"),
                    None => format!("It was not let go. {VIEWER}"),
                });
            }
        }
    }

    pub(super) fn apply_edit_result(&mut self, id: u32, outcome: &Result<EditSaved, EditRefused>) -> Touched {
        let mut touched = Touched::default();
        for (name, var) in &mut self.vars {
            if var.answer(name, id, outcome) {
                touched.vars.insert(name.clone());
            }
        }
        touched
    }

    pub(super) fn apply_run_result(&mut self, id: u32, outcome: &Result<RunStarted, EditRefused>) -> Touched {
        let mut touched = Touched::default();
        for (name, var) in &mut self.vars {
            if var.runs.answer(id, outcome) {
                touched.vars.insert(name.clone());
            }
        }
        touched
    }
}
