//! Room for what waits to be written, shared fairly between projects and between the connections of each.
//!
//! Each connection has a little of its own; beyond that by dynamic thresholds (Choudhury and Hahne, "Dynamic Queue Length Thresholds for Shared-Memory Packet Switches",
//! 1998): everybody may hold as much as is still free. Connections that send without end then hold equal shares, and
//! one share more is left over for the next one that begins to send; nobody has to be counted or told.

use std::{
    collections::{HashMap, VecDeque},
    mem,
    sync::{Arc, Mutex, MutexGuard},
};

use protocol::model::ProjectId;
use tokio::sync::oneshot;

/// Of the bytes that may wait to be written, one project may have one part in so many, while others leave so much.
const PROJECT_PARTS: usize = 2;
/// What every connection may hold before shares are asked for, so that a calm one need not wait until others hold less.
const FLOOR_BYTES: usize = 8 * 1024;
/// One part in so many of a project's room is kept for that.
const FLOOR_PARTS: usize = 4;
/// The least that a line counts for: what is kept beside its text.
const MIN_LINE_BYTES: usize = 1024;

/// Where one connection's writes wait: behind each other, and beside those of the project's other connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Lane {
    pub(super) project: ProjectId,
    pub(crate) number: u64,
}

impl Lane {
    /// What is noted of a project's devices: one lane for all of it, so that what was seen last is written last.
    pub(super) fn of_notes(project: ProjectId) -> Self {
        Self { project, number: u64::MAX }
    }

    /// What a project's people edit.
    pub(super) fn of_people(project: ProjectId) -> Self {
        Self { project, number: u64::MAX - 1 }
    }

    /// Games of a project that connect.
    pub(super) fn of_arrivals(project: ProjectId) -> Self {
        Self { project, number: u64::MAX - 2 }
    }

    /// Whether it has room of its own, beside what lines share.
    fn is_beside(self) -> bool {
        self == Self::of_people(self.project) || self == Self::of_arrivals(self.project)
    }
}

/// The room of all projects.
#[derive(Clone, Debug)]
pub(super) struct Rooms {
    ledger: Arc<Mutex<Ledger>>,
    max_bytes: usize,
}

/// Room in the queue, given back when the write is done.
#[derive(Debug)]
pub struct Room {
    rooms: Rooms,
    lane: Lane,
    bytes: usize,
}

/// Who holds how much, and who waits for more. What holds nothing is not listed.
#[derive(Debug, Default)]
struct Ledger {
    /// Of all projects.
    max_bytes: usize,
    used: usize,
    /// What lines don't share: edits, and games that connect.
    beside: usize,
    projects: HashMap<ProjectId, usize>,
    lanes: HashMap<Lane, usize>,
    /// In the order in which they came; at most one of each connection.
    waiting: VecDeque<Waiter>,
    is_closed: bool,
}

#[derive(Debug)]
struct Waiter {
    lane: Lane,
    bytes: usize,
    grant: oneshot::Sender<Room>,
}

impl Rooms {
    /// Of so many bytes, of all projects.
    pub(super) fn new(max_bytes: usize) -> Self {
        let ledger = Ledger { max_bytes, ..Ledger::default() };
        Self { ledger: Arc::new(Mutex::new(ledger)), max_bytes }
    }

