use protocol::ErrorCode;
use protocol::live::{Event, ServerMessage, Snapshot};
use protocol::model::{DeviceId, Refused, RefusedLine, UnixMicros};

use super::fixture::{delta, device, snapshot};
use super::state::LiveState;

fn refused(device: Option<i64>, count: u64) -> Refused {
    let last = vec![RefusedLine {
        at: UnixMicros(1),
        code: ErrorCode::BadJson,
        text: "no".into(),
        line: "i:…:{".into(),
    }];
    Refused { device: device.map(DeviceId), counts: vec![(ErrorCode::BadJson, count)], last }
}

#[test]
fn what_is_told_of_a_device_stands_in_place_of_what_was_told_before() {
    let mut state =
        LiveState::new(Snapshot { refused: vec![refused(None, 1), refused(Some(1), 2)], ..snapshot(10) });
    assert_eq!(state.refused_in_all(), 3);
    let touched = state.apply(delta(11, Event::Refused(vec![refused(Some(1), 5), refused(Some(2), 1)])));
    assert!(touched.refused && !touched.devices && !touched.all_vars);
    assert_eq!(state.refused(Some(DeviceId(1))), Some(&refused(Some(1), 5)));
    assert_eq!(state.refused_in_all(), 7);
    // a server that has begun anew knows of nothing
    assert!(state.apply(ServerMessage::Snapshot(Box::new(snapshot(1)))).refused);
    assert_eq!(state.refused_in_all(), 0);
}

#[test]
fn a_device_that_comes_or_goes_keeps_what_was_refused() {
    let mut state = LiveState::new(Snapshot { refused: vec![refused(Some(1), 2)], ..snapshot(10) });
    state.apply(delta(11, Event::Device(device(1, false))));
    assert_eq!(state.refused(Some(DeviceId(1))), Some(&refused(Some(1), 2)));
}
