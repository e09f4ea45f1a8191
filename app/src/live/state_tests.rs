//! Stories of the live page, told without a socket or a page.

use proptest::prelude::*;
use protocol::filter::Filter;
use protocol::live::{ClientMessage, EditRefused, Event, ServerMessage, Snapshot};
use protocol::model::{
    Change, DeviceId, Gesture, Level, ProjectId, ProjectRole, UnixMicros, Value, VarSpec, VarType,
};

use super::delivery::{Spread, Status, Tally};
use super::fixture::*;
use super::log_query::LogQuery;
use super::state::{LiveState, Touched, VIEWER};
use super::verdict::Fate;

fn sent(games: usize, applied: usize) -> Status {
    Status::Sent(Tally { games, applied, ..Tally::default() })
}

fn messages(state: &LiveState) -> Vec<String> {
    state.logs.shown().iter().map(|line| line.message.clone()).collect()
}

#[test]
fn an_edit_shows_at_once_and_is_confirmed_by_the_games_reports() {
    let mut state = state();
    assert_eq!(status(&state), Status::Untouched);

    let id = edit(&mut state, 5);
    assert_eq!((shown(&state), status(&state)), (Some(int(5)), Status::Sending));

    state.apply(saved(id, 1));
    assert_eq!(status(&state), sent(2, 0));
    state.apply(delta(11, edited(int(5), 1)));
    state.apply(delta(12, reports(1, int(5))));
    assert_eq!(status(&state), sent(2, 1));
    state.apply(delta(13, reports(2, int(5))));
    assert_eq!((shown(&state), status(&state)), (Some(int(5)), sent(2, 2)));
}

#[test]
fn the_delta_may_come_before_the_answer() {
    let mut state = state();
    let id = edit(&mut state, 5);
    state.apply(delta(11, edited(int(5), 1)));
    assert_eq!(status(&state), Status::Sending);
    state.apply(saved(id, 1));
    assert_eq!(state.var(&name("speed")).unwrap().pending, None);
}

#[test]
fn while_dragging_neither_old_answers_nor_others_edits_move_the_control() {
    let mut state = state();
    let first = edit(&mut state, 5);
    let second = edit(&mut state, 6);
    state.apply(saved(first, 1));
    state.apply(delta(11, edited(int(5), 1)));
    assert_eq!((shown(&state), status(&state)), (Some(int(6)), Status::Sending));
    state.apply(delta(12, edited(int(90), 2)));
    assert_eq!(shown(&state), Some(int(6)));
    state.apply(saved(second, 3));
    assert_eq!(shown(&state), Some(int(6)));
    state.apply(delta(13, edited(int(6), 3)));
    // another person's later edit is shown like any other
    state.apply(delta(14, edited(int(91), 4)));
    assert_eq!(shown(&state), Some(int(91)));
}

#[test]
fn a_refused_edit_goes_back_and_says_why() {
    let mut state = state();
    let id = edit(&mut state, 5);
    let refused = EditRefused { code: "bad_shape".into(), text: "the largest value is 4".into() };
    state.apply(ServerMessage::EditResult { id, outcome: Err(refused) });
    assert_eq!(shown(&state), Some(int(1)));
    assert_eq!(status(&state), Status::Refused("the largest value is 4".into()));
    edit(&mut state, 3);
    assert_eq!(status(&state), Status::Sending);
}

/// Everything that waits to be sent, which are edits.
fn unsent(state: &mut LiveState) -> Vec<(u32, Gesture, Vec<Change>)> {
    let edit = |message| match message {
        ClientMessage::Edit { id, gesture, changes, .. } => (id, gesture, changes),
        other => panic!("{other:?}"),
    };
    state.take_unsent().into_iter().map(edit).collect()
}

#[test]
fn an_edit_says_on_which_revision_it_is_based() {
    let mut state = state();
    state.apply(delta(11, edited(int(90), 4)));
    state.edit(&name("speed"), int(5), Gesture(1));
    // what comes before it is sent was not seen yet
    state.apply(delta(12, edited(int(91), 5)));
    state.edit(&name("speed"), int(6), Gesture(1));
    let [(first, _, changes)] = &unsent(&mut state)[..] else { panic!() };
    assert_eq!(*changes, [change("speed", 6, 4)]);
    let text = "Conflict: ben set speed to 91 first. Your 6 was not set.";
    let refused = EditRefused { code: "conflict".into(), text: text.into() };
    state.apply(ServerMessage::EditResult { id: *first, outcome: Err(refused) });
    assert_eq!((shown(&state), status(&state)), (Some(int(91)), Status::Refused(text.into())));
    // said again, it is meant
    state.edit(&name("speed"), int(6), Gesture(2));
    assert_eq!(unsent(&mut state)[0].2, [change("speed", 6, 5)]);
}

