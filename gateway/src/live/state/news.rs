//! What a line of a game says that is new: values, and declarations as far as they count.
//!
//! Of declarations that differ the newest counts of a device that is online. One that a connection has made before and says
//! again counts anew, unless it does so all the time.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use protocol::{
    ErrorCode, ProtocolError,
    limits::MAX_VARS_PER_PROJECT,
    model::{DeviceId, Report, UnixMicros, Value, VarName, VarSpec, VarType},
};

use super::{
    Form, Forms, State, VarState,
    claims::Repeats,
    held::{More, Weight, is_small},
    settle::settle,
};
use crate::store::Write;

/// What one connection has reported so far, so that only changes are stored and shown.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Whose connection it is.
    device: Option<DeviceId>,
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
struct Said {
    spec: Arc<VarSpec>,
    value: Value,
    /// The declaration that it stands by.
    claim: Arc<VarSpec>,
}

impl Seen {
    /// Of a connection of this device, which has said nothing yet.
    pub(crate) fn of(device: DeviceId) -> Self {
        Self { device: Some(device), ..Self::default() }
    }

    /// What it counts for.
    pub(super) fn held(&self) -> Weight {
        self.held
    }

    /// What it counts for more when it remembers this.
    fn more(&self, name: &VarName, value: &Value) -> Weight {
        match self.vars.get(name) {
            Some(said) => Weight { text: value.weight().saturating_sub(said.value.weight()), entries: 0 },
            None => Weight { text: name.as_str().len() + value.weight(), entries: 1 },
        }
    }

    fn remember(&mut self, name: VarName, said: Said) {
        let (now, name_bytes) = (said.value.weight(), name.as_str().len());
        match self.vars.insert(name, said) {
            Some(old) => self.held.text = (self.held.text + now).saturating_sub(old.value.weight()),
            None => {
                self.held.text += name_bytes + now;
                self.held.entries += 1;
            }
        }
    }

    pub(super) fn has(&self, name: &VarName) -> bool {
        self.vars.contains_key(name) || self.doubted.contains(name)
    }

    /// Whether it has said that it has this action.
    pub(super) fn has_action(&self, name: &VarName) -> bool {
        let is_action = |said: &Said| said.spec.var_type == VarType::Action;
        self.vars.get(name).map_or_else(|| self.doubted.contains(name), is_action)
    }

    /// How it wants to hear each variable.
    pub(super) fn forms(&self) -> Forms {
        self.vars.iter().map(|(name, said)| (name.clone(), Form::of(&said.spec))).collect()
    }

    pub(super) fn stands_by(&self, name: &VarName, spec: &Arc<VarSpec>) -> bool {
        self.vars.get(name).is_some_and(|said| Arc::ptr_eq(&said.claim, spec))
    }
}

/// Who says a line, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Speaker {
    pub(crate) device: DeviceId,
    pub(crate) at: UnixMicros,
    /// Whether its key may declare variables.
    pub(crate) declares: bool,
}

/// What becomes of what a line declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// It counts.
    Taken,
    /// It waits for a person's consent.
    Waits,
    /// The key may only report.
    Refused,
}

/// What a line says of one variable, beside what is known.
struct Heard {
    name: VarName,
    spec: VarSpec,
    value: Value,
    /// It declares more than a value.
    is_explicit: bool,
    known: Option<Arc<VarSpec>>,
}

/// What is new in a report.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct News {
    pub(crate) declared: Vec<(VarName, VarSpec)>,
    pub(crate) values: Vec<(VarName, Value)>,
    /// The game sends a variable for the first time, or in another JSON type than before.
    pub(crate) forms_changed: bool,
    /// Variables for which the project has no room.
    pub(crate) left_out: Vec<VarName>,
    /// Some of them are known, or there may be more variables: they are too large.
    pub(crate) is_too_large: bool,
    /// What it may not declare, and was not told yet.
    pub(crate) refused: Vec<VarName>,
    /// What waits for consent, and it was not told yet.
    pub(crate) waiting: Vec<VarName>,
    /// All that waits.
    pub(crate) waits: Vec<(VarName, VarSpec, Value)>,
}

