//! The log as the page holds it: a ring of the newest lines, matches among older ones, and the part in view.

use std::collections::VecDeque;
use std::sync::Arc;

use protocol::model::{LogLine, LogOrder, ProjectId, UnixMicros};

use super::log_bars::Arrived;
use super::log_events::{LogEvent, LogEvents};
use super::log_query::{Known, LogQuery};
use super::log_window::{Gap, LogWindow, Span};
use crate::api::{LogPart, LogQuestion};

/// At most so many of the newest lines are kept, and shown while following.
pub const MAX_LINES: usize = 10_000;
/// At most so many lines are loaded while somebody scrolls back.
pub const MAX_HELD_LINES: usize = 20_000;
/// How many of those are kept when they search on from there.
const KEPT_LINES: usize = 1_000;

/// The newest lines, the matches among them and older ones, and the request to the server.
#[derive(Debug, Default)]
pub struct Logs {
    ring: VecDeque<Arc<LogLine>>,
    /// Numbers between lines of `ring` that no line has any more: a policy has removed them.
    gone: VecDeque<Span>,
    newest: u64,
    /// Lines up to this number were cleared from the view.
    cleared: u64,
    query: LogQuery,
    passing: LogWindow,
    held: Option<Held>,
    search: Search,
    /// What happened beside the log.
    pub events: LogEvents,
    /// Lines that pass the filter and are not in the histogram yet.
    pub arrived: Arrived,
    /// Counts queries: an answer to an older one is ignored.
    generation: u32,
}

/// What a paused view shows: it does not change while somebody reads it.
#[derive(Debug)]
struct Held {
    until: u64,
    window: LogWindow,
    new: usize,
    /// The last event that is shown.
    last_event: i64,
}

/// The state of the last search on the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Search {
    /// None is under way.
    #[default]
    Idle,
    /// Waiting for the answer.
    Asking(Gap),
    /// It failed, with the reason.
    Failed(Gap, String),
}

/// A search on the server.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// Returned with the answer.
    pub generation: u32,
    /// The gap to search, from its newer end.
    pub gap: Gap,
    /// The request.
    pub question: LogQuestion,
}

impl Logs {
    /// The lines to show, the oldest first.
    pub fn shown(&self) -> &VecDeque<Arc<LogLine>> {
        self.window().lines()
    }

    /// The lines to show, and what was searched for them.
    pub fn window(&self) -> &LogWindow {
        self.held.as_ref().map_or(&self.passing, |held| &held.window)
    }

    /// Which lines are shown.
    pub fn query(&self) -> &LogQuery {
        &self.query
    }

    /// What happened at the times of the lines that are shown, the oldest first.
    pub fn shown_events(&self) -> impl Iterator<Item = &Arc<LogEvent>> {
        let mut bounds = self.query.bounds;
        // what happened before the first known line would all stand at its place
        if self.older().is_some() || self.is_cleared() {
            bounds.since = bounds.since.max(self.window().back_to());
        }
        self.events.within(bounds, self.held.as_ref().map(|held| held.last_event))
    }

    /// How many of the newest lines are kept, regardless of the filter.
    pub fn kept(&self) -> usize {
        self.ring.len()
    }

    /// How many lines were missed while disconnected, and not searched since.
    pub fn missed(&self) -> u64 {
        self.window().gaps().map(Gap::lines).sum()
    }

    /// While paused: how many newer lines would be shown.
    pub fn paused(&self) -> Option<usize> {
        self.held.as_ref().map(|held| held.new)
    }

    /// The state of the last search on the server.
    pub fn search(&self) -> &Search {
        &self.search
    }

    /// Older lines that were not searched; `None`: all were, as far as the range reaches.
    pub fn older(&self) -> Option<Gap> {
        let before = self.window().oldest().unwrap_or(self.newest + 1);
        let since = self.query.bounds.since;
        let is_out_of_range =
            self.window().back_to().zip(since).is_some_and(|(back_to, since)| back_to < since);
        (!is_out_of_range && before > self.cleared + 1).then_some(Gap { after: self.cleared, before })
    }

    /// Whether older lines were cleared from the view.
    pub fn is_cleared(&self) -> bool {
        self.cleared > 0
    }

    /// Whether no more lines can be loaded.
    pub fn is_full(&self) -> bool {
        let most = if self.held.is_some() { MAX_HELD_LINES } else { MAX_LINES };
        self.shown().len() >= most
    }