#[test]
fn a_new_gesture_waits_for_the_answer_to_the_one_before_and_is_based_on_it() {
    let mut state = state();
    state.edit(&name("speed"), int(5), Gesture(1));
    let first = unsent(&mut state)[0].0;
    // the same drag goes on without waiting
    state.edit(&name("speed"), int(6), Gesture(1));
    let second = unsent(&mut state)[0].0;
    state.edit(&name("speed"), int(7), Gesture(2));
    state.edit(&name("lives"), int(1), Gesture(3));
    assert_eq!(unsent(&mut state).len(), 1, "only the other variable");
    state.apply(saved(first, 1));
    assert_eq!(unsent(&mut state), []);
    state.apply(saved(second, 2));
    assert_eq!(unsent(&mut state)[0].2, [change("speed", 7, 2)]);
    assert_eq!((shown(&state), status(&state)), (Some(int(7)), Status::Sending));
}

#[test]
fn after_an_interruption_an_edit_is_based_on_the_own_one_that_was_saved() {
    let mut state = state();
    edit(&mut state, 5);
    state.set_open(false);
    state.edit(&name("speed"), int(6), Gesture(2));
    let mut newer = snapshot(20);
    newer.vars[0].desired = Some(desired(int(5), 3));
    state.apply(ServerMessage::Snapshot(Box::new(newer)));
    state.set_open(true);
    assert_eq!(unsent(&mut state)[0].2, [change("speed", 6, 3)]);
}

#[test]
fn an_edit_in_doubt_says_so_until_it_turns_out_to_be_saved() {
    let refused = EditRefused { code: "undecided".into(), text: "look at the value".into() };
    let doubtful = |id| ServerMessage::EditResult { id, outcome: Err(refused.clone()) };
    let mut state = state();
    let id = edit(&mut state, 5);
    state.apply(doubtful(id));
    assert_eq!((shown(&state), status(&state)), (Some(int(1)), Status::Refused("look at the value".into())));
    state.apply(delta(11, edited(int(5), 1)));
    assert_eq!((shown(&state), status(&state)), (Some(int(5)), sent(2, 0)));
    assert!(state.var(&name("speed")).unwrap().is_own());

    // what somebody else sets says nothing of it
    let id = edit(&mut state, 6);
    state.apply(doubtful(id));
    state.apply(delta(12, edited(int(90), 2)));
    assert_eq!(status(&state), Status::Refused("look at the value".into()));
}

#[test]
fn what_the_declaration_forbids_is_not_sent() {
    let mut state = state();
    state.edit(&name("speed"), int(101), Gesture(1));
    assert!(!state.has_unsent());
    assert!(matches!(status(&state), Status::Refused(_)));
    assert_eq!(state.edit(&name("unknown"), int(1), Gesture(1)), Touched::default());
}

#[test]
fn newest_wins_and_each_gesture_is_one_message() {
    let mut state = state();
    state.edit(&name("speed"), int(2), Gesture(1));
    state.edit(&name("speed"), int(3), Gesture(1));
    state.edit(&name("lives"), int(9), Gesture(2));
    let sent: Vec<_> = state
        .take_unsent()
        .into_iter()
        .map(|message| match message {
            ClientMessage::Edit { project, gesture, changes, .. } => (project, gesture, changes),
            other => panic!("{other:?}"),
        })
        .collect();
    let project = ProjectId(7);
    let expected = vec![
        (project, Gesture(1), vec![change("speed", 3, 0)]),
        (project, Gesture(2), vec![change("lives", 9, 0)]),
    ];
    assert_eq!(sent, expected);
    assert!(!state.has_unsent());
}

#[test]
fn edits_made_or_lost_while_away_are_sent_on_return() {
    let mut state = state();
    edit(&mut state, 5);
    state.set_open(false);
    assert_eq!(status(&state), Status::Kept);
    state.edit(&name("lives"), int(9), Gesture(2));
    state.apply(ServerMessage::Snapshot(Box::new(snapshot(20))));
    assert_eq!(shown(&state), Some(int(5)));
    state.set_open(true);
    assert_eq!(state.take_unsent().len(), 2);
}

#[test]
fn a_snapshot_that_has_the_edit_ends_the_waiting() {
    let mut state = state();
    let id = edit(&mut state, 5);
    state.apply(saved(id, 1));
    let mut newer = snapshot(20);
    newer.vars[0].desired = Some(desired(int(5), 1));
    state.apply(ServerMessage::Snapshot(Box::new(newer)));
    assert_eq!(state.var(&name("speed")).unwrap().pending, None);
}

