//! Which projects are in memory.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use protocol::{
    ErrorCode, ProtocolError,
    limits::{MAX_PROJECT_BYTES, SNAPSHOT_LOGS},
    model::{ProjectId, VarName},
};
use tokio::time::Instant;

use super::{
    kept::Kept,
    project::{Beside, Live},
    weight::Budget,
};
use crate::{
    GatewayError,
    store::{Epoch, LeftOut, LoadRoom, SaidRange, Snapshots},
};

/// Devices of a project that are held in memory and shown; older ones stay in the database.
pub(crate) const MAX_LOADED_DEVICES: u32 = 10_000;
/// How often a project is read again because others took its room.
const MAX_READS: u32 = 4;

#[derive(Default)]
struct Slot {
    /// Held while loading, so that a thousand games that come at once make one read.
    loading: Arc<tokio::sync::Mutex<()>>,
    live: Mutex<Weak<Live>>,
    /// What an edit has read of the project that has it alone.
    part: Mutex<Weak<Live>>,
}

/// Projects by number. It holds them weakly: games and dashboards keep them alive, and when these have gone, a budget does.
pub(crate) struct Registry {
    slots: Mutex<HashMap<ProjectId, Arc<Slot>>>,
    kept: Kept,
    loads: AtomicU64,
    /// What all of them take.
    budget: Arc<Budget>,
    refused: AtomicU64,
}

