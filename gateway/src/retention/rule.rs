//! Which lines of the log a policy removes.

use protocol::model::{Level, LogPin, RetentionPolicy, UnixMicros};

use crate::store::{BlockCounts, LevelCount, LineMark};

/// A policy at a time, and what it must not touch.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    /// Lines of a level that were received before this time are too old.
    too_old: [UnixMicros; 6],
    pins: Vec<LogPin>,
}

impl Rule {
    /// Of a policy, if it is `now` now.
    pub(super) fn new(policy: &RetentionPolicy, pins: Vec<LogPin>, now: UnixMicros) -> Self {
        let too_old = Level::ALL.map(|level| policy.too_old(level, now).unwrap_or(UnixMicros(i64::MIN)));
        Self { too_old, pins }
    }

    /// The pins that it must not touch.
    pub(super) fn pins(&self) -> &[LogPin] {
        &self.pins
    }

    /// Lines of this level that were received before are too old.
    pub(super) fn too_old(&self, level: Level) -> UnixMicros {
        self.too_old[level as usize]
    }

    /// No line that was received at this time or later is too old.
    pub(super) fn latest(&self) -> UnixMicros {
        self.too_old.into_iter().max().unwrap_or(UnixMicros(i64::MIN))
    }

    /// Whether a line is too old, and not pinned.
    pub(super) fn forgets(&self, line: &LineMark) -> bool {
        line.received < self.too_old(line.level) && !self.is_pinned(line)
    }

    /// Whether a pin keeps a line.
    pub(super) fn is_pinned(&self, line: &LineMark) -> bool {
        self.pins.iter().any(|pin| pin.keeps(line.seq, line.device))
    }

    /// Whether a block may have lines that are too old and not pinned.
    pub(super) fn may_forget(&self, block: &BlockCounts) -> bool {
        let has_old = |count: &LevelCount| count.lines > 0 && count.earliest < self.too_old(count.level);
        block.levels.iter().any(has_old) && !self.keeps_all(block)
    }

    /// Whether all lines of a block are too old: then those that are left are pinned.
    pub(super) fn is_over(&self, block: &BlockCounts) -> bool {
        block.levels.iter().all(|count| count.latest < self.too_old(count.level))
    }

    /// Whether every line of a block is pinned.
    pub(super) fn keeps_all(&self, block: &BlockCounts) -> bool {
        self.pinned(block) == block.last_seq - block.first_seq + 1
    }

    /// How many numbers of a block are pinned for every device.
    pub(super) fn pinned(&self, block: &BlockCounts) -> u64 {
        let within = |pin: &LogPin| (pin.first_seq.max(block.first_seq), pin.last_seq.min(block.last_seq));
        let mut ranges: Vec<(u64, u64)> =
            self.pins.iter().filter(|pin| pin.device.is_none()).map(within).collect();
        ranges.sort_unstable();
        let (mut count, mut next) = (0, block.first_seq);
        for (first, last) in ranges {
            let first = first.max(next);
            if first <= last {
                count += last - first + 1;
                next = last + 1;
            }
        }
        count
    }
}

#[cfg(test)]
pub(super) mod tests {
    use protocol::model::DeviceId;

    use super::*;

    pub(in crate::retention) const DAY: i64 = 24 * 3600 * 1_000_000;
    pub(in crate::retention) const NOW: UnixMicros = UnixMicros(20_000 * DAY);

    pub(in crate::retention) fn days_ago(days: i64) -> UnixMicros {
        UnixMicros(NOW.0 - days * DAY)
    }

    pub(in crate::retention) fn pin(first_seq: u64, last_seq: u64, device: Option<DeviceId>) -> LogPin {
        let (name, by) = ("crash".to_owned(), "Ana".to_owned());
        LogPin { id: 1, name, first_seq, last_seq, device, at: NOW, by }
    }

    pub(in crate::retention) fn count(
        level: Level,
        lines: u64,
        earliest: UnixMicros,
        latest: UnixMicros,
    ) -> LevelCount {
        LevelCount { level, lines, bytes: 100 * lines, earliest, latest }
    }

    pub(in crate::retention) fn debug_one_day() -> RetentionPolicy {
        RetentionPolicy { log_days: [None, Some(1), None, None, Some(90), None], ..RetentionPolicy::KEEP_ALL }
    }

    fn mark(seq: u64, level: Level, received: UnixMicros) -> LineMark {
        LineMark { seq, device: DeviceId(1), level, received, bytes: 100 }
    }

    #[test]
    fn a_line_goes_by_its_level_and_never_if_it_is_pinned() {
        let pins = vec![pin(5, 6, None), pin(7, 7, Some(DeviceId(1))), pin(8, 8, Some(DeviceId(2)))];
        let rule = Rule::new(&debug_one_day(), pins, NOW);
        let just_old = UnixMicros(days_ago(1).0 - 1);
        assert!(rule.forgets(&mark(1, Level::Debug, just_old)));
        assert!(!rule.forgets(&mark(1, Level::Debug, days_ago(1))));
        assert!(!rule.forgets(&mark(1, Level::Info, days_ago(1_000))));
        assert!(!rule.forgets(&mark(1, Level::Error, days_ago(90))));
        assert!(rule.forgets(&mark(1, Level::Error, days_ago(91))));
        let kept: Vec<u64> =
            (1..=9).filter(|seq| !rule.forgets(&mark(*seq, Level::Debug, just_old))).collect();
        assert_eq!(kept, [5, 6, 7]);
        assert_eq!(rule.latest(), days_ago(1));
    }

    #[test]
    fn only_blocks_with_something_to_forget_are_read() {
        let block = |levels| BlockCounts { first_seq: 11, last_seq: 20, levels };
        let rule = |pins| Rule::new(&debug_one_day(), pins, NOW);
        let old = block(vec![count(Level::Debug, 10, days_ago(3), days_ago(2))]);
        let partly = block(vec![count(Level::Debug, 10, days_ago(3), NOW)]);
        let young = block(vec![count(Level::Debug, 10, days_ago(1), NOW)]);
        let other = block(vec![count(Level::Info, 10, days_ago(99), days_ago(98))]);
        let may = |rule: &Rule| [&old, &partly, &young, &other].map(|block| rule.may_forget(block));
        assert_eq!(may(&rule(vec![])), [true, true, false, false]);
        assert_eq!([&old, &partly].map(|block| rule(vec![]).is_over(block)), [true, false]);
        // pins that overlap, and one of a device, which says nothing of the others
        let halves = vec![pin(1, 15, None), pin(12, 18, None), pin(18, 40, None)];
        assert_eq!(may(&rule(halves)), [false; 4]);
        let of_one = rule(vec![pin(1, 40, Some(DeviceId(1))), pin(13, 14, None), pin(30, 40, None)]);
        assert_eq!((of_one.pinned(&old), of_one.may_forget(&old)), (2, true));
    }
}
