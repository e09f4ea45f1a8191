//! The histogram's state: counted by the server, grown by what arrives, pointed at and zoomed.

use std::time::Duration;

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use protocol::model::{LogHistogram, UnixMicros};

use super::pane::LogPane;
use crate::api;
use crate::format;
use crate::live::{BARS, Bounds, Happened, LiveState, LogBars, LogRange, bar_words, sum};

/// After a change of the filter, and between two drawings while lines arrive.
const PAUSE: Duration = Duration::from_millis(300);
/// Questions until the first line of a log without a beginning is found: each narrows it down to one bar.
const MAX_NARROWINGS: usize = 6;

/// What the histogram's parts share.
#[derive(Clone, Copy)]
pub(super) struct Chart {
    pub pane: LogPane,
    pub bars: RwSignal<Option<LogBars>>,
    pub problem: RwSignal<Option<String>>,
    /// The bars that are pointed at, dragged over or chosen with keys: the first and the last one.
    pub cursor: RwSignal<Option<(usize, usize)>>,
    /// Ranges before each zoom.
    pub before: RwSignal<Vec<LogRange>>,
    pub as_table: RwSignal<bool>,
}

impl Chart {
    pub(super) fn new(pane: LogPane) -> Self {
        Self {
            pane,
            bars: RwSignal::new(None),
            problem: RwSignal::new(None),
            cursor: RwSignal::new(None),
            before: RwSignal::default(),
            as_table: RwSignal::new(false),
        }
    }

    /// Counts on the server when something else is shown, and adds what arrives.
    pub(super) fn keep_counted(self) {
        let live = self.pane.live;
        let turn = StoredValue::new(0u32);
        let ask_again = RwSignal::new(());
        let query = Memo::new(move |_| {
            let range = live.log_range.get();
            live.with_logs(|state| {
                let query = state.logs.query();
                (range, query.text.clone(), query.at_least, query.devices.clone(), state.logs.missed())
            })
        });
        Effect::new(move || {
            query.with(|_| ());
            ask_again.track();
            let mine = turn.get_value() + 1;
            turn.set_value(mine);
            set_timeout(
                move || {
                    if turn.try_get_value() == Some(mine) {
                        leptos::task::spawn_local(async move { self.count(turn, mine).await });
                    }
                },
                PAUSE,
            );
        });
        let is_due = StoredValue::new(false);
        Effect::new(move || {
            live.with_logs(|_| ());
            self.pane.now.track();
            if is_due.get_value() {
                return;
            }
            is_due.set_value(true);
            set_timeout(
                move || {
                    is_due.try_set_value(false);
                    if !self.grow() {
                        ask_again.try_set(());
                    }
                },
                PAUSE,
            );
        });
    }

    /// Adds the lines that have arrived. `false`: the server has to count again.
    fn grow(self) -> bool {
        if self.bars.try_with_untracked(Option::is_some) != Some(true) {
            return true;
        }
        let mut arrived = None;
        let mut now = UnixMicros(0);
        self.pane.live.change_quietly(|state| {
            arrived = state.logs.arrived.take();
            now = state.now();
        });
        let Some(arrived) = arrived else { return false };
        let is_wider =
            self.bars.with_untracked(|bars| bars.as_ref().is_some_and(|bars| now >= bars.histogram().to));
        if !arrived.is_empty() || is_wider {
            self.bars.update(|bars| {
                if let Some(bars) = bars {
                    bars.grow(&arrived, now);
                }
            });
        }
        true
    }

    async fn count(self, turn: StoredValue<u32>, mine: u32) {
        let live = self.pane.live;
        let (range, project) = (live.log_range.get_untracked(), live.read(LiveState::project));
        let (filter, now) = live
            .read(|state| (state.logs.query().whole_filter(|device| state.device_name(device)), state.now()));
        let Some(filter) = filter else {
            self.bars.set(None);
            return self.problem.set(Some("The filter is too long to count its lines".to_owned()));
        };
        let bounds = range.resolve(now);
        let to = bounds.before.unwrap_or(UnixMicros(now.0 + 1));
        let mut from = bounds.since.unwrap_or(UnixMicros(0)).min(UnixMicros(to.0 - 1));
        let mut found = api::log_histogram(project, filter.clone(), from, to, BARS).await;
        if bounds.since.is_none() {
            for _ in 0..MAX_NARROWINGS {
                let Some(later) = found.as_ref().ok().and_then(beginning) else { break };
                from = later;
                found = api::log_histogram(project, filter.clone(), from, to, BARS).await;
            }
        }
        if turn.try_get_value() != Some(mine) {
            return;
        }
        match found {
            Ok(histogram) => {
                self.problem.set(None);
                self.bars.set(Some(LogBars::new(histogram, bounds.before, range.is_moving())));
            }
            Err(why) => self.problem.set(Some(why.to_string())),
        }
        self.grow();
    }

