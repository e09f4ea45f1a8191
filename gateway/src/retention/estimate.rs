//! What a policy would remove, told from what is counted of the log: nobody reads the log for it.
//!
//! Within a block, lines are taken as spread evenly over its time and its numbers. Pins of one device are left out, so more
//! may stay than is said.

use protocol::model::{LogSize, RetentionEstimate, UnixMicros};

use super::rule::Rule;
use crate::store::{BlockCounts, LevelCount, LineMark};

/// Lines that stay by their age.
struct Kept {
    lines: f64,
    bytes: f64,
    /// Of these, what may still go when there is too much.
    movable: f64,
    oldest: UnixMicros,
    latest: UnixMicros,
}

/// Of counted blocks, and the lines behind them, oldest first. `most`: how large the log may be, in bytes.
pub(super) fn estimate(
    blocks: &[BlockCounts],
    tail: &[LineMark],
    rule: &Rule,
    most: Option<u64>,
) -> RetentionEstimate {
    let all = total(blocks, tail);
    let mut kept: Vec<Kept> = blocks.iter().filter_map(|block| keep_block(block, rule)).collect();
    kept.extend(tail.iter().filter(|line| !rule.forgets(line)).map(|line| keep_line(line, rule)));
    if let Some(most) = most {
        shed(&mut kept, most as f64);
    }
    let sum = |of: fn(&Kept) -> f64| kept.iter().map(of).sum::<f64>().round() as u64;
    let (lines, bytes) = (sum(|kept| kept.lines).min(all.lines), sum(|kept| kept.bytes).min(all.bytes));
    let oldest = kept.iter().filter(|kept| kept.lines >= 0.5).map(|kept| kept.oldest).min();
    RetentionEstimate {
        removed_lines: all.lines - lines,
        removed_bytes: all.bytes - bytes,
        kept: LogSize { lines, bytes, oldest },
        uncounted_lines: 0,
    }
}

/// How large a log is.
pub(super) fn total(blocks: &[BlockCounts], tail: &[LineMark]) -> LogSize {
    let of_blocks = blocks.iter().flat_map(|block| &block.levels).map(|count| count.earliest);
    LogSize {
        lines: blocks.iter().map(BlockCounts::lines).sum::<u64>() + tail.len() as u64,
        bytes: blocks.iter().map(BlockCounts::bytes).sum::<u64>()
            + tail.iter().map(|line| line.bytes).sum::<u64>(),
        oldest: of_blocks.chain(tail.iter().map(|line| line.received)).min(),
    }
}

/// What stays of a block.
fn keep_block(block: &BlockCounts, rule: &Rule) -> Option<Kept> {
    let pinned = rule.pinned(block) as f64 / (block.last_seq - block.first_seq + 1) as f64;
    let mut kept: Option<Kept> = None;
    for count in block.levels.iter().filter(|count| count.lines > 0) {
        let stays = 1.0 - share_before(count, rule.too_old(count.level)) * (1.0 - pinned);
        if stays <= 0.0 {
            continue;
        }
        let oldest =
            if pinned > 0.0 { count.earliest } else { count.earliest.max(rule.too_old(count.level)) };
        let kept =
            kept.get_or_insert(Kept { lines: 0.0, bytes: 0.0, movable: 0.0, oldest, latest: count.latest });
        kept.lines += stays * count.lines as f64;
        kept.bytes += stays * count.bytes as f64;
        kept.movable += (stays - pinned) * count.bytes as f64;
        (kept.oldest, kept.latest) = (kept.oldest.min(oldest), kept.latest.max(count.latest));
    }
    kept
}

fn keep_line(line: &LineMark, rule: &Rule) -> Kept {
    let bytes = line.bytes as f64;
    let movable = if rule.is_pinned(line) { 0.0 } else { bytes };
    Kept { lines: 1.0, bytes, movable, oldest: line.received, latest: line.received }
}

/// The share of these lines that was received before a time.
fn share_before(count: &LevelCount, time: UnixMicros) -> f64 {
    if time > count.latest {
        return 1.0;
    }
    if time <= count.earliest {
        return 0.0;
    }
    let wide = count.latest.0.saturating_sub(count.earliest.0).max(1);
    (time.0 - count.earliest.0) as f64 / wide as f64
}

