//! Declarations that wait until a person consents, where a project's are frozen. In memory: it begins anew with the server,
//! and games say what they declare again when they connect.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{Arc, Mutex, MutexGuard},
};

use indexmap::IndexMap;
use protocol::model::{DeviceId, ProjectId, UnixMicros, Value, VarName, VarSpec};

/// Declarations of one project that may wait.
const MAX_WAITING: usize = 500;
/// The same in bytes. Beyond either, of the device that takes the most the oldest gives way.
const MAX_WAITING_BYTES: usize = 4 * 1024 * 1024;
/// Dismissed ones that are remembered, so that they don't come back with the next report.
const MAX_DISMISSED: usize = 2_000;

/// What waits in one project.
#[derive(Debug, Default)]
pub(crate) struct Waiting(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    waiting: IndexMap<(DeviceId, VarName), Declaration>,
    bytes: usize,
    /// What each device takes, where one counts at least its part of the places.
    taken: HashMap<DeviceId, usize>,
    dismissed: HashSet<u64>,
    dismissed_order: VecDeque<u64>,
    gave_way: u64,
}

/// A declaration that waits, and the value that came with it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Declaration {
    pub(crate) spec: VarSpec,
    pub(crate) value: Value,
    /// When it was first said.
    pub(crate) at: UnixMicros,
}

impl Declaration {
    fn weight(&self) -> usize {
        self.spec.weight() + self.value.weight() + 256
    }

    /// What it counts where the places are scarce, too.
    fn share(&self) -> usize {
        self.weight().max(MAX_WAITING_BYTES / MAX_WAITING)
    }
}

impl Waiting {
    /// A device declares this. One that was dismissed does not wait again.
    pub(crate) fn add(&self, device: DeviceId, name: VarName, spec: VarSpec, value: Value, at: UnixMicros) {
        let mut entries = self.entries();
        if !entries.dismissed.is_empty() && entries.dismissed.contains(&digest(&name, &spec)) {
            return;
        }
        let key = (device, name);
        let at = entries.waiting.get(&key).filter(|known| known.spec == spec).map_or(at, |known| known.at);
        entries.remove(&key);
        let declaration = Declaration { spec, value, at };
        entries.bytes += declaration.weight();
        *entries.taken.entry(device).or_default() += declaration.share();
        entries.waiting.insert(key, declaration);
        while entries.waiting.len() > MAX_WAITING || entries.bytes > MAX_WAITING_BYTES {
            entries.give_way();
        }
    }

    /// What waits, in the order in which it was said, and how many gave way to others.
    pub(crate) fn list(&self) -> (Vec<(DeviceId, VarName, Declaration)>, u64) {
        let entries = self.entries();
        let listed = entries.waiting.iter();
        let listed = listed.map(|((device, name), said)| (*device, name.clone(), said.clone())).collect();
        (listed, entries.gave_way)
    }

    /// How many wait.
    pub(crate) fn count(&self) -> u32 {
        // at most 500
        self.entries().waiting.len() as u32
    }

    pub(crate) fn get(&self, device: DeviceId, name: &VarName) -> Option<Declaration> {
        self.entries().waiting.get(&(device, name.clone())).cloned()
    }

    /// Somebody has consented: nobody else's of the same words waits any more.
    pub(crate) fn settle(&self, name: &VarName, spec: &VarSpec) {
        let mut entries = self.entries();
        let same = |(key, said): (&(DeviceId, VarName), &Declaration)| {
            (key.1 == *name && said.spec.declares_as(spec)).then(|| key.clone())
        };
        let settled: Vec<_> = entries.waiting.iter().filter_map(same).collect();
        settled.iter().for_each(|key| entries.remove(key));
    }

    /// Somebody does not want it; whether it was there.
    pub(crate) fn dismiss(&self, device: DeviceId, name: &VarName) -> bool {
        let mut entries = self.entries();
        let key = (device, name.clone());
        let Some(spec) = entries.waiting.get(&key).map(|said| said.spec.clone()) else { return false };
        let digest = digest(name, &spec);
        if entries.dismissed.insert(digest) {
            entries.dismissed_order.push_back(digest);
        }
        if entries.dismissed_order.len() > MAX_DISMISSED
            && let Some(oldest) = entries.dismissed_order.pop_front()
        {
            entries.dismissed.remove(&oldest);
        }
        // also where another device says the same
        let same: Vec<_> =
            entries.waiting.iter().filter(|(key, said)| key.1 == *name && said.spec == spec).collect();
        let same: Vec<_> = same.into_iter().map(|(key, _)| key.clone()).collect();
        same.iter().for_each(|key| entries.remove(key));
        true
    }

    /// Nothing waits any more, and nothing is remembered.
    pub(crate) fn clear(&self) {
        *self.entries() = Entries::default();
    }

    fn is_empty(&self) -> bool {
        let entries = self.entries();
        entries.waiting.is_empty() && entries.dismissed.is_empty()
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().expect("no holder of this lock panics")
    }
}

