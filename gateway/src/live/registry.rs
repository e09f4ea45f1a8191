//! Which projects are in memory.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use protocol::{limits::SNAPSHOT_LOGS, model::ProjectId};

use super::Live;
use crate::{
    GatewayError,
    refusals::Refusals,
    store::{Epoch, Store},
};

/// Devices of a project that are held in memory and shown; older ones stay in the database.
const MAX_LOADED_DEVICES: u32 = 10_000;

#[derive(Default)]
struct Slot {
    /// Held while loading, so that a thousand games that come at once make one read.
    loading: tokio::sync::Mutex<()>,
    live: Mutex<Weak<Live>>,
}

/// Projects by number. It holds them weakly: games and dashboards keep them alive.
#[derive(Default)]
pub(crate) struct Registry {
    slots: Mutex<HashMap<ProjectId, Arc<Slot>>>,
    loads: AtomicU64,
}

impl Registry {
    /// The live project, loaded if it is not in memory. `epoch` says which history counts now.
    pub(crate) async fn load(
        &self,
        store: &dyn Store,
        project: ProjectId,
        epoch: impl Fn() -> Epoch + Send,
        is_storing: bool,
        refusals: &Refusals,
    ) -> Result<Arc<Live>, GatewayError> {
        loop {
            let slot = self.slot(project);
            if let Some(live) = slot.peek() {
                return Ok(live);
            }
            let _loading = slot.loading.lock().await;
            if let Some(live) = slot.peek() {
                return Ok(live);
            }
            // behind the slot: one that is still there when the project is read was not forgotten in between
            let epoch = epoch();
            let loaded = store.load_project(project, MAX_LOADED_DEVICES, SNAPSHOT_LOGS as u32).await?;
            self.loads.fetch_add(1, Relaxed);
            let loaded = loaded.ok_or(GatewayError::NotFound)?;
            let live = Live::new(loaded, &epoch, is_storing, refusals.ledger(project));
            if let Some(live) = self.publish(project, &slot, live) {
                return Ok(live);
            }
        }
    }

    fn slot(&self, project: ProjectId) -> Arc<Slot> {
        let mut slots = self.slots.lock().expect("no holder of this lock panics");
        // a slot that nobody uses is let go when the next one is needed
        slots.retain(|id, slot| *id == project || Arc::strong_count(slot) > 1 || slot.peek().is_some());
        Arc::clone(slots.entry(project).or_default())
    }

    /// `None` when the project was forgotten while it was read: then nobody would ever tell those who use this one.
    fn publish(&self, project: ProjectId, slot: &Arc<Slot>, live: Live) -> Option<Arc<Live>> {
        let slots = self.slots.lock().expect("no holder of this lock panics");
        let is_here = slots.get(&project).is_some_and(|here| Arc::ptr_eq(here, slot));
        is_here.then(|| {
            let live = Arc::new(live);
            *slot.live.lock().expect("no holder of this lock panics") = Arc::downgrade(&live);
            live
        })
    }

    /// The live project, if it is in memory.
    pub(crate) fn peek(&self, project: ProjectId) -> Option<Arc<Live>> {
        self.slots.lock().expect("no holder of this lock panics").get(&project)?.peek()
    }

    /// Connected games and watching dashboards of all projects.
    pub(crate) fn count_connections(&self) -> (u64, u64) {
        let mut counts = (0, 0);
        self.for_each(|live| {
            counts.0 += u64::from(live.state().connections());
            counts.1 += live.watchers();
        });
        counts
    }

    /// Bytes of all projects that dashboards have not taken yet.
    pub(crate) fn untaken_bytes(&self) -> u64 {
        let mut bytes = 0;
        self.for_each(|live| bytes += live.untaken_bytes());
        bytes
    }

    /// How often a project was read from the database.
    pub(crate) fn loads(&self) -> u64 {
        self.loads.load(Relaxed)
    }

    /// Every project in memory.
    pub(crate) fn for_each(&self, mut visit: impl FnMut(&Live)) {
        let lives: Vec<Arc<Live>> = {
            let slots = self.slots.lock().expect("no holder of this lock panics");
            slots.values().filter_map(|slot| slot.peek()).collect()
        };
        lives.iter().for_each(|live| visit(live));
    }

    /// The numbers of the sessions that connections hold, of all projects.
    pub(crate) fn held_sessions(&self) -> HashSet<i64> {
        let mut held = HashSet::new();
        self.for_each(|live| held.extend(live.state().held_sessions()));
        held
    }

    /// A project that is in memory gets another name.
    pub(crate) fn rename(&self, project: ProjectId, name: &str) {
        if let Some(live) = self.peek(project) {
            live.state().rename(name);
        }
    }

    /// Forgets a project that was deleted; whoever uses it is let go.
    pub(crate) fn drop_one(&self, project: ProjectId) {
        let slot = self.slots.lock().expect("no holder of this lock panics").remove(&project);
        if let Some(live) = slot.and_then(|slot| slot.peek()) {
            live.dropped.cancel();
        }
    }

    /// Forgets every project; whoever uses one is told to come again.
    pub(crate) fn drop_all(&self) {
        let slots = std::mem::take(&mut *self.slots.lock().expect("no holder of this lock panics"));
        slots.values().filter_map(|slot| slot.peek()).for_each(|live| live.dropped.cancel());
    }
}

impl Slot {
    fn peek(&self) -> Option<Arc<Live>> {
        self.live.lock().expect("no holder of this lock panics").upgrade()
    }
}
