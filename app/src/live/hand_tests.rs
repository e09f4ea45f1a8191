//! What a hand in a control keeps from happening.

use protocol::live::{ClientMessage, EditRefused, ServerMessage};
use protocol::model::{Change, Gesture, VarRevision};

use super::delivery::Status;
use super::fixture::{change, delta, edit, edited, int, name, saved, shown, snapshot, state, status};
use super::state::LiveState;
use super::{Grip, Hands, VarState};

fn unsent(state: &mut LiveState) -> Vec<Change> {
    let changes = |message| match message {
        ClientMessage::Edit { changes, .. } => changes,
        other => panic!("{other:?}"),
    };
    state.take_unsent().into_iter().flat_map(changes).collect()
}

fn speed(state: &LiveState) -> &VarState {
    state.var(&name("speed")).unwrap()
}

/// Ann has set it to 90 while a hand was in the control.
fn overtaken() -> LiveState {
    let mut state = state();
    state.hold(&name("speed"));
    state.apply(delta(11, edited(int(90), 4)));
    state
}

#[test]
fn a_row_is_held_until_the_last_grip_is_gone() {
    let (speed, lives) = (name("speed"), name("lives"));
    let mut hands = Hands::default();
    assert!(hands.take(&speed, Grip::Caret) && hands.take(&speed, Grip::Pointer));
    assert!(!hands.take(&speed, Grip::Pointer), "it had");
    assert!(hands.holds(&speed) && !hands.holds(&lives));
    assert_eq!(hands.lift(Grip::Key), []);
    assert_eq!(hands.lift(Grip::Pointer), std::slice::from_ref(&speed));
    assert!(hands.holds(&speed), "the caret is still there");
    assert!(hands.leave(&speed, Grip::Caret) && hands.is_empty());
    assert!(!hands.leave(&speed, Grip::Caret));
}

#[test]
fn what_comes_under_a_hand_is_told_and_not_overwritten() {
    let mut state = overtaken();
    assert_eq!(speed(&state).competing().map(|theirs| &theirs.value), Some(&Some(int(90))));
    state.edit(&name("speed"), int(5), Gesture(1));
    assert!(unsent(&mut state).is_empty());
    assert_eq!(shown(&state), Some(int(90)));
    assert_eq!(
        status(&state),
        Status::Refused("Conflict: ann set it to 90 first. Your 5 was not set.".into())
    );
    // told of it, they may say it again
    state.edit(&name("speed"), int(6), Gesture(2));
    assert_eq!(unsent(&mut state), [change("speed", 6, 4)]);
}

#[test]
fn the_rest_of_a_drag_does_not_get_through_either() {
    let mut state = overtaken();
    for value in [5, 6, 7] {
        state.edit(&name("speed"), int(value), Gesture(1));
        assert!(unsent(&mut state).is_empty());
    }
    assert_eq!(speed(&state).conflict.as_ref().map(|conflict| &conflict.mine), Some(&Some(int(7))));
}

#[test]
fn mine_is_kept_over_what_was_seen() {
    let mut state = overtaken();
    state.edit(&name("speed"), int(5), Gesture(1));
    state.keep_mine(&name("speed"), Gesture(2));
    assert_eq!(unsent(&mut state), [change("speed", 5, 4)]);
    assert_eq!((speed(&state).conflict.as_ref(), status(&state)), (None, Status::Sending));
}

#[test]
fn mine_is_not_kept_over_what_was_not_seen() {
    let mut state = overtaken();
    state.edit(&name("speed"), int(5), Gesture(1));
    state.apply(delta(12, edited(int(91), 5)));
    state.keep_mine(&name("speed"), Gesture(2));
    assert!(unsent(&mut state).is_empty());
    assert_eq!(
        status(&state),
        Status::Refused("Conflict: ann set it to 91 first. Your 5 was not set.".into())
    );
    state.keep_mine(&name("speed"), Gesture(3));
    assert_eq!(unsent(&mut state), [change("speed", 5, 5)]);
}

#[test]
fn theirs_is_taken() {
    let mut state = overtaken();
    state.edit(&name("speed"), int(5), Gesture(1));
    state.take_theirs(&name("speed"));
    assert!(unsent(&mut state).is_empty());
    assert_eq!((shown(&state), speed(&state).conflict.as_ref()), (Some(int(90)), None));
    assert!(!matches!(status(&state), Status::Refused(_)));
}

#[test]
fn the_same_value_is_no_conflict() {
    let mut state = overtaken();
    state.edit(&name("speed"), int(90), Gesture(1));
    assert!(unsent(&mut state).is_empty(), "it is wanted already");
    assert!(!matches!(status(&state), Status::Refused(_)));
    state.edit(&name("speed"), int(5), Gesture(2));
    assert_eq!(unsent(&mut state), [change("speed", 5, 4)]);
}

