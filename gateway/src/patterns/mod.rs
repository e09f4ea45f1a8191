//! Log entries that belong together: what they say, how often, since when, from which devices and builds.
//!
//! Warnings and errors are counted in the background. What is not counted yet, and what a filter selects, is grouped when
//! somebody asks, from a bounded part of the log.

mod body;
mod counts;
mod present;
mod query;
mod step;

use std::collections::{HashMap, HashSet};

use protocol::{
    filter::Filter,
    model::{Fingerprint, LogLine, LogPatterns, ProjectId, UnixMicros},
};

pub use self::query::PatternQuery;
pub(crate) use self::step::step;
use self::{
    counts::{Counts, Said, Tally},
    present::{Times, present},
    query::COUNTED,
};
use crate::{
    Action, Caller, Gateway, GatewayError, LogQuery, LogRange,
    store::{NewestBuild, PatternMark},
};

/// Of the lines that are not counted yet, as many numbers are looked at.
const TAIL: u64 = 50_000;
/// And as many of their lines are grouped.
const MAX_TAIL_LINES: usize = 5_000;
/// Lines that are read at once.
const PAGE: u32 = 1_000;
/// Lines that a search may find.
const MAX_FOUND: usize = 20_000;
/// Text that a search may find, in bytes.
const MAX_FOUND_BYTES: usize = 8 * 1024 * 1024;
/// Patterns of one answer.
const MAX_PATTERNS: usize = 1_000;

/// Patterns, and what of the log they are about.
#[derive(Default)]
struct Found {
    counts: Counts,
    other: u64,
    uncounted: u64,
    back_to: Option<UnixMicros>,
    /// Patterns of which it is not known when they were first seen.
    strangers: HashSet<Fingerprint>,
}

impl Found {
    fn shown(self, query: &PatternQuery, newest: Option<NewestBuild>, now: UnixMicros) -> LogPatterns {
        let Self { mut counts, mut other, uncounted, back_to, strangers } = self;
        counts.tallies.retain(|_, tally| tally.level >= query.at_least);
        let times = Times::of(query, &counts.tallies, now);
        let is_new = |fingerprint: &Fingerprint, tally: &Tally| {
            !strangers.contains(fingerprint)
                && newest.as_ref().is_some_and(|newest| is_of_only(newest, tally))
        };
        let shown =
            counts.tallies.iter().filter_map(|(of, tally)| present(*of, tally, &times, is_new(of, tally)));
        let mut patterns: Vec<_> = shown.collect();
        patterns.sort_by_key(|pattern| std::cmp::Reverse((pattern.last, pattern.example)));
        other += patterns.iter().skip(MAX_PATTERNS).map(|pattern| pattern.count).sum::<u64>();
        patterns.truncate(MAX_PATTERNS);
        let Times { from, to, step_micros, .. } = times;
        let build = newest.map(|newest| newest.build);
        LogPatterns { patterns, from, to, step_micros, other, uncounted, back_to, build }
    }
}

/// Whether only that build said it, and nobody before it was there, though there were devices.
fn is_of_only(newest: &NewestBuild, tally: &Tally) -> bool {
    let NewestBuild { build, since, first_device } = newest;
    first_device < since && tally.first >= *since && tally.body.is_of(build)
}

impl Gateway {
    /// The patterns of a part of the log, those that were seen last first: at most 1,000.
    ///
    /// Warnings and errors without a filter are counted for as long as the log has them, by the hour for a week and by the day
    /// before. With a filter, or for lower levels, the lines are searched as [`Gateway::search_logs`] does, from the newest back,
    /// in one bounded search.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Invalid`] for a time range that is empty or makes the filter too long,
    /// [`GatewayError::Unavailable`].
    pub async fn log_patterns(
        &self,
        caller: &Caller,
        project: ProjectId,
        query: &PatternQuery,
    ) -> Result<LogPatterns, GatewayError> {
        self.authorise_in(caller, Action::ReadProject, project).await?;
        if matches!((query.from, query.to), (Some(from), Some(to)) if from >= to) {
            return Err(GatewayError::Invalid("the time range ends before it begins".to_owned()));
        }
        let is_counted = query.filter.is_empty() && query.at_least >= COUNTED;
        let found = if is_counted {
            self.counted(project).await?
        } else {
            self.searched(caller, project, query).await?
        };
        let newest = self.inner.store.newest_build(project).await?;
        Ok(found.shown(query, newest, self.now()))
    }