    /// Adds new lines; known ones are skipped by number.
    pub fn append(&mut self, lines: Vec<LogLine>, known: Known<'_>) {
        self.skip_gone(&lines);
        for line in lines {
            if line.seq <= self.newest {
                continue;
            }
            self.newest = line.seq;
            let line = Arc::new(line);
            let passes = self.query.passes(&line, known);
            self.passing.push(&line, passes);
            if passes {
                self.arrived.add(line.received, line.level);
            }
            if let Some(held) = &mut self.held {
                held.new += usize::from(passes);
            }
            self.ring.push_back(line);
        }
        let too_many = self.ring.len().saturating_sub(MAX_LINES);
        self.ring.drain(..too_many);
        let oldest = self.ring.front().map_or(0, |line| line.seq);
        while self.gone.front().is_some_and(|gone| gone.from < oldest) {
            self.gone.pop_front();
        }
        self.passing.keep_newest(MAX_LINES);
    }

    /// Notes the numbers that are missing between the lines of one message: the server sends all that there are.
    fn skip_gone(&mut self, lines: &[LogLine]) {
        for two in lines.windows(2) {
            let (from, to) = (two[0].seq + 1, two[1].seq - 1);
            if from <= to && two[1].seq > self.newest {
                self.gone.push_back(Span { from, to });
                self.passing.skip(Span { from, to });
            }
        }
    }

    /// Adds a snapshot's lines: older ones that are still here stay.
    pub fn resume(&mut self, lines: Vec<LogLine>, known: Known<'_>) {
        // lower numbers mean another history, as after restoring a backup
        if lines.last().is_some_and(|line| line.seq < self.newest) {
            let (query, generation) = (std::mem::take(&mut self.query), self.generation + 1);
            let events = std::mem::take(&mut self.events);
            *self = Self { query, events, generation, ..Self::default() };
        }
        self.append(lines, known);
    }

    /// Shows only what matches. A paused view stays paused at its place. Returns whether anything changed.
    pub fn set_query(&mut self, query: LogQuery, known: Known<'_>) -> bool {
        if query == self.query {
            return false;
        }
        self.query = query;
        self.generation += 1;
        self.search = Search::Idle;
        self.arrived = Arrived::default();
        let mut passing = LogWindow::default();
        for line in &self.ring {
            passing.push(line, self.query.passes(line, known));
        }
        self.gone.iter().for_each(|gone| passing.skip(*gone));
        if let Some(held) = &mut self.held {
            let mut window = LogWindow::default();
            for line in self.ring.iter().filter(|line| line.seq <= held.until) {
                window.push(line, self.query.passes(line, known));
            }
            self.gone.iter().filter(|gone| gone.to < held.until).for_each(|gone| window.skip(*gone));
            held.new = passing.lines().len() - window.lines().len();
            held.window = window;
        }
        self.passing = passing;
        true
    }

    /// A range that moves on with the time begins now here. What is held stays as it is.
    pub fn slide_to(&mut self, since: UnixMicros) {
        self.query.bounds.since = Some(since);
        self.passing.keep_since(since);
    }

    /// Holds the view as it is.
    pub fn pause(&mut self) {
        if self.held.is_none() {
            self.held = Some(Held {
                until: self.newest,
                window: self.passing.clone(),
                new: 0,
                last_event: self.events.last(),
            });
        }
    }

    /// Follows the newest lines again.
    pub fn resume_following(&mut self) {
        self.held = None;
    }

    /// Empties the view. What is stored on the server stays.
    pub fn clear(&mut self) {
        self.ring.clear();
        self.gone.clear();
        self.passing = LogWindow::default();
        self.held = None;
        self.cleared = self.newest;
        self.search = Search::Idle;
        self.generation += 1;
    }

    /// Brings cleared lines back.
    pub fn undo_clear(&mut self) {
        self.cleared = 0;
    }

    /// Makes room to search further back: of the loaded lines, only the oldest stay.
    pub fn forget_newer(&mut self) {
        self.pause();
        if let Some(held) = &mut self.held {
            let before = held.window.lines().len();
            if let Some(until) = held.window.keep_oldest(KEPT_LINES) {
                held.new += before - held.window.lines().len();
                held.until = until;
            }
        }
    }

    /// Starts to search a gap, from its newer end. `None` while another search is under way, and when there is no room.
    pub fn ask(&mut self, gap: Gap, project: ProjectId) -> Option<Ask> {
        if matches!(self.search, Search::Asking(_)) || self.is_full() {
            return None;
        }
        self.search = Search::Asking(gap);
        let LogQuery { text, at_least, devices, bounds, .. } = &self.query;
        let question = LogQuestion {
            project,
            filter: text.clone(),
            at_least: *at_least,
            devices: devices.iter().copied().collect(),
            after: gap.after,
            before: gap.before,
            received_from: bounds.since,
            received_before: bounds.before,
            order: LogOrder::NewestFirst,
        };
        Some(Ask { generation: self.generation, gap, question })
    }

