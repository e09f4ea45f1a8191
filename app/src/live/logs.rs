//! The log as the page holds it: a ring of the newest lines, and the part of it that is looked at.

use std::collections::VecDeque;
use std::sync::Arc;

use protocol::filter::{Candidate, Filter};
use protocol::live::LogLine;
use protocol::model::{DeviceId, Level};

/// Most lines that the page keeps.
pub const MAX_LINES: usize = 10_000;

/// Tells a device's name.
pub type DeviceName<'a> = &'a dyn Fn(DeviceId) -> &'a str;

/// The newest lines, and those of them that pass the filter.
#[derive(Debug, Default)]
pub struct Logs {
    ring: VecDeque<Arc<LogLine>>,
    newest: u64,
    missed: u64,
    filter: Filter,
    at_least: Level,
    passing: VecDeque<Arc<LogLine>>,
    held: Option<Held>,
}

/// What a paused view shows: it does not change under the reader's eyes.
#[derive(Debug)]
struct Held {
    until: u64,
    lines: VecDeque<Arc<LogLine>>,
    new: usize,
}

impl Logs {
    /// An empty log that shows every level.
    pub fn new() -> Self {
        Self { at_least: Level::Trace, ..Self::default() }
    }

    /// The lines to show, oldest first.
    pub fn shown(&self) -> &VecDeque<Arc<LogLine>> {
        self.held.as_ref().map_or(&self.passing, |held| &held.lines)
    }

    /// How many lines are kept, whatever the filter says.
    pub fn kept(&self) -> usize {
        self.ring.len()
    }

    /// How many lines passed by while the connection was away.
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// While paused: how many lines came since that would be shown.
    pub fn paused(&self) -> Option<usize> {
        self.held.as_ref().map(|held| held.new)
    }

    /// Takes new lines; known ones are left out by their number.
    pub fn append(&mut self, lines: Vec<LogLine>, name: DeviceName<'_>) {
        for line in lines {
            if line.seq <= self.newest {
                continue;
            }
            if self.newest > 0 {
                self.missed += line.seq - self.newest - 1;
            }
            self.newest = line.seq;
            let line = Arc::new(line);
            if self.passes(&line, name) {
                self.passing.push_back(Arc::clone(&line));
                if let Some(held) = &mut self.held {
                    held.new += 1;
                }
            }
            self.ring.push_back(line);
        }
        self.evict();
    }

    /// Takes a snapshot's lines: older ones that are still here stay.
    pub fn resume(&mut self, lines: Vec<LogLine>, name: DeviceName<'_>) {
        // numbers that went back mean another history, as after restoring a back-up
        if lines.last().is_some_and(|line| line.seq < self.newest) {
            *self =
                Self { filter: std::mem::take(&mut self.filter), at_least: self.at_least, ..Self::default() };
        }
        self.append(lines, name);
    }

    /// Shows only what passes. A paused view stays paused at its place.
    pub fn set_filter(&mut self, filter: Filter, at_least: Level, name: DeviceName<'_>) {
        self.filter = filter;
        self.at_least = at_least;
        self.passing = self.ring.iter().filter(|line| self.passes(line, name)).cloned().collect();
        if let Some(held) = &mut self.held {
            held.lines = self.passing.iter().filter(|line| line.seq <= held.until).cloned().collect();
            held.new = self.passing.len() - held.lines.len();
        }
    }

    /// Holds the view as it is.
    pub fn pause(&mut self) {
        if self.held.is_none() {
            self.held = Some(Held { until: self.newest, lines: self.passing.clone(), new: 0 });
        }
    }

    /// Follows the newest lines again.
    pub fn resume_following(&mut self) {
        self.held = None;
    }

    /// Empties the view. What is stored on the server stays.
    pub fn clear(&mut self) {
        self.ring.clear();
        self.passing.clear();
        self.missed = 0;
        self.held = None;
    }

    fn passes(&self, line: &LogLine, name: DeviceName<'_>) -> bool {
        line.level >= self.at_least
            && (self.filter.is_empty()
                || self.filter.matches(&Candidate {
                    level: line.level,
                    message: &line.message,
                    fields: line.fields.as_deref(),
                    device: name(line.device),
                }))
    }

    fn evict(&mut self) {
        while self.ring.len() > MAX_LINES {
            self.ring.pop_front();
        }
        let oldest = self.ring.front().map_or(0, |line| line.seq);
        while self.passing.front().is_some_and(|line| line.seq < oldest) {
            self.passing.pop_front();
        }
    }
}
