//! Devices and variables that are gone, or may be forgotten.

use protocol::model::{Device, DeviceId, VarName};

use super::{LiveState, Touched};
use crate::live::groups::title;
use crate::live::values::brief;
use crate::live::vars::{Stage, VarState};

/// Devices that are gone, whose names are kept for their log lines.
const MAX_GONE: usize = 10_000;

/// What an admin can forget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Forgettable {
    /// A variable that no connected game has.
    Var(VarName),
    /// A device that is not connected.
    Device(DeviceId),
}

impl LiveState {
    /// Whether no connected device has reported a variable since it came: then it can be forgotten.
    pub fn is_unused(&self, name: &VarName) -> bool {
        let is_used = |device: &Device, at| device.online && at >= device.since;
        self.vars.get(name).is_some_and(|var| {
            let mut reports = var.reported.iter();
            !reports.any(|(id, said)| self.devices.get(id).is_some_and(|device| is_used(device, said.at)))
        })
    }

    /// Whose declaration a variable has: the device's name, and whether it is connected.
    pub fn declarer(&self, var: &VarState) -> Option<(String, bool)> {
        let id = var.declared_by?;
        match self.devices.get(id) {
            Some(device) => Some((device.name.clone(), device.online)),
            None => self.gone.get(&id).map(|name| (name.clone(), false)),
        }
    }

    /// Variables were forgotten, and disappear.
    pub(super) fn forget_vars(&mut self, names: &[VarName], touched: &mut Touched) {
        for name in names {
            if let Some(var) = self.vars.remove(name) {
                self.give_up(name, var);
                touched.layout = true;
            } else if let Some(left_out) = &mut self.left_out {
                // the page did not have it
                left_out.vars = left_out.vars.saturating_sub(1);
                left_out.names.retain(|known| known != name);
                touched.layout = true;
            }
            touched.vars.insert(name.clone());
        }
        self.order.retain(|name| self.vars.contains_key(name));
    }

    /// An own edit of a variable that is gone is reported, not lost silently.
    pub(super) fn give_up(&mut self, name: &VarName, var: VarState) {
        let Some(pending) = var.pending.filter(|pending| !matches!(pending.stage, Stage::Saved(_))) else {
            return;
        };
        self.given_up = pending.value.map(|value| {
            let title = crate::format::isolated(title(name, &var.spec));
            format!("{title} has been forgotten, so it was not set to {}.", brief(&value))
        });
    }

    /// What happened to an own edit of a variable that was forgotten, until the person has read it.
    pub fn given_up(&self) -> Option<&str> {
        self.given_up.as_deref()
    }

    /// A device made room for a new one, or was forgotten: only its log lines are still shown.
    pub(super) fn forget_device(&mut self, id: DeviceId, touched: &mut Touched) {
        let Some(device) = self.devices.remove(id) else { return };
        if self.gone.len() < MAX_GONE {
            self.gone.insert(id, device.name);
        }
        self.refused.remove(&Some(id));
        for var in self.vars.values_mut() {
            var.forget_device(id);
        }
        touched.devices = true;
        touched.all_vars = true;
        touched.refused = true;
        if self.scope.is_selected(id) {
            let scope = self.scope.clone();
            touched.join(self.set_scope(scope));
        }
    }
    /// Its name on the page.
    pub(in crate::live) fn title_of(&self, what: &Forgettable) -> String {
        match what {
            Forgettable::Var(name) => {
                self.var(name).map_or_else(|| name.to_string(), |var| title(name, &var.spec).to_owned())
            }
            Forgettable::Device(device) => self.device_name(*device).to_owned(),
        }
    }

    /// The question: what would happen.
    pub fn forget_question(&self, what: &Forgettable) -> String {
        let title = self.title_of(what);
        let title = crate::format::isolated(&title);
        let Forgettable::Var(name) = what else {
            return format!(
                "Forget the device “{title}”? What it reported is deleted; its log lines stay. If it connects again, it is the same device."
            );
        };
        let wanted = self.var(name).and_then(|var| var.wanted());
        let let_go = wanted.map(|value| format!(" The value {}, which is set, is let go.", brief(value)));
        let let_go = let_go.unwrap_or_default();
        format!(
            "Forget the variable “{title}”? What devices reported of it is deleted; its history stays.{let_go} If a game reports it again, it starts afresh."
        )
    }
}
