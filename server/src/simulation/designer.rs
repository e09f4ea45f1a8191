//! A person with a dashboard: watches a project and sets values.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use gateway::{Caller, Gateway, GatewayError, Watched, Watcher};
use protocol::{
    live::Event,
    model::{Change, DeviceId, Gesture, LogLine, NOT_DESIRED, ProjectId, Role, User, UserId, Value, VarName},
};
use tokio::time::{Instant, sleep, sleep_until};

use super::{game::KNOBS, host::Host, values::meant};

pub(super) struct Designer {
    host: Arc<Host>,
    rng: fastrand::Rng,
    caller: Caller,
    project: i64,
    label: String,
    /// Every value they set is a new one, except when they set the desired value again.
    next_value: i64,
    newest: i64,
    /// How many backups were restored when `newest` was.
    restores: u64,
    is_quiet: Arc<AtomicBool>,
}

impl Designer {
    pub(super) fn new(
        host: &Arc<Host>,
        rng: fastrand::Rng,
        project: i64,
        number: i64,
        is_quiet: &Arc<AtomicBool>,
    ) -> Self {
        let user = User { id: UserId(1), name: "owner".to_owned(), email: None, role: Role::Owner };
        Self {
            host: Arc::clone(host),
            rng,
            caller: user.into(),
            project,
            label: format!("designer{project}.{number}"),
            next_value: number * 1_000_000 + 1,
            newest: 0,
            restores: 0,
            is_quiet: Arc::clone(is_quiet),
        }
    }