/// Declarations of a device that count again.
#[derive(Debug, PartialEq)]
pub(crate) struct Restored {
    pub(crate) device: DeviceId,
    pub(crate) declared: Vec<(VarName, VarSpec)>,
}

impl State {
    /// Splits what is new from what this connection said before, and reads values whose line gave no type
    /// by the type that the variable has.
    pub(crate) fn news(
        &mut self,
        speaker: Speaker,
        seen: &mut Seen,
        reports: Vec<Report>,
        losses: u64,
    ) -> News {
        let said = seen.held;
        if seen.losses != losses {
            // something was not stored, perhaps of this connection: everything it says is news
            self.doubt(seen, losses);
        }
        let rule = match (speaker.declares, self.is_frozen) {
            (false, _) => Rule::Refused,
            (true, true) => Rule::Waits,
            (true, false) => Rule::Taken,
        };
        let (mut news, mut room, mut added) = (News::default(), None::<usize>, Weight::default());
        let wanted = reports.len();
        for report in reports {
            if rule != Rule::Taken {
                self.hear_value(rule, speaker, seen, report, &mut news, &mut added);
                continue;
            }
            if self.known(&report.name).is_none() {
                match room.get_or_insert_with(|| self.free_vars(wanted)) {
                    0 => {
                        news.left_out.push(report.name);
                        continue;
                    }
                    room => *room -= 1,
                }
            }
            self.hear(speaker, seen, report, &mut news, &mut added);
        }
        self.held.promise(&news.declared, &news.values);
        self.held.change_said(said, seen.held);
        news
    }

    fn known(&self, name: &VarName) -> Option<&Arc<VarSpec>> {
        let stays = |_: &&VarState| !self.forgetting.contains(name);
        let stored = self.vars.get(name).filter(stays).map(|var| &var.spec);
        self.announced.get(name).or(stored)
    }

    fn read(&self, seen: &Seen, Report { name, spec, value }: Report) -> Heard {
        let is_explicit = !(spec.inferred && spec.is_bare());
        let known = self.known(&name).cloned();
        let own = seen.vars.get(&name).map(|said| &said.spec);
        let (spec, value) = settle(spec, value, own, known.as_ref());
        Heard { name, spec, value, is_explicit, known }
    }

    /// Takes in what is said of one variable.
    fn hear(
        &mut self,
        speaker: Speaker,
        seen: &mut Seen,
        report: Report,
        news: &mut News,
        added: &mut Weight,
    ) {
        let Heard { name, spec, value, is_explicit, known } = self.read(seen, report);
        let before = seen.vars.get(&name);
        let same_spec = before.is_some_and(|said| *said.spec == spec);
        let is_known = known.as_ref().is_some_and(|known| **known == spec);
        let is_contradicted = || known.as_ref().is_some_and(|known| !known.declares_as(&spec));
        let again = same_spec && is_explicit && !is_known && is_contradicted() && {
            let repeats = seen.repeats.entry(name.clone()).or_default();
            repeats.take(speaker.at)
        };
        if same_spec && !again && before.is_some_and(|said| said.value == value) {
            return;
        }
        if !self.takes(seen, (&name, &spec, &value), known.as_ref(), added) {
            news.left_out.push(name);
            news.is_too_large = true;
            return;
        }
        news.forms_changed |= before.is_none_or(|said| !Form::is_same(&said.spec, &spec));
        // what another connection announced may never be stored, if a newer one takes its session over: until it
        // is, whoever relies on it says it too
        let is_stored = is_known && !self.announced.contains_key(&name);
        // what comes with every report declares nothing: two builds of a game that differ don't fight over it
        let declares = !is_stored && (!same_spec || again);
        let spec = match (known, before) {
            (Some(known), _) if is_known => known,
            (_, Some(said)) if same_spec => Arc::clone(&said.spec),
            _ => Arc::new(spec),
        };
        // who says a value stands by what it had; what it relies on and says too is not its own
        let claims = (is_explicit || !is_known) && (!same_spec || again);
        let claim = match before {
            Some(said) if !claims => Arc::clone(&said.claim),
            Some(said) => {
                let old = Arc::clone(&said.claim);
                let claim = self.claims.make(&name, &spec, speaker.device);
                // what it stands by now is newer, so nothing counts again
                self.claims.release(&name, &old);
                claim
            }
            None if claims => self.claims.make(&name, &spec, speaker.device),
            None => self.claims.adopt(&name, &spec, speaker.device),
        };
        if declares {
            news.declared.push((name.clone(), (*spec).clone()));
            self.announced.insert(name.clone(), Arc::clone(&spec));
        }
        news.values.push((name.clone(), value.clone()));
        seen.remember(name, Said { spec, value, claim });
    }

