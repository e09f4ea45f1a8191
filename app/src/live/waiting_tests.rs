use protocol::live::{Event, ServerMessage, Snapshot};

use super::fixture::{delta, snapshot};
use super::state::LiveState;

#[test]
fn the_page_knows_how_many_declarations_wait_for_consent() {
    let mut state = LiveState::new(Snapshot { declarations_waiting: 2, ..snapshot(10) });
    assert_eq!(state.declarations_waiting(), 2);
    let touched = state.apply(delta(11, Event::DeclarationsWaiting(3)));
    assert!(touched.layout && !touched.all_vars);
    assert_eq!(state.declarations_waiting(), 3);
    state.apply(ServerMessage::Snapshot(Box::new(snapshot(12))));
    assert_eq!(state.declarations_waiting(), 0);
}
