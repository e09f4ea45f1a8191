//! What goes down to games: encoded once for all games that lack the same.

use std::{
    collections::BTreeMap,
    mem,
    sync::{Arc, Weak},
};

use protocol::{
    line::{Edited, Revised, encode_edits, encode_revised},
    model::{Revision, Value, VarName, VarRevision, VarSpec, WireForm},
};

use super::picture::Changed;
use crate::outgoing::{Outgoing, Payload, SMALL_PAYLOAD_BYTES};

/// How one game wants the variables that it has reported. For others it gets what the project last saw.
pub(crate) type Forms = BTreeMap<VarName, Form>;

/// How a game says a variable, and wants to hear it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    wire: WireForm,
    /// Its own name of the type, where that is not the contract's.
    spelling: Option<String>,
}

impl Form {
    pub(crate) fn of(spec: &VarSpec) -> Self {
        Self { wire: spec.form, spelling: spec.spelling.clone() }
    }

    pub(crate) fn is_same(one: &VarSpec, other: &VarSpec) -> bool {
        (one.form, &one.spelling) == (other.form, &other.spelling)
    }
}

/// In which grammar a game is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// Just the values.
    Original,
    /// With revisions and the epoch; as bare JSON or as base64.
    Revised { bare: bool },
}

/// The changes from one revision to another, ready for the wire.
#[derive(Clone, Debug)]
pub(crate) struct Pushed {
    pub(crate) to: Revision,
    /// `None` when nothing changed that a game would want.
    pub(crate) payload: Option<Payload>,
}

/// There is no memory for what a game lacks, which takes so many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoRoom(pub(crate) usize);

/// Games that lag differ in `since`; this many different ones share their encoding.
const MAX_ENTRIES: usize = 16;

#[derive(Debug)]
struct Entry {
    /// `None`: everything.
    since: Option<Revision>,
    wire: Wire,
    forms: Arc<Forms>,
    payload: Option<Payload>,
    /// Since the last [`PushCache::tick`].
    is_used: bool,
}

/// Encodings that lead to the newest revision.
#[derive(Debug, Default)]
pub(crate) struct PushCache {
    to: Option<(Revision, u64)>,
    entries: Vec<Entry>,
    /// Equal forms are one allocation, so that comparing them is comparing pointers.
    interned: Vec<Weak<Forms>>,
    outgoing: Arc<Outgoing>,
    /// What there was no room for, in bytes: it is not encoded again before there may be.
    short_of: Option<usize>,
}

impl PushCache {
    /// From now on, what it encodes counts there.
    pub(crate) fn join(&mut self, outgoing: &Arc<Outgoing>) {
        self.outgoing = Arc::clone(outgoing);
    }

    /// Lets go of long encodings that were not used since the last time: games that read them still have them.
    pub(crate) fn tick(&mut self) {
        self.entries.retain_mut(|entry| mem::take(&mut entry.is_used) || !entry.is_long());
    }

    pub(crate) fn intern(&mut self, forms: Forms) -> Arc<Forms> {
        self.interned.retain(|known| known.strong_count() > 0);
        if let Some(known) = self.interned.iter().filter_map(Weak::upgrade).find(|known| **known == forms) {
            return known;
        }
        let forms = Arc::new(forms);
        self.interned.push(Arc::downgrade(&forms));
        forms
    }

    /// What a game lacks that has everything up to `since`, or nothing that we know of. `lacking` is only asked when no other
    /// game asked for the same since `rewritten` changed.
    pub(crate) fn get<'a, I: Iterator<Item = Changed<'a>>>(
        &mut self,
        since: Option<Revision>,
        (to, rewritten): (Revision, u64),
        forms: &'a Arc<Forms>,
        (wire, epoch, is_whole): (Wire, &str, bool),
        lacking: impl FnOnce() -> I,
    ) -> Result<Option<Pushed>, NoRoom> {
        if since.is_some_and(|since| since >= to) {
            return Ok(None);
        }
        if self.to != Some((to, rewritten)) {
            self.to = Some((to, rewritten));
            self.entries.clear();
            self.short_of = None;
        }
        let same =
            |entry: &&Entry| entry.since == since && entry.wire == wire && Arc::ptr_eq(&entry.forms, forms);
        if let Some(entry) = self.entries.iter_mut().find(|entry| same(&&**entry)) {
            entry.is_used = true;
            return Ok(Some(Pushed { to, payload: entry.payload.clone() }));
        }
        if let Some(bytes) = self.short_of.filter(|bytes| !self.outgoing.has_room(*bytes)) {
            return Err(NoRoom(bytes));
        }
        let encoded = match wire {
            Wire::Original => encode_original(since, forms, lacking()),
            Wire::Revised { bare } => Some(encode_changes(since, forms, (bare, epoch, is_whole), lacking())),
        };
        let payload = encoded.map(|encoded| self.hold(encoded)).transpose()?;
        if self.entries.len() == MAX_ENTRIES {
            self.entries.remove(0);
        }
        let (forms, is_used) = (Arc::clone(forms), true);
        self.entries.push(Entry { since, wire, forms, payload: payload.clone(), is_used });
        Ok(Some(Pushed { to, payload }))
    }