#[test]
fn without_a_game_an_edit_waits_and_only_games_with_the_variable_count() {
    let mut state = state();
    state.apply(delta(11, edited(int(5), 1)));
    for (seq, id) in [(12, 1), (13, 2)] {
        state.apply(delta(seq, Event::Device(device(id, false))));
    }
    assert_eq!(status(&state), Status::Offline(2));
    // a third game, which never had this variable
    state.apply(delta(14, Event::Device(device(3, true))));
    assert_eq!(status(&state), sent(1, 0));
    state.apply(delta(15, Event::Device(device(1, true))));
    state.apply(delta(16, reports(1, Value::Float(5.0))));
    assert_eq!(status(&state), sent(1, 1), "5.0 is 5");
}

#[test]
fn devices_that_differ_are_mixed_and_tell_their_values() {
    let mut state = state();
    state.apply(delta(11, reports(2, int(8))));
    let spread = Spread { values: 2, shown: vec!["1".into(), "8".into()], is_range: true };
    assert_eq!(status(&state), Status::Mixed(spread));
    assert_eq!(shown(&state), Some(int(1)), "the first of equals");
    let row = state.device_row(&name("speed"), DeviceId(2)).unwrap();
    assert_eq!((row.fate, row.reports), (Fate::Reporting, Some("8".into())));
}

#[test]
fn a_delta_touches_what_it_concerns() {
    let mut state = state();
    let touched = state.apply(delta(11, reports(1, int(2))));
    assert_eq!(touched, Touched { vars: [name("speed")].into(), ..Touched::default() });
    let touched = state.apply(delta(12, Event::Logs(vec![line(3, Level::Info, "three")])));
    assert_eq!(touched, Touched { logs: true, ..Touched::default() });
    let mut spoke = device(1, true);
    spoke.last_seen = UnixMicros(9);
    let touched = state.apply(delta(13, Event::Device(spoke)));
    assert_eq!(touched, Touched { devices: true, ..Touched::default() });
    assert_eq!(state.now(), UnixMicros(9));
}

#[test]
fn a_new_variable_appears_with_its_value() {
    let mut state = state();
    let declared = vec![(name("gravity"), VarSpec::bare(VarType::Float))];
    let values = vec![(name("gravity"), Value::Float(9.8))];
    let touched =
        state.apply(delta(11, Event::Reported { device: DeviceId(1), at: UnixMicros(1), declared, values }));
    assert!(touched.layout);
    assert_eq!(state.var_names().last(), Some(&name("gravity")));
    assert_eq!(state.shown(&name("gravity")), Some(&Value::Float(9.8)));
}

#[test]
fn a_gap_asks_once_for_a_snapshot_and_known_deltas_are_left_out() {
    let mut state = state();
    assert_eq!(state.apply(delta(10, reports(1, int(2)))), Touched::default());
    assert!(state.apply(delta(12, reports(1, int(2)))).resubscribe);
    assert_eq!(state.take_resubscribe(), Some(ClientMessage::Subscribe { project: ProjectId(7) }));
    assert_eq!(state.apply(delta(13, reports(1, int(2)))), Touched::default());
    assert_eq!(state.take_resubscribe(), None);
    state.apply(ServerMessage::Snapshot(Box::new(snapshot(13))));
    state.apply(delta(14, reports(1, int(3))));
    state.apply(delta(15, reports(2, int(3))));
    assert_eq!(shown(&state), Some(int(3)));
}

fn at_least(state: &mut LiveState, at_least: Level) {
    state.set_log_query(LogQuery { at_least, ..LogQuery::default() });
}

#[test]
fn log_lines_are_taken_once_and_missed_ones_are_counted() {
    let mut state = state();
    state.apply(delta(11, Event::Logs(vec![line(2, Level::Info, "two"), line(3, Level::Info, "three")])));
    assert_eq!(messages(&state), ["one", "two", "three"]);
    let mut later = snapshot(20);
    later.logs = vec![line(9, Level::Info, "nine")];
    state.apply(ServerMessage::Snapshot(Box::new(later)));
    assert_eq!(messages(&state), ["one", "two", "three", "nine"]);
    assert_eq!(state.logs.missed(), 5);
}

