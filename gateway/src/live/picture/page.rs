//! Variables for those who ask once, in pages: a variable with what devices say of it may be larger than a response.

use std::collections::HashMap;

use protocol::{
    limits::MAX_VALUE_BYTES,
    model::{
        Applied, Desired, DeviceId, Outcome, Reported, UnixMicros, Value, Var, VarName, VarOption, VarSpec,
        json_bytes,
    },
};

use super::{Picture, VarState};

/// A place in what devices say of a variable: of each device, in the order of their numbers, its value and then its outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SaidPlace {
    /// Whose.
    pub device: DeviceId,
    /// What it did with the desired value; `false`: its own value.
    pub is_outcome: bool,
}

impl SaidPlace {
    /// Before the first one: devices are numbered from 1.
    pub(crate) const START: Self = Self { device: DeviceId(0), is_outcome: true };
}

/// A variable, with as much of what devices say as fits.
#[derive(Clone, Debug, PartialEq)]
pub struct VarPage {
    /// The variable. Devices come in the order of their numbers. One that applied the newest edit and says nothing else of this
    /// variable took the value as it is, which is said here in its place.
    pub var: Var,
    /// Options of the declaration that were left out because there are so many.
    pub options_left_out: usize,
    /// The declared default was left out because it is so long.
    pub is_default_left_out: bool,
    /// Where the next page begins: behind this place. `None`: this is the last one.
    pub next: Option<SaidPlace>,
    /// About what it takes as JSON, in bytes.
    pub(crate) bytes: usize,
}

/// As JSON, in bytes: an entry of a list beside its texts, and a variable beside them.
const ENTRY_BYTES: usize = 144;
const VAR_BYTES: usize = 512;
/// The longest declared default of a page, and all options together, as JSON in bytes.
const MAX_DEFAULT_BYTES: usize = MAX_VALUE_BYTES + 2;
const MAX_OPTIONS_BYTES: usize = MAX_VALUE_BYTES;

/// What a device says of a variable.
enum Said<'a> {
    Value(&'a Value, UnixMicros),
    Outcome(&'a Applied),
    /// It took the desired value.
    Taken(&'a Desired),
}

impl Said<'_> {
    fn bytes(&self) -> usize {
        let text = |text: &Option<String>| text.as_ref().map_or(0, |text| json_bytes(text));
        ENTRY_BYTES
            + match self {
                Self::Value(value, _) => value.json_bytes(),
                Self::Outcome(Applied { outcome: Outcome::Clamped { value, reason }, .. }) => {
                    value.as_ref().map_or(0, Value::json_bytes) + text(reason)
                }
                Self::Outcome(Applied { outcome: Outcome::Rejected { reason }, .. }) => text(reason),
                Self::Outcome(_) | Self::Taken(_) => 0,
            }
    }

    fn add_to(self, var: &mut Var, device: DeviceId) {
        match self {
            Self::Value(value, at) => var.reported.push(Reported { device, value: value.clone(), at }),
            Self::Outcome(mark) => var.applied.push(mark.clone()),
            Self::Taken(desired) => {
                let (revision, outcome) = (desired.revision, Outcome::Applied);
                var.applied.push(Applied { device, revision, outcome, round_trip_micros: None });
            }
        }
    }
}

impl Picture {
    /// A variable with what devices say of it behind a place: no more than so many bytes, but at least so many entries.
    pub(crate) fn var_page(
        &self,
        name: &VarName,
        after: SaidPlace,
        max_bytes: usize,
        least: usize,
    ) -> Option<VarPage> {
        let state = self.vars.get(name)?;
        let mut page = state.page_without_devices(name);
        let mut last = after;
        for (count, (place, said)) in self.said_of(state, after).into_iter().enumerate() {
            let bytes = said.bytes();
            if page.bytes + bytes > max_bytes && count >= least {
                page.next = Some(last);
                break;
            }
            page.bytes += bytes;
            said.add_to(&mut page.var, place.device);
            last = place;
        }
        Some(page)
    }

    fn said_of<'a>(&'a self, var: &'a VarState, after: SaidPlace) -> Vec<(SaidPlace, Said<'a>)> {
        let values = var.reported.iter().map(|(device, (value, at))| {
            (SaidPlace { device: *device, is_outcome: false }, Said::Value(value, *at))
        });
        let marks: HashMap<DeviceId, &Applied> = var.applied.iter().map(|mark| (mark.device, mark)).collect();
        let outcomes = var.desired.iter().flat_map(|desired| {
            let marks = &marks;
            self.devices.iter().filter_map(move |(id, device)| {
                let took = || device.applied.is_some_and(|applied| applied.includes(desired.revision));
                let said = match marks.get(id) {
                    Some(mark) => Said::Outcome(mark),
                    None => took().then_some(Said::Taken(desired))?,
                };
                Some((SaidPlace { device: *id, is_outcome: true }, said))
            })
        });
        let mut said: Vec<_> = values.chain(outcomes).filter(|(place, _)| *place > after).collect();
        said.sort_unstable_by_key(|(place, _)| *place);
        said
    }

    /// Variables in the order in which they were first declared, behind one of them if that is given; `None` when
    /// there is none of that name. Ends before they would be more than `max_bytes`, but has one at least.
    /// And whether more follow.
    pub(crate) fn vars_after(
        &self,
        after: Option<&VarName>,
        limit: usize,
        max_bytes: usize,
    ) -> Option<(Vec<VarPage>, bool)> {
        let start = match after {
            Some(name) => self.vars.get_index_of(name)? + 1,
            None => 0,
        };
        let (mut found, mut bytes) = (Vec::new(), 0);
        for name in self.vars.keys().skip(start).take(limit) {
            let page = self.var_page(name, SaidPlace::START, max_bytes, 0)?;
            bytes += page.bytes;
            if bytes > max_bytes && !found.is_empty() {
                break;
            }
            found.push(page);
        }
        let has_more = start + found.len() < self.vars.len();
        Some((found, has_more))
    }
}