    fn hold(&mut self, encoded: Vec<u8>) -> Result<Payload, NoRoom> {
        let bytes = encoded.len();
        if bytes >= SMALL_PAYLOAD_BYTES && !self.outgoing.has_room(bytes) {
            // what other games may ask for is less urgent than what this one asks for
            self.entries.retain(|entry| !entry.is_long());
        }
        let held = self.outgoing.hold(encoded);
        self.short_of = held.is_none().then_some(bytes);
        held.ok_or_else(|| {
            self.outgoing.note_postponed();
            NoRoom(bytes)
        })
    }
}

impl Entry {
    fn is_long(&self) -> bool {
        self.payload.as_ref().is_some_and(|payload| payload.len() >= SMALL_PAYLOAD_BYTES)
    }
}

fn edited<'a>(forms: &'a Forms, name: &'a VarName, spec: &'a VarSpec, value: &'a Value) -> Edited<'a> {
    let own = forms.get(name);
    let form = own.map_or(spec.form, |own| own.wire);
    let spelling = own.map_or(spec.spelling.as_deref(), |own| own.spelling.as_deref());
    let type_name = spelling.unwrap_or_else(|| spec.var_type.as_str());
    Edited { name, type_name, value, form }
}

/// The original grammar has no word for letting go: a game that was told a value gets the declared default, if there is
/// one. One that was told nothing yet has its own value still.
fn encode_original<'a>(
    since: Option<Revision>,
    forms: &'a Forms,
    changed: impl Iterator<Item = Changed<'a>>,
) -> Option<Vec<u8>> {
    let was_told = since > Some(Revision(0));
    let edit = |Changed { name, edit }: Changed<'a>| {
        let (spec, desired) = edit?;
        let value = match &desired.value {
            Some(value) => Some(value),
            None => spec.default.as_ref().filter(|_| was_told),
        };
        value.map(|value| edited(forms, name, spec, value))
    };
    let edits: Vec<Edited<'_>> = changed.filter_map(edit).collect();
    (!edits.is_empty()).then(|| encode_edits(&edits))
}

