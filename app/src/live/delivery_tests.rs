//! What devices applied, as the page tells it.

use protocol::live::{ClientMessage, Snapshot};
use protocol::model::{DeviceId, Gesture, Revision, UnixMicros, VarSpec, VarType};
use protocol::{
    live::{EditRefused, Event, RunStarted, ServerMessage},
    model::{Outcome, RunId},
};

use super::by_device::LOOKED_AT;
use super::delivery::{Spread, Status, Tally};
use super::fixture::*;
use super::state::{LiveState, Touched};
use super::verdict::{DeviceRow, Fate};

/// `speed` was set to 5 as revision 3; so many devices of version 2 are connected and have not applied it.
fn fleet(devices: i64) -> Snapshot {
    let mut snapshot = snapshot(10);
    snapshot.devices = (1..=devices).map(|id| acknowledging(id, 2)).collect();
    snapshot.vars.truncate(1);
    snapshot.vars[0].reported = (1..=devices).map(|id| reported(id, int(1))).collect();
    snapshot.vars[0].desired = Some(desired(int(5), 3));
    snapshot
}

fn tally(state: &LiveState) -> Tally {
    match status(state) {
        Status::Sent(tally) => tally,
        other => panic!("{other:?}"),
    }
}

fn row(state: &LiveState, device: i64) -> DeviceRow {
    state.device_row(&name("speed"), DeviceId(device)).unwrap()
}

fn ranked(state: &LiveState) -> Vec<i64> {
    state.rank(&name("speed"), "", 50).shown.iter().map(|id| id.0).collect()
}

#[test]
fn the_count_goes_up_as_devices_apply_the_revision() {
    let mut state = LiveState::new(fleet(3));
    assert_eq!(tally(&state), Tally { games: 3, ..Tally::default() });
    state.apply(delta(11, applied(3, vec![(2, Outcome::Applied, 8)])));
    assert_eq!((tally(&state).applied, tally(&state).pending()), (1, 2));
    // a device that says nothing of the variable took it as it is
    state.apply(delta(12, Event::Applied { devices: vec![(DeviceId(1), Revision(4))], vars: vec![] }));
    state.apply(delta(13, applied(3, vec![(3, clamped(4, "too fast"), 40)])));
    let all = Tally { games: 3, applied: 2, clamped: 1, p95_micros: Some(40_000), ..Tally::default() };
    assert_eq!(tally(&state), all);
    assert_eq!(row(&state, 1).round_trip_micros, None);
}

#[test]
fn the_rows_say_why_and_the_worst_is_first() {
    let mut start = fleet(5);
    start.devices[4].online = false;
    let mut state = LiveState::new(start);
    let outcomes = vec![
        (1, Outcome::Applied, 8),
        (2, clamped(4, "<b>too fast</b>"), 9),
        (3, rejected("in a cutscene"), 12),
    ];
    state.apply(delta(11, applied(3, outcomes)));
    assert_eq!(ranked(&state), [3, 2, 4, 5, 1]);
    let counts = tally(&state);
    assert_eq!((counts.applied, counts.clamped, counts.rejected, counts.pending()), (1, 1, 1, 1));

    let third = row(&state, 3);
    assert_eq!((third.fate, third.reason.as_deref()), (Fate::Rejected, Some("in a cutscene")));
    assert_eq!(third.reports.as_deref(), Some("1"), "what stays in force");
    let second = row(&state, 2);
    assert_eq!((second.value.as_deref(), second.reason.as_deref()), (Some("4"), Some("<b>too fast</b>")));
    assert_eq!(second.round_trip_micros, Some(9_000));
    assert_eq!((row(&state, 4).fate, row(&state, 5).fate), (Fate::Pending, Fate::Waiting));

    // what it reported before says nothing; what it reports now is what it was clamped to
    assert_eq!((row(&state, 1).reports, row(&state, 2).reports), (None, None));
    state.apply(delta(12, reports(2, int(4))));
    assert_eq!(row(&state, 2).reports, None);
    state.apply(delta(13, reports(1, int(7))));
    assert_eq!((row(&state, 1).fate, row(&state, 1).reports), (Fate::Drifted, Some("7".into())));
}

