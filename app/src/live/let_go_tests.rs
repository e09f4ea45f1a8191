//! What was let go, what games made of a value since, and what two people want alike.

use protocol::live::{ClientMessage, Event, ServerMessage, Snapshot};
use protocol::model::{Change, Desired, DeviceId, Gesture, Outcome, Value, VarRevision, VarType};

use super::delivery::{Spread, Status, Tally};
use super::fixture::*;
use super::state::LiveState;
use super::verdict::Fate;

/// `speed` was set to 100 as revision 3, and so many devices of version 2 have applied it.
fn fleet(devices: i64) -> Snapshot {
    let mut snapshot = snapshot(10);
    snapshot.devices = (1..=devices).map(|id| acknowledging(id, 3)).collect();
    snapshot.vars.truncate(1);
    snapshot.vars[0].spec.max = None;
    snapshot.vars[0].reported = (1..=devices).map(|id| reported(id, int(100))).collect();
    snapshot.vars[0].desired = Some(desired(int(100), 3));
    snapshot
}

fn lets_go(revision: i64) -> Event {
    Event::Edited { desired: vec![(name("speed"), let_go(revision))] }
}

fn changes(state: &mut LiveState) -> Vec<Change> {
    let edit = |message| match message {
        ClientMessage::Edit { changes, .. } => changes,
        other => panic!("{other:?}"),
    };
    state.take_unsent().into_iter().flat_map(edit).collect()
}

fn fate(state: &LiveState, device: i64) -> Fate {
    state.device_row(&name("speed"), DeviceId(device)).unwrap().fate
}

fn wanted_100() -> Change {
    Change::from((name("speed"), int(100))).on(VarRevision(3))
}

#[test]
fn a_game_that_changes_an_applied_value_has_the_control_go_on_from_what_is() {
    let mut state = LiveState::new(fleet(1));
    state.apply(delta(11, reports(1, int(70))));
    let drift = Some(("100".to_owned(), "70".to_owned()));
    let tally = Tally { games: 1, drifted: 1, drift, ..Tally::default() };
    assert_eq!((status(&state), shown(&state)), (Status::Sent(tally), Some(int(70))));
    // set to what is wanted already, it is sent again
    state.edit(&name("speed"), int(100), Gesture(1));
    assert_eq!(changes(&mut state), [wanted_100().again()]);
    assert_eq!(shown(&state), Some(int(100)));
}

#[test]
fn the_control_shows_what_most_games_have_and_the_chip_counts_the_others() {
    let mut state = LiveState::new(fleet(3));
    state.apply(delta(11, reports(1, int(70))));
    assert_eq!(shown(&state), Some(int(100)));
    let Status::Sent(tally) = status(&state) else { panic!() };
    assert_eq!((tally.applied, tally.drifted, tally.pending()), (2, 1, 0));
    assert_eq!((fate(&state, 1), fate(&state, 2)), (Fate::Drifted, Fate::Applied));
    state.apply(delta(12, reports(2, int(80))));
    state.apply(delta(13, reports(3, int(80))));
    assert_eq!(shown(&state), Some(int(80)));
    state.apply(delta(14, reports(2, int(100))));
    state.apply(delta(15, reports(3, int(100))));
    assert_eq!(shown(&state), Some(int(100)));
}

#[test]
fn a_report_of_before_the_answer_is_no_drift() {
    let mut start = fleet(1);
    start.devices = vec![acknowledging(1, 2)];
    let mut state = LiveState::new(start);
    // it was on its way when the value was saved
    state.apply(delta(11, reports(1, int(40))));
    state.apply(delta(12, applied(3, vec![(1, Outcome::Applied, 8)])));
    assert_eq!((fate(&state, 1), shown(&state)), (Fate::Applied, Some(int(100))));
    state.apply(delta(13, reports_at(1, int(40), 2)));
    assert_eq!((fate(&state, 1), shown(&state)), (Fate::Drifted, Some(int(40))));
}

#[test]
fn a_clamped_value_drifts_from_where_it_was_clamped_to() {
    let mut state = LiveState::new(fleet(1));
    state.apply(delta(11, applied(3, vec![(1, clamped(50, "the limit"), 8)])));
    state.apply(delta(12, reports_at(1, int(50), 2)));
    assert_eq!((fate(&state, 1), shown(&state)), (Fate::Clamped, Some(int(100))));
    state.apply(delta(13, reports_at(1, int(30), 3)));
    assert_eq!((fate(&state, 1), shown(&state)), (Fate::Drifted, Some(int(30))));
}

#[test]
fn what_is_wanted_already_is_not_sent_and_can_be_pushed_again() {
    let mut state = LiveState::new(fleet(2));
    state.edit(&name("speed"), int(100), Gesture(1));
    assert_eq!(changes(&mut state), []);
    state.push_again(&name("speed"), Gesture(2));
    assert_eq!((changes(&mut state), status(&state)), (vec![wanted_100().again()], Status::Sending));
}

