//! Patterns as they are shown, for a range of time.

use std::collections::HashMap;

use protocol::{
    model::{Fingerprint, LogPattern, UnixMicros},
    pattern,
};

use super::{
    body::{DAY, HOUR},
    counts::Tally,
    query::PatternQuery,
};

/// Bars of one answer.
const MAX_BARS: i64 = 48;
/// Longest range that is shown by the hour: a week, also for somebody whose clock was read a moment ago.
const BY_THE_HOUR: i64 = 7 * DAY + HOUR;

/// The range that is shown, in whole slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Times {
    pub(super) from: UnixMicros,
    pub(super) to: UnixMicros,
    pub(super) step_micros: i64,
    bars: usize,
}

impl Times {
    /// What was asked for, or the time in which there are lines, if it is `now` now.
    pub(super) fn of(query: &PatternQuery, tallies: &HashMap<Fingerprint, Tally>, now: UnixMicros) -> Self {
        let begins = |tally: &Tally| tally.body.slots().map(|(start, _)| start.0).min();
        let to = query.to.unwrap_or(UnixMicros(now.0 + 1)).0;
        let from = query.from.map(|from| from.0);
        let from =
            from.or_else(|| tallies.values().filter_map(begins).min()).unwrap_or(to - HOUR).min(to - 1);
        // what is older has no hours any more
        let unit = if from >= now.0 - BY_THE_HOUR { HOUR } else { DAY };
        let from = from.div_euclid(unit) * unit;
        let units = (to - from + unit - 1) / unit;
        let step_micros = unit * ((units + MAX_BARS - 1) / MAX_BARS);
        let bars = (units * unit + step_micros - 1) / step_micros;
        let bars = usize::try_from(bars).unwrap_or_default();
        Self { from: UnixMicros(from), to: UnixMicros(from + units * unit), step_micros, bars }
    }

    /// In which bar a slot is.
    fn bar(&self, start: UnixMicros) -> Option<usize> {
        let bar = (start.0 - self.from.0).div_euclid(self.step_micros);
        usize::try_from(bar).ok().filter(|bar| *bar < self.bars && start < self.to)
    }
}

/// `None`: it has no line in the range.
pub(super) fn present(
    fingerprint: Fingerprint,
    tally: &Tally,
    times: &Times,
    is_new: bool,
) -> Option<LogPattern> {
    let mut bars = vec![0; times.bars];
    for (start, count) in tally.body.slots() {
        if let Some(bar) = times.bar(start) {
            bars[bar] += count;
        }
    }
    let count = bars.iter().sum();
    let Tally { level, text, first, last, last_seq, body } = tally;
    let (devices, has_more_devices) = body.devices();
    (count > 0).then(|| LogPattern {
        fingerprint,
        level: *level,
        text: text.clone(),
        count,
        first: *first,
        last: *last,
        example: *last_seq,
        devices: u32::try_from(devices).unwrap_or(u32::MAX),
        has_more_devices,
        builds: body.builds(),
        is_new,
        bars,
        filter: pattern::filter(*level, text),
    })
}

#[cfg(test)]
mod tests {
    use protocol::{
        filter::Filter,
        model::{DeviceId, Level},
    };

    use super::{super::body::Body, *};

    /// A day at 12:30.
    const NOW: UnixMicros = UnixMicros(1_000 * DAY + 12 * HOUR + HOUR / 2);

    fn tally(lines: &[i64]) -> Tally {
        let mut body = Body::default();
        lines.iter().for_each(|ago| body.add(UnixMicros(NOW.0 - ago), DeviceId(1), None));
        let (level, text) = (Level::Warn, "left".to_owned());
        Tally { level, text, first: NOW, last: NOW, last_seq: 7, body }
    }

    /// From so long ago to so long ago.
    fn query(from: Option<i64>, to: Option<i64>) -> PatternQuery {
        let time = |ago: i64| UnixMicros(NOW.0 - ago);
        let (filter, at_least) = (Filter::default(), Level::Warn);
        PatternQuery { filter, at_least, from: from.map(time), to: to.map(time) }
    }

    fn shown(lines: &[i64], query: &PatternQuery) -> (Times, Option<LogPattern>) {
        let tallies = HashMap::from([(Fingerprint(1), tally(lines))]);
        let times = Times::of(query, &tallies, NOW);
        (times, present(Fingerprint(1), &tallies[&Fingerprint(1)], &times, false))
    }

    #[test]
    fn a_day_has_a_bar_for_each_hour_that_it_touches() {
        let (times, pattern) = shown(&[0, HOUR, HOUR, 24 * HOUR, 25 * HOUR], &query(Some(DAY), None));
        assert_eq!((times.step_micros, times.bars), (HOUR, 25));
        assert_eq!(times.from.0, 999 * DAY + 12 * HOUR);
        let pattern = pattern.unwrap();
        assert_eq!((pattern.bars[0], pattern.bars[23], pattern.bars[24], pattern.count), (1, 2, 1, 4));
    }

    #[test]
    fn a_longer_range_has_wider_bars_and_none_gets_lost() {
        for days in [2, 6, 7, 8, 30, 47, 48, 49, 90, 399] {
            let lines: Vec<i64> = (0..days * 24).map(|hour| hour * HOUR).collect();
            for query in [query(None, None), query(Some(days * DAY), None)] {
                let (times, pattern) = shown(&lines, &query);
                assert!(times.bars <= MAX_BARS as usize && times.bars > 8, "{days}: {times:?}");
                assert_eq!(pattern.unwrap().count, lines.len() as u64, "{days} days");
            }
        }
    }

    #[test]
    fn a_week_that_began_a_moment_ago_is_shown_by_the_hour() {
        let (times, pattern) = shown(&[0, 7 * DAY], &query(Some(7 * DAY + 1), None));
        assert_eq!((times.step_micros, times.bars), (4 * HOUR, 43));
        assert_eq!(pattern.unwrap().count, 2);
    }

    #[test]
    fn a_range_in_the_past_ends_there() {
        let lines: Vec<i64> = (0..20 * 24).map(|hour| hour * HOUR).collect();
        let (times, pattern) = shown(&lines, &query(Some(3 * HOUR), Some(HOUR)));
        // from 9:00 up to 12:00
        assert_eq!((times.step_micros, times.bars, pattern.unwrap().count), (HOUR, 3, 3));
        let (times, pattern) = shown(&lines, &query(Some(12 * DAY), Some(10 * DAY)));
        assert_eq!((times.step_micros, times.bars, pattern.unwrap().count), (DAY, 3, 72));
        assert_eq!(shown(&[HOUR], &query(Some(20 * DAY), Some(10 * DAY))).1, None);
    }

    #[test]
    fn without_lines_there_is_still_a_range() {
        let times = Times::of(&query(None, None), &HashMap::new(), NOW);
        assert!(times.bars >= 1 && times.from < times.to, "{times:?}");
    }
}
