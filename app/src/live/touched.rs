//! What changed, so that a page of a thousand variables redraws one row.

use std::collections::BTreeSet;

use protocol::model::VarName;

/// What a message changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// These variables.
    pub vars: BTreeSet<VarName>,
    /// Every variable may look different (a device came or went, or all is new).
    pub all_vars: bool,
    /// The list of variables, or their declarations.
    pub layout: bool,
    /// The devices.
    pub devices: bool,
    /// The log.
    pub logs: bool,
    /// What was refused.
    pub refused: bool,
    /// Whether the database accepts writes.
    pub storing: bool,
    /// The person's role.
    pub role: bool,
    /// The selected devices.
    pub scope: bool,
    /// A delta is missing: ask for a snapshot.
    pub resubscribe: bool,
}

impl Touched {
    /// Adds what another message changed.
    pub fn join(&mut self, other: Self) {
        self.vars.extend(other.vars);
        self.all_vars |= other.all_vars;
        self.layout |= other.layout;
        self.devices |= other.devices;
        self.logs |= other.logs;
        self.refused |= other.refused;
        self.storing |= other.storing;
        self.role |= other.role;
        self.scope |= other.scope;
        self.resubscribe |= other.resubscribe;
    }

    pub(super) fn var(name: &VarName) -> Self {
        Self { vars: BTreeSet::from([name.clone()]), ..Self::default() }
    }
}