impl VarState {
    fn page_without_devices(&self, name: &VarName) -> VarPage {
        let mut spec = (*self.spec).clone();
        let mut option_bytes = 0;
        let mut fits = |option: &VarOption| {
            option_bytes += ENTRY_BYTES + json_bytes(&option.label) + option.value.json_bytes();
            option_bytes <= MAX_OPTIONS_BYTES
        };
        let options = spec.options.iter().position(|option| !fits(option)).unwrap_or(spec.options.len());
        let options_left_out = spec.options.len() - options;
        spec.options.truncate(options);
        let is_default_left_out =
            spec.default.as_ref().is_some_and(|default| default.json_bytes() > MAX_DEFAULT_BYTES);
        if is_default_left_out {
            spec.default = None;
        }
        let wanted = self.wanted().map_or(0, Value::json_bytes);
        let default = spec.default.as_ref().map_or(0, Value::json_bytes);
        let bytes = VAR_BYTES
            + json_bytes(name.as_str())
            + text_bytes(&spec)
            + option_bytes.min(MAX_OPTIONS_BYTES)
            + wanted
            + default;
        let (declared_by, desired) = (self.declared_by, self.desired.clone());
        let (reported, applied) = (Vec::new(), Vec::new());
        let var = Var { name: name.clone(), spec, declared_by, desired, reported, applied };
        VarPage { var, options_left_out, is_default_left_out, next: None, bytes }
    }
}

fn text_bytes(spec: &VarSpec) -> usize {
    let VarSpec { unit, group, label, help, source, spelling, .. } = spec;
    [unit, group, label, help, source, spelling].into_iter().flatten().map(|text| json_bytes(text)).sum()
}

#[cfg(test)]
mod tests {
    use protocol::{
        limits::MAX_SPEC_TEXT_BYTES,
        model::{Device, ProjectId, Revision, VarRevision, VarType},
    };

    use super::*;
    use crate::{
        live::{State, test_live},
        store::{DeviceInfo, Write, Written},
    };

    const PAGE: usize = 256 * 1024;

    fn name() -> VarName {
        VarName::parse("speed").unwrap()
    }

    /// A value that is as long as it may be, and as JSON six times that.
    fn longest() -> Value {
        Value::Text("\u{1}".repeat(MAX_VALUE_BYTES))
    }

    fn with_devices(devices: i64, spec: &VarSpec, value: &Value, then: impl FnOnce(&mut State)) {
        let live = test_live(1);
        let mut state = live.state();
        for id in 1..=devices {
            let (name, applied) = (format!("device {id}"), Some(Revision(0)));
            let info = DeviceInfo {
                identity: format!("id:{id}"),
                name,
                about: String::new(),
                build: String::new(),
                attrs: None,
                applied,
            };
            state.connect(DeviceId(id), &info, UnixMicros(id));
            report(&mut state, id, spec, value);
        }
        then(&mut state);
    }