    /// The same where a declaration does not count: the value of a variable that is known is taken, read by what is known.
    fn hear_value(
        &mut self,
        rule: Rule,
        speaker: Speaker,
        seen: &mut Seen,
        report: Report,
        news: &mut News,
        added: &mut Weight,
    ) {
        let Heard { name, spec, value, is_explicit, known } = self.read(seen, report);
        let before = seen.vars.get(&name);
        let changes = known.as_ref().is_none_or(|known| is_explicit && !known.declares_as(&spec));
        if changes {
            let is_told = match &known {
                Some(_) => before.is_some_and(|said| *said.spec == spec),
                None => seen.untaken.contains(&name),
            };
            match rule {
                _ if is_told => {}
                Rule::Waits => news.waiting.push(name.clone()),
                Rule::Taken | Rule::Refused => news.refused.push(name.clone()),
            }
            if rule == Rule::Waits && !(is_told && known.is_some()) {
                news.waits.push((name.clone(), spec.clone(), value.clone()));
            }
        }
        let Some(known) = known else {
            if seen.untaken.len() < MAX_VARS_PER_PROJECT {
                seen.untaken.insert(name);
            }
            return;
        };
        // how it writes values is its own, and so is what it has said and was told of
        let spec = match changes {
            true => spec,
            false => VarSpec { form: spec.form, spelling: spec.spelling, ..(*known).clone() },
        };
        let value = known.var_type.read(value).0;
        if before.is_some_and(|said| *said.spec == spec && said.value == value) {
            return;
        }
        if !self.takes(seen, (&name, &known, &value), Some(&known), added) {
            news.left_out.push(name);
            news.is_too_large = true;
            return;
        }
        news.forms_changed |= before.is_none_or(|said| !Form::is_same(&said.spec, &spec));
        let claim = match before {
            Some(said) => Arc::clone(&said.claim),
            None => self.claims.adopt(&name, &known, speaker.device),
        };
        if self.announced.contains_key(&name) {
            // it may never be stored, and the value needs it
            news.declared.push((name.clone(), (*known).clone()));
            self.announced.insert(name.clone(), known);
        }
        news.values.push((name.clone(), value.clone()));
        seen.remember(name, Said { spec: Arc::new(spec), value, claim });
    }

    /// Whether new and changed declarations wait for consent from now on.
    pub(crate) fn freeze_declarations(&mut self, is_frozen: bool) {
        self.is_frozen = is_frozen;
    }

    pub(crate) fn has_frozen_declarations(&self) -> bool {
        self.is_frozen
    }

    /// Whether a declaration can count to which a person consents. The name of its device.
    ///
    /// # Errors
    /// `too_many` when it is new and the project has no room for it, `bad_name` when its device is not there any more.
    pub(crate) fn check_consent(&self, device: DeviceId, name: &VarName) -> Result<String, ProtocolError> {
        let Some(device) = self.devices.get(&device) else {
            let text = "that device is not there any more; dismiss what it declared";
            return Err(ProtocolError::new(ErrorCode::BadName, text));
        };
        if self.known(name).is_none() && self.free_vars(1) == 0 {
            let text = format!("a project has at most {MAX_VARS_PER_PROJECT} variables; forget some first");
            return Err(ProtocolError::new(ErrorCode::TooMany, text));
        }
        Ok(device.name.clone())
    }

