//! Variables and devices that are forgotten, or may be.

use protocol::live::{Event, LeftOut, ServerMessage, Snapshot};
use protocol::model::{Device, DeviceId, Gesture, Reported, UnixMicros};

use super::Forgettable;
use super::fixture::*;
use super::state::LiveState;

/// Both devices came after so many microseconds.
fn since(micros: i64) -> LiveState {
    let mut snapshot = snapshot(10);
    for device in &mut snapshot.devices {
        device.since = UnixMicros(micros);
    }
    LiveState::new(snapshot)
}

fn forgotten(state: &mut LiveState, seq: u64) -> super::Touched {
    state.apply(delta(seq, Event::VarsForgotten { names: vec![name("speed")] }))
}

#[test]
fn a_variable_is_unused_while_no_connected_device_has_reported_it_since_it_came() {
    let mut state = since(0);
    assert!(!state.is_unused(&name("speed")));
    // both have left
    for (seq, id) in [(11, 1), (12, 2)] {
        assert!(!state.is_unused(&name("speed")));
        state.apply(delta(seq, Event::Device(device(id, false))));
    }
    assert!(state.is_unused(&name("speed")));
    // one is back, and has not said it yet
    let back = Device { since: UnixMicros(5), ..device(1, true) };
    state.apply(delta(13, Event::Device(back)));
    assert!(state.is_unused(&name("speed")));
    state.apply(delta(14, reports_at(1, int(3), 5)));
    assert!(!state.is_unused(&name("speed")));
    assert!(state.is_unused(&name("lives")), "the next build has no such variable");
    assert!(!state.is_unused(&name("nothing")));
}

#[test]
fn what_is_forgotten_is_gone_and_comes_back_as_new() {
    let mut state = since(0);
    state.apply(delta(11, edited(int(7), 1)));
    let touched = forgotten(&mut state, 12);
    assert!(touched.layout && touched.vars.contains(&name("speed")));
    assert_eq!(state.var_names(), [name("lives")]);
    assert!(state.var(&name("speed")).is_none());
    // what comes late says nothing
    state.apply(delta(13, reports(1, int(3))));
    assert!(state.var(&name("speed")).is_none());
    let declared = vec![(name("speed"), protocol::model::VarSpec::bare(protocol::model::VarType::Integer))];
    let (device, at) = (DeviceId(1), UnixMicros(9));
    let values = vec![(name("speed"), int(3))];
    assert!(state.apply(delta(14, Event::Reported { device, at, declared, values })).layout);
    assert_eq!(state.var_names(), [name("lives"), name("speed")]);
    let var = state.var(&name("speed")).unwrap();
    let reported: Vec<&Reported> = var.reported.iter().map(|(_, reported)| reported).collect();
    assert_eq!((reported.len(), var.desired.is_none(), var.spec.max), (1, true, None));
}

#[test]
fn the_question_says_what_goes_and_what_stays() {
    let mut state = state();
    let var = Forgettable::Var(name("speed"));
    let question = state.forget_question(&var);
    assert!(
        question.contains("speed") && question.contains("its history stays") && !question.contains("let go")
    );
    state.apply(delta(11, edited(int(7), 1)));
    assert!(state.forget_question(&var).contains("The value 7, which is set, is let go."));
    let question = state.forget_question(&Forgettable::Device(DeviceId(2)));
    assert!(question.contains("device-2") && question.contains("log lines stay"), "{question}");
}

#[test]
fn an_own_edit_of_a_variable_that_has_been_forgotten_is_told() {
    let mut state = state();
    edit(&mut state, 7);
    forgotten(&mut state, 11);
    assert!(state.given_up().is_some_and(|text| text.contains("speed") && text.ends_with("not set to 7.")));
    assert!(state.take_unsent().is_empty());
    // also one that was kept while the connection was away
    let mut state = LiveState::new(snapshot(10));
    state.set_open(false);
    state.edit(&name("speed"), int(8), Gesture(1));
    let mut without = snapshot(20);
    without.vars.remove(0);
    state.apply(ServerMessage::Snapshot(Box::new(without)));
    assert!(state.given_up().is_some_and(|text| text.ends_with("not set to 8.")));
    // what is saved is no loss, and what nobody edited is none
    let mut state = LiveState::new(snapshot(10));
    let id = edit(&mut state, 7);
    state.apply(saved(id, 1));
    forgotten(&mut state, 11);
    assert_eq!(state.given_up(), None);
}

#[test]
fn what_was_too_large_to_be_loaded_counts_until_it_is_forgotten() {
    let left_out = |vars, names: &[&str]| {
        Some(LeftOut { vars, names: names.iter().map(|text| name(text)).collect(), values: 5 })
    };
    let mut state = LiveState::new(Snapshot { left_out: left_out(3, &["maps", "speech"]), ..snapshot(10) });
    assert!(state.apply(delta(11, Event::VarsForgotten { names: vec![name("maps")] })).layout);
    assert_eq!(state.left_out().cloned(), left_out(2, &["speech"]));
    forgotten(&mut state, 12);
    assert_eq!(state.left_out().cloned(), left_out(2, &["speech"]), "speed was on the page");
}