    /// The edits within the range, from 0 to 1 of the width.
    pub(super) fn marks(self, bars: &LogBars) -> Vec<f64> {
        let is_edit = |what: &Happened| matches!(what, Happened::Edited(_));
        self.pane.live.with_logs(|state| {
            let all = state.logs.events.within(Bounds::default(), None);
            all.filter(|event| is_edit(&event.what)).filter_map(|event| bars.place(event.at)).collect()
        })
    }

    pub(super) fn time_words(self, bars: &LogBars, first: usize, last: usize) -> String {
        let zone = self.pane.zone.get();
        let ((from, _), (_, to)) = (bars.span(first), bars.span(last));
        format::time_span((from, zone.minutes_east(from)), (to, zone.minutes_east(to)))
    }

    pub(super) fn words(self) -> String {
        if let Some(problem) = self.problem.get() {
            return format!("Not counted: {problem}");
        }
        let cursor = self.cursor.get();
        self.bars.with(|bars| {
            let Some(bars) = bars else { return "Counting…".to_owned() };
            let histogram = bars.histogram();
            let (first, last) = cursor.unwrap_or((0, histogram.bars.len() - 1));
            let counted = histogram.bars.get(first..=last).map(sum).unwrap_or_default();
            let partly = if histogram.counted_from > histogram.from {
                let at = histogram.counted_from;
                format!(" · only from {} on", format::moment(at, self.pane.zone.get().minutes_east(at)))
            } else {
                String::new()
            };
            let edits_since = self.pane.live.read(|state| state.logs.events.edits_since());
            let edits =
                edits_since.filter(|since| *since > histogram.from).map_or_else(String::new, |since| {
                    format!(
                        " · edits from {} on",
                        format::moment(since, self.pane.zone.get().minutes_east(since))
                    )
                });
            format!("{} · {}{partly}{edits}", bar_words(&counted), self.time_words(bars, first, last))
        })
    }

    pub(super) fn zoom(self, first: usize, last: usize) {
        let range = self.pane.live.log_range;
        let span = self.bars.with_untracked(|bars| {
            bars.as_ref().map(|bars| LogRange::between(bars.span(first).0, bars.span(last).1))
        });
        if let Some(span) = span {
            self.cursor.set(None);
            self.before.update(|before| before.push(range.get_untracked()));
            range.set(span);
        }
    }

    pub(super) fn zoom_out(self) {
        let before = self.before.try_update(Vec::pop).flatten();
        if let Some(before) = before {
            self.pane.live.log_range.set(before);
        }
    }

    pub(super) fn key(self, event: &KeyboardEvent) {
        let count =
            self.bars.with_untracked(|bars| bars.as_ref().map_or(0, |bars| bars.histogram().bars.len()));
        let Some(end) = count.checked_sub(1) else { return };
        let cursor = self.cursor.get_untracked();
        let (first, last) = cursor.unwrap_or((end, end));
        let next = match (event.key().as_str(), event.shift_key()) {
            _ if cursor.is_none() && event.key().starts_with("Arrow") => (end, end),
            ("ArrowLeft", false) => (first.saturating_sub(1), first.saturating_sub(1)),
            ("ArrowRight", false) => ((last + 1).min(end), (last + 1).min(end)),
            ("ArrowLeft", true) => (first.saturating_sub(1), last),
            ("ArrowRight", true) => (first, (last + 1).min(end)),
            ("Home", _) => (0, 0),
            ("End", _) => (end, end),
            ("Escape", _) => return self.cursor.set(None),
            ("Enter", _) if cursor.is_some() => return self.zoom(first, last),
            ("Backspace", _) => return self.zoom_out(),
            _ => return,
        };
        event.prevent_default();
        self.cursor.set(Some(next));
        self.pane.live.announce(self.words());
    }
}

/// Where to begin instead: the bar of the first line, if nearly all before it is empty.
fn beginning(histogram: &LogHistogram) -> Option<UnixMicros> {
    let first = histogram.bars.iter().position(|bar| bar.levels.iter().any(|count| *count > 0))?;
    let is_late = 2 * first > histogram.bars.len() && histogram.counted_from <= histogram.from;
    is_late.then(|| UnixMicros(histogram.from.0 + histogram.step_micros * first as i64))
}

#[cfg(test)]
mod tests {
    use protocol::model::Level;

    use super::*;

    #[test]
    fn a_log_begins_where_its_first_line_is() {
        let mut histogram = LogHistogram::new(UnixMicros(0), UnixMicros(1_000), 100);
        assert_eq!(beginning(&histogram), None);
        histogram.add(UnixMicros(705), Level::Info);
        assert_eq!(beginning(&histogram), Some(UnixMicros(700)));
        histogram.add(UnixMicros(305), Level::Info);
        assert_eq!(beginning(&histogram), None);
    }
}
