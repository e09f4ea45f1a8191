//! What a game's code holds: its variables, its actions, its log. Nothing here waits for the network.

mod declare;
mod slot;
mod tune;

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, TryLockError,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    time::SystemTime,
};

use protocol::model::{Level, LogEntry, Outcome, UnixMicros, Value, VarName, VarSpec, VarType};

pub use self::declare::{Declaration, Var};
pub use self::slot::Scalar;
pub(crate) use self::slot::Slot;
use self::slot::{Cell, Check, hold};
pub use self::tune::{Place, Tunable, Tune, Tuned};
use crate::names::Names;
use crate::session::{Call, EditSet, MAX_CALLS, Stats};

/// Log entries between the game and its driver.
pub(crate) const MAX_ENTRIES: usize = 4096;

const MAX_MARK_BYTES: usize = 32;

/// What an action does, with its arguments as JSON: gives a result as JSON, or nothing, or says why it failed.
type Action = Box<dyn FnMut(Option<&str>) -> Result<Option<String>, String> + Send>;

/// What goes between the game's thread and the driver's.
#[derive(Default)]
pub(crate) struct Exchange {
    pub(crate) declared: Vec<Arc<Slot>>,
    pub(crate) edits: Option<EditSet>,
    pub(crate) applied: Vec<Applied>,
    pub(crate) calls: Vec<Call>,
    pub(crate) answers: Vec<(u64, Result<Option<String>, String>)>,
    pub(crate) stats: Stats,
}

/// Edits that hold since this frame.
pub(crate) struct Applied {
    pub(crate) edits: EditSet,
    pub(crate) outcomes: Vec<(VarName, Outcome)>,
    pub(crate) frame: u64,
}

pub(crate) struct Shared {
    slots: Mutex<Names<Arc<Slot>>>,
    /// `None`: the game takes its calls itself.
    actions: Mutex<Names<Option<Action>>>,
    calls: Mutex<VecDeque<Call>>,
    pub(crate) exchange: Mutex<Exchange>,
    entries: SyncSender<LogEntry>,
    /// Entries that found no room, by level.
    pub(crate) lost: [AtomicU64; Level::ALL.len()],
    frames: AtomicU64,
    /// Good values of the last start: variables begin with them.
    recalled: Names<Value>,
}

/// The game's side, to be held wherever the game needs it. Copies are the same game.
#[derive(Clone)]
pub struct Game {
    shared: Arc<Shared>,
}

impl Game {
    /// A game whose variables begin with these values; its driver has the other side of it, and the end of its log.
    pub(crate) fn of(recalled: Names<Value>) -> (Self, Arc<Shared>, Receiver<LogEntry>) {
        let (sender, entries) = sync_channel(MAX_ENTRIES);
        let shared = Arc::new(Shared {
            slots: Mutex::default(),
            actions: Mutex::default(),
            calls: Mutex::default(),
            exchange: Mutex::default(),
            entries: sender,
            lost: Default::default(),
            frames: AtomicU64::new(0),
            recalled,
        });
        (Self { shared: Arc::clone(&shared) }, shared, entries)
    }

    /// A button: [`Game::frame`] runs it when somebody presses it.
    pub fn action(
        &self,
        name: &str,
        run: impl FnMut(Option<&str>) -> Result<Option<String>, String> + Send + 'static,
    ) {
        let slot = self.add(name, VarSpec::bare(VarType::Action), Cell::Nothing, None);
        hold(&self.shared.actions).insert(slot.name.clone(), Some(Box::new(run)));
    }

    /// The oldest call of a [button](Game::button) that [`Game::frame`] has brought, to be [answered](Game::answer).
    pub fn take_call(&self) -> Option<Call> {
        hold(&self.shared.calls).pop_front()
    }

    /// What became of a call: a result as JSON, or nothing, or why it failed. After 30 seconds nobody waits for it.
    pub fn answer(&self, call: u64, answer: Result<Option<String>, String>) {
        hold(&self.shared.exchange).answers.push((call, answer));
    }

    fn add(&self, name: &str, spec: VarSpec, cell: Cell, check: Option<Check>) -> Arc<Slot> {
        let parsed = VarName::parse(name);
        let is_named = parsed.is_ok();
        let name = parsed.unwrap_or_else(|error| {
            self.log(Level::Warn, &format!("a variable is not declared: {}", error.text));
            VarName::parse("unnamed").expect("this is a name")
        });
        let mut slots = hold(&self.shared.slots);
        let is_same = |slot: &&Arc<Slot>| slot.spec.var_type == spec.var_type && slot.cell.is_as(&cell);
        if let Some(slot) = slots.get(&name).filter(|_| is_named).filter(is_same) {
            return Arc::clone(slot);
        }
        let slot = Arc::new(Slot { name, spec, cell, check });
        if is_named {
            if slot.spec.var_type == VarType::Action {
                offer(&mut hold(&self.shared.actions), &slot.name, None);
            }
            slot.recall(self.shared.recalled.get(&slot.name));
            slots.insert(slot.name.clone(), Arc::clone(&slot));
            hold(&self.shared.exchange).declared.push(Arc::clone(&slot));
        }
        slot
    }