impl Registry {
    /// With room for so many bytes of declarations and values.
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self {
            slots: Mutex::default(),
            kept: Kept::within(max_bytes / 2),
            loads: AtomicU64::new(0),
            budget: Arc::new(Budget::new(max_bytes)),
            refused: AtomicU64::new(0),
        }
    }

    /// Makes room for one more project.
    fn check_room(&self) -> Result<(), GatewayError> {
        if self.budget.has_room() {
            return Ok(());
        }
        self.kept.clear();
        if self.budget.has_room() {
            return Ok(());
        }
        Err(self.no_room())
    }

    fn no_room(&self) -> GatewayError {
        self.refused.fetch_add(1, Relaxed);
        let text = "the server has no memory for another project right now; try again later";
        ProtocolError::new(ErrorCode::Busy, text).into()
    }

    /// Reads as much of a project as it may take. Counts it.
    async fn read(
        &self,
        store: &dyn Snapshots,
        project: ProjectId,
        epoch: impl Fn() -> Epoch + Send,
        is_storing: bool,
        beside: impl Fn() -> Beside + Send,
    ) -> Result<Live, GatewayError> {
        for reads in 1..=MAX_READS {
            self.check_room()?;
            // behind the slot: one that is still there when the project is read was not forgotten in between
            let epoch = epoch();
            let room = LoadRoom { long_text: MAX_PROJECT_BYTES, bytes: self.budget.room() };
            let loaded = store.load_project(project, MAX_LOADED_DEVICES, SNAPSHOT_LOGS as u32, room).await?;
            self.loads.fetch_add(1, Relaxed);
            let loaded = loaded.ok_or(GatewayError::NotFound)?;
            let left_out = loaded.left_out.clone();
            if reads == 1 && !left_out.is_empty() && room.bytes < self.budget.project_bytes() {
                // others that nobody uses don't make it smaller
                self.kept.clear();
                continue;
            }
            let live = Live::new(loaded, &epoch, is_storing, beside());
            let held = live.state().held_bytes();
            if let Some(_reserved) = self.budget.reserve(held) {
                live.state().join(&self.budget);
                warn_of(project, &left_out);
                return Ok(live);
            }
        }
        Err(self.no_room())
    }

    /// The live project, loaded if it is not in memory. `epoch` says which history counts now.
    pub(crate) async fn load(
        &self,
        store: &dyn Snapshots,
        project: ProjectId,
        epoch: impl Fn() -> Epoch + Send + Sync,
        is_storing: bool,
        beside: impl Fn() -> Beside + Send + Sync,
    ) -> Result<Arc<Live>, GatewayError> {
        if let Some(live) = self.get(project) {
            return Ok(live);
        }
        loop {
            let slot = self.slot(project);
            let _loading = slot.loading.lock().await;
            if let Some(live) = self.reuse(&slot) {
                return Ok(live);
            }
            let live = self.read(store, project, &epoch, is_storing, &beside).await?;
            if let Some(live) = self.publish(project, &slot, &slot.live, live) {
                self.kept.note_use(&live);
                self.trim();
                return Ok(live);
            }
        }
    }

    /// The same to edit these variables. While nobody has the project in memory only they are read, and nobody else reads any of
    /// it until the edit is over. Of several edits at once the second one reads all of it, for the others.
    pub(crate) async fn load_to_edit(
        &self,
        store: &dyn Snapshots,
        project: ProjectId,
        names: &[VarName],
        epoch: impl Fn() -> Epoch + Send + Sync,
        is_storing: bool,
        beside: impl Fn() -> Beside + Send + Sync,
    ) -> Result<Arc<Live>, GatewayError> {
        loop {
            let slot = self.slot(project);
            let loading = Arc::clone(&slot.loading).try_lock_owned();
            if let Some(live) = self.reuse(&slot) {
                return Ok(live);
            }
            let Ok(loading) = loading else {
                return self.load(store, project, epoch, is_storing, beside).await;
            };
            let epoch = epoch();
            let part =
                store.load_vars(project, names, 0, SaidRange::NONE).await?.ok_or(GatewayError::NotFound)?;
            let live = Live::new(part, &epoch, is_storing, beside()).alone(slot.clone(), loading);
            if let Some(live) = self.publish(project, &slot, &slot.part, live) {
                return Ok(live);
            }
        }
    }

    /// The project of a slot, if it is in memory.
    fn reuse(&self, slot: &Slot) -> Option<Arc<Live>> {
        let live = slot.peek()?;
        self.kept.note_use(&live);
        Some(live)
    }

    /// Lets go of projects that nobody uses and for which there is no room.
    pub(crate) fn trim(&self) {
        self.kept.trim(Instant::now());
    }

    fn slot(&self, project: ProjectId) -> Arc<Slot> {
        let mut slots = self.slots.lock().expect("no holder of this lock panics");
        // a slot that nobody uses is let go when the next one is needed
        slots.retain(|id, slot| *id == project || Arc::strong_count(slot) > 1 || slot.peek().is_some());
        Arc::clone(slots.entry(project).or_default())
    }

    /// `None` when the project was forgotten while it was read: then nobody would ever tell those who use this one.
    fn publish(
        &self,
        project: ProjectId,
        slot: &Arc<Slot>,
        place: &Mutex<Weak<Live>>,
        live: Live,
    ) -> Option<Arc<Live>> {
        let slots = self.slots.lock().expect("no holder of this lock panics");
        let is_here = slots.get(&project).is_some_and(|here| Arc::ptr_eq(here, slot));
        is_here.then(|| {
            let live = Arc::new(live);
            *place.lock().expect("no holder of this lock panics") = Arc::downgrade(&live);
            live
        })
    }

    /// As [`Registry::peek`] for somebody who asks for what is in it: then it stays a while.
    pub(crate) fn get(&self, project: ProjectId) -> Option<Arc<Live>> {
        let live = self.peek(project)?;
        self.kept.note_use(&live);
        Some(live)
    }

    /// The live project, if it is in memory.
    pub(crate) fn peek(&self, project: ProjectId) -> Option<Arc<Live>> {
        self.slots.lock().expect("no holder of this lock panics").get(&project)?.peek()
    }

    /// Connected games and watching dashboards of all projects.
    pub(crate) fn count_connections(&self) -> (u64, u64) {
        let mut counts = (0, 0);
        self.for_each(|live| {
            counts.0 += u64::from(live.state().connections.presence.games());
            counts.1 += live.watchers();
        });
        counts
    }

    /// Bytes of the declarations and values in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.budget.used()
    }

    /// How often a project was not read for want of room.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Relaxed)
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
        self.for_each(|live| held.extend(live.state().connections.sessions.ids()));
        held
    }

    /// A project that is in memory gets another name.
    pub(crate) fn rename(&self, project: ProjectId, name: &str) {
        if let Some(live) = self.peek(project) {
            live.state().picture.rename(name);
        }
    }

    /// Forgets a project that was deleted; its games and dashboards are disconnected.
    pub(crate) fn drop_one(&self, project: ProjectId) {
        let slot = self.slots.lock().expect("no holder of this lock panics").remove(&project);
        for live in slot.iter().flat_map(|slot| slot.all()) {
            live.is_deleted.store(true, Relaxed);
            live.dropped.cancel();
        }
        self.kept.remove(project);
    }

    /// Forgets every project; games and dashboards are told to connect again.
    pub(crate) fn drop_all(&self) {
        let slots = std::mem::take(&mut *self.slots.lock().expect("no holder of this lock panics"));
        slots.values().flat_map(|slot| slot.all()).for_each(|live| live.dropped.cancel());
        self.kept.clear();
    }
}

