//! The state of a project that somebody uses now: its games, its dashboards and their latest values.
//!
//! It is loaded from the database when the first game or dashboard comes and let go with the last. Only
//! what is committed gets in (`Live::apply`), so it never shows what a crash could take back.

mod push;
mod registry;
mod state;

use std::{
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use protocol::{
    live::{Event, Seq, ServerMessage, Snapshot},
    model::{DeviceId, Project, Revision, UnixMicros},
};
use tokio::sync::{broadcast, watch};

pub(crate) use push::Forms;
pub(crate) use registry::Registry;
pub(crate) use state::{Seen, State};

use crate::store::{ProjectState, Write, Written};

/// Deltas that a dashboard may lag behind before it gets a fresh snapshot instead.
const DELTA_BACKLOG: usize = 128;

/// What happened in a project, numbered without gaps.
#[derive(Debug)]
pub struct Delta {
    /// Its number.
    pub seq: Seq,
    /// In the order of the commit.
    pub events: Vec<Event>,
    encoded: OnceLock<Vec<u8>>,
}

impl Delta {
    /// The message for dashboards, encoded once however many there are.
    pub fn encoded(&self) -> &[u8] {
        self.encoded.get_or_init(|| {
            protocol::live::encode(&ServerMessage::Delta { seq: self.seq, events: self.events.clone() })
        })
    }
}

/// One project, shared by its games, its dashboards and the writer.
pub(crate) struct Live {
    pub(crate) project: Project,
    state: Mutex<State>,
    deltas: broadcast::Sender<Arc<Delta>>,
    /// Wakes the games; each then pulls what it lacks.
    revision: watch::Sender<Revision>,
    losses: AtomicU64,
}

impl Live {
    pub(crate) fn new(loaded: ProjectState) -> Self {
        Self {
            project: loaded.project.clone(),
            revision: watch::Sender::new(loaded.revision),
            state: Mutex::new(State::new(loaded)),
            deltas: broadcast::Sender::new(DELTA_BACKLOG),
            losses: AtomicU64::new(0),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder of this lock panics")
    }

    /// Takes in what was committed, as one delta.
    pub(crate) fn apply(&self, done: Vec<(Write, Written)>) {
        let mut state = self.state();
        let mut events = Vec::new();
        for (write, written) in done {
            if let Some(event) = state.apply(write, written) {
                append(&mut events, event);
            }
        }
        let revision = state.revision();
        self.publish(&mut state, events);
        drop(state);
        self.revision.send_if_modified(|known| {
            let newer = revision > *known;
            *known = revision.max(*known);
            newer
        });
    }

    fn publish(&self, state: &mut State, events: Vec<Event>) {
        if events.is_empty() {
            return;
        }
        let seq = state.next_seq();
        // an error means that nobody watches
        let _ = self.deltas.send(Arc::new(Delta { seq, events, encoded: OnceLock::new() }));
    }

    /// The state now, and a receiver that continues behind it.
    pub(crate) fn watch(&self, now: UnixMicros) -> (Snapshot, broadcast::Receiver<Arc<Delta>>) {
        let state = self.state();
        (state.snapshot(now), self.deltas.subscribe())
    }

    pub(crate) fn revisions(&self) -> watch::Receiver<Revision> {
        self.revision.subscribe()
    }

    /// Takes the lowest free place of a peer: 1 for its first connection, 2 for one beside it.
    pub(crate) fn reserve_place(&self, peer: IpAddr) -> u32 {
        self.state().reserve_place(peer)
    }

    pub(crate) fn free_place(&self, peer: IpAddr, place: u32) {
        self.state().free_place(peer, place);
    }

    pub(crate) fn connect(&self, identity: String, device: DeviceId, name: String, now: UnixMicros) {
        let mut state = self.state();
        let device = state.connect(identity, device, name, now);
        self.publish(&mut state, vec![Event::Device(device)]);
    }

    pub(crate) fn disconnect(&self, device: DeviceId, now: UnixMicros) {
        let mut state = self.state();
        if let Some(device) = state.disconnect(device, now) {
            self.publish(&mut state, vec![Event::Device(device)]);
        }
    }

    /// Something of this project was taken in and could not be stored.
    pub(crate) fn count_loss(&self) {
        self.state().forget_announced();
        self.losses.fetch_add(1, Relaxed);
    }

    pub(crate) fn losses(&self) -> u64 {
        self.losses.load(Relaxed)
    }

    pub(crate) fn watchers(&self) -> u64 {
        self.deltas.receiver_count() as u64
    }
}

/// Lines of many games that were committed together travel as one event.
fn append(events: &mut Vec<Event>, event: Event) {
    match (events.last_mut(), event) {
        (Some(Event::Logs(lines)), Event::Logs(more)) => lines.extend(more),
        (_, event) => events.push(event),
    }
}
