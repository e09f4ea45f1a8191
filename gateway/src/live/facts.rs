//! What is committed for a project, on its way into its state and to dashboards.

use std::sync::atomic::Ordering::Relaxed;

use protocol::{live::Event, model::ProjectId};

use super::project::Live;
use crate::{
    bus::{Committed, Topic},
    store::Write,
};

impl Topic for Live {
    fn project(&self) -> ProjectId {
        self.project.id
    }

    fn epoch(&self) -> i64 {
        self.epoch
    }

    fn is_dropped(&self) -> bool {
        self.dropped.is_cancelled()
    }

    fn is_deleted(&self) -> bool {
        self.is_deleted.load(Relaxed)
    }

    fn publish(&self, facts: Vec<Committed>) {
        let mut state = self.state();
        let mut events = Vec::new();
        for Committed { write, written } in facts {
            for mut event in state.apply(write, written).into_iter().flatten() {
                if let Event::Forgotten { devices, gave_way } = &mut event {
                    // so many of them; those that a person forgets don't count
                    *gave_way = self.refusals.forget_devices(devices, *gave_way);
                }
                append(&mut events, event);
            }
        }
        let revision = state.picture.revision();
        self.tell(&mut state, events);
        drop(state);
        self.revision.send_if_modified(|known| {
            let newer = revision > *known;
            *known = revision.max(*known);
            newer
        });
    }

    fn give_up(&self, write: &Write) {
        let mut state = self.state();
        state.connections.unannounce(write);
        let records = state.feed.add_lost(write.records() as u64);
        self.losses.fetch_add(1, Relaxed);
        self.tell(&mut state, vec![Event::Lost { records }]);
    }
}

/// Lines of many games that were committed together travel as one event.
fn append(events: &mut Vec<Event>, event: Event) {
    match (events.last_mut(), event) {
        (Some(Event::Logs(lines)), Event::Logs(more)) => lines.extend(more),
        (
            Some(Event::Forgotten { devices, gave_way }),
            Event::Forgotten { devices: more, gave_way: newer },
        ) => {
            devices.extend(more);
            *gave_way = newer;
        }
        (_, event) => events.push(event),
    }
}