fn warn_of(project: ProjectId, left_out: &LeftOut) {
    if !left_out.is_empty() {
        let LeftOut { vars, values } = left_out;
        tracing::warn!(
            project = project.0,
            variables = vars.len(),
            values,
            "a project is larger than its share of memory; its longest declarations and values were not loaded"
        );
    }
}

impl Slot {
    fn peek(&self) -> Option<Arc<Live>> {
        self.live.lock().expect("no holder of this lock panics").upgrade()
    }

    /// All or a part of the project, whatever is used.
    fn all(&self) -> impl Iterator<Item = Arc<Live>> + use<> {
        let part = self.part.lock().expect("no holder of this lock panics").upgrade();
        self.peek().into_iter().chain(part)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::test_live, *};
    use crate::interleaved::{Step, in_every_order};

    const PROJECT: ProjectId = ProjectId(1);

    /// Somebody who reads a project, and a database into which backups are restored.
    struct World {
        registry: Registry,
        database: i64,
        slot: Option<Arc<Slot>>,
        read: i64,
        live: Option<Arc<Live>>,
    }

    fn world() -> World {
        World { registry: Registry::new(1 << 20), database: 0, slot: None, read: 0, live: None }
    }

    const READER: [Step<World>; 4] = [
        |w| w.slot = Some(w.registry.slot(PROJECT)),
        |w| w.read = w.database,
        |w| {
            let slot = w.slot.take().unwrap();
            let mut live = Arc::into_inner(test_live(PROJECT.0)).unwrap();
            live.epoch = w.read;
            w.live = w.registry.publish(PROJECT, &slot, &slot.live, live);
        },
        |w| w.live.iter().for_each(|live| w.registry.kept.note_use(live)),
    ];

    #[test]
    fn whatever_the_order_who_has_what_is_old_is_let_go() {
        let restore: &[Step<World>] = &[|w| w.database += 1, |w| w.registry.drop_all()];
        let delete: &[Step<World>] = &[|w| w.database += 1, |w| w.registry.drop_one(PROJECT)];
        for others in [[restore, restore], [restore, delete], [delete, delete]] {
            let threads = [&READER[..], others[0], others[1]];
            let orders = in_every_order(&threads, world, |w, order| {
                let found = w.registry.peek(PROJECT);
                let Some(live) = &w.live else {
                    return assert!(found.is_none(), "nobody else has read it: {order:?}");
                };
                // the users of one that counts no longer hear of it, and nobody finds it
                let is_found = found.is_some_and(|found| Arc::ptr_eq(&found, live));
                assert_ne!(is_found, live.dropped.is_cancelled(), "after {order:?}");
                assert!(live.dropped.is_cancelled() || live.epoch == w.database, "after {order:?}");
            });
            assert_eq!(orders, 420);
        }
    }
}
