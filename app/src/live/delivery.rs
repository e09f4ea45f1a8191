//! How far a desired value has got: on all devices together.

use std::collections::HashSet;

use protocol::model::{Device, DeviceId, Value, VarType};

use super::runs::{Answer, Progress};
use super::values::{identity, most_frequent};
use super::vars::Stage;
use super::verdict::{Delivery, Fate, Verdict, short};

/// The status of a variable's last edit, as its row shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// It has no desired value, and the devices agree; or an action that was not run.
    Untouched,
    /// It has no desired value, and the devices differ.
    Mixed(Spread),
    /// Edited while disconnected; sent on reconnect.
    Kept,
    /// On its way to the server.
    Sending,
    /// Saved and sent to the connected games.
    Sent(Tally),
    /// It was let go, and the connected games were told.
    LetGo(Tally),
    /// Saved; no game is connected, and so many devices get it when they reconnect.
    Offline(usize),
    /// Refused, with the reason.
    Refused(String),
    /// An action that so many games were asked to run; `None` when somebody else did.
    Ran(Option<usize>, Tally),
    /// An action for which some answers were missed.
    Interrupted,
}

/// The values that devices report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spread {
    /// How many different ones.
    pub values: usize,
    /// The smallest and the largest number, or the first of other values.
    pub shown: Vec<String>,
    /// Whether `shown` is a range.
    pub is_range: bool,
}

/// The connected games that know the variable, by outcome. Each counts once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All of them.
    pub games: usize,
    /// Applied the value; for one that was let go: went back; for an action: ran it.
    pub applied: usize,
    /// Applied a value near it.
    pub clamped: usize,
    /// Applied it, and have another one by now.
    pub drifted: usize,
    /// Rejected it; for an action: failed.
    pub rejected: usize,
    /// Can't be told that it was let go.
    pub untold: usize,
    /// The time within which 95 of 100 answered, in microseconds: the nearest rank.
    pub p95_micros: Option<u32>,
    /// What the only game said, if there is just one.
    pub only: Option<String>,
    /// If games have drifted: the desired value, and the one that most of these have.
    pub drift: Option<(String, String)>,
}

impl Tally {
    /// How many have not answered.
    pub fn pending(&self) -> usize {
        let told = self.applied + self.clamped + self.drifted + self.rejected + self.untold;
        self.games.saturating_sub(told)
    }

    /// Whether each of them applied the value, or went back, with nothing else to report.
    pub fn is_settled(&self) -> bool {
        self.games > 0 && self.applied == self.games
    }
}