impl Entries {
    fn remove(&mut self, key: &(DeviceId, VarName)) {
        let Some(gone) = self.waiting.shift_remove(key) else { return };
        self.bytes -= gone.weight();
        if let Some(taken) = self.taken.get_mut(&key.0) {
            *taken -= gone.share();
            if *taken == 0 {
                self.taken.remove(&key.0);
            }
        }
    }

    /// The oldest goes of the device that takes the most: one that says very much does not push out what others say.
    fn give_way(&mut self) {
        let most = self.taken.iter().max_by_key(|(device, bytes)| (**bytes, **device));
        let most = most.map(|(device, _)| *device);
        let oldest = self.waiting.keys().find(|(device, _)| Some(*device) == most).cloned();
        if let Some(oldest) = oldest {
            self.remove(&oldest);
            self.gave_way += 1;
        }
    }
}

fn digest(name: &VarName, spec: &VarSpec) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    serde_json::to_string(spec).expect("a declaration is plain data").hash(&mut hasher);
    hasher.finish()
}

/// What waits in each project.
#[derive(Debug, Default)]
pub(crate) struct AllWaiting(Mutex<HashMap<ProjectId, Arc<Waiting>>>);

impl AllWaiting {
    /// Of one project, empty if nothing waits.
    pub(crate) fn of(&self, project: ProjectId) -> Arc<Waiting> {
        let mut all = self.all();
        // one that is empty and that nobody uses is let go when the next one is needed
        all.retain(|id, waiting| *id == project || Arc::strong_count(waiting) > 1 || !waiting.is_empty());
        Arc::clone(all.entry(project).or_default())
    }

    /// The project was deleted.
    pub(crate) fn forget(&self, project: ProjectId) {
        self.all().remove(&project);
    }

    /// A backup was restored: the numbers of devices mean others.
    pub(crate) fn clear(&self) {
        self.all().clear();
    }

    fn all(&self) -> MutexGuard<'_, HashMap<ProjectId, Arc<Waiting>>> {
        self.0.lock().expect("no holder of this lock panics")
    }
}

#[cfg(test)]
mod tests {
    use protocol::model::VarType;

    use super::*;

    fn add(waiting: &Waiting, device: i64, name: &str, help: usize) {
        let spec = VarSpec { help: Some("x".repeat(help)), ..VarSpec::bare(VarType::Integer) };
        let name = VarName::parse(name).unwrap();
        waiting.add(DeviceId(device), name, spec, Value::Bool(true), UnixMicros(0));
    }

    fn names(waiting: &Waiting) -> Vec<String> {
        waiting.list().0.into_iter().map(|(device, name, _)| format!("{device} {name}")).collect()
    }

    #[test]
    fn who_says_very_much_pushes_out_what_they_say_themselves() {
        for (help, count) in [(0, 2_000), (64 * 1024, 200)] {
            let waiting = Waiting::default();
            add(&waiting, 1, "of the real game", 0);
            (0..count).for_each(|n| add(&waiting, 2, &format!("v{n}"), help));
            (0..count).for_each(|n| add(&waiting, 3, &format!("v{n}"), help));
            let names = names(&waiting);
            assert!(names.contains(&"1 of the real game".to_owned()));
            assert!(names.contains(&format!("3 v{}", count - 1)), "the newest of each is there");
            let entries = waiting.entries();
            assert!(entries.waiting.len() <= MAX_WAITING && entries.bytes <= MAX_WAITING_BYTES);
            assert_eq!(entries.gave_way, 2 * count + 1 - entries.waiting.len() as u64);
        }
    }

    #[test]
    fn what_was_dismissed_does_not_come_back_in_the_same_words() {
        let waiting = Waiting::default();
        (1..=2).for_each(|device| add(&waiting, device, "speed", 1));
        let speed = VarName::parse("speed").unwrap();
        assert!(waiting.dismiss(DeviceId(1), &speed));
        assert!(!waiting.dismiss(DeviceId(1), &speed));
        add(&waiting, 3, "speed", 1);
        assert_eq!(names(&waiting), Vec::<String>::new());
        add(&waiting, 3, "speed", 2);
        assert_eq!(names(&waiting), ["3 speed"]);
        for n in 0..2 * MAX_DISMISSED {
            add(&waiting, 4, &format!("v{n}"), 0);
            assert!(waiting.dismiss(DeviceId(4), &VarName::parse(&format!("v{n}")).unwrap()));
        }
        assert_eq!(waiting.entries().dismissed.len(), MAX_DISMISSED);
    }

    #[test]
    fn what_somebody_has_consented_to_waits_nowhere() {
        let waiting = Waiting::default();
        (1..=2).for_each(|device| add(&waiting, device, "speed", 1));
        add(&waiting, 3, "speed", 2);
        let speed = VarName::parse("speed").unwrap();
        let spec = waiting.get(DeviceId(1), &speed).unwrap().spec;
        waiting.settle(&speed, &spec);
        assert_eq!(names(&waiting), ["3 speed"]);
    }
}
