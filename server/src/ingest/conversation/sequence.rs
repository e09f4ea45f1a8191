//! Line numbers: each line is accepted once and in order, and acknowledged when it is settled.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use protocol::{
    ErrorCode, limits,
    line::{write_ack, write_entries_nack, write_nack},
    model::Key,
};

/// How long to wait before sending a refused line again.
const BUSY_PAUSE: Duration = Duration::from_millis(100);
/// The longest such pause, for a game that is refused repeatedly: each time it resends everything, mostly in vain.
const LONGEST_BUSY_PAUSE: Duration = Duration::from_millis(400);
const UNAVAILABLE_PAUSE: Duration = Duration::from_secs(1);
/// After a refused line, the following ones are already in flight: they are silently skipped for this long.
const GRACE: Duration = Duration::from_secs(1);

/// What to do with a numbered line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is the next one.
    Take,
    /// It is a repetition: settled or in flight.
    Known,
    /// Skip it: an earlier line has to be sent again first.
    Skip,
    /// One before it is missing.
    Gap,
    /// Too many are in flight.
    Full,
}

/// What is refused of an accepted line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: ErrorCode,
    /// The positions of the refused entries; `None` for the whole line.
    pub(super) places: Option<String>,
}

impl From<ErrorCode> for Refusal {
    fn from(code: ErrorCode) -> Self {
        Self { code, places: None }
    }
}

/// The numbers of one session on one connection.
#[derive(Debug)]
pub(super) struct Sequence {
    /// The number of the next line to accept.
    next: u64,
    /// Everything up to this number is committed or permanently refused.
    settled: u64,
    /// Refusals of accepted lines or their entries, sent once the number is committed.
    refused: BTreeMap<u64, Refusal>,
    /// A repetition arrived: acknowledge again.
    ack_due: bool,
    /// Until when lines after `next` are skipped.
    skip_until: Option<Instant>,
    /// When the last busy pause ends.
    busy_until: Option<Instant>,
    /// How long that pause is.
    busy_pause: Duration,
}

impl Sequence {
    pub(super) fn new(last_seq: u64) -> Self {
        let (next, refused) = (last_seq + 1, BTreeMap::new());
        Self {
            next,
            settled: last_seq,
            refused,
            ack_due: true,
            skip_until: None,
            busy_until: None,
            busy_pause: BUSY_PAUSE,
        }
    }

    /// Accepted lines that are not settled yet.
    pub(super) fn in_flight(&self) -> u64 {
        self.next - 1 - self.settled
    }

    pub(super) fn judge(&mut self, seq: u64, now: Instant) -> Verdict {
        if seq < self.next {
            self.ack_due |= seq <= self.settled;
            return Verdict::Known;
        }
        if seq > self.next {
            return match self.skip_until {
                Some(until) if now < until => Verdict::Skip,
                _ => Verdict::Gap,
            };
        }
        if self.in_flight() >= limits::MAX_INFLIGHT_LINES { Verdict::Full } else { Verdict::Take }
    }

    /// Accepts the next line.
    pub(super) fn take(&mut self) {
        self.next += 1;
        self.skip_until = None;
    }

    /// Permanently refuses an accepted line, or entries of it.
    pub(super) fn refuse(&mut self, seq: u64, refusal: Refusal) {
        self.refused.insert(seq, refusal);
    }

    /// Refuses the next line for now: says where to resend from, and when.
    pub(super) fn postpone(&mut self, key: Key, code: ErrorCode, now: Instant, out: &mut Vec<u8>) {
        let pause = match code {
            ErrorCode::Gap => Duration::ZERO,
            ErrorCode::Busy => self.next_busy_pause(now),
            _ => UNAVAILABLE_PAUSE,
        };
        self.skip_until = Some(now + pause + GRACE);
        self.busy_until = (code == ErrorCode::Busy).then_some(now + pause);
        let millis = u64::try_from(pause.as_millis()).expect("pauses are short");
        write_nack(out, key, self.next, code, Some(millis));
    }

