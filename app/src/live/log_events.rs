//! What happened beside the log: edits, and devices that connected and left. Each is a line of its own in it.

use std::collections::VecDeque;
use std::sync::Arc;

use protocol::model::{DeviceId, Revision, UnixMicros, Value, VarName};

use super::log_range::Bounds;
use crate::api::LogEdit;

/// At most so many are kept, the newest.
const MAX_EVENTS: usize = 2_000;
/// Edits of the same variables by the same person within this time are one, as those of a drag are.
const ONE_GESTURE: i64 = 2_000_000;

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct LogEvent {
    /// Counts up from 1 for what the page has witnessed, and down from -1 for what it was told later.
    pub number: i64,
    /// When, by the server's clock.
    pub at: UnixMicros,
    /// What.
    pub what: Happened,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Happened {
    /// Somebody set variables, or let go of them.
    Edited(LogEdit),
    /// A device connected.
    Connected(DeviceId, String),
    /// A device left.
    Left(DeviceId, String),
}

/// In the order of their times.
#[derive(Clone, Debug, Default)]
pub struct LogEvents {
    list: VecDeque<Arc<LogEvent>>,
    witnessed: i64,
    told: i64,
    /// The first edit that the page has witnessed.
    first_edit: Option<Revision>,
    /// Of edits, those from then on are known; `None`: all of them, or none was asked for.
    edits_since: Option<UnixMicros>,
}

impl LogEvents {
    /// Those of a range of which the page shows lines, the oldest first.
    pub fn within(&self, bounds: Bounds, until: Option<i64>) -> impl Iterator<Item = &Arc<LogEvent>> {
        let is_held_back = move |event: &LogEvent| until.is_some_and(|until| event.number > until);
        self.list.iter().filter(move |event| bounds.contains(event.at) && !is_held_back(event))
    }

    /// One of them.
    pub fn get(&self, number: i64) -> Option<&Arc<LogEvent>> {
        self.list.iter().rev().find(|event| event.number == number)
    }

    /// The number of the last one that the page has witnessed.
    pub fn last(&self) -> i64 {
        self.witnessed
    }

    /// Of edits, those from then on are known; `None`: all.
    pub fn edits_since(&self) -> Option<UnixMicros> {
        self.edits_since
    }

    /// Something happened just now.
    pub fn witness(&mut self, at: UnixMicros, what: Happened) {
        self.witnessed += 1;
        if let Happened::Edited(edit) = &what {
            self.first_edit.get_or_insert(edit.revision);
        }
        if self.list.back().is_some_and(|last| is_one_gesture(last, at, &what)) {
            self.list.pop_back();
        }
        self.insert(LogEvent { number: self.witnessed, at, what });
    }

    /// What was edited before the page was opened, as far back as `since`; what it has witnessed itself is known.
    pub fn tell(&mut self, edits: Vec<LogEdit>, since: Option<UnixMicros>) {
        self.edits_since = since;
        for edit in edits {
            let is_known = self.first_edit.is_some_and(|first| edit.revision >= first);
            if !is_known {
                self.told -= 1;
                self.insert(LogEvent { number: self.told, at: edit.at, what: Happened::Edited(edit) });
            }
        }
    }

    fn insert(&mut self, event: LogEvent) {
        let place = self.list.partition_point(|other| other.at <= event.at);
        self.list.insert(place, Arc::new(event));
        if self.list.len() > MAX_EVENTS {
            self.list.pop_front();
        }
    }
}

fn is_one_gesture(last: &LogEvent, at: UnixMicros, what: &Happened) -> bool {
    let (Happened::Edited(last_edit), Happened::Edited(edit)) = (&last.what, what) else { return false };
    let names = |edit: &LogEdit| edit.changes.iter().map(|(name, _)| name.clone()).collect::<Vec<VarName>>();
    at.0 - last.at.0 < ONE_GESTURE && last_edit.author == edit.author && names(last_edit) == names(edit)
}

/// `speed = 5, sky let go`.
pub fn changes_text(changes: &[(VarName, Option<Value>)]) -> String {
    let change = |(name, value): &(VarName, Option<Value>)| match value {
        Some(value) => format!("{name} = {}", super::brief(value)),
        None => format!("{name} let go"),
    };
    changes.iter().map(change).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{int, name};
    use super::*;

    fn edit(revision: i64, at: i64, value: i64) -> LogEdit {
        LogEdit {
            revision: Revision(revision),
            at: UnixMicros(at),
            author: "ann".into(),
            changes: vec![(name("speed"), Some(int(value))), (name("sky"), None)],
        }
    }

    fn said(events: &LogEvents, until: Option<i64>) -> Vec<String> {
        let text = |event: &Arc<LogEvent>| match &event.what {
            Happened::Edited(edit) => changes_text(&edit.changes),
            Happened::Connected(_, name) => format!("+{name}"),
            Happened::Left(_, name) => format!("-{name}"),
        };
        events.within(Bounds::default(), until).map(text).collect()
    }

    #[test]
    fn a_drag_is_one_line_and_what_was_before_stands_before_it() {
        let mut events = LogEvents::default();
        events.witness(UnixMicros(10), Happened::Connected(DeviceId(1), "a".into()));
        events.witness(UnixMicros(1_000_000), Happened::Edited(edit(5, 1_000_000, 1)));
        events.witness(UnixMicros(1_500_000), Happened::Edited(edit(6, 1_500_000, 2)));
        assert_eq!(said(&events, None), ["+a", "speed = 2, sky let go"]);
        events.witness(UnixMicros(9_000_000), Happened::Edited(edit(7, 9_000_000, 3)));
        events.tell(vec![edit(7, 9_000_000, 3), edit(4, 5, 0)], Some(UnixMicros(4)));
        let all = ["speed = 0, sky let go", "+a", "speed = 2, sky let go", "speed = 3, sky let go"];
        assert_eq!(
            (said(&events, None), events.edits_since()),
            (all.map(String::from).into(), Some(UnixMicros(4)))
        );
        assert_eq!(said(&events, Some(1)), all[..2], "what came after somebody paused waits");
        let bounds = Bounds { since: Some(UnixMicros(10)), before: Some(UnixMicros(2_000_000)) };
        assert_eq!(events.within(bounds, None).count(), 2);
        assert_eq!(events.get(-1).map(|event| event.at), Some(UnixMicros(5)));
    }

    #[test]
    fn only_the_newest_are_kept() {
        let mut events = LogEvents::default();
        for at in 0..3_000 {
            events.witness(UnixMicros(at), Happened::Left(DeviceId(1), at.to_string()));
        }
        let kept = said(&events, None);
        assert_eq!((kept.len(), kept[0].as_str()), (MAX_EVENTS, "-1000"));
    }
}
