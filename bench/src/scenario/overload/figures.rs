//! What was seen in the flood → figures.

use std::time::{Duration, Instant};

use super::seen::{Course, Measured, Told};
use crate::{
    answers::{Answers, Window},
    client::{Answered, Arrived, Version2, total},
    crowd::Player,
    editor::{Edit, known_at},
    report::{Goal, Run, Times, record, times},
    scenario::{mebibytes, milliseconds},
};

/// What is normal: at most twice the p99 of the quiet time, and never held to less than this.
const NORMAL: Duration = Duration::from_millis(50);
const EDIT_GOAL: Goal = Goal::AtMost(250.0);

pub(super) struct Figures<'a> {
    /// Flooding games of each kind.
    pub(super) sessions: u32,
    pub(super) course: &'a Course,
    pub(super) told: &'a Told,
    /// Stored entries that were compared with what was promised about them.
    pub(super) compared: u64,
}

/// Edits on their way to every game of a project.
struct Pushes {
    /// When it should have been made, and when a game knew of it.
    known: Vec<(Instant, Instant)>,
    /// Saved, but neither it nor a newer value came to a game.
    lost: u64,
}

impl Pushes {
    fn of(edits: &[Edit], games: &[&[Arrived]]) -> Self {
        let mut pushes = Self { known: Vec::new(), lost: 0 };
        for arrived in games {
            for (edit, at) in known_at(edits, arrived) {
                match at {
                    Some(at) => pushes.known.push((edit.due, at)),
                    None => pushes.lost += 1,
                }
            }
        }
        pushes
    }

    fn within(&self, window: Window) -> Times {
        let mut within = times();
        for (due, at) in self.known.iter().filter(|(due, _)| window.holds(*due)) {
            record(&mut within, at.duration_since(*due));
        }
        within
    }
}

