//! What each connection has said of variables: only what is new goes on, and a connection that has said a variable uses it.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard},
};

use protocol::{
    limits::MAX_VARS_PER_PROJECT,
    model::{DeviceId, Value, VarName, VarSpec, VarType},
};

use super::{
    super::{
        push::{Form, Forms},
        weight::Weight,
    },
    claims::Repeats,
};

/// What one connection has reported so far, so that only changes are stored and shown.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Whose connection it is.
    pub(in crate::live) device: Option<DeviceId>,
    vars: HashMap<VarName, Said>,
    /// What `vars` and `doubted` count for.
    held: Weight,
    /// The count of losses up to which `vars` can be trusted to be stored.
    losses: u64,
    /// What it has said before that count, and not again.
    doubted: HashSet<VarName>,
    /// New variables that it was told are not taken.
    untaken: HashSet<VarName>,
    /// Declarations that it has said again, because others had declared otherwise.
    repeats: BTreeMap<VarName, Repeats>,
}

/// What it has said of one variable.
#[derive(Debug)]
pub(in crate::live) struct Said {
    pub(in crate::live) spec: Arc<VarSpec>,
    pub(in crate::live) value: Value,
    /// The declaration that it stands by.
    pub(in crate::live) claim: Arc<VarSpec>,
}

impl Seen {
    /// Of a connection of this device, which has said nothing yet.
    pub(crate) fn of(device: DeviceId) -> Self {
        Self { device: Some(device), ..Self::default() }
    }

    /// What it counts for.
    pub(in crate::live) fn held(&self) -> Weight {
        self.held
    }

    pub(in crate::live) fn said(&self, name: &VarName) -> Option<&Said> {
        self.vars.get(name)
    }

    /// What it counts for more when it remembers this.
    pub(in crate::live) fn more(&self, name: &VarName, value: &Value) -> Weight {
        match self.vars.get(name) {
            Some(said) => Weight { text: value.weight().saturating_sub(said.value.weight()), entries: 0 },
            None => Weight { text: name.as_str().len() + value.weight(), entries: 1 },
        }
    }

    pub(in crate::live) fn remember(&mut self, name: VarName, said: Said) {
        let (now, name_bytes) = (said.value.weight(), name.as_str().len());
        match self.vars.insert(name, said) {
            Some(old) => self.held.text = (self.held.text + now).saturating_sub(old.value.weight()),
            None => {
                self.held.text += name_bytes + now;
                self.held.entries += 1;
            }
        }
    }

    /// All that it has said and stands by, which it does no longer.
    pub(in crate::live) fn take_all(&mut self) -> HashMap<VarName, Said> {
        std::mem::take(&mut self.vars)
    }

    /// Whether what it has said is stored, as far as is known with so many losses; otherwise everything it says is news. What
    /// it had said until then.
    pub(in crate::live) fn doubt(&mut self, losses: u64) -> HashMap<VarName, Said> {
        if self.losses == losses {
            return HashMap::new();
        }
        self.losses = losses;
        let doubted = self.take_all();
        self.doubted.extend(doubted.keys().cloned());
        self.held = Weight { text: 0, entries: self.doubted.len() };
        doubted
    }

    /// Whether it was told that a new variable is not taken.
    pub(in crate::live) fn knows_untaken(&self, name: &VarName) -> bool {
        self.untaken.contains(name)
    }

    pub(in crate::live) fn note_untaken(&mut self, name: VarName) {
        if self.untaken.len() < MAX_VARS_PER_PROJECT {
            self.untaken.insert(name);
        }
    }

    pub(in crate::live) fn repeats(&mut self, name: &VarName) -> &mut Repeats {
        self.repeats.entry(name.clone()).or_default()
    }

    fn has(&self, name: &VarName) -> bool {
        self.vars.contains_key(name) || self.doubted.contains(name)
    }

    /// Whether it has said that it has this action.
    pub(super) fn has_action(&self, name: &VarName) -> bool {
        let is_action = |said: &Said| said.spec.var_type == VarType::Action;
        self.vars.get(name).map_or_else(|| self.doubted.contains(name), is_action)
    }

    /// How it wants to hear each variable.
    pub(in crate::live) fn forms(&self) -> Forms {
        self.vars.iter().map(|(name, said)| (name.clone(), Form::of(&said.spec))).collect()
    }

    fn stands_by(&self, name: &VarName, spec: &Arc<VarSpec>) -> bool {
        self.vars.get(name).is_some_and(|said| Arc::ptr_eq(&said.claim, spec))
    }
}

/// What a connection has said. Taken only while the project's state is locked.
pub(crate) fn lock_seen(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().expect("no holder of this lock panics")
}

/// What each connection has said, by its number.
#[derive(Debug, Default)]
pub(in crate::live) struct Speakers(HashMap<u64, (DeviceId, Arc<Mutex<Seen>>)>);

impl Speakers {
    pub(in crate::live) fn insert(&mut self, line: u64, device: DeviceId, seen: &Arc<Mutex<Seen>>) {
        self.0.insert(line, (device, Arc::clone(seen)));
    }

    pub(in crate::live) fn remove(&mut self, line: u64) -> Option<Arc<Mutex<Seen>>> {
        self.0.remove(&line).map(|(_, seen)| seen)
    }

    /// The devices whose connections have said a variable.
    pub(in crate::live) fn of(&self, name: &VarName) -> BTreeSet<DeviceId> {
        let said = |(_, seen): &&(DeviceId, Arc<Mutex<Seen>>)| lock_seen(seen).has(name);
        self.0.values().filter(said).map(|(device, _)| *device).collect()
    }

    /// One of those whose connections stand by this very declaration.
    pub(in crate::live) fn one_who_claims(&self, name: &VarName, spec: &Arc<VarSpec>) -> Option<DeviceId> {
        /// So many are looked at.
        const MOST: usize = 64;
        let stands_by = |(_, seen): &&(DeviceId, Arc<Mutex<Seen>>)| lock_seen(seen).stands_by(name, spec);
        self.0.values().take(MOST).find(stands_by).map(|(device, _)| *device)
    }
}