    fn report(state: &mut State, device: i64, spec: &VarSpec, value: &Value) {
        let (project, at, line, device) = (ProjectId(1), UnixMicros(0), None, DeviceId(device));
        let declared = vec![(name(), spec.clone())];
        let values = vec![(name(), value.clone())];
        state.apply(Write::Report { project, device, at, declared, values, line }, Written::Done);
    }

    fn set(state: &mut State, value: Value) {
        let desired = Desired {
            value: Some(value),
            revision: VarRevision(1),
            author: "ann".to_owned(),
            at: UnixMicros(0),
        };
        state.picture.vars[&name()].desired = Some(desired);
    }

    /// All pages of it.
    fn pages(state: &State, least: usize) -> Vec<VarPage> {
        let (mut pages, mut after) = (Vec::new(), SaidPlace::START);
        loop {
            let page = state.picture.var_page(&name(), after, PAGE, least).unwrap();
            let next = page.next;
            pages.push(page);
            match next {
                Some(next) => after = next,
                None => return pages,
            }
        }
    }

    #[test]
    fn pages_make_the_whole_and_none_is_long() {
        let spec = VarSpec::bare(VarType::String);
        with_devices(3_000, &spec, &Value::Text("x".repeat(300)), |state| {
            set(state, Value::Text("x".to_owned()));
            let clamped = Outcome::Clamped { value: None, reason: Some("no".to_owned()) };
            state.record_applied(DeviceId(7), Revision(1), vec![(name(), clamped)], None);
            state.record_applied(DeviceId(2_000), Revision(1), Vec::new(), None);
            let pages = pages(state, 1);
            assert!(pages.len() > 3 && pages.iter().all(|page| page.bytes <= PAGE), "{}", pages.len());
            let ids = |read: &dyn Fn(&Var) -> Vec<i64>| -> Vec<i64> {
                pages.iter().flat_map(|page| read(&page.var)).collect()
            };
            let reported = ids(&|var| var.reported.iter().map(|reported| reported.device.0).collect());
            assert_eq!(reported, (1..=3_000).collect::<Vec<i64>>());
            assert_eq!(ids(&|var| var.applied.iter().map(|mark| mark.device.0).collect()), [7, 2_000]);
        });
    }

    #[test]
    fn whatever_a_game_says_a_page_has_less_than_a_megabyte() {
        let text = || Some("\u{1}".repeat(MAX_SPEC_TEXT_BYTES));
        let option = |n: usize| VarOption { label: format!("{n}{}", "\u{1}".repeat(1000)), value: longest() };
        let spec = VarSpec {
            options: (0..15).map(option).collect(),
            default: Some(longest()),
            unit: text(),
            group: text(),
            label: text(),
            help: text(),
            source: text(),
            ..VarSpec::bare(VarType::Enum)
        };
        with_devices(3, &spec, &longest(), |state| {
            set(state, longest());
            let clamped = Outcome::Clamped { value: Some(longest()), reason: text() };
            state.record_applied(DeviceId(2), Revision(1), vec![(name(), clamped)], None);
            let pages = pages(state, 1);
            assert_eq!(pages.len(), 4, "three values and an outcome");
            for page in &pages {
                assert!(page.bytes < 1024 * 1024, "{}", page.bytes);
                assert_eq!((page.options_left_out, page.is_default_left_out), (15, true));
            }
            // a list leaves out what devices say; a request for the variable itself returns it
            let (listed, has_more) = state.picture.vars_after(None, 10, PAGE).unwrap();
            assert_eq!((listed.len(), has_more, listed[0].next), (1, false, Some(SaidPlace::START)));
            assert!(listed[0].bytes < 1024 * 1024);
        });
    }

    #[test]
    fn devices_that_took_a_value_are_pages_too() {
        let spec = VarSpec::bare(VarType::Integer);
        with_devices(4_000, &spec, &Value::Int(1i64.into()), |state| {
            set(state, Value::Int(2i64.into()));
            for id in 1..=4_000 {
                state.record_applied(DeviceId(id), Revision(1), Vec::new(), None);
            }
            let pages = pages(state, 1);
            assert!(pages.len() > 2 && pages.iter().all(|page| page.bytes <= PAGE));
            let took: usize = pages.iter().map(|page| page.var.applied.len()).sum();
            assert_eq!(took, 4_000);
            let all: Vec<Device> = state.devices();
            assert!(all.iter().all(|device| device.applied == Revision(1)));
        });
    }
}
