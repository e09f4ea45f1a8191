//! Lines that are counted by their pattern.

use std::collections::{HashMap, hash_map::Entry};

use protocol::{
    model::{DeviceId, Fingerprint, Level, LogLine, UnixMicros},
    pattern,
};

use super::body::Body;
use crate::store::{DeviceBuild, PatternRow};

/// A pattern, and what is counted of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) level: Level,
    pub(super) text: String,
    pub(super) first: UnixMicros,
    pub(super) last: UnixMicros,
    pub(super) last_seq: u64,
    pub(super) body: Body,
}

impl Tally {
    /// From what was stored; `None`: it is not readable.
    pub(super) fn read(row: PatternRow) -> Option<(Fingerprint, Self)> {
        let PatternRow { fingerprint, level, text, first, last, last_seq, body, .. } = row;
        let body = Body::read(&body);
        if body.is_none() {
            tracing::warn!(%fingerprint, "the counts of a log pattern are damaged; counting starts again");
        }
        Some((fingerprint, Self { level, text, first, last, last_seq, body: body? }))
    }

    pub(super) fn write(self, fingerprint: Fingerprint) -> PatternRow {
        let Self { level, text, first, last, last_seq, body } = self;
        let (count, body) = (body.count(), body.write());
        PatternRow { fingerprint, level, text, count, first, last, last_seq, body }
    }

    /// Learns of lines that it does not count: since when there are any, and who sent them.
    pub(super) fn learn_of_all(&mut self, all: &Self) {
        self.first = self.first.min(all.first);
        self.body.learn_senders(all.body.clone());
    }

    fn add(&mut self, line: &LogLine, build: Option<&str>) {
        self.first = self.first.min(line.received);
        self.last = self.last.max(line.received);
        self.last_seq = self.last_seq.max(line.seq);
        self.body.add(line.received, line.device, build);
    }
}

/// The patterns of some lines.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) tallies: HashMap<Fingerprint, Tally>,
    builds: HashMap<DeviceId, DeviceBuild>,
}

impl Counts {
    /// Goes on from what was stored.
    pub(super) fn load(&mut self, rows: Vec<PatternRow>) {
        self.tallies.extend(rows.into_iter().filter_map(Tally::read));
    }

    /// What these devices announced. It is true of lines that came since then.
    pub(super) fn learn(&mut self, builds: Vec<DeviceBuild>) {
        self.builds.extend(builds.into_iter().map(|build| (build.device, build)));
    }

    /// Counts a line that has this pattern.
    pub(super) fn add(&mut self, line: &LogLine, said: Said) {
        let build = self.builds.get(&line.device).filter(|build| build.since <= line.received);
        let build = build.map(|build| build.build.as_str());
        let tally = match self.tallies.entry(said.fingerprint) {
            Entry::Occupied(tally) => tally.into_mut(),
            Entry::Vacant(place) => place.insert(Tally {
                level: line.level,
                text: said.text,
                first: line.received,
                last: line.received,
                last_seq: line.seq,
                body: Body::default(),
            }),
        };
        tally.add(line, build);
    }
}

/// What a line says.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) fingerprint: Fingerprint,
    pub(super) text: String,
}

impl Said {
    pub(super) fn by(line: &LogLine) -> Self {
        let text = pattern::of(&line.message);
        Self { fingerprint: Fingerprint::of(line.level, &text), text }
    }
}