/// Takes the oldest until no more than so many bytes are left.
fn shed(kept: &mut [Kept], most: f64) {
    let mut excess = kept.iter().map(|kept| kept.bytes).sum::<f64>() - most;
    for kept in kept {
        if excess <= 0.0 {
            return;
        }
        let taken = excess.min(kept.movable);
        let share = if kept.bytes > 0.0 { taken / kept.bytes } else { 0.0 };
        if kept.movable >= kept.bytes {
            let wide = kept.latest.0.saturating_sub(kept.oldest.0) as f64;
            kept.oldest.0 += (share * wide) as i64;
        }
        kept.lines *= 1.0 - share;
        kept.bytes -= taken;
        excess -= taken;
    }
}

#[cfg(test)]
mod tests {
    use protocol::model::{DeviceId, Level, RetentionPolicy};

    use super::{
        super::rule::tests::{DAY, NOW, count, days_ago, debug_one_day, pin},
        *,
    };

    /// Ten days of 1,000 lines, a tenth of them errors, in blocks of a day each; the last one ends now.
    fn blocks() -> Vec<BlockCounts> {
        let block = |n: i64| {
            let (from, to) = (days_ago(10 - n), days_ago(9 - n));
            BlockCounts {
                first_seq: 1_000 * n as u64 + 1,
                last_seq: 1_000 * (n as u64 + 1),
                levels: vec![count(Level::Debug, 900, from, to), count(Level::Error, 100, from, to)],
            }
        };
        (0..10).map(block).collect()
    }

    fn rule(policy: &RetentionPolicy, pins: Vec<protocol::model::LogPin>) -> Rule {
        Rule::new(policy, pins, NOW)
    }

    fn kept(lines: u64, oldest: UnixMicros) -> LogSize {
        LogSize { lines, bytes: 100 * lines, oldest: Some(oldest) }
    }

    #[test]
    fn by_age_it_is_told_from_the_blocks() {
        let debug = rule(&debug_one_day(), vec![]);
        let told = estimate(&blocks(), &[], &debug, None);
        assert_eq!((told.removed_lines, told.removed_bytes), (8_100, 810_000));
        assert_eq!(told.kept, kept(1_900, days_ago(10)));
        // in the middle of a block
        let policy = RetentionPolicy { log_days: [Some(2); 6], ..RetentionPolicy::KEEP_ALL };
        let half_a_day_later = Rule::new(&policy, vec![], UnixMicros(NOW.0 + DAY / 2));
        let told = estimate(&blocks(), &[], &half_a_day_later, None);
        assert_eq!(told.removed_lines, 8_500);
        assert_eq!(told.kept, kept(1_500, UnixMicros(NOW.0 - 3 * DAY / 2)));
        let nothing = estimate(&blocks(), &[], &rule(&RetentionPolicy::KEEP_ALL, vec![]), None);
        assert_eq!((nothing.removed_lines, nothing.kept), (0, kept(10_000, days_ago(10))));
    }

    #[test]
    fn by_size_the_oldest_go() {
        let rule = rule(&RetentionPolicy::KEEP_ALL, vec![]);
        let told = estimate(&blocks(), &[], &rule, Some(250_000));
        assert_eq!((told.removed_lines, told.kept), (7_500, kept(2_500, UnixMicros(NOW.0 - 5 * DAY / 2))));
        assert_eq!(estimate(&blocks(), &[], &rule, Some(1_000_000)).removed_lines, 0);
    }

    #[test]
    fn what_is_pinned_stays_in_both_ways() {
        let all = RetentionPolicy { log_days: [Some(1); 6], ..RetentionPolicy::KEEP_ALL };
        let told = estimate(&blocks(), &[], &rule(&all, vec![pin(1, 500, None)]), None);
        assert_eq!((told.removed_lines, told.kept), (8_500, kept(1_500, days_ago(10))));
        let keep = rule(&RetentionPolicy::KEEP_ALL, vec![pin(1, 1_000, None)]);
        let told = estimate(&blocks(), &[], &keep, Some(150_000));
        assert_eq!((told.removed_lines, told.kept), (8_500, kept(1_500, days_ago(10))));
    }

    #[test]
    fn lines_in_no_block_are_told_one_by_one() {
        let line =
            |seq, received| LineMark { seq, device: DeviceId(1), level: Level::Debug, received, bytes: 100 };
        let tail = [line(1, days_ago(9)), line(2, days_ago(8)), line(3, NOW)];
        let told = estimate(&[], &tail, &rule(&debug_one_day(), vec![pin(2, 2, None)]), None);
        assert_eq!((told.removed_lines, told.kept), (1, kept(2, days_ago(8))));
        let empty = estimate(&[], &[], &rule(&debug_one_day(), vec![]), Some(1));
        assert_eq!(empty, RetentionEstimate::default());
    }
}