#[test]
fn what_was_said_of_an_older_revision_does_not_count() {
    let mut state = LiveState::new(fleet(2));
    state.apply(delta(11, applied(3, vec![(1, rejected("no"), 5), (2, Outcome::Applied, 5)])));
    assert_eq!(tally(&state).rejected, 1);
    state.apply(delta(12, edited(int(6), 4)));
    assert_eq!(tally(&state), Tally { games: 2, ..Tally::default() });
    // it comes late, and is of the edit before
    state.apply(delta(13, applied(3, vec![(1, rejected("no"), 5)])));
    assert_eq!(tally(&state), Tally { games: 2, ..Tally::default() });
    state.apply(delta(14, applied(4, vec![(1, Outcome::Applied, 6), (2, Outcome::Applied, 7)])));
    let done = Tally { games: 2, applied: 2, p95_micros: Some(7_000), ..Tally::default() };
    assert_eq!(tally(&state), done);
}

#[test]
fn a_device_that_returns_with_an_older_revision_is_pending_again() {
    let mut state = LiveState::new(fleet(2));
    state.apply(delta(11, applied(3, vec![(1, Outcome::Applied, 5), (2, Outcome::Applied, 5)])));
    let mut away = acknowledging(1, 3);
    away.online = false;
    state.apply(delta(12, Event::Device(away)));
    assert_eq!((tally(&state).games, row(&state, 1).fate), (1, Fate::Applied));

    let touched = state.apply(delta(13, Event::Device(acknowledging(1, 0))));
    assert!(touched.all_vars);
    assert_eq!((tally(&state).games, row(&state, 1).fate), (2, Fate::Pending));
    state.apply(delta(14, applied(3, vec![(1, Outcome::Applied, 6)])));
    assert_eq!(row(&state, 1).fate, Fate::Applied);
}

#[test]
fn both_versions_are_counted_together_each_by_its_own_evidence() {
    let mut start = fleet(3);
    start.devices[2] = device(3, true);
    let mut state = LiveState::new(start);
    state.apply(delta(11, applied(3, vec![(1, Outcome::Applied, 5), (2, Outcome::Applied, 5)])));
    assert_eq!(tally(&state).applied, 2);
    assert_eq!((row(&state, 3).fate, row(&state, 3).reports), (Fate::Pending, Some("1".into())));
    state.apply(delta(12, reports(3, int(5))));
    assert_eq!((tally(&state).applied, row(&state, 3).fate), (3, Fate::Applied));
    // of a device that acknowledges a report proves nothing
    state.apply(delta(13, edited(int(6), 4)));
    state.apply(delta(14, reports(1, int(6))));
    assert_eq!(row(&state, 1).fate, Fate::Pending);
}

#[test]
fn without_a_game_it_waits_for_those_that_have_not_applied_it() {
    let mut start = fleet(3);
    for device in &mut start.devices {
        device.online = false;
    }
    start.devices[0].applied = Revision(3);
    let mut state = LiveState::new(start);
    assert_eq!(status(&state), Status::Offline(2));
    state.apply(delta(11, Event::Applied { devices: vec![(DeviceId(2), Revision(3))], vars: vec![] }));
    state.apply(delta(12, Event::Applied { devices: vec![(DeviceId(3), Revision(3))], vars: vec![] }));
    assert_eq!(status(&state), Status::Offline(0));
}

#[test]
fn a_single_game_says_what_it_did() {
    let mut original = fleet(1);
    original.devices = vec![device(1, true)];
    let state = LiveState::new(original);
    assert_eq!(tally(&state).only.as_deref(), Some("1"), "what it still reports");
    let mut state = LiveState::new(fleet(1));
    assert_eq!(tally(&state).only, None);
    state.apply(delta(11, applied(3, vec![(1, clamped(4, "too fast"), 5)])));
    assert_eq!(tally(&state).only.as_deref(), Some("4"));
    state.apply(delta(12, edited(int(6), 4)));
    state.apply(delta(13, applied(4, vec![(1, rejected("in a cutscene"), 5)])));
    assert_eq!(tally(&state).only.as_deref(), Some("in a cutscene"));
}

#[test]
fn the_p95_is_the_nearest_rank() {
    for (devices, expected) in [(1, 1), (2, 2), (19, 19), (20, 19), (21, 20), (100, 95), (101, 96)] {
        let mut state = LiveState::new(fleet(devices));
        // the slowest first, so that the order of arrival proves nothing
        let outcomes = (1..=devices).rev().map(|id| (id, Outcome::Applied, id as u32)).collect();
        state.apply(delta(11, applied(3, outcomes)));
        assert_eq!(tally(&state).p95_micros, Some(expected * 1_000), "of {devices}");
    }
}