#[test]
fn a_hand_that_has_left_has_seen_what_is_shown() {
    let mut state = overtaken();
    state.release(&name("speed"));
    assert_eq!(speed(&state).competing(), None);
    state.edit(&name("speed"), int(5), Gesture(1));
    assert_eq!(unsent(&mut state), [change("speed", 5, 4)]);
}

#[test]
fn own_edits_are_not_somebody_elses() {
    let mut state = state();
    state.hold(&name("speed"));
    let first = edit(&mut state, 5);
    // the delta may come before the answer
    state.apply(delta(11, edited(int(5), 4)));
    assert_eq!(speed(&state).competing(), None);
    state.apply(saved(first, 4));
    assert_eq!(speed(&state).competing(), None);
    edit(&mut state, 6);
}

/// What may happen between two edits of one person.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Answer,
    Delta,
    Hold,
    Edit,
}

#[test]
fn a_persons_next_edit_is_never_in_conflict_with_their_last_one() {
    use Step::{Answer, Delta, Edit, Hold};
    let steps = [Answer, Delta, Hold, Edit];
    let orders = (0..4usize.pow(4)).map(|code| [0, 1, 2, 3].map(|digit| steps[code >> (2 * digit) & 3]));
    let place = |order: &[Step], step| order.iter().position(|other| *other == step);
    let orders = orders.filter(|order| {
        steps.iter().all(|step| order.contains(step)) && place(order, Hold) < place(order, Edit)
    });
    let mut tried = 0;
    for order in orders {
        let mut state = state();
        let first = edit(&mut state, 41);
        for step in order {
            match step {
                Answer => state.apply(saved(first, 4)),
                Delta => state.apply(delta(11, edited(int(41), 4))),
                Hold => state.hold(&name("speed")),
                Edit => state.edit(&name("speed"), int(42), Gesture(2)),
            };
        }
        assert_eq!(unsent(&mut state), [change("speed", 42, 4)], "{order:?}");
        assert_eq!(status(&state), Status::Sending, "{order:?}");
        tried += 1;
    }
    assert_eq!(tried, 12);
}

#[test]
fn an_edit_in_doubt_that_turns_out_to_be_saved_was_seen() {
    let mut state = state();
    state.hold(&name("speed"));
    let id = edit(&mut state, 41);
    let refused = EditRefused { code: "undecided".into(), text: "look at the value".into() };
    state.apply(ServerMessage::EditResult { id, outcome: Err(refused) });
    state.apply(delta(11, edited(int(41), 4)));
    state.edit(&name("speed"), int(42), Gesture(2));
    assert_eq!(unsent(&mut state), [change("speed", 42, 4)]);
}

#[test]
fn a_drag_goes_on_while_its_own_values_come_back_late() {
    let mut state = state();
    state.hold(&name("speed"));
    let first = edit(&mut state, 5);
    let second = edit(&mut state, 6);
    // the first value comes back when the second is on its way already, and the answers come last
    state.apply(delta(11, edited(int(5), 4)));
    let third = edit(&mut state, 7);
    for (id, revision) in [(first, 4), (second, 5)] {
        state.apply(saved(id, revision));
    }
    state.apply(delta(12, edited(int(6), 5)));
    state.apply(delta(13, edited(int(7), 6)));
    state.apply(saved(third, 6));
    assert_eq!((speed(&state).competing(), speed(&state).conflict.as_ref()), (None, None));
    // and what somebody else sets then is theirs
    state.apply(delta(14, edited(int(90), 7)));
    assert_eq!(speed(&state).competing().map(|theirs| theirs.revision), Some(VarRevision(7)));
}

#[test]
fn a_drag_that_the_server_refuses_is_a_conflict_too() {
    let mut state = state();
    state.hold(&name("speed"));
    let id = edit(&mut state, 5);
    let text = "Conflict: ann set speed to 90 first. Your 5 was not set.";
    let refused = EditRefused { code: "conflict".into(), text: text.into() };
    state.apply(ServerMessage::EditResult { id, outcome: Err(refused) });
    assert_eq!(status(&state), Status::Refused(text.into()));
    state.apply(delta(11, edited(int(90), 4)));
    assert_eq!(speed(&state).conflict.as_ref().map(|conflict| &conflict.mine), Some(&Some(int(5))));
    state.edit(&name("speed"), int(6), Gesture(1));
    assert!(unsent(&mut state).is_empty(), "the drag goes on under the hand, and is not sent");
}

#[test]
fn a_hand_outlives_the_connection() {
    let mut state = state();
    state.hold(&name("speed"));
    state.set_open(false);
    let mut fresh = snapshot(20);
    fresh.vars[0].desired = Some(super::fixture::desired(int(90), 4));
    state.apply(ServerMessage::Snapshot(Box::new(fresh)));
    state.set_open(true);
    assert_eq!(speed(&state).competing().map(|theirs| theirs.revision), Some(VarRevision(4)));
    state.edit(&name("speed"), int(5), Gesture(1));
    assert!(unsent(&mut state).is_empty());
}