    /// What is counted, and of the rest as much as one request may read.
    async fn counted(&self, project: ProjectId) -> Result<Found, GatewayError> {
        let store = &self.inner.store;
        let (PatternMark { counted_to, last_seq, other }, rows) = store.load_patterns(project).await?;
        let mut counts = Counts::default();
        counts.load(rows);
        if let Some((_, oldest)) = store.oldest_line(project).await? {
            counts.tallies.values_mut().for_each(|tally| tally.body.forget_before(oldest));
        }
        let mut reached = counted_to;
        let to = last_seq.min(counted_to + TAIL);
        let mut lines = Vec::new();
        while reached < to {
            let page = store.list_logs_of_level(project, reached, to, COUNTED, PAGE).await?;
            reached = page.last().map_or(to, |line| line.seq);
            lines.extend(page.iter().map(said));
            if lines.len() >= MAX_TAIL_LINES {
                break;
            }
        }
        self.add(project, &mut counts, lines).await?;
        Ok(Found { counts, other, uncounted: last_seq.saturating_sub(reached), ..Found::default() })
    }

    /// What a search finds.
    async fn searched(
        &self,
        caller: &Caller,
        project: ProjectId,
        query: &PatternQuery,
    ) -> Result<Found, GatewayError> {
        let filter = within(&query.filter, query.from, query.to)?;
        let logs = LogQuery { filter, at_least: query.at_least, devices: HashSet::new() };
        let matcher = self.log_matcher(caller, project, logs).await?;
        let range = LogRange { lines: MAX_FOUND, bytes: MAX_FOUND_BYTES, ..LogRange::ALL };
        let found = self.search_logs(caller, project, &matcher, range).await?;
        let back_to = found.next.and(found.searched_to).map(|(_, received)| received);
        let mut counts = Counts::default();
        self.add(project, &mut counts, found.lines.iter().map(said).collect()).await?;
        // a filter shows a part of the lines: when the others came is only in the stored counts
        let known: Vec<_> = counts.tallies.keys().copied().collect();
        let known: HashMap<_, _> = self
            .inner
            .store
            .read_patterns(project, &known)
            .await?
            .into_iter()
            .filter_map(Tally::read)
            .collect();
        let mut strangers = HashSet::new();
        for (fingerprint, tally) in &mut counts.tallies {
            match known.get(fingerprint) {
                Some(known) => tally.learn_of_all(known),
                None => {
                    strangers.insert(*fingerprint);
                }
            }
        }
        Ok(Found { counts, back_to, strangers, ..Found::default() })
    }

    async fn add(
        &self,
        project: ProjectId,
        counts: &mut Counts,
        lines: Vec<(LogLine, Said)>,
    ) -> Result<(), GatewayError> {
        let devices: HashSet<_> = lines.iter().map(|(line, _)| line.device).collect();
        let devices: Vec<_> = devices.into_iter().collect();
        counts.learn(self.inner.store.list_builds(project, &devices).await?);
        for (line, said) in lines {
            counts.add(&line, said);
        }
        Ok(())
    }
}

/// A line without its text, and its pattern.
fn said(line: &LogLine) -> (LogLine, Said) {
    let LogLine { seq, device, at, received, level, .. } = *line;
    (LogLine { seq, device, at, received, level, message: String::new(), fields: None }, Said::by(line))
}

/// The filter for a part of the time.
fn within(filter: &Filter, from: Option<UnixMicros>, to: Option<UnixMicros>) -> Result<Filter, GatewayError> {
    let mut text = String::new();
    if !filter.is_empty() {
        text = format!("({filter})");
    }
    for (name, time) in [("since", from), ("before", to)] {
        if let Some(time) = time {
            text += &format!(" {name}:{}", time.to_rfc3339_micros());
        }
    }
    Filter::parse(&text).map_err(|_| {
        let why = "the filter is too long for a time range beside it: shorten it, or leave the range out";
        GatewayError::Invalid(why.to_owned())
    })
}