    /// Gives up on what is in flight: says where to resend from, once.
    pub(super) fn give_up(&mut self, key: Key, out: &mut Vec<u8>) {
        if self.in_flight() == 0 {
            return;
        }
        self.next = self.settled + 1;
        self.refused.clear();
        let millis = u64::try_from(UNAVAILABLE_PAUSE.as_millis()).expect("pauses are short");
        write_nack(out, key, self.next, ErrorCode::Unavailable, Some(millis));
    }

    /// Twice the last pause, if that has just ended.
    fn next_busy_pause(&mut self, now: Instant) -> Duration {
        self.busy_pause = match self.busy_until {
            // the game did not wait, because its lines were in flight
            Some(until) if now < until => self.busy_pause,
            Some(until) if now < until + self.busy_pause => (2 * self.busy_pause).min(LONGEST_BUSY_PAUSE),
            _ => BUSY_PAUSE,
        };
        self.busy_pause
    }

    /// When the current busy pause ends; `None` without one.
    pub(super) fn busy_until(&self, now: Instant) -> Option<Instant> {
        self.busy_until.filter(|until| now < *until)
    }

    /// Everything up to `up_to` is settled; the database refused some of it.
    pub(super) fn settle(&mut self, up_to: u64, refused: &[u64]) {
        self.refused.extend(refused.iter().map(|seq| (*seq, ErrorCode::Internal.into())));
        if up_to > self.settled {
            self.settled = up_to;
            self.ack_due = true;
        }
    }

