//! Deltas on their way to dashboards: each waits once, however many have not taken it, and all of them take no more than a
//! bound in bytes. A dashboard that misses one gets a snapshot instead.

use std::{
    collections::VecDeque,
    mem::size_of,
    sync::{Arc, Mutex, MutexGuard, Weak},
};

use protocol::{
    live::Event,
    model::{Applied, Desired, LogLine, Value, VarName, VarSpec},
};
use tokio::sync::broadcast::{self, error::RecvError};

use super::{delta::Delta, weight::text_of_outcome};
use crate::outgoing::{Outgoing, OutgoingBytes};

/// Deltas that a dashboard may lag behind.
const BACKLOG_DELTAS: usize = 128;
/// … and bytes of one project's, but for its newest delta.
const BACKLOG_BYTES: usize = 8 * 1024 * 1024;
/// One project may take one part in so many of what there is for all.
const PROJECT_PARTS: usize = 4;

/// One project's.
pub(super) struct Backlog {
    sender: broadcast::Sender<Arc<Slot>>,
    /// In the order in which they were sent. A slot that everybody has taken is gone.
    slots: Mutex<VecDeque<Weak<Slot>>>,
    all: Arc<Outgoing>,
}

struct Slot {
    bytes: usize,
    /// `None`: a dashboard that has not taken it by now gets a snapshot.
    delta: Mutex<Option<(Arc<Delta>, OutgoingBytes)>>,
}

impl Slot {
    fn delta(&self) -> MutexGuard<'_, Option<(Arc<Delta>, OutgoingBytes)>> {
        self.delta.lock().expect("no holder of this lock panics")
    }
}

/// One dashboard's end.
pub(crate) struct Deltas(broadcast::Receiver<Arc<Slot>>);

/// Deltas were missed.
#[derive(Debug)]
pub(crate) struct Lagged;

impl Backlog {
    /// Beside the backlogs of other projects in so many bytes.
    pub(super) fn within(all: Arc<Outgoing>) -> Self {
        Self { sender: broadcast::Sender::new(BACKLOG_DELTAS), slots: Mutex::default(), all }
    }

    pub(super) fn subscribe(&self) -> Deltas {
        Deltas(self.sender.subscribe())
    }

    pub(super) fn receivers(&self) -> usize {
        self.sender.receiver_count()
    }

    fn slots(&self) -> MutexGuard<'_, VecDeque<Weak<Slot>>> {
        self.slots.lock().expect("no holder of this lock panics")
    }

    /// To every dashboard; `bytes` is what its events [weigh](weight). If there is no room for it, dashboards get a snapshot instead.
    pub(super) fn send(&self, delta: Delta, bytes: usize) {
        if self.receivers() == 0 {
            return;
        }
        let mut slots = self.slots();
        slots.retain(|slot| slot.strong_count() > 0);
        let most = BACKLOG_BYTES.min(self.all.max_bytes() / PROJECT_PARTS);
        let mut held = held(&slots);
        while held + bytes > most && !slots.is_empty() {
            held -= give_up(&mut slots);
        }
        let mut taken = self.all.take(bytes);
        while taken.is_none() && !slots.is_empty() {
            give_up(&mut slots);
            taken = self.all.take(bytes);
        }
        if taken.is_none() {
            self.all.note_postponed();
        }
        let delta = taken.map(|taken| (Arc::new(delta), taken));
        let slot =
            Arc::new(Slot { bytes: if delta.is_some() { bytes } else { 0 }, delta: Mutex::new(delta) });
        slots.push_back(Arc::downgrade(&slot));
        // it fails if the last one has just left
        let _ = self.sender.send(slot);
    }

    /// Bytes that somebody has not taken yet.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        held(&self.slots())
    }
}

/// Drops the oldest. How much it held.
fn give_up(slots: &mut VecDeque<Weak<Slot>>) -> usize {
    let Some(slot) = slots.pop_front().and_then(|slot| slot.upgrade()) else { return 0 };
    *slot.delta() = None;
    slot.bytes
}

fn held(slots: &VecDeque<Weak<Slot>>) -> usize {
    slots.iter().filter_map(Weak::upgrade).map(|slot| slot.bytes).sum()
}

