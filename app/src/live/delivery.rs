//! How far a desired value has come: on all devices together, and on each of them.

use std::collections::HashSet;

use protocol::live::{Applied, Device, Outcome};
use protocol::model::{DeviceId, Revision, Value, VarType};

use super::by_device::ByDevice;
use super::runs::{Answer, Progress};
use super::vars::{Stage, VarState, identity, same_value};

/// Most characters of a value or a reason in a row.
const ROW_CHARS: usize = 300;

/// What became of a variable's last edit, as its row says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nobody edited it, and the devices agree; or an action that was not run.
    Untouched,
    /// Nobody edited it, and the devices differ in so many values.
    Mixed(usize),
    /// Edited while the connection is away; sent on return.
    Kept,
    /// On its way to the server.
    Sending,
    /// Saved and sent to the connected games.
    Sent(Tally),
    /// Saved; no game is connected, and so many devices get it when they return.
    Offline(usize),
    /// Not taken, with the reason.
    Refused(String),
    /// An action that so many games were asked to run; `None` when somebody else did.
    Ran(Option<usize>, Tally),
    /// An action of which not every answer was heard.
    Interrupted,
}

/// Of the connected games that know the variable: how many have come how far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All of them.
    pub games: usize,
    /// Took the value, or one near it; of an action: ran it.
    pub applied: usize,
    /// Of these: took one near it.
    pub clamped: usize,
    /// Did not take it; of an action: failed.
    pub rejected: usize,
    /// The time within which 95 of 100 answered, in microseconds: the nearest rank.
    pub p95_micros: Option<u32>,
    /// When there is only one: what it said.
    pub only: Option<String>,
}

impl Tally {
    /// How many have not answered.
    pub fn pending(&self) -> usize {
        self.games.saturating_sub(self.applied + self.rejected)
    }
}

/// What became of a value on one device; the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// The game did not take it.
    Rejected,
    /// The game could not run the action.
    Failed,
    /// The game took one that is as near as it can.
    Clamped,
    /// Sent; not heard of yet.
    Pending,
    /// The device is away and gets it when it returns.
    Waiting,
    /// The game took it.
    Applied,
    /// The game ran the action.
    Done,
    /// Nothing was sent; it only reports.
    Reporting,
}

/// One device's part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRow {
    /// Its name.
    pub name: String,
    /// Whether it is connected.
    pub online: bool,
    /// What became of the value there.
    pub fate: Fate,
    /// What is in force instead, or what an action gave.
    pub value: Option<String>,
    /// What it last reported, where that is something else.
    pub reports: Option<String>,
    /// Why, in the game's words.
    pub reason: Option<String>,
    /// From sending it to hearing of it, in microseconds.
    pub round_trip_micros: Option<u32>,
}

/// Which devices to list, the worst first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ranking {
    /// As many as were asked for.
    pub shown: Vec<DeviceId>,
    /// How many more there are, and how they fared.
    pub more: Vec<(Fate, usize)>,
    /// How many there are, whatever the filter says.
    pub all: usize,
}

/// Two answers to "did the device take it?"
enum Verdict<'a> {
    Pending,
    /// With what it said of it.
    Took(Option<&'a Applied>),
}

/// One variable among the devices.
pub(super) struct Delivery<'a> {
    pub var: &'a VarState,
    pub devices: &'a ByDevice<Device>,
}

impl<'a> Delivery<'a> {
    /// What the chip says; `open` is whether the page is connected.
    pub fn status(&self, open: bool) -> Status {
        if let Some(text) = &self.var.refused {
            return Status::Refused(text.clone());
        }
        if self.var.spec.var_type == VarType::Action {
            return self.run_status();
        }
        match self.var.pending.as_ref().map(|p| p.stage) {
            Some(Stage::Unsent | Stage::Sent(_)) if !open => return Status::Kept,
            Some(Stage::Unsent | Stage::Sent(_)) => return Status::Sending,
            Some(Stage::Saved(_)) | None => {}
        }
        let online = self.devices.iter().any(|(_, device)| device.online);
        match (self.var.wanted(), online) {
            (None, _) => match self.distinct(online) {
                0 | 1 => Status::Untouched,
                values => Status::Mixed(values),
            },
            (Some(_), false) => {
                let waits = |device: &&Device| matches!(self.verdict(device), Verdict::Pending);
                Status::Offline(self.concerned().filter(waits).count())
            }
            (Some(_), true) => Status::Sent(self.tally()),
        }
    }

