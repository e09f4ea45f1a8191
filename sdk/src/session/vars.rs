//! Variables: what the game has, what it has said of them, and what people want them to be.

use std::time::Duration;

use protocol::{
    limits,
    line::{Changes, Edit},
    model::{Report, Revision, Value, VarName, VarSpec},
};

use crate::names::Names;

/// What one report says, in bytes before its next variable: escaped and in base64 it is shorter than a line may be.
const REPORT_BYTES: usize = 48 * 1024;

/// Values to apply at one boundary of the game's frames, all of them together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EditSet {
    /// The project's revision with them; `None` where the server counts none.
    pub revision: Option<Revision>,
    /// What people want, in the variable's type where it has that.
    pub set: Vec<(VarName, Value)>,
    /// What nobody wants anything of any more: back to the game's own value.
    pub released: Vec<VarName>,
    /// The history that the revision counts in.
    pub(super) epoch: Option<String>,
}

impl EditSet {
    pub(super) fn names(&self) -> impl Iterator<Item = &VarName> {
        self.set.iter().map(|(name, _)| name).chain(&self.released)
    }
}

#[derive(Debug)]
struct Var {
    /// As declared, with the newest value.
    report: Report,
    /// On this connection.
    is_declared: bool,
    is_said: bool,
}

#[derive(Debug, Default)]
pub(super) struct Vars {
    all: Names<Box<Var>>,
    /// What people want, also of variables that are not declared yet, and how many bytes that is.
    desired: Names<Value>,
    desired_bytes: usize,
    /// Names that had a value from the last start, and are not declared yet: the game has begun with it.
    recalled: Names<()>,
    /// Names whose desired value, or the lack of one, the game does not know yet.
    pending: Names<()>,
    has_news: bool,
    heard: Option<(Revision, String)>,
    /// The next report is due.
    report_at: Duration,
    measure_at: Duration,
}

impl Vars {
    /// A value of the last start. Returns whether there is room for it.
    pub(super) fn recall(&mut self, name: &VarName, value: &Value) -> bool {
        self.desire(name.clone(), value.clone());
        let is_kept = self.desired.contains(name);
        if is_kept {
            self.recalled.insert(name.clone(), ());
        }
        is_kept
    }

    /// Adds a variable, or declares it anew. What no server would take is left out: it would refuse all of a report.
    pub(super) fn declare(&mut self, mut report: Report) {
        if !is_sayable(&report.value) {
            report.value = Value::Json("null".to_owned());
        }
        mend(&mut report.spec);
        if self.recalled.remove(&report.name).is_some() || self.desired.contains(&report.name) {
            self.pending.insert(report.name.clone(), ());
            self.has_news = true;
        }
        let name = report.name.clone();
        self.all.insert(name, Box::new(Var { report, is_declared: false, is_said: false }));
    }

    pub(super) fn spec(&self, name: &VarName) -> Option<&VarSpec> {
        Some(&self.all.get(name)?.report.spec)
    }

    /// Notes a value; only one that is new is said.
    pub(super) fn set(&mut self, name: &VarName, value: Value) {
        if let Some(var) = self.all.get_mut(name)
            && var.report.value != value
            && is_sayable(&value)
        {
            var.report.value = value;
            var.is_said = false;
        }
    }

    /// On the next connection everything is said again.
    pub(super) fn disconnected(&mut self) {
        for (_, var) in self.all.iter_mut() {
            (var.is_declared, var.is_said) = (false, false);
        }
        (self.report_at, self.measure_at) = (Duration::ZERO, Duration::ZERO);
    }

    /// What is to be said of variables now, at most one line of it: declarations, values at their pace.
    pub(super) fn report(&mut self, now: Duration, every: Duration, measure_every: Duration) -> Vec<Report> {
        let (is_due, is_measure_due) = (now >= self.report_at, now >= self.measure_at);
        let (mut reports, mut bytes) = (Vec::new(), 0);
        for (name, var) in self.all.iter_mut() {
            let Report { spec, value, .. } = &var.report;
            let is_its_time = if spec.readonly { is_measure_due } else { is_due };
            if var.is_said || !is_its_time {
                continue;
            }
            bytes += name.as_str().len() + value.weight() + if var.is_declared { 64 } else { spec.weight() };
            if bytes > REPORT_BYTES && !reports.is_empty() || reports.len() == limits::MAX_VARS_PER_LINE {
                return reports;
            }
            let spec = if var.is_declared { bare(spec) } else { spec.clone() };
            reports.push(Report { name: name.clone(), spec, value: value.clone() });
            (var.is_declared, var.is_said) = (true, true);
        }
        // all that was due is said
        if is_due {
            self.report_at = now + every;
        }
        if is_measure_due {
            self.measure_at = now + measure_every;
        }
        reports
    }