/// Which devices to list, the worst first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ranking {
    /// At most as many as requested.
    pub shown: Vec<DeviceId>,
    /// How many more there are, by outcome.
    pub more: Vec<(Fate, usize)>,
    /// How many there are, regardless of the filter.
    pub all: usize,
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
        let online = self.in_scope().any(|device| device.online);
        match (self.newest().map(|newest| newest.value), online) {
            (None, _) => self.reported_status(online),
            (Some(None), _) => {
                let tally = self.tally();
                let is_over = tally.applied == tally.games;
                if is_over && !self.var.is_own() {
                    self.reported_status(online)
                } else {
                    Status::LetGo(tally)
                }
            }
            (Some(Some(_)), false) => {
                let waits = |device: &&Device| matches!(self.verdict(device), Verdict::Pending);
                Status::Offline(self.concerned().filter(waits).count())
            }
            (Some(Some(_)), true) => Status::Sent(self.tally()),
        }
    }

    fn reported_status(&self, online: bool) -> Status {
        self.spread(online).map_or(Status::Untouched, Status::Mixed)
    }

    fn run_status(&self) -> Status {
        let games = match self.var.runs.progress() {
            Progress::None => return Status::Untouched,
            Progress::Asking => return Status::Sending,
            Progress::Interrupted => return Status::Interrupted,
            Progress::Refused(text) => return Status::Refused(text.to_owned()),
            Progress::Asked(games) => games,
        };
        let covered = self.var.runs.answers().iter().filter(|(device, _)| self.scope.covers(*device));
        let answers: Vec<&Answer> = covered.map(|(_, answer)| answer).collect();
        let failed = answers.iter().filter(|answer| answer.outcome.is_err()).count();
        let mut round_trips: Vec<u32> = answers.iter().map(|answer| answer.round_trip_micros).collect();
        let first = answers.first().and_then(|answer| answer.outcome.as_ref().err());
        let games = games.map(|games| self.asked_in_scope(games).max(answers.len()));
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

    /// How many of the games that were asked to run an action are selected.
    fn asked_in_scope(&self, games: usize) -> usize {
        if self.scope.is_all() {
            games
        } else {
            games.min(self.in_scope().filter(|device| device.online).count())
        }
    }

    fn in_scope(&self) -> impl Iterator<Item = &'a Device> + use<'a> {
        let scope = self.scope;
        self.devices.iter().map(|(_, device)| device).filter(|device| scope.covers(device.id))
    }

    fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        let mut round_trips = Vec::new();
        let mut last = None;
        for device in self.online() {
            tally.games += 1;
            last = Some(device);
            let (fate, said) = self.judge(device);
            round_trips.extend(said.and_then(|said| said.round_trip_micros));
            match fate {
                Fate::Rejected => tally.rejected += 1,
                Fate::Clamped => tally.clamped += 1,
                Fate::Drifted => tally.drifted += 1,
                Fate::Untold => tally.untold += 1,
                Fate::Applied | Fate::Back => tally.applied += 1,
                _ => {}
            }
        }
        tally.p95_micros = p95(&mut round_trips);
        if let (1, Some(only)) = (tally.games, last) {
            tally.only = self.only(only);
        }
        if tally.drifted > 0 {
            let most = most_frequent(self.drifts().1.into_iter());
            let both = most.zip(self.var.wanted());
            tally.drift = both.map(|(is, wanted)| (short(&wanted.to_string()), short(&is.to_string())));
        }
        tally
    }

    fn only(&self, device: &Device) -> Option<String> {
        let row = self.row(device);
        match row.fate {
            Fate::Clamped => row.value,
            Fate::Rejected => row.reason,
            Fate::Untold => row.reports,
            // a game that acknowledges will answer; of any other, this is all that is ever known
            Fate::Pending if !device.acknowledges => row.reports,
            _ => None,
        }
    }

    /// The value that the control shows.
    pub fn shown(&self) -> Option<&'a Value> {
        self.prevailing_drift().or_else(|| self.var.wanted()).or_else(|| self.var.most_reported(self.scope))
    }

    /// The value that most of the drifted games have, if these outnumber the others.
    pub fn prevailing_drift(&self) -> Option<&'a Value> {
        if self.var.pending.is_some() || self.var.wanted().is_none() {
            return None;
        }
        let (games, drifts) = self.drifts();
        (2 * drifts.len() > games).then(|| most_frequent(drifts.into_iter())).flatten()
    }

    /// The number of games, and the values of those that have drifted.
    fn drifts(&self) -> (usize, Vec<&'a Value>) {
        let (mut games, mut drifts) = (0, Vec::new());
        for device in self.online() {
            games += 1;
            drifts.extend(self.drift(device));
        }
        (games, drifts)
    }

    /// The connected devices that know the variable.
    fn online(&self) -> impl Iterator<Item = &'a Device> + use<'a> {
        self.concerned().filter(|device| device.online)
    }

    /// The devices that know the variable: a game that never had it can't apply it. If no connected one does, every connected
    /// one might.
    fn concerned(&self) -> impl Iterator<Item = &'a Device> + use<'a> {
        let var = self.var;
        let knows = move |device: &Device| {
            var.reported.get(device.id).is_some() || var.applied.get(device.id).is_some()
        };
        let any = self.in_scope().any(|device| device.online && knows(device));
        self.in_scope().filter(move |device| knows(device) || (!any && device.online))
    }

    /// The different reported values, if there are several: of the connected devices, or of all when none is connected.
    fn spread(&self, online: bool) -> Option<Spread> {
        const SHOWN: usize = 3;
        let is_online = |device| self.devices.get(device).is_some_and(|device| device.online);
        let counts = |device| self.scope.covers(device) && (!online || is_online(device));
        let reported = self.var.reported.iter().filter(|(device, _)| counts(*device));
        let mut known = HashSet::new();
        let values: Vec<&Value> = reported
            .map(|(_, reported)| &reported.value)
            .filter(|value| known.insert(identity(value)))
            .collect();
        if values.len() < 2 {
            return None;
        }
        let numbers: Option<Vec<f64>> = values.iter().map(|value| value.as_f64()).collect();
        let ends = numbers.and_then(|numbers| {
            let place = |best: fn(&f64, &f64) -> bool| {
                (0..numbers.len()).reduce(|a, b| if best(&numbers[b], &numbers[a]) { b } else { a })
            };
            Some([place(f64::lt)?, place(f64::gt)?])
        });
        let is_range = ends.is_some();
        let shown = match ends {
            Some(ends) => ends.iter().map(|place| short(&values[*place].to_string())).collect(),
            None => values.iter().take(SHOWN).map(|value| short(&value.to_string())).collect(),
        };
        Some(Spread { values: values.len(), shown, is_range })
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
        let Self { var, devices, scope } = *self;
        let is_action = var.spec.var_type == VarType::Action;
        let answered = var.runs.answers().iter().filter_map(move |(id, _)| devices.get(id));
        let concerned = self.concerned();
        answered
            .filter(move |device| is_action && scope.covers(device.id))
            .chain(concerned.filter(move |_| !is_action))
    }
}

/// The nearest rank: the smallest value that 95 of 100 do not exceed.
fn p95(values: &mut [u32]) -> Option<u32> {
    let rank = (values.len() * 95).div_ceil(100);
    let index = rank.checked_sub(1)?;
    Some(*values.select_nth_unstable(index).1)
}