#[test]
fn the_list_is_bounded_counts_the_rest_and_can_be_filtered() {
    let mut state = LiveState::new(fleet(1_000));
    let outcomes = (1..=997).map(|id| (id, Outcome::Applied, 1)).chain([(998, rejected("no"), 1)]).collect();
    state.apply(delta(11, applied(3, outcomes)));
    let all = state.rank(&name("speed"), "", 50);
    let first: Vec<i64> = all.shown[..4].iter().map(|id| id.0).collect();
    assert_eq!((all.shown.len(), first), (50, vec![998, 999, 1_000, 1]));
    assert_eq!((all.more, all.all), (vec![(Fate::Applied, 950)], 1_000));
    let named = state.rank(&name("speed"), " DEVICE-99", 5);
    let shown: Vec<i64> = named.shown.iter().map(|id| id.0).collect();
    assert_eq!((shown, named.more), (vec![998, 999, 99, 990, 991], vec![(Fate::Applied, 6)]));
}

/// A second of a busy project: each of a thousand devices reports and applies sixty times, and the page draws
/// sixty times. What is looked at grows with the updates and with devices × frames, never with devices².
#[test]
fn a_thousand_devices_at_sixty_updates_a_second_are_no_square() {
    const DEVICES: u64 = 1_000;
    const FRAMES: u64 = 60;
    let mut state = LiveState::new(fleet(DEVICES as i64));
    let before = LOOKED_AT.get();
    for frame in 0..FRAMES {
        let revision = 4 + frame as i64;
        let mut touched = state.apply(delta(11 + 2 * frame, edited(int(revision), revision)));
        let reported = (1..=DEVICES as i64).map(|id| reports(id, int(id * revision)));
        let outcomes = (1..=DEVICES as i64).map(|id| (id, Outcome::Applied, 1)).collect();
        let events = reported.chain([applied(revision, outcomes)]).collect();
        touched.join(state.apply(ServerMessage::Delta { seq: 12 + 2 * frame, events }));
        // one row was touched, and is drawn once; the edit has a line in the log
        assert_eq!(touched, Touched { vars: [name("speed")].into(), logs: true, ..Touched::default() });
        assert_eq!(tally(&state).applied, DEVICES as usize);
        shown(&state);
        state.rank(&name("speed"), "", 50);
    }
    let per_device_and_frame = (LOOKED_AT.get() - before) / (DEVICES * FRAMES);
    assert!(per_device_and_frame <= 20, "{per_device_and_frame} entries for each device in each frame");

    // values that all differ are counted in one pass, too
    let mut measured = fleet(DEVICES as i64);
    measured.vars[0].desired = None;
    measured.vars[0].reported = (1..=DEVICES as i64).map(|id| reported(id, int(id))).collect();
    let state = LiveState::new(measured);
    let before = LOOKED_AT.get();
    let spread = Spread { values: 1_000, shown: vec!["1".into(), "1000".into()], is_range: true };
    assert_eq!((status(&state), shown(&state)), (Status::Mixed(spread), Some(int(1))));
    assert!((LOOKED_AT.get() - before) <= 5 * DEVICES);
}

#[test]
fn an_applied_revision_touches_what_was_set_up_to_it() {
    let mut start = snapshot(10);
    start.devices = vec![acknowledging(1, 2), acknowledging(2, 4)];
    start.vars[0].desired = Some(desired(int(5), 3));
    start.vars[1].desired = Some(desired(int(5), 5));
    let mut state = LiveState::new(start);
    let event = |device, revision| Event::Applied {
        devices: vec![(DeviceId(device), Revision(revision))],
        vars: vec![],
    };
    let speed = Touched { vars: [name("speed")].into(), ..Touched::default() };
    assert_eq!(state.apply(delta(11, event(1, 3))), speed);
    assert_eq!(state.apply(delta(12, event(1, 4))), Touched::default());
    let lives = Touched { vars: [name("lives")].into(), ..Touched::default() };
    assert_eq!(state.apply(delta(13, event(2, 5))), lives);
    assert_eq!(state.apply(delta(14, event(77, 5))), Touched::default(), "a device nobody knows");
}

