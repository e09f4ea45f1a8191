//! Actions that are under way.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use indexmap::IndexMap;
use protocol::{
    ErrorCode, ProtocolError,
    live::{Event, RunStarted},
    model::{DeviceId, RunId, VarName},
};
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

use super::seen::{Seen, lock_seen};

/// Runs of one project that may be under way at once.
const MAX_RUNS: usize = 64;

/// An action on its way to a game.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionCall {
    /// The game's answer carries it.
    pub id: u64,
    /// The action.
    pub name: VarName,
    /// JSON for the game; `None`: it takes nothing.
    pub args: Option<Arc<str>>,
}

struct Run {
    name: VarName,
    started: Instant,
    /// Connections of each device that were asked and have not answered.
    asked: IndexMap<DeviceId, u32>,
    /// Dropped with the run, which ends the wait for its time limit.
    _under_way: oneshot::Sender<()>,
}

/// A connection that runs actions: those that it has declared.
struct Runner {
    device: DeviceId,
    calls: mpsc::Sender<ActionCall>,
    seen: Arc<Mutex<Seen>>,
}

/// Who can run actions, and what is under way.
#[derive(Default)]
pub(crate) struct Runs {
    last: u64,
    runners: Vec<Runner>,
    under_way: BTreeMap<RunId, Run>,
}

impl Runs {
    /// A connection that runs actions, until it drops its end of the channel.
    pub(crate) fn add(&mut self, device: DeviceId, calls: mpsc::Sender<ActionCall>, seen: &Arc<Mutex<Seen>>) {
        self.runners.retain(|runner| !runner.calls.is_closed());
        self.runners.push(Runner { device, calls, seen: Arc::clone(seen) });
    }

    /// Tells every game that has declared the action: what it is called with is for nobody else. What is returned beside it
    /// ends when the run is over; there is none when nobody was told.
    pub(in crate::live) fn start(
        &mut self,
        name: &VarName,
        args: Option<Arc<str>>,
        now: Instant,
    ) -> Result<(RunStarted, Option<oneshot::Receiver<()>>), ProtocolError> {
        if self.under_way.len() >= MAX_RUNS {
            let text = "many actions are under way; wait until games have answered";
            return Err(ProtocolError::new(ErrorCode::Busy, text));
        }
        self.last += 1;
        let id = self.last;
        let mut asked: IndexMap<DeviceId, u32> = IndexMap::new();
        for Runner { device, calls, seen } in &self.runners {
            if !lock_seen(seen).has_action(name) {
                continue;
            }
            // a game that takes nothing has as many actions before it as it may
            if calls.try_send(ActionCall { id, name: name.clone(), args: args.clone() }).is_ok() {
                *asked.entry(*device).or_default() += 1;
            }
        }
        let games = asked.values().sum();
        let over = (games > 0).then(|| {
            let (_under_way, over) = oneshot::channel();
            self.under_way.insert(RunId(id), Run { name: name.clone(), started: now, asked, _under_way });
            over
        });
        Ok((RunStarted { run: RunId(id), games }, over))
    }

    /// `None` when this device was not asked, or has answered.
    pub(in crate::live) fn finish(
        &mut self,
        id: RunId,
        device: DeviceId,
        outcome: Result<Option<String>, String>,
        now: Instant,
    ) -> Option<Event> {
        let run = self.under_way.get_mut(&id)?;
        let left = run.asked.get_mut(&device)?;
        *left -= 1;
        if *left == 0 {
            run.asked.swap_remove(&device);
        }
        let event = done(id, run, device, outcome, now);
        if run.asked.is_empty() {
            self.under_way.remove(&id);
        }
        Some(event)
    }

    /// The games that have not answered this run will not.
    pub(in crate::live) fn give_up(&mut self, id: RunId, why: &str, now: Instant) -> Vec<Event> {
        let Some(run) = self.under_way.remove(&id) else { return Vec::new() };
        run.asked.keys().map(|device| done(id, &run, *device, Err(why.to_owned()), now)).collect()
    }

    /// This device will answer nothing any more.
    pub(in crate::live) fn give_up_device(
        &mut self,
        device: DeviceId,
        why: &str,
        now: Instant,
    ) -> Vec<Event> {
        let mut events = Vec::new();
        for (id, run) in &mut self.under_way {
            if run.asked.swap_remove(&device).is_some() {
                events.push(done(*id, run, device, Err(why.to_owned()), now));
            }
        }
        self.under_way.retain(|_, run| !run.asked.is_empty());
        events
    }
}

fn done(
    run: RunId,
    Run { name, started, .. }: &Run,
    device: DeviceId,
    outcome: Result<Option<String>, String>,
    now: Instant,
) -> Event {
    let round_trip_micros = u32::try_from((now - *started).as_micros()).unwrap_or(u32::MAX);
    Event::ActionDone { run, name: name.clone(), device, outcome, round_trip_micros }
}