    /// Values of the original grammar: each is the newest of its variable.
    pub(super) fn hear_edits(&mut self, edits: Vec<Edit>) {
        edits.into_iter().for_each(|edit| self.desire(edit.name, edit.value));
    }

    /// Changes of version 2. Returns the names that nobody wants anything of any more.
    pub(super) fn hear_changes(&mut self, revision: Revision, changes: Changes) -> Vec<VarName> {
        let mut let_go = changes.removed;
        if changes.full {
            let named: Names<()> = changes.vars.iter().map(|edit| (edit.name.clone(), ())).collect();
            let_go.extend(
                self.desired.iter().map(|(name, _)| name).filter(|name| !named.contains(name)).cloned(),
            );
        }
        let_go.iter().for_each(|name| self.let_go(name));
        changes.vars.into_iter().for_each(|edit| self.desire(edit.name, edit.value));
        self.heard = Some((revision, changes.epoch));
        self.has_news = true;
        let_go
    }

    fn desire(&mut self, name: VarName, value: Value) {
        let size = |name: &VarName, value: &Value| name.as_str().len() + value.weight();
        let before = self.desired.get(&name).map_or(0, |old| size(&name, old));
        let bytes = self.desired_bytes - before + size(&name, &value);
        let is_full = self.desired.len() >= limits::MAX_VARS_PER_PROJECT && before == 0;
        if is_full || bytes > limits::MAX_PROJECT_BYTES {
            // no server of ours has so many
            return;
        }
        self.desired_bytes = bytes;
        self.pending.insert(name.clone(), ());
        self.has_news = true;
        self.desired.insert(name, value);
    }

    fn let_go(&mut self, name: &VarName) {
        if let Some(old) = self.desired.remove(name) {
            self.desired_bytes -= name.as_str().len() + old.weight();
            self.pending.insert(name.clone(), ());
            self.has_news = true;
        }
    }

    /// What the game is to apply next, if that is anything: the newest of each variable that it has declared.
    pub(super) fn take_edits(&mut self) -> Option<EditSet> {
        if !std::mem::take(&mut self.has_news) {
            return None;
        }
        let mut edits = EditSet::default();
        if let Some((revision, epoch)) = &self.heard {
            (edits.revision, edits.epoch) = (Some(*revision), Some(epoch.clone()));
        }
        for (name, ()) in std::mem::take(&mut self.pending).into_vec() {
            let Some(var) = self.all.get(&name) else { continue };
            match self.desired.get(&name) {
                Some(value) => {
                    let value = var.report.spec.var_type.read(value.clone()).0;
                    edits.set.push((name, value));
                }
                None => edits.released.push(name),
            }
        }
        Some(edits)
    }
}

fn is_sayable(value: &Value) -> bool {
    let is_short = value.weight() <= limits::MAX_VALUE_BYTES && value.depth() <= limits::MAX_EDIT_DEPTH;
    is_short
        && match value {
            Value::Float(number) => number.is_finite(),
            Value::Text(text) | Value::Json(text) => !text.contains('\0'),
            Value::Bool(_) | Value::Int(_) => true,
        }
}

fn mend(spec: &mut VarSpec) {
    let texts = [&mut spec.unit, &mut spec.group, &mut spec.label, &mut spec.help, &mut spec.source];
    for text in texts.into_iter().flatten() {
        text.retain(|c| c != '\0');
        text.truncate(text.floor_char_boundary(limits::MAX_SPEC_TEXT_BYTES));
    }
    for bound in [&mut spec.min, &mut spec.max] {
        *bound = bound.filter(|bound| bound.as_f64().is_finite());
    }
    spec.step = spec.step.filter(|step| step.is_finite() && *step > 0.0);
    spec.default = spec.default.take().filter(is_sayable);
    spec.options.retain(|option| {
        // it stands two levels deeper than a value
        let is_flat = option.value.depth() + 2 <= limits::MAX_EDIT_DEPTH;
        is_flat && is_sayable(&option.value) && option.label.len() <= limits::MAX_SPEC_TEXT_BYTES
    });
    spec.options.truncate(limits::MAX_OPTIONS);
}

/// A value without its declaration, which stands.
fn bare(spec: &VarSpec) -> VarSpec {
    VarSpec { form: spec.form, spelling: spec.spelling.clone(), ..VarSpec::bare(spec.var_type.clone()) }
}