    pub(super) fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().expect("no holder of this lock panics")
    }

    /// Room for so many bytes, if this connection may have it now.
    pub(super) fn try_reserve(&self, lane: Lane, bytes: usize) -> Option<Room> {
        let bytes = bytes.max(MIN_LINE_BYTES);
        self.ledger().try_take(lane, bytes).then(|| self.room(lane, bytes))
    }

    /// Room for so many bytes, as soon as this connection may have it; `None` when there will never be any again.
    pub(super) fn reserve(
        &self,
        lane: Lane,
        bytes: usize,
    ) -> impl Future<Output = Option<Room>> + Send + use<> {
        let bytes = bytes.max(MIN_LINE_BYTES);
        let (grant, granted) = oneshot::channel();
        let mut ledger = self.ledger();
        let unsent = if ledger.try_take(lane, bytes) {
            grant.send(self.room(lane, bytes)).err()
        } else {
            ledger.wait(Waiter { lane, bytes, grant });
            None
        };
        drop(ledger);
        debug_assert!(unsent.is_none(), "the receiver is still here");
        async move { granted.await.ok() }
    }

    fn room(&self, lane: Lane, bytes: usize) -> Room {
        Room { rooms: self.clone(), lane, bytes }
    }

    /// Gives back many at once: those who wait are looked through once, not once for each.
    pub(super) fn give_back(&self, rooms: Vec<Room>) {
        let mut ledger = self.ledger();
        for mut room in rooms {
            ledger.give_back(room.lane, mem::take(&mut room.bytes));
        }
        let granted = ledger.grant();
        drop(ledger);
        self.hand_out(granted);
    }

    fn hand_out(&self, granted: Vec<Waiter>) {
        for Waiter { lane, bytes, grant } in granted {
            // one that has gone gives it back by dropping it
            let _ = grant.send(self.room(lane, bytes));
        }
    }

    /// From now on nobody gets any.
    pub(super) fn close(&self) {
        let mut ledger = self.ledger();
        ledger.is_closed = true;
        ledger.waiting.clear();
    }

    /// Bytes that are taken.
    pub(super) fn used(&self) -> usize {
        let ledger = self.ledger();
        ledger.used + ledger.beside
    }

    /// Room that holds nothing yet, to be resized.
    pub(super) fn empty(&self, lane: Lane) -> Room {
        self.room(lane, 0)
    }

    /// Room for exactly so many bytes of what is not worth waiting for, if there is some.
    pub(super) fn try_reserve_little(&self, lane: Lane, bytes: usize) -> Option<Room> {
        self.ledger().try_take(lane, bytes).then(|| self.room(lane, bytes))
    }

    /// Room for what somebody waits for whom games must not hold up: all that is asked for, while no more than `most` waits
    /// in that lane. One that is longer than that is taken when nothing else waits there.
    pub(super) fn reserve_beside(&self, lane: Lane, bytes: usize, most: usize) -> Option<Room> {
        let bytes = bytes.max(MIN_LINE_BYTES);
        let mut ledger = self.ledger();
        let own = ledger.lanes.get(&lane).copied().unwrap_or(0);
        let takes = !ledger.is_closed && (own == 0 || own + bytes <= most);
        takes.then(|| {
            ledger.take(lane, bytes);
            drop(ledger);
            self.room(lane, bytes)
        })
    }
}

impl Room {
    pub(super) fn lane(&self) -> Lane {
        self.lane
    }

    /// It is known now what is kept: less than the line that brought it, or more, which is taken whether or not it is free.
    pub(super) fn resize(&mut self, bytes: usize) {
        let mut ledger = self.rooms.ledger();
        match bytes.checked_sub(self.bytes) {
            Some(more) => ledger.take(self.lane, more),
            None => ledger.give_back(self.lane, self.bytes - bytes),
        }
        let granted = if bytes < self.bytes { ledger.grant() } else { Vec::new() };
        drop(ledger);
        self.bytes = bytes;
        self.rooms.hand_out(granted);
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if self.bytes == 0 {
            return;
        }
        let mut ledger = self.rooms.ledger();
        ledger.give_back(self.lane, self.bytes);
        let granted = ledger.grant();
        drop(ledger);
        self.rooms.hand_out(granted);
    }
}

impl Ledger {
    fn has_room(&self, lane: Lane, bytes: usize) -> bool {
        let project = self.projects.get(&lane.project).copied().unwrap_or(0);
        let own = self.lanes.get(&lane).copied().unwrap_or(0);
        let limit = (self.max_bytes / PROJECT_PARTS).min(self.max_bytes.saturating_sub(self.used));
        if own + bytes <= FLOOR_BYTES {
            return project < limit;
        }
        let free = (limit - limit / FLOOR_PARTS).saturating_sub(project);
        // for who has nothing waiting, some room is enough: a long line would wait for ever while others take what becomes
        // free in pieces
        if own == 0 { free > 0 } else { own + bytes <= free }
    }

    fn try_take(&mut self, lane: Lane, bytes: usize) -> bool {
        let takes = !self.is_closed && self.has_room(lane, bytes);
        if takes {
            self.take(lane, bytes);
        }
        takes
    }

    fn take(&mut self, lane: Lane, bytes: usize) {
        if bytes == 0 {
            return;
        }
        *self.lanes.entry(lane).or_default() += bytes;
        if lane.is_beside() {
            self.beside += bytes;
        } else {
            self.used += bytes;
            *self.projects.entry(lane.project).or_default() += bytes;
        }
    }

    fn give_back(&mut self, lane: Lane, bytes: usize) {
        subtract(&mut self.lanes, lane, bytes);
        if lane.is_beside() {
            self.beside -= bytes;
        } else {
            self.used -= bytes;
            subtract(&mut self.projects, lane.project, bytes);
        }
    }

    fn wait(&mut self, waiter: Waiter) {
        if self.is_closed {
            return;
        }
        if self.waiting.len() == self.waiting.capacity() {
            // those who have gone, before the list grows
            self.waiting.retain(|waiter| !waiter.grant.is_closed());
        }
        self.waiting.push_back(waiter);
    }