#[test]
fn two_people_who_want_the_same_are_not_in_each_others_way() {
    let mut state = LiveState::new(fleet(1));
    let id = edit(&mut state, 60);
    // somebody else had chosen 60 just before; other variables were set since
    state.apply(delta(11, edited(int(60), 4)));
    state.apply(delta(12, applied(4, vec![(1, rejected("in a cutscene"), 5)])));
    state.apply(known(id, 9, 4));
    let Status::Sent(tally) = status(&state) else { panic!() };
    assert_eq!((tally.rejected, tally.applied), (1, 0), "what the game said of it stands");
    state.edit(&name("speed"), int(61), Gesture(2));
    assert_eq!(changes(&mut state)[0].base, Some(VarRevision(4)), "not the project's revision");
}

#[test]
fn what_is_let_go_shows_the_games_own_value_and_who_went_back() {
    let mut state = LiveState::new(fleet(2));
    state.let_go(&name("speed"), Gesture(1));
    assert_eq!(status(&state), Status::Sending);
    let sent = state.take_unsent();
    let [ClientMessage::Edit { id, changes: said, .. }] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(*said, [Change::let_go(name("speed")).on(VarRevision(3))]);
    state.apply(saved(*id, 4));
    state.apply(delta(11, lets_go(4)));
    assert_eq!(status(&state), Status::LetGo(Tally { games: 2, ..Tally::default() }));
    assert_eq!((fate(&state, 1), shown(&state)), (Fate::Pending, Some(int(100))), "what it still is");
    state.apply(delta(12, applied(4, vec![(1, Outcome::Applied, 8), (2, Outcome::Applied, 8)])));
    state.apply(delta(13, reports(1, int(5))));
    state.apply(delta(14, reports(2, int(5))));
    let tally = Tally { games: 2, applied: 2, p95_micros: Some(8_000), ..Tally::default() };
    assert_eq!((status(&state), shown(&state)), (Status::LetGo(tally), Some(int(5))));
    assert_eq!(fate(&state, 1), Fate::Back);
    // the next edit is based on it
    state.edit(&name("speed"), int(7), Gesture(2));
    assert_eq!(changes(&mut state)[0].base, Some(VarRevision(4)));
}

#[test]
fn what_somebody_else_let_go_is_like_never_set_once_every_game_went_back() {
    let mut state = LiveState::new(fleet(2));
    state.apply(delta(11, lets_go(4)));
    assert!(matches!(status(&state), Status::LetGo(_)), "games are still to go back");
    state.apply(delta(12, applied(4, vec![(1, Outcome::Applied, 8), (2, Outcome::Applied, 8)])));
    assert_eq!(status(&state), Status::Untouched);
    state.apply(delta(13, reports(2, int(5))));
    let spread = Spread { values: 2, shown: vec!["5".into(), "100".into()], is_range: true };
    assert_eq!(status(&state), Status::Mixed(spread));
}

#[test]
fn a_game_of_the_original_grammar_keeps_what_it_was_told_unless_there_is_a_default() {
    let mut start = fleet(2);
    start.devices = vec![device(1, true), device(2, false)];
    let mut state = LiveState::new(start.clone());
    state.apply(delta(11, lets_go(4)));
    assert_eq!((fate(&state, 1), fate(&state, 2)), (Fate::Untold, Fate::Reporting));
    let Status::LetGo(tally) = status(&state) else { panic!() };
    assert_eq!((tally.untold, tally.pending(), tally.only.as_deref()), (1, 0, Some("100")));
    // what it says since then is its own value
    state.apply(delta(12, reports(1, int(90))));
    assert_eq!((fate(&state, 1), status(&state)), (Fate::Back, Status::Untouched));

    start.vars[0].spec.default = Some(int(5));
    let mut state = LiveState::new(start);
    state.apply(delta(11, lets_go(4)));
    assert_eq!(fate(&state, 1), Fate::Pending);
    state.apply(delta(12, reports(1, int(5))));
    assert_eq!((fate(&state, 1), status(&state)), (Fate::Back, Status::Untouched));
}

#[test]
fn letting_go_waits_for_the_connection_and_gives_way_to_a_newer_edit() {
    let mut state = LiveState::new(fleet(1));
    state.set_open(false);
    state.let_go(&name("speed"), Gesture(1));
    assert_eq!(status(&state), Status::Kept);
    let mut newer = fleet(1);
    newer.vars[0].desired = Some(Desired { author: "ben".into(), ..desired(int(90), 4) });
    state.apply(ServerMessage::Snapshot(Box::new(newer)));
    state.set_open(true);
    let text = "Conflict: ben set it to 90 first. It was not let go.";
    assert_eq!((changes(&mut state), status(&state)), (vec![], Status::Refused(text.into())));
}

#[test]
fn values_that_are_no_numbers_are_told_one_by_one() {
    let mut start = fleet(4);
    start.vars[0].spec.var_type = VarType::String;
    start.vars[0].desired = None;
    let texts = ["easy", "hard", "easy", "odd"];
    start.vars[0].reported =
        (1..).zip(texts).map(|(id, text)| reported(id, Value::Text(text.to_owned()))).collect();
    let shown = ["easy", "hard", "odd"].map(str::to_owned).to_vec();
    let spread = Spread { values: 3, shown, is_range: false };
    assert_eq!(status(&LiveState::new(start)), Status::Mixed(spread));
}