    /// Logs. What finds no room is dropped and counted.
    pub fn log(&self, level: Level, message: &str) {
        self.log_with(level, message, &[]);
    }

    /// Logs with further fields. The entry's own are `message`, `level` and `timestamp`: further ones of these names get an
    /// underscore behind them.
    pub fn log_with(&self, level: Level, message: &str, fields: &[(&str, Value)]) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let at = i64::try_from(now.as_micros()).ok().map(UnixMicros);
        let fields = (!fields.is_empty()).then(|| {
            let quoted = |name: &str| {
                let is_ours = ["message", "level", "timestamp"].contains(&name);
                Value::Text(if is_ours { format!("{name}_") } else { name.to_owned() }).to_json()
            };
            let fields = fields.iter().map(|(name, value)| format!("{}:{}", quoted(name), value.to_json()));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        });
        let entry = LogEntry { message: message.to_owned(), level, at, fields };
        if self.shared.entries.try_send(entry).is_err() {
            self.shared.lost[level as usize].fetch_add(1, Relaxed);
        }
    }

    /// Marks this moment, as testers do who find something worth a look: `mark` is a word for it, such as `fun`, of at most 32
    /// bytes, and the note is for people. It is a log entry with the field `mark`.
    pub fn mark(&self, mark: &str, note: &str) {
        let mark = &mark[..mark.floor_char_boundary(MAX_MARK_BYTES)];
        self.log_with(Level::Info, note, &[("mark", Value::Text(mark.to_owned()))]);
    }

    /// A boundary between two frames: what people want now is applied, all of it together, and actions run. Returns how many
    /// variables have another value. When the driver is just handing something over, it is the next frame's.
    pub fn frame(&self) -> usize {
        let frame = self.shared.frames.fetch_add(1, Relaxed) + 1;
        let (edits, calls) = {
            let mut exchange = match self.shared.exchange.try_lock() {
                Ok(exchange) => exchange,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return 0,
            };
            (exchange.edits.take(), std::mem::take(&mut exchange.calls))
        };
        let changed = edits.map_or(0, |edits| self.apply(edits, frame));
        calls.into_iter().for_each(|call| self.run(call));
        changed
    }

    fn apply(&self, edits: EditSet, frame: u64) -> usize {
        let slots = hold(&self.shared.slots);
        let slot = |name: &VarName| slots.get(name).map(Arc::clone);
        let set: Vec<_> = edits.set.iter().filter_map(|(name, value)| Some((slot(name)?, value))).collect();
        let released: Vec<_> = edits.released.iter().filter_map(slot).collect();
        drop(slots);
        released.iter().for_each(|slot| slot.release());
        let outcomes: Vec<_> =
            set.iter().map(|(slot, value)| (slot.name.clone(), slot.apply(value))).collect();
        let is_taken = |(_, outcome): &&(VarName, Outcome)| !matches!(outcome, Outcome::Rejected { .. });
        let changed = outcomes.iter().filter(is_taken).count() + released.len();
        hold(&self.shared.exchange).applied.push(Applied { edits, outcomes, frame });
        changed
    }

    /// Without any lock: an action may do what it likes, also declare and log.
    fn run(&self, call: Call) {
        let mut actions = hold(&self.shared.actions);
        if let Some(None) = actions.get(&call.name) {
            drop(actions);
            return self.hand_over(call);
        }
        let action = actions.remove(&call.name).flatten();
        drop(actions);
        let Some(mut action) = action else {
            return self.answer(call.id, Err("the game has no such action".to_owned()));
        };
        let answer = action(call.args.as_deref());
        offer(&mut hold(&self.shared.actions), &call.name, Some(action));
        self.answer(call.id, answer);
    }

    fn hand_over(&self, call: Call) {
        let mut calls = hold(&self.shared.calls);
        if calls.len() == MAX_CALLS {
            drop(calls);
            return self.answer(call.id, Err("the game has too many actions to run".to_owned()));
        }
        calls.push_back(call);
    }

    /// How it goes.
    pub fn stats(&self) -> Stats {
        hold(&self.shared.exchange).stats.clone()
    }
}

/// An action for this name, unless there is one.
fn offer(actions: &mut Names<Option<Action>>, name: &VarName, action: Option<Action>) {
    if !actions.contains(name) {
        actions.insert(name.clone(), action);
    }
}

#[cfg(test)]
mod tests;
