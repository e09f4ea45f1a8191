//! Whether the newest lines pass a filter: found out once for everyone who follows the log with the same one.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use protocol::{
    filter::Filter,
    model::{LogLine, ProjectId, UnixMicros},
};

/// Lines whose verdicts are kept: who falls further behind finds out again.
const KEPT: usize = 1_024;

/// The verdicts of all filters with which somebody follows a log.
#[derive(Debug, Default)]
pub(crate) struct Verdicts(Mutex<Known>);

type Known = HashMap<(ProjectId, Filter), Weak<LogVerdicts>>;

impl Verdicts {
    /// Those of a filter; `None` if they depend on more than the line.
    pub(crate) fn of(&self, project: ProjectId, filter: &Filter) -> Option<Arc<LogVerdicts>> {
        if !filter.is_of_line() {
            return None;
        }
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (project, filter.clone());
        if let Some(known) = all.get(&key).and_then(Weak::upgrade) {
            return Some(known);
        }
        // those that nobody uses any more go, so there are no more of them than followers
        all.retain(|_, shared| shared.strong_count() > 0);
        let shared = Arc::default();
        all.insert(key, Arc::downgrade(&shared));
        Some(shared)
    }
}

/// The verdicts of one filter on the newest lines of a project, for everyone who follows its log with this filter.
#[derive(Debug, Default)]
pub struct LogVerdicts(Mutex<Recent>);

#[derive(Debug, Default)]
struct Recent {
    /// The number of the oldest line.
    first: u64,
    /// Of consecutive lines: when it was received, and whether it passes. After a backup was restored, another line has the
    /// number.
    passed: VecDeque<(UnixMicros, bool)>,
}

impl LogVerdicts {
    /// Whether a line passes; asks `judge` if that is not known yet.
    pub fn passes(&self, line: &LogLine, judge: impl FnOnce() -> bool) -> bool {
        // who comes second waits for the verdict instead of finding it out, too
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = line.seq.checked_sub(recent.first).and_then(|at| usize::try_from(at).ok());
        if let Some((received, passes)) = at.and_then(|at| recent.passed.get(at))
            && *received == line.received
        {
            return *passes;
        }
        let passes = judge();
        match at {
            Some(at) if at == recent.passed.len() => {}
            Some(at) if at > recent.passed.len() => *recent = Recent { first: line.seq, ..Recent::default() },
            _ => return passes,
        }
        recent.passed.push_back((line.received, passes));
        if recent.passed.len() > KEPT {
            recent.passed.pop_front();
            recent.first += 1;
        }
        passes
    }
}

#[cfg(test)]
mod tests {
    use protocol::model::{DeviceId, Level};

    use super::*;

    fn line(seq: u64) -> LogLine {
        LogLine {
            seq,
            device: DeviceId(1),
            at: UnixMicros(0),
            received: UnixMicros(5),
            level: Level::Info,
            message: String::new(),
            fields: None,
        }
    }

    fn filter(text: &str) -> Filter {
        Filter::parse(text).unwrap()
    }

    #[test]
    fn equal_filters_of_a_project_share_their_verdicts() {
        let verdicts = Verdicts::default();
        let first = verdicts.of(ProjectId(1), &filter("boss level>warn")).unwrap();
        let same = verdicts.of(ProjectId(1), &filter("BOSS AND level>=error")).unwrap();
        assert!(Arc::ptr_eq(&first, &same));
        for (project, text) in [(2, "boss level>warn"), (1, "boss")] {
            assert!(!Arc::ptr_eq(&first, &verdicts.of(ProjectId(project), &filter(text)).unwrap()));
        }
        for text in ["device:phone", "since:5m", "a OR -before:5m"] {
            assert!(verdicts.of(ProjectId(1), &filter(text)).is_none(), "{text}");
        }
        drop((first, same));
        verdicts.of(ProjectId(3), &filter("x"));
        assert_eq!(verdicts.0.lock().unwrap().len(), 1, "nobody uses the others");
    }

    #[test]
    fn a_line_is_judged_once() {
        let shared = LogVerdicts::default();
        for seq in [7, 8, 9] {
            assert!(!shared.passes(&line(seq), || false));
        }
        for seq in [7, 9, 8] {
            assert!(!shared.passes(&line(seq), || panic!("it is known")), "{seq}");
        }
        assert!(
            shared.passes(&line(6), || true) && shared.passes(&line(20), || true),
            "older, and after a gap"
        );
        assert!(shared.passes(&line(20), || false), "it is known");
        let other = LogLine { received: UnixMicros(6), ..line(20) };
        assert!(!shared.passes(&other, || false), "another line of the same number");
    }

    #[test]
    fn only_the_newest_are_kept() {
        let shared = LogVerdicts::default();
        (1..=2_000).for_each(|seq| assert!(shared.passes(&line(seq), || true)));
        assert_eq!(shared.0.lock().unwrap().passed.len(), KEPT);
        assert!(shared.passes(&line(2_000 - KEPT as u64 + 1), || false));
        assert!(!shared.passes(&line(2_000 - KEPT as u64), || false));
    }
}