    fn run_status(&self) -> Status {
        let games = match self.var.runs.progress() {
            Progress::None => return Status::Untouched,
            Progress::Asking => return Status::Sending,
            Progress::Interrupted => return Status::Interrupted,
            Progress::Refused(text) => return Status::Refused(text.to_owned()),
            Progress::Asked(games) => games,
        };
        let answers = self.var.runs.answers();
        let failed = answers.iter().filter(|(_, answer)| answer.outcome.is_err()).count();
        let mut round_trips: Vec<u32> = answers.iter().map(|(_, answer)| answer.round_trip_micros).collect();
        let first = answers.iter().next().and_then(|(_, answer)| answer.outcome.as_ref().err());
        let tally = Tally {
            games: games.unwrap_or(answers.len()),
            applied: answers.len() - failed,
            rejected: failed,
            p95_micros: p95(&mut round_trips),
            only: first.filter(|_| answers.len() == 1).map(|text| short(text)),
            ..Tally::default()
        };
        Status::Ran(games, tally)
    }

    fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        let mut round_trips = Vec::new();
        let mut last = None;
        for device in self.concerned().filter(|device| device.online) {
            tally.games += 1;
            last = Some(device);
            let Verdict::Took(applied) = self.verdict(device) else { continue };
            round_trips.extend(applied.and_then(|applied| applied.round_trip_micros));
            match applied.map(|applied| &applied.outcome) {
                Some(Outcome::Rejected { .. }) => tally.rejected += 1,
                Some(Outcome::Clamped { .. }) => {
                    tally.applied += 1;
                    tally.clamped += 1;
                }
                Some(Outcome::Applied) | None => tally.applied += 1,
            }
        }
        tally.p95_micros = p95(&mut round_trips);
        if let (1, Some(only)) = (tally.games, last) {
            tally.only = self.only(only);
        }
        tally
    }

    fn only(&self, device: &Device) -> Option<String> {
        let row = self.row(device);
        match row.fate {
            Fate::Clamped => row.value,
            Fate::Rejected => row.reason,
            // one that acknowledges is about to; of another this is all that will ever be heard
            Fate::Pending if !device.acknowledges => row.reports,
            _ => None,
        }
    }

    /// The devices that know the variable: a game that never had it can't apply it. When no connected one does,
    /// every connected one may come to know it.
    fn concerned(&self) -> impl Iterator<Item = &'a Device> + use<'a> {
        let Self { var, devices } = *self;
        let knows = move |device: &Device| {
            var.reported.get(device.id).is_some() || var.applied.get(device.id).is_some()
        };
        let any = devices.iter().any(|(_, device)| device.online && knows(device));
        devices
            .iter()
            .map(|(_, device)| device)
            .filter(move |device| knows(device) || (!any && device.online))
    }

    fn verdict(&self, device: &Device) -> Verdict<'a> {
        let Some((wanted, revision)) = self.wanted() else { return Verdict::Pending };
        if device.acknowledges {
            if device.applied < revision {
                return Verdict::Pending;
            }
            let applied = self.var.applied.get(device.id);
            return Verdict::Took(applied.filter(|applied| applied.revision == revision));
        }
        match self.var.reported.get(device.id) {
            Some(reported) if same_value(&reported.value, wanted) => Verdict::Took(None),
            _ => Verdict::Pending,
        }
    }

    /// The desired value with its revision; `None` while an edit is not saved, which nobody can have applied.
    fn wanted(&self) -> Option<(&'a Value, Revision)> {
        match (&self.var.pending, &self.var.desired) {
            (Some(pending), _) => match pending.stage {
                Stage::Saved(revision) => Some((&pending.value, revision)),
                Stage::Unsent | Stage::Sent(_) => None,
            },
            (None, Some(desired)) => Some((&desired.value, desired.revision)),
            (None, None) => None,
        }
    }

    /// How many different values are reported: by the connected devices, or by all when none is connected.
    fn distinct(&self, online: bool) -> usize {
        let counts = |device| !online || self.devices.get(device).is_some_and(|device| device.online);
        let reported = self.var.reported.iter().filter(|(device, _)| counts(*device));
        reported.map(|(_, reported)| identity(&reported.value)).collect::<HashSet<_>>().len()
    }

    /// Lists the devices whose name contains `wanted`, at most so many.
    pub fn rank(&self, wanted: &str, most: usize) -> Ranking {
        let mut by_fate: Vec<(Fate, Vec<DeviceId>)> = Vec::new();
        let wanted = wanted.trim().to_lowercase();
        let mut all = 0;
        for device in self.listed() {
            all += 1;
            if !device.name.to_lowercase().contains(&wanted) {
                continue;
            }
            let fate = self.fate(device);
            match by_fate.iter_mut().find(|(known, _)| *known == fate) {
                Some((_, devices)) => devices.push(device.id),
                None => by_fate.push((fate, vec![device.id])),
            }
        }
        by_fate.sort_by_key(|(fate, _)| *fate);
        let mut ranking = Ranking { all, ..Ranking::default() };
        for (fate, devices) in by_fate {
            let room = most.saturating_sub(ranking.shown.len()).min(devices.len());
            ranking.shown.extend(&devices[..room]);
            if room < devices.len() {
                ranking.more.push((fate, devices.len() - room));
            }
        }
        ranking
    }

    fn listed(&self) -> impl Iterator<Item = &'a Device> + use<'a> {
        let Self { var, devices } = *self;
        let is_action = var.spec.var_type == VarType::Action;
        let answered = var.runs.answers().iter().filter_map(move |(id, _)| devices.get(id));
        let concerned = self.concerned();
        answered.filter(move |_| is_action).chain(concerned.filter(move |_| !is_action))
    }

    fn fate(&self, device: &Device) -> Fate {
        if let Some(answer) = self.answer(device) {
            return if answer.outcome.is_ok() { Fate::Done } else { Fate::Failed };
        }
        if self.var.wanted().is_none() {
            return Fate::Reporting;
        }
        match self.verdict(device) {
            Verdict::Pending if device.online => Fate::Pending,
            Verdict::Pending => Fate::Waiting,
            Verdict::Took(applied) => match applied.map(|applied| &applied.outcome) {
                Some(Outcome::Rejected { .. }) => Fate::Rejected,
                Some(Outcome::Clamped { .. }) => Fate::Clamped,
                Some(Outcome::Applied) | None => Fate::Applied,
            },
        }
    }

    fn answer(&self, device: &Device) -> Option<&'a Answer> {
        match self.var.spec.var_type {
            VarType::Action => self.var.runs.answers().get(device.id),
            _ => None,
        }
    }

    /// What one device did, in words that a person reads.
    pub fn row(&self, device: &Device) -> DeviceRow {
        let mut row = DeviceRow {
            name: device.name.clone(),
            online: device.online,
            fate: self.fate(device),
            value: None,
            reports: None,
            reason: None,
            round_trip_micros: None,
        };
        if let Some(Answer { outcome, round_trip_micros }) = self.answer(device) {
            row.round_trip_micros = Some(*round_trip_micros);
            match outcome {
                Ok(result) => row.value = result.as_deref().map(short),
                Err(text) => row.reason = Some(short(text)),
            }
            return row;
        }
        let mut in_force = self.var.wanted();
        let mut since = None;
        if let Verdict::Took(Some(applied)) = self.verdict(device) {
            row.round_trip_micros = applied.round_trip_micros;
            match &applied.outcome {
                Outcome::Applied => {}
                Outcome::Clamped { value, reason } => {
                    row.value = value.as_ref().map(|value| short(&value.to_string()));
                    row.reason = reason.as_deref().map(short);
                    in_force = value.as_ref();
                }
                Outcome::Rejected { reason } => {
                    row.reason = reason.as_deref().map(short);
                    in_force = None;
                }
            }
        }
        if matches!(row.fate, Fate::Applied | Fate::Clamped) {
            // what it reported before it was asked to be something else is no contradiction
            since = self.var.desired.as_ref().map(|desired| desired.at);
        }
        let reported = self.var.reported.get(device.id).filter(|reported| Some(reported.at) > since);
        let differs = |value: &&Value| in_force.is_none_or(|in_force| !same_value(value, in_force));
        let contradicts = reported.map(|reported| &reported.value).filter(differs);
        row.reports = contradicts.map(|value| short(&value.to_string()));
        row
    }
}

/// The nearest rank: the smallest value that 95 of 100 do not exceed.
fn p95(values: &mut [u32]) -> Option<u32> {
    let rank = (values.len() * 95).div_ceil(100);
    let index = rank.checked_sub(1)?;
    Some(*values.select_nth_unstable(index).1)
}

fn short(text: &str) -> String {
    match text.char_indices().nth(ROW_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
