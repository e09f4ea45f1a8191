//! Projects that are not in use stay in memory for a while: clients come back, and loading a large project takes half a second.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use protocol::{live::Seq, model::ProjectId};
use tokio::time::Instant;

use super::project::Live;

/// What projects that nobody uses may take in memory, in bytes as [`super::State::weight`] counts them.
const MAX_BYTES: usize = 64 << 20;
/// How long one stays.
const MAX_AGE: Duration = Duration::from_secs(600);

/// Projects that were used lately. Those in use are in memory anyway and do not count.
#[derive(Debug)]
pub(super) struct Kept {
    max_bytes: usize,
    projects: Mutex<HashMap<ProjectId, Entry>>,
}

struct Entry {
    live: Arc<Live>,
    used: Instant,
    /// How much it took when it had that number.
    weighed: Option<(Seq, usize)>,
}

impl Kept {
    /// In so many bytes at most, of [`MAX_BYTES`].
    pub(super) fn within(max_bytes: usize) -> Self {
        Self { max_bytes: max_bytes.min(MAX_BYTES), projects: Mutex::default() }
    }

    fn projects(&self) -> MutexGuard<'_, HashMap<ProjectId, Entry>> {
        self.projects.lock().expect("no holder of this lock panics")
    }

    /// Somebody uses it. One that was forgotten is not kept: nobody would ever find it.
    pub(super) fn note_use(&self, live: &Arc<Live>) {
        let mut projects = self.projects();
        if live.dropped.is_cancelled() {
            return;
        }
        let new = Entry { live: Arc::clone(live), used: Instant::now(), weighed: None };
        let old = match projects.get_mut(&live.project.id) {
            Some(known) if Arc::ptr_eq(&known.live, live) => {
                known.used = new.used;
                None
            }
            _ => projects.insert(live.project.id, new),
        };
        drop(projects);
        // freeing a large one takes its time
        drop(old);
    }

    /// The project is forgotten.
    pub(super) fn remove(&self, project: ProjectId) {
        let gone = self.projects().remove(&project);
        drop(gone);
    }

    /// Every project is forgotten.
    pub(super) fn clear(&self) {
        let gone = std::mem::take(&mut *self.projects());
        drop(gone);
    }

    /// Lets go of what is old, and of as many others as it takes to be within the budget: of one that would not fit alone, then
    /// of what was used the longest ago.
    pub(super) fn trim(&self, now: Instant) {
        let mut gone = Vec::new();
        let mut projects = self.projects();
        let mut idle: Vec<(Instant, ProjectId, usize)> = Vec::new();
        for (id, entry) in projects.iter_mut() {
            if Arc::strong_count(&entry.live) > 1 {
                entry.used = now;
                continue;
            }
            idle.push((entry.used, *id, entry.weight()));
        }
        idle.sort_unstable_by_key(|(used, id, _)| (*used, *id));
        let mut bytes: usize = idle.iter().map(|(.., bytes)| bytes).sum();
        let is_alone_too_large = |bytes: usize| bytes > self.max_bytes;
        let (large, others): (Vec<_>, Vec<_>) =
            idle.into_iter().partition(|(.., bytes)| is_alone_too_large(*bytes));
        for (used, id, weight) in large.into_iter().chain(others) {
            if bytes > self.max_bytes || now.duration_since(used) >= MAX_AGE {
                bytes -= weight;
                gone.extend(projects.remove(&id));
            }
        }
        drop(projects);
        drop(gone);
    }

    #[cfg(test)]
    fn ids(&self) -> std::collections::BTreeSet<i64> {
        self.projects().keys().map(|id| id.0).collect()
    }
}

impl Entry {
    fn weight(&mut self) -> usize {
        let state = self.live.state();
        match self.weighed {
            Some((seq, bytes)) if seq == state.feed.seq => bytes,
            _ => {
                let bytes = state.weight();
                self.weighed = Some((state.feed.seq, bytes));
                bytes
            }
        }
    }
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry").field("weighed", &self.weighed).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use protocol::model::{DeviceId, UnixMicros, Value, VarName, VarSpec, VarType};

    use super::{super::test_live, *};
    use crate::{
        bus::{Committed, Topic as _},
        store::{Write, Written},
    };

    /// Kept for so many such projects as [`project`] makes.
    fn room_for(projects: usize) -> Kept {
        Kept { max_bytes: projects * project(0, 1).state().weight(), projects: Mutex::default() }
    }

    /// One with a text of so many kilobytes.
    fn project(id: i64, kilobytes: usize) -> Arc<Live> {
        let live = test_live(id);
        say(&live, kilobytes);
        live
    }

    fn say(live: &Arc<Live>, kilobytes: usize) {
        let text = "x".repeat(kilobytes << 10);
        let spec = VarSpec { help: Some(text), ..VarSpec::bare(VarType::String) };
        let declared = vec![(VarName::parse("text").unwrap(), spec)];
        let (device, at, values): (_, _, Vec<(VarName, Value)>) = (DeviceId(1), UnixMicros(0), Vec::new());
        let report = Write::Report { project: live.project.id, device, at, declared, values, line: None };
        live.publish(vec![Committed { write: report, written: Written::Done }]);
    }

    /// Uses them one after another, then nobody does.
    fn used(kept: &Kept, projects: impl IntoIterator<Item = Arc<Live>>, now: Instant) {
        projects.into_iter().for_each(|live| kept.note_use(&live));
        kept.trim(now);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_used_the_longest_ago_goes_when_there_is_no_room() {
        let kept = room_for(3);
        let each_later = |live: Arc<Live>| {
            kept.note_use(&live);
            tokio::time::advance(Duration::from_millis(1))
        };
        for id in 1..=3 {
            each_later(project(id, 1)).await;
        }
        kept.trim(Instant::now());
        assert_eq!(kept.ids(), BTreeSet::from([1, 2, 3]));
        let first = Arc::clone(&kept.projects()[&ProjectId(1)].live);
        each_later(first).await;
        each_later(project(4, 1)).await;
        kept.trim(Instant::now());
        assert_eq!(kept.ids(), BTreeSet::from([1, 3, 4]));
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_is_too_large_alone_takes_no_other_along() {
        let kept = room_for(3);
        used(&kept, [project(1, 1), project(2, 1), project(3, 100)], Instant::now());
        assert_eq!(kept.ids(), BTreeSet::from([1, 2]));
        // and one that grows counts as what it is now
        say(&kept.projects()[&ProjectId(1)].live, 100);
        kept.trim(Instant::now());
        assert_eq!(kept.ids(), BTreeSet::from([2]));
    }

    #[tokio::test(start_paused = true)]
    async fn what_somebody_uses_stays_and_counts_for_nothing() {
        let kept = room_for(1);
        let large = project(1, 100);
        used(&kept, [Arc::clone(&large), project(2, 1)], Instant::now());
        tokio::time::advance(2 * MAX_AGE).await;
        kept.trim(Instant::now());
        assert_eq!(kept.ids(), BTreeSet::from([1]), "the other one is old");
        // it was used until now
        drop(large);
        say(&kept.projects()[&ProjectId(1)].live, 1);
        kept.trim(Instant::now());
        assert_eq!(kept.ids(), BTreeSet::from([1]));
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_forgotten_does_not_come_back() {
        let kept = room_for(3);
        let live = project(1, 1);
        live.dropped.cancel();
        kept.remove(ProjectId(1));
        kept.note_use(&live);
        assert_eq!(kept.ids(), BTreeSet::new());
    }
}
