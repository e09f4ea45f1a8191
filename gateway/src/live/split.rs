//! What one commit brings, in deltas of few bytes each: a dashboard holds one of them at a time.

use protocol::{live::Event, model::Desired};

use super::backlog::{
    weight, weight_of_declared, weight_of_edited, weight_of_line, weight_of_marks, weight_of_value,
};

/// What a delta may weigh, as [`weight`] counts it, which is twice its text: one thing at least is in it.
const MAX_DELTA_BYTES: usize = 2 * 128 * 1024;

/// In the same order, each part with its weight.
pub(super) fn split(events: Vec<Event>) -> Vec<(Vec<Event>, usize)> {
    let bytes = events.iter().map(weight).sum();
    if bytes <= MAX_DELTA_BYTES {
        return vec![(events, bytes)];
    }
    let (mut parts, mut part, mut part_bytes) = (Vec::new(), Vec::new(), 0);
    for event in events.into_iter().flat_map(cut) {
        let bytes = weight(&event);
        if part_bytes + bytes > MAX_DELTA_BYTES && !part.is_empty() {
            parts.push((std::mem::take(&mut part), std::mem::take(&mut part_bytes)));
        }
        part_bytes += bytes;
        part.push(event);
    }
    parts.push((part, part_bytes));
    parts
}

/// One that is too long, as several that say the same one after the other.
fn cut(event: Event) -> Vec<Event> {
    if weight(&event) <= MAX_DELTA_BYTES {
        return vec![event];
    }
    match event {
        Event::Logs(lines) => chunks(lines, weight_of_line).map(Event::Logs).collect(),
        Event::Reported { device, at, declared, values } => {
            // what is declared comes before its values
            let declared = chunks(declared, |(name, spec)| weight_of_declared(name, spec));
            let declared =
                declared.map(|declared| Event::Reported { device, at, declared, values: Vec::new() });
            let values = chunks(values, |(name, value)| weight_of_value(name, value));
            let values = values.map(|values| Event::Reported { device, at, declared: Vec::new(), values });
            declared.chain(values).collect()
        }
        Event::Edited { desired } => {
            let weight = |(name, desired): &(_, Desired)| weight_of_edited(name, desired);
            chunks(desired, weight).map(|desired| Event::Edited { desired }).collect()
        }
        Event::Applied { devices, vars } => {
            let devices = Event::Applied { devices, vars: Vec::new() };
            let vars = chunks(vars, |(name, marks)| weight_of_marks(name, marks));
            let vars = vars.map(|vars| Event::Applied { devices: Vec::new(), vars });
            std::iter::once(devices).chain(vars).collect()
        }
        other => vec![other],
    }
}

/// Parts that weigh half of what a delta may, as far as one thing alone does not.
fn chunks<T>(all: Vec<T>, weight: impl Fn(&T) -> usize) -> impl Iterator<Item = Vec<T>> {
    let (mut parts, mut part, mut bytes) = (Vec::new(), Vec::new(), 0);
    for one in all {
        let more = 2 * weight(&one);
        if bytes + more > MAX_DELTA_BYTES / 2 && !part.is_empty() {
            parts.push(std::mem::take(&mut part));
            bytes = 0;
        }
        bytes += more;
        part.push(one);
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts.into_iter()
}

#[cfg(test)]
mod tests {
    use protocol::model::{DeviceId, Level, LogLine, UnixMicros, Value, VarName, VarSpec, VarType};

    use super::*;

    fn line(seq: u64) -> LogLine {
        LogLine {
            seq,
            device: DeviceId(1),
            at: UnixMicros(0),
            received: UnixMicros(0),
            level: Level::Info,
            message: "x".repeat(20_000),
            fields: None,
        }
    }

    fn reported() -> Event {
        let names: Vec<VarName> = (0..200).map(|n| VarName::parse(&format!("v{n}")).unwrap()).collect();
        let declared = names.iter().map(|name| (name.clone(), VarSpec::bare(VarType::String))).collect();
        let values = names.into_iter().map(|name| (name, Value::Text("x".repeat(9_000)))).collect();
        Event::Reported { device: DeviceId(1), at: UnixMicros(0), declared, values }
    }

    #[test]
    fn parts_are_short_and_make_the_whole_in_its_order() {
        let events = vec![Event::Storing(true), Event::Logs((1..=50).map(line).collect()), reported()];
        let parts = split(events);
        assert!(parts.len() > 10, "{}", parts.len());
        let (mut seqs, mut declared, mut values) = (Vec::new(), 0, 0);
        for (events, bytes) in &parts {
            assert_eq!(*bytes, events.iter().map(weight).sum::<usize>());
            assert!(*bytes <= MAX_DELTA_BYTES, "{bytes}");
            for event in events {
                match event {
                    Event::Logs(lines) => seqs.extend(lines.iter().map(|line| line.seq)),
                    Event::Reported { declared: new, values: more, .. } => {
                        assert!(more.is_empty() || declared == 200, "values of what is not declared yet");
                        declared += new.len();
                        values += more.len();
                    }
                    _ => {}
                }
            }
        }
        assert_eq!(seqs, (1..=50).collect::<Vec<u64>>());
        assert_eq!((declared, values), (200, 200));
    }

    #[test]
    fn what_is_short_stays_together() {
        assert_eq!(split(vec![Event::Storing(true), Event::Logs(vec![line(1)])]).len(), 1);
    }
}