/// Says 42 while away, and then hears what has happened since.
fn returned(value: i64, revision: i64) -> LiveState {
    let mut state = state();
    state.set_open(false);
    state.edit(&name("speed"), int(42), Gesture(1));
    let mut newer = snapshot(20);
    newer.vars[0].desired = Some(desired(int(value), revision));
    state.apply(ServerMessage::Snapshot(Box::new(newer)));
    state.set_open(true);
    state
}

#[test]
fn an_edit_that_was_overtaken_while_away_is_not_sent_and_tells_both_values() {
    let mut state = returned(90, 1);
    assert!(!state.has_unsent());
    assert_eq!(shown(&state), Some(int(90)));
    let Status::Refused(text) = status(&state) else { panic!("{:?}", status(&state)) };
    assert!(text.contains("ann set it to 90") && text.contains("Your 42 was not set"), "{text}");
    // a game that says it again means it
    state.edit(&name("speed"), int(42), Gesture(2));
    assert_eq!(status(&state), Status::Sending);
}

#[test]
fn the_same_value_from_elsewhere_is_no_conflict_and_nothing_to_send() {
    let state = returned(42, 1);
    assert!(!state.has_unsent());
    assert_eq!(state.var(&name("speed")).unwrap().refused, None);
}

#[test]
fn an_own_edit_whose_answer_was_lost_does_not_overtake_itself() {
    let mut state = state();
    edit(&mut state, 5);
    state.set_open(false);
    state.edit(&name("speed"), int(6), Gesture(1));
    let mut newer = snapshot(20);
    newer.vars[0].desired = Some(desired(int(5), 1));
    state.apply(ServerMessage::Snapshot(Box::new(newer)));
    state.set_open(true);
    assert_eq!((shown(&state), state.take_unsent().len()), (Some(int(6)), 1));
}

#[test]
fn only_edits_of_this_page_are_own() {
    let mut state = LiveState::new(fleet(1));
    let is_own = |state: &LiveState| state.var(&name("speed")).unwrap().is_own();
    assert!(!is_own(&state));
    let id = edit(&mut state, 6);
    state.apply(saved(id, 4));
    state.apply(delta(11, edited(int(6), 4)));
    assert!(is_own(&state));
    state.apply(delta(12, edited(int(7), 5)));
    assert!(!is_own(&state));
}

/// `restart` is an action that two games know.
fn with_action() -> LiveState {
    let mut start = snapshot(10);
    start.vars[0].spec = VarSpec::bare(VarType::Action);
    LiveState::new(start)
}

fn run(state: &mut LiveState) -> u32 {
    state.run(&name("speed"), Some("[1]".into()));
    match state.take_unsent().as_slice() {
        [ClientMessage::Run { id, args, .. }] if args.as_deref() == Some("[1]") => *id,
        other => panic!("one run expected, got {other:?}"),
    }
}

fn started(id: u32, run: u64, games: u32) -> ServerMessage {
    ServerMessage::RunResult { id, outcome: Ok(RunStarted { run: RunId(run), games }) }
}

fn done(run: u64, device: i64, outcome: Result<Option<String>, String>) -> Event {
    Event::ActionDone {
        run: RunId(run),
        name: name("speed"),
        device: DeviceId(device),
        outcome,
        round_trip_micros: 5_000,
    }
}

fn ran(games: Option<usize>, done: usize, failed: usize) -> Status {
    let tally = Tally {
        games: games.unwrap_or(done + failed),
        applied: done,
        rejected: failed,
        p95_micros: (done + failed > 0).then_some(5_000),
        ..Tally::default()
    };
    Status::Ran(games, tally)
}

#[test]
fn a_run_is_sent_once_and_its_answers_are_counted() {
    let mut state = with_action();
    assert_eq!(status(&state), Status::Untouched);
    let id = run(&mut state);
    assert_eq!((status(&state), state.has_unsent()), (Status::Sending, false));
    state.apply(started(id, 9, 2));
    assert_eq!(status(&state), ran(Some(2), 0, 0));
    state.apply(delta(11, done(9, 1, Ok(Some("{\"lives\":3}".into())))));
    let Status::Ran(Some(2), first) = status(&state) else { panic!("{:?}", status(&state)) };
    assert_eq!((first.applied, first.pending()), (1, 1));
    state.apply(delta(12, done(9, 2, Err("no <boss>".into()))));
    assert_eq!(status(&state), ran(Some(2), 1, 1));
    assert_eq!(ranked(&state), [2, 1]);
    assert_eq!((row(&state, 2).fate, row(&state, 2).reason), (Fate::Failed, Some("no <boss>".into())));
    assert_eq!((row(&state, 1).fate, row(&state, 1).value), (Fate::Done, Some("{\"lives\":3}".into())));
    // the next run forgets the last one
    let id = run(&mut state);
    state.apply(started(id, 10, 2));
    assert_eq!(status(&state), ran(Some(2), 0, 0));
}