impl Figures<'_> {
    pub(super) fn runs(&self) -> Vec<Run> {
        vec![self.sustained(), self.project(0), self.project(1), self.server()]
    }

    fn sustained(&self) -> Run {
        let Course { sustained, offered_per_second, flood, .. } = *self.course;
        let mut run = Run::new("what is stored of the flooded project");
        let stored = |per_second: f64, window: Window| (per_second * window.seconds()).round() as u64;
        for (when, maximum) in ["before", "after"].into_iter().zip(sustained) {
            let Measured { window, per_second, .. } = maximum;
            let lines = self.told.lines_of(&self.told.waiting).chain(self.told.lines_of(&self.told.going_on));
            let answers = Answers::within(window, lines);
            let n = stored(per_second, window);
            run.number(format!("sustained maximum, {when}"), per_second, "entries/s", n);
            run.times(format!("sustained maximum, {when}: line → acknowledged"), answers.latency);
        }
        let n = stored(offered_per_second, flood.window);
        run.number("offered in the flood", offered_per_second, "entries/s", n);
        let n = stored(flood.per_second, flood.window);
        run.number("stored in the flood", flood.per_second, "entries/s", n);
        let maximum = sustained.iter().map(|maximum| maximum.per_second).sum::<f64>() / 2.0;
        let ratio = flood.per_second / maximum;
        let goal = Some(Goal::AtLeast(0.9));
        run.number_with("stored ÷ mean of both maxima", ratio, "", sustained.len() as u64, goal);
        for (kind, players) in [("waits", &self.told.waiting), ("does not wait", &self.told.going_on)] {
            let answers = Answers::within(flood.window, self.told.lines_of(players));
            let per_second = answers.entries as f64 / flood.window.seconds();
            run.number(format!("of it acknowledged to who {kind}"), per_second, "entries/s", answers.entries);
        }
        run
    }

    fn project(&self, project: usize) -> Run {
        let mut run = Run::new(["the flooded project", "the other project"][project]);
        let Course { quiet, flood: Measured { window: flood, .. }, after, .. } = *self.course;
        let edits = &self.told.edits[project];
        let pushes = Pushes::of(edits, &self.told.arrived_calm(project));
        let flooding =
            Pushes::of(edits, &if project == 0 { self.told.arrived_flooding() } else { Vec::new() });
        let lines = self.told.lines_of(&self.told.calm[project]);
        let (quiet_edits, quiet_lines) =
            (pushes.within(quiet), Answers::within(quiet, lines.clone()).latency);

        let normal_edits = normal(&quiet_edits);
        let normal_lines = normal(&quiet_lines);
        let edits_after = back_to_normal(after, &pushes.known, normal_edits).max(back_to_normal(
            after,
            &flooding.known,
            normal_edits,
        ));
        let lines_after: Vec<_> = lines.clone().map(|&Answered { due, at, .. }| (due, at)).collect();
        let lines_after = back_to_normal(after, &lines_after, normal_lines);

        run.times("edit → calm game, before", quiet_edits);
        run.times_with("edit → calm game, in the flood", pushes.within(flood), Some(EDIT_GOAL));
        if !flooding.known.is_empty() {
            run.times_with("edit → flooding game, in the flood", flooding.within(flood), Some(EDIT_GOAL));
        }
        run.times("line of a calm game → acknowledged, before", quiet_lines);
        run.times("line of a calm game → acknowledged, in the flood", Answers::within(flood, lines).latency);
        let lost = pushes.lost + flooding.lost;
        let n = (pushes.known.len() + flooding.known.len()) as u64 + lost;
        run.number_with(
            "saved edits that did not come to a game",
            lost as f64,
            "",
            n,
            Some(Goal::AtMost(0.0)),
        );
        let refused = edits.iter().filter(|edit| edit.saved.is_none()).count();
        run.number("edits that were refused", refused as f64, "", edits.len() as u64);
        let after_ms = milliseconds(edits_after.max(lines_after));
        run.number_with("back to normal after", after_ms, "ms", 1, Some(Goal::AtMost(5_000.0)));
        run
    }

    fn server(&self) -> Run {
        let mut run = Run::new("the server and its connections");
        let Course { base_kib, peak_kib, sustained, flood, .. } = *self.course;
        for (when, Measured { cores, .. }) in [
            ("at the first maximum", sustained[0]),
            ("in the flood", flood),
            ("at the last maximum", sustained[1]),
        ] {
            run.known(format!("cores busy with the server {when}"), cores[0], "");
            run.known(format!("cores busy with the generator {when}"), cores[1], "");
        }
        run.known("resident memory before the flood", base_kib.map(mebibytes), "MiB");
        run.known("most resident memory in the flood and after", peak_kib.map(mebibytes), "MiB");
        if let Some((base, peak)) = base_kib.zip(peak_kib) {
            let more = mebibytes(peak) - mebibytes(base);
            run.number_with("more than before", more, "MiB", 1, Some(Goal::AtMost(256.0)));
        }
        let Told { waiting, going_on, original, calm, .. } = self.told;
        let lost = |players: &mut dyn Iterator<Item = u64>| players.sum::<u64>() as f64;
        let connections = u64::from(self.sessions);
        let disconnects: [(&str, f64); 4] = [
            ("wait", lost(&mut waiting.iter().map(|player| player.disconnects))),
            ("don't wait", lost(&mut going_on.iter().map(|player| player.disconnects))),
            ("are original", lost(&mut original.iter().map(|player| player.disconnects))),
            ("are calm", lost(&mut calm.iter().flatten().map(|player| player.disconnects))),
        ];
        for (kind, lost) in disconnects {
            run.number(format!("connections lost by those who {kind}"), lost, "", connections);
        }
        let version2 =
            |players: &[Player<Version2>]| total(players.iter().map(|player| &player.client.counts));
        let kinds = [
            ("those who wait", version2(waiting)),
            ("those who don't", version2(going_on)),
            ("original games", total(original.iter().map(|player| &player.client.counts))),
        ];
        for (kind, counts) in kinds {
            for (code, count) in counts {
                run.number(format!("{kind}: {code}"), count as f64, "times", count);
            }
        }
        run.number(
            "log entries stored, compared one by one after kill -9",
            self.compared as f64,
            "",
            self.compared,
        );
        run
    }
}

fn normal(quiet: &Times) -> Duration {
    NORMAL.max(Duration::from_nanos(2 * quiet.value_at_quantile(0.99)))
}

/// From the end of the flood until the last one has come, of those due after it, that took longer than is
/// normal.
fn back_to_normal(after: Window, samples: &[(Instant, Instant)], normal: Duration) -> Duration {
    let late = samples.iter().filter(|(due, at)| after.holds(*due) && at.duration_since(*due) > normal);
    late.map(|(_, at)| at.duration_since(after.from)).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_again_is_when_the_last_slow_one_has_come() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let after = Window { from: at(1000), until: at(9000) };
        // due before the end: that is the flood's; two slow ones; a quick one; due when nobody looks any more
        let samples = [(900, 2900), (1000, 1300), (1200, 1400), (1500, 1510), (9000, 9900)];
        let samples = samples.map(|(due, known)| (at(due), at(known)));
        let back = back_to_normal(after, &samples, Duration::from_millis(100));
        assert_eq!(back, Duration::from_millis(400));
        assert_eq!(back_to_normal(after, &samples, Duration::from_secs(1)), Duration::ZERO);
    }

    #[test]
    fn an_edit_counts_for_every_game() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let edits = [Edit { due: at(0), saved: Some(at(2)) }, Edit { due: at(50), saved: Some(at(52)) }];
        let both = [Arrived { value: 1, at: at(3) }, Arrived { value: 2, at: at(54) }];
        let pushes = Pushes::of(&edits, &[&both, &both[..1]]);
        assert_eq!((pushes.known.len(), pushes.lost), (3, 1));
        assert_eq!(pushes.within(Window { from: at(0), until: at(50) }).len(), 2);
    }
}
