//! The outcome of a value on devices that report it.

use protocol::model::Value;

use crate::{
    responses::{Applied, Device, Variable},
    text::visible,
};

/// Counts the connected devices that report outcomes and have the variable.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    /// All of them.
    pub devices: usize,
    /// Applied the value unchanged.
    pub applied: usize,
    /// Names of devices that have not answered.
    pub pending: Vec<String>,
    /// What other devices did instead, one clause each.
    pub otherwise: Vec<String>,
    /// The longest time from sending to the report, in milliseconds; `None` if unknown.
    pub slowest_ms: Option<f64>,
}

impl Tally {
    /// Counts the outcomes of `revision`, which set this variable.
    ///
    /// A device that has applied the revision and reports no other outcome for the variable took the value unchanged.
    pub(crate) fn of(variable: &Variable, devices: &[Device], revision: i64) -> Self {
        let mut tally = Self::default();
        for device in concerned(variable, devices) {
            tally.devices += 1;
            if device.applied_revision.is_none_or(|applied| applied < revision) {
                tally.pending.push(visible(&device.name).into_owned());
                continue;
            }
            let said =
                variable.applied.iter().find(|said| said.device == device.id && said.revision == revision);
            let round_trip = said.and_then(|said| said.round_trip_ms);
            tally.slowest_ms = tally.slowest_ms.into_iter().chain(round_trip).reduce(f64::max);
            match said.filter(|said| said.status != "applied") {
                None => tally.applied += 1,
                Some(said) => tally.otherwise.push(clause(device, said)),
            }
        }
        tally
    }

    /// Such as `3/3 in 23 ms`.
    pub(crate) fn figures(&self) -> String {
        let Self { applied, devices, slowest_ms, .. } = self;
        let time = slowest_ms.map(|ms| format!(" in {}", milliseconds(ms))).unwrap_or_default();
        format!("{applied}/{devices}{time}")
    }
}

/// The devices that have the variable: others can't apply it. If none has it, each may still declare it.
fn concerned<'a>(variable: &'a Variable, devices: &'a [Device]) -> impl Iterator<Item = &'a Device> {
    let knows = |device: &Device| {
        let reported = variable.reported.iter().any(|reported| reported.device == device.id);
        reported || variable.applied.iter().any(|said| said.device == device.id)
    };
    let answers = |device: &&Device| device.online && device.acknowledges;
    let any = devices.iter().filter(answers).any(knows);
    devices.iter().filter(answers).filter(move |device| !any || knows(device))
}

fn clause(device: &Device, said: &Applied) -> String {
    let value = said
        .value
        .as_ref()
        .and_then(|json| Value::parse_json(json.get()))
        .map(|value| format!(" to {value}"));
    let reason =
        said.reason.as_ref().filter(|reason| !reason.is_empty()).map(|reason| format!(" ({reason})"));
    let (value, reason) = (value.unwrap_or_default(), reason.unwrap_or_default());
    visible(&format!("{} {} it{value}{reason}", device.name, said.status)).into_owned()
}

fn milliseconds(ms: f64) -> String {
    if ms < 9.95 { format!("{ms:.1} ms") } else { format!("{ms:.0} ms") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn variable(reported: &[i64], applied: serde_json::Value) -> Variable {
        let reported: Vec<_> =
            reported.iter().map(|device| json!({"device": device, "value": 1, "at": ""})).collect();
        serde_json::from_value(json!({"name": "speed", "type": "integer", "spec": {}, "desired": null,
            "reported": reported, "applied": applied}))
        .unwrap()
    }

    fn device(id: i64, online: bool, acknowledges: bool, applied: Option<i64>) -> Device {
        Device { id, name: format!("d{id}"), online, acknowledges, applied_revision: applied }
    }

    #[test]
    fn only_connected_devices_that_answer_and_know_it_count() {
        let variable = variable(&[1, 2, 3], json!([]));
        let devices = [
            device(1, true, true, Some(7)),
            device(2, false, true, Some(6)),
            device(3, true, false, None),
            device(4, true, true, Some(6)),
        ];
        let tally = Tally::of(&variable, &devices, 7);
        assert_eq!(tally, Tally { devices: 1, applied: 1, ..Tally::default() });
        assert_eq!(tally.figures(), "1/1");
    }

    #[test]
    fn when_none_knows_it_each_may() {
        let tally = Tally::of(&variable(&[], json!([])), &[device(1, true, true, None)], 7);
        assert_eq!(tally, Tally { devices: 1, pending: vec!["d1".to_owned()], ..Tally::default() });
    }

    #[test]
    fn figures_are_those_of_the_slowest() {
        let applied = json!([
            {"device": 1, "revision": 7, "status": "applied", "value": null, "reason": null, "round_trip_ms": 4.26},
            {"device": 2, "revision": 7, "status": "applied", "round_trip_ms": 22.7},
            {"device": 3, "revision": 6, "status": "rejected", "reason": "of an older value", "round_trip_ms": 99.0},
        ]);
        let devices = [1, 2, 3].map(|id| device(id, true, true, Some(8)));
        assert_eq!(Tally::of(&variable(&[1, 2, 3], applied.clone()), &devices, 7).figures(), "3/3 in 23 ms");
        assert_eq!(Tally::of(&variable(&[1], applied), &devices[..1], 7).figures(), "1/1 in 4.3 ms");
    }

    #[test]
    fn what_was_done_instead_is_said_in_the_games_words() {
        let applied = json!([
            {"device": 1, "revision": 7, "status": "clamped", "value": 500, "reason": "the engine's\nlimit"},
            {"device": 2, "revision": 7, "status": "rejected", "reason": ""},
        ]);
        let devices = [1, 2].map(|id| device(id, true, true, Some(7)));
        let tally = Tally::of(&variable(&[], applied), &devices, 7);
        assert_eq!(tally.otherwise, ["d1 clamped it to 500 (the engine's␊limit)", "d2 rejected it"]);
        assert_eq!((tally.applied, tally.devices), (0, 2));
    }
}