#[test]
fn a_game_may_answer_before_the_server_does_and_others_may_run_it() {
    let mut state = with_action();
    let id = run(&mut state);
    state.apply(delta(11, done(9, 1, Ok(None))));
    state.apply(started(id, 9, 1));
    assert_eq!(status(&state), ran(Some(1), 1, 0));
    state.apply(delta(12, done(11, 1, Ok(None))));
    state.apply(delta(13, done(11, 2, Ok(None))));
    assert_eq!(status(&state), ran(None, 2, 0));
    state.apply(delta(14, done(9, 2, Ok(None))));
    assert_eq!(status(&state), ran(None, 2, 0), "an older run is over");
    assert!(!state.var(&name("speed")).unwrap().is_own());
}

#[test]
fn a_run_is_neither_kept_nor_repeated() {
    let mut state = with_action();
    state.set_open(false);
    state.run(&name("speed"), None);
    assert!(!state.has_unsent());
    assert!(matches!(status(&state), Status::Refused(_)));
    state.set_open(true);
    assert!(!state.has_unsent());
    run(&mut state);
    state.set_open(false);
    assert_eq!(status(&state), Status::Interrupted);
    state.apply(ServerMessage::Snapshot(Box::new({
        let mut start = snapshot(20);
        start.vars[0].spec = VarSpec::bare(VarType::Action);
        start
    })));
    state.set_open(true);
    assert!(!state.has_unsent());
    // answers that come after all are told
    state.apply(delta(21, done(9, 1, Ok(None))));
    assert_eq!(status(&state), ran(None, 1, 0));
}

#[test]
fn a_run_that_missed_answers_says_so_unless_they_all_came() {
    let mut state = with_action();
    let id = run(&mut state);
    state.apply(started(id, 9, 2));
    state.apply(delta(11, done(9, 1, Ok(None))));
    let mut lagged = snapshot(30);
    lagged.vars[0].spec = VarSpec::bare(VarType::Action);
    state.apply(ServerMessage::Snapshot(Box::new(lagged)));
    assert_eq!(status(&state), Status::Interrupted);
    state.apply(delta(31, done(9, 2, Ok(None))));
    assert_eq!(status(&state), ran(Some(2), 2, 0));
}

#[test]
fn a_refused_run_says_why_until_the_next() {
    let mut state = with_action();
    let id = run(&mut state);
    let refused = EditRefused { code: "unavailable".into(), text: "no game can".into() };
    state.apply(ServerMessage::RunResult { id, outcome: Err(refused) });
    assert_eq!(status(&state), Status::Refused("no game can".into()));
    run(&mut state);
    assert_eq!(status(&state), Status::Sending);
}

#[test]
fn a_long_answer_is_kept_in_part() {
    let mut state = with_action();
    state.apply(delta(11, done(9, 1, Ok(Some("ä".repeat(60_000))))));
    let answers = state.var(&name("speed")).unwrap().runs.answers().clone();
    let kept = answers.get(DeviceId(1)).unwrap().outcome.clone().unwrap().unwrap();
    assert_eq!(kept.chars().count(), 2_001);
    assert!(row(&state, 1).value.unwrap().chars().count() <= 301);
}

#[test]
fn the_page_knows_whether_anything_is_stored() {
    let mut start = snapshot(10);
    start.storing = false;
    start.lost = 4;
    let mut state = LiveState::new(start);
    assert_eq!((state.storing(), state.lost()), (false, 4));
    let touched = state.apply(delta(11, Event::Storing(true)));
    assert_eq!((touched, state.storing()), (Touched { storing: true, ..Touched::default() }, true));
    let touched = state.apply(delta(12, Event::Lost { records: 16 }));
    assert_eq!((touched, state.lost()), (Touched { logs: true, ..Touched::default() }, 16));
    assert_eq!(state.now(), UnixMicros(0));
}
