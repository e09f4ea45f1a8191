//! What a line of a game says that is new: values, and declarations as far as they count.
//!
//! Of declarations that differ the newest counts of a device that is online. One that a connection has made before and says
//! again counts anew, unless it does so all the time.

use std::{collections::HashMap, sync::Arc};

use protocol::{
    ErrorCode, ProtocolError,
    limits::MAX_VARS_PER_PROJECT,
    model::{DeviceId, Report, UnixMicros, Value, VarName, VarSpec},
};

use super::{
    super::{
        connections::{Said, Seen, lock_seen},
        push::Form,
        weight::{Weight, is_small, text_of},
    },
    State,
    budget::More,
    settle::settle,
};

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
        let said = seen.held();
        for (name, said) in seen.doubt(losses) {
            self.connections.claims.release(&name, &said.claim);
        }
        let rule = match (speaker.declares, self.picture.is_frozen()) {
            (false, _) => Rule::Refused,
            (true, true) => Rule::Waits,
            (true, false) => Rule::Taken,
        };
        let (mut news, mut room, mut added) = (News::default(), None::<usize>, Weight::default());
        let wanted = reports.len();
        for report in reports {
            if self.is_left_out(&report.name) {
                news.left_out.push(report.name);
                news.is_too_large = true;
                continue;
            }
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
        self.connections.promised += text_of(&news.declared, &news.values);
        self.connections.said.change(said, seen.held());
        news
    }

    /// Whether the variable was too large to be loaded, so that nothing is known of it.
    pub(super) fn is_left_out(&self, name: &VarName) -> bool {
        let Self { picture, connections, .. } = self;
        picture.left_out.vars.contains(name) && !connections.forgetting.contains(name)
    }

    fn known(&self, name: &VarName) -> Option<&Arc<VarSpec>> {
        let Self { picture, connections, .. } = self;
        let stored = picture.vars.get(name).filter(|_| !connections.forgetting.contains(name));
        connections.announced.get(name).or(stored.map(|var| &var.spec))
    }

    fn read(&self, seen: &Seen, Report { name, spec, value }: Report) -> Heard {
        let is_explicit = !(spec.inferred && spec.is_bare());
        let known = self.known(&name).cloned();
        let own = seen.said(&name).map(|said| &said.spec);
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
        let before = seen.said(&name);
        let same_spec = before.is_some_and(|said| *said.spec == spec);
        let is_known = known.as_ref().is_some_and(|known| **known == spec);
        let is_contradicted = || known.as_ref().is_some_and(|known| !known.declares_as(&spec));
        let is_repeated = same_spec && is_explicit && !is_known && is_contradicted();
        let again = is_repeated && seen.repeats(&name).take(speaker.at);
        let before = seen.said(&name);
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
        // is, every connection that relies on it says it too
        let is_stored = is_known && !self.connections.announced.contains_key(&name);
        // what comes with every report declares nothing: two builds of a game that differ don't fight over it
        let declares = !is_stored && (!same_spec || again);
        let spec = match (known, before) {
            (Some(known), _) if is_known => known,
            (_, Some(said)) if same_spec => Arc::clone(&said.spec),
            _ => Arc::new(spec),
        };
        // who says a value stands by what it had; what it relies on and says too is not its own
        let claims = (is_explicit || !is_known) && (!same_spec || again);
        let claim = self.claim(&name, &spec, before, claims, speaker.device);
        if declares {
            news.declared.push((name.clone(), (*spec).clone()));
            self.connections.announced.insert(name.clone(), Arc::clone(&spec));
        }
        news.values.push((name.clone(), value.clone()));
        seen.remember(name, Said { spec, value, claim });
    }

    /// What a connection stands by: what it stood by, or what it says now.
    fn claim(
        &mut self,
        name: &VarName,
        spec: &Arc<VarSpec>,
        before: Option<&Said>,
        claims: bool,
        device: DeviceId,
    ) -> Arc<VarSpec> {
        let all = &mut self.connections.claims;
        match before {
            Some(said) if !claims => Arc::clone(&said.claim),
            Some(said) => {
                let claim = all.make(name, spec, device);
                // what it stands by now is newer, so nothing counts again
                all.release(name, &said.claim);
                claim
            }
            None if claims => all.make(name, spec, device),
            None => all.adopt(name, spec, device),
        }
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
        let before = seen.said(&name);
        let changes = known.as_ref().is_none_or(|known| is_explicit && !known.declares_as(&spec));
        if changes {
            let is_told = match &known {
                Some(_) => before.is_some_and(|said| *said.spec == spec),
                None => seen.knows_untaken(&name),
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
            return seen.note_untaken(name);
        };
        // how it writes values is its own, and so is what it has said and was told of
        let spec = if changes {
            spec
        } else {
            VarSpec { form: spec.form, spelling: spec.spelling, ..(*known).clone() }
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
            None => self.connections.claims.adopt(&name, &known, speaker.device),
        };
        if self.connections.announced.contains_key(&name) {
            // it may never be stored, and the value needs it
            news.declared.push((name.clone(), (*known).clone()));
            self.connections.announced.insert(name.clone(), known);
        }
        news.values.push((name.clone(), value.clone()));
        seen.remember(name, Said { spec: Arc::new(spec), value, claim });
    }

    /// Whether a declaration can count to which a person consents. The name of its device.
    ///
    /// # Errors
    /// `too_many` when it is new and the project has no room for it, `bad_name` when its device is not there any more.
    pub(crate) fn check_consent(&self, device: DeviceId, name: &VarName) -> Result<String, ProtocolError> {
        let Some(device) = self.picture.devices.get(&device) else {
            let text = "that device no longer exists; dismiss what it declared";
            return Err(ProtocolError::new(ErrorCode::BadName, text));
        };
        if self.is_left_out(name) {
            let text =
                "this variable is too large to be loaded; forget it, then let its game declare it again";
            return Err(ProtocolError::new(ErrorCode::TooMany, text));
        }
        if self.known(name).is_none() && self.free_vars(1) == 0 {
            let text = format!("a project has at most {MAX_VARS_PER_PROJECT} variables; forget some first");
            return Err(ProtocolError::new(ErrorCode::TooMany, text));
        }
        Ok(device.name.clone())
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
        let takes = self.has_room(*added, &more);
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
        let stored = seen.device.and_then(|device| self.picture.vars.get(name)?.reported.get(&device));
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

    /// A connection is gone. What others have declared counts again, where its own declaration was the newest.
    pub(crate) fn end_speaking(&mut self, line: u64) -> Vec<Restored> {
        let Some(seen) = self.connections.speakers.remove(line) else { return Vec::new() };
        let mut seen = lock_seen(&seen);
        self.connections.said.change(seen.held(), Weight::default());
        self.release(seen.take_all())
    }

    fn release(&mut self, all: HashMap<VarName, Said>) -> Vec<Restored> {
        let mut restored: Vec<Restored> = Vec::new();
        for (name, said) in all {
            let Some(next) = self.connections.claims.release(&name, &said.claim) else { continue };
            let counts = self.known(&name).is_some_and(|known| **known == *said.claim);
            let Self { picture, connections, .. } = self;
            // what is frozen changes by consent alone
            let counts = counts && !picture.is_frozen();
            if !counts || next.spec.declares_as(&said.claim) {
                continue;
            }
            let is_online = connections.presence.is_online(next.by);
            let claimant = || connections.speakers.one_who_claims(&name, &next.spec);
            let by = if is_online { Some(next.by) } else { claimant() };
            let Some(device) = by.or(Some(next.by)).filter(|by| picture.devices.contains_key(by)) else {
                continue;
            };
            connections.announced.insert(name.clone(), Arc::clone(&next.spec));
            let declared = (name, (*next.spec).clone());
            match restored.iter_mut().find(|restored| restored.device == device) {
                Some(restored) => restored.declared.push(declared),
                None => restored.push(Restored { device, declared: vec![declared] }),
            }
        }
        restored
    }

    /// How many variables the project may still get; it need not be exact where it is more than `wanted`.
    fn free_vars(&self, wanted: usize) -> usize {
        let (vars, announced) = (&self.picture.vars, &self.connections.announced);
        // a variable that is announced may be known, which is looked at only where it decides
        let stored = vars.len() + self.picture.left_out.vars.len();
        let at_least = MAX_VARS_PER_PROJECT.saturating_sub(stored + announced.len());
        if at_least >= wanted {
            return at_least;
        }
        let new = announced.keys().filter(|name| !vars.contains_key(*name)).count();
        MAX_VARS_PER_PROJECT.saturating_sub(stored + new)
    }
}
