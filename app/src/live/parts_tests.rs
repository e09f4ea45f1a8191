//! A snapshot that comes in parts.

use protocol::live::{ServerMessage, Snapshot, SnapshotPart};

use super::fixture::*;
use super::state::LiveState;

/// What [`snapshot`] has, as a beginning without `lives`, and what follows of it.
fn in_parts(seq: u64) -> (ServerMessage, Vec<ServerMessage>) {
    let mut head = Snapshot { more: true, ..snapshot(seq) };
    let lives = head.vars.pop().unwrap();
    let second = head.devices.pop().unwrap();
    let mut rest = lives.clone();
    let mut first = lives;
    rest.reported = first.reported.split_off(1);
    let parts = [
        SnapshotPart { devices: vec![second], vars: vec![first], more: true },
        SnapshotPart { devices: Vec::new(), vars: vec![rest], more: false },
    ];
    let more = parts.into_iter().map(|part| ServerMessage::More(Box::new(part))).collect();
    (ServerMessage::Snapshot(Box::new(head)), more)
}

fn names(state: &LiveState) -> Vec<&str> {
    state.var_names().iter().map(|name| name.as_str()).collect()
}

#[test]
fn it_counts_when_all_of_it_has_come() {
    let mut state = state();
    let (head, more) = in_parts(20);
    state.apply(head);
    state.apply(more[0].clone());
    // until then the page stays as it is
    assert_eq!((names(&state), state.devices().count()), (vec!["speed", "lives"], 2));
    state.apply(delta(21, reports(1, int(7))));
    assert_eq!(shown(&state), Some(int(1)));
    let touched = state.apply(more[1].clone());
    assert!(touched.all_vars && touched.layout && !touched.resubscribe);
    assert_eq!((names(&state), state.devices().count()), (vec!["speed", "lives"], 2));
    assert_eq!(state.var(&name("lives")).unwrap().reported.iter().count(), 2);
    // and then what happened in between
    let speed = state.var(&name("speed")).unwrap();
    assert!(speed.reported.iter().any(|(_, reported)| reported.value == int(7)));
    assert!(!state.apply(delta(22, reports(1, int(8)))).resubscribe);
}

#[test]
fn what_is_rendered_first_may_be_the_beginning() {
    let (head, more) = in_parts(10);
    let ServerMessage::Snapshot(beginning) = head.clone() else { unreachable!("it is one") };
    let mut state = LiveState::new(*beginning);
    assert_eq!(names(&state), ["speed"]);
    state.apply(head);
    more.into_iter().for_each(|part| drop(state.apply(part)));
    assert_eq!(names(&state), ["speed", "lives"]);
}

#[test]
fn one_that_begins_anew_takes_nothing_of_the_one_before() {
    let mut state = state();
    let (head, more) = in_parts(20);
    state.apply(head.clone());
    state.apply(delta(21, reports(1, int(7))));
    let (anew, _) = in_parts(30);
    state.apply(anew);
    more.into_iter().for_each(|part| drop(state.apply(part)));
    assert!(!state.apply(delta(31, reports(1, int(9)))).resubscribe);
    let speed = state.var(&name("speed")).unwrap();
    assert!(speed.reported.iter().all(|(_, reported)| reported.value != int(7)));
    // a part that belongs to nothing
    let (_, more) = in_parts(40);
    assert!(!state.apply(more[0].clone()).layout);
    // and a short one in place of a long one
    state.apply(head);
    state.apply(ServerMessage::Snapshot(Box::new(snapshot(50))));
    assert!(!state.apply(delta(51, reports(1, int(9)))).resubscribe);
}
