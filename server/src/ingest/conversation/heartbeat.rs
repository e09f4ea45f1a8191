//! The heartbeat.

use std::time::{Duration, Instant};

use protocol::line::write_ping;

/// Unanswered pings before the peer counts as gone.
const MAX_UNANSWERED: u32 = 2;

/// The interval and timeout of pings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeartbeatTimes {
    /// Silence after which a ping is sent.
    pub(crate) interval: Duration,
    /// How long an answer may take.
    pub(crate) timeout: Duration,
}

/// What happened at the deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beat {
    /// Nothing to do yet.
    Wait,
    /// A ping was sent.
    Pinged,
    /// The peer is gone.
    Dead,
}

/// One side of a conversation.
#[derive(Debug)]
pub(super) struct Heartbeat {
    times: HeartbeatTimes,
    /// The time of the last input or ping.
    since: Instant,
    unanswered: u32,
    token: u32,
}

impl Heartbeat {
    pub(super) fn new(times: HeartbeatTimes, now: Instant) -> Self {
        Self { times, since: now, unanswered: 0, token: 0 }
    }

    /// Any input counts as an answer.
    pub(super) fn hear(&mut self, now: Instant) {
        self.since = now;
        self.unanswered = 0;
    }

    pub(super) fn deadline(&self) -> Instant {
        match self.unanswered {
            0 => self.since + self.times.interval,
            _ => self.since + self.times.timeout,
        }
    }

    /// `is_listening`: whether an answer would be read. Otherwise, a ping only shows the peer that the server is there.
    pub(super) fn on_time(&mut self, now: Instant, is_listening: bool, out: &mut Vec<u8>) -> Beat {
        if now < self.deadline() {
            return Beat::Wait;
        }
        if is_listening && self.unanswered == MAX_UNANSWERED {
            return Beat::Dead;
        }
        self.since = now;
        self.unanswered += u32::from(is_listening);
        self.token = self.token.wrapping_add(1);
        write_ping(out, self.token);
        Beat::Pinged
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn two_unanswered_pings_are_the_end() {
        let start = Instant::now();
        let times = HeartbeatTimes { interval: 20 * SECOND, timeout: 10 * SECOND };
        let mut heartbeat = Heartbeat::new(times, start);
        let mut out = Vec::new();
        assert_eq!(heartbeat.on_time(start + 19 * SECOND, true, &mut out), Beat::Wait);
        assert_eq!(heartbeat.on_time(start + 20 * SECOND, true, &mut out), Beat::Pinged);
        assert_eq!(heartbeat.on_time(start + 30 * SECOND, true, &mut out), Beat::Pinged);
        assert_eq!(out, b"p:1\np:2\n");
        assert_eq!(heartbeat.on_time(start + 39 * SECOND, true, &mut out), Beat::Wait);
        assert_eq!(heartbeat.on_time(start + 40 * SECOND, true, &mut out), Beat::Dead);
    }

    #[test]
    fn who_is_not_listened_to_is_asked_and_never_dead() {
        let start = Instant::now();
        let times = HeartbeatTimes { interval: 20 * SECOND, timeout: 10 * SECOND };
        let mut heartbeat = Heartbeat::new(times, start);
        for n in 1..=5 {
            let now = start + n * 20 * SECOND;
            assert_eq!(heartbeat.on_time(now, false, &mut Vec::new()), Beat::Pinged);
        }
        heartbeat.hear(start + 110 * SECOND);
        let mut beat = |after| heartbeat.on_time(start + after * SECOND, true, &mut Vec::new());
        assert_eq!([beat(130), beat(140), beat(150)], [Beat::Pinged, Beat::Pinged, Beat::Dead]);
    }

    #[test]
    fn whatever_comes_is_an_answer() {
        let start = Instant::now();
        let times = HeartbeatTimes { interval: 20 * SECOND, timeout: 10 * SECOND };
        let mut heartbeat = Heartbeat::new(times, start);
        heartbeat.on_time(start + 20 * SECOND, true, &mut Vec::new());
        heartbeat.hear(start + 29 * SECOND);
        assert_eq!(heartbeat.deadline(), start + 49 * SECOND);
    }
}
