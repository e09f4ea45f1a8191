//! What the acknowledgements of many clients say together.

use std::time::Instant;

use crate::{
    client::Answered,
    report::{Times, record, times},
};

/// A stretch of time that is measured, apart from the warm-up before and the end behind it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) from: Instant,
    pub(crate) until: Instant,
}

impl Window {
    pub(crate) fn holds(self, at: Instant) -> bool {
        (self.from..self.until).contains(&at)
    }

    pub(crate) fn seconds(self) -> f64 {
        self.until.duration_since(self.from).as_secs_f64()
    }
}

/// Lines, counted and timed.
pub(crate) struct Answers {
    /// Log entries whose acknowledgement came within the window.
    pub(crate) entries: u64,
    /// Lines whose acknowledgement came within the window.
    pub(crate) lines: u64,
    /// Due → acknowledged, of every line that was due within the window, however late.
    pub(crate) latency: Times,
    /// Due → sent: how late the generator was, or how long the client had to hold the line back because too
    /// many were unanswered. Part of the latency.
    pub(crate) held_back: Times,
}

impl Answers {
    pub(crate) fn within<'a>(window: Window, answered: impl IntoIterator<Item = &'a Answered>) -> Self {
        let mut answers = Self { entries: 0, lines: 0, latency: times(), held_back: times() };
        for line in answered {
            if window.holds(line.at) {
                answers.entries += u64::from(line.entries);
                answers.lines += 1;
            }
            if window.holds(line.due) {
                record(&mut answers.latency, line.at.duration_since(line.due));
                record(&mut answers.held_back, line.sent.duration_since(line.due));
            }
        }
        answers
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn throughput_goes_by_the_answer_and_latency_by_the_moment_that_was_due() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let line =
            |due, sent, answered| Answered { due: at(due), sent: at(sent), at: at(answered), entries: 10 };
        let window = Window { from: at(100), until: at(200) };
        let lines = [
            line(90, 90, 110),   // due before
            line(150, 160, 190), // within
            line(199, 199, 999), // answered after: must not be left out of the latency
            line(200, 200, 210), // after
        ];
        let answers = Answers::within(window, &lines);
        assert_eq!((answers.lines, answers.entries), (2, 20));
        assert_eq!(answers.latency.len(), 2);
        let near = |nanos: u64, ms: u64| nanos.abs_diff(ms * 1_000_000) < ms * 1_000;
        assert!(near(answers.latency.max(), 800) && near(answers.latency.min(), 40));
        assert!(near(answers.held_back.max(), 10));
        assert_eq!(window.seconds(), 0.1);
    }
}