    /// Sends outstanding acknowledgements and refusals.
    pub(super) fn answer(&mut self, key: Key, out: &mut Vec<u8>) {
        while let Some(entry) = self.refused.first_entry().filter(|entry| *entry.key() <= self.settled) {
            let (seq, Refusal { code, places }) = entry.remove_entry();
            match places {
                None => write_nack(out, key, seq, code, None),
                Some(places) => write_entries_nack(out, key, seq, code, &places),
            }
        }
        if std::mem::take(&mut self.ack_due) {
            write_ack(out, key, self.settled);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key::parse(b"0123456789ab").unwrap()
    }

    fn said(sequence: &mut Sequence) -> String {
        let mut out = Vec::new();
        sequence.answer(key(), &mut out);
        String::from_utf8(out).unwrap()
    }

    fn take(sequence: &mut Sequence, seq: u64) {
        assert_eq!(sequence.judge(seq, Instant::now()), Verdict::Take);
        sequence.take();
    }

    #[test]
    fn a_session_goes_on_where_it_was() {
        let mut sequence = Sequence::new(7);
        assert_eq!(said(&mut sequence), "a:0123456789ab:7\n");
        assert_eq!(sequence.judge(7, Instant::now()), Verdict::Known);
        assert_eq!(said(&mut sequence), "a:0123456789ab:7\n");
        take(&mut sequence, 8);
        assert_eq!(said(&mut sequence), "");
        sequence.settle(8, &[]);
        assert_eq!(said(&mut sequence), "a:0123456789ab:8\n");
        assert_eq!(said(&mut sequence), "");
    }

    #[test]
    fn a_line_that_comes_again_while_it_is_on_its_way_is_not_taken_twice() {
        let mut sequence = Sequence::new(0);
        said(&mut sequence);
        take(&mut sequence, 1);
        assert_eq!(sequence.judge(1, Instant::now()), Verdict::Known);
        assert_eq!(said(&mut sequence), "", "it is not settled");
    }

    #[test]
    fn a_refusal_is_said_when_its_number_is_committed() {
        let mut sequence = Sequence::new(0);
        said(&mut sequence);
        take(&mut sequence, 1);
        sequence.refuse(2, ErrorCode::BadJson.into());
        take(&mut sequence, 2);
        take(&mut sequence, 3);
        sequence.settle(1, &[]);
        assert_eq!(said(&mut sequence), "a:0123456789ab:1\n");
        sequence.settle(3, &[3]);
        assert_eq!(
            said(&mut sequence),
            "n:0123456789ab:2:bad_json\nn:0123456789ab:3:internal\na:0123456789ab:3\n"
        );
    }

    #[test]
    fn entries_that_are_refused_are_named_unless_the_database_refuses_all() {
        let mut sequence = Sequence::new(0);
        said(&mut sequence);
        for seq in [1, 2] {
            take(&mut sequence, seq);
            let refusal = Refusal { code: ErrorCode::BadShape, places: Some("3,7".to_owned()) };
            sequence.refuse(seq, refusal);
        }
        sequence.settle(2, &[2]);
        assert_eq!(
            said(&mut sequence),
            "n:0123456789ab:1:bad_shape 3,7\nn:0123456789ab:2:internal\na:0123456789ab:2\n"
        );
    }

    #[test]
    fn what_is_given_up_is_asked_for_again_once() {
        let mut sequence = Sequence::new(0);
        said(&mut sequence);
        (1..=3).for_each(|seq| take(&mut sequence, seq));
        sequence.refuse(3, ErrorCode::BadJson.into());
        sequence.settle(1, &[]);
        let mut out = Vec::new();
        sequence.give_up(key(), &mut out);
        assert_eq!(out, b"n:0123456789ab:2:unavailable:1000\n");
        sequence.give_up(key(), &mut out);
        assert_eq!((out.iter().filter(|byte| **byte == b'\n').count(), sequence.in_flight()), (1, 0));
        take(&mut sequence, 2);
    }

    #[test]
    fn what_is_on_its_way_behind_a_postponed_line_is_passed_over() {
        let start = Instant::now();
        let mut sequence = Sequence::new(0);
        let mut out = Vec::new();
        sequence.postpone(key(), ErrorCode::Busy, start, &mut out);
        assert_eq!(out, b"n:0123456789ab:1:busy:100\n");
        assert_eq!(sequence.judge(2, start), Verdict::Skip);
        assert_eq!(sequence.judge(2, start + BUSY_PAUSE + GRACE), Verdict::Gap);
        take(&mut sequence, 1);
        assert_eq!(sequence.judge(3, start), Verdict::Gap, "2 is missing now");
    }

    #[test]
    fn a_busy_server_says_how_long_it_listens_to_nothing() {
        let start = Instant::now();
        let mut sequence = Sequence::new(0);
        assert_eq!(sequence.busy_until(start), None);
        sequence.postpone(key(), ErrorCode::Busy, start, &mut Vec::new());
        assert_eq!(sequence.busy_until(start), Some(start + BUSY_PAUSE));
        assert_eq!(sequence.busy_until(start + BUSY_PAUSE), None);
        sequence.postpone(key(), ErrorCode::Gap, start, &mut Vec::new());
        assert_eq!(sequence.busy_until(start), None, "what is missing may come at once");
    }

    #[test]
    fn a_game_that_is_told_again_and_again_waits_longer() {
        let mut now = Instant::now();
        let mut sequence = Sequence::new(0);
        let mut pause = |now| {
            let mut out = Vec::new();
            sequence.postpone(key(), ErrorCode::Busy, now, &mut out);
            sequence.busy_until(now).unwrap() - now
        };
        for expected in [BUSY_PAUSE, 2 * BUSY_PAUSE, LONGEST_BUSY_PAUSE, LONGEST_BUSY_PAUSE] {
            assert_eq!(pause(now), expected);
            assert_eq!(pause(now), expected, "what was on its way does not count");
            now += expected + Duration::from_millis(10);
        }
        assert_eq!(pause(now + LONGEST_BUSY_PAUSE), BUSY_PAUSE, "there was room in between");
    }

    #[test]
    fn only_so_many_are_on_their_way() {
        let mut sequence = Sequence::new(0);
        for seq in 1..=limits::MAX_INFLIGHT_LINES {
            take(&mut sequence, seq);
        }
        assert_eq!(sequence.judge(limits::MAX_INFLIGHT_LINES + 1, Instant::now()), Verdict::Full);
        sequence.settle(1, &[]);
        take(&mut sequence, limits::MAX_INFLIGHT_LINES + 1);
    }
}
