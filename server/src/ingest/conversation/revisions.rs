//! When each revision was sent, to measure how long the game took to apply it.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use protocol::model::Revision;

/// Most revisions to measure at once, for a game that answers late.
const MAX_TIMED: usize = 32;

/// What a game was sent.
#[derive(Debug)]
pub(super) struct Revisions {
    newest: Revision,
    sent: VecDeque<(Revision, Instant)>,
}

impl Revisions {
    /// A game that has everything up to `held`.
    pub(super) fn new(held: Revision) -> Self {
        Self { newest: held, sent: VecDeque::new() }
    }

    pub(super) fn send(&mut self, revision: Revision, now: Instant) {
        self.newest = revision;
        if self.sent.len() == MAX_TIMED {
            self.sent.pop_front();
        }
        self.sent.push_back((revision, now));
    }

    /// Whether a game can have it.
    pub(super) fn was_sent(&self, revision: Revision) -> bool {
        revision <= self.newest
    }

    /// The game has applied everything up to `revision`: how long that took, if it is news.
    pub(super) fn apply(&mut self, revision: Revision, now: Instant) -> Option<Duration> {
        let mut round_trip = None;
        while let Some((_, at)) = self.sent.pop_front_if(|(sent, _)| *sent <= revision) {
            round_trip = Some(now.saturating_duration_since(at));
        }
        round_trip
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_applied_revision_is_timed() {
        let start = Instant::now();
        let after = |millis| start + Duration::from_millis(millis);
        let mut revisions = Revisions::new(Revision(3));
        assert!(revisions.was_sent(Revision(3)) && !revisions.was_sent(Revision(4)));
        for (revision, millis) in [(4, 0), (5, 10), (6, 20)] {
            revisions.send(Revision(revision), after(millis));
        }
        assert_eq!(revisions.apply(Revision(5), after(25)), Some(Duration::from_millis(15)));
        assert_eq!(revisions.apply(Revision(5), after(26)), None, "said twice");
        assert_eq!(revisions.apply(Revision(6), after(50)), Some(Duration::from_millis(30)));
    }

    #[test]
    fn a_game_that_never_answers_costs_no_more() {
        let mut revisions = Revisions::new(Revision(0));
        for revision in 1..1_000 {
            revisions.send(Revision(revision), Instant::now());
        }
        assert_eq!(revisions.sent.len(), MAX_TIMED);
    }
}