    /// Takes room for everybody who may have it now, first come first served.
    fn grant(&mut self) -> Vec<Waiter> {
        let mut granted = Vec::new();
        for _ in 0..self.waiting.len() {
            let Some(waiter) = self.waiting.pop_front() else { break };
            if waiter.grant.is_closed() {
                continue;
            }
            if self.try_take(waiter.lane, waiter.bytes) {
                granted.push(waiter);
            } else {
                self.waiting.push_back(waiter);
            }
        }
        granted
    }
}

fn subtract<K: std::hash::Hash + Eq>(held: &mut HashMap<K, usize>, key: K, bytes: usize) {
    if let Some(left) = held.get_mut(&key) {
        *left -= bytes;
        if *left == 0 {
            held.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;

    use futures_util::FutureExt;

    use super::*;
    use crate::interleaved::{Step, in_every_order};

    const NODE_BYTES: usize = 32 * 1024 * 1024;
    const PROJECT_BYTES: usize = NODE_BYTES / PROJECT_PARTS;
    const LINE: usize = 4 * 1024;

    fn lane(project: i64, number: u64) -> Lane {
        Lane { project: ProjectId(project), number }
    }

    /// Takes lines of each connection in turn until none gets any more.
    fn flood(rooms: &Rooms, project: i64, lanes: std::ops::Range<u64>) -> Vec<Room> {
        let mut taken = Vec::new();
        loop {
            let before = taken.len();
            taken.extend(lanes.clone().filter_map(|number| rooms.try_reserve(lane(project, number), LINE)));
            if taken.len() == before {
                return taken;
            }
        }
    }

    #[test]
    fn games_that_flood_hold_equal_shares_and_a_calm_one_finds_room() {
        let rooms = Rooms::new(NODE_BYTES);
        let taken = flood(&rooms, 1, 0..99);
        let held = |number| LINE * taken.iter().filter(|room| room.lane.number == number).count();
        let share = (PROJECT_BYTES - PROJECT_BYTES / FLOOR_PARTS) / 100;
        // whole lines: nobody is more than one away
        assert!((0..99).all(|number| held(number).abs_diff(share) <= LINE));
        let calm: Vec<Room> = (0..100).filter_map(|_| rooms.try_reserve(lane(1, 100), LINE)).collect();
        // the others give way as their lines are written
        assert!(calm.len() * LINE >= share / 3, "{} of {share}", calm.len() * LINE);
    }

    #[test]
    fn a_calm_game_finds_room_when_long_lines_fill_every_share() {
        let rooms = Rooms::new(NODE_BYTES);
        let long = |number| rooms.try_reserve(lane(1, number), 300 * 1024);
        let taken: Vec<Room> = (0..200).filter_map(long).collect();
        assert!(rooms.try_reserve(lane(1, 300), LINE + FLOOR_BYTES).is_none(), "the shares are full");
        let calm: Vec<Room> =
            (0..100).filter_map(|number| rooms.try_reserve(lane(1, 300 + number), LINE)).collect();
        assert_eq!(calm.len(), 100);
        drop(taken);
    }

    #[test]
    fn more_games_than_there_is_room_for_wait_and_bounds_hold() {
        let rooms = Rooms::new(NODE_BYTES);
        let taken = flood(&rooms, 1, 0..10_000);
        assert!(rooms.used() >= PROJECT_BYTES && rooms.used() < PROJECT_BYTES + LINE);
        assert!(rooms.try_reserve(lane(1, 10_001), 1).is_none());
        drop(taken);
        assert_eq!(rooms.used(), 0);
        assert!(rooms.try_reserve(lane(1, 10_001), 1).is_some());
    }

    #[test]
    fn flooded_projects_leave_room_for_another_one() {
        let rooms = Rooms::new(NODE_BYTES);
        let taken: Vec<Room> = (1..=7).flat_map(|project| flood(&rooms, project, 0..50)).collect();
        assert!(rooms.used() < NODE_BYTES);
        assert!(rooms.try_reserve(lane(9, 0), LINE).is_some());
        drop(taken);
    }

    #[test]
    fn a_line_longer_than_what_is_left_is_taken_from_who_has_nothing_waiting() {
        let rooms = Rooms::new(NODE_BYTES);
        let taken = flood(&rooms, 1, 0..99);
        let long = rooms.try_reserve(lane(1, 100), 3 * 1024 * 1024).expect("there is some room");
        assert!(rooms.try_reserve(lane(1, 101), 2 * FLOOR_BYTES).is_none(), "it is more than full now");
        drop(long);
        assert!(rooms.try_reserve(lane(1, 101), 2 * FLOOR_BYTES).is_some());
        drop(taken);
    }

    #[tokio::test]
    async fn who_waits_is_served_in_turn_and_who_has_gone_is_not() {
        let rooms = Rooms::new(NODE_BYTES);
        let mut taken = flood(&rooms, 1, 0..10_000);
        let first = rooms.reserve(lane(1, 20_000), LINE);
        drop(rooms.reserve(lane(1, 20_001), LINE));
        let last = rooms.reserve(lane(1, 20_002), LINE);
        rooms.give_back(taken.split_off(taken.len() - 3));
        let (first, last) = (first.await.expect("it is open"), last.await.expect("it is open"));
        assert_eq!((first.lane.number, last.lane.number), (20_000, 20_002));
        rooms.give_back(vec![first, last]);
        rooms.give_back(taken);
        assert_eq!(rooms.used(), 0);
    }

    #[tokio::test]
    async fn what_turns_out_smaller_makes_room_and_what_is_larger_counts() {
        let rooms = Rooms::new(NODE_BYTES);
        let long = 3 * PROJECT_BYTES;
        let mut first = rooms.try_reserve(lane(1, 1), long).expect("nothing waits");
        let second = rooms.reserve(lane(1, 2), LINE);
        first.resize(10);
        let mut second = second.await.expect("it is open");
        second.resize(2 * LINE);
        assert_eq!(rooms.used(), 10 + 2 * LINE);
        first.resize(0);
        drop(second);
        assert_eq!(rooms.used(), 0);
        assert!(rooms.ledger().lanes.is_empty() && rooms.ledger().projects.is_empty());
        drop(first);
        assert_eq!(rooms.used(), 0);
    }

    #[test]
    fn people_find_room_beside_a_flood_up_to_their_own_bound() {
        let rooms = Rooms::new(NODE_BYTES);
        let taken = flood(&rooms, 1, 0..10_000);
        let edit = || rooms.reserve_beside(Lane::of_people(ProjectId(1)), LINE, 2 * LINE);
        let before = rooms.used();
        let edits = [edit(), edit(), edit()];
        assert_eq!(edits.each_ref().map(Option::is_some), [true, true, false]);
        assert_eq!(rooms.used(), before + 2 * LINE);
        drop(edits);
        assert!(rooms.reserve_beside(Lane::of_people(ProjectId(1)), 9 * LINE, 2 * LINE).is_some());
        drop(taken);
        assert_eq!(rooms.used(), 0);
    }

    #[tokio::test]
    async fn nobody_waits_for_a_closed_one() {
        let rooms = Rooms::new(NODE_BYTES);
        let taken = flood(&rooms, 1, 0..10_000);
        let waiting = rooms.reserve(lane(1, 20_000), LINE);
        rooms.close();
        assert!(waiting.await.is_none());
        assert!(rooms.reserve(lane(2, 1), LINE).await.is_none());
        assert!(rooms.try_reserve(lane(2, 1), LINE).is_none());
        drop(taken);
    }

    type Waiting = Pin<Box<dyn Future<Output = Option<Room>>>>;

    /// Two who wait for room, one of whom goes, and those who hold it.
    struct Hall {
        rooms: Rooms,
        held: Vec<Room>,
        patient: Option<Waiting>,
        impatient: Option<Waiting>,
        got: Option<Room>,
    }

    #[test]
    fn whatever_the_order_who_waits_gets_room_and_none_is_lost() {
        let patient: &[Step<Hall>] = &[
            |w| w.patient = Some(Box::pin(w.rooms.reserve(lane(1, 11), 2 * FLOOR_BYTES))),
            |w| w.got = w.patient.as_mut().and_then(FutureExt::now_or_never).flatten(),
        ];
        let impatient: &[Step<Hall>] = &[
            |w| w.impatient = Some(Box::pin(w.rooms.reserve(lane(1, 12), 2 * FLOOR_BYTES))),
            |w| w.impatient = None,
        ];
        let holders: &[Step<Hall>] = &[
            |w| w.held[0].resize(1),
            |w| w.rooms.give_back(vec![w.held.remove(1)]),
            |w| drop(w.held.remove(0)),
        ];
        let begin = || {
            let rooms = Rooms::new(NODE_BYTES);
            let held = [1, 2].map(|number| rooms.try_reserve(lane(1, number), 8 * 1024 * 1024));
            let held = held.into_iter().flatten().collect();
            Hall { rooms, held, patient: None, impatient: None, got: None }
        };
        let orders = in_every_order(&[patient, impatient, holders], begin, |mut w, order| {
            let got = w.got.take().or_else(|| w.patient.take().and_then(FutureExt::now_or_never).flatten());
            assert!(got.is_some_and(|room| room.bytes == 2 * FLOOR_BYTES), "after {order:?}");
            drop(w.patient);
            assert_eq!(w.rooms.used(), 0, "after {order:?}");
        });
        assert_eq!(orders, 210);
    }
}