#[test]
fn a_paused_log_holds_still_and_counts_what_would_be_shown() {
    let mut state = state();
    at_least(&mut state, Level::Warn);
    assert_eq!(messages(&state), ["two"]);
    state.logs.pause();
    let lines = vec![line(3, Level::Info, "quiet"), line(4, Level::Error, "loud")];
    state.apply(delta(11, Event::Logs(lines)));
    assert_eq!((messages(&state), state.logs.paused()), (vec!["two".to_owned()], Some(1)));
    // another filter looks at the same moment
    at_least(&mut state, Level::Trace);
    assert_eq!((messages(&state).len(), state.logs.paused()), (2, Some(2)));
    state.logs.resume_following();
    assert_eq!(messages(&state), ["one", "two", "quiet", "loud"]);
}

#[test]
fn a_filter_knows_devices_by_name_and_clearing_is_not_undone_by_a_snapshot() {
    let mut state = state();
    let text = "device:device-1 -two";
    let filter = Filter::parse(text).unwrap();
    state.set_log_query(LogQuery { text: text.to_owned(), filter, ..LogQuery::default() });
    assert_eq!(messages(&state), ["one"]);
    state.logs.clear();
    state.apply(ServerMessage::Snapshot(Box::new(snapshot(20))));
    assert!(messages(&state).is_empty());
}

#[test]
fn the_ring_is_bounded() {
    let mut state = state();
    let lines = (3..20_000).map(|seq| line(seq, Level::Info, "x")).collect();
    state.apply(delta(11, Event::Logs(lines)));
    assert_eq!(state.logs.kept(), super::logs::MAX_LINES);
    assert_eq!(state.logs.shown().len(), super::logs::MAX_LINES);
    assert_eq!(state.logs.shown().back().unwrap().seq, 19_999);
}

proptest! {
    /// Whatever is filtered, paused and cleared in between: following shows the kept lines that pass.
    #[test]
    fn the_view_is_always_the_filtered_ring(steps in proptest::collection::vec(0..5u8, 0..40)) {
        let mut state = state();
        let mut seq = 2;
        let mut lowest = Level::Trace;
        for step in steps {
            match step {
                0 => {
                    seq += 1;
                    let level = if seq % 2 == 0 { Level::Warn } else { Level::Info };
                    let event = Event::Logs(vec![line(seq, level, "x")]);
                    let delta_seq = 8 + seq;
                    state.apply(delta(delta_seq, event));
                }
                1 => state.logs.pause(),
                2 => state.logs.resume_following(),
                3 => {
                    lowest = if lowest == Level::Trace { Level::Warn } else { Level::Trace };
                    at_least(&mut state, lowest);
                }
                _ => state.logs.clear(),
            }
        }
        state.logs.resume_following();
        prop_assert!(state.logs.shown().iter().all(|line| line.level >= lowest));
        at_least(&mut state, Level::Trace);
        prop_assert_eq!(state.logs.shown().len(), state.logs.kept());
    }
}

fn viewers_snapshot(seq: u64) -> ServerMessage {
    ServerMessage::Snapshot(Box::new(Snapshot { role: ProjectRole::Viewer, ..snapshot(seq) }))
}

#[test]
fn who_becomes_a_viewer_is_told_what_was_not_set_and_it_never_is() {
    let mut state = state();
    edit(&mut state, 5);
    state.set_open(false);
    state.edit(&name("lives"), int(9), Gesture(2));
    assert!(state.may_edit());
    let touched = state.apply(viewers_snapshot(11));
    assert!(touched.role && !state.may_edit());
    state.set_open(true);
    assert!(!state.has_unsent(), "neither what was sent without an answer nor what was kept");
    assert_eq!(state.take_unsent(), []);
    assert_eq!(status(&state), Status::Refused(format!("5 was not set. {VIEWER}")));
    assert_eq!(shown(&state), Some(int(1)), "the control shows what is in force");
    state.apply(ServerMessage::Snapshot(Box::new(snapshot(12))));
    state.set_open(true);
    assert_eq!(state.take_unsent(), [], "nor later, when he may again");
    assert!(state.may_edit());
}

#[test]
fn a_viewer_changes_and_runs_nothing() {
    let mut state = LiveState::new(Snapshot { role: ProjectRole::Viewer, ..snapshot(10) });
    state.edit(&name("speed"), int(5), Gesture(1));
    assert_eq!(shown(&state), Some(int(1)));
    assert_eq!(status(&state), Status::Refused(VIEWER.to_owned()));
    state.run(&name("lives"), None);
    assert_eq!(state.take_unsent(), []);
}

#[test]
fn an_edit_that_was_saved_before_the_demotion_stands() {
    let mut state = state();
    let id = edit(&mut state, 5);
    state.apply(saved(id, 1));
    state.apply(viewers_snapshot(11));
    assert_eq!(shown(&state), Some(int(5)), "its delta or the next snapshot shows it");
}