fn encode_changes<'a>(
    since: Option<Revision>,
    forms: &'a Forms,
    (bare, epoch, is_whole): (bool, &str, bool),
    changed: impl Iterator<Item = Changed<'a>>,
) -> Vec<u8> {
    // of a variable that was left out a game keeps what it has
    let is_full = since.is_none() && is_whole;
    let mut vars: Vec<(Edited<'_>, VarRevision)> = Vec::new();
    let mut removed = Vec::new();
    for Changed { name, edit } in changed {
        match edit.and_then(|(spec, desired)| Some((spec, desired.value.as_ref()?, desired.revision))) {
            Some((spec, value, revision)) => vars.push((edited(forms, name, spec, value), revision)),
            // among all values that people want, what they do not want is missing
            None if !is_full => removed.push(name),
            None => {}
        }
    }
    let revised = Revised { epoch, full: is_full, vars: &vars, removed: &removed };
    encode_revised(&revised, bare)
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use protocol::model::{Desired, DeviceId, Key, Project, ProjectId, UnixMicros, VarType};

    use super::{
        super::{Seen, State},
        *,
    };
    use crate::store::{ProjectState, Write, Written};

    const PROJECT: ProjectId = ProjectId(1);
    const NOW: UnixMicros = UnixMicros(0);

    fn name() -> VarName {
        VarName::parse("speed").unwrap()
    }

    /// `speed` was let go with revision 2 and then forgotten.
    fn state_without_speed() -> State {
        let key = Key::parse(b"0123456789ab").unwrap();
        let let_go = Desired { value: None, revision: VarRevision(2), author: "Ana".to_owned(), at: NOW };
        let loaded = ProjectState {
            project: Project { id: PROJECT, name: String::new(), key, created_at: NOW },
            revision: Revision(2),
            is_frozen: false,
            devices: Vec::new(),
            vars: Vec::new(),
            removed: vec![(name(), let_go)],
            logs: Vec::new(),
            gone: Vec::new(),
            left_out: crate::store::LeftOut::default(),
        };
        State::new(loaded, true)
    }

    #[test]
    fn a_game_lets_go_of_nothing_because_it_was_left_out() {
        for (left_out, is_full) in [(None, "true"), (Some(name()), "false")] {
            let mut state = state_without_speed();
            state.picture.left_out.vars.extend(left_out);
            let forms = state.forms(&Seen::default());
            let pushed = state.push(None, &forms, Wire::Revised { bare: true }, "e-1").unwrap().unwrap();
            let payload = String::from_utf8(pushed.payload.unwrap().to_vec()).unwrap();
            assert!(payload.contains(&format!("\"full\":{is_full}")), "{payload}");
        }
    }

    /// `speed` is wanted to be a text of so many bytes.
    fn state_with_speed(bytes: usize, outgoing: &Arc<Outgoing>) -> State {
        let mut state = state_without_speed();
        state.connections.pushes.join(outgoing);
        let spec = VarSpec::bare(VarType::String);
        let (declared, values) = (vec![(name(), spec)], Vec::new());
        let (device, line) = (DeviceId(1), None);
        state.apply(
            Write::Report { project: PROJECT, device, at: NOW, declared, values, line },
            Written::Done,
        );
        let value = Some(Value::Text("x".repeat(bytes)));
        let desired = Desired { value, revision: VarRevision(3), author: "Ana".to_owned(), at: NOW };
        state.picture.vars[&name()].desired = Some(desired);
        state
    }

    #[test]
    fn what_games_are_sent_shares_a_bound_and_is_let_go_when_nobody_asks_for_it() {
        let outgoing = Arc::new(Outgoing::within(100 * 1024));
        let [mut first, mut second] = [(); 2].map(|()| state_with_speed(60 * 1024, &outgoing));
        let push = |state: &mut State| {
            let forms = state.forms(&Seen::default());
            state
                .push(None, &forms, Wire::Revised { bare: true }, "e-1")
                .map(|pushed| pushed.unwrap().payload)
        };
        let held = push(&mut first).unwrap();
        let bytes = outgoing.used();
        assert!(bytes > 60 * 1024);
        assert!(push(&mut first).is_ok(), "another game shares it");
        assert_eq!(outgoing.used(), bytes);
        let short = push(&mut second).unwrap_err();
        assert!(short.0 > 60 * 1024 && push(&mut second).unwrap_err() == short);
        first.connections.pushes.tick();
        assert_eq!(outgoing.used(), bytes, "it was used lately");
        first.connections.pushes.tick();
        assert_eq!(outgoing.used(), bytes, "a game is still reading it");
        drop(held);
        assert_eq!(outgoing.used(), 0);
        assert!(push(&mut second).is_ok());
    }

    #[test]
    fn a_variable_that_comes_back_is_told_anew() {
        let mut state = state_without_speed();
        let forms = state.forms(&Seen::default());
        let told = |state: &mut State| {
            let pushed = state.push(Some(Revision(1)), &forms, Wire::Original, "epoch").unwrap().unwrap();
            pushed.payload.map(|payload| String::from_utf8(STANDARD.decode(payload).unwrap()).unwrap())
        };
        assert_eq!(told(&mut state), None);
        let spec = VarSpec { default: Some(Value::Int(4i64.into())), ..VarSpec::bare(VarType::Integer) };
        let declared = vec![(name(), spec)];
        let (device, values) = (DeviceId(1), Vec::new());
        let report = Write::Report { project: PROJECT, device, at: NOW, declared, values, line: None };
        state.apply(report, Written::Done);
        assert_eq!(told(&mut state).unwrap(), r#"{"name":"speed","type":"integer","value":4}"#);
    }
}