    pub(super) async fn run(mut self) {
        loop {
            if let (Some(gateway), Some(watching)) = (self.host.gateway(), self.host.watching())
                && let Ok(watcher) = gateway.watch(&self.caller, ProjectId(self.project)).await
            {
                watching.fetch_add(1, Relaxed);
                self.sit(&gateway, watcher).await;
                watching.fetch_sub(1, Relaxed);
            }
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Watches and edits for a while; a server that died is noticed then.
    async fn sit(&mut self, gateway: &Gateway, mut watcher: Watcher) {
        // a server that hasn't noticed a restore yet still shows lines of the history before
        let restores = self.host.has_heard().then(|| self.host.disk.restores());
        let mut seen = self.begin(&watcher.snapshot().logs);
        if !self.is_quiet.load(Relaxed) && self.rng.u8(..6) == 0 {
            // the browser's tab sleeps
            sleep(Duration::from_millis(self.rng.u64(1_000..20_000))).await;
        }
        let leave_at = Instant::now() + Duration::from_millis(self.rng.u64(500..4_000));
        // they may only be looking
        let mut edit_at = if self.rng.u8(..4) == 0 { leave_at } else { Instant::now() };
        while Instant::now() < leave_at {
            tokio::select! {
                biased;
                watched = watcher.next() => match watched {
                    Watched::Delta(delta) => {
                        for event in &delta.events {
                            if let Event::Logs(lines) = event
                                && restores == Some(self.host.disk.restores())
                            {
                                self.follow(&mut seen, lines);
                            }
                        }
                    }
                    Watched::Lagged => seen = self.begin(&watcher.snapshot().logs),
                    Watched::StartOver => return,
                },
                () = sleep_until(edit_at.min(leave_at)) => {
                    if !self.is_quiet.load(Relaxed) {
                        match self.rng.u8(..12) {
                            0..2 => self.forget(gateway).await,
                            2 => self.forget_device(gateway).await,
                            _ => self.edit(gateway).await,
                        }
                    }
                    edit_at = Instant::now() + Duration::from_millis(self.rng.u64(20..1_200));
                }
            }
        }
    }

    fn begin(&self, logs: &[LogLine]) -> Option<u64> {
        logs.last().map(|line| line.seq)
    }

    /// Lines come without gaps, and only when they are committed.
    fn follow(&self, seen: &mut Option<u64>, lines: &[LogLine]) {
        let committed = self.host.disk.look(|model| model.log_lines(self.project));
        for line in lines {
            let follows = seen.is_none_or(|seen| line.seq == seen + 1) && line.seq <= committed;
            let what = format_args!("log line {} after {seen:?}, with {committed} committed", line.seq);
            self.host.journal.check(follows, &self.label, what);
            *seen = Some(line.seq);
        }
    }

    /// Forgets a variable, if no game that is there has reported it.
    async fn forget(&mut self, gateway: &Gateway) {
        let stat = format!("stat-game{}", self.rng.u8(1..5));
        let name = match self.rng.usize(..KNOBS.len() + 2) {
            knob if knob < KNOBS.len() => KNOBS[knob],
            _ => &stat,
        };
        let name = VarName::parse(name).expect("it is a name");
        let outcome = gateway.forget_var(&self.caller, ProjectId(self.project), &name).await;
        self.note_forgotten(name, outcome);
    }

    /// Forgets a device, if it is away.
    async fn forget_device(&mut self, gateway: &Gateway) {
        let Some(device) = self.rng.choice(self.host.disk.devices(self.project)) else { return };
        let outcome = gateway.forget_device(&self.caller, ProjectId(self.project), DeviceId(device)).await;
        self.note_forgotten(format_args!("device {device}"), outcome);
    }

    fn note_forgotten(&self, what: impl std::fmt::Display, outcome: Result<(), GatewayError>) {
        match outcome {
            Ok(()) => self.host.journal.note(&self.label, format_args!("forgot {what}")),
            Err(
                error @ (GatewayError::NotFound
                | GatewayError::InUse(_)
                | GatewayError::Unavailable(_)
                | GatewayError::Undecided
                | GatewayError::Closed),
            ) => self.host.journal.note(&self.label, format_args!("{what} stays: {error}")),
            Err(error) => self.host.journal.violate(&self.label, format_args!("{error}")),
        }
    }

    async fn edit(&mut self, gateway: &Gateway) {
        let count = self.rng.usize(1..=KNOBS.len());
        let (_, wanted) = self.host.disk.desired(self.project);
        let mut changes: Vec<Change> = Vec::with_capacity(count);
        let known = self.next_value;
        for knob in &KNOBS[..count] {
            let name = VarName::parse(knob).expect("it is a name");
            let same = wanted.get(*knob).and_then(|value| value.parse::<i64>().ok());
            changes.push(match (self.rng.u8(..12), same) {
                (0..3, _) => Change::let_go(name),
                (3..6, Some(same)) => (name, Value::Int(same.into())).into(),
                _ => {
                    self.next_value += 1;
                    (name, Value::Int(self.next_value.into())).into()
                }
            });
        }
        let gesture = Gesture(self.rng.u64(..));
        let restores = self.host.disk.restores();
        if self.restores != restores {
            (self.restores, self.newest) = (restores, 0);
        }
        let outcome =
            gateway.edit_vars(&self.caller, ProjectId(self.project), gesture, changes.clone()).await;
        match outcome {
            Ok(_) if self.host.disk.restores() != restores => {
                self.host.journal.note(&self.label, format_args!("saved before a restore"));
            }
            // what is wanted already takes no commit, which would have told the server
            Ok(_) if self.next_value == known && !self.host.has_heard() => {
                self.host
                    .journal
                    .note(&self.label, format_args!("answered before the server has heard of a restore"));
            }
            Ok(saved) => {
                let revision = saved.revision.0;
                self.host.journal.note(&self.label, format_args!("saved revision {revision}"));
                for Change { name, value, .. } in changes {
                    let value = value.map(|value| meant(&value.to_json()));
                    let set_by = saved.vars.iter().find(|(of, _)| *of == name).map(|(_, set_by)| *set_by);
                    let is_saved = self.host.disk.look(|model| match set_by {
                        // nobody had wanted anything of it before
                        Some(NOT_DESIRED) => value.is_none(),
                        Some(set_by) => {
                            model.edit(self.project, set_by.0, name.as_str()) == Some(value.as_deref())
                        }
                        None => false,
                    });
                    let what = format_args!("{name} = {value:?} of {set_by:?} is answered and not saved");
                    self.host.journal.check(is_saved, &self.label, what);
                }
                let what = format_args!("revision {revision} after {}", self.newest);
                // an edit that changes nothing has no revision of its own
                let least = self.newest + i64::from(self.next_value > known);
                self.host.journal.check(revision >= least, &self.label, what);
                self.newest = revision;
            }
            // no game has declared the variables yet, or the server is away
            Err(GatewayError::Refused(_) | GatewayError::Unavailable(_) | GatewayError::Closed) => {
                for Change { name, value, .. } in changes {
                    let value = value.map(|value| meant(&value.to_json()));
                    // what was wanted already may well be saved
                    let is_fresh = |value: i64| value > known && value <= self.next_value;
                    if let Some(value) = value.filter(|value| value.parse().is_ok_and(is_fresh)) {
                        self.host.disk.refuse(self.project, name.as_str(), value);
                    }
                }
            }
            Err(GatewayError::Undecided) => self.host.journal.note(&self.label, format_args!("undecided")),
            Err(error) => self.host.journal.violate(&self.label, format_args!("{error}")),
        }
    }
}