impl Deltas {
    /// The next one. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Result<Arc<Delta>, Lagged> {
        match self.0.recv().await {
            Ok(slot) => slot.delta().as_ref().map(|(delta, _)| Arc::clone(delta)).ok_or(Lagged),
            Err(RecvError::Lagged(_)) => Err(Lagged),
            // the sender is inside the project, which the dashboard holds
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// What an event takes in memory, twice: it is kept as it is and as bytes for dashboards.
pub(super) fn weight(event: &Event) -> usize {
    2 * match event {
        Event::Logs(lines) => lines.iter().map(weight_of_line).sum(),
        Event::Reported { declared, values, .. } => {
            let declared = declared.iter().map(|(of, spec)| weight_of_declared(of, spec));
            let values = values.iter().map(|(of, value)| weight_of_value(of, value));
            declared.chain(values).sum()
        }
        Event::Edited { desired } => desired.iter().map(|(of, desired)| weight_of_edited(of, desired)).sum(),
        Event::Applied { devices, vars } => {
            let marks = vars.iter().map(|(of, marks)| weight_of_marks(of, marks));
            16 * devices.len() + marks.sum::<usize>()
        }
        Event::ActionDone { outcome: Ok(text), .. } => text.as_ref().map_or(0, String::len),
        Event::ActionDone { outcome: Err(text), .. } => text.len(),
        _ => 0,
    } + size_of::<Event>()
}

pub(super) fn weight_of_line(line: &LogLine) -> usize {
    size_of::<LogLine>() + line.message.len() + line.fields.as_ref().map_or(0, String::len)
}

pub(super) fn weight_of_declared(name: &VarName, spec: &VarSpec) -> usize {
    weight_of_name(name) + spec.weight()
}

pub(super) fn weight_of_value(name: &VarName, value: &Value) -> usize {
    weight_of_name(name) + size_of::<Value>() + value.weight()
}

pub(super) fn weight_of_edited(name: &VarName, desired: &Desired) -> usize {
    weight_of_name(name) + size_of::<Desired>() + desired.value.as_ref().map_or(0, Value::weight)
}

pub(super) fn weight_of_marks(name: &VarName, marks: &[Applied]) -> usize {
    weight_of_name(name) + marks.iter().map(weight_of_mark).sum::<usize>()
}

fn weight_of_name(name: &VarName) -> usize {
    2 * size_of::<VarName>() + name.as_str().len()
}

fn weight_of_mark(mark: &Applied) -> usize {
    size_of::<Applied>() + text_of_outcome(&mark.outcome)
}

#[cfg(test)]
mod tests {
    use protocol::model::{DeviceId, Level, UnixMicros};

    use super::*;

    /// A log line of a megabyte.
    fn long(seq: u64) -> Delta {
        let line = LogLine {
            seq,
            device: DeviceId(1),
            at: UnixMicros(0),
            received: UnixMicros(0),
            level: Level::Info,
            message: "x".repeat(1024 * 1024),
            fields: None,
        };
        Delta::new(seq, vec![Event::Logs(vec![line])])
    }

    fn send(backlog: &Backlog, delta: Delta) {
        let bytes = delta.events.iter().map(weight).sum();
        backlog.send(delta, bytes);
    }

    #[tokio::test]
    async fn who_does_not_read_holds_a_bound_and_gets_a_snapshot() {
        let backlog = Backlog::within(Arc::default());
        let (mut reads, mut stopped) = (backlog.subscribe(), backlog.subscribe());
        for seq in 1..=100 {
            send(&backlog, long(seq));
            assert_eq!(reads.next().await.unwrap().seq, seq, "who reads misses nothing");
            assert!(backlog.bytes() <= BACKLOG_BYTES, "{} after {seq}", backlog.bytes());
        }
        assert!(backlog.bytes() >= BACKLOG_BYTES / 2);
        assert!(stopped.next().await.is_err());
        drop(stopped);
        assert_eq!(reads.next_now(), None);
        assert_eq!(backlog.bytes(), 0, "nobody has anything to take");
    }

    #[tokio::test]
    async fn all_projects_share_a_bound() {
        const MOST: usize = 12 * 1024 * 1024;
        let all = Arc::new(Outgoing::within(MOST));
        let backlogs: Vec<Backlog> = (0..8).map(|_| Backlog::within(Arc::clone(&all))).collect();
        let mut stopped: Vec<Deltas> = backlogs.iter().map(Backlog::subscribe).collect();
        for seq in 1..=10 {
            for backlog in &backlogs {
                send(backlog, long(seq));
                assert!(all.used() <= MOST, "{} after {seq}", all.used());
            }
        }
        assert!(all.used() >= MOST / 2);
        assert!(all.postponed() > 0, "not everybody has one of them");
        let mut reads = backlogs[0].subscribe();
        drop(stopped.split_off(1));
        send(&backlogs[0], long(11));
        assert_eq!(reads.next().await.unwrap().seq, 11);
        drop((stopped, reads));
        assert_eq!(all.used(), 0);
    }

    #[tokio::test]
    async fn one_that_is_longer_than_all_may_be_is_told() {
        let backlog = Backlog::within(Arc::default());
        let mut reads = backlog.subscribe();
        let mut huge = long(1);
        huge.events = (0..20).flat_map(|_| long(1).events).collect();
        send(&backlog, huge);
        assert_eq!(reads.next().await.unwrap().seq, 1);
        send(&backlog, long(2));
        assert_eq!(reads.next().await.unwrap().seq, 2);
    }

    impl Deltas {
        fn next_now(&mut self) -> Option<u64> {
            self.0.try_recv().ok().and_then(|slot| slot.delta().as_ref().map(|(delta, _)| delta.seq))
        }
    }
}