    /// Takes the answer, unless the query has changed. Returns how many lines it brought.
    pub fn answer(&mut self, generation: u32, gap: Gap, part: Result<LogPart, String>) -> usize {
        if generation != self.generation || self.search != Search::Asking(gap) {
            return 0;
        }
        let part = match part {
            Ok(part) => part,
            Err(why) => {
                self.search = Search::Failed(gap, why);
                return 0;
            }
        };
        self.search = Search::Idle;
        let span = Span { from: part.from.clamp(gap.after + 1, gap.before - 1), to: gap.before - 1 };
        let lines: Vec<Arc<LogLine>> = part.lines.into_iter().map(Arc::new).collect();
        self.passing.insert(span, lines.iter().cloned(), part.back_to);
        self.passing.keep_newest(MAX_LINES);
        if let Some(held) = &mut self.held {
            held.window.insert(span, lines.iter().cloned(), part.back_to);
        }
        lines.len()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use protocol::filter::Filter;
    use protocol::model::{DeviceId, Level};

    use super::super::log_range::Bounds;

    use super::super::fixture::line;
    use super::*;

    const PROJECT: ProjectId = ProjectId(7);
    const KNOWN: Known<'static> = Known { name: &|_| "", now: UnixMicros(0) };

    fn lines(seqs: impl IntoIterator<Item = u64>) -> Vec<LogLine> {
        seqs.into_iter()
            .map(|seq| line(seq, Level::Info, if seq % 10 == 0 { "needle" } else { "hay" }))
            .collect()
    }

    fn logs(seqs: impl IntoIterator<Item = u64>) -> Logs {
        let mut logs = Logs::default();
        logs.append(lines(seqs), KNOWN);
        logs
    }

    fn needles(logs: &mut Logs) {
        let filter = Filter::parse("needle").unwrap();
        assert!(logs.set_query(LogQuery { text: "needle".into(), filter, ..LogQuery::default() }, KNOWN));
    }

    fn part(from: u64, found: impl IntoIterator<Item = u64>) -> Result<LogPart, String> {
        Ok(LogPart { lines: lines(found), from, to: u64::MAX, back_to: Some(UnixMicros(5)) })
    }

    fn seqs(logs: &Logs) -> Vec<u64> {
        logs.shown().iter().map(|line| line.seq).collect()
    }

    #[test]
    fn a_filter_reaches_what_was_never_sent() {
        let mut logs = logs(1_001..=1_500);
        needles(&mut logs);
        assert_eq!(logs.shown().len(), 50);
        let gap = logs.older().unwrap();
        let ask = logs.ask(gap, PROJECT).unwrap();
        assert_eq!((ask.question.filter.as_str(), ask.question.before), ("needle", 1_001));
        assert_eq!(logs.ask(gap, PROJECT), None, "one at a time");
        assert_eq!(logs.answer(ask.generation, gap, part(600, [700, 900])), 2);
        assert_eq!(seqs(&logs)[..3], [700, 900, 1_010]);
        assert_eq!(logs.older(), Some(Gap { after: 0, before: 600 }));
        assert_eq!(logs.window().looked_at(), 901);
        // lines that arrive in between are shown, too
        logs.append(lines([1_501, 1_510]), KNOWN);
        assert_eq!(seqs(&logs).last(), Some(&1_510));
        let gap = logs.older().unwrap();
        let ask = logs.ask(gap, PROJECT).unwrap();
        logs.answer(ask.generation, gap, part(1, []));
        assert_eq!(logs.older(), None, "all of it was looked at");
    }

    #[test]
    fn an_answer_to_another_question_is_not_taken() {
        let mut logs = logs(100..=200);
        let gap = logs.older().unwrap();
        let ask = logs.ask(gap, PROJECT).unwrap();
        needles(&mut logs);
        assert_eq!(logs.answer(ask.generation, gap, part(1, 1..100)), 0);
        assert_eq!((seqs(&logs)[0], logs.search()), (100, &Search::Idle));
        let ask = logs.ask(gap, PROJECT).unwrap();
        logs.answer(ask.generation, gap, Err("no".into()));
        assert_eq!(logs.search(), &Search::Failed(gap, "no".into()));
        assert!(logs.ask(gap, PROJECT).is_some(), "it can be tried again");
    }

    #[test]
    fn a_gap_after_a_reconnect_is_told_and_filled() {
        let mut logs = logs(1..=500);
        logs.resume(lines(2_001..=2_500), KNOWN);
        let gap = logs.window().gaps().next().unwrap();
        assert_eq!((gap.lines(), logs.missed()), (1_500, 1_500));
        logs.pause();
        for from in [1_501, 1_001, 501] {
            let gap = logs.window().gaps().next().unwrap();
            let ask = logs.ask(gap, PROJECT).unwrap();
            logs.answer(ask.generation, gap, part(from, from..gap.before));
        }
        assert_eq!((logs.missed(), logs.shown().len(), logs.older()), (0, 2_500, None));
        logs.resume_following();
        assert_eq!(logs.shown().len(), 2_500, "following shows it as well");
    }

    #[test]
    fn what_a_policy_has_removed_is_no_gap() {
        let mut logs = logs([3, 4, 9, 10, 20]);
        assert_eq!((logs.missed(), logs.window().oldest()), (0, Some(3)));
        needles(&mut logs);
        assert_eq!((logs.missed(), seqs(&logs)), (0, vec![10, 20]));
        // but what was sent in another message may be there
        logs.append(lines([30, 35]), KNOWN);
        assert_eq!(logs.missed(), 9);
        logs.pause();
        logs.set_query(LogQuery::default(), KNOWN);
        assert_eq!((logs.missed(), logs.older()), (9, Some(Gap { after: 0, before: 3 })));
    }

    #[test]
    fn looking_back_is_bounded_and_goes_on_from_there() {
        let mut logs = logs(100_001..=100_500);
        logs.pause();
        while !logs.is_full() {
            let gap = logs.older().unwrap();
            let ask = logs.ask(gap, PROJECT).unwrap();
            let from = gap.before - 500;
            logs.answer(ask.generation, gap, part(from, from..gap.before));
        }
        assert_eq!(logs.shown().len(), MAX_HELD_LINES);
        assert_eq!(logs.ask(logs.older().unwrap(), PROJECT), None);
        let oldest = seqs(&logs)[0];
        logs.forget_newer();
        assert_eq!((seqs(&logs)[0], logs.shown().len()), (oldest, KEPT_LINES));
        assert_eq!(logs.paused(), Some(MAX_HELD_LINES - KEPT_LINES));
        assert!(logs.ask(logs.older().unwrap(), PROJECT).is_some());
        logs.resume_following();
        assert_eq!(seqs(&logs).last(), Some(&100_500));
    }

    #[test]
    fn only_the_chosen_devices_are_shown() {
        let mut logs = Logs::default();
        let of = |seq, device| LogLine { device: DeviceId(device), ..line(seq, Level::Info, "x") };
        logs.append(vec![of(1, 1), of(2, 2), of(3, 3)], KNOWN);
        let devices = BTreeSet::from([DeviceId(1), DeviceId(3)]);
        logs.set_query(LogQuery { devices, ..LogQuery::default() }, KNOWN);
        logs.append(vec![of(4, 2), of(5, 3)], KNOWN);
        assert_eq!(seqs(&logs), [1, 3, 5]);
    }

    #[test]
    fn a_range_ends_the_search_and_moves_on() {
        let at = |seq: u64| LogLine { received: UnixMicros(seq as i64), ..line(seq, Level::Info, "x") };
        let mut logs = Logs::default();
        logs.append((101..=110).map(at).collect(), KNOWN);
        let bounds = Bounds { since: Some(UnixMicros(95)), before: Some(UnixMicros(108)) };
        logs.set_query(LogQuery { bounds, ..LogQuery::default() }, KNOWN);
        assert_eq!(seqs(&logs), (101..=107).collect::<Vec<_>>());
        let gap = logs.older().unwrap();
        let ask = logs.ask(gap, PROJECT).unwrap();
        assert_eq!((ask.question.received_from, ask.question.received_before), (bounds.since, bounds.before));
        let part =
            LogPart { lines: (95..=100).map(at).collect(), from: 80, to: 101, back_to: Some(UnixMicros(80)) };
        logs.answer(ask.generation, gap, Ok(part));
        assert_eq!((seqs(&logs)[0], logs.older()), (95, None), "what is older is out of the range");
        logs.pause();
        logs.slide_to(UnixMicros(105));
        assert_eq!(seqs(&logs)[0], 95, "what somebody reads stays");
        logs.resume_following();
        assert_eq!(seqs(&logs), [105, 106, 107]);
    }

    #[test]
    fn what_was_cleared_can_be_looked_at_again() {
        let mut logs = logs(1..=5);
        logs.clear();
        assert_eq!((logs.older(), logs.is_cleared()), (None, true));
        logs.append(lines([6]), KNOWN);
        assert_eq!((seqs(&logs), logs.older()), (vec![6], None));
        logs.undo_clear();
        assert_eq!(logs.older(), Some(Gap { after: 0, before: 6 }));
    }
}