    fn doubt(&mut self, seen: &mut Seen, losses: u64) {
        for (name, said) in std::mem::take(&mut seen.vars) {
            self.claims.release(&name, &said.claim);
            seen.doubted.insert(name);
        }
        seen.held = Weight { text: 0, entries: seen.doubted.len() };
        seen.losses = losses;
    }

    /// Whether there is room for what a variable of a line adds to what is held; then it is added.
    fn takes(
        &self,
        seen: &Seen,
        (name, spec, value): (&VarName, &VarSpec, &Value),
        known: Option<&Arc<VarSpec>>,
        added: &mut Weight,
    ) -> bool {
        let more = self.more(seen, name, spec, value, known);
        let takes = self.held.takes(*added, &more);
        if takes {
            *added += more.vars;
            *added += more.said;
        }
        takes
    }

    /// What a variable of a line adds to what is held.
    fn more(
        &self,
        seen: &Seen,
        name: &VarName,
        spec: &VarSpec,
        value: &Value,
        known: Option<&Arc<VarSpec>>,
    ) -> More {
        let stored = seen.device.and_then(|device| self.vars.get(name)?.reported.get(&device));
        let old = stored.map(|(value, _)| value.weight());
        let grown = value.weight().saturating_sub(old.unwrap_or(0));
        let declared = match known {
            Some(known) if **known == *spec => 0,
            Some(known) => spec.weight().saturating_sub(known.weight()),
            None => name.as_str().len() + spec.weight(),
        };
        More {
            vars: Weight { text: grown + declared, entries: usize::from(old.is_none()) },
            said: seen.more(name, value),
            is_small: old.is_some() && declared == 0 && is_small(value),
        }
    }

    /// A connection is gone: what others have declared counts again, where its own declaration was the newest.
    pub(super) fn release(&mut self, seen: &mut Seen) -> Vec<Restored> {
        let mut restored: Vec<Restored> = Vec::new();
        for (name, said) in std::mem::take(&mut seen.vars) {
            let Some(next) = self.claims.release(&name, &said.claim) else { continue };
            let counts = self.known(&name).is_some_and(|known| **known == *said.claim);
            // what is frozen changes by consent alone
            let counts = counts && !self.is_frozen;
            if !counts || next.spec.declares_as(&said.claim) {
                continue;
            }
            let is_online = self.devices.get(&next.by).is_some_and(|device| device.connections > 0);
            let by = if is_online { Some(next.by) } else { self.one_who_claims(&name, &next.spec) };
            let Some(device) = by.or(Some(next.by)).filter(|by| self.devices.contains_key(by)) else {
                continue;
            };
            self.announced.insert(name.clone(), Arc::clone(&next.spec));
            let declared = (name, (*next.spec).clone());
            match restored.iter_mut().find(|restored| restored.device == device) {
                Some(restored) => restored.declared.push(declared),
                None => restored.push(Restored { device, declared: vec![declared] }),
            }
        }
        restored
    }

    /// What this declares is decided: it is stored, or never will be.
    pub(crate) fn unannounce(&mut self, write: &Write) {
        // what a person has consented to was not announced
        if let Write::Report { declared, .. } | Write::Declare { declared, note: None, .. } = write {
            self.announced.remove(declared);
        }
        if let Write::Report { declared, values, .. } = write {
            self.held.release(declared, values);
        }
    }

    /// How many variables the project may still get; it need not be exact where it is more than `wanted`.
    pub(super) fn free_vars(&self, wanted: usize) -> usize {
        // a variable that is announced may be known, which is looked at only where it decides
        let at_least = MAX_VARS_PER_PROJECT.saturating_sub(self.vars.len() + self.announced.len());
        if at_least >= wanted {
            return at_least;
        }
        let announced = self.announced.keys().filter(|name| !self.vars.contains_key(*name)).count();
        MAX_VARS_PER_PROJECT.saturating_sub(self.vars.len() + announced)
    }
}
